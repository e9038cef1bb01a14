"""The losses against independent judges: plain loops in float64, torch and pytorch-metric-learning."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from loss_cases import EVERY, LABELS, THRESHOLDS, embeddings_for, every_option, loop_loss, relative_error
from pytorch_metric_learning import distances as pml_distances
from pytorch_metric_learning import losses as pml_losses
from pytorch_metric_learning import miners as pml_miners
from pytorch_metric_learning import reducers as pml_reducers
from torch import nn

from muldml_lite.losses import (
    MultiThresholdLoss,
    multi_threshold_loss,
    pairwise_distances,
    sample_thresholds,
    split_slices,
)
from muldml_lite.mining import classes, every, hard


@pytest.fixture(params=["", "as on a GPU", "large classes"])
def way(request, monkeypatch):
    """The three ways through mining: values may be read, or not; and classes too large to compare all pairs."""
    if request.param == "as on a GPU":
        for module in (classes, hard, every):
            monkeypatch.setattr(module, "can_read", lambda tensor: False)
    if request.param == "large classes":
        monkeypatch.setattr(every, "_MOST_COMPARED", 0)
        monkeypatch.setattr(every, "_SORTED", 3 * 4 * len(LABELS))  # four anchors of three slices at a time


@every_option
def test_value_gradient_and_report_agree_with_plain_loops(loss, mining, squared, reduction, way):
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


def all_at_once(slices, labels, thresholds, loss, mining, squared, reduction):
    """The definition in float64 with everything in memory, (N, B, B, B) hinges: what the library never does."""
    d = (slices[:, :, None] - slices[:, None]).square().sum(-1)  # (N, B, B)
    d = d if squared else torch.where(d > 0, d, 1).sqrt() * (d > 0)
    same, eye = labels[:, None] == labels, torch.eye(len(labels), dtype=torch.bool)
    near, far = d[:, :, :, None], d[:, :, None, :]  # [a, p, ·] and [a, ·, n]
    take = ((same & ~eye)[:, :, None] & ~same[:, None, :]).expand(len(d), -1, -1, -1)
    if mining == "batch-hard":
        hardest = near == near.masked_fill(~take, -1).amax((2, 3), keepdim=True)
        take = take & hardest & (far == far.masked_fill(~take, 9).amin((2, 3), keepdim=True))
    if mining == "semi-hard":
        beyond = take & (far > near)
        nearest = beyond & (far == far.masked_fill(~beyond, 9).amin(3, keepdim=True))
        farthest = take & (far == far.masked_fill(~take, -1).amax(3, keepdim=True))
        take = torch.where(beyond.any(3, keepdim=True), nearest, farthest)
    slack = near + torch.tensor(thresholds, dtype=torch.float64)[:, None, None, None]
    terms = (slack - far).relu() + ((slack - d[:, None, :, :]).relu() if loss == "dual" else 0)
    terms = terms * take
    count = (terms > 0) if reduction == "mean-nonzero" else take
    return (terms.sum((1, 2, 3)) / count.sum((1, 2, 3))).mean()


@every_option
def test_a_batch_of_usual_size_is_exact_to_a_millionth(loss, mining, squared, reduction):
    labels = torch.arange(7).repeat_interleave(18)
    embeddings = embeddings_for(labels, dim=64, spread=1.2).requires_grad_()
    exact = embeddings.detach().double().requires_grad_()
    options = {"loss": loss, "mining": mining, "squared": squared, "reduction": reduction}
    thresholds = sample_thresholds(4, 0.1, 0.8)
    found = MultiThresholdLoss(thresholds, **options)(embeddings, labels)
    slices = nn.functional.normalize(exact.unflatten(1, (4, 16)), dim=-1).transpose(0, 1)
    wanted = all_at_once(slices, labels, thresholds, **options)
    (gradient,), (wanted_gradient,) = torch.autograd.grad(found, embeddings), torch.autograd.grad(wanted, exact)
    assert found.item() == pytest.approx(wanted.item(), rel=1e-6)
    assert relative_error(gradient, wanted_gradient) < 1e-6
