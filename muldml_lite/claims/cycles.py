"""Claim 5: whether incomplete judgements run in cycles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from muldml_lite.claims.beds import Bed
from muldml_lite.claims.heads import Recipe, Trained, batches, train_head
from muldml_lite.claims.ledger import Cell, Claim, Comparison, Experiment, Outcome
from muldml_lite.claims.statistics import shuffled_recurrence

if TYPE_CHECKING:
    from torch import Tensor

CYCLE_TAU = 0.05  # incomplete judgements grow rare with τ, and this is about what becomes of them
_FEW = 6  # images of each class in a fixed batch; the more there are, the rarer is an incomplete judgement
_STEPS = 96
CASES = 20  # fewest incomplete judgements from which a share is told
_WINDOW = 8  # steps whose order is shuffled


def recurrences(positive: np.ndarray, negative: np.ndarray, incomplete: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Batch Hard triplets of a fixed batch at T steps, (T, B) each → the mirrored ones, new at other steps.

    Returns:
        recurs: (T, T) [i, j] cases (A, B, C) judged incompletely at i whose mirror image (B, A, C) is selected at j but
            is not at i; possible: (T,) all cases at i.
    """
    steps = len(positive)
    recurs = np.zeros((steps, steps))
    for i in range(steps):
        a = np.flatnonzero(incomplete[i])  # (c,)
        b, c = positive[i, a], negative[i, a]
        mirrored = (positive[:, b] == a) & (negative[:, b] == c)  # (T, c)
        recurs[i] = (mirrored & ~mirrored[i]).sum(1)
    return recurs, incomplete.sum(1)


def cycle_shares(positive: np.ndarray, negative: np.ndarray, incomplete: np.ndarray, seed: int) -> dict[str, float]:
    """Shares of incomplete judgements whose mirror image is new at the next step, and three ways to ask for chance.

    A cycle of two shows at odd distances in time and not at even ones; slow change grows with distance, so that
    the mean of 1 and 3 is that of 2. Shuffling the order within windows keeps what stands still and how old it is.
    """
    recurs, possible = recurrences(positive, negative, incomplete)
    total = max(1, possible.sum())
    at = [np.trace(recurs, lag) / max(1, possible[: len(recurs) - lag].sum()) for lag in (1, 2, 3)]
    rng, parts = np.random.default_rng(seed), range(0, len(recurs) - _WINDOW + 1, _WINDOW)
    windows = [recurs[p : p + _WINDOW, p : p + _WINDOW] for p in parts]
    in_order = sum(np.trace(window, 1) for window in windows)
    shuffled = sum(shuffled_recurrence(window, 200, rng) for window in windows)  # (200,)
    return {
        "cycle_next": float(at[0]),
        "cycle_odd": float((at[0] + at[2]) / 2),
        "cycle_even": float(at[1]),
        "cycle_in_order": float(in_order / total),
        "cycle_shuffled": float(shuffled.mean() / total),
        "cycle_by_chance": float(np.mean(shuffled >= in_order)),
        "incomplete": float(possible.sum() / positive.size),
    }


def measure_cycles(bed: Bed, cell: Cell, arm: str, seed: int) -> Outcome:
    """The same batch at every step, so that every triplet can come back; plain loss, Batch Hard. Four batches a run."""
    how = Recipe((CYCLE_TAU,), loss="triplet", mining="batch-hard", rate=cell.settings["rate"])
    parts = [_watch(bed, how, rows, seed) for rows in batches(bed, bed.rows("train"), seed, 4, _FEW)]
    cases = sum(incomplete.sum() for *_, incomplete, _ in parts)
    shares = [cycle_shares(positive, negative, incomplete, seed) for positive, negative, incomplete, _ in parts]
    weights = [max(1, incomplete.sum()) for *_, incomplete, _ in parts]
    measured = {name: float(np.average([one[name] for one in shares], weights=weights)) for name in shares[0]}
    measured["cases"] = float(cases)
    few = f"fewer than {CASES} incomplete judgements" if cases < CASES else ""
    return parts[-1][3].outcome(measured)._replace(untestable=few)


def _watch(bed: Bed, how: Recipe, rows: list[int], seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, Trained]:
    """Positives and negatives of Batch Hard's triplets at T steps and whether they are judged incompletely, (T, B)."""
    import torch

    from muldml_lite.losses import pairwise_distances, split_slices
    from muldml_lite.mining import batch_hard

    features, labels = torch.from_numpy(bed.features[how.features])[rows], torch.from_numpy(bed.labels)[rows]
    seen = []

    def look(step: int, matrix: Tensor) -> None:
        distances = pairwise_distances(split_slices(features @ matrix, 1))[0]  # (B, B)
        mined = batch_hard(distances[None], labels)
        p, n = mined.positive[0], mined.negative[0]  # (B,)
        own = torch.arange(len(p))
        ap, an, pn = distances[own, p], distances[own, n], distances[p, n]
        seen.append([p.numpy(), n.numpy(), ((ap + how.thresholds[0] <= an) & (pn < ap)).numpy()])

    trained = train_head(bed, how, seed, on_step=look, order=[rows] * _STEPS)
    positive, negative, incomplete = (np.stack(part) for part in zip(*seen, strict=True))
    return positive, negative, incomplete, trained


CYCLES = Experiment(
    "cycles",
    arms=("triplet",),
    cells=tuple(
        Cell(
            f"{data}/fixed batch/{name}",
            f"{data} faces, the same batch at every step, plain loss, Batch Hard, learning rate {rate:g}",
            {"data": data, "rate": rate},
            quick=name == "usual rate",
        )
        for data in ("posed", "wild")
        for name, rate in (("low rate", 3e-3), ("usual rate", 1e-2), ("high rate", 3e-2))
    ),
    measure=measure_cycles,
    seconds=0.8,
)

CLAIMS = (
    Claim(
        "5a",
        "Incomplete judgements run in cycles",
        "(A, B, C) judged incompletely at one step brings (B, A, C) at the next, and back.",
        "figure 5",
        ("cycles",),
        (
            Comparison(
                "cycle_odd",
                "triplet",
                control_statistic="cycle_even",
                matters=0.01,
                unit="points",
                label="mirror image new after 1 or 3 steps: against 2 steps",
            ),
            Comparison(
                "cycle_in_order",
                "triplet",
                control_statistic="cycle_shuffled",
                matters=0.01,
                unit="points",
                required=False,
                label="mirror image new at the next step: against the same steps shuffled in windows of 8",
            ),
        ),
        rule="Supported: mirror images that were not there before appear more often after 1 and 3 steps than after 2, "
        "corrected (Holm). Slow change grows with time and gives all three in a line; a cycle of two shows at odd "
        "distances only. The shuffled order is shown, not judged: its steps are farther apart, which favours it.",
        guards=("collapsed",),
    ),
    Claim(
        "5b",
        "… from epoch to epoch",
        "The same between the epochs of a network trained end to end.",
        "figure 5",
        ("end to end",),
        (
            Comparison(
                "cycle_odd",
                "triplet beside cross entropy",
                control_statistic="cycle_even",
                matters=0.01,
                unit="points",
                label="mirror image new after 1 or 3 epochs: against 2 epochs",
            ),
        ),
        tier="end to end",
        guards=("collapsed",),
    ),
)
