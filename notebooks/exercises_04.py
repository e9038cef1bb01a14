"""The exercises of walkthrough 4, with their answers: reading on before trying spoils the fun."""

from __future__ import annotations

import numpy as np
from exercise import Exercise


def dual_loss(a: np.ndarray, p: np.ndarray, n: np.ndarray, tau: float) -> float:
    near, far, other = (float(np.linalg.norm(u - v)) for u, v in ((a, p), (a, n), (p, n)))
    return max(0.0, near - far + tau) + max(0.0, near - other + tau)


def largest_incomplete_tau(d_ap: float, d_an: float, d_pn: float) -> float:
    return max(0.0, d_an - d_ap) if d_pn < d_ap else 0.0


def own_losses(distances: np.ndarray, labels: np.ndarray, tau: float) -> np.ndarray:
    same = labels[:, None] == labels
    farthest = np.where(same, distances, -np.inf).max(1)
    nearest = np.where(same, np.inf, distances).min(1)
    return np.maximum(0, farthest - nearest + tau)


def times_farthest(distances: np.ndarray, labels: np.ndarray) -> np.ndarray:
    same = labels[:, None] == labels
    np.fill_diagonal(same, False)
    return np.bincount(np.where(same, distances, -np.inf).argmax(1), minlength=len(labels))


def mirror_share(positive: np.ndarray, negative: np.ndarray, incomplete: np.ndarray, lag: int) -> float:
    cases = mirrored = 0
    for t in range(len(positive) - lag):
        for a in np.flatnonzero(incomplete[t]):
            b, c = positive[t, a], negative[t, a]
            later = positive[t + lag, b] == a and negative[t + lag, b] == c
            before = positive[t, b] == a and negative[t, b] == c
            cases, mirrored = cases + 1, mirrored + (later and not before)
    return mirrored / max(1, cases)


def _one_hinge(a: np.ndarray, p: np.ndarray, n: np.ndarray, tau: float) -> float:
    near, far, other = (float(np.linalg.norm(u - v)) for u, v in ((a, p), (a, n), (p, n)))
    return max(0.0, 2 * near - far - other + 2 * tau)


def _swapped(a: np.ndarray, p: np.ndarray, n: np.ndarray, tau: float) -> float:
    near, far, other = (float(np.linalg.norm(u - v)) for u, v in ((a, p), (a, n), (p, n)))
    return max(0.0, near - min(far, other) + tau)


def _standing_counted(positive: np.ndarray, negative: np.ndarray, incomplete: np.ndarray, lag: int) -> float:
    cases = mirrored = 0
    for t in range(len(positive) - lag):
        for a in np.flatnonzero(incomplete[t]):
            b, c = positive[t, a], negative[t, a]
            cases, mirrored = cases + 1, mirrored + (positive[t + lag, b] == a and negative[t + lag, b] == c)
    return mirrored / max(1, cases)


def _any_negative(positive: np.ndarray, negative: np.ndarray, incomplete: np.ndarray, lag: int) -> float:
    cases = mirrored = 0
    for t in range(len(positive) - lag):
        for a in np.flatnonzero(incomplete[t]):
            b = positive[t, a]
            cases, mirrored = cases + 1, mirrored + (positive[t + lag, b] == a and positive[t, b] != a)
    return mirrored / max(1, cases)


def _all_steps_counted(positive: np.ndarray, negative: np.ndarray, incomplete: np.ndarray, lag: int) -> float:
    cases = max(1, int(incomplete[: len(positive) - lag].sum()))
    return mirror_share(positive, negative, incomplete, lag) * cases / max(1, int(incomplete.sum()))


def _of_all_triplets(positive: np.ndarray, negative: np.ndarray, incomplete: np.ndarray, lag: int) -> float:
    part = incomplete[: len(positive) - lag]
    return mirror_share(positive, negative, incomplete, lag) * max(1, int(part.sum())) / part.size


