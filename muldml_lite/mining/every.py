"""Every triplet of a batch, counted without ever listing B³ of them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from muldml_lite.labels import as_integers, can_read
from muldml_lite.mining.classes import Positives, list_positives
from muldml_lite.mining.hard import sort_keys
from muldml_lite.mining.keys import SCALE, Marks, lowest, make_keys, mark_pairs, read_index

_BLOCK = 2**17  # triplets compared at once: 512 KB, so that a block and its sums stay in the cache
_SORTED = 2**21  # distances sorted at once: 16 MB
_MOST_COMPARED = 128  # with more positives per anchor than this, sorting is cheaper than comparing


class ActiveCounts(NamedTuple):
    """How often a pair occurs in active triplets, those with D(a,p) − D(a,n) + τ > 0."""

    positive: Tensor  # (N, B, B) [a, p] active negatives of this anchor and positive
    negative: Tensor  # (N, B, B) [a, n] active positives of this anchor and negative


@torch.no_grad()
def batch_all(distances: Tensor, labels: Tensor, thresholds: Tensor) -> ActiveCounts:
    """Every triplet, as counts of active ones per pair: exact.

    distances (N, B, B), labels (B,), thresholds (N,) in units of the distances. A triplet is active when
    D(a,n) < D(a,p) + τ. Classes of up to 128 are compared in blocks, O(N·B²·K) time for K positives an anchor;
    larger ones, and all on GPUs, are sorted, O(N·B² log B). Either takes O(N·B²) memory.
    """
    labels = as_integers(labels, distances.shape[-1], distances.device)
    positives = list_positives(labels)
    distances = distances.detach().to(torch.promote_types(distances.dtype, torch.float32))
    listed, negative = count_active(distances, labels, thresholds, positives, class_barrier(labels, distances.dtype))
    index = positives.index.expand_as(listed)
    return ActiveCounts(torch.zeros_like(negative).scatter_add_(-1, index, listed), negative)


def class_barrier(labels: Tensor, dtype: torch.dtype) -> Tensor:
    """Labels (B,) → infinity within a class and 0 elsewhere (B, B): added to distances, only negatives are near."""
    same = labels[:, None] == labels
    return torch.zeros(same.shape, dtype=dtype, device=labels.device).masked_fill_(same, torch.inf)


def count_active(
    distances: Tensor, labels: Tensor, thresholds: Tensor, positives: Positives, barrier: Tensor
) -> tuple[Tensor, Tensor]:
    """The same with the positives' counts as (N, B, K), in the order of `positives`, 0 where not listed."""
    near = distances.gather(-1, positives.index.expand(len(distances), -1, -1))  # (N, B, K)
    reach = near.add_(thresholds.to(near)[:, None, None]).masked_fill_(~positives.listed, -torch.inf)
    if can_read(labels) and reach.shape[-1] <= _MOST_COMPARED:
        return _compare(distances + barrier, reach)
    return _sort(distances, labels, reach)


