"""The losses against independent judges: plain loops in float64, torch and pytorch-metric-learning."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pytorch_metric_learning import distances as pml_distances
from pytorch_metric_learning import losses as pml_losses
from pytorch_metric_learning import miners as pml_miners
from pytorch_metric_learning import reducers as pml_reducers
from torch import nn
from torch._subclasses import FakeTensorMode

from muldml_lite.losses import (
    MultiThresholdLoss,
    judged,
    multi_threshold_loss,
    pairwise_distances,
    sample_thresholds,
    split_slices,
)

THRESHOLDS = (0.1, 0.3, 0.5)
LABELS = torch.tensor([0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3])  # the last one is a singleton
EVERY = list(
    itertools.product(
        ("triplet", "dual"), ("batch-hard", "semi-hard", "batch-all"), (False, True), ("mean", "mean-nonzero")
    )
)
every_option = pytest.mark.parametrize(("loss", "mining", "squared", "reduction"), EVERY)


def embeddings_for(labels=LABELS, dim=15, spread=0.9, seed=0, dtype=torch.float32):
    """Classes that overlap, so that some hinges are active and some are not."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(int(max(labels)) + 1, dim, generator=generator, dtype=torch.float64)
    noise = torch.randn(len(labels), dim, generator=generator, dtype=torch.float64)
    return (centres[labels] + spread * noise).to(dtype)


def loop_triplets(d, labels, mining):
    """Triplets to judge, from distances d[a][b] as Python floats."""
    everyone, chosen = range(len(labels)), []
    for a in everyone:
        positives = [p for p in everyone if p != a and labels[p] == labels[a]]
        negatives = [n for n in everyone if labels[n] != labels[a]]
        if not positives or not negatives:
            continue
        if mining == "batch-hard":
            chosen.append((a, max(positives, key=d[a].__getitem__), min(negatives, key=d[a].__getitem__)))
        for p in positives if mining == "semi-hard" else []:
            beyond = [n for n in negatives if d[a][n] > d[a][p]]
            nearest = min(beyond, key=d[a].__getitem__) if beyond else max(negatives, key=d[a].__getitem__)
            chosen.append((a, p, nearest))
        if mining == "batch-all":
            chosen += itertools.product([a], positives, negatives)
    return chosen


def loop_slice(x, labels, tau, loss, mining, squared, reduction):
    """One slice (B, d) in float64, one triplet after the other → loss, active, incomplete, number."""
    d = [[sum((a - b) ** 2) if squared else torch.linalg.vector_norm(a - b) for b in x] for a in x]
    triplets = loop_triplets([[value.item() for value in row] for row in d], labels, mining)
    terms, active, incomplete = [x.sum() * 0], 0, 0
    for a, p, n in triplets:
        hinges = [d[a][p] - d[a][n] + tau] + ([d[a][p] - d[p][n] + tau] if loss == "dual" else [])
        terms.append(sum(hinge.clamp_min(0) for hinge in hinges))
        active += sum(bool(hinge > 0) for hinge in hinges)
        incomplete += bool(d[a][p] + tau <= d[a][n] and d[p][n] < d[a][p])
    count = len(triplets) if reduction == "mean" else sum(bool(term > 0) for term in terms)
    hinges = len(triplets) * (2 if loss == "dual" else 1)
    return sum(terms) / max(count, 1), active / max(hinges, 1), incomplete / max(len(triplets), 1), len(triplets)


def loop_loss(embeddings, labels, thresholds, **options):
    """The whole loss in float64 from embeddings (B, D), with normalised slices."""
    parts = [nn.functional.normalize(part, dim=-1) for part in embeddings.chunk(len(thresholds), dim=-1)]
    rows = [loop_slice(x, labels.tolist(), tau, **options) for x, tau in zip(parts, thresholds, strict=True)]
    value, *shares = zip(*rows, strict=True)
    return sum(value) / len(value), *shares


def relative_error(found, wanted):
    return float((found.double() - wanted).norm() / wanted.norm())


@every_option
def test_value_gradient_and_report_agree_with_plain_loops(loss, mining, squared, reduction):
    options = {"loss": loss, "mining": mining, "squared": squared, "reduction": reduction}
    embeddings = embeddings_for().requires_grad_()
    exact = embeddings.detach().double().requires_grad_()
    wanted, active, incomplete, count = loop_loss(exact, LABELS, THRESHOLDS, **options)
    report = MultiThresholdLoss(THRESHOLDS, **options).report(embeddings, LABELS)
    report.total.backward()
    wanted.backward()
    assert 0 < min(active) <= max(active) < 1  # both sides of the hinge are seen
    assert abs(report.total.item() - wanted.item()) < 1e-5
    assert relative_error(embeddings.grad, exact.grad) < 1e-6
    assert report.active_fraction.tolist() == pytest.approx(active)
    assert report.incomplete_fraction.tolist() == pytest.approx(incomplete)
    assert report.triplets.count.tolist() == list(count)
    assert report.per_slice.mean().item() == pytest.approx(report.total.item())
    assert not any(part.requires_grad for part in report[1:6])


