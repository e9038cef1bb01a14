"""Who lies near whom: in one slice, in all of them, or in plain pixels."""

from __future__ import annotations

import numpy as np

from muldml_lite.metrics import join_slices
from muldml_lite.runs import Probe, Snapshot


def neighbours(snapshot: Snapshot, index: int, k: int, slice: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest images of probe image `index`: places in the probe set (k,) and distances (k,), nearest first.

    Args:
        slice: measure in this slice only; None: in the joined embedding.
    """
    count = snapshot.slices.shape[1]
    if not 0 <= index < count:
        raise ValueError(f"index: {index} given, expected 0 to {count - 1}")
    vectors = join_slices(snapshot.slices) if slice is None else snapshot.slices[slice]  # (n, d)
    distances = np.linalg.norm(vectors - vectors[index], axis=1)  # (n,)
    distances[index] = np.inf  # itself is no neighbour
    nearest = np.argsort(distances, kind="stable")[: min(k, count - 1)]
    return nearest, distances[nearest]


def pixel_vectors(probe: Probe) -> np.ndarray:
    """The thumbnails in grey, one row an image: (n, s·s) float32 in 0…1."""
    grey = probe.thumbnails.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)  # (n, s, s), BT.601
    return grey.reshape(len(grey), -1) / 255


def pair_distances(vectors: np.ndarray, labels: np.ndarray, subjects: np.ndarray) -> dict[str, np.ndarray]:
    """Distances of all pairs of rows of (n, D), by what the two images share.

    Returns:
        same_subject: same person, another expression; same_label: same expression, another person;
        neither: other person, other expression.
    """
    distances = _all_distances(vectors)
    first, second = np.triu_indices(len(vectors), 1)
    apart = distances[first, second]
    label, subject = labels[first] == labels[second], subjects[first] == subjects[second]
    return {
        "same_subject": apart[subject & ~label],
        "same_label": apart[label & ~subject],
        "neither": apart[~label & ~subject],
    }


def nearest_share(vectors: np.ndarray, labels: np.ndarray, subjects: np.ndarray) -> dict[str, float]:
    """Is an image's nearest one the same person, or the same expression?

    For every image the nearest one of the same person with another expression is held against the nearest
    one of the same expression on another person. Images that lack either are left out.

    Returns:
        same_subject, same_label: shares of images, which add up to 1; images: how many were counted.
    """
    distances = _all_distances(vectors)
    label, subject = labels[:, None] == labels, subjects[:, None] == subjects
    person = np.where(subject & ~label, distances, np.inf).min(1)  # (n,)
    expression = np.where(label & ~subject, distances, np.inf).min(1)  # (n,)
    counted = np.isfinite(person) & np.isfinite(expression)
    share = float((person < expression)[counted].mean()) if counted.any() else float("nan")
    return {"same_subject": share, "same_label": 1 - share, "images": int(counted.sum())}


def _all_distances(vectors: np.ndarray) -> np.ndarray:
    """(n, D) to (n, n). A product suffices here: nothing downstream depends on distances near 0."""
    square = (vectors**2).sum(1)
    return np.sqrt(np.maximum(square[:, None] + square - 2 * vectors @ vectors.T, 0))
