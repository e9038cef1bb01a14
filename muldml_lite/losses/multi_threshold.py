"""The multi-threshold loss: mining without gradient, then value and gradient of the mined triplets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from muldml_lite import mining as miners
from muldml_lite.losses.distances import pairwise_distances, rows_at, split_slices, widest, with_gradient
from muldml_lite.losses.thresholds import check_choice, check_thresholds
from muldml_lite.mining import Triplets

_GROUP = 2**18  # distances worked on at once: all slices together would fall out of the cache


class LossReport(NamedTuple):
    """The loss of a batch and how it came about; all but `total` are detached and have shape (N,).

    "Judged triplets" are the mined ones for Batch Hard and semi-hard, all valid ones for batch-all. Without
    any, loss and fractions are 0. Distances are squared if the loss works on squared ones.
    """

    total: Tensor  # () mean of the slices' losses, with gradient
    per_slice: Tensor  # (N,) loss of each slice
    active_fraction: Tensor  # share of hinges above 0 (one per judged triplet, two for dual)
    incomplete_fraction: Tensor  # share of judged triplets with D(a,p) + τ ≤ D(a,n) and D(p,n) < D(a,p)
    mean_positive: Tensor  # mean D(a,p) over judged triplets; for batch-all over all positive pairs
    mean_negative: Tensor  # mean D(a,n) over judged triplets; for batch-all over all negative pairs
    triplets: Triplets  # the judged triplets as indices; for batch-all only their number


class MultiThresholdLoss(nn.Module):
    """`loss(embeddings, labels)`: a triplet loss per slice of the embedding, each at its own threshold.

    thresholds  τ_1…τ_N in units of the distance; one threshold gives the plain loss on the whole embedding
    loss        "triplet" | "dual"
    mining      "batch-hard" | "semi-hard" | "batch-all", see `muldml_lite.mining`
    squared     squared distances instead of plain ones
    reduction   "mean" over all judged triplets | "mean-nonzero" over those with a loss above 0

    Embeddings (B, D) are cut into N contiguous slices of D/N numbers, each brought to unit length. Embeddings
    (N, B, d) are taken as given: they are the slices, and are not normalised. float16 and bfloat16 are worked
    on in float32, and the loss is float32. First derivatives only (no double backward).
    """

    thresholds: Tensor

    def __init__(
        self,
        thresholds: Sequence[float],
        *,
        loss: str = "dual",
        mining: str = "batch-hard",
        squared: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__()
        self.register_buffer("thresholds", check_thresholds(thresholds))
        self.loss = check_choice("loss", loss)
        self.mining = check_choice("mining", mining)
        self.squared = squared
        self.reduction = check_choice("reduction", reduction)

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Embeddings (B, D) or (N, B, d) and labels (B,) → scalar loss."""
        return self.report(embeddings, labels, diagnostics=False).total

    def report(self, embeddings: Tensor, labels: Tensor, diagnostics: bool = True) -> LossReport:
        """The same loss with everything that `multi_threshold_loss` tells about it."""
        slices = split_slices(embeddings, len(self.thresholds)) if embeddings.ndim == 2 else embeddings
        options = {"loss": self.loss, "mining": self.mining, "squared": self.squared}
        options |= {"reduction": self.reduction, "diagnostics": diagnostics}
        return multi_threshold_loss(slices, labels, self.thresholds, **options)

    def extra_repr(self) -> str:
        return (
            f"thresholds={[round(tau, 4) for tau in self.thresholds.tolist()]}, loss={self.loss!r}, "
            f"mining={self.mining!r}, squared={self.squared}, reduction={self.reduction!r}"
        )


