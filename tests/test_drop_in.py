"""The README's "one line" for users of pytorch-metric-learning: before and after agree, value and gradient."""

import pytest
import torch

from muldml_lite.losses import MultiThresholdLoss

distances = pytest.importorskip("pytorch_metric_learning.distances")
losses = pytest.importorskip("pytorch_metric_learning.losses")
miners = pytest.importorskip("pytorch_metric_learning.miners")


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(3)
    labels = torch.arange(6).repeat_interleave(5)
    embeddings = torch.randn(6, 32, generator=generator)[labels] + torch.randn(30, 32, generator=generator)
    return embeddings.double().requires_grad_(), labels


def test_triplet_margin_loss_is_one_line(batch):
    before = losses.TripletMarginLoss(margin=0.2)
    after = MultiThresholdLoss([0.2], loss="triplet", mining="batch-all", reduction="mean-nonzero")
    _agree(before(*batch), after(*batch), batch[0])


def test_with_the_batch_hard_miner(batch):
    mine = miners.BatchHardMiner()  # its default distance is normalised, as the loss's is
    before = losses.TripletMarginLoss(margin=0.2)
    after = MultiThresholdLoss([0.2], loss="triplet", mining="batch-hard", reduction="mean-nonzero")
    _agree(before(*batch, mine(*batch)), after(*batch), batch[0])


def test_squared_distances(batch):
    before = losses.TripletMarginLoss(margin=0.2, distance=distances.LpDistance(power=2))
    after = MultiThresholdLoss([0.2], loss="triplet", mining="batch-all", squared=True, reduction="mean-nonzero")
    _agree(before(*batch), after(*batch), batch[0])


def test_the_default_reductions_differ(batch):
    before = losses.TripletMarginLoss(margin=0.2)
    after = MultiThresholdLoss([0.2], loss="triplet", mining="batch-all")
    assert after(*batch).item() < 0.9 * before(*batch).item()  # ours: the mean counts satisfied triplets, too


def _agree(before, after, embeddings):
    assert before.item() > 0
    assert after.item() == pytest.approx(before.item(), rel=1e-6)
    expected, found = (torch.autograd.grad(loss, embeddings)[0] for loss in (before, after))
    assert torch.allclose(found, expected, rtol=1e-5, atol=1e-8 * float(expected.abs().max()) + 1e-10)
