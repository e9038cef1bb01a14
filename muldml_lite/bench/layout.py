"""`bench layout`: pictures of all epochs of all slices, beside what umap-learn offers for that.

UMAP's pictures are never equal between programs. So every row says how true its pictures are (`trustworthiness` of
15 neighbours, 1 is best) and how far points go from one epoch to the next (`jump`: the median, `jump_90`: the 90th
percentile, in standard deviations of a coordinate). With `--full` also what the first picture of a process waits
for (`start_s`, seconds): Python's start, imports, and compilation with numba's caches empty.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from muldml_lite.analysis.layouts import KINDS, lay_out
from muldml_lite.bench.machine import installed_version
from muldml_lite.bench.plan import Case, Group, Plan
from muldml_lite.runs import in_one_frame

OURS, PCA_ALONE = "ours", "scikit-learn, each alone"
ALONE, STARTED, ALIGNED = "umap-learn, each alone", "umap-learn, each from the next", "umap-learn, AlignedUMAP"
_MOST = {ALONE: 60_000, STARTED: 150_000, ALIGNED: 12_000}  # points × pictures: a minute or two a call
_NEIGHBOURS = 15
_NOTE = "other random numbers than ours, so never equal"
Layout = Callable[[np.ndarray], np.ndarray]  # (E, N, n, d) to (E, N, n, 2)
Picture = Callable[[np.ndarray, "np.ndarray | None"], np.ndarray]  # (n, d) and the next epoch's (n, 2) to (n, 2)


def plans(*, sizes: Sequence[int] | None, slices: Sequence[int] | None, full: bool, seed: int = 0) -> list[Plan]:
    """One plan for each kind, number of slices and number of points; None: the defaults.

    Raises:
        ValueError: too few points or slices; the message names the option.
    """
    sizes = sizes or ((500, 1000, 1500) if full else (500,))
    slices = slices or ((1, 8) if full else (1,))
    for option, values, least in (("--points", sizes, 2 * _NEIGHBOURS + 2), ("--slices", slices, 1)):
        if min(values) < least:
            raise ValueError(f"{option} {min(values)}: expected {least} or more")
    epochs = 12 if full else 6
    return [
        Plan(
            f"{kind}, {size} points, {count} slices, {epochs} epochs",
            lambda kind=kind, shape=(epochs, count, size): _group(kind, shape, full, seed),
            weight=1 if kind == "pca" else 100,
        )
        for kind, count, size in itertools.product(KINDS, slices, sizes)
    ]


def drifting(epochs: int, slices: int, points: int, *, dim: int = 8, classes: int = 7, seed: int = 0) -> np.ndarray:
    """Unit vectors (E, N, n, d) as of a training: one blob becomes a blob a class, and each point wanders a little."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=points)
    centres = np.stack([np.linalg.qr(rng.normal(size=(dim, dim)))[0] for _ in range(slices)])[:, labels % dim]
    own = rng.normal(size=(slices, points, dim))
    frames = []
    for epoch in range(epochs):
        share = 1 - np.exp(-3 * epoch / max(epochs - 1, 1))
        vectors = 2.2 * share * centres + (1 - 0.45 * share) * own
        frames.append(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))
        own = np.sqrt(0.99) * own + 0.1 * rng.normal(size=own.shape)
    return np.stack(frames).astype(np.float32)


def jumps(placed: np.ndarray) -> np.ndarray:
    """How far each point of (E, n, 2) goes (E − 1, n), in standard deviations of a coordinate in the later epoch."""
    spread = np.sqrt(((placed - placed.mean(axis=1, keepdims=True)) ** 2).mean(axis=(1, 2)))
    return np.linalg.norm(np.diff(placed, axis=0), axis=-1) / spread[1:, None]


def quality(vectors: np.ndarray, placed: np.ndarray) -> dict[str, float]:
    """Trustworthiness and jumps of the first slice's pictures."""
    from sklearn.manifold import trustworthiness

    pairs = zip(vectors[:, 0], placed[:, 0], strict=True)
    gone = jumps(placed[:, 0])
    return {
        "trustworthiness": float(np.mean([trustworthiness(a, b, n_neighbors=_NEIGHBOURS) for a, b in pairs])),
        "jump": float(np.median(gone)),
        "jump_90": float(np.quantile(gone, 0.9)),
    }


