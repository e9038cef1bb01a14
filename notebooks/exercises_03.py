"""The exercises of walkthrough 3, with their answers: reading on before trying spoils the fun."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from exercise import Exercise

from muldml_lite.metrics import COLLAPSED, SATURATED, is_collapsed, is_saturated


def count_triplets(classes: int, per_class: int) -> int:
    images = classes * per_class
    return images * (per_class - 1) * (images - per_class)


def lonely_share(batch: int, classes: int) -> float:
    return (1 - 1 / classes) ** (batch - 1)


def hardest(distances: np.ndarray, labels: np.ndarray, anchor: int) -> np.ndarray:
    same = labels == labels[anchor]
    same[anchor] = False
    others = labels != labels[anchor]
    positive = np.where(same, distances[anchor], -np.inf).argmax()
    negative = np.where(others, distances[anchor], np.inf).argmin()
    return np.array([positive, negative])


def semi_hard_negative(distances: np.ndarray, labels: np.ndarray, anchor: int, positive: int) -> int:
    row = distances[anchor]
    others = labels != labels[anchor]
    beyond = others & (row > row[positive])
    if beyond.any():
        return int(np.where(beyond, row, np.inf).argmin())
    return int(np.where(others, row, -np.inf).argmax())


def shrunk_loss(gaps: np.ndarray, tau: float, s: float) -> float:
    return float(np.maximum(0, s * gaps + tau).mean())


def triage(first: float, last: float, active: float, knn: float, chance: float) -> int:
    if is_collapsed(first):
        return 1
    if is_collapsed(last):
        return 2
    if knn < 2.5 * chance:
        return 3
    return 4 if is_saturated(active) else 5


def _in_order(*order: int) -> Callable[..., int]:
    """A triage that asks its four questions in another order."""

    def tried(first: float, last: float, active: float, knn: float, chance: float) -> int:
        yes = {1: is_collapsed(first), 2: is_collapsed(last), 3: knn < 2.5 * chance, 4: is_saturated(active)}
        return next((number for number in order if yes[number]), 5)

    return tried


def _places_of_the_lists(distances: np.ndarray, labels: np.ndarray, anchor: int) -> np.ndarray:
    same, others = labels == labels[anchor], labels != labels[anchor]
    return np.array([distances[anchor][same].argmax(), distances[anchor][others].argmin()])


def _easiest(distances: np.ndarray, labels: np.ndarray, anchor: int) -> np.ndarray:
    same = (labels == labels[anchor]) & (np.arange(len(labels)) != anchor)
    others = labels != labels[anchor]
    row = distances[anchor]
    return np.array([np.where(same, row, np.inf).argmin(), np.where(others, row, -np.inf).argmax()])


def _nearest_positive(distances: np.ndarray, labels: np.ndarray, anchor: int) -> np.ndarray:
    return np.array([_easiest(distances, labels, anchor)[0], hardest(distances, labels, anchor)[1]])


def _farthest_negative(distances: np.ndarray, labels: np.ndarray, anchor: int) -> np.ndarray:
    return np.array([hardest(distances, labels, anchor)[0], _easiest(distances, labels, anchor)[1]])


def _nearest_negative(distances: np.ndarray, labels: np.ndarray, anchor: int, positive: int) -> int:
    return int(hardest(distances, labels, anchor)[1])


def _always_farthest(distances: np.ndarray, labels: np.ndarray, anchor: int, positive: int) -> int:
    return int(_easiest(distances, labels, anchor)[1])


def _nearest_without_one_beyond(distances: np.ndarray, labels: np.ndarray, anchor: int, positive: int) -> int:
    beyond = (labels != labels[anchor]) & (distances[anchor] > distances[anchor, positive])
    if not beyond.any():
        return _nearest_negative(distances, labels, anchor, positive)
    return semi_hard_negative(distances, labels, anchor, positive)


def _any_image_beyond(distances: np.ndarray, labels: np.ndarray, anchor: int, positive: int) -> int:
    row = distances[anchor]
    beyond = row > row[positive]
    if not beyond.any():
        return semi_hard_negative(distances, labels, anchor, positive)
    return int(np.where(beyond, row, np.inf).argmin())


def _batch(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    points, labels = rng.normal(size=(9, 2)), np.array([0, 1, 2, 0, 1, 2, 0, 1, 2])
    return np.linalg.norm(points[:, None] - points, axis=-1), labels


_line = np.abs(np.subtract.outer([0.0, 5.0, 1.0, 2.0], [0.0, 5.0, 1.0, 2.0]))  # a positive beyond both negatives
_kinds = np.array([0, 0, 1, 1])
_gaps = np.array([0.5, 0.25, -0.125, -1.0])

EXERCISES = {
    "count_triplets": Exercise(
        count_triplets,
        ((2, 2), (7, 18), (16, 4), (3, 5)),
        (
            "choose the anchor first. How many images can be its positive? And how many its negative?",
            "every image is an anchor: P·K of them.",
            "positives: per_class - 1. Negatives: all images of the other classes.",
        ),
        (
            (lambda p, k: p * k * k * (p * k - k), "The anchor is no positive of itself: K − 1, not K."),
            (lambda p, k: p * k * (k - 1) // 2 * (p * k - k),
             "(a, p, n) and (p, a, n) are two triplets: they have different anchors. Do not halve."),
            (lambda p, k: k * (k - 1) * (p * k - k), "Those are the anchors of one class: there are P classes."),
            (lambda p, k: p * k * (k - 1) * (p * k - 1), "A negative is of another class: P·K − K, not P·K − 1."),
        ),
    ),
    "lonely_share": Exercise(
        lonely_share,
        ((32, 7), (32, 100), (128, 1000), (2, 5)),
        (
            "look at one image of the batch. When does it have no positive?",
            "each of the other images misses its class with probability 1 - 1/classes.",
            "and all the others have to miss it: (1 - 1 / classes) ** (batch - 1).",
        ),
        (
            (lambda b, c: (1 - 1 / c) ** b, "The image itself is no candidate: batch − 1 others have to miss."),
            (lambda b, c: 1 - (1 - 1 / c) ** (b - 1), "That is the share that does have a positive."),
            (lambda b, c: (1 / c) ** (b - 1), "1/C is the chance of hitting the class; here all have to miss it."),
            (lambda b, c: 1 - 1 / c, "That is for a single other image: there are batch − 1 of them."),
        ),
    ),
    "hardest": Exercise(
        hardest,
        ((*_batch(1), 0), (*_batch(2), 4), (*_batch(3), 8), (_line, _kinds, 1)),
        (
            "two masks: same label (and not the anchor itself), other label.",
            "the hardest positive is the farthest one, the hardest negative the nearest one.",
            "np.where(same, distances[anchor], -np.inf).argmax() keeps places in the batch.",
        ),
        (
            (_places_of_the_lists,
             "distances[anchor][mask].argmax() is a place in the shortened list. Use np.where with ±np.inf."),
            (_easiest, "The other way round: that is the easiest triplet, nearest positive and farthest negative."),
            (_nearest_positive, "The negative is right. The hardest positive is the farthest one."),
            (_farthest_negative, "The positive is right. The hardest negative is the nearest one."),
        ),
    ),
    "semi_hard_negative": Exercise(
        semi_hard_negative,
        ((*_batch(1), 0, 3), (*_batch(2), 4, 7), (*_batch(3), 8, 2), (*_batch(1), 2, 5), (_line, _kinds, 0, 1)),
        (
            "candidates have another label and lie farther from the anchor than the positive.",
            "of those, take the nearest. There may be none, however.",
            "if there is none: the farthest of all negatives.",
        ),
        (
            (_nearest_negative, "That is Batch Hard's negative, the nearest of all. Here it lies beyond the positive."),
            (_always_farthest, "The farthest negative is only for the case that none lies beyond the positive."),
            (_nearest_without_one_beyond,
             "If none lies beyond the positive, take the farthest negative: the least hard one that there is."),
            (_any_image_beyond, "Beyond the positive, but of the anchor's own class: that is no negative."),
        ),
    ),
    "shrunk_loss": Exercise(
        shrunk_loss,
        ((_gaps, 0.25, 1.0), (_gaps, 0.25, 0.5), (_gaps, 0.25, 0.0), (_gaps, 0.25, 4.0)),
        (
            "if all distances are s times as large, so is every gap D(a,p) − D(a,n).",
            "τ stays as it is. Then the hinge, and the mean last.",
            "np.maximum(0, s * gaps + tau).mean()",
        ),
        (
            (lambda g, t, s: np.maximum(0, s * (g + t)).mean(), "Distances shrink, τ does not: s·gap + τ."),
            (lambda g, t, s: (s * g + t).mean(), "The hinge is missing: no triplet earns anything by being satisfied."),
            (lambda g, t, s: np.maximum(0, (s * g + t).mean()), "First the hinge of each triplet, then the mean."),
            (lambda g, t, s: np.maximum(0, t - s * g).mean(), "Signs: the gap is D(a,p) − D(a,n), what is too much."),
            (lambda g, t, s: np.maximum(0, s * g + t).sum(), "The loss of a batch is the mean over its triplets."),
        ),
    ),
    "triage": Exercise(
        triage,
        ((1.0, 0.01, 1.0, 0.3, 0.14), (0.05, 0.01, 1.0, 0.15, 0.14), (1.3, 1.3, 1.0, 0.15, 0.14),
         (1.3, 1.2, 1.0, 0.5, 0.14), (1.3, 1.3, 0.3, 0.5, 0.14), (1.0, 0.02, 1.0, 0.15, 0.14),
         (0.05, 1.2, 1.0, 0.5, 0.14), (1.2, 1.3, 0.5, 0.2, 0.14)),
        (
            "several of the four can be true at once: the order of the questions decides.",
            "if all images lie on one point, k-NN and active hinges tell nothing any more: ask about distances first.",
            f"first < {COLLAPSED}, last < {COLLAPSED}, knn < 2.5 * chance, active >= {SATURATED}; else 5.",
        ),
        (
            (_in_order(4, 1, 2, 3), "On one point all hinges are active, too: distances before hinges."),
            (_in_order(2, 1, 3, 4), "Who was narrow from the start may still be so at the end: the start first."),
            (_in_order(3, 1, 2, 4), "On one point k-NN may be at chance, whatever the labels: distances first."),
            (_in_order(1, 2, 4, 3), "With wrong labels all hinges may be active, too: k-NN before hinges."),
            (lambda first, last, active, knn, chance: triage(first, last, active, knn, chance / 2),
             "“Not above chance” means here: below two and a half times chance; a few hits more are luck, or pixels."),
        ),
    ),
}  # fmt: skip
