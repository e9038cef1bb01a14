"""The exercises of walkthrough 4, with their answers: reading on before trying spoils the fun."""

from __future__ import annotations

import numpy as np
from exercise import Exercise

from muldml_lite.claims.cycles import turns


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


def turn_share(positive: np.ndarray, negative: np.ndarray, incomplete: np.ndarray, lag: int) -> float:
    return float(turns(positive, negative, incomplete, lag) / max(1, incomplete[:-lag].sum()))


def _one_hinge(a: np.ndarray, p: np.ndarray, n: np.ndarray, tau: float) -> float:
    near, far, other = (float(np.linalg.norm(u - v)) for u, v in ((a, p), (a, n), (p, n)))
    return max(0.0, 2 * near - far - other + 2 * tau)


def _swapped(a: np.ndarray, p: np.ndarray, n: np.ndarray, tau: float) -> float:
    near, far, other = (float(np.linalg.norm(u - v)) for u, v in ((a, p), (a, n), (p, n)))
    return max(0.0, near - min(far, other) + tau)


def _selected(positive: np.ndarray, negative: np.ndarray, incomplete: np.ndarray, lag: int) -> float:
    cases = mirrored = 0
    for t in range(len(positive) - lag):
        for a in np.flatnonzero(incomplete[t]):
            b, c = positive[t, a], negative[t, a]
            cases, mirrored = cases + 1, mirrored + (positive[t + lag, b] == a and negative[t + lag, b] == c)
    return mirrored / max(1, cases)


def _selected_and_new(positive: np.ndarray, negative: np.ndarray, incomplete: np.ndarray, lag: int) -> float:
    cases = mirrored = 0
    for t in range(len(positive) - lag):
        for a in np.flatnonzero(incomplete[t]):
            b, c = positive[t, a], negative[t, a]
            there = [positive[s, b] == a and negative[s, b] == c for s in (t, t + lag)]
            cases, mirrored = cases + 1, mirrored + (there[1] and not there[0])
    return mirrored / max(1, cases)


def _new_and_incomplete(positive: np.ndarray, negative: np.ndarray, incomplete: np.ndarray, lag: int) -> float:
    cases = turned = 0
    for t in range(len(positive) - lag):
        for a in np.flatnonzero(incomplete[t]):
            b, c = positive[t, a], negative[t, a]
            there = [positive[s, b] == a and negative[s, b] == c for s in (t, t + lag)]
            cases, turned = cases + 1, turned + (there[1] and not there[0] and incomplete[t + lag, b])
    return turned / max(1, cases)


def _any_negative(positive: np.ndarray, negative: np.ndarray, incomplete: np.ndarray, lag: int) -> float:
    return turn_share(positive, np.zeros_like(negative), incomplete, lag)


def _all_steps_counted(positive: np.ndarray, negative: np.ndarray, incomplete: np.ndarray, lag: int) -> float:
    return float(turns(positive, negative, incomplete, lag) / max(1, incomplete.sum()))


def _of_all_triplets(positive: np.ndarray, negative: np.ndarray, incomplete: np.ndarray, lag: int) -> float:
    return float(turns(positive, negative, incomplete, lag) / incomplete[:-lag].size)


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
    return positive, negative, _one_of_two(positive, negative, rng.random((8, 4)) < 0.8)


def _course_of_three(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same with three images in the first class, so that the positive changes, too."""
    rng = np.random.default_rng(seed)
    positive = np.stack([rng.choice([1, 2], 16), rng.choice([0, 2], 16), rng.choice([0, 1], 16)], 1)
    negative = rng.integers(3, 5, (16, 3))
    return positive, negative, _one_of_two(positive, negative, rng.random((16, 3)) < 0.9)


def _one_of_two(positive: np.ndarray, negative: np.ndarray, incomplete: np.ndarray) -> np.ndarray:
    """(a, b, c) and (b, a, c) are never incomplete at one step: of two that would be, the one with the later anchor."""
    of_positive = [np.take_along_axis(part, positive, 1) for part in (positive, negative, incomplete)]
    own = np.arange(positive.shape[1])
    return incomplete & ~((of_positive[0] == own) & (of_positive[1] == negative) & of_positive[2] & (own < positive))


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
    "turn_share": Exercise(
        turn_share,
        ((*_course(1), 1), (*_course(2), 2), (*_course_of_three(3), 1), (*_course_of_three(4), 3)),
        (
            "walk over all steps t that have a step t + lag, and over the anchors that are incomplete at t.",
            "with b = positive[t, a] and c = negative[t, a], the mirror image is selected at a step s if "
            "positive[s, b] == a and negative[s, b] == c; it is incomplete if incomplete[s, b] as well.",
            "count it if all three hold at t + lag; divide by the number of cases.",
        ),
        (
            (_selected_and_new, "Newly selected is not newly judged: in a cycle (b, a, c) is selected all the time. "
             "Ask that it be incomplete at t + lag, whatever was selected at t."),
            (_selected, "Selected is not incomplete: ask for incomplete[t + lag, b] as well."),
            (_new_and_incomplete, "It may have been selected at t already; what counts is that it is incomplete "
             "at t + lag. (Both can't be incomplete at one step.)"),
            (_any_negative, "The mirror image has the same negative as well: (b, a, c), not (b, a, anything)."),
            (_all_steps_counted, "Cases in the last `lag` steps have no later step: leave them out below, too."),
            (_of_all_triplets, "Divide by the incomplete cases, not by all triplets."),
        ),
    ),
}  # fmt: skip
