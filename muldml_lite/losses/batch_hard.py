"""The hardest triplet of every anchor: value and gradient."""

from __future__ import annotations

import torch
from torch import Tensor

from muldml_lite.losses.distances import squares_into
from muldml_lite.losses.judged import Judged, Options, Task, groups_of, judge_listed, pull_on_sides
from muldml_lite.mining.hard import hardest_triplets
from muldml_lite.mining.keys import SCALE, mark_pairs, read_index, read_sides, write_marks


def judge_batch_hard(task: Task, options: Options) -> Judged:
    slices, size, _ = task.points.shape
    marks = mark_pairs(task.labels)
    wide, groups = task.points.double(), groups_of(task.points)
    buffer = wide.new_empty(len(wide[groups[0]]), size, size)
    keys = wide.new_empty(3, slices, size)  # (3, N, B) of D(a,p), D(a,n), D(p,n)
    index = torch.empty(2, slices, size, dtype=torch.int64, device=wide.device)  # (2, N, B) positives, negatives
    for group in groups:
        near = write_marks(squares_into(wide[group], buffer[: len(wide[group])], SCALE), marks)
        torch.amax(near, -1, out=keys[0, group])
        torch.amin(near, -1, out=keys[1, group])
        index[:, group] = read_index(keys[:2, group], marks)
        opposite = index[0, group] * size + index[1, group]  # (n, B) place of (p, n) in (B, B)
        torch.gather(near.flatten(1), 1, opposite, out=keys[2, group])
    sides = read_sides(keys, marks)  # (3, N, B)
    sides = (sides if options.squared else sides.sqrt_()).to(task.points.dtype)
    judged, active = judge_listed(task, options, sides, hardest_triplets(*index, marks))
    if task.gradient:
        pull = pull_on_sides(sides, active, options.squared, torch.finfo(sides.dtype).tiny)  # differences are exact
        judged = judged._replace(gradient=_gradient(task.points, index, pull))
    return judged


def _gradient(points: Tensor, index: Tensor, pull: Tensor) -> Tensor:
    """Points (N, B, d), mined index (2, N, B), pull on two or three sides (2 or 3, N, B) → gradient (N, B, d).

    Each side pulls its two ends along their difference, which is taken of the rows themselves: exact, however
    close they are.
    """
    slices, size, dim = points.shape
    pull = pull.view(len(pull), -1, 1)
    rows = (index + torch.arange(0, slices * size, size, device=index.device)[:, None]).view(-1)  # (2·N·B,)
    anchor = points.reshape(-1, dim)  # (N·B, d)
    other = anchor.index_select(0, rows).view(2, -1, dim)  # (2, N·B, d), positives and negatives
    across = (other[0] - other[1]).mul_(pull[2]) if len(pull) == 3 else None  # (N·B, d)
    other.sub_(anchor).mul_(pull[:2])
    gradient = (other[0] + other[1]).neg_()  # the anchors' part
    if across is not None:
        other[0].add_(across)
        other[1].sub_(across)
    return gradient.index_add_(0, rows, other.view(-1, dim)).view_as(points)
