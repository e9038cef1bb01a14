"""What labels alone say about a batch: who is a positive, who is a negative of whom."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from muldml_lite.labels import can_read


def pair_masks(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Labels (B,) → masks of positive and of negative pairs, (B, B) bool each."""
    same = labels[:, None] == labels[None, :]
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    return same & ~itself, ~same


def count_all(labels: Tensor) -> Tensor:
    """Number of valid ordered triplets of a batch with labels (B,), a scalar int64 tensor."""
    return count_listed(list_positives(labels))


class Positives(NamedTuple):
    """Each anchor's positives side by side: K = size of the largest class − 1, or B where that cannot be read."""

    index: Tensor  # (B, K) int64, in range even where not listed
    listed: Tensor  # (B, K) bool, False where an anchor has fewer than K


def list_positives(labels: Tensor) -> Positives:
    """Labels (B,) → the positives of each, so that work on positive pairs is O(B·K) instead of O(B²)."""
    size = len(labels)
    if not can_read(labels):
        return Positives(torch.arange(size, device=labels.device).expand(size, size), pair_masks(labels)[0])
    # In NumPy, whose small operations cost a fifth of torch's.
    order = np.argsort(labels.numpy(), kind="stable")  # classes side by side
    ascending = labels.numpy()[order]
    first = np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1]))  # where each class begins
    sizes = np.diff(first, append=size)  # (C,)
    members, start = np.repeat(sizes, sizes)[:, None], np.repeat(first, sizes)[:, None]  # (B, 1), in the order above
    steps = np.arange(1, max(2, sizes.max()))  # (K,)
    # Going round the class from each member meets all the others once.
    round_the_class = start + (np.arange(size)[:, None] - start + steps) % members  # (B, K)
    back = np.argsort(order)
    return Positives(torch.from_numpy(order[round_the_class][back]), torch.from_numpy((steps < members)[back]))


def count_listed(positives: Positives) -> Tensor:
    """Number of valid ordered triplets, a scalar int64 tensor: each anchor's positives × its negatives."""
    of_anchor = positives.listed.sum(-1)  # (B,)
    return (of_anchor * (len(positives.listed) - 1 - of_anchor)).sum()
