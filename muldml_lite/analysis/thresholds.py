"""What a threshold does to an embedding: distances within and between classes, class pairs, hinges. numpy only."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from muldml_lite.analysis.tables import slice_table
from muldml_lite.runs import Run, RunError

PARTS = ("training", "unseen")


class Mined(NamedTuple):
    """Triplets as places (T,) among the images they were mined from."""

    anchor: np.ndarray
    positive: np.ndarray
    negative: np.ndarray


def pairwise(vectors: np.ndarray, squared: bool = False) -> np.ndarray:
    """Vectors (n, d) → distances (n, n) float64, from differences: exact also where two images nearly coincide."""
    from scipy.spatial.distance import pdist, squareform

    return squareform(pdist(np.asarray(vectors, np.float64), "sqeuclidean" if squared else "euclidean"))


def within_between(distances: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances (n, n), labels (n,) → those of all pairs of one class (P,), and of all pairs of two classes (Q,)."""
    first, second = np.triu_indices(len(labels), 1)
    apart, same = distances[first, second], labels[first] == labels[second]
    return apart[same], apart[~same]


def class_pair_means(distances: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Mean distance between and, on the diagonal, within classes: (C, C), symmetric; NaN where there is no pair."""
    member = (labels[:, None] == np.arange(classes)).astype(np.float64)  # (n, C)
    counts = member.sum(0)
    pairs = np.outer(counts, counts) - np.diag(counts)  # an image is no pair with itself
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(pairs > 0, member.T @ distances @ member / pairs, np.nan)


def mine(distances: np.ndarray, labels: np.ndarray, mining: str) -> Mined:
    """The triplets that a miner takes of distances (n, n) as one batch; ties go to the lowest index.

    batch-hard: for each anchor its farthest positive and nearest negative. semi-hard: for each anchor and positive
    the nearest negative beyond the positive, or the farthest negative if there is none. batch-all: every triplet.

    Raises:
        ValueError: another name of a miner.
    """
    same = labels[:, None] == labels
    positive, negative = same & ~np.eye(len(labels), dtype=bool), ~same
    if mining == "batch-hard":
        anchor = np.flatnonzero(positive.any(1) & negative.any(1))
        farthest = np.where(positive, distances, -np.inf)[anchor].argmax(1)
        return Mined(anchor, farthest, np.where(negative, distances, np.inf)[anchor].argmin(1))
    if mining == "semi-hard":
        anchor, other = np.nonzero(positive & negative.any(1)[:, None])
        away = np.where(negative, distances, np.nan)[anchor]  # (T, n)
        beyond = np.where(away > distances[anchor, other][:, None], away, np.inf)
        farthest = np.where(np.isnan(away), -np.inf, away).argmax(1)
        return Mined(anchor, other, np.where(np.isfinite(beyond).any(1), beyond.argmin(1), farthest))
    if mining == "batch-all":
        return Mined(*np.nonzero(positive[:, :, None] & negative[:, None, :]))
    raise ValueError(f"mining: {mining!r} given, expected batch-hard, semi-hard or batch-all")


def margins(distances: np.ndarray, mined: Mined, dual: bool = False) -> np.ndarray:
    """By how much the negative is farther than the positive: (T,), or (T, 2) from both sides of the dual loss.

    A hinge is active at τ where its margin is below τ. From the anchor's side that is D(a,n) − D(a,p), from the
    positive's D(p,n) − D(a,p).
    """
    apart = distances[mined.anchor, mined.positive]
    anchors = distances[mined.anchor, mined.negative] - apart
    return np.stack([anchors, distances[mined.positive, mined.negative] - apart], -1) if dual else anchors


def active_share(margin: np.ndarray, threshold: float) -> float:
    """Share of hinges that still pull at this threshold; NaN if there is none."""
    return float((margin < threshold).mean()) if margin.size else float("nan")


def threshold_table(run: Run, epoch: int = -1, part: str = "training") -> list[dict[str, Any]]:
    """One row a slice: its τ, mean distances, and the hinges of the run's own miner among the probe images.

    Args:
        epoch: -1 is the last one.
        part: "training" or "unseen", which subjects' images are looked at.

    Raises:
        RunError: the run lacks a file, or has no image of that part.
    """
    if part not in PARTS:
        raise ValueError(f"part: {part!r} given, expected {' or '.join(PARTS)}")
    config, probe, snapshot = run.config["config"], run.probe, run.snapshot(epoch)
    rows = np.flatnonzero(probe.test == (part == "unseen"))
    if not len(rows):
        raise RunError(f"{run.path / 'probe.npz'}: no image of the part {part!r}")
    labels, dual = probe.labels[rows], config.get("method") != "triplet"
    known = slice_table(run, snapshot.epoch)
    table = []
    for number, vectors in enumerate(snapshot.slices[:, rows], 1):
        threshold = known[number - 1].get("threshold")
        distances = pairwise(vectors, bool(config.get("squared")))
        within, between = within_between(distances, labels)
        margin = margins(distances, mine(distances, labels, config.get("mining", "semi-hard")), dual)
        table.append(
            {
                "slice": number,
                "threshold": threshold,
                "within": float(within.mean()) if within.size else float("nan"),
                "between": float(between.mean()) if between.size else float("nan"),
                "mean": float(np.concatenate([within, between]).mean()),
                "active": float("nan") if threshold is None else active_share(margin, threshold),
            }
        )
    return table
