"""The losses where it gets narrow: tiny and odd batches, close points, NaN, precision, memory, compilers, bad input."""

import math
import subprocess
import sys
import warnings

import numpy as np
import pandas
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from loss_cases import EVERY, LABELS, THRESHOLDS, embeddings_for, every_option, loop_slice, relative_error
from torch import nn
from torch._subclasses import FakeTensorMode

from muldml_lite import mining
from muldml_lite.losses import (
    MultiThresholdLoss,
    NotFiniteWarning,
    NoTripletsWarning,
    judged,
    multi_threshold_loss,
    pairwise_distances,
    sample_thresholds,
    split_slices,
)

no_triplets = pytest.mark.filterwarnings("ignore::muldml_lite.losses.NoTripletsWarning")


@no_triplets
@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.integers(0, 2), min_size=1, max_size=8),
    st.sampled_from(EVERY),
    st.sampled_from([torch.float16, torch.bfloat16, torch.float32, torch.float64]),
    st.sampled_from(["random", "duplicates", "zeros", "tiny", "one zero"]),
)
def test_every_small_batch_is_finite_and_defined(labels, options, dtype, kind):
    options = dict(zip(("loss", "mining", "squared", "reduction"), options, strict=True))
    labels = torch.tensor(labels)
    embeddings = torch.randn(len(labels), 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    scale = {"zeros": 0, "tiny": 1e-7}.get(kind, 1)
    embeddings = (embeddings[:1].expand(len(labels), 6) if kind == "duplicates" else embeddings) * scale
    embeddings = embeddings.to(dtype).clone()
    if kind == "one zero":
        embeddings[0] = 0
    embeddings.requires_grad_()
    report = MultiThresholdLoss([0.2, 0.7], **options).report(embeddings, labels)
    report.total.backward()
    assert all(part.isfinite().all() for part in report[:6])
    assert embeddings.grad.isfinite().all()
    if not report.triplets.count.any():
        assert report.total == 0
        assert embeddings.grad.count_nonzero() == 0


@pytest.mark.parametrize(
    ("labels", "reason"), [([3], "every label once"), ([0, 0, 0], "the same label"), ([0, 1, 2], "every label once")]
)
@pytest.mark.parametrize("mining_name", ["batch-hard", "semi-hard", "batch-all"])
def test_without_triplets_the_loss_is_zero_keeps_its_graph_and_warns_once(labels, reason, mining_name):
    embeddings = torch.randn(len(labels), 4, requires_grad=True)
    module, labels = MultiThresholdLoss([0.3, 0.4], mining=mining_name), torch.tensor(labels)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            module(embeddings, labels)
        report = module.report(embeddings, labels)
    assert [one.category for one in caught] == [NoTripletsWarning]
    assert reason.split()[-1] in str(caught[0].message)
    assert "PKSampler" in str(caught[0].message)
    assert report.total == 0
    report.total.backward()
    assert torch.equal(embeddings.grad, torch.zeros_like(embeddings))
    assert report.triplets.count.tolist() == [0, 0]


def collapsed_slices():
    """Three slices of unit vectors about 1e-3 apart: what Batch Hard from scratch tends to make."""
    return split_slices(1 + 1e-3 * embeddings_for(), 3)


def test_small_distances_are_exact():
    slices = collapsed_slices()
    exact = slices.double()
    wanted = (exact[:, :, None] - exact[:, None]).norm(dim=-1)
    assert 1e-4 < wanted[wanted > 0].mean() < 3e-3
    torch.testing.assert_close(pairwise_distances(slices).double(), wanted, rtol=2e-7, atol=0)
    naive = (2 - 2 * slices @ slices.mT).clamp_min(0).sqrt()  # the short cut this library does not take
    assert ((naive - wanted).abs() > 0.01 * wanted).double().mean() > 0.2


@every_option
def test_gradient_of_close_points_is_as_exact_as_that_of_far_ones(loss, mining, squared, reduction):
    options = {"loss": loss, "mining": mining, "squared": squared, "reduction": reduction}
    x, tau = collapsed_slices()[:1].requires_grad_(), 1e-7 if squared else 1e-4
    y = x.detach().double().requires_grad_()
    report = multi_threshold_loss(x, LABELS, [tau], **options)
    report.total.backward()
    wanted, *_ = loop_slice(y[0], LABELS.tolist(), tau, **options)
    wanted.backward()
    assert 0 < report.active_fraction.item() < 1
    assert report.total.item() == pytest.approx(wanted.item(), rel=1e-5)
    assert relative_error(x.grad, y.grad) < 1e-6


@every_option
@pytest.mark.parametrize("kind", ["pairs", "all but two", "one"])
def test_points_that_coincide_pull_each_other_nowhere(loss, mining, squared, reduction, kind):
    options = {"loss": loss, "mining": mining, "squared": squared, "reduction": reduction}
    x = split_slices(embeddings_for(), 3)[:1]
    if kind == "pairs":  # an anchor and its positive; a positive and a negative
        x[0, 1], x[0, 5] = x[0, 0], x[0, 2]
    elif kind == "all but two":
        x[0, 2:] = x[0, 0]
    else:
        x[0, :] = x[0, 0]
    x.requires_grad_()
    y = x.detach().double().requires_grad_()
    multi_threshold_loss(x, LABELS, [0.3], **options).total.backward()
    wanted, *_ = loop_slice(y[0], LABELS.tolist(), 0.3, **options)
    wanted.backward()  # the norm of a difference of 0 has the gradient 0
    torch.testing.assert_close(x.grad.double(), y.grad, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("mining_name", ["batch-hard", "semi-hard", "batch-all"])
def test_inputs_are_never_written_to(n, mining_name):
    embeddings, labels = embeddings_for(), LABELS.clone()
    before = embeddings.clone()
    module = MultiThresholdLoss(THRESHOLDS[:n], mining=mining_name)
    module(embeddings, labels)
    module(embeddings.reshape(len(labels), n, -1).transpose(0, 1), labels)
    split_slices(embeddings, n).zero_()
    assert torch.equal(embeddings, before)
    assert torch.equal(labels, LABELS)


def test_half_precision_is_mined_and_summed_in_float32():
    for dtype in (torch.bfloat16, torch.float16):
        rounded = embeddings_for(dtype=dtype)
        for mining_name in ("batch-hard", "semi-hard", "batch-all"):
            module = MultiThresholdLoss(THRESHOLDS, mining=mining_name)
            half = rounded.clone().requires_grad_()
            value = module(half, LABELS)
            value.backward()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                under_autocast = module(rounded.float(), LABELS)
            assert value.dtype == torch.float32
            assert half.grad.dtype == dtype
            assert value.item() == module(rounded.float(), LABELS).item() == under_autocast.item()
            given = split_slices(rounded, 3).to(dtype)  # (N, B, d)
            assert module(given, LABELS).item() == module(given.float(), LABELS).item()


@every_option
def test_nothing_on_the_training_path_waits_for_values(loss, mining, squared, reduction):
    # Fake tensors have shapes and no values: `.item()`, `nonzero` or an `if` on a value would raise.
    module = MultiThresholdLoss(THRESHOLDS, loss=loss, mining=mining, squared=squared, reduction=reduction)
    with FakeTensorMode(allow_non_fake_inputs=True):
        embeddings = torch.randn(len(LABELS), 15, requires_grad=True)
        value = module(embeddings, torch.empty(len(LABELS), dtype=torch.int64))
        value.backward()
        assert value.shape == ()
        assert embeddings.grad.shape == embeddings.shape


def test_groups_of_slices_change_nothing(monkeypatch):
    embeddings = embeddings_for()
    for loss, mining_name, squared, reduction in EVERY:
        options = {"loss": loss, "mining": mining_name, "squared": squared, "reduction": reduction}
        whole = MultiThresholdLoss(THRESHOLDS, **options).report(embeddings, LABELS)
        with monkeypatch.context() as patch:
            patch.setattr(judged, "_GROUP", 2 * len(LABELS) ** 2)  # two slices, then one
            parts = MultiThresholdLoss(THRESHOLDS, **options).report(embeddings, LABELS)
        for one, other in zip((*whole[:6], whole.triplets.count), (*parts[:6], parts.triplets.count), strict=True):
            torch.testing.assert_close(one, other)


def test_memory_of_batch_all_stays_far_below_all_triplets():
    # 1024³ floats would be 4 GB for a single slice; a dozen (B, B) matrices are 100 MB. In a process of its own, whose
    # largest use of memory so far is known.
    script = """
import resource, torch
from muldml_lite.losses import MultiThresholdLoss
torch.set_num_threads(1)
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
loss, embeddings = MultiThresholdLoss([0.2, 0.3], mining="batch-all"), torch.randn(1024, 8, requires_grad=True)
loss(embeddings[:32], torch.arange(32) % 4).backward()
before = peak()
loss(embeddings, torch.arange(1024) % 64).backward()
print(peak() - before)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 200  # MB


def test_nothing_large_waits_for_backward():
    for mining_name in ("batch-hard", "semi-hard", "batch-all"):
        saved = []
        embeddings = torch.randn(512, 8, requires_grad=True)
        with torch.autograd.graph.saved_tensors_hooks(lambda x, saved=saved: saved.append(x.numel()) or x, lambda x: x):
            MultiThresholdLoss([0.2, 0.3], mining=mining_name)(embeddings, torch.arange(512) % 32)
        assert 0 < sum(saved) < 512 * 8 * 4


@pytest.mark.parametrize("mining_name", ["batch-hard", "semi-hard", "batch-all"])
def test_compiled_it_computes_the_same(mining_name):
    # fullgraph: an operation that the compiler cannot follow would raise instead of being left out.
    module = MultiThresholdLoss(THRESHOLDS, mining=mining_name)
    compiled = torch.compile(module, backend="aot_eager", fullgraph=True)
    embeddings = embeddings_for().requires_grad_()
    values = [one(embeddings, LABELS) for one in (module, compiled)]
    gradients = [torch.autograd.grad(value, embeddings)[0] for value in values]
    torch.testing.assert_close(*values)
    torch.testing.assert_close(*gradients)


def test_slices_given_are_taken_as_they_are():
    slices = split_slices(embeddings_for(), 3)
    module = MultiThresholdLoss(THRESHOLDS)
    assert module(slices, LABELS) == module(embeddings_for(), LABELS)
    assert module(2 * slices, LABELS) != module(slices, LABELS)


def test_split_slices():
    embeddings = embeddings_for(dim=6)
    slices = split_slices(embeddings, 3)
    assert slices.shape == (3, len(LABELS), 2)
    torch.testing.assert_close(slices.norm(dim=-1), torch.ones(3, len(LABELS)))
    torch.testing.assert_close(slices[1], nn.functional.normalize(embeddings[:, 2:4], dim=-1))
    assert split_slices(torch.zeros(2, 4), 2).count_nonzero() == 0


def test_pairwise_distances_have_a_gradient_and_zero_at_zero():
    points = torch.tensor([[[0.0, 0.0], [3.0, 4.0], [3.0, 4.0]]], requires_grad=True)
    d = pairwise_distances(points)
    assert d.tolist() == [[[0, 5, 5], [5, 0, 0], [5, 0, 0]]]
    assert pairwise_distances(points, squared=True)[0, 0].tolist() == [0, 25, 25]
    (gradient,) = torch.autograd.grad(d[0, 0].sum(), points)
    torch.testing.assert_close(gradient, torch.tensor([[[-1.2, -1.6], [0.6, 0.8], [0.6, 0.8]]]))
    (gradient,) = torch.autograd.grad(pairwise_distances(points)[0, 1, 2], points)
    assert gradient.count_nonzero() == 0


@pytest.mark.parametrize("row", [2, -1])  # an anchor; a singleton, which is only ever a negative
def test_nan_is_not_hidden(row):
    for loss, mining_name, squared, reduction in EVERY:
        embeddings = embeddings_for()
        embeddings[row, 3] = torch.nan
        options = {"loss": loss, "mining": mining_name, "squared": squared, "reduction": reduction}
        with pytest.warns(NotFiniteWarning):
            assert MultiThresholdLoss(THRESHOLDS, **options)(embeddings, LABELS).isnan()


@pytest.mark.filterwarnings("ignore::muldml_lite.losses.NotFiniteWarning")
@no_triplets
@pytest.mark.parametrize("mining_name", ["batch-hard", "semi-hard", "batch-all"])
@pytest.mark.parametrize("labels", [[0, 0, 1, 1], [0, 0, 0, 1], [0, 1, 2, 3], [0, 0, 0, 0]])
def test_every_number_that_is_not_finite_makes_its_slice_nan(labels, mining_name):
    # Slices as they are: infinity is no NaN yet, and a negative at that distance would cost nothing.
    for bad in (math.nan, math.inf, -math.inf):
        for row in range(4):
            slices = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(row))
            slices[1, row, 0] = bad
            report = multi_threshold_loss(slices, labels, [0.2, 0.4], mining=mining_name)
            assert report.per_slice.isnan().tolist() == [False, True]
            assert report.total.isnan()
            assert MultiThresholdLoss([0.2, 0.4], mining=mining_name)(slices.mT.flatten(0, 1).mT, labels).isnan()


LABEL_FORMS = {
    "list": LABELS.tolist(),
    "tuple": tuple(LABELS.tolist()),
    "list of tensors": list(LABELS),
    "series, shuffled index": pandas.Series(LABELS.numpy(), index=list(range(len(LABELS)))[::-1]),
    "series with room for NA": pandas.Series(LABELS.numpy(), dtype="Int64"),
    "column": LABELS[:, None],
    "column of an array": LABELS.numpy()[:, None],
    "whole floats": LABELS.numpy().astype(np.float32),
    "objects": LABELS.numpy().astype(object),
    "big-endian": LABELS.numpy().astype(">i4"),
    **{f"array {kind}": LABELS.numpy().astype(kind) for kind in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")},
    **{f"tensor {kind}": LABELS.to(getattr(torch, kind)) for kind in ("int8", "int16", "int32", "uint8", "uint16")},
    **{f"tensor {kind}": LABELS.to(getattr(torch, kind)) for kind in ("uint32", "uint64")},
    "large": LABELS + 2**60,  # where floats no longer tell neighbours apart
    "as large as can be": (2**63 - 1 - LABELS).numpy().astype("u8"),
}


@pytest.mark.parametrize("form", LABEL_FORMS)
@pytest.mark.parametrize("mining_name", ["batch-hard", "semi-hard", "batch-all"])
def test_labels_are_taken_in_every_form(form, mining_name):
    given, values = LABEL_FORMS[form], []
    for labels in (LABELS, given):
        embeddings = embeddings_for().requires_grad_()
        module = MultiThresholdLoss(THRESHOLDS, mining=mining_name)
        value = module(embeddings, labels)
        assert module.report(embeddings, labels).total == value
        assert multi_threshold_loss(split_slices(embeddings, 3), labels, THRESHOLDS, mining=mining_name).total == value
        value.backward()
        values.append((value, embeddings.grad))
    torch.testing.assert_close(*values, rtol=0, atol=0)


def test_two_classes_may_be_told_as_true_and_false():
    two = LABELS % 2
    for labels in (two.bool(), two.bool().numpy(), two.bool().tolist()):
        for mining_name in ("batch-hard", "semi-hard", "batch-all"):
            module = MultiThresholdLoss(THRESHOLDS, mining=mining_name)
            assert module(embeddings_for(), labels) == module(embeddings_for(), two)


def test_miners_take_labels_in_every_form_as_well():
    distances = pairwise_distances(split_slices(embeddings_for(), 3))
    for miner in (mining.batch_hard, mining.semi_hard, lambda *of: mining.batch_all(*of, torch.tensor(THRESHOLDS))):
        for one, other in zip(miner(distances, LABELS), miner(distances, LABELS.tolist()), strict=True):
            assert torch.equal(one, other)
        with pytest.raises(ValueError, match="expected 11 integers"):
            miner(distances, LABELS[:5])


def loss_of(labels):
    return MultiThresholdLoss([1])(torch.eye(4), labels)


def test_thresholds_are_a_buffer_and_diagnostics_can_be_left_out():
    module = MultiThresholdLoss(THRESHOLDS, mining="batch-all", loss="triplet")
    assert module.state_dict()["thresholds"].tolist() == pytest.approx(THRESHOLDS)
    assert "batch-all" in repr(module)
    quick, full = (module.report(embeddings_for(), LABELS, diagnostics=on) for on in (False, True))
    assert quick.incomplete_fraction.isnan().all()
    assert full.incomplete_fraction.min() > 0
    assert quick.total == full.total


def test_sample_thresholds():
    assert sample_thresholds(3, 0.1, 0.5) == pytest.approx((0.1, 0.3, 0.5))
    assert sample_thresholds(3, 0.1, 1.6, "log") == pytest.approx((0.1, 0.4, 1.6))
    drawn = sample_thresholds(5, 0.1, 0.5, "random", seed=4)
    assert drawn == sample_thresholds(5, 0.1, 0.5, "random", seed=4) != sample_thresholds(5, 0.1, 0.5, "random")
    assert list(drawn) == sorted(drawn)
    assert 0.1 <= drawn[0] < drawn[-1] <= 0.5
    assert sample_thresholds(1, 0.2, 0.4) == pytest.approx((0.3,))
    assert sample_thresholds(1, 0.1, 0.4, "log") == pytest.approx((0.2,))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MultiThresholdLoss([]), r"thresholds is \[\]; expected one or more positive finite numbers"),
        (lambda: MultiThresholdLoss([0.1, -1]), r"thresholds is \[0.1, -1.0\]"),
        (lambda: MultiThresholdLoss([math.nan]), r"thresholds is \[nan\]"),
        (lambda: MultiThresholdLoss([math.inf]), r"thresholds is \[inf\]"),
        (lambda: MultiThresholdLoss([1], loss="duel"), "loss is 'duel'; expected one of triplet, dual"),
        (lambda: MultiThresholdLoss([1], mining="easy"), "mining is 'easy'; expected one of batch-hard"),
        (lambda: MultiThresholdLoss([1], reduction="sum"), "reduction is 'sum'; expected one of mean"),
        (lambda: MultiThresholdLoss([1, 2])(torch.zeros(4, 5), LABELS[:4]), r"\(4, 5\); .* divisible by 2"),
        (lambda: MultiThresholdLoss([1])(torch.zeros(4, 5), LABELS[:3]), r"labels has shape \(3,\)"),
        (lambda: MultiThresholdLoss([1])(torch.zeros(4, 5), torch.zeros(4)), "labels .* expected 4 integers"),
        (lambda: MultiThresholdLoss([1])(torch.zeros(2, 4, 5), LABELS[:4]), r"\(2, 4, 5\); .* N = 1"),
        (lambda: MultiThresholdLoss([1])(torch.zeros(0, 5), LABELS[:0]), "B of at least 1"),
        (lambda: MultiThresholdLoss([1])(torch.zeros(5), LABELS[:5]), r"embeddings has shape \(5,\)"),
        (
            lambda: loss_of(list("aabb")),
            r"got text, expected 4 integers; pass numpy.unique\(labels, return_inverse=True",
        ),
        (lambda: loss_of(np.array(["a", "b", "a", "b"])), "got text"),
        (lambda: loss_of([0, 0, 1, math.nan]), "labels: nan at place 3; expected whole numbers of 0 or more"),
        (lambda: loss_of([0, 0, 1, None]), "labels: None at place 3"),
        (lambda: loss_of(["a", "a", "b", math.nan]), "labels: nan at place 3"),
        (lambda: loss_of(pandas.Series([0, 0, 1, None], dtype="Int64")), "labels: (<NA>|nan) at place 3"),
        (lambda: loss_of([0, 0, 1, 0.5]), "labels: 0.5 at place 3"),
        (lambda: loss_of([0, 0, 1, 1e300]), "labels: 1e[+]300 at place 3"),
        (lambda: loss_of(np.array([0, 0, 1, 2**63], "u8")), "labels: 9223372036854775808 at place 3"),
        (lambda: loss_of(torch.tensor([0, 0, 1, -1]).to(torch.uint64)), "labels: got -1"),
        (lambda: loss_of([0, 0, 1, -1]), "labels: -1 at place 3"),
        (lambda: loss_of(torch.tensor([0, 0, 1, -1])), "labels: got -1, expected 4 integers from 0"),
        (lambda: loss_of(torch.zeros(4)), "float32; expected 4 integers; pass labels.long"),
        (lambda: loss_of(torch.zeros(4, dtype=torch.complex64)), "complex64; expected 4 integers"),
        (lambda: loss_of(np.zeros(4, complex)), "labels has type complex128; expected whole numbers"),
        (lambda: loss_of(torch.eye(4, dtype=torch.int64)), r"one-hot rows pass labels.argmax\(1\)"),
        (lambda: loss_of(np.eye(4)), r"shape \(4, 4\); .* one-hot rows"),
        (lambda: loss_of([[0], [0, 1], [1], [1]]), "labels: list that NumPy cannot read"),
        (lambda: loss_of([0, 0, 1]), r"labels has shape \(3,\) .* expected 4 integers"),
        (lambda: loss_of(None), r"labels has shape \(\); expected \(n,\)"),
        (lambda: loss_of({"a": 0}), r"labels has shape \(\); expected \(n,\)"),
        (lambda: sample_thresholds(0, 0.1, 0.5), "n is 0"),
        (lambda: sample_thresholds(2, 0.5, 0.1), "low, high are 0.5, 0.1"),
        (lambda: sample_thresholds(2, 0.1, 0.5, "cubic"), "spacing is 'cubic'"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message) as error:
        call()
    assert "\n" not in str(error.value)
