"""One semi-hard triplet for every positive pair: value and gradient."""

from __future__ import annotations

import torch
from torch import Tensor

from muldml_lite.losses.distances import pulled, shortest_length, squares_into, with_ones
from muldml_lite.losses.judged import Judged, Options, Task, groups_of, join_groups, judge_listed, pull_on_sides
from muldml_lite.mining.classes import Positives, list_positives
from muldml_lite.mining.hard import Triplets, semi_hard_keys, semi_hard_triplets
from muldml_lite.mining.keys import SCALE, Marks, mark_pairs, read_index, read_sides, write_marks


def judge_semi_hard(task: Task, options: Options) -> Judged:
    size = task.points.shape[1]
    marks, positives = mark_pairs(task.labels), list_positives(task.labels)
    groups = groups_of(task.points)
    buffer = torch.empty(len(task.points[groups[0]]), size, size, dtype=torch.float64, device=task.points.device)
    parts = []
    for group in groups:
        part = task._replace(points=task.points[group], thresholds=task.thresholds[group])
        parts.append(_judge_group(part, options, buffer[: len(part.points)], marks, positives))
    return join_groups(parts)


def _judge_group(task: Task, options: Options, buffer: Tensor, marks: Marks, positives: Positives) -> Judged:
    """Some slices, and room (n, B, B) float64."""
    size, wide = task.points.shape[1], with_ones(task.points)
    near = write_marks(squares_into(wide[..., :-8], buffer, SCALE), marks)
    index = positives.index.expand(len(near), -1, -1)
    keys = near.new_empty(3, *index.shape)  # (3, n, B, K) of D(a,p), D(a,n), D(p,n)
    torch.gather(near, -1, index, out=keys[0])
    keys[1] = semi_hard_keys(near, marks, positives)
    negative = read_index(keys[1], marks)  # (n, B, K)
    opposite = index * size + negative  # (n, B, K) place of (p, n) in (B, B)
    torch.gather(near.flatten(1), 1, opposite.flatten(1), out=keys[2].flatten(1))
    sides = read_sides(keys, marks)
    sides = (sides if options.squared else sides.sqrt_()).to(task.points.dtype)
    triplets = semi_hard_triplets(negative, positives, marks)
    judged, active = judge_listed(task, options, sides, triplets)
    if task.gradient:
        shortest = shortest_length(task.points)[:, None, None].to(sides.dtype)  # (n, 1, 1)
        pull = pull_on_sides(sides, active, options.squared, shortest)  # (2 or 3, n, B, K)
        judged = judged._replace(gradient=_gradient(wide, triplets, pull, buffer).to(task.points.dtype))
    # On GPUs the lists are as large as all distances of all slices: kept only if somebody wants to see them.
    return judged if options.report else judged._replace(triplets=Triplets(None, None, None, None, triplets.count))


def _gradient(points: Tensor, triplets: Triplets, pull: Tensor, buffer: Tensor) -> Tensor:
    """Points `with_ones`, the pull on two or three sides (2 or 3, n, B, K), room (n, B, B) → gradient (n, B, d)."""
    size = points.shape[1]
    a, p, n, *_ = triplets
    starts = torch.stack([a, a, p][: len(pull)], 1).flatten(1)  # (n, 2 or 3·B·K)
    ends = torch.stack([p, n, n][: len(pull)], 1).flatten(1)
    pull = pull.to(points.dtype).transpose(0, 1).flatten(1)
    both = buffer.flatten(1).zero_()
    both.scatter_add_(1, starts * size + ends, pull)
    both.scatter_add_(1, ends * size + starts, pull)
    return pulled(points, buffer)
