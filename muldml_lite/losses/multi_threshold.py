"""The multi-threshold loss: mining, value and gradient without autograd, then one step of autograd."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from muldml_lite.labels import Labels, NoTripletsWarning, as_integers, can_read
from muldml_lite.losses.batch_all import judge_batch_all
from muldml_lite.losses.batch_hard import judge_batch_hard
from muldml_lite.losses.distances import split_slices, with_gradient
from muldml_lite.losses.judged import Judged, Options, Task
from muldml_lite.losses.semi_hard import judge_semi_hard
from muldml_lite.losses.thresholds import check_choice, check_thresholds
from muldml_lite.mining import Triplets

_JUDGES = {"batch-hard": judge_batch_hard, "semi-hard": judge_semi_hard, "batch-all": judge_batch_all}


class NotFiniteWarning(UserWarning):
    """Embeddings hold NaN or infinity. Their loss is NaN on every device; the warning comes on the CPU only."""


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

    Labels are B whole numbers of 0 or more: a tensor, an array, a Series or a list. A number in the embeddings that is
    not finite makes the loss NaN; without triplets it is 0, with a graph. Both are also said on the CPU, by a
    `NotFiniteWarning` and a `NoTripletsWarning`; on a GPU nothing waits to find out.
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
        self._options = Options(loss == "dual", mining, squared, reduction == "mean-nonzero")

    def forward(self, embeddings: Tensor, labels: Labels) -> Tensor:
        """Embeddings (B, D) or (N, B, d) and labels (B,) → scalar loss."""
        return _evaluate(self._slices(embeddings), labels, self.thresholds, self._options).total

    def report(self, embeddings: Tensor, labels: Labels, diagnostics: bool = True) -> LossReport:
        """The same loss with everything that `multi_threshold_loss` tells about it."""
        options = self._options._replace(report=True, diagnostics=diagnostics)
        return _report(_evaluate(self._slices(embeddings), labels, self.thresholds, options), options)

    def _slices(self, embeddings: Tensor) -> Tensor:
        return split_slices(embeddings, len(self.thresholds)) if embeddings.ndim == 2 else embeddings

    def extra_repr(self) -> str:
        return (
            f"thresholds={[round(tau, 4) for tau in self.thresholds.tolist()]}, loss={self.loss!r}, "
            f"mining={self.mining!r}, squared={self.squared}, reduction={self.reduction!r}"
        )


def multi_threshold_loss(
    slices: Tensor,
    labels: Labels,
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
    if not isinstance(thresholds, Tensor):
        thresholds = check_thresholds(thresholds, torch.float64)
    options = Options(loss == "dual", mining, squared, reduction == "mean-nonzero", True, diagnostics)
    return _report(_evaluate(slices, labels, thresholds, options), options)


class _Evaluated(NamedTuple):
    total: Tensor  # () with gradient
    per_slice: Tensor  # (N,)
    judged: Judged


def _evaluate(slices: Tensor, labels: Labels, thresholds: Tensor, options: Options) -> _Evaluated:
    """Slices (N, B, d) → their loss. Value and gradient are made together, so nothing large waits for `backward`."""
    slices = slices.to(torch.promote_types(slices.dtype, torch.float32))
    _check_slices(slices, thresholds)
    labels = as_integers(labels, slices.shape[1], slices.device)
    wanted = slices.requires_grad and torch.is_grad_enabled()
    with torch.no_grad():
        points, labels = _at_work(slices.detach()), _at_work(labels)
        judged = _JUDGES[options.mining](Task(points, labels, thresholds.to(points), wanted), options)
        # 0, or NaN if some number is not finite: whoever was mined, and though a hinge hides an infinite D(a,n).
        poison = points.sum((1, 2), dtype=torch.float64).mul_(0)  # (N,)
        _warn(poison, labels, judged.triplets.count)
        count = (judged.above_zero if options.nonzero else judged.triplets.count).clamp_min(1)  # (N,)
        per_slice = (judged.loss / count + poison).to(slices)
        gradient = judged.gradient
        if wanted:
            # In the gradient's own type first: one over a whole number would be float32.
            share = (count * len(slices)).to(gradient.dtype).reciprocal()  # (N,)
            gradient = gradient.mul_(share[:, None, None]).to(slices)
    return _Evaluated(with_gradient(slices, per_slice.mean(), gradient), per_slice, judged)


def _at_work(tensor: Tensor) -> Tensor:
    """Apple's GPUs have no float64, which mining needs: there the small matter of the loss is left to the CPU."""
    return tensor.cpu() if tensor.device.type == "mps" else tensor


def _report(evaluated: _Evaluated, options: Options) -> LossReport:
    judged, device = evaluated.judged, evaluated.total.device
    count = judged.triplets.count.clamp_min(1)  # (N,)
    hinges = count * (2 if options.dual else 1)
    fractions = judged.active_hinges / hinges, judged.incomplete / count
    rest = [part.to(evaluated.per_slice) for part in (*fractions, judged.positive, judged.negative)]
    triplets = Triplets(*(None if part is None else part.to(device) for part in judged.triplets))
    return LossReport(evaluated.total, evaluated.per_slice, *rest, triplets)


def _warn(poison: Tensor, labels: Tensor, count: Tensor) -> None:
    """On the CPU only: elsewhere looking would mean waiting, and the loss says it by being NaN, or 0."""
    if not can_read(poison):
        return
    if poison.numpy().any():
        warnings.warn("embeddings hold NaN or infinity, so the loss is NaN", NotFiniteWarning, stacklevel=2)
    if not count.numpy()[0]:  # the same in every slice
        one = len(labels) > 1 and bool((labels == labels[0]).all())
        reason = "all images have the same label" if one else "every label occurs once"
        advice = "draw batches with muldml_lite.sampler.PKSampler, of 2 classes or more and 2 images or more of each"
        warnings.warn(f"no triplets, so the loss is 0: {reason}; {advice}", NoTripletsWarning, stacklevel=2)


def _check_slices(slices: Tensor, thresholds: Tensor) -> None:
    shape = tuple(slices.shape)
    if slices.ndim != 3 or shape[0] != len(thresholds) or shape[1] == 0:
        raise ValueError(
            f"embeddings has shape {shape}; expected (B, D), or (N, B, d) with N = {len(thresholds)} slices "
            "(one per threshold) and B of at least 1"
        )
