"""What labels alone say about a batch: who is a positive, who is a negative of whom."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


def pair_masks(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Labels (B,) → masks of positive and of negative pairs, (B, B) bool each."""
    same = labels[:, None] == labels[None, :]
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    return same & ~itself, ~same


def count_all(labels: Tensor) -> Tensor:
    """Number of valid ordered triplets of a batch with labels (B,), a scalar int64 tensor."""
    of_class = (labels[:, None] == labels[None, :]).sum(-1)  # (B,)
    return ((of_class - 1) * (len(labels) - of_class)).sum()


def can_read(labels: Tensor) -> bool:
    """Whether values of labels may be looked at in Python: on the CPU that costs nothing, on a GPU it waits.

    Tensors that stand for others (fake ones, those of a compiler) have no values, so their shapes must not
    depend on any: they go the way of a GPU.
    """
    return labels.device.type == "cpu" and type(labels) is Tensor and not torch.compiler.is_compiling()


class Positives(NamedTuple):
    """Each anchor's positives side by side: K = size of the largest class − 1, or B where that cannot be read."""

    index: Tensor  # (B, K) int64, in range even where not listed
    listed: Tensor  # (B, K) bool, False where an anchor has fewer than K


def list_positives(labels: Tensor) -> Positives:
    """Labels (B,) → the positives of each, so that work on positive pairs is O(B·K) instead of O(B²)."""
    size = len(labels)
    if not can_read(labels):
        return Positives(torch.arange(size, device=labels.device).expand(size, size), pair_masks(labels)[0])
    order = labels.argsort(stable=True)  # (B,), classes side by side
    _, of_class, sizes = labels[order].unique_consecutive(return_inverse=True, return_counts=True)
    members = sizes[of_class]  # (B,) size of the class at each place of `order`
    start = (sizes.cumsum(0) - sizes)[of_class]  # (B,) where that class begins
    steps = torch.arange(1, max(2, int(sizes.max())))  # (K,)
    place = torch.arange(size) - start  # (B,) within the class
    # Going round the class from each member meets all the others once.
    index = torch.empty(size, len(steps), dtype=torch.int64)
    listed = torch.empty(size, len(steps), dtype=torch.bool)
    index[order] = order[start[:, None] + (place[:, None] + steps).remainder(members[:, None])]
    listed[order] = steps < members[:, None]
    return Positives(index, listed)
