"""Two benchmarks of the same data that differ in a setting: what that setting is worth, method by method."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from muldml_lite.benchmark.differences import checks, gaps
from muldml_lite.benchmark.held_out import HeldOut, read_held_out
from muldml_lite.benchmark.plan import BenchmarkError
from muldml_lite.benchmark.runner import HELD_OUT
from muldml_lite.benchmark.tables import MEASURES, Runs, shared, tabulate
from muldml_lite.runs.files import read_json

RESULTS = "results.json"
_SAME = ("subjects", "cases")


def compare(out: Path, control: Path) -> dict[str, Any]:
    """One benchmark minus another, paired by seed, fold and person; plain JSON values.

    Args:
        out, control: folders of two benchmarks.

    Returns:
        `settings` that differ, as [of `out`, of `control`]; `methods`, each with the `measures` of both (0…1, over
        the runs that both have), `differences` with intervals over people, and `checks` over folds or seeds.

    Raises:
        BenchmarkError: not two benchmarks that held the same images out.
    """
    ours, theirs = _results(out), _results(control)
    plan = ours["plan"]
    if plan["data"] != theirs["plan"]["data"]:
        raise BenchmarkError(f"{control}: a benchmark of {theirs['plan']['data']}, expected {plan['data']} as in {out}")
    methods = [name for name in plan["methods"] if name in theirs["plan"]["methods"]]
    drawn = plan["data"].startswith("drawn:")
    found = [one for name in methods if (one := _method(name, (out, control), max(1, plan["folds"]), drawn))]
    if not found:
        raise BenchmarkError(f"{control}: no method, seed and fold that is finished here and in {out}, too")
    return {
        "folders": [out.name, control.name],
        "data": plan["data"],
        "settings": {
            name: [ours["settings"].get(name), theirs["settings"].get(name)]
            for name in sorted(ours["settings"].keys() | theirs["settings"].keys())
            if ours["settings"].get(name) != theirs["settings"].get(name)
        },
        "methods": found,
    }


def _results(folder: Path) -> dict[str, Any]:
    if not (folder / RESULTS).is_file():
        raise BenchmarkError(f"{folder}: no benchmark's folder; expected {RESULTS} in it")
    return read_json(folder / RESULTS, BenchmarkError)


def _method(method: str, folders: tuple[Path, Path], parts: int, drawn: bool) -> dict[str, Any] | None:
    here, there = (_runs(folder, method) for folder in folders)
    common = sorted(here.keys() & there.keys())
    if not common:
        return None
    for seed, fold in common:
        _check_pair(here[seed, fold], there[seed, fold], f"{method}-fold{fold}-seed{seed}", folders)
    arms = shared({"out": here, "control": there}, parts)
    tables = {name: tabulate(name, runs, parts, len(runs)) for name, runs in arms.items()}
    return {
        "method": method,
        "runs": len(arms["out"]),
        "measures": {name: [tables[arm].measures[name].mean for arm in ("out", "control")] for name in MEASURES},
        "differences": [dataclasses.asdict(one) for one in gaps(arms, "control", drawn=drawn)],
        "checks": [dataclasses.asdict(one) for one in checks(arms, "control")],
    }


def _runs(folder: Path, method: str) -> Runs:
    """(seed, fold) → what came out, of each finished run."""
    found = {}
    for path in (folder / HELD_OUT).glob(f"{method}-fold*-seed*.npz"):
        fold, seed = path.stem.removeprefix(f"{method}-fold").split("-seed")
        found[int(seed), int(fold)] = read_held_out(path)
    return found


def _check_pair(here: HeldOut, there: HeldOut, name: str, folders: tuple[Path, Path]) -> None:
    same = here.classes == there.classes and np.array_equal(here.labels, there.labels)
    same = same and all(np.array_equal(_numbered(getattr(here, key)), _numbered(getattr(there, key))) for key in _SAME)
    if not same:
        raise BenchmarkError(
            f"{folders[1]}: {name} held other images out than in {folders[0]}; "
            "expected the same data, folds and --split-seed"
        )


def _numbered(values: np.ndarray) -> np.ndarray:
    """Each by the place of its first like: a case is the same whatever number it has."""
    _, first, place = np.unique(values, return_index=True, return_inverse=True)
    return first[place]
