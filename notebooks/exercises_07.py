"""The exercises of walkthrough 7, with their answers: reading on before trying spoils the fun."""

from __future__ import annotations

import numpy as np
from exercise import Exercise


def nearest_others(distances: np.ndarray, i: int, k: int) -> np.ndarray:
    row = distances[i].astype(float)
    row[i] = np.inf
    return np.argsort(row, kind="stable")[:k]


def shared_by_chance(n: int, k: int) -> float:
    return k / (n - 1)


def unrelated_cka(n: int, d: int, e: int) -> float:
    return float(np.sqrt(d * e / ((n + d) * (n + e))))


def one_factor(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    return _factor_and_rest(p, q, (p @ q) / (q @ q))


def _factor_and_rest(p: np.ndarray, q: np.ndarray, c: float) -> np.ndarray:
    return np.array([c, ((p - c * q) ** 2).sum() / ((p - q) ** 2).sum()])


def _with_a_constant(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    slope, start = np.polyfit(q, p, 1)
    return np.array([slope, ((p - slope * q - start) ** 2).sum() / ((p - q) ** 2).sum()])


def _of_the_whole(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    c = (p @ q) / (q @ q)
    return np.array([c, ((p - c * q) ** 2).sum() / (p**2).sum()])


def without_labels(vectors: np.ndarray, labels: np.ndarray) -> np.ndarray:
    left = vectors.astype(float)
    for label in np.unique(labels):
        left[labels == label] -= left[labels == label].mean(0)
    return left


def _without_spread(vectors: np.ndarray, labels: np.ndarray) -> np.ndarray:
    left = without_labels(vectors, labels)
    for label in np.unique(labels):
        left[labels == label] /= left[labels == label].std(0)
    return left


def _means_only(vectors: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return vectors - without_labels(vectors, labels)


def _apart(points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, None] - points, axis=-1)


_rng = np.random.default_rng(7)
_twins = _apart(np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]))  # 0 and 2: one place
_many = _apart(_rng.normal(size=(12, 3)))
_pairs, _noise = _rng.random(21) + 0.5, _rng.normal(size=21)

EXERCISES = {
    "nearest_others": Exercise(
        nearest_others,
        ((_many, 4, 3), (_many, 0, 11), (_twins, 2, 2), (_twins, 0, 2)),
        (
            "np.argsort of row i gives places, nearest first. Who comes first in it?",
            "put np.inf where the face meets itself, so that it comes last. (Work on a copy.)",
            "row = distances[i].copy(); row[i] = np.inf; np.argsort(row)[:k]",
        ),
        (
            (lambda d, i, k: np.argsort(d[i], kind="stable")[:k],
             "That list begins with the face itself: its distance to itself is 0."),
            (lambda d, i, k: np.argsort(d[i], kind="stable")[1 : k + 1],
             "The first of the list need not be the face itself: here another face lies at the very same place. "
             "Put infinity at place i instead of dropping the first."),
            (lambda d, i, k: np.sort(np.where(np.arange(len(d)) == i, np.inf, d[i]))[:k],
             "Those are the distances; asked for are the places: argsort."),
        ),
    ),
    "shared_by_chance": Exercise(
        shared_by_chance,
        ((154, 5), (10, 3), (6, 5), (1000, 1)),
        (
            "take one face of the first list. How likely is it to be in the second, which was drawn by lot?",
            "the second list has k places, for how many candidates? A face is not its own neighbour.",
            "k / (n - 1)",
        ),
        (
            (lambda n, k: k / n, "A face is no neighbour of itself: there are n − 1 candidates."),
            (lambda n, k: 1 / (n - 1), "The second list has k places, not one."),
            (lambda n, k: (k / (n - 1)) ** 2,
             "Asked for is the share of the first list; that its faces are in the first list is settled already."),
            (lambda n, k: k * k / (n - 1), "That is the number of shared faces; the share is that, divided by k."),
        ),
    ),
    "unrelated_cka": Exercise(
        unrelated_cka,
        ((154, 8, 8), (20, 8, 8), (154, 1152, 1152), (154, 8, 1152), (1000, 3, 12)),
        (
            "(5) with both expectations in place, and m = n − 1. Mind the root: they are of *squared* lengths.",
            "below the root: m d (m + d + 1) · m e (m + e + 1). What cancels against m d e?",
            "np.sqrt(d * e / ((n + d) * (n + e)))",
        ),
        (
            (lambda n, d, e: d * e / ((n + d) * (n + e)),
             "‖XᵀX‖ and ‖YᵀY‖ stand in the denominator, not their squares: take the root."),
            (lambda n, d, e: np.sqrt(d * e / ((n + d + 1) * (n + e + 1))),
             "Centring costs one: m = n − 1, so m + d + 1 is n + d."),
            (lambda n, d, e: np.sqrt(d * e / ((n + d - 1) * (n + e - 1))),
             "m + d + 1 with m = n − 1 is n + d, not n + d − 1."),
            (lambda n, d, e: min(d, e) / n,
             "Right in order of magnitude while d is much below n; but this would pass 1 for d > n."),
            (lambda n, d, e: 0.0, "Unrelated, and yet not 0: chance products do not cancel, for they are squared."),
        ),
    ),
    "one_factor": Exercise(
        one_factor,
        ((2 * _pairs, _pairs), (0.8 * _pairs + 0.05 * _noise, _pairs), (_pairs[::-1], _pairs)),
        (
            "set the derivative of Σ (p − c q)² by c to zero.",
            "Σ q (p − c q) = 0, so c = Σ p q / Σ q².",
            "c = p @ q / (q @ q); left = ((p - c * q) ** 2).sum() / ((p - q) ** 2).sum()",
        ),
        (
            (_with_a_constant, "That fits a line with a constant. One factor means p = c q, through the origin."),
            (lambda p, q: _factor_and_rest(p, q, np.mean(p / q)),
             "The mean ratio is a fair guess, but it is not the c with the least squares."),
            (lambda p, q: _factor_and_rest(p, q, p.mean() / q.mean()),
             "The ratio of means makes the differences cancel on average; it is not the c with the least squares."),
            (lambda p, q: _factor_and_rest(p, q, (p @ q) / (p @ p)), "Turned round: that is the c of q ≈ c p."),
            (_of_the_whole, "Divide by what there was to explain, Σ (p − q)², not by Σ p²."),
        ),
    ),
    "without_labels": Exercise(
        without_labels,
        (
            (np.array([[0.0, 1.0], [2.0, 5.0], [10.0, 0.0], [12.0, 4.0]]), np.array([0, 0, 1, 1])),
            (_rng.normal(size=(7, 3)) + 4, np.array([3, 0, 0, 5, 3, 3, 5])),
        ),
        (
            "for each label that occurs: which rows have it, and what is their mean?",
            "vectors[labels == label].mean(0) is (d,), and is subtracted from each of those rows.",
            "left = vectors.astype(float); for label in np.unique(labels): left[labels == label] -= …mean(0)",
        ),
        (
            (lambda v, y: v - v.mean(0), "That subtracts the mean of all faces; each class has its own mean."),
            (lambda v, y: v - v.mean(), "That is one number for everything; each class has a mean (d,) of its own."),
            (_without_spread, "The spread is to stay: subtract the mean only, do not divide."),
            (_means_only, "That is what was to be subtracted; return what is left."),
        ),
    ),
}  # fmt: skip
