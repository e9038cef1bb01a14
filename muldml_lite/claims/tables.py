"""Rows of a study as paired runs: the same regime, draw and seed in two arms."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from muldml_lite.claims.ledger import Claim, Comparison
from muldml_lite.claims.statistics import ZeroOne, draw_means

Row = dict[str, Any]


class Pairs(NamedTuple):
    """The paired runs of one comparison in one cell."""

    draws: list[int]
    seeds: set[int]
    treatment: list[float]
    control: list[float]
    untestable: str
    constant: float | None  # what the treatment is held against in place of a control

    def differences(self) -> np.ndarray:
        return draw_means(self.draws, np.subtract(self.treatment, self.control)) if self.draws else np.empty(0)

    def zero_one(self) -> ZeroOne | None:
        """Counts, if the outcome of every draw is 0 or 1; several seeds that disagree make a share like any other.

        Nothing but zeros might be shares as well: None.
        """
        compared = self.treatment if self.constant is not None else [*self.treatment, *self.control]
        if not {1.0} <= set(compared) <= {0.0, 1.0} or not 0 <= (self.constant or 0) <= 1:
            return None
        treated, control = (draw_means(self.draws, values) for values in (self.treatment, self.control))
        if not np.isin(treated if self.constant is not None else [treated, control], (0, 1)).all():
            return None
        if self.constant is not None:
            return ZeroOne(int(treated.sum()), 0, len(treated), self.constant)
        return ZeroOne(int((treated > control).sum()), int((treated < control).sum()), len(treated))

    def counted(self) -> str:
        """How often, in words: of outcomes that are 0 or 1, or that are held against never."""
        if self.zero_one() is None and self.constant != 0:
            return ""
        treated, control = (draw_means(self.draws, values) for values in (self.treatment, self.control))
        if self.zero_one() is None:
            return f"above 0 in {(treated > 0).sum()} of {len(treated)} resamples"
        against = "" if self.constant is not None else f" against {control.sum():.0f} of {len(control)}"
        return f"{treated.sum():.0f} of {len(treated)} resamples{against}"


class Table:
    """Rows by (cell, arm), and by (draw, seed) within."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.runs: dict[tuple[str, str], dict[tuple[int, int], Row]] = defaultdict(dict)
        self.of_experiment: dict[str, dict[str, None]] = defaultdict(dict)  # cells in the order they came
        for row in rows:
            self.runs[row["cell"], row["arm"]][row["draw"], row["seed"]] = row
            self.of_experiment[row["experiment"]][row["cell"]] = None

    def cells(self, claim: Claim) -> list[str]:
        cells = [cell for name in claim.experiments for cell in self.of_experiment[name]]
        return [cell for cell in dict.fromkeys(cells) if not claim.cells or cell.startswith(claim.cells)]

    def pairs(self, claim: Claim, cell: str, one: Comparison) -> Pairs | None:
        """None: this regime has no such arms or statistics."""
        treated = self.runs.get((cell, one.treatment), {})
        controls = self.runs.get((cell, one.control), {}) if one.control else treated
        name = one.control_statistic or one.statistic
        keys = sorted(treated.keys() & controls.keys())
        values = [
            (key, treated[key]["measured"].get(one.statistic), controls[key]["measured"].get(name))
            if one.value is None
            else (key, treated[key]["measured"].get(one.statistic), one.value)
            for key in keys
        ]
        values = [v for v in values if _number(v[1]) and _number(v[2])]
        if not values:
            return None
        keys = [key for key, *_ in values]
        return Pairs(
            [draw for draw, _ in keys],
            {seed for _, seed in keys},
            [float(v[1]) for v in values],
            [float(v[2]) for v in values],
            _why_untestable(claim, [[treated[k] for k in keys], [controls[k] for k in keys]]),
            one.value,
        )


def _number(value: Any) -> bool:
    return value is not None and math.isfinite(value)


def _why_untestable(claim: Claim, arms: list[list[Row]]) -> str:
    """A regime is out if in more than half of the runs of an arm a guard says so."""
    for runs in arms:
        reasons = [row["untestable"] for row in runs if row.get("untestable")]
        if len(reasons) > len(runs) / 2:
            return f"{reasons[0]} in {len(reasons)} of {len(runs)} runs"
        for guard in claim.guards:
            count = sum(bool(row[guard]) for row in runs)
            if count > len(runs) / 2:
                active = np.mean([row["active"] for row in runs if row["active"] is not None] or [np.nan])
                how = f", {active:.0%} of the hinges active" if guard == "saturated" else ""
                return f"{guard} in {count} of {len(runs)} runs of {runs[0]['arm']}{how}"
    return ""
