"""Every triplet of a batch, without listing them: value and gradient from counts."""

from __future__ import annotations

import torch
from torch import Tensor

from muldml_lite.losses.distances import pulled, shortest_length, squares_into, with_ones
from muldml_lite.losses.judged import Judged, Options, Task, groups_of, join_groups, masked_mean
from muldml_lite.mining import Triplets, count_joint, pair_masks
from muldml_lite.mining.classes import Positives, count_listed, list_positives
from muldml_lite.mining.every import class_barrier, count_active


def judge_batch_all(task: Task, options: Options) -> Judged:
    """A hinge is linear in its two distances, so how often each is in an active one gives value and gradient.

    Over all triplets the second term of dual is the first one with a and p exchanged: twice the same.
    """
    positives, barrier = list_positives(task.labels), class_barrier(task.labels, task.points.dtype)
    wide, groups = with_ones(task.points), groups_of(task.points)
    size = task.points.shape[1]
    buffer = wide.new_empty(len(wide[groups[0]]), size, size)
    parts = []
    for group in groups:
        part = task._replace(points=task.points[group], thresholds=task.thresholds[group])
        parts.append(_judge_group(part, options, wide[group], buffer[: len(wide[group])], positives, barrier))
    return join_groups(parts)


def _judge_group(
    task: Task, options: Options, wide: Tensor, buffer: Tensor, positives: Positives, barrier: Tensor
) -> Judged:
    """Some slices, `with_ones` too, and room (n, B, B) float64."""
    twice = 2 if options.dual else 1
    distances = squares_into(wide[..., :-8], buffer).to(task.points.dtype).clamp_min_(0)
    if not options.squared:
        distances.sqrt_()  # (n, B, B)
    listed, weights = count_active(distances, task.labels, task.thresholds, positives, barrier)
    hinges = listed.sum(-1).sum(-1, dtype=torch.float64) * twice  # (n,), beyond 2²⁴ float32 is no longer exact
    # How often a distance is subtracted less how often it is added, (n, B, B).
    weights.scatter_add_(-1, positives.index.expand_as(listed), -listed)
    value = (weights * distances).sum(-1).sum(-1, dtype=torch.float64)  # (n,)
    value = hinges * task.thresholds - twice * value
    above_zero, incomplete, report = hinges, None, [None] * 4
    if options.diagnostics or (options.dual and options.nonzero):
        both, incomplete = count_joint(distances, task.labels, task.thresholds)
        above_zero = hinges - both if options.dual else hinges
    if options.report:
        incomplete = torch.full_like(hinges, torch.nan) if incomplete is None else incomplete
        report = [hinges, incomplete, *(masked_mean(distances, mask) for mask in pair_masks(task.labels))]
    gradient = None
    if task.gradient:
        pull = _pull(weights, distances, None if options.squared else shortest_length(task.points))
        gradient = pulled(wide, buffer.copy_(pull)).to(task.points.dtype).mul_(-twice)
    count = count_listed(positives).expand(len(wide))
    return Judged(value, above_zero, gradient, Triplets(None, None, None, None, count), *report)


def _pull(weights: Tensor, distances: Tensor, shortest: Tensor | None) -> Tensor:
    """Weights of the distances (n, B, B) → how strongly each pair is pulled, over its length. Uses up both.

    shortest (n,): no length counts as less; None for squared distances.
    """
    pull = weights + weights.mT
    if shortest is None:
        return pull.mul_(2)
    return pull.div_(torch.maximum(distances, shortest[:, None, None].to(distances.dtype), out=distances))
