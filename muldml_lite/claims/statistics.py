"""Paired differences between arms, intervals corrected for their number, and how many draws a difference needs.

Outcomes that are 0 or 1 get exact tests and exact binomial intervals. Other differences that are all the same have no
spread to compare them with, so they get neither an interval nor a verdict.

The independent units are *data draws*: other people, other pictures, another warm-up. Seeds within a draw share all of
that, so they are averaged first and the interval is Student's t over draws. A cluster bootstrap gives the same mean,
but is too narrow with fewer than about 20 draws. A mixed model adds nothing if every draw has the same number of seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

ALPHA = 0.05
POWER = 0.8
FEWEST = 3  # draws; with fewer, the spread between draws cannot be estimated


@dataclass(frozen=True)
class Estimate:
    """A mean over draws with its interval."""

    mean: float
    low: float | None  # None: fewer than 3 draws, or no spread between them
    high: float | None
    p: float  # two-sided, not corrected
    p_holm: float
    level: float  # of the interval
    resolvable: float | None  # difference that so many draws resolve with 80 % power at this level; None: exact
    spread: float | None  # standard deviation between draws
    draws: int


def draw_means(draws: Sequence[int], values: Sequence[float]) -> np.ndarray:
    """Values (r,) of runs → their means within each draw, (d,) in ascending order of draws."""
    draws, values = np.asarray(draws), np.asarray(values, np.float64)
    return np.array([values[draws == draw].mean() for draw in np.unique(draws)])


def without_spread(differences: np.ndarray) -> bool:
    """Whether differences (d,) are all the same, up to rounding."""
    return bool(np.ptp(differences) <= 1e-12 * max(1, np.abs(differences).max()))


class ZeroOne(NamedTuple):
    """Outcomes that are 0 or 1, one a draw, paired with a control's or held against a constant share."""

    up: int  # draws in which the treatment's is 1 and the control's is not
    down: int  # the other way round
    draws: int
    constant: float | None = None  # in place of a control

    def p(self) -> float:
        """Of the exact sign test, or the exact binomial test against the constant."""
        from scipy.stats import binomtest

        if self.constant is not None:
            return float(binomtest(self.up, self.draws, self.constant).pvalue)
        return float(binomtest(self.up, self.up + self.down).pvalue) if self.up + self.down else 1.0

    def interval(self, level: float) -> tuple[float, float]:
        """Clopper–Pearson; of a difference, both shares' intervals at half the level each.

        The latter is wider than the sign test needs: it leaves out 0 only where that test rejects.
        """
        from scipy.stats import binomtest

        if self.constant is not None:
            share = binomtest(self.up, self.draws).proportion_ci(1 - level, method="exact")
            return float(share.low - self.constant), float(share.high - self.constant)
        up, down = (
            binomtest(count, self.draws).proportion_ci(1 - level / 2, method="exact") for count in (self.up, self.down)
        )
        return float(up.low - down.high), float(up.high - down.low)


def p_value(differences: np.ndarray, counts: ZeroOne | None = None) -> float:
    """Two-sided p that the mean of (d,) is 0; 1 if there are fewer than 3 draws or no spread between them.

    Exact for outcomes that are 0 or 1, Student's t test for others.
    """
    from scipy.stats import ttest_1samp

    if len(differences) < FEWEST:
        return 1.0
    if counts is not None:
        return counts.p()
    return 1.0 if without_spread(differences) else float(ttest_1samp(differences, 0).pvalue)


def holm(p_values: Sequence[float], alpha: float = ALPHA) -> tuple[np.ndarray, np.ndarray]:
    """Holm's step-down correction (Holm 1979) of m p-values → corrected p (m,), significance level of each (m,).

    A level is that of the step at which a hypothesis was rejected, or at which the procedure stopped. So an interval
    of confidence 1 − level leaves out 0 exactly where the corrected p is below alpha.
    """
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p, kind="stable")
    steps = np.arange(len(p), 0, -1)  # hypotheses left at each step
    corrected = np.minimum(1, np.maximum.accumulate(p[order] * steps))
    rejected = int((corrected < alpha).sum())  # corrected p ascends, so these come first
    left = np.where(np.arange(len(p)) < rejected, steps, max(1, len(p) - rejected))
    result, levels = np.empty_like(p), np.empty_like(p)
    result[order], levels[order] = corrected, alpha / left
    return result, levels


def estimates(
    differences: Sequence[np.ndarray], alpha: float = ALPHA, counts: Sequence[ZeroOne | None] | None = None
) -> list[Estimate]:
    """Differences by draw (d_i,), one array for each comparison of a reading → estimates corrected for their number.

    Args:
        counts: of comparisons whose outcomes are 0 or 1; None for any other.
    """
    counts = [None] * len(differences) if counts is None else counts
    p = [p_value(*pair) for pair in zip(differences, counts, strict=True)]
    corrected, levels = holm(p, alpha) if p else ([], [])
    return [
        Estimate(
            mean=float(np.mean(one)) if len(one) else float("nan"),
            **_interval(one, level, exact),
            p=raw,
            p_holm=float(holms),
            level=float(1 - level),
            draws=len(one),
        )
        for one, exact, raw, holms, level in zip(differences, counts, p, corrected, levels, strict=True)
    ]


def _interval(differences: np.ndarray, level: float, exact: ZeroOne | None) -> dict[str, float | None]:
    from scipy.stats import t

    count = len(differences)
    found: dict[str, float | None] = dict.fromkeys(("low", "high", "resolvable", "spread"))
    if count < FEWEST:
        return found
    spread = float(differences.std(ddof=1))
    if exact is not None:
        low, high = exact.interval(level)
        return {**found, "low": low, "high": high, "spread": spread}
    if without_spread(differences):
        return {**found, "spread": 0.0}
    mean, error = float(differences.mean()), spread / np.sqrt(count)
    half = float(t.ppf(1 - level / 2, count - 1)) * error
    resolvable = half + float(t.ppf(POWER, count - 1)) * error
    return {"low": mean - half, "high": mean + half, "resolvable": float(resolvable), "spread": spread}


def draws_needed(spread: float, difference: float, comparisons: int = 1, alpha: float = ALPHA) -> int:
    """How many draws show a `difference` with 80 % power, in a reading of so many comparisons.

    Args:
        spread: standard deviation between draws of the paired difference, in the same unit.
        comparisons: intervals read together; the strictest step of Holm's correction is assumed.
    """
    from scipy.stats import nct, norm, t

    if not (spread > 0 and difference > 0):
        raise ValueError(f"spread, difference: {spread!r}, {difference!r} given, expected numbers above 0")
    # With a known spread fewer would do: the search begins there.
    known = (norm.isf(alpha / comparisons / 2) + norm.ppf(POWER)) * spread / difference
    for count in range(max(FEWEST, int(known**2)), 10_000):
        critical = t.ppf(1 - alpha / comparisons / 2, count - 1)
        if nct.sf(critical, count - 1, difference / spread * np.sqrt(count)) >= POWER:
            return count
    return 10_000