def _anchor_included(distances: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.bincount(distances.argmax(1), minlength=len(labels))


def _nearest_counted(distances: np.ndarray, labels: np.ndarray) -> np.ndarray:
    same = labels[:, None] == labels
    np.fill_diagonal(same, False)
    return np.bincount(np.where(same, distances, np.inf).argmin(1), minlength=len(labels))


def _easiest(distances: np.ndarray, labels: np.ndarray, tau: float) -> np.ndarray:
    same = labels[:, None] == labels
    positives = same & ~np.eye(len(labels), dtype=bool)
    nearest = np.where(positives, distances, np.inf).min(1)
    return np.maximum(0, nearest - np.where(same, -np.inf, distances).max(1) + tau)


def _no_hinge(distances: np.ndarray, labels: np.ndarray, tau: float) -> np.ndarray:
    same = labels[:, None] == labels
    return np.where(same, distances, -np.inf).max(1) - np.where(same, np.inf, distances).min(1) + tau


def _nearest_is_itself(distances: np.ndarray, labels: np.ndarray, tau: float) -> np.ndarray:
    same = labels[:, None] == labels
    return np.maximum(0, np.where(same, distances, -np.inf).max(1) - np.where(same, 0, distances).min(1) + tau)


def _batch(seed: int, images: int = 9) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    points, labels = rng.normal(size=(images, 2)), np.arange(images) % 3
    points += 1.5 * np.array([[0, 0], [1, 0], [0, 1]])[labels]
    return np.linalg.norm(points[:, None] - points, axis=-1), labels


def _course(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Eight steps of a batch of four, two of either class: every image has one positive and one of two negatives."""
    rng = np.random.default_rng(seed)
    positive = np.tile([1, 0, 3, 2], (8, 1))
    negative = np.where(np.arange(4) < 2, rng.integers(2, 4, (8, 4)), rng.integers(0, 2, (8, 4)))
    return positive, negative, rng.random((8, 4)) < 0.6


def _course_of_three(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same with three images in the first class, so that the positive changes, too."""
    rng = np.random.default_rng(seed)
    positive = np.stack([rng.choice([1, 2], 12), rng.choice([0, 2], 12), rng.choice([0, 1], 12)], 1)
    return positive, rng.integers(3, 5, (12, 3)), rng.random((12, 3)) < 0.7


_o, _east, _far = np.array([0.0, 0.0]), np.array([1.0, 0.0]), np.array([0.0, 1.25])
_behind = np.array([1.5, 0.0])

EXERCISES = {
    "dual_loss": Exercise(
        dual_loss,
        ((_o, _east, _behind, 0.25), (_o, _east, _far, 0.5), (_o, _east, 3 * _far, 0.5), (_o, _east, _behind, 0.75)),
        (
            "three distances: a to p, a to n, p to n.",
            "each side has a hinge of its own: cut off at 0 first, add afterwards.",
            "max(0, d_ap - d_an + tau) + max(0, d_ap - d_pn + tau)",
        ),
        (
            (lambda a, p, n, t: max(0.0, np.linalg.norm(a - p) - np.linalg.norm(a - n) + t),
             "That is the plain loss: the positive's side is missing."),
            (_one_hinge, "One hinge round the sum lets a satisfied side pay for the other. Two hinges."),
            (_swapped, "That takes the harder of the two sides (anchor swap, Balntas et al.); dual adds both."),
            (lambda a, p, n, t: dual_loss(a, p, n, t) / 2, "Dual is the sum of both hinges, not their mean."),
        ),
    ),
    "largest_incomplete_tau": Exercise(
        largest_incomplete_tau,
        ((1.0, 1.5, 0.75), (1.0, 1.5, 1.25), (1.0, 1.5, 1.75), (1.0, 0.75, 0.5), (1.25, 1.5, 0.5), (1.0, 1.125, 1.0)),
        (
            "two conditions; only one of them has τ in it.",
            "D(a,p) + τ ≤ D(a,n): which τ is the largest for which that holds?",
            "d_an - d_ap if d_pn < d_ap, but not below 0; otherwise 0.",
        ),
        (
            (lambda ap, an, pn: max(0.0, an - ap), "Only if the positive is nearer to the negative, D(p,n) < D(a,p)."),
            (lambda ap, an, pn: an - ap if pn < ap else 0.0, "No threshold is below 0: if D(a,n) < D(a,p), give 0."),
            (lambda ap, an, pn: max(0.0, an - ap) if pn < an else 0.0, "Compare D(p,n) with D(a,p), not with D(a,n)."),
            (lambda ap, an, pn: max(0.0, an - ap) if pn <= ap else 0.0, "D(p,n) = D(a,p) is a tie: not nearer, so <."),
            (lambda ap, an, pn: pn if pn < ap else 0.0,
             "τ ≤ D(p,n) follows from the triangle inequality, but the exact bound is nearer: D(a,n) − D(a,p)."),
        ),
    ),
    "own_losses": Exercise(
        own_losses,
        ((*_batch(1), 0.25), (*_batch(2), 0.5), (*_batch(3, 12), 0.1)),
        (
            "a table same[i, j]: do i and j have the same label?",
            "per row: the largest distance where same, and the smallest where not. np.where with ±np.inf.",
            "np.maximum(0, farthest - nearest + tau), arrays of n numbers.",
        ),
        (
            (_easiest, "That is each image's easiest triplet: Batch Hard takes farthest positive, nearest negative."),
            (_no_hinge, "The hinge is missing: np.maximum(0, …)."),
            (_nearest_is_itself, "Filling up with 0 makes the nearest negative 0 away: fill up with np.inf."),
            (lambda d, labels, t: float(own_losses(d, labels, t).mean()), "One loss an image, not their mean."),
        ),
    ),
    "times_farthest": Exercise(
        times_farthest,
        (_batch(1), _batch(2), _batch(4, 12)),
        (
            "first each anchor's farthest positive: one place an anchor.",
            "then count how often each place occurs.",
            "np.bincount(farthest, minlength=len(labels))",
        ),
        (
            (_anchor_included, "The farthest of all images, not of the anchor's own class."),
            (_nearest_counted, "Batch Hard takes the farthest positive, not the nearest."),
            (lambda d, labels: np.where(labels[:, None] == labels, d, -np.inf).argmax(1),
             "Those are the places of the farthest positives. Now count how often each occurs."),
        ),
    ),
    "mirror_share": Exercise(
        mirror_share,
        ((*_course(1), 1), (*_course(2), 2), (*_course_of_three(3), 1), (*_course_of_three(4), 3)),
        (
            "walk over all steps t that have a step t + lag, and over the anchors that are incomplete at t.",
            "with b = positive[t, a] and c = negative[t, a], the mirror image is there at a step s if "
            "positive[s, b] == a and negative[s, b] == c.",
            "count it if it is there at t + lag and was not at t; divide by the number of cases.",
        ),
        (
            (_standing_counted, "A mirror image that was there at t already has not come: count only new ones."),
            (_any_negative, "The mirror image has the same negative as well: (b, a, c), not (b, a, anything)."),
            (_all_steps_counted, "Cases in the last `lag` steps have no later step: leave them out below, too."),
            (_of_all_triplets, "Divide by the incomplete cases, not by all triplets."),
        ),
    ),
}  # fmt: skip
