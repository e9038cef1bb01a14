"""Pictures of the slices: every slice of every epoch in two dimensions, turned so that points glide."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from muldml_lite.runs import Run, RunError

KINDS = ("pca", "umap")
NEIGHBOURS = 15  # umap-learn's default


def make_layout(
    run: Run, kind: str = "pca", progress: Callable[[int, int], None] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Epochs (E,) and coordinates (E, N, n, 2) float32, each picture about within -1…1.

    The last epoch is laid out first; each earlier one is turned (and for UMAP started) to lie near its
    successor. `progress(done, total)` counts pictures.

    Raises:
        RunError: the run has no snapshot.
    """
    if kind not in KINDS:
        raise ValueError(f"kind: {kind!r} given, expected one of {', '.join(KINDS)}")
    place = _pca if kind == "pca" else _umap
    epochs = run.epochs
    if not epochs:
        raise RunError(f"{run.path / 'snapshots'}: no snapshot yet, so there is nothing to lay out")
    frames: list[np.ndarray] = []
    following: list[np.ndarray | None] = []
    for epoch in reversed(epochs):
        slices = run.snapshot(epoch).slices  # (N, n, d)
        following = following or [None] * len(slices)
        frame = []
        for number, (vectors, target) in enumerate(zip(slices, following, strict=True), 1):
            frame.append(turned(place(vectors, target), target))
            if progress:
                progress(len(frames) * len(slices) + number, len(epochs) * len(slices))
        following = list(frame)
        frames.append(np.stack(frame))
    return np.array(epochs, np.int32), np.stack(frames[::-1]).astype(np.float32)


def _pca(vectors: np.ndarray, target: np.ndarray | None) -> np.ndarray:
    """Two main directions of (n, d), to (n, 2). Not scaled up: a collapsed slice is to look collapsed."""
    from sklearn.decomposition import PCA

    return PCA(2, svd_solver="full").fit_transform(vectors)


def _umap(vectors: np.ndarray, target: np.ndarray | None) -> np.ndarray:
    """UMAP of (n, d) to (n, 2), from exact neighbours: umap-learn's own search takes seconds to compile."""
    from sklearn.neighbors import NearestNeighbors
    from umap import UMAP

    count = min(NEIGHBOURS, len(vectors) - 1)
    distances, indices = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(vectors).kneighbors(vectors)
    start = "pca" if target is None else (target * 10).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a seed means one thread, and no transform() of new points
        model = UMAP(
            n_neighbors=count,
            precomputed_knn=(indices, distances, None),
            init=start,
            n_epochs=200,
            random_state=0,
        )
        placed = model.fit_transform(vectors)
    placed = placed - placed.mean(0)
    return placed / np.abs(placed).max()


def turned(placed: np.ndarray, target: np.ndarray | None) -> np.ndarray:
    """Rotate or mirror (n, 2) onto the target, without scaling (orthogonal Procrustes)."""
    if target is None:
        return placed
    from scipy.linalg import orthogonal_procrustes

    turn, _ = orthogonal_procrustes(placed, target)
    return placed @ turn
