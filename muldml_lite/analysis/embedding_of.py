"""New faces in a trained run: through its network, into its pictures, and next to the faces it follows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from muldml_lite.analysis.small_network import SmallNetwork
from muldml_lite.config import Config, ConfigError
from muldml_lite.runs import NEWEST_WEIGHTS, Run, RunError
from muldml_lite.runs.tensors import read_tensor_header
from muldml_lite.runs.weights import epoch_in


class Embedded(NamedTuple):
    """What a network makes of T images."""

    slices: np.ndarray  # (N, T, d) float32, unit length
    probabilities: np.ndarray  # (T, C) float32, of the classification head


class Embedder:
    """A run's trained network. Making one of ResNet-18 imports torch, which takes seconds the first time.

    Raises:
        RunError: the run has no readable weights.
    """

    def __init__(self, run: Run) -> None:
        try:
            config = Config.from_dict(run.config["config"])
        except ConfigError as error:
            raise RunError(f"{run.path / 'config.json'}: {error}") from error
        self.slices, self.size = config.slices, config.size
        self.epoch = weights_epoch(run)
        network = SmallNetwork if config.backbone == "small" else _LargeNetwork
        self._network = network(run, config.dim, len(run.probe.classes))

    def embed(self, images: np.ndarray) -> Embedded:
        """Images (T, S, S, 3) uint8, at the run's own size S."""
        if images.ndim != 4 or images.shape[1:] != (self.size, self.size, 3):
            raise ValueError(f"images: got shape {images.shape}, expected (T, {self.size}, {self.size}, 3)")
        embedding, logits = self._network(images)  # (T, D), (T, C)
        slices = embedding.reshape(len(images), self.slices, -1).transpose(1, 0, 2)  # (N, T, d)
        lengths = np.linalg.norm(slices, axis=2, keepdims=True)
        odds = np.exp(logits - logits.max(1, keepdims=True))
        return Embedded(slices / np.maximum(lengths, 1e-12), odds / odds.sum(1, keepdims=True))


class _LargeNetwork:
    """Whatever network a run has, by torch; called as `SmallNetwork` is."""

    def __init__(self, run: Run, dim: int, classes: int) -> None:
        from muldml_lite.trainer import load_network  # torch: only whoever embeds waits for it

        self._network = load_network(run)

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        import torch

        from muldml_lite.model import to_float

        with torch.no_grad(), _one_thread(torch):
            embedding, logits = self._network(to_float(torch.from_numpy(images)))
        return embedding.numpy(), logits.numpy()


@contextmanager
def _one_thread(library: Any) -> Iterator[None]:
    """A few small images take 1 ms on one thread; waking a pool that a training uses as well took 170 ms."""
    before = library.get_num_threads()
    library.set_num_threads(1)
    try:
        yield
    finally:
        library.set_num_threads(before)


def weights_epoch(run: Run) -> int | None:
    """The epoch whose weights the run holds; None: it has none. Without torch.

    Raises:
        RunError: not a readable checkpoint.
    """
    path = run.path / NEWEST_WEIGHTS  # unlike `runs.epoch_of`: weights alone are enough to look at a face
    return epoch_in(read_tensor_header(path), path) if os.path.exists(path) else None


class Picture(NamedTuple):
    """A flat picture (n, 2) of vectors (n, D), and the linear map that makes it, so that new vectors can be put in."""

    points: np.ndarray  # (n, 2)
    mean: np.ndarray  # (D,)
    basis: np.ndarray  # (D, 2)
    middle: np.ndarray  # (2,)

    def place(self, vectors: np.ndarray) -> np.ndarray:
        """Vectors (T, D) to their places (T, 2)."""
        return (vectors - self.mean) @ self.basis + self.middle


def fit_picture(vectors: np.ndarray, points: np.ndarray) -> Picture:
    """The map behind a picture that was made linearly, e.g. by PCA and a turn, found again by least squares.

    So a new face lands in the very picture that the run holds, turned as it is there: vectors (n, D), points (n, 2).
    """
    mean, middle = vectors.mean(0), points.mean(0)
    basis, *_ = np.linalg.lstsq((vectors - mean).astype(np.float64), points - middle, rcond=None)
    return Picture(points, mean, basis, middle)


def pca_picture(vectors: np.ndarray, most: int = 512) -> Picture:
    """The two main directions of vectors (n, D), of at most `most` of them; fewer than three leave zeros."""
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    mean = vectors.mean(0)
    chosen = np.unique(np.linspace(0, len(vectors) - 1, min(len(vectors), most)).round().astype(int))
    centred = (vectors[chosen] - mean).astype(np.float64)  # (m, D)
    basis = np.zeros((vectors.shape[1], 2))
    if len(centred) > 2:
        # One thread: 40 ms, also beside a training; a pool of threads that others use as well took 2.4 s. And m × m
        # is less than D × D, where D counts pixels.
        with threadpool_limits(1, "blas"):
            spread, weights = np.linalg.eigh(centred @ centred.T)
        directions = centred.T @ weights[:, :-3:-1]  # (D, 2)
        basis = directions / np.sqrt(np.maximum(spread[:-3:-1], 1e-12))
        basis = basis * np.sign(basis[np.abs(basis).argmax(0), [0, 1]])  # which way round is chance
    return Picture((vectors - mean) @ basis, mean, basis, np.zeros(2))


def nearest(vectors: np.ndarray, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """For queries (T, D) the k nearest of vectors (n, D): places (T, k) and distances (T, k), nearest first."""
    apart = np.stack([np.linalg.norm(vectors - query, axis=1) for query in queries])  # (T, n)
    order = np.argsort(apart, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(apart, order, axis=1)
