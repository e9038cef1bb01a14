"""What the losses share: the options, what is found out about a batch, and hinges of listed triplets."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from muldml_lite.mining import Triplets

_GROUP = 2**17  # distances worked on at once, 1 MB: all slices together would fall out of the cache


class Task(NamedTuple):
    """One batch to be judged; no part of it has a gradient."""

    points: Tensor  # (N, B, d) the slices
    labels: Tensor  # (B,)
    thresholds: Tensor  # (N,)
    gradient: bool  # whether the gradient is wanted


class Options(NamedTuple):
    """How to judge."""

    dual: bool
    mining: str
    squared: bool
    nonzero: bool  # divide by the number of triplets with a loss above 0
    report: bool = False  # whether anything but the loss is wanted
    diagnostics: bool = False  # whether even what takes a look at every single triplet


class Judged(NamedTuple):
    """Sums over the judged triplets of each slice, (N,) each, where not said otherwise; None: not asked for."""

    loss: Tensor  # float64 for batch-all, whose millions of terms partly cancel
    above_zero: Tensor | None  # triplets with a loss above 0
    gradient: Tensor | None  # (N, B, d) of `loss` with respect to the slices
    triplets: Triplets
    active_hinges: Tensor | None = None
    incomplete: Tensor | None = None
    positive: Tensor | None = None  # mean distance
    negative: Tensor | None = None  # mean distance


class Sides(NamedTuple):
    """Distances of listed triplets, (N, *S) each."""

    positive: Tensor  # D(a,p)
    negative: Tensor  # D(a,n)
    opposite: Tensor  # D(p,n)


def judge_listed(task: Task, options: Options, sides: Sides, triplets: Triplets) -> tuple[Judged, list[Tensor]]:
    """Loss and report of listed triplets; and which hinges are active, (N, *S) of ones and zeros each."""
    valid = triplets.valid  # (N, *S)
    over = tuple(range(1, valid.ndim))
    slack = sides.positive + task.thresholds.view(-1, *[1] * len(over))  # (N, *S)
    # Not multiplied by 0, which would not rid us of NaN in pairs that do not count.
    hinges = [torch.where(valid, (slack - side).clamp_min_(0), 0) for side in sides[1 : 2 + options.dual]]
    active = [torch.gt(hinge, 0, out=torch.empty_like(hinge)) for hinge in hinges]
    loss = sum(hinges)  # (N, *S)
    judged = Judged(loss.sum(over), (loss > 0).sum(over) if options.nonzero else None, None, triplets)
    if options.report:
        incomplete = valid & (slack <= sides.negative) & (sides.opposite < sides.positive)
        judged = judged._replace(
            active_hinges=sum(one.sum(over, dtype=torch.int64) for one in active),
            incomplete=incomplete.sum(over),
            positive=masked_mean(sides.positive, valid),
            negative=masked_mean(sides.negative, valid),
        )
    return judged, active


def pull_on_sides(distances: Tensor, active: list[Tensor], options: Options) -> Tensor:
    """How hard each side of the triplets is pulled, over its length: (3, N, *S), below 0 where it is pushed.

    distances (3, N, *S); active: one or two hinges as ones and zeros. Where two points coincide the
    sub-gradient is 0.
    """
    both = active[0] + active[1] if options.dual else active[0]
    pull = torch.stack([both, -active[0], -active[1] if options.dual else torch.zeros_like(both)])
    return pull.mul_(2) if options.squared else torch.where(distances > 0, pull / distances, 0)


def groups_of(points: Tensor) -> list[slice]:
    """Slices (N, B, d) in groups with about `_GROUP` distances."""
    step = max(1, _GROUP // points.shape[1] ** 2)
    return [slice(start, start + step) for start in range(0, len(points), step)]


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of values (N, *S) where mask (*S or N, *S) is set → (N,); 0 where it is nowhere set."""
    over = tuple(range(1, values.ndim))
    mask = mask.expand_as(values)
    return torch.where(mask, values, 0).sum(over) / mask.sum(over).clamp_min(1)
