"""Mining of single triplets: the hardest of each anchor, or one semi-hard negative for each positive pair."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from muldml_lite.labels import as_integers, can_read
from muldml_lite.mining.classes import Positives, list_positives
from muldml_lite.mining.keys import Marks, highest, is_negative, lowest, make_keys, mark_pairs, read_index


class Triplets(NamedTuple):
    """Mined triplets as indices into the batch; S is (B,) for Batch Hard and (B, K) for semi-hard.

    K is the largest number of positives an anchor has (on GPUs, where finding it would mean waiting, it is B).
    Batch-all looks at every triplet and lists none: the first four are None there.
    """

    anchor: Tensor | None  # (N, *S) int64
    positive: Tensor | None  # (N, *S) int64
    negative: Tensor | None  # (N, *S) int64
    valid: Tensor | None  # (N, *S) bool; where False the three indices mean nothing
    count: Tensor  # (N,) int64, number of valid triplets


@torch.no_grad()
def batch_hard(distances: Tensor, labels: Tensor) -> Triplets:
    """One triplet per anchor: its farthest positive and its nearest negative (Hermans et al. 2017).

    distances (N, B, B), labels (B,) → indices (N, B). Ties go to the lowest index. As in
    pytorch-metric-learning's `BatchHardMiner`, an anchor without positive or without negative has no triplet.
    """
    marks = mark_pairs(as_integers(labels, distances.shape[-1], distances.device))
    keys = make_keys(distances, marks)
    return hardest_triplets(read_index(keys.amax(-1), marks), read_index(keys.amin(-1), marks), marks)


def hardest_triplets(positive: Tensor, negative: Tensor, marks: Marks) -> Triplets:
    """Indices (N, B) of positives and negatives → triplets, valid where an anchor has both."""
    valid = marks.anchors.expand_as(positive)  # (N, B)
    anchor = torch.arange(len(marks.anchors), device=positive.device).expand_as(positive)
    return Triplets(anchor, positive, negative, valid, valid.sum(-1))


@torch.no_grad()
def semi_hard(distances: Tensor, labels: Tensor) -> Triplets:
    """One triplet per ordered pair (anchor, positive), with the nearest negative beyond the positive.

    distances (N, B, B), labels (B,) → indices (N, B, K): anchors × their positives. Where no
    negative has D(a,n) > D(a,p), the farthest negative is taken: the convention of TensorFlow's
    `triplet_semihard_loss` and of sentence-transformers. (Schroff et al. 2015 also want D(a,n) < D(a,p) + τ; a
    negative beyond that costs nothing from the anchor's side, it only counts as one more triplet.)
    Ties go to the lowest index. O(N·B² log B) time and O(N·B²) memory.
    """
    labels = as_integers(labels, distances.shape[-1], distances.device)
    marks, positives = mark_pairs(labels), list_positives(labels)
    keys = make_keys(distances, marks)
    chosen = semi_hard_keys(keys, marks, positives)
    return semi_hard_triplets(read_index(chosen, marks), positives, marks)


def semi_hard_keys(keys: Tensor, marks: Marks, positives: Positives) -> Tensor:
    """Keys (N, B, B) → those of the chosen negatives (N, B, K)."""
    index = positives.index.expand(len(keys), -1, -1)  # (N, B, K)
    level = highest(keys.gather(-1, index), marks)
    ascending = sort_keys(keys)  # (N, B, B): negatives, the anchor, positives
    negatives = is_negative(ascending).sum(-1, keepdim=True)  # (N, B, 1)
    rank = torch.searchsorted(ascending, level, right=True)  # (N, B, K), negatives at most that far
    farthest = ascending.gather(-1, (negatives - 1).clamp_min(0))  # (N, B, 1)
    first = torch.searchsorted(ascending, lowest(farthest, marks))  # of several that far, the lowest index
    first = first.clamp_max(keys.shape[-1] - 1)  # NaN is beyond everything
    chosen = ascending.gather(-1, torch.where(rank < negatives, rank, first))
    return torch.where(ascending[..., -1:].isnan(), torch.nan, chosen)  # NaN is sorted last, and not to be hidden


def semi_hard_triplets(negative: Tensor, positives: Positives, marks: Marks) -> Triplets:
    """Indices (N, B, K) of negatives → triplets, valid for listed positives of anchors that have a negative."""
    valid = (positives.listed & marks.anchors[:, None]).expand_as(negative)  # (N, B, K)
    anchor = torch.arange(len(marks.anchors), device=negative.device)[:, None].expand_as(negative)
    return Triplets(anchor, positives.index.expand_as(negative), negative, valid, valid.sum((-2, -1)))


def sort_keys(keys: Tensor) -> Tensor:
    """Keys (…, B) in ascending order; on the CPU by NumPy, which is up to 20 times faster at it."""
    return torch.from_numpy(np.sort(keys.numpy(), axis=-1)) if can_read(keys) else keys.sort(-1).values
