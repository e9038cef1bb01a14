"""The exercises of walkthrough 5, with their answers: reading on before trying spoils the fun."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from exercise import Exercise


def cut(embedding: np.ndarray, n: int) -> np.ndarray:
    return _unit(np.stack(np.split(embedding, n, axis=1)))


def _unit(blocks: np.ndarray) -> np.ndarray:
    return blocks / np.linalg.norm(blocks, axis=-1, keepdims=True)


def spread_thresholds(n: int, low: float, high: float) -> np.ndarray:
    return np.linspace(low, high, n) if n > 1 else np.array([(low + high) / 2])


def slice_losses(distances: np.ndarray, labels: np.ndarray, thresholds: Sequence[float]) -> np.ndarray:
    hinges, valid = _hinges(distances, labels, thresholds)
    return (hinges * valid).sum((1, 2, 3)) / valid.sum()


def _hinges(distances: np.ndarray, labels: np.ndarray, thresholds: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    same = labels[:, None] == labels
    positive = same & ~np.eye(len(labels), dtype=bool)
    tau = np.reshape(thresholds, (-1, 1, 1, 1))
    hinges = np.maximum(0, distances[:, :, :, None] - distances[:, :, None, :] + tau)  # (N, B, B, B)
    return hinges, positive[:, :, None] & ~same[:, None, :]


def _with_itself(distances: np.ndarray, labels: np.ndarray, thresholds: Sequence[float]) -> np.ndarray:
    hinges, _ = _hinges(distances, labels, thresholds)
    same = labels[:, None] == labels
    valid = same[:, :, None] & ~same[:, None, :]
    return (hinges * valid).sum((1, 2, 3)) / valid.sum()


def _over_everything(distances: np.ndarray, labels: np.ndarray, thresholds: Sequence[float]) -> np.ndarray:
    hinges, valid = _hinges(distances, labels, thresholds)
    return (hinges * valid).mean((1, 2, 3))


def _over_active(distances: np.ndarray, labels: np.ndarray, thresholds: Sequence[float]) -> np.ndarray:
    hinges, valid = _hinges(distances, labels, thresholds)
    return (hinges * valid).sum((1, 2, 3)) / ((hinges > 0) & valid).sum((1, 2, 3))


def _in_one_number(distances: np.ndarray, labels: np.ndarray, thresholds: Sequence[float]) -> float:
    return float(slice_losses(distances, labels, thresholds).mean())


def joined_distance(apart: np.ndarray) -> np.ndarray:
    return np.sqrt((apart**2).mean(0))


def cka(x: np.ndarray, y: np.ndarray) -> float:
    return _alike(x - x.mean(0), y - y.mean(0))


def _alike(x: np.ndarray, y: np.ndarray) -> float:
    scale = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    return float(np.linalg.norm(x.T @ y) ** 2 / scale)


def _batch(seed: int, slices: int, size: int) -> tuple[np.ndarray, np.ndarray, list[float]]:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(slices, size, 3))
    points /= np.linalg.norm(points, axis=-1, keepdims=True)
    distances = np.linalg.norm(points[:, :, None] - points[:, None], axis=-1)
    return distances, np.arange(size) % 3, np.linspace(0.2, 0.9, slices).tolist()


_rng = np.random.default_rng(8)
_x, _y = _rng.normal(size=(9, 3)) + 2, _rng.normal(size=(9, 4))
_per_row = "Each slice gets unit length on its own, not the whole embedding at once."

EXERCISES = {
    "cut": Exercise(
        cut,
        (
            (np.array([[3.0, 4.0, 0.0, 2.0]]), 2),
            (np.arange(1.0, 13.0).reshape(3, 4), 2),
            (_rng.normal(size=(4, 6)), 3),
            (_rng.normal(size=(2, 5)), 1),
        ),
        (
            "slice i is a block of neighbouring columns: the first D/N numbers of every face belong to slice 0.",
            "np.split(embedding, n, axis=1) makes a list of the blocks; np.stack puts them on top of each other.",
            "divide by np.linalg.norm(blocks, axis=-1, keepdims=True).",
        ),
        (
            (lambda e, n: _unit(e.reshape(n, len(e), -1)),
             "reshape(n, B, -1) reads row after row and mixes faces: split the columns, then stack the blocks."),
            (lambda e, n: np.stack(np.split(e, n, axis=1)), "The blocks are right; each still has to get length 1."),
            (lambda e, n: np.stack(np.split(e / np.linalg.norm(e, axis=1, keepdims=True), n, axis=1)), _per_row),
            (lambda e, n: np.stack(np.split(e, n, axis=1)) / np.linalg.norm(e),
             "That divides by one length for everything: take the norm over the last axis only."),
            (lambda e, n: _unit(np.stack([e[:, i::n] for i in range(n)])),
             "Slices are contiguous blocks of columns, not every n-th column."),
        ),
    ),
    "spread_thresholds": Exercise(
        spread_thresholds,
        ((8, 0.1, 0.8), (2, 0.25, 0.75), (5, 0.2, 0.2), (1, 0.1, 0.8)),
        (
            "n values have n − 1 steps between them.",
            "value i is low + i · (high − low) / (n − 1). What happens for n = 1?",
            "np.linspace(low, high, n) if n > 1, else the middle: [(low + high) / 2].",
        ),
        (
            (lambda n, lo, hi: np.linspace(lo, hi, n),
             "Right for two and more. A single threshold ought to be the middle of the range, not its lower end."),
            (lambda n, lo, hi: lo + np.arange(n) * (hi - lo) / n, "The upper end is missing: n values, n − 1 steps."),
            (lambda n, lo, hi: lo + (np.arange(n) + 1) * (hi - lo) / n, "The lower end is missing."),
            (lambda n, lo, hi: lo + (np.arange(n) + 0.5) * (hi - lo) / n, "Both ends belong to the thresholds."),
        ),
    ),
    "slice_losses": Exercise(
        slice_losses,
        (_batch(1, 2, 6), _batch(2, 3, 7), _batch(3, 1, 5)),
        (
            "which (a, p, n) are triplets? One mask of shape (B, B, B) for all slices: labels are the same in each.",
            "hinges: distances[:, :, :, None] − distances[:, :, None, :] + τ, with τ of shape (N, 1, 1, 1).",
            "(hinges · mask).sum((1, 2, 3)) / mask.sum()",
        ),
        (
            (_with_itself, "An image is not its own positive: leave out p = a (np.eye)."),
            (_over_everything, "Divide by the number of triplets, not by B³."),
            (_over_active, "That is the mean over active triplets (reduction=\"mean-nonzero\"); asked for are all."),
            (_in_one_number, "One loss for each slice is asked for, shape (N,): do not average over slices."),
        ),
    ),
    "joined_distance": Exercise(
        joined_distance,
        (
            (np.array([[3.0], [4.0]]),),
            (np.array([[1.0, 0.5, 0.0], [1.0, 1.5, 2.0]]),),
            (_rng.random((8, 5)) * 2,),
        ),
        (
            "a long vector's squared length is the sum of its parts' squared lengths.",
            "the joined vector is divided by √N, so that it has length 1 again: the sum of squares becomes their mean.",
            "np.sqrt((apart**2).mean(0))",
        ),
        (
            (lambda d: d.mean(0), "Squares are averaged, not distances: take the root of the mean square."),
            (lambda d: np.sqrt((d**2).sum(0)), "Without the division by √N: the joined vector would have length √N."),
            (lambda d: (d**2).mean(0), "That is the squared distance: the root is missing."),
            (lambda d: np.sqrt((d**2).mean(1)), "Average over slices (the first axis), not over pairs."),
        ),
    ),
    "cka": Exercise(
        cka,
        ((_x, _y), (_x, 3 * _x), (_x, _x[:, :2]), (_y, _x)),
        (
            "first subtract from each view its mean over the images.",
            "‖XᵀY‖² / (‖XᵀX‖ ‖YᵀY‖), where ‖·‖ is the root of the sum of all squared entries: np.linalg.norm.",
            "x = x - x.mean(0); y = y - y.mean(0); then np.linalg.norm(x.T @ y) ** 2 / (…)",
        ),
        (
            (_alike, "Centre first: without it a common offset alone makes everything alike."),
            (lambda x, y: _alike(x - x.mean(), y - y.mean()), "One mean for each column, over the images: x.mean(0)."),
            (lambda x, y: np.sqrt(cka(x, y)), "The numerator is squared: ‖XᵀY‖²."),
        ),
    ),
}  # fmt: skip
