"""The exercises of walkthrough 2, with their answers: reading on before trying spoils the fun."""

from __future__ import annotations

import numpy as np
from exercise import Exercise


def largest_threshold(classes: int) -> float:
    return float(np.sqrt(2 * classes / (classes - 1)))


def ks_distance(first: np.ndarray, second: np.ndarray) -> float:
    at = np.concatenate([first, second])
    below = [(values[:, None] <= at).mean(0) for values in (first, second)]  # (m,) each
    return float(np.abs(below[0] - below[1]).max())


def mean_square(vectors: np.ndarray) -> float:
    n = len(vectors)
    return float(2 * (1 - (vectors.mean(0) ** 2).sum()) * n / (n - 1))


def same_gradient(margins: np.ndarray, low: float, high: float) -> bool:
    return bool(((margins < low) == (margins < high)).all())


def win_shares(right: np.ndarray, subjects: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    wins = np.zeros(len(right))
    for people in drawn:  # (S,)
        rows = np.concatenate([np.flatnonzero(subjects == one) for one in people])
        wins[right[:, rows].mean(1).argmax()] += 1
    return wins / len(drawn)


def _once_each(right: np.ndarray, subjects: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    wins = np.zeros(len(right))
    for people in drawn:
        wins[right[:, np.isin(subjects, people)].mean(1).argmax()] += 1
    return wins / len(drawn)


def _as_images(right: np.ndarray, subjects: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    wins = np.zeros(len(right))
    for people in drawn:
        wins[right[:, people].mean(1).argmax()] += 1
    return wins / len(drawn)


def _counts(right: np.ndarray, subjects: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    return win_shares(right, subjects, drawn) * len(drawn)


def _by_counts(first: np.ndarray, second: np.ndarray) -> float:
    at = np.concatenate([first, second])
    below = [(values[:, None] <= at).sum(0) for values in (first, second)]
    return float(np.abs(below[0] - below[1]).max())


def _one_way(first: np.ndarray, second: np.ndarray) -> float:
    at = np.concatenate([first, second])
    below = [(values[:, None] <= at).mean(0) for values in (first, second)]
    return float((below[0] - below[1]).max())


def _unit(seed: int, n: int, d: int, shift: float) -> np.ndarray:
    points = np.random.default_rng(seed).normal(size=(n, d)) + shift
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def _answers(seed: int, people: int, images: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    right = rng.random((3, people * images)) < 0.6
    return right, np.repeat(np.arange(people), images), rng.integers(0, people, (40, people))


_line = np.array([-0.25, 0.0, 0.125, 0.375, 0.5])

EXERCISES = {
    "largest_threshold": Exercise(
        largest_threshold,
        ((2,), (3,), (4,), (7,)),
        (
            "all C points have the same product c with one another. What is the square of a sum of C unit vectors?",
            "|x₁ + … + x_C|² = C + C(C − 1)·c, and a square is never below 0. So how small can c be?",
            "c = −1/(C − 1), and D² = 2 − 2c.",
        ),
        (
            (lambda c: 2.0, "Only two points can lie opposite each other; from three on they get in each other's way."),
            (lambda c: 2**0.5, "√2 is a right angle. C points can do better: their products may be below 0."),
            (lambda c: 2 * c / (c - 1), "That is the squared distance: the root is missing."),
            (lambda c: (2 * (c - 1) / c) ** 0.5, "Upside down: c = −1/(C − 1) in D² = 2 − 2c."),
            (lambda c: (2 - 2 / (c - 1)) ** 0.5, "Sign: c is below 0, so D² = 2 − 2c is more than 2."),
        ),
    ),
    "ks_distance": Exercise(
        ks_distance,
        (
            (np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0])),
            (np.array([0.0, 1.0]), np.array([5.0, 6.0, 7.0])),
            (np.array([1.0, 1.5, 4.0, 8.0]), np.array([1.0, 2.0, 3.0, 3.5, 9.0])),
            (np.array([3.0, 1.0]), np.array([1.0, 3.0])),
            (np.array([4.0, 6.0, 8.0]), np.array([1.0, 2.0, 7.0])),
        ),
        (
            "at a value x, what share of the first sample is at most x? And of the second?",
            "the shares change only at values that occur, so it is enough to look there: np.concatenate.",
            "np.abs(F - G).max(), where F = (first[:, None] <= at).mean(0) and G likewise.",
        ),
        (
            (_by_counts, "Counts depend on how many values there are: compare shares (mean, not sum)."),
            (_one_way, "The largest difference in either direction: np.abs before max."),
            (
                lambda f, s: abs(np.mean(f) - np.mean(s)),
                "Those are the means only; KS compares the whole distributions.",
            ),
        ),
    ),
    "mean_square": Exercise(
        mean_square,
        (
            (np.array([[1.0, 0.0], [-1.0, 0.0]]),),
            (np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]),),
            (_unit(1, 7, 3, 0.0),),
            (_unit(2, 12, 4, 1.0),),
        ),
        (
            "for unit vectors |x − y|² = 2 − 2x·y. So the mean of the products is all you need.",
            "the sum of x·y over all ordered pairs, i = j included, is |sum of x|². The pairs i = j add n ones.",
            "2 · (1 − |μ|²) · n/(n − 1), where μ = vectors.mean(0).",
        ),
        (
            (
                lambda v: 2 * (1 - (v.mean(0) ** 2).sum()),
                "That counts the pairs of a point with itself, which have distance 0: the factor n/(n − 1) is missing.",
            ),
            (
                lambda v: 2 * (1 - np.linalg.norm(v.mean(0))) * len(v) / (len(v) - 1),
                "The square of μ's length is needed, not the length.",
            ),
            (lambda v: np.sqrt(mean_square(v)), "That is its root; asked for is the mean of the squares."),
            (
                lambda v: (1 - (v.mean(0) ** 2).sum()) * len(v) / (len(v) - 1),
                "A factor of 2 is missing: |x − y|² = 2 − 2x·y.",
            ),
        ),
    ),
    "same_gradient": Exercise(
        same_gradient,
        (
            (_line, 0.75, 1.0),
            (_line, 0.1875, 0.25),
            (_line, 0.25, 0.4375),
            (_line, 0.0625, 0.125),
            (_line, 0.375, 0.4375),
            (_line, -1.0, -0.5),
            (_line, 0.25, 1.0),
        ),
        (
            "a hinge is active where margin < τ. Which hinges are active at low, and which at high?",
            "τ enters the gradient only through the question which hinges are active.",
            "((margins < low) == (margins < high)).all()",
        ),
        (
            (
                lambda m, lo, hi: (m < lo).all(),
                "It is enough that every hinge is active at both, but not needed: the same ones have to be.",
            ),
            (
                lambda m, lo, hi: (m < lo).all() and (m < hi).all(),
                "It is enough that every hinge is active at both, but not needed: the same ones have to be.",
            ),
            (
                lambda m, lo, hi: (m < lo).any() == (m < hi).any(),
                "Not whether any is active, but which: compare element by element, then .all().",
            ),
            (
                lambda m, lo, hi: ((m <= lo) == (m <= hi)).all(),
                "At margin = τ the hinge is exactly 0 and does not pull: active means margin < τ.",
            ),
        ),
    ),
    "win_shares": Exercise(
        win_shares,
        (_answers(1, 5, 3), _answers(2, 6, 4), _answers(3, 4, 2)),
        (
            "for one resample: collect the images of the drawn people, take each threshold's mean; the largest wins, "
            "of equals the lowest.",
            "a person who was drawn twice counts twice, with all images. np.isin forgets that.",
            "rows = np.concatenate([np.flatnonzero(subjects == one) for one in people]), then "
            "right[:, rows].mean(1).argmax().",
        ),
        (
            (_once_each, "Whoever was drawn twice has to count twice; np.isin counts everybody once."),
            (_as_images, "`drawn` holds people, not images: find the images of each with subjects == one."),
            (_counts, "Those are counts: divide by the number of resamples."),
        ),
    ),
}
