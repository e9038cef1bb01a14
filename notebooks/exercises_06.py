"""The exercises of walkthrough 6, with their answers: reading on before trying spoils the fun."""

from __future__ import annotations

import numpy as np
from exercise import Exercise
from scipy.stats import norm, t


def held_out(subjects: np.ndarray, people: int) -> np.ndarray:
    return np.isin(subjects, np.unique(subjects)[-people:])


def paired_interval(treatment: np.ndarray, control: np.ndarray) -> tuple[float, float]:
    return _around((treatment - control).mean(1))


def _around(values: np.ndarray, ddof: int = 1, df: int | None = None, root: bool = True) -> tuple[float, float]:
    n = len(values)
    half = t.ppf(0.975, n - 1 if df is None else df) * values.std(ddof=ddof) / (n**0.5 if root else 1)
    return float(values.mean() - half), float(values.mean() + half)


def _unpaired(treatment: np.ndarray, control: np.ndarray) -> tuple[float, float]:
    first, second = treatment.mean(1), control.mean(1)
    n, gap = len(first), float(first.mean() - second.mean())
    half = t.ppf(0.975, 2 * n - 2) * ((first.var(ddof=1) + second.var(ddof=1)) / n) ** 0.5
    return gap - half, gap + half


def resolvable(spread: float, draws: int) -> float:
    return float((t.ppf(0.975, draws - 1) + t.ppf(0.8, draws - 1)) * spread / draws**0.5)


def honest_score(validation: np.ndarray, test: np.ndarray) -> float:
    return float(test[np.arange(len(test)), validation.argmax(1)].mean())


def holm_corrected(p: np.ndarray) -> np.ndarray:
    return _holm(p)


def _holm(p: np.ndarray, monotone: bool = True, sort_back: bool = True, capped: bool = True) -> np.ndarray:
    order, m = np.argsort(p), len(p)
    stepped = p[order] * np.arange(m, 0, -1)
    if monotone:
        stepped = np.maximum.accumulate(stepped)
    if capped:
        stepped = np.minimum(1, stepped)
    if not sort_back:
        return stepped
    corrected = np.empty(m)
    corrected[order] = stepped
    return corrected


def _benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    order, m = np.argsort(p), len(p)
    stepped = np.minimum.accumulate((p[order] * m / np.arange(1, m + 1))[::-1])[::-1]
    corrected = np.empty(m)
    corrected[order] = stepped
    return np.minimum(1, corrected)


def read_interval(low: float, high: float, matters: float) -> tuple[bool, bool]:
    return bool(low > 0), bool(high < matters)


_rng = np.random.default_rng(6)


def _table(draws: int, seeds: int) -> tuple[np.ndarray, np.ndarray]:
    people = _rng.normal(0.85, 0.04, (draws, 1))
    return tuple((people + _rng.normal(0.01 * arm, 0.015, (draws, seeds))).round(3) for arm in (1, 0))


def _course(runs: int, epochs: int) -> tuple[np.ndarray, np.ndarray]:
    return tuple(_rng.normal(0.8, 0.05, (runs, epochs)).round(3) for _ in range(2))


_tables = [_table(5, 2), _table(8, 3), _table(4, 4)]
_peeks = "That looks at test people to choose. Choose by validation alone, then look up what test says there."
_all_runs = (
    "Runs of one draw share their people: average the seeds of each draw first, then there are (draws,) numbers."
)

