"""The exercises of walkthrough 8, with their answers: reading on before trying spoils the fun."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from exercise import Exercise
from torch import Tensor, nn

from muldml_lite.losses import MultiThresholdLoss


def leaked_images(subjects: np.ndarray, test: np.ndarray) -> float:
    return float(np.isin(subjects[test], subjects[~test]).mean())


def case_error(right: np.ndarray, cases: np.ndarray) -> float:
    means = _means(right, cases)
    return float(means.std(ddof=1) / len(means) ** 0.5)


def _means(right: np.ndarray, cases: np.ndarray) -> np.ndarray:
    return np.array([right[cases == case].mean() for case in np.unique(cases)])


def mean_recall(truth: np.ndarray, said: np.ndarray) -> float:
    return float(np.mean([(said[truth == label] == label).mean() for label in np.unique(truth)]))


def joint_loss(embedding: Tensor, logits: Tensor, labels: Tensor, criterion: nn.Module, weight: float) -> Tensor:
    return nn.functional.cross_entropy(logits, labels) + weight * criterion(embedding, labels)


def largest_batch(megabytes: float, slices: int, classes: int) -> int:
    return int((megabytes * 1e6 / (4 * slices)) ** 0.5 / classes)


def _triplets(labels: np.ndarray) -> int:
    same = np.unique(labels, return_counts=True)[1]  # images of each class
    return int((same * (same - 1) * (len(labels) - same)).sum())


def kept_triplets(labels: np.ndarray, processes: int) -> float:
    return _kept(np.split(labels, processes), labels)


def _kept(shares: Sequence[np.ndarray], labels: np.ndarray) -> float:
    return sum(map(_triplets, shares)) / _triplets(labels)


def _count_pairs(labels: np.ndarray) -> int:
    same = np.unique(labels, return_counts=True)[1]
    return int((same * (same - 1)).sum())


_rng = np.random.default_rng(8)


def _batch(count: int, classes: int, dim: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    lot = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % classes
    return torch.randn(count, dim, generator=lot), torch.randn(count, classes, generator=lot), labels


_films = np.repeat(np.arange(12), 3)
_mixed = _rng.permutation(_films)
_same_pixels = "Frames of one sequence are not independent: first the mean of each case, then count cases."
_pixels = "The metric loss belongs on the *embedding*. Logits are what the head makes of it."

EXERCISES = {
    "leaked_images": Exercise(
        leaked_images,
        (
            (np.array([0, 0, 1, 1, 2, 2]), np.array([True, False, True, True, False, False])),
            (np.array([4, 4, 4, 9, 9, 7, 2, 2]), np.array([True, True, False, False, True, True, False, True])),
            (np.array([5, 1, 5, 1, 3, 3]), np.array([True, True, False, False, False, True])),
            (np.array([3, 3, 6, 6, 8]), np.array([False, False, True, True, False])),
        ),
        (
            "whose are the held-out images? subjects[test]. And who is in training? subjects[~test].",
            "ask of each held-out image whether its person occurs among the training people; then take the share.",
            "np.isin(subjects[test], subjects[~test]).mean()",
        ),
        (
            (lambda s, t: len(np.intersect1d(s[t], s[~t])) / len(np.unique(s[t])),
             "That is the share of held-out *people*. Asked for is the share of images."),
            (lambda s, t: np.isin(s[~t], s[t]).mean(), "That is the share of *training* images; turn it round."),
            (lambda s, t: (np.isin(s, s[~t]) & t).mean(), "Divide by the held-out images only, not by all of them."),
            (lambda s, t: len(np.intersect1d(s[t], s[~t])), "That counts people; asked for is a share of images."),
            (lambda s, t: 1 - np.isin(s[t], s[~t]).mean(), "The other way round: leaked is who is in training."),
        ),
    ),
    "case_error": Exercise(
        case_error,
        (
            ((_rng.random(36) < 0.8).astype(float), _films),
            (np.repeat((_rng.random(12) < 0.7).astype(float), 3), _films),
            ((_rng.random(36) < 0.6).astype(float), _mixed),
        ),
        (
            "one number for each case: the mean of `right` over its images.",
            "standard error of a mean: the standard deviation of its independent parts, divided by √ of their number.",
            "m = np.array([right[cases == c].mean() for c in np.unique(cases)]); m.std(ddof=1) / len(m) ** 0.5",
        ),
        (
            (lambda r, c: r.std(ddof=1) / len(r) ** 0.5, _same_pixels),
            (lambda r, c: r.std(ddof=0) / len(r) ** 0.5, _same_pixels),
            (lambda r, c: r.std(ddof=1) / len(np.unique(c)) ** 0.5,
             "Counting cases is right, but the spread, too, has to be that of cases: average within each first."),
            (lambda r, c: _means(r, c).std(ddof=1) / len(r) ** 0.5, "Divide by √ of the number of cases."),
            (lambda r, c: _means(r, c).std(ddof=1), "That is the spread of cases; a mean of n has spread / √n."),
            (lambda r, c: _means(r, c).std(ddof=0) / len(np.unique(c)) ** 0.5,
             "numpy's std divides by n unless you say ddof=1."),
        ),
    ),
    "mean_recall": Exercise(
        mean_recall,
        (
            (np.array([0, 0, 0, 0, 1, 1]), np.array([0, 0, 0, 1, 1, 0])),
            (np.array([2, 2, 2, 2, 2, 0]), np.array([2, 2, 2, 2, 0, 2])),
            (np.array([1, 4, 4, 1, 6, 6, 6, 6]), np.array([1, 4, 1, 1, 6, 6, 3, 6])),
        ),
        (
            "for each class: of the images that *are* of it, which share is said to be?",
            "then the plain mean of these shares, over the classes that occur in `truth`.",
            "np.mean([(said[truth == c] == c).mean() for c in np.unique(truth)])",
        ),
        (
            (lambda t, s: (t == s).mean(), "That is the accuracy: common classes count more often. One vote a class."),
            (lambda t, s: np.mean([(t[s == c] == c).mean() for c in np.unique(s)]),
             "That is the mean *precision*: of what is said to be c, how much is. Recall goes by the truth."),
            (lambda t, s: np.mean([((t == c) & (s == c)).sum() / max((t == c).sum(), 1) for c in range(t.max() + 1)]),
             "Classes without a single image have no recall; take np.unique(truth)."),
            (lambda t, s: np.mean([(s[t == c] == c).sum() for c in np.unique(t)]), "A share for each class, please."),
            (lambda t, s: min((s[t == c] == c).mean() for c in np.unique(t)), "The worst class only: take the mean."),
        ),
    ),
    "joint_loss": Exercise(
        joint_loss,
        (
            (*_batch(12, 4, 8, 0), MultiThresholdLoss([0.3]), 1.0),
            (*_batch(12, 4, 8, 1), MultiThresholdLoss([0.2, 0.6]), 0.5),
            (*_batch(18, 6, 12, 2), MultiThresholdLoss([0.1, 0.4, 0.8]), 2.0),
        ),
        (
            "two terms: nn.functional.cross_entropy for the classification, criterion for the distances.",
            "cross entropy wants (logits, labels), criterion wants (embedding, labels); weight belongs to the latter.",
            "nn.functional.cross_entropy(logits, labels) + weight * criterion(embedding, labels)",
        ),
        (
            (lambda e, z, y, c, w: nn.functional.cross_entropy(z, y) + w * c(z, y), _pixels),
            (lambda e, z, y, c, w: nn.functional.cross_entropy(z.softmax(1), y) + w * c(e, y),
             "cross_entropy takes logits and does the softmax itself; yours is done twice."),
            (lambda e, z, y, c, w: nn.functional.cross_entropy(z, y) + c(e, y), "The weight is missing."),
            (lambda e, z, y, c, w: w * nn.functional.cross_entropy(z, y) + c(e, y),
             "The weight belongs to the metric loss; cross entropy has weight 1."),
            (lambda e, z, y, c, w: w * (nn.functional.cross_entropy(z, y) + c(e, y)),
             "Only the metric loss is weighted."),
        ),
    ),
    "largest_batch": Exercise(
        largest_batch,
        ((1.0, 1, 7), (64.0, 8, 7), (1000.0, 8, 7), (500.0, 16, 8)),
        (
            "N matrices of B × B numbers of 4 bytes: 4 N B² bytes. One megabyte is 10⁶ bytes.",
            "solve for B, then B = P K. A batch holds whole images: round down.",
            "int((megabytes * 1e6 / (4 * slices)) ** 0.5 / classes)",
        ),
        (
            (lambda m, n, p: int((m * 1e6 / (4 * n)) ** 0.5), "That is B, the whole batch; K = B / P."),
            (lambda m, n, p: int((m * 1e6 / n) ** 0.5 / p), "A float32 takes 4 bytes."),
            (lambda m, n, p: int((m * 1e6 / 4) ** 0.5 / p), "Each slice has a matrix of its own: N of them."),
            (lambda m, n, p: int(m * 1e6 / (4 * n) / p), "B² numbers a slice: there is a square root missing."),
            (lambda m, n, p: (m * 1e6 / (4 * n)) ** 0.5 / p, "Images are whole: round down."),
            (lambda m, n, p: round((m * 1e6 / (4 * n)) ** 0.5 / p), "Rounded up, it no longer fits: round down."),
        ),
    ),
    "kept_triplets": Exercise(
        kept_triplets,
        (
            (np.repeat(np.arange(4), 6), 2),
            (np.tile(np.arange(4), 8), 4),
            (_rng.permutation(np.repeat(np.arange(5), 6)), 3),
            (np.repeat([0, 1, 2], [6, 4, 2]), 2),
        ),
        (
            "how many triplets has a batch of B? An anchor whose class has k images: (k − 1) × (B − k).",
            "count the same in each of np.split(labels, processes), add up, divide by the whole batch's.",
            "count = lambda y: sum((k - 1) * (len(y) - k) * k for k in np.unique(y, return_counts=True)[1])",
        ),
        (
            (lambda y, r: 1 / r, "Each process has 1/R of the anchors, but of partners, too, it sees only its own."),
            (lambda y, r: 1 / r**2, "Nearly, for large classes. But an anchor is no positive of its own: count k − 1."),
            (lambda y, r: sum(map(_count_pairs, np.split(y, r))) / _count_pairs(y),
             "Those are pairs of anchor and positive; a triplet has a negative, too."),
            (lambda y, r: _triplets(np.split(y, r)[0]) / _triplets(y),
             "That is what one process keeps; all of them together keep more."),
            (lambda y, r: _kept([y[i::r] for i in range(r)], y),
             "You dealt images in turn. Here each process gets a contiguous share: np.split."),
        ),
    ),
}  # fmt: skip