def _compare(far: Tensor, reach: Tensor) -> tuple[Tensor, Tensor]:
    """Negatives within reach of each positive (N, B, K), positives that reach each negative (N, B, B)."""
    slices, size, most = reach.shape
    positive = torch.empty_like(reach)
    # With rows a power of two apart, transposing would be four times slower: all of a column in few cache lines.
    negative = far.new_empty(slices, size, size + 8)[..., :size]
    step = max(1, _BLOCK // (size * most))
    within = far.new_empty(step, most, size)
    rows = [
        far.view(-1, 1, size),  # (N·B, 1, B)
        reach.view(-1, most, 1),  # (N·B, K, 1)
        positive.view(-1, most),  # (N·B, K)
        negative.flatten(0, 1),  # (N·B, B)
    ]
    for one, near, by_positive, by_negative in zip(*(part.split(step) for part in rows), strict=True):
        # Ones and zeros as floats: comparing into them and summing them is several times faster than with bool.
        block = torch.lt(one, near, out=within[: len(one)])
        torch.sum(block, -1, out=by_positive)
        torch.sum(block, -2, out=by_negative)
    return positive, negative


def _sort(distances: Tensor, labels: Tensor, reach: Tensor) -> tuple[Tensor, Tensor]:
    """The same by sorting, some anchors at a time: sorting needs ten times the memory of the distances."""
    slices, size, _ = reach.shape
    marks = mark_pairs(labels)
    positive, negative = torch.empty_like(reach), torch.empty_like(distances)
    step = max(1, _SORTED // (slices * size))
    for start in range(0, size, step):
        rows = slice(start, start + step)
        some = marks._replace(bits=marks.bits[rows])
        positive[:, rows], negative[:, rows] = _sort_rows(distances[:, rows], reach[:, rows], some)
    return positive, negative


def _sort_rows(distances: Tensor, reach: Tensor, marks: Marks) -> tuple[Tensor, Tensor]:
    """Distances (N, A, B) of A anchors, reach of their positives (N, A, K) → the counts of `_compare`.

    The active negatives of a positive are the first c of its anchor's in ascending order, c found by bisection; and
    the negative of rank r is reached by all positives with c > r.
    """
    ascending = sort_keys(make_keys(distances, marks))  # (N, A, B), negatives first
    positive = torch.searchsorted(ascending, lowest(reach.double() * SCALE, marks))  # (N, A, K)
    size = distances.shape[-1]
    by_count = positive.new_zeros(*positive.shape[:-1], size + 1)
    by_count.scatter_add_(-1, positive, torch.ones_like(positive))  # (N, A, B+1), positives with c negatives
    at_most = by_count.cumsum(-1)[..., :size]  # (N, A, B) [a, r], columns with c ≤ r
    order = read_index(ascending, marks)
    negative = torch.empty_like(order).scatter_(-1, order, reach.shape[-1] - at_most)  # from rank to index
    return positive.to(distances.dtype), negative.to(distances.dtype)


@torch.no_grad()
def count_joint(distances: Tensor, labels: Tensor, thresholds: Tensor) -> tuple[Tensor, Tensor]:
    """Over all triplets: in how many both hinges of dual are active, how many are judged incompletely.

    distances (N, B, B), labels (B,), thresholds (N,) → (N,) each. Both active: D(a,n) < D(a,p) + τ and
    D(p,n) < D(a,p) + τ. Judged incompletely: D(a,p) + τ ≤ D(a,n) and D(p,n) < D(a,p). Either asks for three
    distances at once, which no sorting answers: O(N·B²·K) comparisons for K positives an anchor, in blocks of
    anchors to save memory.
    """
    labels = as_integers(labels, distances.shape[-1], distances.device)
    distances = distances.detach().to(torch.promote_types(distances.dtype, torch.float32))
    positives = list_positives(labels)
    far = distances + class_barrier(labels, distances.dtype)  # (N, B, B) [a, n], also [p, n]
    block = _BLOCK if can_read(labels) else 2**24  # a GPU has no such cache, but launches to save
    step = max(1, block // positives.index[0].numel() // len(labels))
    counts = []
    for one, slice_far, threshold in zip(distances, far, thresholds.to(distances), strict=True):
        near = torch.where(positives.listed, one.gather(-1, positives.index), -torch.inf)  # (B, K)
        blocks = zip(near.split(step), slice_far.split(step), positives.index.split(step), strict=True)
        blocks = [_count_block(n, f, slice_far[index], threshold) for n, f, index in blocks]
        counts.append(torch.stack(blocks).long().sum(0))
    both, incomplete = torch.stack(counts, dim=1)  # (N,) each
    return both, incomplete


def _count_block(near: Tensor, from_anchor: Tensor, from_positive: Tensor, threshold: Tensor) -> Tensor:
    """near (step, K), from_anchor (step, B) and from_positive (step, K, B) of some anchors → the two counts, (2,)."""
    near, from_anchor = near[:, :, None], from_anchor[:, None, :]  # (step, K, 1), (step, 1, B)
    reach = near + threshold  # (step, K, 1)
    # Ones and zeros as floats, as above; their dot products are exact up to 2²⁴.
    first, second, closer = near.new_empty(3, *from_positive.shape)  # (step, K, B) [a, p, n] each
    torch.lt(from_anchor, reach, out=first)
    torch.lt(from_positive, reach, out=second)
    torch.lt(from_positive, near, out=closer)
    both = torch.dot(first.flatten(), second.flatten())
    return torch.stack([both, closer.sum() - torch.dot(first.flatten(), closer.flatten())])
