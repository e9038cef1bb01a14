"""The same losses as plain PyTorch: a loop over slices, masks on a distance matrix, autograd for the rest.

What a good PyTorch user would write, and nothing cleverer. The limit, `distances_alone`, is one batched matrix
product of all slices and its gradient: less work than any loss of them that looks at every pair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

Loss = Callable[[Tensor, Tensor], Tensor]  # embeddings (B, D), labels (B,) → scalar

Hinges = tuple[Tensor, int]  # losses of triplets, and how many triplets are valid


@dataclass(frozen=True)
class Setting:
    """Which loss: thresholds τ_1…τ_N, and the options of `MultiThresholdLoss`."""

    thresholds: tuple[float, ...]
    loss: str = "dual"
    mining: str = "batch-hard"
    reduction: str = "mean"

    @property
    def slices(self) -> int:
        return len(self.thresholds)

    @property
    def dual(self) -> bool:
        return self.loss == "dual"


def unit_slices(embeddings: Tensor, count: int) -> tuple[Tensor, ...]:
    """Embeddings (B, D) → `count` slices of unit length, (B, D/count) each."""
    return tuple(F.normalize(part, dim=1) for part in embeddings.chunk(count, dim=1))


def plain_loss(setting: Setting) -> Loss:
    """Mean over slices of one triplet loss each."""
    one = {"batch-hard": _batch_hard, "semi-hard": _semi_hard, "batch-all": _batch_all}[setting.mining]

    def loss(embeddings: Tensor, labels: Tensor) -> Tensor:
        same = labels[:, None] == labels
        itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
        losses = []
        for part, threshold in zip(unit_slices(embeddings, setting.slices), setting.thresholds, strict=True):
            distances = torch.cdist(part, part)  # (B, B)
            hinges, count = one(distances, same & ~itself, ~same, threshold, setting.dual)
            losses.append(_reduce(hinges, count, setting.reduction))
        return torch.stack(losses).mean()

    return loss


def cubic_semi_hard_loss(setting: Setting) -> Loss:
    """Semi-hard mining as it is usually written: every (anchor, positive, negative) in one (B, B, B) tensor."""

    def loss(embeddings: Tensor, labels: Tensor) -> Tensor:
        negative = labels[:, None] != labels
        positive = ~negative & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
        losses = []
        for part, threshold in zip(unit_slices(embeddings, setting.slices), setting.thresholds, strict=True):
            distances = torch.cdist(part, part)  # (B, B)
            beyond = negative[:, None, :] & (distances[:, None, :] > distances[:, :, None])  # (B, B, B)
            nearest = distances[:, None, :].masked_fill(~beyond, torch.inf).min(-1)  # (B, B)
            farthest = distances.masked_fill(~negative, -torch.inf).max(-1, keepdim=True)  # (B, 1)
            chosen = torch.where(nearest.values.isfinite(), nearest.indices, farthest.indices)  # (B, B)
            hinges = _hinges_of_pairs(distances, chosen, positive, threshold, setting.dual)
            losses.append(_reduce(*hinges, setting.reduction))
        return torch.stack(losses).mean()

    return loss


def distances_alone(setting: Setting) -> Loss:
    """Sum of all distances of all slices: normalise, one batched product, root, and the gradient of that."""

    def loss(embeddings: Tensor, labels: Tensor) -> Tensor:
        size, dim = embeddings.shape
        parts = embeddings.view(size, setting.slices, dim // setting.slices).transpose(0, 1)
        parts = F.normalize(parts, dim=-1)  # (N, B, d)
        apart = torch.baddbmm(parts.new_full((1, 1, 1), 2.0), parts, parts.mT, alpha=-2)  # (N, B, B)
        return apart.clamp_min(1e-12).sqrt().sum()

    return loss


def _batch_hard(distances: Tensor, positive: Tensor, negative: Tensor, threshold: float, dual: bool) -> Hinges:
    farthest = distances.masked_fill(~positive, -torch.inf).max(1)  # (B,)
    nearest = distances.masked_fill(~negative, torch.inf).min(1)  # (B,)
    valid = positive.any(1) & negative.any(1)
    near, far = farthest.values[valid], nearest.values[valid]
    hinges = F.relu(near - far + threshold)
    if dual:
        opposite = distances[farthest.indices[valid], nearest.indices[valid]]
        hinges = hinges + F.relu(near - opposite + threshold)
    return hinges, hinges.numel()


def _semi_hard(distances: Tensor, positive: Tensor, negative: Tensor, threshold: float, dual: bool) -> Hinges:
    with torch.no_grad():
        ordered, order = distances.masked_fill(~negative, torch.inf).sort(dim=1, stable=True)  # (B, B)
        rank = torch.searchsorted(ordered, distances.contiguous(), right=True)  # (B, B), first one beyond
        count = negative.sum(1, keepdim=True)
        farthest = distances.masked_fill(~negative, -torch.inf).argmax(1, keepdim=True)
        chosen = torch.where(rank < count, order.gather(1, rank.clamp_max(len(distances) - 1)), farthest)
    return _hinges_of_pairs(distances, chosen, positive & negative.any(1, keepdim=True), threshold, dual)


def _hinges_of_pairs(distances: Tensor, chosen: Tensor, valid: Tensor, threshold: float, dual: bool) -> Hinges:
    anchors, positives = valid.nonzero(as_tuple=True)  # (P,)
    negatives = chosen[anchors, positives]  # (P,)
    near = distances[anchors, positives]
    hinges = F.relu(near - distances[anchors, negatives] + threshold)
    if dual:
        hinges = hinges + F.relu(near - distances[positives, negatives] + threshold)
    return hinges, hinges.numel()


def _batch_all(distances: Tensor, positive: Tensor, negative: Tensor, threshold: float, dual: bool) -> Hinges:
    """Positive pairs × their negatives, (P, B): with K images a class that is B/K times less than (B, B, B)."""
    anchors, positives = positive.nonzero(as_tuple=True)  # (P,)
    near, valid = distances[anchors, positives][:, None], negative[anchors]  # (P, 1), (P, B)
    hinges = F.relu(near - distances[anchors] + threshold)  # (P, B)
    if dual:
        hinges = hinges + F.relu(near - distances[positives] + threshold)
    return hinges * valid, int(valid.sum())


def _reduce(hinges: Tensor, count: int, reduction: str) -> Tensor:
    return hinges.sum() / max(1, int((hinges > 0).sum()) if reduction == "mean-nonzero" else count)


def round_to_float32(values: Sequence[float]) -> tuple[float, ...]:
    """The same numbers as float32 holds them, so that every case has exactly the same thresholds."""
    return tuple(torch.tensor(values, dtype=torch.float32).tolist())