@every_option
def test_gradcheck(loss, mining, squared, reduction):
    module = MultiThresholdLoss(THRESHOLDS[:2], loss=loss, mining=mining, squared=squared, reduction=reduction)
    embeddings = embeddings_for(dim=8, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: module(x, LABELS), embeddings)


@pytest.mark.parametrize("mining_name", ["batch-hard", "batch-all"])
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("reduction", ["mean", "mean-nonzero"])
def test_agrees_with_pytorch_metric_learning(mining_name, squared, reduction):
    embeddings = embeddings_for().requires_grad_()
    module = MultiThresholdLoss(THRESHOLDS, loss="triplet", mining=mining_name, squared=squared, reduction=reduction)
    distance = pml_distances.LpDistance(normalize_embeddings=True, power=2 if squared else 1)
    reducer = {"mean": pml_reducers.MeanReducer, "mean-nonzero": pml_reducers.AvgNonZeroReducer}[reduction]()
    miner = pml_miners.BatchHardMiner(distance=distance) if mining_name == "batch-hard" else None
    peers = []
    for part, tau in zip(embeddings.chunk(3, dim=1), THRESHOLDS, strict=True):
        peer = pml_losses.TripletMarginLoss(margin=tau, distance=distance, reducer=reducer)
        peers.append(peer(part, LABELS, miner(part, LABELS) if miner else None))
    wanted = sum(peers) / 3
    found = module(embeddings, LABELS)
    assert abs(found.item() - wanted.item()) < 1e-5
    gradient, wanted_gradient = (torch.autograd.grad(value, embeddings)[0] for value in (found, wanted))
    assert relative_error(gradient, wanted_gradient.double()) < 1e-5  # PML's own float32


@pytest.mark.parametrize("mining_name", ["batch-hard", "semi-hard"])
@pytest.mark.parametrize("reduction", ["mean", "mean-nonzero"])
def test_mined_triplets_given_to_others_cost_the_same(mining_name, reduction):
    slices = split_slices(embeddings_for(), 1)
    options = {"loss": "triplet", "mining": mining_name, "squared": False, "reduction": reduction}
    report = multi_threshold_loss(slices, LABELS, [0.3], **options)
    indices = tuple(part[0][report.triplets.valid[0]] for part in report.triplets[:3])
    reducer = {"mean": pml_reducers.MeanReducer, "mean-nonzero": pml_reducers.AvgNonZeroReducer}[reduction]()
    peer = pml_losses.TripletMarginLoss(margin=0.3, reducer=reducer)(slices[0], LABELS, indices)
    assert abs(report.total - peer) < 1e-5
    if reduction == "mean":
        torch_loss = nn.TripletMarginLoss(margin=0.3, swap=False, eps=0)
        assert abs(report.total - torch_loss(*(slices[0][index] for index in indices))) < 1e-5


def test_dual_looks_from_the_positive_too():
    # a at 0, its positive b at 2, their negative c at 3: the plain loss of (a, b, c) is 2 − 3 + 0.5 < 0, although
    # b is nearer to c than to a. Dual adds 2 − 1 + 0.5. The triplet (b, a, c) costs the same the other way round.
    points, labels = torch.tensor([[[0.0], [2.0], [3.0]]]), torch.tensor([0, 0, 1])
    for mining_name in ("batch-hard", "semi-hard", "batch-all"):
        options = {"mining": mining_name, "squared": False, "reduction": "mean"}
        plain = multi_threshold_loss(points, labels, [0.5], loss="triplet", **options)
        dual = multi_threshold_loss(points, labels, [0.5], loss="dual", **options)
        assert plain.total.item() == pytest.approx((0 + 1.5) / 2)
        assert dual.total.item() == pytest.approx((1.5 + 1.5) / 2)
        for report in (plain, dual):
            assert report.incomplete_fraction.tolist() == [0.5]
            assert report.active_fraction.tolist() == [0.5]
            assert report.mean_positive.tolist() == [2]
            assert report.mean_negative.tolist() == [2]  # (3 + 1) / 2


def test_known_numbers_on_four_points():
    # a ─1─ b on one side, c ─2─ d on the other; a and c are 3 apart, at a right angle.
    points = torch.tensor([[[0.0, 0.0], [0.0, 1.0], [3.0, 0.0], [3.0, 2.0]]])
    labels = torch.tensor([0, 0, 1, 1])
    options = {"loss": "triplet", "mining": "batch-hard", "reduction": "mean"}
    plain = multi_threshold_loss(points, labels, [2.5], squared=False, **options)
    # nearest negatives: a→c 3, b→c √10 (and d √10), c→a 3, d→b √10
    wanted = [1 - 3 + 2.5, max(0, 1 - math.sqrt(10) + 2.5), 2 - 3 + 2.5, 2 - math.sqrt(10) + 2.5]
    assert plain.total.item() == pytest.approx(sum(wanted) / 4)
    squared = multi_threshold_loss(points, labels, [6.5], squared=True, **options)
    assert squared.total.item() == pytest.approx((0 + 0 + 4 - 9 + 6.5 + 4 - 10 + 6.5) / 4)
    assert squared.active_fraction.item() == 0.5


