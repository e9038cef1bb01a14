"""Distances that carry their index: finding the nearest negative then needs its value only.

Mining asks for *which* pair is nearest, and `argmin` or an index-returning sort are 4–20 times slower on a
CPU than `amin` or a sort of plain values. So the index b of a pair (a, b) is written into the lowest bits of its
distance, a float64, and what the pair is into the highest bits:

    0 │ 1 if positive │ distance, scaled down to leave that bit free │ b (or its complement)

As numbers, all negatives of an anchor then stand below the anchor itself and that below all its positives, each
group in the order of the distances. A batch of 4,096 needs 12 of the 52 bits of a float64's fraction, so
distances that differ by more than 1 part in 10¹² are never mistaken for ties.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

SCALE = 2.0**-512  # a distance below 2⁵¹² times this is below 1, so the exponent's top bit stays free
_POSITIVE = 1 << 62  # the exponent's top bit
_ITSELF = 0x3FF << 52  # makes a number of 1 to 2: above all negatives, below all positives
_SIGN = -(2**63)


class Marks(NamedTuple):
    """What is written into the distances of a batch."""

    bits: Tensor  # (B, B) int64 [a, b], or some of its rows
    low: int  # mask of the bits that hold the index
    anchors: Tensor  # (B,) bool, has a positive and a negative


def mark_pairs(labels: Tensor) -> Marks:
    """Labels (B,) → the marks of all pairs. Of equal distances the lowest index is nearest and farthest, too."""
    size = len(labels)
    index = torch.arange(size, device=labels.device)
    low = (1 << max(1, (size - 1).bit_length())) - 1
    same = labels[:, None] == labels
    bits = torch.where(same, (_POSITIVE | low) - index, index)  # (B, B)
    bits.diagonal().copy_(_ITSELF | index)
    of_class = same.sum(-1)  # (B,)
    return Marks(bits, low, (of_class > 1) & (of_class < size))


def make_keys(distances: Tensor, marks: Marks) -> Tensor:
    """Distances (N, B, B), 0 or more → their keys, as a copy."""
    return write_marks(distances.double() * SCALE, marks)


def write_marks(scaled: Tensor, marks: Marks) -> Tensor:
    """The same in place, for float64 distances that are multiplied by `SCALE` already."""
    bits = scaled.view(torch.int64)
    bits.bitwise_and_(~(marks.low | _SIGN))  # a distance of −1e-17 is 0 and a rounding error
    bits.bitwise_or_(marks.bits)
    return scaled


def read_index(keys: Tensor, marks: Marks) -> Tensor:
    """Index b of keys of any shape; of NaN, some index."""
    bits = keys.view(torch.int64)
    index = torch.where(bits < _POSITIVE, bits, ~bits).bitwise_and_(marks.low)
    return index.clamp_max_(marks.bits.shape[-1] - 1)


def read_sides(keys: Tensor, marks: Marks) -> Tensor:
    """Keys (3, …) of a–p, a–n and p–n of some triplets → distances, in place, exact to 1 part in 10¹².

    Where the key of a–n is NaN, so is the distance.
    """
    bits = keys.view(torch.int64).bitwise_and_(~marks.low)
    bits[0].bitwise_and_(~_POSITIVE)
    return keys.div_(SCALE)


def lowest(keys: Tensor, marks: Marks) -> Tensor:
    """Keys of negatives, or scaled distances, of any shape → the lowest key that this distance can have."""
    return (keys.view(torch.int64) & ~marks.low).view(torch.float64)


def highest(keys: Tensor, marks: Marks) -> Tensor:
    """Keys of any shape → the highest key that a negative equally far away can have."""
    bits = keys.view(torch.int64) & ~_POSITIVE
    return (bits | marks.low).view(torch.float64)


def is_negative(keys: Tensor) -> Tensor:
    """Whether these are keys of negative pairs."""
    return keys < 1
