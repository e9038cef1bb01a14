"""Copies of one picture: never in both the training and the test part."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from muldml_lite.data.dataset import FaceDataset, Faults, Row


def digest(image: np.ndarray) -> int:
    """64 bits of what an image shows, whatever file format it came from."""
    return int.from_bytes(hashlib.blake2b(np.ascontiguousarray(image), digest_size=8).digest(), "little")


def digests_of(dataset: FaceDataset) -> np.ndarray:
    """(n,) uint64, as a reader left them, or worked out from the images."""
    if dataset.digests is not None:
        return dataset.digests
    return np.array([digest(dataset.images[i]) for i in range(len(dataset))], np.uint64)


def drop_copies(
    rows: Sequence[Row], digests: np.ndarray, test: np.ndarray, faults: Faults
) -> tuple[list[int], list[str]]:
    """Which images are left without training images that the test part has, too, and notes on other copies.

    Args:
        digests, test: (n,), of the rows.
    Raises:
        DataError: a picture in both parts, unless faults are skipped.
    """
    tested = {int(digests[i]): i for i in np.flatnonzero(test)}
    copies = [i for i in np.flatnonzero(~test) if int(digests[i]) in tested]
    for n, i in enumerate(copies):
        twin = rows[tested[int(digests[i])]].picture.name
        others = f" and {len(copies) - 1} more such pairs" if n == 0 and len(copies) > 1 and not faults.skip else ""
        line = f"{rows[i].picture.name}: a training image that is the same as the test image {twin}{others}"
        faults.add(line, "remove one of them")
    gone = set(copies)
    left = [i for i in range(len(rows)) if i not in gone]
    return left, _notes(rows, digests, left)


def _notes(rows: Sequence[Row], digests: np.ndarray, left: list[int]) -> list[str]:
    """Copies within a part do no harm to a measurement, but whoever has them ought to know."""
    first: dict[int, int] = {}
    again = []
    for i in left:
        if first.setdefault(int(digests[i]), i) != i:
            again.append(i)
    if not again:
        return []
    one, other = rows[again[0]], rows[first[int(digests[again[0]])]]
    unlike = sum(rows[i].label != rows[first[int(digests[i])]].label for i in again)
    labels = f", {unlike} of them under another label" if unlike else ""
    return [
        f"{len(again)} images are copies of another one in the same part{labels}; "
        f"for instance {one.picture.name} of {other.picture.name}"
    ]
