"""Paired differences between arms, intervals that allow for their number, and how many draws a difference needs.

The independent units are *data draws*: other people, other pictures, another warm-up. Seeds within a draw share all of
that, so they are averaged first and the interval is Student's t over draws. A cluster bootstrap would say the same
of the mean, but is too narrow with fewer than about 20 draws; a mixed model adds nothing where every draw has the
same number of seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

ALPHA = 0.05
POWER = 0.8
FEWEST = 3  # draws; below, a spread between draws cannot be told


@dataclass(frozen=True)
class Estimate:
    """A mean over draws with its interval."""

    mean: float
    low: float | None  # None: fewer than 3 draws
    high: float | None
    p: float  # two-sided, not corrected
    p_holm: float
    level: float  # of the interval
    resolvable: float | None  # difference that so many draws resolve with 80 % power at this level
    spread: float | None  # standard deviation between draws
    draws: int


def draw_means(draws: Sequence[int], values: Sequence[float]) -> np.ndarray:
    """Values (r,) of runs → their means within each draw, (d,) in ascending order of draws."""
    draws, values = np.asarray(draws), np.asarray(values, np.float64)
    return np.array([values[draws == draw].mean() for draw in np.unique(draws)])


def p_value(differences: np.ndarray) -> float:
    """Two-sided p of Student's t test that the mean of (d,) is 0; 1 if there are fewer than 3 draws.

    Without any spread the test has no scale: p is 1 if all are 0, and 0 if all are the same other number.
    """
    from scipy.stats import ttest_1samp

    if len(differences) < FEWEST:
        return 1.0
    if np.ptp(differences) <= 1e-12 * max(1, np.abs(differences).max()):
        return 1.0 if abs(differences[0]) <= 1e-12 else 0.0
    return float(ttest_1samp(differences, 0).pvalue)


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


def estimates(differences: Sequence[np.ndarray], alpha: float = ALPHA) -> list[Estimate]:
    """Differences by draw (d_i,), one array for each comparison of a reading → estimates corrected for their number."""
    p = [p_value(one) for one in differences]
    corrected, levels = holm(p, alpha) if p else ([], [])
    return [
        Estimate(
            mean=float(np.mean(one)) if len(one) else float("nan"),
            **_interval(one, level),
            p=raw,
            p_holm=float(holms),
            level=float(1 - level),
            draws=len(one),
        )
        for one, raw, holms, level in zip(differences, p, corrected, levels, strict=True)
    ]


def _interval(differences: np.ndarray, level: float) -> dict[str, float | None]:
    from scipy.stats import t

    count = len(differences)
    if count < FEWEST:
        return {"low": None, "high": None, "resolvable": None, "spread": None}
    mean, spread = float(differences.mean()), float(differences.std(ddof=1))
    error = spread / np.sqrt(count)
    half = float(t.ppf(1 - level / 2, count - 1)) * error
    resolvable = (float(t.ppf(1 - level / 2, count - 1)) + float(t.ppf(POWER, count - 1))) * error
    return {"low": mean - half, "high": mean + half, "resolvable": float(resolvable), "spread": spread}


def draws_needed(spread: float, difference: float, comparisons: int = 1, alpha: float = ALPHA) -> int:
    """How many draws show a `difference` with 80 % power, in a reading of so many comparisons.

    Args:
        spread: standard deviation between draws of the paired difference, in the same unit.
        comparisons: intervals read together; the strictest step of Holm's correction is reckoned with.
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


def shuffled_recurrence(recurs: np.ndarray, shuffles: int, rng: np.random.Generator) -> np.ndarray:
    """How often something recurs at the *next* step if the order of the steps is arbitrary.

    Args:
        recurs: (T, T) number of cases at step i that recur at step j.

    Returns:
        Σ recurs[i, next of i] of each shuffle, (shuffles,): what chance and standing cases give without any dynamics.
    """
    steps = len(recurs)
    orders = rng.permuted(np.tile(np.arange(steps), (shuffles, 1)), axis=1)  # (shuffles, T)
    return recurs[orders[:, :-1], orders[:, 1:]].sum(1)
