"""PCA of every epoch, each picture turned to lie near the next one."""

from __future__ import annotations

import numpy as np


def pca_frames(vectors: np.ndarray) -> np.ndarray:
    """Two main directions of each epoch's (E, n, d), to (E, n, 2) float64.

    The last epoch is laid out first, the others are turned towards their successor. Nothing is scaled: a collapsed
    slice is to look collapsed. Fewer than two directions (n = 1 or d = 1) leave zeros.
    """
    frames: list[np.ndarray] = []
    for picture in reversed([_pca(epoch) for epoch in vectors]):
        frames.append(turned(picture, frames[-1]) if frames else picture)
    return np.stack(frames[::-1])


def _pca(vectors: np.ndarray) -> np.ndarray:
    """Two main directions of (n, d), to (n, 2)."""
    from sklearn.decomposition import PCA

    placed = np.zeros((len(vectors), 2))
    count = min(2, len(vectors) - 1, vectors.shape[1])
    if count:
        with np.errstate(invalid="ignore"):  # all points at one place: 0 of 0 is explained
            placed[:, :count] = PCA(count, svd_solver="full").fit_transform(vectors.astype(np.float64))
    return placed


def turned(placed: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Rotate or mirror (n, 2) onto the target, without scaling (orthogonal Procrustes)."""
    from scipy.linalg import orthogonal_procrustes

    turn, _ = orthogonal_procrustes(placed, target)
    return placed @ turn
