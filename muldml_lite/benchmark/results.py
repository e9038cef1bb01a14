"""Everything that a benchmark's folder holds, as one plain value for programs, and as rows for a spreadsheet."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muldml_lite.benchmark.differences import checks, gaps
from muldml_lite.benchmark.held_out import HeldOut, read_held_out
from muldml_lite.benchmark.plan import CONTROL, Plan, PlannedRun
from muldml_lite.benchmark.published import published
from muldml_lite.benchmark.runner import held_out_file, is_done, opened
from muldml_lite.benchmark.tables import MEASURES, OF_IMAGES, shared, tabulate


@dataclass(frozen=True)
class Outcome:
    """What has become of one planned run."""

    planned: PlannedRun
    state: str  # finished | waiting | running | failed | cancelled
    reason: str = ""
    held: HeldOut | None = None  # of a finished one
    epochs: int = 0
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()  # of its last epoch: collapse, saturation


def collect(out: Path, plan: Plan) -> list[Outcome]:
    """Every planned run, as it stands on disk.

    Raises:
        RunError: something broken in there.
    """
    return [_outcome(out, planned) for planned in plan.runs]


def _outcome(out: Path, planned: PlannedRun) -> Outcome:
    run = opened(out, planned)
    if run is None:
        return Outcome(planned, "waiting")
    status, history = run.status, run.history
    last = history[-1] if history else {"epoch": 0, "warnings": []}
    facts = {
        "epochs": last["epoch"],
        "seconds": float(sum(record["seconds"] for record in history)),
        "warnings": tuple(last["warnings"]),
    }
    if is_done(out, planned):
        return Outcome(planned, "finished", held=read_held_out(held_out_file(out, planned)), **facts)
    if status["state"] in ("finished", "queued"):
        return Outcome(planned, "waiting", "trained, but not measured yet" if history else "", **facts)
    reason = status.get("message", "").replace(str(run.path), planned.name)  # a report may be sent to others
    return Outcome(planned, status["state"], reason, **facts)


def summarise(plan: Plan, outcomes: Sequence[Outcome], about: Mapping[str, Any]) -> dict[str, Any]:
    """Plain JSON values: the plan, each method's numbers, differences, and every run.

    Args:
        about: what else is known: command, date, versions, machine, and `data` with counts, notes and skipped files.
    """
    runs = {
        method: {
            (one.planned.seed, one.planned.fold): one.held
            for one in outcomes
            if one.planned.method == method and one.held is not None
        }
        for method in plan.methods
    }
    finished, runs = runs, shared(runs, plan.parts)
    arms = [tabulate(method, runs[method], plan.parts, plan.parts * plan.seeds) for method in plan.methods]
    held = next((one.held for one in outcomes if one.held is not None), None)
    control = CONTROL if CONTROL in plan.methods else plan.methods[0]
    drawn = plan.data.startswith("drawn:")
    return {
        **about,
        "plan": {"data": plan.data, "methods": plan.methods, "folds": plan.folds, "seeds": plan.seeds},
        "settings": _settings(plan),
        "control": control,
        "classes": list(held.classes) if held else [],
        "sequences": held is not None and len(set(held.cases.tolist())) < len(held.cases),
        "methods": [dataclasses.asdict(arm) | {"done": len(finished[arm.method])} for arm in arms if arm],
        "differences": [dataclasses.asdict(one) for one in gaps(runs, control, drawn=drawn)],
        "checks": [dataclasses.asdict(one) for one in checks(runs, control)],
        "published": dataclasses.asdict(published(plan.data)),
        "runs": [_run(one) for one in outcomes],
    }


def _settings(plan: Plan) -> dict[str, Any]:
    """What all runs share; of a method's own settings those of mul-dml, if it is among them."""
    left_out = ("method", "fold", "folds", "seed", "root", "data")
    config = next((one.config for one in plan.runs if one.method == "mul-dml"), plan.first)
    values = {name: value for name, value in config.to_dict().items() if name not in left_out}
    return {**values, "weights": Path(config.weights).name}  # where it lies is nobody's business


def _run(one: Outcome) -> dict[str, Any]:
    planned = {name: getattr(one.planned, name) for name in ("name", "method", "fold", "seed")}
    kept = ("state", "reason", "epochs", "seconds", "warnings")
    return planned | {name: getattr(one, name) for name in kept}


def to_csv(results: Mapping[str, Any]) -> str:
    """One line a method and measure: mean, spreads, and the difference from the control; shares in 0…1."""
    columns = ("method", "measure", "mean", "spread_over_seeds", "spread_over_folds", "seeds", "runs")
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow([*columns, "difference", "low", "high"])
    found = {(one["method"], one["measure"]): one for one in results["differences"]}
    for arm in results["methods"]:
        for name in (*MEASURES, *(OF_IMAGES if results["sequences"] else ())):
            one, gap = arm["measures"][name], found.get((arm["method"], name))
            values = [one["mean"], one["spread"], one["fold_spread"]]
            beside = [gap["mean"], gap["low"], gap["high"]] if gap else [None] * 3
            table.writerow(
                [arm["method"], name, *map(_short, values), len(arm["seeds"]), arm["done"], *map(_short, beside)]
            )
    figure = results["published"]
    if figure["accuracy"] is not None:
        table.writerow(["mul-dml as published", "accuracy", _short(figure["accuracy"]), *[""] * 7])
    return file.getvalue()


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
