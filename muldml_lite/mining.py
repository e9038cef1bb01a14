"""Which triplets (anchor, positive, negative) of a batch a loss looks at.

Pure functions of distances (N, B, B), one matrix per embedding slice, and labels (B,). A positive of an
anchor has its label and is not the anchor itself; a negative has another label. All of it runs without
gradient and in float32 or better (bfloat16 distances pick another positive 4 % of the time), with shapes that
depend on N and B only: no `.item()`, no `nonzero`, hence no waiting for a GPU. Whether an anchor has a
positive and a negative at all is said by a mask, `valid`. Plain or squared distances give the same triplets.
"""

from typing import NamedTuple

import torch
from torch import Tensor

_BLOCK = 2**18  # triplets compared at once in `count_joint`: 1 MB a mask, so that they stay in the cache


class Triplets(NamedTuple):
    """Mined triplets as indices into the batch; S is (B,) for Batch Hard and (B, B) for semi-hard.

    Batch-all looks at every triplet and lists none: the first four are None there.
    """

    anchor: Tensor | None  # (N, *S) int64
    positive: Tensor | None  # (N, *S) int64
    negative: Tensor | None  # (N, *S) int64
    valid: Tensor | None  # (N, *S) bool; where False the three indices mean nothing
    count: Tensor  # (N,) int64, number of valid triplets


class ActiveCounts(NamedTuple):
    """How often a pair occurs in active triplets, those with D(a,p) − D(a,n) + τ > 0."""

    positive: Tensor  # (N, B, B) [a, p] active negatives of this anchor and positive
    negative: Tensor  # (N, B, B) [a, n] active positives of this anchor and negative


