"""Triplet, dual triplet and multi-threshold losses. The distance convention lives here and nowhere else.

An embedding (B, D) is cut into N slices (N, B, d) of unit length, and slice i is trained with a triplet loss
at its own threshold τ_i (Yang, Yu, Chen, Liu, Wang, Shen: "Multi-threshold Deep Metric Learning for Facial
Expression Recognition", Pattern Recognition 156, 2024, arXiv 2406.16434). For a triplet (a, p, n):

    triplet  [D(a,p) − D(a,n) + τ]₊                                  (Schroff et al. 2015, FaceNet)
    dual     [D(a,p) − D(a,n) + τ]₊ + [D(a,p) − D(p,n) + τ]₊

D is the Euclidean distance, or its square; τ has the same unit (unit vectors: D in 0…2, D² in 0…4).

Two facts to know before expecting much of the dual loss, both shown in tests/test_losses.py:
1. Batch-all: (p, a, n) is a triplet whenever (a, p, n) is, so over all of them dual is exactly twice triplet.
2. Batch Hard with every sample an anchor: D(a,p) is at most the distance of p to its own farthest positive
   and D(p,n) at least that to its nearest negative, so the second term of dual never exceeds the loss that
   p already pays as an anchor (at the same τ).
"""

import math
import random
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from muldml_lite import mining as miners
from muldml_lite.mining import Triplets

_CHOICES = {
    "loss": ("triplet", "dual"),
    "mining": ("batch-hard", "semi-hard", "batch-all"),
    "reduction": ("mean", "mean-nonzero"),
    "spacing": ("uniform", "log", "random"),
}
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
        self.register_buffer("thresholds", _check_thresholds(thresholds))
        self.loss = _check_choice("loss", loss)
        self.mining = _check_choice("mining", mining)
        self.squared = squared
        self.reduction = _check_choice("reduction", reduction)

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
        _check_choice(name, value)
    slices = slices.to(torch.promote_types(slices.dtype, torch.float32))
    if not isinstance(thresholds, Tensor):
        thresholds = _check_thresholds(thresholds, torch.float64).to(slices.dtype)
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
    positive, negative = (_rows(slices, index) for index in (triplets.positive, triplets.negative))
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
    loss = _with_gradient(slices, judged.loss, weights, distances, options.squared)
    return judged._replace(loss=loss), triplets


def _batch_all(slices: Tensor, thresholds: Tensor, options: _Options) -> tuple[_Judged, Triplets]:
    labels = options.labels
    with torch.no_grad():
        distances = pairwise_distances(slices, squared=options.squared)  # (N, B, B)
        active = miners.batch_all(distances, labels, thresholds)
        # A hinge is linear in its two distances, so counts of active ones give value and gradient. Over all
        # triplets the second term of dual is the first one with a and p exchanged: twice the same.
        weights = (active.positive - active.negative) * (2 if options.dual else 1)  # (N, B, B)
        wide = _widest(slices)  # millions of terms that partly cancel, and counts beyond 2²⁴
        hinges = active.positive.sum((-2, -1), dtype=wide) * (2 if options.dual else 1)  # (N,)
        value = (weights * distances).sum((-2, -1), dtype=wide) + hinges * thresholds  # (N,)
        above_zero, incomplete = hinges, torch.full_like(hinges, torch.nan)
        if options.diagnostics or (options.dual and options.nonzero):
            both, incomplete = miners.count_joint(distances, labels, thresholds)
            above_zero = hinges - both if options.dual else hinges
        count = miners.count_all(labels).expand(len(slices))
        means = [_masked_mean(distances, mask) for mask in miners.pair_masks(labels)]
    loss = _with_gradient(slices, value, weights, distances, options.squared)
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


