"""Held-out predictions of many runs → how good each method is.

Folds share one data set, and each case is held out in exactly one of them: so the folds of a seed are pooled into one
table first, and means and spreads are taken over seeds. Frames of one sequence are one case: their probabilities are
averaged before a class is chosen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from muldml_lite.benchmark.held_out import HeldOut

READ_OUTS = ("head", "knn")
UNITS = ("cases", "images")
MEASURES = tuple(f"{read_out}_{what}" for read_out in READ_OUTS for what in ("accuracy", "recall"))
OF_IMAGES = tuple(f"{name}_images" for name in MEASURES)  # the same of single images, not of cases
Runs = Mapping[tuple[int, int], HeldOut]  # (seed, fold) → what came out


@dataclass(frozen=True)
class Decisions:
    """What was said of each case (or image) of a held-out part. k of them."""

    truth: np.ndarray  # (k,) index into classes
    said: np.ndarray  # (k,)
    person: np.ndarray  # (k,) number of the subject; of the case where subjects are unknown


@dataclass(frozen=True)
class Measure:
    """One number of one method, in 0…1."""

    mean: float  # over seeds
    spread: float | None  # standard deviation between seeds; None: one seed
    fold_spread: float | None  # standard deviation between folds, each averaged over its seeds; None: one fold
    by_seed: Mapping[int, float]


@dataclass(frozen=True)
class Arm:
    """What a method reached with the runs at hand."""

    method: str
    done: int  # runs
    planned: int
    seeds: tuple[int, ...]  # that the numbers are made of
    whole: bool  # these seeds have all their folds; otherwise not every case has been held out yet
    measures: Mapping[str, Measure]
    class_recall: Mapping[str, list[float | None]]  # read-out → of each class, of the pooled cases; None: no case
    confusion: Mapping[str, list[list[int]]]  # read-out → (C, C) cases, rows are true classes; summed over seeds
    held_out: Mapping[str, int]  # cases, images and people held out in one seed, on average


def decide(held: HeldOut, read_out: str, unit: str = "cases") -> Decisions:
    """The class that is chosen for each case, or for each image."""
    shares = getattr(held, read_out)  # (m, C)
    numbers, first, place = np.unique(
        held.cases if unit == "cases" else np.arange(len(held.cases)), return_index=True, return_inverse=True
    )
    sums = np.zeros((len(numbers), shares.shape[1]))
    np.add.at(sums, place, shares)
    known = bool((held.subjects >= 0).all())
    return Decisions(held.labels[first], sums.argmax(1), (held.subjects if known else held.cases)[first])


def confusion(parts: Sequence[Decisions], classes: int) -> np.ndarray:
    """(C, C) counts of several parts together; rows are true classes."""
    truth, said = (np.concatenate([getattr(part, name) for part in parts]) for name in ("truth", "said"))
    # scikit-learn's checks of its input take 2 ms a call; a report makes thousands of such tables.
    return np.bincount(truth * classes + said, minlength=classes**2).reshape(classes, classes)


def accuracy(table: np.ndarray) -> float:
    return float(np.trace(table) / table.sum())


def class_recall(table: np.ndarray) -> np.ndarray:
    """(C,) share of each true class that was recognised; NaN where there is none."""
    cases = table.sum(1)
    return np.where(cases > 0, np.diag(table) / np.maximum(cases, 1), np.nan)


def mean_class_recall(table: np.ndarray) -> float:
    """Over the classes that occur."""
    return float(np.nanmean(class_recall(table)))


def shared(arms: Mapping[str, Runs], folds: int) -> dict[str, Runs]:
    """The runs that every method has, of whole seeds alone as soon as there is one: so that means can be compared.

    A method that has none is passed over; if no run is shared, all are left as they are.
    """
    begun = [set(runs) for runs in arms.values() if runs]
    common = set.intersection(*begun) if begun else set()
    whole = {(seed, fold) for seed, fold in common if all((seed, one) in common for one in range(folds))}
    keep = whole or common or set().union(*begun)
    return {method: {key: held for key, held in runs.items() if key in keep} for method, runs in arms.items()}


def tabulate(method: str, runs: Runs, folds: int, planned: int) -> Arm | None:
    """One method's numbers; None: nothing is finished.

    While seeds are incomplete the whole ones are used alone; if there is none, all that is there.

    Args:
        folds: held-out parts of one seed, 1 or more.
    """
    if not runs:
        return None
    seeds = sorted({seed for seed, _ in runs})
    whole = [seed for seed in seeds if all((seed, fold) in runs for fold in range(folds))]
    used = {key: held for key, held in sorted(runs.items()) if not whole or key[0] in whole}
    classes = len(next(iter(used.values())).classes)
    summed = {name: _summed(used, name, classes) for name in READ_OUTS}
    return Arm(
        method,
        len(runs),
        planned,
        tuple(whole or seeds),
        bool(whole),
        {name: _measure(used, name, classes) for name in (*MEASURES, *OF_IMAGES)},
        {name: [None if np.isnan(v) else float(v) for v in class_recall(table)] for name, table in summed.items()},
        {name: table.tolist() for name, table in summed.items()},
        _held_out(used, len(whole or seeds)),
    )


def _summed(runs: Runs, read_out: str, classes: int) -> np.ndarray:
    return confusion([decide(held, read_out) for held in runs.values()], classes)


def _measure(runs: Runs, name: str, classes: int) -> Measure:
    read_out, what = name.split("_")[:2]
    unit = "images" if name.endswith("_images") else "cases"
    score = accuracy if what == "accuracy" else mean_class_recall
    decided = {key: decide(held, read_out, unit) for key, held in runs.items()}

    def pooled(place: int) -> dict[int, list[Decisions]]:
        found = defaultdict(list)
        for key, part in decided.items():
            found[key[place]].append(part)
        return found

    by_seed = {seed: score(confusion(parts, classes)) for seed, parts in pooled(0).items()}
    by_fold = [np.mean([score(confusion([part], classes)) for part in parts]) for parts in pooled(1).values()]
    return Measure(float(np.mean(list(by_seed.values()))), _spread(list(by_seed.values())), _spread(by_fold), by_seed)


def _spread(values: Sequence[float]) -> float | None:
    return float(np.std(values, ddof=1)) if len(values) > 1 else None


def _held_out(runs: Runs, seeds: int) -> dict[str, int]:
    parts = [decide(held, "head") for held in runs.values()]
    return {
        "cases": round(sum(len(part.truth) for part in parts) / seeds),
        "images": round(sum(len(held.labels) for held in runs.values()) / seeds),
        "people": round(sum(len(np.unique(part.person)) for part in parts) / seeds),
    }
