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


def judge_listed(task: Task, options: Options, sides: Tensor, triplets: Triplets) -> tuple[Judged, Tensor]:
    """Loss and report of listed triplets, and which hinges are active.

    sides: D(a,p), D(a,n) and D(p,n), (3, N, *S) → ones and zeros (H, N, *S) for H = 1 hinge, or 2 of dual
    """
    valid = triplets.valid  # (N, *S)
    over = tuple(range(1, valid.ndim))
    slack = sides[0] + task.thresholds.view(-1, *[1] * len(over))  # (N, *S)
    # Not multiplied by 0, which would not rid us of NaN in pairs that do not count.
    hinges = torch.where(valid, (slack - sides[1 : 2 + options.dual]).clamp_min_(0), 0)  # (H, N, *S)
    active = torch.gt(hinges, 0, out=torch.empty_like(hinges))
    above_zero = (hinges > 0).any(0).sum(over) if options.nonzero else None
    judged = Judged(hinges.sum((0, *(axis + 1 for axis in over))), above_zero, None, triplets)
    if options.report:
        positive, negative, opposite = sides
        judged = judged._replace(
            active_hinges=active.sum((0, *(axis + 1 for axis in over)), dtype=torch.float64),
            incomplete=(valid & (slack <= negative) & (opposite < positive)).sum(over),
            positive=masked_mean(positive, valid),
            negative=masked_mean(negative, valid),
        )
    return judged, active


def pull_on_sides(sides: Tensor, active: Tensor, squared: bool, shortest: float | Tensor) -> Tensor:
    """How hard each side of the triplets is pulled, over its length, below 0 where it is pushed.

    sides (3, N, *S), active hinges (H, N, *S) → (1 + H, N, *S). A length counts as `shortest` at least, so where two
    points coincide the pull is finite; their difference is 0, and so is the sub-gradient.
    """
    pull = torch.empty_like(sides[: 1 + len(active)])
    torch.sum(active, 0, out=pull[0])
    torch.neg(active, out=pull[1:])
    return pull.mul_(2) if squared else pull.div_(sides[: len(pull)].clamp_min(shortest))


def groups_of(points: Tensor) -> list[slice]:
    """Slices (N, B, d) in groups with about `_GROUP` distances."""
    step = max(1, _GROUP // points.shape[1] ** 2)
    return [slice(start, start + step) for start in range(0, len(points), step)]


def join_groups(parts: list[Judged]) -> Judged:
    """What was found of some slices after the other, as of all."""

    def joined(column: tuple[Tensor | None, ...]) -> Tensor | None:
        return None if column[0] is None else torch.cat(column)

    triplets = Triplets(*map(joined, zip(*(part.triplets for part in parts), strict=True)))
    columns = zip(*(part._replace(triplets=None) for part in parts), strict=True)
    return Judged(*map(joined, columns))._replace(triplets=triplets)


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of values (N, *S) where mask (*S or N, *S) is set → (N,); 0 where it is nowhere set."""
    over = tuple(range(1, values.ndim))
    mask = mask.expand_as(values)
    return torch.where(mask, values, 0).sum(over) / mask.sum(over).clamp_min(1)
