"""The exercises of walkthrough 1, with their answers: reading on before trying spoils the fun."""

from __future__ import annotations

import numpy as np
from exercise import Exercise


def pixel_distance(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.sqrt(((first.astype(float) - second.astype(float)) ** 2).sum()))


def person_share_by_chance(people: int, expressions: int) -> float:
    return (expressions - 1) / ((expressions - 1) + (people - 1))


def triplet_loss(a: np.ndarray, p: np.ndarray, n: np.ndarray, tau: float) -> float:
    return float(max(0.0, np.linalg.norm(a - p) - np.linalg.norm(a - n) + tau))


def is_incomplete(d_ap: float, d_an: float, d_pn: float, tau: float) -> bool:
    return bool(d_ap + tau <= d_an and d_pn < d_ap)


def one_on_one(distances: np.ndarray, labels: np.ndarray, subjects: np.ndarray) -> float:
    won = []
    for a in range(len(distances)):
        person = distances[a, (subjects == subjects[a]) & (labels != labels[a])]  # (q,)
        expression = distances[a, (labels == labels[a]) & (subjects != subjects[a])]  # (r,)
        won.append((person[:, None] < expression[None, :]).ravel())
    return float(np.concatenate(won).mean())


def _nearest_only(distances: np.ndarray, labels: np.ndarray, subjects: np.ndarray) -> float:
    won = []
    for a in range(len(distances)):
        person = distances[a, (subjects == subjects[a]) & (labels != labels[a])]
        expression = distances[a, (labels == labels[a]) & (subjects != subjects[a])]
        won.append(person.min() < expression.min())
    return float(np.mean(won))


def _itself_counted(distances: np.ndarray, labels: np.ndarray, subjects: np.ndarray) -> float:
    won = []
    for a in range(len(distances)):
        person, expression = distances[a, subjects == subjects[a]], distances[a, labels == labels[a]]
        won.append((person[:, None] < expression[None, :]).ravel())
    return float(np.concatenate(won).mean())