@every_option
def test_equal_thresholds_are_the_mean_of_separate_losses(loss, mining, squared, reduction):
    options = {"loss": loss, "mining": mining, "squared": squared, "reduction": reduction}
    embeddings = embeddings_for(seed=1)
    together = MultiThresholdLoss([0.3] * 3, **options)(embeddings, LABELS)
    alone = [MultiThresholdLoss([0.3], **options)(part, LABELS) for part in embeddings.chunk(3, dim=1)]
    assert together.item() == pytest.approx(sum(alone).item() / 3, rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(len(LABELS))), st.integers(0, 1000), st.sampled_from(EVERY))
def test_order_and_rotation_do_not_matter(order, seed, options):
    options = dict(zip(("loss", "mining", "squared", "reduction"), options, strict=True))
    module = MultiThresholdLoss(THRESHOLDS, **options)
    slices = split_slices(embeddings_for(seed=seed, dtype=torch.float64), 3)
    rotations = torch.linalg.qr(torch.randn(3, 5, 5, dtype=torch.float64))[0]  # another one for each slice
    value = module(slices, LABELS).item()
    assert module(slices[:, order], LABELS[order]).item() == pytest.approx(value, rel=1e-9)
    assert module(slices @ rotations, LABELS).item() == pytest.approx(value, rel=1e-9)


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


@pytest.mark.parametrize("labels", [[3], [0, 0, 0], [0, 1, 2]])
@pytest.mark.parametrize("mining_name", ["batch-hard", "semi-hard", "batch-all"])
def test_without_triplets_the_loss_is_zero_and_keeps_its_graph(labels, mining_name):
    embeddings = torch.randn(len(labels), 4, requires_grad=True)
    report = MultiThresholdLoss([0.3, 0.4], mining=mining_name).report(embeddings, torch.tensor(labels))
    assert report.total == 0
    report.total.backward()
    assert torch.equal(embeddings.grad, torch.zeros_like(embeddings))
    assert report.triplets.count.tolist() == [0, 0]


@pytest.mark.parametrize("squared", [False, True])
def test_batch_all_dual_is_exactly_twice_batch_all_triplet(squared):
    embeddings = embeddings_for().requires_grad_()
    options = {"mining": "batch-all", "squared": squared, "reduction": "mean"}
    dual, plain = (
        loop_loss(embeddings.double(), LABELS, THRESHOLDS, loss=loss, **options) for loss in ("dual", "triplet")
    )
    assert dual[0].item() == pytest.approx(2 * plain[0].item(), rel=1e-12)
    assert 0 < min(plain[1]) <= max(plain[1]) < 1
    ours = [MultiThresholdLoss(THRESHOLDS, loss=loss, **options) for loss in ("dual", "triplet")]
    dual, plain = (module(embeddings, LABELS) for module in ours)
    assert dual == 2 * plain
    gradients = [torch.autograd.grad(value, embeddings)[0] for value in (dual, plain)]
    torch.testing.assert_close(gradients[0], 2 * gradients[1], rtol=1e-6, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.05, 1.5), st.booleans())
def test_duals_second_term_never_exceeds_what_the_positive_pays_as_an_anchor(seed, tau, squared):
    labels = LABELS[:-1]  # every sample an anchor
    slices = split_slices(embeddings_for(labels, seed=seed, dtype=torch.float64), 3)
    options = {"loss": "dual", "mining": "batch-hard", "squared": squared, "reduction": "mean"}
    triplets = multi_threshold_loss(slices, labels, [tau] * 3, **options).triplets
    for d, a, p, n in zip(pairwise_distances(slices, squared), *triplets[:3], strict=True):
        first = (d[a, p] - d[a, n] + tau).relu()
        second = (d[a, p] - d[p, n] + tau).relu()
        assert (second <= first[p] + 1e-12).all()


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
    # 512³ floats would be 512 MB for a single slice; a graph of five (B, B) matrices is 5 MB.
    saved = []
    embeddings = torch.randn(512, 8, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda x: saved.append(x.numel()) or x, lambda x: x):
        MultiThresholdLoss([0.2, 0.3], mining="batch-all")(embeddings, torch.arange(512) % 32)
    assert sum(saved) < 512 * 512


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


def test_nan_is_not_hidden():
    for loss, mining_name, squared, reduction in EVERY:
        embeddings = embeddings_for()
        embeddings[2, 3] = torch.nan
        options = {"loss": loss, "mining": mining_name, "squared": squared, "reduction": reduction}
        assert MultiThresholdLoss(THRESHOLDS, **options)(embeddings, LABELS).isnan()


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
        (lambda: sample_thresholds(0, 0.1, 0.5), "n is 0"),
        (lambda: sample_thresholds(2, 0.5, 0.1), "low, high are 0.5, 0.1"),
        (lambda: sample_thresholds(2, 0.1, 0.5, "cubic"), "spacing is 'cubic'"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message) as error:
        call()
    assert "\n" not in str(error.value)