def pair_masks(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Labels (B,) → masks of positive and of negative pairs, (B, B) bool each."""
    same = labels[:, None] == labels[None, :]
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    return same & ~itself, ~same


@torch.no_grad()
def batch_hard(distances: Tensor, labels: Tensor) -> Triplets:
    """One triplet per anchor: its farthest positive and its nearest negative (Hermans et al. 2017).

    distances (N, B, B), labels (B,) → indices (N, B). Ties go to the lowest index. As in
    pytorch-metric-learning's `BatchHardMiner`, an anchor without positive or without negative has no triplet.
    """
    distances = _precise(distances)
    is_positive, is_negative = pair_masks(labels)
    positive = distances.masked_fill(~is_positive, -torch.inf).argmax(-1)  # (N, B)
    negative = distances.masked_fill(~is_negative, torch.inf).argmin(-1)  # (N, B)
    valid = (is_positive.any(-1) & is_negative.any(-1)).expand_as(positive)
    anchor = torch.arange(len(labels), device=labels.device).expand_as(positive)
    return Triplets(anchor, positive, negative, valid, valid.sum(-1))


@torch.no_grad()
def semi_hard(distances: Tensor, labels: Tensor) -> Triplets:
    """One triplet per ordered pair (anchor, positive), with the nearest negative beyond the positive.

    distances (N, B, B), labels (B,) → indices (N, B, B): rows are anchors, columns positives. Where no
    negative has D(a,n) > D(a,p), the farthest negative is taken: the convention of TensorFlow's
    `triplet_semihard_loss` and of sentence-transformers. (Schroff et al. 2015 also want D(a,n) < D(a,p) + τ; a
    negative beyond that costs nothing from the anchor's side, it only counts as one more triplet.)
    Ties go to the lowest index. O(N·B² log B) time and O(N·B²) memory.
    """
    distances = _precise(distances)
    is_positive, is_negative = pair_masks(labels)
    far = distances.masked_fill(~is_negative, torch.inf)  # (N, B, B)
    ascending, order = far.sort(stable=True)  # (N, B, B), negatives first
    rank = torch.searchsorted(ascending, distances.contiguous(), right=True)  # (N, B, B), negatives ≤ D(a,p)
    farthest = distances.masked_fill(~is_negative, -torch.inf).argmax(-1, keepdim=True)  # (N, B, 1)
    beyond = order.gather(-1, rank.clamp_max(len(labels) - 1))  # (N, B, B)
    negative = torch.where(rank < is_negative.sum(-1, keepdim=True), beyond, farthest)
    valid = (is_positive & is_negative.any(-1, keepdim=True)).expand_as(distances)
    index = torch.arange(len(labels), device=labels.device)
    anchor, positive = index[:, None].expand_as(distances), index.expand_as(distances)
    return Triplets(anchor, positive, negative, valid, valid.sum((-2, -1)))


@torch.no_grad()
def batch_all(distances: Tensor, labels: Tensor, thresholds: Tensor) -> ActiveCounts:
    """Every triplet, as counts of active ones per pair: exact, without ever listing B³ of them.

    distances (N, B, B), labels (B,), thresholds (N,) in units of the distances. A triplet is active when
    D(a,n) < D(a,p) + τ. With the negatives of an anchor in ascending order, the active ones of a positive are
    the first c of them, c found by bisection; and the negative of rank r is active for all positives
    with c > r. O(N·B² log B) time and O(N·B²) memory.
    """
    distances = _precise(distances)
    is_positive, is_negative = pair_masks(labels)
    reach = (distances + thresholds.to(distances)[:, None, None]).masked_fill(~is_positive, -torch.inf)
    ascending, order = distances.masked_fill(~is_negative, torch.inf).sort()  # (N, B, B)
    positive = torch.searchsorted(ascending, reach)  # (N, B, B), how many negatives are below
    size = len(labels)
    by_count = positive.new_zeros(*positive.shape[:-1], size + 1)
    by_count.scatter_add_(-1, positive, torch.ones_like(positive))  # (N, B, B+1), positives with c negatives
    at_most = by_count.cumsum(-1)[..., :size]  # (N, B, B) [a, r], columns with c ≤ r
    negative = torch.empty_like(order).scatter_(-1, order, size - at_most)  # back from rank to index
    return ActiveCounts(positive.to(distances.dtype), negative.to(distances.dtype))


def count_all(labels: Tensor) -> Tensor:
    """Number of valid ordered triplets of a batch with labels (B,), a scalar int64 tensor."""
    is_positive, is_negative = pair_masks(labels)
    return (is_positive.sum(-1) * is_negative.sum(-1)).sum()


@torch.no_grad()
def count_joint(distances: Tensor, labels: Tensor, thresholds: Tensor) -> tuple[Tensor, Tensor]:
    """Over all triplets: in how many both hinges of dual are active, how many are judged incompletely.

    distances (N, B, B), labels (B,), thresholds (N,) → (N,) each. Both active: D(a,n) < D(a,p) + τ and
    D(p,n) < D(a,p) + τ. Judged incompletely: D(a,p) + τ ≤ D(a,n) and D(p,n) < D(a,p). Either asks for three
    distances at once, which no sorting answers: O(N·B³) comparisons, in blocks of anchors to save memory.
    """
    distances = _precise(distances)
    is_positive, is_negative = pair_masks(labels)
    near = distances.masked_fill(~is_positive, -torch.inf)  # (N, B, B) [a, p]
    far = distances.masked_fill(~is_negative, torch.inf)  # (N, B, B) [a, n], also [p, n]
    step = max(1, _BLOCK // len(labels) ** 2)
    counts = []
    for slice_near, slice_far, threshold in zip(near, far, thresholds.to(distances), strict=True):
        blocks = zip(slice_near.split(step), slice_far.split(step), strict=True)
        blocks = [_count_block(*block, slice_far, threshold) for block in blocks]
        counts.append(torch.stack(blocks).long().sum(0))
    both, incomplete = torch.stack(counts, dim=1)  # (N,) each
    return both, incomplete


def _count_block(near: Tensor, from_anchor: Tensor, from_positive: Tensor, threshold: Tensor) -> Tensor:
    """near and from_anchor (step, B) of some anchors, from_positive (B, B) → the two counts, (2,)."""
    near, from_anchor = near[:, :, None], from_anchor[:, None, :]  # (step, B, 1), (step, 1, B)
    reach = near + threshold  # (step, B, 1)
    # Ones and zeros as floats: comparing into them and their dot products (exact up to 2²⁴) is several
    # times faster than the same with bool.
    first, second, closer = near.new_empty(3, len(near), *from_positive.shape)  # (step, B, B) [a, p, n] each
    torch.lt(from_anchor, reach, out=first)
    torch.lt(from_positive, reach, out=second)
    torch.lt(from_positive, near, out=closer)
    both = torch.dot(first.flatten(), second.flatten())
    return torch.stack([both, closer.sum() - torch.dot(first.flatten(), closer.flatten())])


def _precise(distances: Tensor) -> Tensor:
    return distances.detach().to(torch.promote_types(distances.dtype, torch.float32))