EXERCISES = {
    "held_out": Exercise(
        held_out,
        (
            (np.array([0, 0, 1, 1, 2, 2, 3, 3]), 1),
            (np.array([7, 2, 2, 5, 9, 5, 2, 7, 7]), 2),
            (np.array([3, 3, 3, 3, 3, 8, 10, 11]), 3),
        ),
        (
            "who are the people? np.unique(subjects) lists each once, in ascending order.",
            "the last `people` of that list are held out; an image is held out if its subject is among them.",
            "np.isin(subjects, np.unique(subjects)[-people:])",
        ),
        (
            (lambda s, k: np.arange(len(s)) >= len(s) - k, "That holds out images whose people stay in training."),
            (lambda s, k: np.arange(len(s)) >= len(s) * (1 - k / len(np.unique(s))),
             "That holds out a share of the images: some people end up on both sides."),
            (lambda s, k: s > s.max() - k, "Numbers of subjects may have gaps: count people, not numbers."),
            (lambda s, k: ~np.isin(s, np.unique(s)[-k:]), "The other way round: True is for those who are held out."),
            (lambda s, k: np.isin(s, np.unique(s)[:k]), "Asked for are the last people, not the first ones."),
            (lambda s, k: np.isin(s, s[-k:]), "The last images need not be of different people: take np.unique first."),
        ),
    ),
    "paired_interval": Exercise(
        paired_interval,
        tuple(_tables),
        (
            "one number for each draw: treatment − control, averaged over its seeds.",
            "mean ± t · standard deviation / √n, over the n draws; the standard deviation divides by n − 1.",
            "d = (treatment - control).mean(1); half = t.ppf(0.975, len(d) - 1) * d.std(ddof=1) / len(d) ** 0.5",
        ),
        (
            (lambda a, b: _around((a - b).ravel()), _all_runs),
            (_unpaired, "That treats the arms as strangers. Take differences within draws: what both share cancels."),
            (lambda a, b: _around((a - b).mean(1), ddof=0), "numpy's std divides by n unless you say ddof=1."),
            (lambda a, b: _around((a - b).mean(1), root=False), "That is the spread of draws; a mean has spread / √n."),
            (lambda a, b: _around((a - b).mean(1), df=10**9),
             "1.96 is for a known spread. With few draws it is estimated: t.ppf(0.975, draws - 1)."),
            (lambda a, b: _around((a - b).mean(0)), "That averages over draws and keeps the seeds. Axis 1 is seeds."),
        ),
    ),
    "resolvable": Exercise(
        resolvable,
        ((0.01, 8), (0.02, 3), (1.0, 16)),
        (
            "the mean of n draws scatters by spread / √n. Two multiples of that are added.",
            "one multiple takes the interval away from 0 (97.5 %), the other makes that happen in 80 % of studies.",
            "(t.ppf(0.975, draws - 1) + t.ppf(0.8, draws - 1)) * spread / draws ** 0.5",
        ),
        (
            (lambda s, n: t.ppf(0.975, n - 1) * s / n**0.5,
             "That is half the interval. A true difference of that size is found only every other time: add 80 %."),
            (lambda s, n: (norm.ppf(0.975) + norm.ppf(0.8)) * s / n**0.5,
             "That is for a known spread; with few draws take t with draws − 1 degrees of freedom."),
            (lambda s, n: (t.ppf(0.975, n - 1) + t.ppf(0.8, n - 1)) * s, "A mean of n draws scatters by spread / √n."),
            (lambda s, n: (t.ppf(0.95, n - 1) + t.ppf(0.8, n - 1)) * s / n**0.5,
             "A 95 % interval leaves 2.5 % on either side: t.ppf(0.975, …)."),
        ),
    ),
    "honest_score": Exercise(
        honest_score,
        (_course(3, 5), _course(5, 12), _course(1, 4)),
        (
            "each run stops where *validation* is best: validation.argmax(1), one epoch for each run.",
            "then look up test at that epoch of that run. Every run counts: take the mean.",
            "test[np.arange(len(test)), validation.argmax(1)].mean()",
        ),
        (
            (lambda v, x: x.max(1).mean(), _peeks),
            (lambda v, x: x.max(), "The best epoch of the best run on test: two choices, and both have peeked."),
            (lambda v, x: v.max(1).mean(), "Validation has chosen, so its own best is too good: report test."),
            (lambda v, x: x[np.unravel_index(v.argmax(), v.shape)], "One run only. Seeds are not for choosing."),
            (lambda v, x: x[:, v.mean(0).argmax()].mean(), "One epoch for all runs; asked for is each run's own."),
            (lambda v, x: x[:, -1].mean(), "The last epoch is a choice without peeking, but not the one asked for."),
        ),
    ),
    "holm_corrected": Exercise(
        holm_corrected,
        (
            (np.array([0.01, 0.02, 0.03]),),
            (np.array([0.04, 0.001, 0.3, 0.02, 0.9]),),
            (np.array([0.6, 0.012, 0.011, 0.7]),),
        ),
        (
            "sort them: order = np.argsort(p). The smallest is multiplied by m, the next by m − 1, … the last by 1.",
            "no corrected p may be smaller than one before it: np.maximum.accumulate. And none above 1.",
            "back to the order in which they came: corrected = np.empty(m); corrected[order] = stepped",
        ),
        (
            (lambda p: np.minimum(1, p * len(p)), "That is Bonferroni, all times m. Holm: times those that are left."),
            (lambda p: _holm(p, monotone=False), "A larger p gets no smaller corrected one: np.maximum.accumulate."),
            (lambda p: _holm(p, sort_back=False), "Those are right, but sorted: give each back to its hypothesis."),
            (lambda p: _holm(p, capped=False), "A probability ends at 1."),
            (lambda p: np.minimum(1, p * np.arange(len(p), 0, -1)), "Sort first: the *smallest* p is multiplied by m."),
            (_benjamini_hochberg, "That is Benjamini and Hochberg's, which bounds the share of false discoveries."),
        ),
    ),
    "read_interval": Exercise(
        read_interval,
        ((0.002, 0.03, 0.01), (-0.002, 0.03, 0.01), (-0.004, 0.006, 0.01), (-0.03, -0.01, 0.01),
         (0.001, 0.004, 0.01), (-0.05, 0.05, 0.01)),
        (
            "the interval holds the differences that agree with the data. Ask two questions of it.",
            "shown: are all of them above 0? Ruled out: is none of them as large as what would matter?",
            "low > 0, high < matters",
        ),
        (
            (lambda low, high, m: (low > 0, low <= 0 <= high),
             "An interval with 0 in it may hold large differences, too: that is undecided, not ruled out."),
            (lambda low, high, m: (low > 0, low <= 0),
             "Not shown is not ruled out. An effect that matters is out only if the upper end lies below it."),
            (lambda low, high, m: (low > m, high < m), "Shown asks for a difference above 0, of whatever size."),
            (lambda low, high, m: (low > 0 or high < 0, high < m), "Below 0 is the other side; it shows no gain."),
            (lambda low, high, m: (low > 0, -m < low and high < m),
             "Asked is about an effect on the claimed side. Far below 0 rules it out all the more."),
        ),
    ),
}  # fmt: skip