def _faces(seed: int, people: int, expressions: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    points = np.random.default_rng(seed).normal(size=(people * expressions, 3))
    distances = np.linalg.norm(points[:, None] - points, axis=-1)
    return distances, np.tile(np.arange(expressions), people), np.repeat(np.arange(people), expressions)


_images = np.random.default_rng(5).integers(0, 256, (4, 4, 4, 3)).astype(np.uint8)
_o, _east, _north = np.array([0.0, 0.0]), np.array([1.0, 0.0]), np.array([0.0, 1.25])
_wraps = "Images are uint8: 10 − 20 is 246 there, not −10. Convert before you subtract: first.astype(float)."

EXERCISES = {
    "pixel_distance": Exercise(
        pixel_distance,
        ((_images[0], _images[0]), (_images[0], _images[1]), (_images[2], _images[3])),
        (
            "subtract the images, square, add everything up, take the root.",
            "the images are uint8, which cannot hold negative numbers. Convert both to float first.",
            "np.sqrt(((x - y) ** 2).sum()), with x and y as floats.",
        ),
        (
            (lambda x, y: np.sqrt(((x - y) ** 2).sum()), _wraps),
            (lambda x, y: np.linalg.norm((x - y).astype(float)), _wraps),
            (lambda x, y: ((x.astype(float) - y) ** 2).sum(), "That is the squared distance: the root is missing."),
            (lambda x, y: np.abs(x.astype(float) - y).sum(), "That adds up absolute differences (city block)."),
            (lambda x, y: np.sqrt(((x.astype(float) - y) ** 2).mean()), "That is a mean over pixels; D takes the sum."),
        ),
    ),
    "person_share_by_chance": Exercise(
        person_share_by_chance,
        ((44, 7), (22, 7), (7, 7), (2, 3)),
        (
            "an anchor has two sorts of candidates. How many images are there of each sort?",
            "if distances know nothing, each candidate is equally likely to be the nearest.",
            "same person: expressions - 1 candidates. Same expression: people - 1.",
        ),
        (
            (lambda p, e: 0.5, "It is a half only when both sorts have equally many candidates."),
            (lambda p, e: e / (e + p), "The anchor itself is no candidate: take one off each sort."),
            (lambda p, e: (p - 1) / (p + e - 2), "That is the share of the same expression: the other way round."),
            (lambda p, e: (e - 1) / (p * e - 1), "Only two sorts of images are compared, not all images of the set."),
        ),
    ),
    "triplet_loss": Exercise(
        triplet_loss,
        ((_o, _east, _north, 0.5), (_o, _east, 2 * _north, 0.5), (_o, _north, _east, 0.25), (_o, _east, _east, 0.0)),
        (
            "two distances, both from the anchor: to the positive and to the negative.",
            "[x]₊ is max(0, x): a negative that is far enough costs nothing, it earns nothing either.",
            "max(0.0, D(a, p) - D(a, n) + tau)",
        ),
        (
            (lambda a, p, n, t: np.linalg.norm(a - p) - np.linalg.norm(a - n) + t,
             "The hinge is missing: [x]₊ = max(0, x)."),
            (lambda a, p, n, t: max(0, np.linalg.norm(a - n) - np.linalg.norm(a - p) + t),
             "Signs: the positive's distance counts up, the negative's counts down."),
            (lambda a, p, n, t: max(0, np.linalg.norm(a - p) - np.linalg.norm(a - n) - t),
             "τ is added: the negative has to be farther by τ."),
            (lambda a, p, n, t: max(0, ((a - p) ** 2).sum() - ((a - n) ** 2).sum() + t),
             "Those are squared distances; here D is the plain one."),
            (lambda a, p, n, t: max(0, np.linalg.norm(a - p) - np.linalg.norm(p - n) + t),
             "That measures the negative from the positive; this loss looks from the anchor."),
        ),
    ),
    "is_incomplete": Exercise(
        is_incomplete,
        ((1.0, 1.5, 0.75, 0.25), (1.0, 1.5, 0.75, 0.75), (1.0, 1.5, 1.25, 0.25), (0.5, 0.75, 0.25, 0.25),
         (1.0, 1.25, 1.125, 0.125), (1.0, 0.75, 0.5, 0.25), (0.5, 1.0, 1.25, 0.25),
         (0.75, 1.0, 0.75, 0.125), (1.0, 1.5, 0.5, 0.5)),
        (
            "two things have to be true at once.",
            "one: the anchor's hinge is satisfied. Two: the negative is nearer to the positive than the anchor is.",
            "d_ap + tau <= d_an and d_pn < d_ap",
        ),
        (
            (lambda ap, an, pn, t: pn < ap, "It is incomplete only if the anchor's hinge is satisfied as well."),
            (lambda ap, an, pn, t: ap <= an and pn < ap, "τ is missing: the loss is 0 only if D(a,p) + τ ≤ D(a,n)."),
            (lambda ap, an, pn, t: ap + t <= an and pn < an, "Compare D(p,n) with D(a,p), not with D(a,n)."),
            (lambda ap, an, pn, t: ap + t < an and pn < ap, "At D(a,p) + τ = D(a,n) the loss is 0 already: ≤, not <."),
            (lambda ap, an, pn, t: ap + t <= an, "That says only that the loss is 0. What about the positive's side?"),
        ),
    ),
    "one_on_one": Exercise(
        one_on_one,
        (_faces(1, 3, 3), _faces(2, 4, 3), _faces(3, 3, 5)),
        (
            "for one anchor, collect two lists: distances to the same person with another expression, and to the same "
            "expression on another person.",
            "every entry of the first list meets every entry of the second: person[:, None] < expression[None, :].",
            "count all duels of all anchors together: collect the outcomes, and take one mean at the end.",
        ),
        (
            (_nearest_only, "Only the nearest of each sort meet there: that is nearest_share again. Here all meet."),
            (lambda d, labels, s: 1 - one_on_one(d, labels, s), "That is the share won by the expression."),
            (_itself_counted, "The anchor is among its own candidates, at distance 0: leave it out."),
        ),
    ),
}  # fmt: skip