def _group(kind: str, shape: tuple[int, int, int], cold: bool, seed: int) -> Group:
    vectors = drifting(*shape, seed=seed)
    settings = {"layout": kind, "points": shape[2], "slices": shape[1], "epochs": shape[0], "dim": vectors.shape[-1]}
    skipped = _skipped(kind, shape)
    cases = []
    for name, lay in _layouts(kind).items():
        if name in skipped:
            continue
        lay(drifting(2, 1, 40))  # what is compiled once in a process is not part of every call
        extras = {"start_s": start_seconds(kind, name)} if cold else {}
        note = "" if name == OURS or kind == "pca" else _NOTE
        run, role = (lambda lay=lay: lay(vectors)), "ours" if name == OURS else "peer"
        cases.append(Case(name, run, role, compared=kind == "pca", note=note, extras=extras))
    return Group(settings, cases, _differs, skipped, lambda placed: quality(vectors, placed))


def _layouts(kind: str) -> dict[str, Layout]:
    """Every way to lay out: ours first."""
    ours: dict[str, Layout] = {OURS: lambda vectors: lay_out(vectors, kind)}
    if kind == "pca":
        return ours | {PCA_ALONE: lambda vectors: _one_by_one(vectors, _sklearn_pca)}
    peers: dict[str, Picture] = {ALONE: _umap_alone, STARTED: _umap_started}
    return ours | {n: lambda v, p=p: _one_by_one(v, p) for n, p in peers.items()} | {ALIGNED: _aligned_umap}


def _skipped(kind: str, shape: tuple[int, int, int]) -> dict[str, str]:
    if kind == "pca":
        return {}
    if not installed_version("umap-learn"):
        return dict.fromkeys(_MOST, "not installed (pip install umap-learn)")
    work = shape[0] * shape[1] * shape[2]
    return {
        name: f"would take minutes: {work:,} points × pictures, and it is left out above {most:,}"
        for name, most in _MOST.items()
        if work > most
    }


def _differs(ours: np.ndarray, other: np.ndarray) -> str:
    """Whether PCA's pictures are the same: each pair of points equally far apart."""
    for place in np.ndindex(*ours.shape[:2]):
        first, second = (np.linalg.norm(part[place][:, None] - part[place], axis=-1) for part in (ours, other))
        if np.abs(first - second).max() > 1e-4:
            return f"distances by {np.abs(first - second).max():.2g} in epoch {place[0]}, slice {place[1] + 1}"
    return ""


def _one_by_one(vectors: np.ndarray, place: Picture) -> np.ndarray:
    """Pictures of (E, N, n, d) in one frame, last epoch first."""
    placed = np.empty((*vectors.shape[:3], 2), np.float32)
    for number in range(vectors.shape[1]):
        following = None
        for epoch in reversed(range(len(vectors))):
            placed[epoch, number] = following = place(vectors[epoch, number], following)
    return in_one_frame(placed)


def _sklearn_pca(vectors: np.ndarray, following: np.ndarray | None) -> np.ndarray:
    from sklearn.decomposition import PCA

    return PCA(2).fit_transform(vectors)


def _umap_alone(vectors: np.ndarray, following: np.ndarray | None) -> np.ndarray:
    return _umap(vectors)


def _umap_started(vectors: np.ndarray, following: np.ndarray | None) -> np.ndarray:
    """What one can get out of `UMAP` itself: exact neighbours, fewer steps, the next epoch's picture as start."""
    from sklearn.neighbors import NearestNeighbors

    found = NearestNeighbors(n_neighbors=_NEIGHBOURS, algorithm="brute").fit(vectors).kneighbors(vectors)
    start = "pca" if following is None else following.astype(np.float32)
    return _umap(vectors, precomputed_knn=(found[1], found[0], None), init=start, n_epochs=200)


def _umap(vectors: np.ndarray, **options: Any) -> np.ndarray:
    from umap import UMAP

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a seed means one thread
        return UMAP(n_neighbors=_NEIGHBOURS, random_state=0, **options).fit_transform(vectors)


def _aligned_umap(vectors: np.ndarray) -> np.ndarray:
    from umap import AlignedUMAP

    same = [{point: point for point in range(vectors.shape[2])}] * (len(vectors) - 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        placed = [
            AlignedUMAP(n_neighbors=_NEIGHBOURS, random_state=0).fit_transform(list(frames), relations=same)
            for frames in vectors.swapaxes(0, 1)
        ]
    return np.stack([np.stack(frames) for frames in placed], axis=1)


def start_seconds(kind: str, name: str) -> float:
    """From the start of a new Python to a first small layout, numba's caches being empty."""
    with tempfile.TemporaryDirectory() as caches:
        started = time.perf_counter()
        words = [sys.executable, "-m", "muldml_lite.bench.layout", kind, name]
        subprocess.run(words, env=os.environ | {"NUMBA_CACHE_DIR": caches}, check=True)
        return time.perf_counter() - started


if __name__ == "__main__":
    _layouts(sys.argv[1])[sys.argv[2]](drifting(2, 1, 40))