def split_slices(embeddings: Tensor, n: int) -> Tensor:
    """Embeddings (B, D) → n equal contiguous slices (n, B, D/n) of unit length, in float32 or better.

    A slice too short to have a direction (norm up to 1e-12, for float16 up to 6e-5: a gradient of 1/norm would
    overflow) becomes 0 and gets no gradient. The embeddings themselves are never written to.
    """
    if embeddings.ndim != 2 or embeddings.shape[1] % n or embeddings.shape[1] == 0:
        raise ValueError(
            f"embeddings has shape {tuple(embeddings.shape)}; expected (B, D) with D divisible by {n} slices"
        )
    shortest = max(1e-12, torch.finfo(embeddings.dtype).tiny)
    size, dim = embeddings.shape
    slices = embeddings.reshape(size, n, dim // n).transpose(0, 1)  # (n, B, d)
    slices = slices.to(torch.promote_types(slices.dtype, torch.float32))
    norm = torch.linalg.vector_norm(slices, dim=-1, keepdim=True)  # (n, B, 1)
    short = norm <= shortest  # asked this way round, NaN stays NaN and is seen in the loss
    return torch.where(short, 0, slices / torch.where(short, 1, norm))


def pairwise_distances(slices: Tensor, squared: bool = False) -> Tensor:
    """Slices (N, B, d) → Euclidean distances (N, B, B) within each slice, or their squares.

    Multiplied out in float64, which keeps small distances as exact as differences would (relative error
    1e-10 at distance 1e-3) at a fraction of their cost. Points nearer than about 1e-7 of their length
    count as one: distance 0, gradient 0. The result has the precision of the input, at least float32.
    """
    dtype = torch.promote_types(slices.dtype, torch.float32)
    if slices.device.type == "mps":  # has no float64: take the differences after all
        exact = slices.to(dtype)
        distances = torch.cdist(exact, exact, compute_mode="donot_use_mm_for_euclid_dist")
        return distances.square() if squared else distances
    wide = slices.double()
    square = wide.square().sum(-1)  # (N, B)
    both = square[:, :, None] + square[:, None, :]  # (N, B, B)
    apart = torch.baddbmm(both, wide, wide.mT, alpha=-2)  # (N, B, B)
    apart = torch.where(apart <= both * 2.0**-46, 0, apart).to(dtype)
    if squared:
        return apart
    coincide = apart == 0
    return torch.where(coincide, 0, torch.where(coincide, 1, apart).sqrt())


def sample_thresholds(n: int, low: float, high: float, spacing: str = "uniform", seed: int = 0) -> tuple[float, ...]:
    """n ascending thresholds in [low, high], units of the distance; "uniform" and "log" include both ends.

    "uniform": equal differences; "log": equal ratios; "random": drawn uniformly with `seed`. A single one
    (n = 1) is the middle: the mean of low and high, the geometric mean for "log", still a draw for "random".
    """
    _check_choice("spacing", spacing)
    if not isinstance(n, int) or n < 1:
        raise ValueError(f"n is {n!r}; expected a whole number of at least 1")
    if not 0 < low <= high < math.inf:
        raise ValueError(f"low, high are {low!r}, {high!r}; expected 0 < low <= high, both finite")
    if spacing == "random":
        rng = random.Random(seed)
        return tuple(sorted(rng.uniform(low, high) for _ in range(n)))
    parts = [i / (n - 1) for i in range(n)] if n > 1 else [0.5]
    if spacing == "log":
        return tuple(low ** (1 - part) * high**part for part in parts)
    return tuple(low * (1 - part) + high * part for part in parts)


class _AttachGradient(torch.autograd.Function):
    """Values (N,) computed elsewhere, with their known gradients (N, B, d) with respect to the slices."""

    @staticmethod
    def forward(ctx, slices: Tensor, value: Tensor, gradient: Tensor) -> Tensor:
        ctx.save_for_backward(gradient)
        return value.clone()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, upstream: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return upstream[:, None, None] * gradient, None, None


def _with_gradient(slices: Tensor, value: Tensor, weights: Tensor, distances: Tensor, squared: bool) -> Tensor:
    """Value (N,) = Σ weights·distances + constant, given the gradient of that sum.

    The gradient is made here and not in backward, so that nothing of size (N, B, B) has to be kept till then.
    """
    if not (slices.requires_grad and torch.is_grad_enabled()):
        return value
    with torch.no_grad():
        pull = (weights + weights.mT).to(slices.dtype)  # (N, B, B)
        wide = slices.to(_widest(slices))
        apart = distances > 0  # where two points coincide the sub-gradient is 0
        pull = 2 * pull if squared else torch.where(apart, pull / torch.where(apart, distances, 1), 0)
        pull = pull.to(wide.dtype)
        # Σ_b pull_ab (x_a − x_b), in float64: the two parts nearly cancel where points are close.
        gradient = pull.sum(-1, keepdim=True) * wide - pull @ wide  # (N, B, d)
    return _AttachGradient.apply(slices, value, gradient.to(slices.dtype))


def _widest(tensor: Tensor) -> torch.dtype:
    return torch.float32 if tensor.device.type == "mps" else torch.float64  # Apple's GPUs have no float64


def _rows(slices: Tensor, index: Tensor) -> Tensor:
    """Slices (N, B, d) at index (N, B) → (N, B, d)."""
    return slices.gather(1, index[..., None].expand(-1, -1, slices.shape[-1]))


def _masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of values (N, *S) where mask (*S or N, *S) is set → (N,); 0 where it is nowhere set."""
    over = tuple(range(1, values.ndim))
    mask = mask.expand_as(values)
    return torch.where(mask, values, 0).sum(over) / mask.sum(over).clamp_min(1)


def _check_choice(name: str, value: str) -> str:
    if value not in _CHOICES[name]:
        raise ValueError(f"{name} is {value!r}; expected one of {', '.join(_CHOICES[name])}")
    return value


def _check_thresholds(thresholds: Sequence[float], dtype: torch.dtype = torch.float32) -> Tensor:
    values = [float(threshold) for threshold in thresholds]
    if not values or not all(0 < value < math.inf for value in values):
        raise ValueError(f"thresholds is {values}; expected one or more positive finite numbers")
    return torch.tensor(values, dtype=dtype)


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
