"""Which runs can stand side by side, which belong together, and in what their settings differ. No Streamlit calls."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import run_picker

from muldml_lite.config import Config
from muldml_lite.plots import Compared, number_of
from muldml_lite.runs import Run

SAMPLE = "sample"
NUMBERS = {
    "head_accuracy": "Head, unseen",
    "knn_accuracy": "k-NN, unseen",
    "train_accuracy": "Training",
    "cross_entropy": "Cross entropy",
    "metric_loss": "Metric loss",
    "active_fraction": "Active hinges",
    "incomplete_fraction": "Incomplete",
    "mean_distance": "Mean distance",
}
_SHARES = ("head_accuracy", "knn_accuracy", "train_accuracy", "active_fraction", "incomplete_fraction")


@dataclass(frozen=True)
class Member:
    """A run that can be compared."""

    name: str  # in the link
    run: Run
    config: Config
    parent: str = ""  # the name it was forked from; that run may be gone
    fork: int = 0


def members() -> dict[str, Member]:
    """All readable runs of the app's folder and the sample, newest first."""
    found = [(run.name, run) for run in run_picker.listed()]
    sample = run_picker.resolve(SAMPLE).run
    found += [(SAMPLE, sample)] if sample else []
    made = {}
    for name, run in found:
        with contextlib.suppress(Exception):  # a folder may hold anything; only readable ones can be compared
            made[name] = _member(name, run)
    return made


def _member(name: str, run: Run) -> Member:
    forked = run.config.get("forked") or {}
    parent, fork = forked.get("run", ""), forked.get("epoch", 0)
    if not isinstance(parent, str) or isinstance(fork, bool) or not isinstance(fork, int):
        parent, fork = "", 0
    if parent == run_picker.SAMPLE.name:
        parent = SAMPLE
    return Member(name, run, Config.from_dict(run.config["config"]), parent, fork)


def pairs(known: Mapping[str, Member]) -> list[tuple[str, str]]:
    """Parents with their forks, the newest fork first."""
    return [(one.parent, name) for name, one in known.items() if one.parent in known and one.parent != name]


def first_choice(known: Mapping[str, Member]) -> list[str]:
    """What to show a visitor who has chosen nothing: a fork with its parent, else the two newest runs."""
    together = pairs(known)
    return list(together[0]) if together else list(known)[:2]


def differences(chosen: Sequence[Member]) -> dict[str, list[Any]]:
    """Settings in which the runs differ: name → value of each run."""
    rows = {}
    for item in dataclasses.fields(Config):
        values = [getattr(one.config, item.name) for one in chosen]
        if any(value != values[0] for value in values):
            rows[item.name] = values
    return rows


def compared(chosen: Sequence[Member], histories: Sequence[Sequence[Mapping[str, Any]]]) -> list[Compared]:
    """For the figures; a fork is one only beside its parent."""
    names = {one.name for one in chosen}
    return [
        Compared(one.name, history, one.parent if one.parent in names else "", one.fork)
        for one, history in zip(chosen, histories, strict=True)
    ]


def last_numbers(histories: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, list[str]]:
    """What each run reached: name of the number → a text for each run."""
    rows = {"After epoch": [str(history[-1]["epoch"]) if history else "–" for history in histories]}
    for key, title in NUMBERS.items():
        values = [number_of(history[-1], key) if history else None for history in histories]
        rows[title] = ["–" if v is None else f"{v:.1%}" if key in _SHARES else f"{v:.3f}" for v in values]
    return rows


def comparable_loss(chosen: Sequence[Member]) -> bool:
    """Whether the metric losses measure the same: other terms or thresholds make other numbers of them."""
    names = ("method", "thresholds", "slices", "mining", "squared", "reduction", "spacing")
    return not any(name in differences(chosen) for name in names)


def shown(value: Any) -> str:
    """A setting's value as a person writes it."""
    if isinstance(value, tuple):
        return " to ".join(f"{v:g}" for v in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
