"""Measures of an embedding and of differences between runs. numpy in, numbers out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

COLLAPSED = 0.1  # mean distance of vectors of unit length, where 2 is the largest
NEAR_THRESHOLD = 0.1  # a loss within this share of τ (of 2 τ for dual) is stuck there
SATURATED = 0.98  # share of active hinges


def is_saturated(active: float | None) -> bool:
    """Whether so many hinges are active (share, 0…1) that τ is all but out of the gradient; None: not measured."""
    return active is not None and bool(active >= SATURATED)


def is_collapsed(mean_distance: float, loss_in_thresholds: float | None = None) -> bool:
    """Whether all images lie nearly on one point.

    Args:
        loss_in_thresholds: the metric loss over τ (over 2 τ for dual); if given, it has to be stuck near 1, too.
    """
    stuck = loss_in_thresholds is None or abs(loss_in_thresholds - 1) <= NEAR_THRESHOLD
    return bool(mean_distance < COLLAPSED and stuck)


def knn_accuracy(
    gallery: np.ndarray, gallery_labels: np.ndarray, queries: np.ndarray, query_labels: np.ndarray, k: int = 5
) -> float:
    """Share of queries (m, D) that their k nearest gallery vectors (n, D) label rightly, in 0…1.

    Euclidean distance, majority vote (scikit-learn's `KNeighborsClassifier`).
    """
    from sklearn.neighbors import KNeighborsClassifier

    model = KNeighborsClassifier(min(k, len(gallery)), algorithm="brute").fit(gallery, gallery_labels)
    return float(model.score(queries, query_labels))


def join_slices(slices: np.ndarray) -> np.ndarray:
    """Unit-length slices (N, n, d) to one vector an image (n, N·d), itself of unit length.

    Its squared distance is the mean of the slices' squared distances.
    """
    joined = np.moveaxis(slices, 0, 1).reshape(slices.shape[1], -1)  # (n, N·d)
    return joined / np.sqrt(len(slices))


def mean_distance(vectors: np.ndarray) -> float:
    """Mean Euclidean distance over all pairs of different rows of (n, D)."""
    from scipy.spatial.distance import pdist

    return float(pdist(np.asarray(vectors, np.float64)).mean())


def linear_cka(first: np.ndarray, second: np.ndarray) -> float:
    """Linear centred kernel alignment of two views (n, d) and (n, e) of the same images, 0…1.

    1: the same up to rotation and scale (Kornblith et al. 2019, "Similarity of neural network representations
    revisited"). NaN if one of them is a single point.
    """
    x = np.asarray(first, np.float64) - np.mean(first, 0, dtype=np.float64)  # (n, d)
    y = np.asarray(second, np.float64) - np.mean(second, 0, dtype=np.float64)  # (n, e)
    scale = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    return float(np.square(np.linalg.norm(x.T @ y)) / scale) if scale > 0 else float("nan")


def slice_similarity(slices: np.ndarray) -> np.ndarray:
    """Slices (N, n, d) → linear CKA of every two of them, (N, N) symmetric with ones on the diagonal."""
    table = np.eye(len(slices))
    for i, j in zip(*np.triu_indices(len(slices), 1), strict=True):
        table[i, j] = table[j, i] = linear_cka(slices[i], slices[j])
    return table


def distance_quantiles(vectors: np.ndarray, labels: np.ndarray, steps: int = 21) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings (n, d), labels (n,) → quantiles 0…1 of the distances within and between classes, (steps,) each.

    Raises:
        ValueError: no pair of the same class, or none of different ones.
    """
    from scipy.spatial.distance import pdist

    first, second = np.triu_indices(len(labels), 1)  # the order of pdist
    same, apart = labels[first] == labels[second], pdist(np.asarray(vectors, np.float64))
    if same.all() or not same.any():
        raise ValueError("labels: expected some pairs of the same class and some of different classes")
    at = np.linspace(0, 1, steps)
    return np.quantile(apart[same], at), np.quantile(apart[~same], at)


@dataclass(frozen=True)
class Difference:
    """Mean of paired differences with its 95 % confidence interval (Student's t)."""

    mean: float
    low: float
    high: float
    pairs: int


def paired_difference(treatment: np.ndarray, control: np.ndarray) -> Difference:
    """Treatment minus control, paired by position (same seed, same data draw), both (r,), r >= 2."""
    from scipy.stats import ttest_1samp

    differences = np.asarray(treatment, np.float64) - np.asarray(control, np.float64)  # (r,)
    if differences.ndim != 1 or len(differences) < 2:
        raise ValueError(f"treatment, control: shape {differences.shape} given, expected (r,) with r of 2 or more")
    if np.ptp(differences) == 0:  # no spread: the interval is the point
        return Difference(*[float(differences[0])] * 3, pairs=len(differences))
    interval = ttest_1samp(differences, 0).confidence_interval(0.95)
    return Difference(float(differences.mean()), float(interval.low), float(interval.high), len(differences))