def multi_threshold_loss(
    slices: Tensor,
    labels: Tensor,
    thresholds: Sequence[float] | Tensor,
    *,
    loss: str = "dual",
    mining: str = "batch-hard",
    squared: bool = False,
    reduction: str = "mean",
    diagnostics: bool = True,
) -> LossReport:
    """Slices (N, B, d) as they are, labels (B,), thresholds (N,) → loss with its report.

    Options as in `MultiThresholdLoss`. `diagnostics=False` leaves out what batch-all would have to
    look at every single triplet for: its `incomplete_fraction` is then NaN.
    """
    for name, value in (("loss", loss), ("mining", mining), ("reduction", reduction)):
        check_choice(name, value)
    slices = slices.to(torch.promote_types(slices.dtype, torch.float32))
    if not isinstance(thresholds, Tensor):
        thresholds = check_thresholds(thresholds, torch.float64).to(slices.dtype)
    thresholds = thresholds.to(slices)
    _check_batch(slices, labels, thresholds)
    judge = {"batch-hard": _batch_hard, "semi-hard": _semi_hard, "batch-all": _batch_all}[mining]
    step = max(1, _GROUP // len(labels) ** 2)
    options = _Options(labels, loss == "dual", squared, diagnostics, reduction == "mean-nonzero")
    groups = zip(slices.split(step), thresholds.split(step), strict=True)
    judged, triplets = zip(*(judge(*group, options) for group in groups), strict=True)
    judged = _Judged(*(torch.cat(parts) for parts in zip(*judged, strict=True)))
    triplets = Triplets(*(None if parts[0] is None else torch.cat(parts) for parts in zip(*triplets, strict=True)))
    count = triplets.count.clamp_min(1)
    per_slice = judged.loss / (judged.above_zero.clamp_min(1) if options.nonzero else count)
    per_slice = per_slice.to(slices.dtype)
    hinges = count * (2 if options.dual else 1)
    fractions = judged.active_hinges / hinges, judged.incomplete / count
    return LossReport(per_slice.mean(), per_slice.detach(), *fractions, judged.positive, judged.negative, triplets)


class _Options(NamedTuple):
    labels: Tensor  # (B,)
    dual: bool
    squared: bool
    diagnostics: bool
    nonzero: bool


class _Judged(NamedTuple):
    """Sums over the judged triplets of each slice, (N,) each."""

    loss: Tensor  # with gradient
    active_hinges: Tensor
    above_zero: Tensor  # triplets with a loss above 0
    incomplete: Tensor
    positive: Tensor  # mean distance
    negative: Tensor  # mean distance


def _batch_hard(slices: Tensor, thresholds: Tensor, options: _Options) -> tuple[_Judged, Triplets]:
    with torch.no_grad():
        triplets = miners.batch_hard(pairwise_distances(slices, squared=True), options.labels)
    positive, negative = (rows_at(slices, index) for index in (triplets.positive, triplets.negative))
    # From differences of rows: √(2 − 2a·b) would be off by 6 % at a distance of 1e-3 in float32.
    pairs = (slices - positive, slices - negative, positive - negative)  # (N, B, d) each
    if options.squared:
        sides = [pair.square().sum(-1) for pair in pairs]  # (N, B) each
    else:
        sides = [torch.linalg.vector_norm(pair, dim=-1) for pair in pairs]  # its gradient at 0 is 0
    judged, _ = _judge(sides, thresholds[:, None], triplets.valid, options.dual)
    return judged, triplets


def _semi_hard(slices: Tensor, thresholds: Tensor, options: _Options) -> tuple[_Judged, Triplets]:
    with torch.no_grad():
        distances = pairwise_distances(slices, squared=options.squared)  # (N, B, B)
        triplets = miners.semi_hard(distances, options.labels)
        chosen = triplets.negative  # (N, B, B) [a, p]
        opposite = distances.gather(-1, chosen.mT).mT  # (N, B, B), D(p, n) at [a, p]
        sides = distances, distances.gather(-1, chosen), opposite
        judged, hinges = _judge(sides, thresholds[:, None, None], triplets.valid, options.dual)
        active = [(hinge > 0).to(slices.dtype) for hinge in hinges]  # (N, B, B) each
        weights = sum(active)
        weights = weights.scatter_add(-1, chosen, -active[0])  # row a loses at its negative
        if options.dual:
            weights.scatter_add_(-1, chosen.mT, -active[1].mT)  # row p loses at the same negative
    loss = with_gradient(slices, judged.loss, weights, distances, options.squared)
    return judged._replace(loss=loss), triplets


def _batch_all(slices: Tensor, thresholds: Tensor, options: _Options) -> tuple[_Judged, Triplets]:
    labels = options.labels
    with torch.no_grad():
        distances = pairwise_distances(slices, squared=options.squared)  # (N, B, B)
        active = miners.batch_all(distances, labels, thresholds)
        # A hinge is linear in its two distances, so counts of active ones give value and gradient. Over all
        # triplets the second term of dual is the first one with a and p exchanged: twice the same.
        weights = (active.positive - active.negative) * (2 if options.dual else 1)  # (N, B, B)
        wide = widest(slices)  # millions of terms that partly cancel, and counts beyond 2²⁴
        hinges = active.positive.sum((-2, -1), dtype=wide) * (2 if options.dual else 1)  # (N,)
        value = (weights * distances).sum((-2, -1), dtype=wide) + hinges * thresholds  # (N,)
        above_zero, incomplete = hinges, torch.full_like(hinges, torch.nan)
        if options.diagnostics or (options.dual and options.nonzero):
            both, incomplete = miners.count_joint(distances, labels, thresholds)
            above_zero = hinges - both if options.dual else hinges
        count = miners.count_all(labels).expand(len(slices))
        means = [_masked_mean(distances, mask) for mask in miners.pair_masks(labels)]
    loss = with_gradient(slices, value, weights, distances, options.squared)
    return _Judged(loss, hinges, above_zero, incomplete, *means), Triplets(None, None, None, None, count)


def _judge(sides: Sequence[Tensor], thresholds: Tensor, valid: Tensor, dual: bool) -> tuple[_Judged, list[Tensor]]:
    """D(a,p), D(a,n), D(p,n) of listed triplets, (N, *S) each → sums per slice, and the hinges (N, *S)."""
    positive, negative, opposite = sides
    over = tuple(range(1, valid.ndim))
    slack = positive + thresholds  # (N, *S)
    hinges = [torch.where(valid, (slack - side).relu(), 0) for side in (negative, opposite)[: 1 + dual]]
    loss = sum(hinges)  # (N, *S)
    incomplete = valid & (slack <= negative) & (opposite < positive)
    counts = [sum((hinge > 0).sum(over) for hinge in hinges), (loss > 0).sum(over), incomplete.sum(over)]
    means = [_masked_mean(side.detach(), valid) for side in (positive, negative)]
    return _Judged(loss.sum(over), *counts, *means), hinges


def _masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of values (N, *S) where mask (*S or N, *S) is set → (N,); 0 where it is nowhere set."""
    over = tuple(range(1, values.ndim))
    mask = mask.expand_as(values)
    return torch.where(mask, values, 0).sum(over) / mask.sum(over).clamp_min(1)


def _check_batch(slices: Tensor, labels: Tensor, thresholds: Tensor) -> None:
    shape = tuple(slices.shape)
    if slices.ndim != 3 or shape[0] != len(thresholds) or shape[1] == 0:
        raise ValueError(
            f"embeddings has shape {shape}; expected (B, D), or (N, B, d) with N = {len(thresholds)} slices "
            "(one per threshold) and B of at least 1"
        )
    if labels.shape != shape[1:2] or labels.is_floating_point():
        raise ValueError(
            f"labels has shape {tuple(labels.shape)} and type {labels.dtype}; expected {shape[1]} integers"
        )
