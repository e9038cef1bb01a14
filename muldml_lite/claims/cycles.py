"""Claim 5: whether incomplete judgements run in cycles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from muldml_lite.claims.beds import Bed
from muldml_lite.claims.heads import Recipe, Trained, batches, train_head
from muldml_lite.claims.ledger import Cell, Claim, Comparison, Experiment, Outcome

if TYPE_CHECKING:
    from torch import Tensor

CYCLE_TAU = 0.05  # incomplete judgements are rarer at a larger τ, and this experiment needs many
_FEW = 6  # images of each class in a fixed batch; with more images, incomplete judgements are rarer
_STEPS = 96
CASES = 20  # fewest incomplete judgements for a share
_LAGS = 7  # steps later up to which turns are counted

History = tuple[np.ndarray, np.ndarray, np.ndarray]  # positive, negative, judged incompletely: (T, …, B) each


def turns(positive: np.ndarray, negative: np.ndarray, incomplete: np.ndarray, lag: int = 1) -> np.ndarray:
    """How many incomplete (A, B, C) are followed by an incomplete (B, A, C) after `lag` steps, (…,).

    Both cannot be incomplete at the same step, so a case that does not change is never counted.

    Args:
        positive: (T, …, B) the place of each anchor's mined positive at each step; negative likewise.
        incomplete: (T, …, B) bool, whether the triplet is judged incompletely.
    """

    def of_positive(part: np.ndarray) -> np.ndarray:
        """What the anchor's positive has `lag` steps later."""
        return np.take_along_axis(part[lag:], positive[:-lag], -1)

    mirrored = (of_positive(positive) == np.arange(positive.shape[-1])) & (of_positive(negative) == negative[:-lag])
    return (incomplete[:-lag] & of_positive(incomplete) & mirrored).sum((0, -1))


def turn_shares(histories: Sequence[History]) -> dict[str, float | list[float]]:
    """Shares of incomplete judgements that have turned at the next step, and two steps later, of the same cases.

    The second is the control. A cycle of two turns at the next step and is back after two. Random order gives both
    alike; slow change turns more the longer one waits. (1 and 3 steps against 2 would take some slow changes for
    cycles: their turns do not grow in a straight line.) A single leap that never comes back counts as a turn.
    """
    starts = max(1, sum(int(incomplete[:-2].sum()) for *_, incomplete in histories))

    def count(lag: int, end: int | None = None) -> float:
        return float(sum(turns(*(part[:end] for part in one), lag=lag).sum() for one in histories))

    return {
        "turns_next": count(1, end=-1) / starts,  # without cases that have no second step later
        "turns_after_two": count(2) / starts,
        "turns_by_lag": [count(lag) for lag in range(1, _LAGS + 1)],
        "cases": float(sum(incomplete.sum() for *_, incomplete in histories)),
    }


def told_from(shares: dict[str, float | list[float]]) -> str:
    """Why a run cannot test the claim; empty if it can."""
    return f"fewer than {CASES} incomplete judgements" if shares["cases"] < CASES else ""


def measure_cycles(bed: Bed, cell: Cell, arm: str, seed: int) -> Outcome:
    """The same batch at every step, so that every triplet can come back; plain loss, Batch Hard. Four batches a run."""
    how = Recipe((CYCLE_TAU,), loss="triplet", mining="batch-hard", rate=cell.settings["rate"])
    parts = [_watch(bed, how, rows, seed) for rows in batches(bed, bed.rows("train"), seed, 4, _FEW)]
    shares = turn_shares([history for history, _ in parts])
    judged = sum(history[2].size for history, _ in parts)
    measured = {**shares, "incomplete": shares["cases"] / judged}
    return parts[-1][1].outcome(measured)._replace(untestable=told_from(shares))


def _watch(bed: Bed, how: Recipe, rows: list[int], seed: int) -> tuple[History, Trained]:
    """Batch Hard's triplets at T steps, (T, B) each, and the trained head."""
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
    return tuple(np.stack(part) for part in zip(*seen, strict=True)), trained


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


def _against_two_later(arm: str, step: str) -> Comparison:
    return Comparison(
        "turns_next",
        arm,
        control_statistic="turns_after_two",
        matters=0.01,
        unit="points",
        label=f"turned round at the next {step}: against two {step}s later",
    )


CLAIMS = (
    Claim(
        "5a",
        "Incomplete judgements run in cycles",
        "(A, B, C) judged incompletely at one step brings (B, A, C) at the next, and back.",
        "figure 5",
        ("cycles",),
        (_against_two_later("triplet", "step"),),
        rule="Supported: incomplete judgements (A, B, C) are followed by an incomplete (B, A, C) at the next step more "
        "often than two steps later, corrected (Holm). A cycle of two is back where it was after two steps; random "
        "order gives both alike, and slow change turns more the longer one waits.",
        guards=("collapsed",),
    ),
    Claim(
        "5b",
        "… from epoch to epoch",
        "The same between the epochs of a network trained end to end.",
        "figure 5",
        ("cycles end to end",),
        (_against_two_later("triplet beside cross entropy", "epoch"),),
        tier="end to end",
        guards=("collapsed",),
    ),
)
