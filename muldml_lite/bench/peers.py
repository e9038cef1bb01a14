"""The losses that ours are timed against, an entry of `PEERS` each.

To compare with another library, write a function that takes our loss and returns the library's, and enter it in
`PEERS` under the name that pip knows. It imports the library inside, so that a missing one is told and left out, and
raises `CannotError` where the library has no such loss. What does not give our value and gradient is never timed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from muldml_lite.losses import MultiThresholdLoss

Loss = Callable[[Tensor, Tensor], Tensor]  # embeddings (B, D), labels (B,) → scalar
OURS, LIMIT = "ours", "distances alone"


class CannotError(Exception):
    """A library has no such loss; the message says why."""


def make_losses(ours: MultiThresholdLoss) -> tuple[dict[str, Loss], dict[str, str]]:
    """Name → loss, ours first and the bare limit last; and name → why a library is left out."""
    losses: dict[str, Loss] = {OURS: ours}
    skipped = {}
    for name, make in PEERS.items():
        try:
            losses[name] = make(ours)
        except ImportError as error:
            skipped[name] = f"needs `pip install --upgrade {name}` ({error})"
        except CannotError as error:
            skipped[name] = str(error)
    return losses | {LIMIT: distances_alone(ours)}, skipped


def pytorch_metric_learning_loss(ours: MultiThresholdLoss) -> Loss:
    """A TripletMarginLoss for each slice. All slices share the list of all triplets, which is made once."""
    from pytorch_metric_learning import distances, losses, miners, reducers
    from pytorch_metric_learning.utils.loss_and_miner_utils import get_all_triplets_indices

    dual, mean = ours.loss == "dual", ours.reduction == "mean"
    if ours.mining == "semi-hard":
        raise CannotError("takes all semi-hard triplets, not one negative a pair")
    if dual and not mean:
        raise CannotError("has no mean over the triplets whose dual loss is above 0")
    distance, reducer = distances.LpDistance(), reducers.MeanReducer() if mean else reducers.AvgNonZeroReducer()
    each = [losses.TripletMarginLoss(margin, distance=distance, reducer=reducer) for margin in ours.thresholds.tolist()]
    hardest = miners.BatchHardMiner(distance=distance)

    def total(embeddings: Tensor, labels: Tensor) -> Tensor:
        listed = get_all_triplets_indices(labels) if ours.mining == "batch-all" else None
        values = []
        for loss, part in zip(each, embeddings.chunk(len(each), dim=1), strict=True):
            anchor, positive, negative = listed or hardest(part, labels)
            values.append(loss(part, labels, (anchor, positive, negative)))
            if dual:  # of all triplets, the other order gives the same again
                values.append(values[-1] if listed else loss(part, labels, (positive, anchor, negative)))
        return torch.stack(values).sum() / len(each)

    return total


def sentence_transformers_loss(ours: MultiThresholdLoss) -> Loss:
    """One of its losses for each slice, by their methods on embeddings, since the losses themselves need a model."""
    from sentence_transformers.sentence_transformer import losses

    only = "mean-nonzero" if ours.mining == "batch-all" else "mean"
    if ours.loss == "dual":
        raise CannotError("has no dual loss")
    if ours.reduction != only:
        raise CannotError(f"has {ours.mining} with --reduction {only} only")
    name, method = {
        "batch-hard": ("BatchHardTripletLoss", "batch_hard_triplet_loss"),
        "semi-hard": ("BatchSemiHardTripletLoss", "batch_semi_hard_triplet_loss"),
        "batch-all": ("BatchAllTripletLoss", "batch_all_triplet_loss"),
    }[ours.mining]
    each = [getattr(getattr(losses, name)(model=None, margin=margin), method) for margin in ours.thresholds.tolist()]
    return _mean([lambda part, labels, one=one: one(labels, part) for one in each])


def plain_loss(ours: MultiThresholdLoss) -> Loss:
    """The loss as a PyTorch user would write it: a loop over slices, triplets by index, autograd for the rest."""

    def one_slice(part: Tensor, labels: Tensor, threshold: float) -> Tensor:
        distances = torch.cdist(part, part)  # (B, B)
        a, p, n = _mine(distances.detach(), labels, ours.mining)
        far, shape = distances[a, n], (-1, 1) if isinstance(n, slice) else (-1,)  # (T,), or of all negatives (pairs, B)
        near, valid = distances[a, p].view(shape), labels[a].view(shape) != labels[n]
        hinges = F.relu(near - far + threshold)
        if ours.loss == "dual":
            hinges = hinges + F.relu(near - distances[p, n] + threshold)
        hinges = hinges * valid
        return hinges.sum() / (valid if ours.reduction == "mean" else hinges > 0).sum().clamp_min(1)

    thresholds = ours.thresholds.tolist()
    return _mean([lambda part, labels, threshold=one: one_slice(part, labels, threshold) for one in thresholds])


def _mine(distances: Tensor, labels: Tensor, mining: str) -> tuple[Tensor, Tensor, Tensor | slice]:
    """Anchors, positives and negatives, or the whole row of negatives; every class has two images or more."""
    negative = labels[:, None] != labels  # (B, B)
    positive = ~negative & ~torch.eye(len(labels), dtype=torch.bool)
    if mining == "batch-hard":
        farthest = distances.masked_fill(~positive, -1).argmax(1)  # (B,)
        return torch.arange(len(labels)), farthest, distances.masked_fill(~negative, torch.inf).argmin(1)
    a, p = positive.nonzero(as_tuple=True)  # (pairs,)
    if mining == "batch-all":
        return a, p, slice(None)  # rows: their gradient is far quicker than that of single triplets
    beyond = negative[a] & (distances[a] > distances[a, p, None])  # (pairs, B)
    nearest = distances[a].masked_fill(~beyond, torch.inf).min(1)
    farthest = distances.masked_fill(~negative, -1).argmax(1)[a]
    return a, p, torch.where(nearest.values.isfinite(), nearest.indices, farthest)


def distances_alone(ours: MultiThresholdLoss) -> Loss:
    """The limit: all distances and their sum. Less work than a loss that looks at every pair."""

    def total(embeddings: Tensor, labels: Tensor) -> Tensor:
        parts = torch.stack(_unit_slices(embeddings, len(ours.thresholds)))  # (N, B, d)
        apart = torch.baddbmm(parts.new_full((1, 1, 1), 2.0), parts, parts.mT, alpha=-2)  # (N, B, B)
        return apart.clamp_min(1e-12).sqrt().sum()

    return total


def _unit_slices(embeddings: Tensor, count: int) -> list[Tensor]:
    return [F.normalize(part, dim=1) for part in embeddings.chunk(count, dim=1)]  # (B, d) each


def _mean(each: Sequence[Loss]) -> Loss:
    """One loss of a unit slice for each slice → the mean of all."""

    def total(embeddings: Tensor, labels: Tensor) -> Tensor:
        parts = _unit_slices(embeddings, len(each))
        return torch.stack([one(part, labels) for one, part in zip(each, parts, strict=True)]).mean()

    return total


PEERS: dict[str, Callable[[MultiThresholdLoss], Loss]] = {
    "pytorch-metric-learning": pytorch_metric_learning_loss,
    "sentence-transformers": sentence_transformers_loss,
    "plain PyTorch": plain_loss,
}
