"""Answers to the exercises of walkthrough 1. Reading on before trying spoils the fun."""

import numpy as np
from walkthrough import Exercise

_DARK, _LIGHT = np.full((2, 2, 3), 10, np.uint8), np.full((2, 2, 3), 250, np.uint8)
PIXEL_DISTANCE = Exercise(
    cases=(((_DARK, _DARK), 0.0), ((_LIGHT, _DARK), 240 * 12**0.5), ((_DARK, _LIGHT), 240 * 12**0.5)),
    mistakes=(
        (
            lambda a, b: np.sqrt(((a - b).astype(float) ** 2).sum()),
            "10 − 250 does not fit into an unsigned byte: uint8 wraps round to 16. Make floats first.",
        ),
        (
            lambda a, b: np.sqrt(((a - b) ** 2).sum()),
            "Squares of bytes wrap round at 256. Make floats before you subtract.",
        ),
        (
            lambda a, b: ((a.astype(float) - b.astype(float)) ** 2).sum(),
            "That is the squared distance: the root is missing.",
        ),
        (lambda a, b: np.abs(a.astype(float) - b.astype(float)).sum(), "That is the Manhattan distance; square first."),
    ),
    hints=("Look at the type of the pixels before you subtract.", "Differences, squares, sum over all pixels, root."),
)

TRIPLET_LOSS = Exercise(
    cases=(((1.0, 1.1, 0.5), 0.4), ((1.0, 2.0, 0.5), 0.0), ((0.3, 0.2, 0.2), 0.3)),
    mistakes=(
        (lambda ap, an, tau: ap - an + tau, "Below 0 there is nothing left to punish: [·]₊ means max(·, 0)."),
        (lambda ap, an, tau: max(an - ap + tau, 0), "D(a,n) and D(a,p) are swapped: this pushes the positive away."),
        (lambda ap, an, tau: max(ap - an - tau, 0), "τ is added: the negative has to be farther by τ, not nearer."),
    ),
    hints=(
        "The loss is 0 exactly where D(a,p) + τ ≤ D(a,n).",
        "max(…, 0) of the left side minus the right side.",
    ),
)

_LABELS, _ODD = [0, 0, 1, 1, 1], [0, 1, 1, 2]
COUNT_TRIPLETS = Exercise(
    cases=(((_LABELS,), 2 * 1 * 3 + 3 * 2 * 2), ((_ODD,), 2 * 1 * 2), (([3, 3, 3],), 0)),
    mistakes=(
        (
            lambda labels: sum(labels.count(c) ** 2 * (len(labels) - labels.count(c)) for c in set(labels)),
            "An image is not its own positive: n_c − 1 positives, not n_c.",
        ),
        (
            lambda labels: sum(
                labels.count(c) * (labels.count(c) - 1) // 2 * (len(labels) - labels.count(c)) for c in set(labels)
            ),
            "(a, p, n) and (p, a, n) are two triplets: each side is an anchor once.",
        ),
    ),
    hints=("Count for one class with n_c images in a batch of B first.", "Anchors × positives × negatives, summed."),
)

INCOMPLETE = Exercise(
    cases=(
        ((1.0, 1.6, 0.7, 0.5), True),
        ((1.0, 1.2, 0.7, 0.5), False),
        ((1.0, 1.6, 1.3, 0.5), False),
        ((1.0, 1.5, 0.9, 0.5), True),
    ),
    mistakes=(
        (lambda ap, an, pn, tau: pn < ap, "The triplet must be satisfied from the anchor's side too."),
        (lambda ap, an, pn, tau: ap + tau <= an, "That is only the first half: where does the positive lie?"),
        (
            lambda ap, an, pn, tau: ap + tau <= an and pn < an,
            "The positive is compared with its own anchor: D(p,n) < D(a,p).",
        ),
        (lambda ap, an, pn, tau: ap + tau < an and pn < ap, "At D(a,p) + τ = D(a,n) the loss is 0: ≤, not <."),
    ),
    hints=(
        "Two conditions: what the loss sees, and what it does not see.",
        "D(a,p) + τ ≤ D(a,n), and D(p,n) < D(a,p).",
    ),
)

_APART = np.array([[0, 1, 3, 2.0], [1, 0, 2, 4], [3, 2, 0, 5], [2, 4, 5, 0]])
_WHO, _WHAT = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])


def _share(distances, labels, subjects, strict=True):
    wins = []
    for i in range(len(labels)):
        person = [distances[i, j] for j in range(len(labels)) if subjects[j] == subjects[i] and labels[j] != labels[i]]
        other = [
            distances[i, j]
            for j in range(len(labels))
            if labels[j] == labels[i] and (subjects[j] != subjects[i] if strict else True)
        ]
        if person and other:
            wins.append(min(person) < min(other))
    return float(np.mean(wins))


PERSON_SHARE = Exercise(
    cases=(((_APART, _WHAT, _WHO), _share(_APART, _WHAT, _WHO)), ((_APART, _WHO, _WHAT), _share(_APART, _WHO, _WHAT))),
    mistakes=(
        (
            lambda d, labels, subjects: _share(d, labels, subjects, strict=False),
            "Every image has its own expression at distance 0: the other face must show another person.",
        ),
        (
            lambda d, labels, subjects: 1 - _share(d, labels, subjects),
            "That is the share for the expression, the other side of the coin.",
        ),
    ),
    hints=(
        "For each image two minima: same person and other expression; same expression and other person.",
        "Set everything else to infinity with np.where, then .min(axis=1) on both and compare.",
    ),
)
