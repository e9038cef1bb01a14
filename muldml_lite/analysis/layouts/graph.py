"""UMAP's graph: how surely two points are neighbours, each point measured by its own yardstick.

After McInnes, Healy, Melville: "UMAP: Uniform Manifold Approximation and Projection", 2018 (arXiv 1802.03426),
section 3.1; the numbers are umap-learn's. Whole arrays instead of compiled loops: no seconds of compilation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

NEIGHBOURS = 15  # a point itself among them, as in umap-learn
_HALVINGS = 64
_NARROWEST = 1e-3  # of the mean distance: the least width of a point's surroundings


def neighbour_graph(vectors: np.ndarray, neighbours: int = NEIGHBOURS) -> csr_matrix:
    """Membership of (E, n, d): symmetric (E·n, E·n) with values in 0…1, and no edge between epochs."""
    from scipy.sparse import csr_matrix

    epochs, points, _ = vectors.shape
    count = min(neighbours, points) - 1
    if count < 1:
        return csr_matrix((epochs * points, epochs * points), dtype=np.float32)
    found = [_nearest(epoch, count) for epoch in vectors]
    weights = np.concatenate([_memberships(distances) for distances, _ in found])  # (E·n, k)
    targets = np.concatenate([indices + epoch * points for epoch, (_, indices) in enumerate(found)])
    rows = np.arange(0, weights.size + 1, count)
    one_way = csr_matrix((weights.ravel(), targets.ravel(), rows), shape=(epochs * points,) * 2)
    other_way = one_way.T.tocsr()
    return (one_way + other_way - one_way.multiply(other_way)).tocsr()  # either end's word is enough


def _nearest(vectors: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Distances and indices (n, count) of the nearest others in (n, d), exact."""
    from sklearn.neighbors import NearestNeighbors

    distances, indices = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(vectors).kneighbors()
    return distances.astype(np.float32), indices


def _memberships(distances: np.ndarray) -> np.ndarray:
    """Distances (n, k), ascending, to memberships: exp(−(distance beyond the nearest) / width).

    The width makes each point's memberships add up to log2(k + 1).
    """
    total, count = np.log2(distances.shape[1] + 1), distances.shape[1]
    apart = np.where(distances > 0, distances, np.inf).min(axis=1, keepdims=True)  # twins are not the nearest
    nearest = np.where(np.isfinite(apart), apart, 0)
    beyond = np.maximum(distances - nearest, 0)
    low, high = np.zeros_like(nearest), np.full_like(nearest, np.inf)
    width = np.ones_like(nearest)
    for _ in range(_HALVINGS):
        with np.errstate(over="ignore"):  # beyond / width: inf, so a membership of 0
            wide = np.exp(-beyond / width).sum(axis=1, keepdims=True) > total
        low, high = np.where(wide, low, width), np.where(wide, width, high)
        width = np.where(np.isinf(high), 2 * low, (low + high) / 2)
        width = np.maximum(width, np.finfo(np.float32).tiny)  # all at one place: any width is too wide
    own, common = distances.sum(axis=1, keepdims=True) / (count + 1), distances.sum() / (count + 1) / len(distances)
    least = _NARROWEST * np.where(nearest > 0, own, common)
    return np.exp(-beyond / np.maximum(np.maximum(width, least), np.finfo(np.float32).tiny))
