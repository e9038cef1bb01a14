"""Which trainings a benchmark is made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muldml_lite.config import METHODS, Config
from muldml_lite.data import PROTOCOLS
from muldml_lite.runs import Run

CONTROL = "softmax"
SEEDS = 3
ORDER = (CONTROL, "triplet", "dual", "mul-dml")
# Settings that say where and how fast, not what is learnt; `root`: data may have been moved meanwhile.
_ELSEWHERE = ("root", "device", "image_store", "image_workers", "keep_weights")


class BenchmarkError(Exception):
    """A benchmark that cannot be run as asked; the message names what and says what was expected."""


@dataclass(frozen=True)
class PlannedRun:
    """One training."""

    method: str
    fold: int  # counted from 0; 0 where there is one split only
    seed: int
    config: Config

    @property
    def name(self) -> str:
        return f"{self.method}-fold{self.fold}-seed{self.seed}"


@dataclass(frozen=True)
class Plan:
    """Methods × folds × seeds, with all other settings shared."""

    data: str
    methods: tuple[str, ...]
    folds: int  # 0: one split
    seeds: int
    runs: tuple[PlannedRun, ...]  # all of the first seed first, so that whole tables come early

    @property
    def first(self) -> Config:
        return self.runs[0].config

    @property
    def parts(self) -> int:
        """Held-out parts of one seed."""
        return max(1, self.folds)


def make_plan(
    given: Mapping[str, Any], methods: Sequence[str] = ORDER, folds: int | None = None, seeds: int = SEEDS
) -> Plan:
    """The runs of a data set's protocol.

    Args:
        given: settings that all runs share, as of `Config`; `slices` holds for mul-dml only.
        folds: None: as the protocol of the data set has it; without one, a single split.

    Raises:
        BenchmarkError: an unknown or repeated method, or no seed.
        ConfigError: a setting out of range.
    """
    for name in methods:
        if name not in METHODS:
            raise BenchmarkError(f"--methods {name}: expected some of {','.join(ORDER)}")
    if not methods or len(set(methods)) < len(methods):
        raise BenchmarkError(f"--methods {','.join(methods)}: expected each method once")
    if seeds < 1:
        raise BenchmarkError(f"--seeds {seeds}: expected 1 or more")
    data = given.get("data", Config.data)
    if folds is None:
        folds = PROTOCOLS[data].folds if data in PROTOCOLS else 0
    runs = tuple(
        PlannedRun(method, fold, seed, _config(given, method, folds, fold, seed))
        for seed in range(seeds)
        for fold in range(max(1, folds))
        for method in methods
    )
    return Plan(data, tuple(methods), folds, seeds, runs)


def _config(given: Mapping[str, Any], method: str, folds: int, fold: int, seed: int) -> Config:
    # Weights of earlier epochs, kept to fork from, would take up to 500 MB a run.
    values = {"keep_weights": 0, **given, "method": method, "folds": folds, "fold": fold, "seed": seed}
    if method != "mul-dml":
        values.pop("slices", None)
    return Config(**values)


def check_same(planned: PlannedRun, run: Run) -> None:
    """Raise a BenchmarkError if a run that is there already was trained with other settings than are planned now."""
    there = Config.from_dict(run.config["config"])
    for item in dataclasses.fields(Config):
        old, new = getattr(there, item.name), getattr(planned.config, item.name)
        if item.name not in _ELSEWHERE and old != new:
            raise BenchmarkError(
                f"{run.path}: trained with {item.name} = {old!r}, and {new!r} is asked for now; "
                "repeat the settings to go on, or choose another --out"
            )


def run_folder(out: Path, planned: PlannedRun) -> Path:
    return out / "runs" / planned.name
