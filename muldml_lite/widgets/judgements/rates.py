"""How often a run's triplets were judged incompletely, and which ones were."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from muldml_lite.runs import Judgements, Run, RunError, Snapshot


class IncompleteRates(NamedTuple):
    """Shares of triplets judged incompletely, per epoch and slice."""

    epochs: np.ndarray  # (E,) epochs of the training's own counts
    trained: np.ndarray  # (E, N) of the triplets that the training itself mined; NaN where it mined none
    recorded: np.ndarray  # (R,) epochs of the recorded triplets
    hardest: np.ndarray  # (R, N) of the Batch Hard triplets of the probe set's training images
    judged: int  # how many of these there are, per epoch and slice
    thresholds: np.ndarray  # (N,)


def thresholds_of(run: Run) -> np.ndarray:
    """Thresholds (N,) of a run's slices.

    Raises:
        RunError: the run has none (it was trained without a metric loss), or no epoch is recorded yet.
    """
    history = run.history
    if not history:
        raise RunError(f"{run.path / 'history.jsonl'}: no record of any epoch yet")
    found = [row.get("threshold") for row in history[-1]["slices"]]
    if not found or None in found:
        raise RunError(f"{run.path}: trained without thresholds (cross entropy alone), so nothing is judged by one")
    return np.array(found, float)


def incomplete_rates(run: Run) -> IncompleteRates:
    """Per epoch and slice, from what the run folder recorded.

    Raises:
        RunError: no thresholds, no recorded judgements, or files that disagree.
    """
    thresholds, history, judgements = thresholds_of(run), run.history, run.judgements
    if judgements.distances.shape[1] != len(thresholds):
        raise RunError(
            f"{run.path / 'judgements.npz'}: {judgements.distances.shape[1]} slices, but history.jsonl has "
            f"{len(thresholds)}"
        )
    mined = [[row.get("incomplete_fraction") for row in record["slices"]] for record in history]
    # The warm-up mines, too, without learning from it. The untrained network has seen no batch.
    measured = np.array([record.get("metric_loss") is not None for record in history])
    trained = np.where(measured[:, None], np.array(mined, float), np.nan)  # (E, N)
    bad = is_incomplete(judgements, thresholds)  # (R, N, m)
    epochs = np.array([record["epoch"] for record in history])
    return IncompleteRates(epochs, trained, judgements.epochs, bad.mean(-1), bad.shape[-1], thresholds)


def is_incomplete(judgements: Judgements, thresholds: np.ndarray) -> np.ndarray:
    """D(a,p) + τ ≤ D(a,n) and D(p,n) < D(a,p), thresholds (N,) → (E, N, m) bool."""
    ap, an, pn = np.moveaxis(judgements.distances.astype(np.float32), -1, 0)  # (E, N, m)
    return (ap + thresholds[None, :, None] <= an) & (pn < ap)


class RealTriplets(NamedTuple):
    """All valid triplets of some images in one slice, as far as they are judged incompletely."""

    share: float  # of all valid triplets
    count: int
    examples: np.ndarray  # (k, 3) places in the probe set: anchor, positive, negative; the clearest first
    distances: np.ndarray  # (k, 3) D(a,p), D(a,n), D(p,n)


def real_triplets(
    snapshot: Snapshot, labels: np.ndarray, chosen: np.ndarray, slice: int, tau: float, k: int = 4
) -> RealTriplets:
    """Every triplet of the chosen images, mined or not; k examples, each with images of its own.

    Args:
        labels: (n,) of the probe set.
        chosen: (n,) bool, which images take part.
        tau: threshold τ of the slice.
    """
    places, vectors = np.flatnonzero(chosen), snapshot.slices[slice][chosen]  # (c,), (c, d)
    distances = np.linalg.norm(vectors[:, None] - vectors, axis=-1)  # (c, c)
    same = labels[places][:, None] == labels[places]
    valid, found = 0, []
    for anchor in range(len(places)):
        positives = np.flatnonzero(same[anchor] & (np.arange(len(places)) != anchor))  # (P,)
        negatives = np.flatnonzero(~same[anchor])  # (Q,)
        valid += len(positives) * len(negatives)
        ap, an = distances[anchor, positives][:, None], distances[anchor, negatives]  # (P, 1), (Q,)
        pn = distances[np.ix_(positives, negatives)]  # (P, Q)
        p, q = np.nonzero((ap + tau <= an) & (pn < ap))
        found.append(np.stack([np.full(len(p), anchor), positives[p], negatives[q]], 1))
    triplets = np.concatenate(found) if found else np.empty((0, 3), int)  # (T, 3)
    a, p, n = triplets.T
    # The clearest: of what is missing from the positive's side, the most.
    order = np.argsort(distances[p, n] - distances[a, p], kind="stable")
    picked = _apart(triplets[order], k)
    a, p, n = picked.T
    sides = np.stack([distances[a, p], distances[a, n], distances[p, n]], 1)  # (k, 3)
    return RealTriplets(len(triplets) / max(1, valid), len(triplets), places[picked], sides)


def _apart(triplets: np.ndarray, k: int) -> np.ndarray:
    """The first k triplets (T, 3) that share no image with an earlier one."""
    used: set[int] = set()
    picked = []
    for triplet in triplets:
        if len(picked) < k and used.isdisjoint(triplet.tolist()):
            picked.append(triplet)
            used.update(triplet.tolist())
    return np.array(picked, int).reshape(-1, 3)


def triangle(ap: float, an: float, pn: float) -> tuple[tuple[float, float], ...]:
    """Anchor, positive and negative in the plane, at exactly these distances, centred. Such a triangle always exists
    for distances that were measured somewhere; rounding may miss it by a hair, which flattens it."""
    x = (ap**2 + an**2 - pn**2) / (2 * ap)
    y = np.sqrt(max(0.0, an**2 - x**2))
    corners = np.array([[0, 0], [ap, 0], [x, y]])
    corners -= (corners.min(0) + corners.max(0)) / 2
    return tuple((float(cx), float(cy)) for cx, cy in corners)
