"""Rows of a study → what single draws say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from muldml_lite.claims import Claim, Comparison, Interval, Study
from muldml_lite.claims.derived import with_derived
from muldml_lite.claims.verdicts import CONFIRMATION

Row = Mapping[str, Any]


class NoNumbers(ValueError):
    """A study holds no runs for a figure; the message says which were expected."""


def confirmation_rows(study: Study, experiments: Iterable[str] | None = None) -> list[Row]:
    """Confirmation runs of some experiments (None: of all), arms that are chosen from others included."""
    names = None if experiments is None else set(experiments)
    rows = [row for row in with_derived(study.rows) if row["draw"] >= CONFIRMATION]
    return [row for row in rows if names is None or row["experiment"] in names]


def by_draw(rows: Iterable[Row], cell: str, arm: str, statistic: str) -> dict[int, float]:
    """Mean over seeds of one number, for each draw."""
    found: dict[int, list[float]] = defaultdict(list)
    for row in rows:
        value = row["measured"].get(statistic)
        if row["cell"] == cell and row["arm"] == arm and value is not None:
            found[row["draw"]].append(value)
    return {draw: float(np.mean(values)) for draw, values in sorted(found.items())}


def comparison_of(claims: Sequence[Claim], interval: Interval) -> Comparison:
    """The comparison that an interval answers."""
    wanted = (interval.statistic, interval.treatment, interval.control, interval.label)
    claim = next(one for one in claims if one.id == interval.claim)
    return next(c for c in claim.comparisons if (c.statistic, c.treatment, c.control_text(), label_of(c)) == wanted)


def label_of(one: Comparison) -> str:
    """The label that a comparison's intervals carry."""
    return one.label or f"{one.statistic}: {one.treatment} against {one.control_text()}"


def single_draws(rows: Iterable[Row], cell: str, one: Comparison) -> dict[int, float]:
    """Treatment − control for each draw, paired by seed and averaged over seeds: what an interval is made of."""
    rows = [row for row in rows if row["cell"] == cell]
    controls = {(row["draw"], row["seed"]): row for row in rows if row["arm"] == (one.control or one.treatment)}
    found: dict[int, list[float]] = defaultdict(list)
    for row in rows:
        other = controls.get((row["draw"], row["seed"]))
        if row["arm"] != one.treatment or other is None:
            continue
        value = row["measured"].get(one.statistic)
        control = other["measured"].get(one.control_statistic or one.statistic) if one.value is None else one.value
        if value is not None and control is not None:
            found[row["draw"]].append(value - control)
    return {draw: float(np.mean(values)) for draw, values in sorted(found.items())}
