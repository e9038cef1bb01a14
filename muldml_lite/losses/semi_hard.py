"""One semi-hard triplet for every positive pair: value and gradient."""

from __future__ import annotations

import torch
from torch import Tensor

from muldml_lite.losses.distances import pulled, shortest_length, squares_into, with_ones
from muldml_lite.losses.judged import Judged, Options, Task, groups_of, judge_listed, pull_on_sides
from muldml_lite.mining.classes import list_positives
from muldml_lite.mining.hard import Triplets, semi_hard_keys, semi_hard_triplets
from muldml_lite.mining.keys import SCALE, mark_pairs, read_index, read_sides, write_marks


def judge_semi_hard(task: Task, options: Options) -> Judged:
    size = task.points.shape[1]
    marks, positives = mark_pairs(task.labels), list_positives(task.labels)
    wide, groups = task.points.double(), groups_of(task.points)
    buffer = wide.new_empty(len(wide[groups[0]]), size, size)
    keys = wide.new_empty(3, len(wide), *positives.index.shape)  # (3, N, B, K) of D(a,p), D(a,n), D(p,n)
    negative = torch.empty(keys.shape[1:], dtype=torch.int64, device=wide.device)
    for group in groups:
        near = write_marks(squares_into(wide[group], buffer[: len(wide[group])], SCALE), marks)
        index = positives.index.expand(len(near), -1, -1)
        torch.gather(near, -1, index, out=keys[0, group])
        keys[1, group] = semi_hard_keys(near, marks, positives)
        negative[group] = read_index(keys[1, group], marks)
        opposite = index * size + negative[group]  # (n, B, K) place of (p, n) in (B, B)
        keys[2, group] = near.flatten(1).gather(1, opposite.flatten(1)).view_as(index)
    sides = read_sides(keys, marks)
    sides = (sides if options.squared else sides.sqrt_()).to(task.points.dtype)
    triplets = semi_hard_triplets(negative, positives, marks)
    judged, active = judge_listed(task, options, sides, triplets)
    if task.gradient:
        shortest = shortest_length(task.points)[:, None, None].to(sides.dtype)  # (N, 1, 1)
        pull = pull_on_sides(sides, active, options.squared, shortest).to(wide.dtype)  # (2 or 3, N, B, K)
        parts = [_gradient(wide[group], triplets, pull[:, group], group) for group in groups]
        judged = judged._replace(gradient=torch.cat(parts).to(task.points.dtype))
    return judged


def _gradient(points: Tensor, triplets: Triplets, pull: Tensor, group: slice) -> Tensor:
    """Points (n, B, d) of some slices, the pull on two or three sides (2 or 3, n, B, K) → gradient (n, B, d)."""
    slices, size, _ = points.shape
    a, p, n = (index[group] for index in triplets[:3])
    starts = torch.stack([a, a, p][: len(pull)], 1).flatten(1)  # (n, 2 or 3·B·K)
    ends = torch.stack([p, n, n][: len(pull)], 1).flatten(1)
    pull = pull.transpose(0, 1).flatten(1)
    both = points.new_zeros(slices, size * size)
    both.scatter_add_(1, starts * size + ends, pull)
    both.scatter_add_(1, ends * size + starts, pull)
    return pulled(with_ones(points), both.view(slices, size, size))
