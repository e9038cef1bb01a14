"""What a method gains over another, from the same seeds and folds, with intervals.

The people are the independent units: a person's cases resemble one another, and all runs saw the same people. So the
interval is a bootstrap over people of the pooled numbers themselves. Beside it stands Student's t over folds (or,
with a single split, over seeds), corrected for the number of methods.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from muldml_lite.benchmark.held_out import HeldOut
from muldml_lite.benchmark.tables import MEASURES, Runs, accuracy, confusion, decide
from muldml_lite.claims.statistics import draw_means, estimates

FEWEST_PEOPLE = 20  # below, a bootstrap over them is too narrow
RESAMPLES = 2000
_CELLS = 2_000_000  # numbers of resampled people worked on at once


@dataclass(frozen=True)
class Gap:
    """One method minus its control, in 0…1."""

    method: str
    control: str
    measure: str
    mean: float
    low: float | None  # 95 % over people; None: fewer than 20
    high: float | None
    people: int
    pairs: int  # of runs: same seed and fold


@dataclass(frozen=True)
class Check:
    """The same difference of accuracies, by Student's t over folds or seeds."""

    method: str
    control: str
    measure: str
    unit: str  # folds | seeds
    units: int
    mean: float  # over units, whatever their size
    low: float | None  # at `level`; None: fewer than 3 units
    high: float | None
    level: float
    p_holm: float


def gaps(arms: Mapping[str, Runs], control: str, *, drawn: bool) -> list[Gap]:
    """Every other method against the control; nothing of those without a common run.

    Args:
        drawn: each seed draws other people, so that the same number means another person.
    """
    found = []
    for method, runs in arms.items():
        common = sorted(runs.keys() & arms.get(control, {}).keys())
        if method != control and common:
            found += [_gap(method, control, name, arms, common, drawn) for name in MEASURES]
    return found


def _gap(
    method: str, control: str, name: str, arms: Mapping[str, Runs], common: list[tuple[int, int]], drawn: bool
) -> Gap:
    read_out, what = name.split("_")
    people, right, total = _by_person(method, control, read_out, arms, common, drawn)
    difference = _accuracy if what == "accuracy" else _recall
    mean = float(difference(right.sum(0), total.sum(0)))
    low, high = _bootstrap(right, total, difference) if people >= FEWEST_PEOPLE else (None, None)
    return Gap(method, control, name, mean, low, high, people, len(common))


def _by_person(
    method: str, control: str, read_out: str, arms: Mapping[str, Runs], common: list[tuple[int, int]], drawn: bool
) -> tuple[int, np.ndarray, np.ndarray]:
    """Number of people P; rightly judged cases of method and control (P, C, 2); their cases (P, C), over all runs."""
    rows = []
    for seed, fold in common:
        ours, theirs = (decide(arms[name][seed, fold], read_out) for name in (method, control))
        whose = np.full(len(ours.truth), seed if drawn else 0)
        rows.append([whose, ours.person, ours.truth, ours.said == ours.truth, theirs.said == theirs.truth])
    whose, person, truth, first, second = (np.concatenate(column) for column in zip(*rows, strict=True))
    _, place = np.unique(np.stack([whose, person], 1), axis=0, return_inverse=True)
    shape = (int(place.max()) + 1, len(_any(arms[method]).classes))
    right, total = np.zeros((*shape, 2)), np.zeros(shape)
    np.add.at(right, (place, truth), np.stack([first, second], 1))
    np.add.at(total, (place, truth), 1)
    return shape[0], right, total


def _any(runs: Runs) -> HeldOut:
    return next(iter(runs.values()))


def _accuracy(right: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Counts (…, C, 2) and (…, C) → difference of accuracies (…)."""
    first, second = np.moveaxis(right.sum(-2), -1, 0)
    return (first - second) / total.sum(-1)


def _recall(right: np.ndarray, total: np.ndarray) -> np.ndarray:
    """The same → difference of mean class recalls, over the classes that occur."""
    there = total > 0
    each = (right[..., 0] - right[..., 1]) / np.where(there, total, 1)  # (…, C), 0 where there is no case
    return each.sum(-1) / there.sum(-1)


def _bootstrap(right: np.ndarray, total: np.ndarray, difference) -> tuple[float, float]:
    from scipy.stats import bootstrap

    def statistic(people: np.ndarray, axis: int) -> np.ndarray:  # people (…, P)
        return difference(right[people].sum(axis - 2), total[people].sum(axis - 1))

    found = bootstrap(
        (np.arange(len(right)),),
        statistic,
        n_resamples=RESAMPLES,
        batch=max(1, _CELLS // right.size),
        method="percentile",
        vectorized=True,
        rng=np.random.default_rng(0),
    )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def checks(arms: Mapping[str, Runs], control: str) -> list[Check]:
    """Differences of accuracies over folds, each averaged over its seeds, or over seeds; corrected by read-out."""
    folds = {fold for runs in arms.values() for _, fold in runs}
    unit = "folds" if len(folds) > 1 else "seeds"
    methods = [m for m, runs in arms.items() if m != control and runs.keys() & arms.get(control, {}).keys()]
    found = []
    for read_out in ("head", "knn"):
        differences = [_over_units(arms[m], arms[control], read_out, unit) for m in methods]
        for method, units, one in zip(methods, differences, estimates(differences), strict=True):
            name = f"{read_out}_accuracy"
            found.append(
                Check(method, control, name, unit, len(units), one.mean, one.low, one.high, one.level, one.p_holm)
            )
    return found


def _over_units(ours: Runs, theirs: Runs, read_out: str, unit: str) -> np.ndarray:
    common = sorted(ours.keys() & theirs.keys())
    values = [_score(ours[key], read_out) - _score(theirs[key], read_out) for key in common]
    return draw_means([fold if unit == "folds" else seed for seed, fold in common], values)


def _score(held: HeldOut, read_out: str) -> float:
    return accuracy(confusion([decide(held, read_out)], len(held.classes)))
