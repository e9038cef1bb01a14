"""A small study folder with known verdicts, for tests of what shows studies: nothing is trained.

Differences between arms are exactly what `EFFECTS` says on average, with a spread between draws that is symmetric.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from muldml_lite.claims import CLAIMS, Claim, Comparison, read_study
from muldml_lite.claims.study import Study, StudyWriter

SEEDS = 2
_TOY = "toy"
TOY = Claim(
    "12",
    "A claim of a user's own",
    "Green is higher than red.",
    "nowhere",
    (_TOY,),
    (
        Comparison("knn", "green", "red", matters=0.005, unit="points", label="k-NN: green against red"),
        Comparison("probe", "green", "red", unit="points", required=False, label="probe: green against red"),
    ),
)
NEEDY = next(claim for claim in CLAIMS if claim.needs)  # data that cannot be shipped
# Regime → difference of green over red in k-NN and probe, and whether its hinges are saturated.
EFFECTS = {
    "posed/semi-hard/alone": (0.03, 0.01, False),
    "posed/batch-hard/alone": (-0.04, -0.01, False),
    "wild/semi-hard/alone": (0.0, 0.02, False),
    "wild/batch-hard/alone": (0.05, 0.05, True),
}
EXPLORED = "wild/batch-all/alone"  # searched, and not chosen
VERDICTS = ("supported", "contradicted", "not supported", "untestable here")


def write_fake_study(path: str | os.PathLike[str], claims: Sequence[Claim] = (TOY, NEEDY), draws: int = 8) -> Path:
    """The claim above in four regimes with one verdict each, one regime that was only explored, and claim 10."""
    rows = [
        row
        for cell, (knn, probe, saturated) in EFFECTS.items()
        for draw in range(1000, 1000 + draws)
        for row in pair_of_runs(cell, draw, draws, {"knn": knn, "probe": probe}, saturated)
    ]
    for draw in range(3):
        rows += pair_of_runs(EXPLORED, draw, 3, {"knn": 0.015, "probe": 0.004}, False)
        # What a search saw in a regime that was confirmed must not be taken for the confirmation.
        rows += pair_of_runs(next(iter(EFFECTS)), draw, 3, {"knn": 0.09, "probe": 0.09}, False)
    names = (*EFFECTS, EXPLORED)
    cells = {name: {"experiment": _TOY, "data": name.split("/")[0], "text": cell_text(name)} for name in names}
    return write_study(path, claims, rows, cells, chosen={TOY.id: {"cells": list(EFFECTS), "why": ["by hand"]}})


def cell_text(cell: str) -> str:
    data, mining, _ = cell.split("/")
    return f"{data} faces, {mining} mining, metric loss alone"


def pair_of_runs(cell: str, draw: int, draws: int, effects: dict[str, float], saturated: bool) -> list[dict[str, Any]]:
    """Red and green with each seed; draws spread evenly about the effect, by half a point at most."""
    place = 0.005 * (2 * (draw % 1000) / (draws - 1) - 1)
    rows = []
    for seed in range(SEEDS):
        for arm, share in (("red", 0), ("green", 1)):
            measured = {k: 0.7 + 0.01 * seed + share * (effect + place) for k, effect in effects.items()}
            active = 0.999 if saturated else 0.6 + 0.01 * seed
            rows.append(run(_TOY, cell, arm, draw, seed, measured, active=active, saturated=saturated))
    return rows


def run(
    experiment: str, cell: str, arm: str, draw: int, seed: int, measured: dict[str, Any], **more: Any
) -> dict[str, Any]:
    phase = "confirmation" if draw >= 1000 else "exploration"
    place = {"experiment": experiment, "cell": cell, "arm": arm, "draw": draw, "seed": seed, "phase": phase}
    usual = {"tier": "frozen", "active": 0.6, "saturated": False, "collapsed": False, "seconds": 0.61}
    return {**place, "measured": measured, **usual, **more}


def write_study(
    path: str | os.PathLike[str],
    claims: Sequence[Claim],
    rows: Sequence[dict[str, Any]],
    cells: dict[str, Any],
    chosen: dict[str, Any] | None = None,
) -> Path:
    path = Path(path)
    writer = StudyWriter(path)
    about = {
        "format": 1, "command": "python -m muldml_lite claims --out runs/study", "date": "2026-11-20",
        "seconds": 4321.0,
        "machine": {"cpus": 2}, "versions": {"torch": "2.9.1", "muldml_lite": "0.1.0"},
        "settings": {"quick": False, "draws": 8, "seeds": SEEDS}, "claims": [one.to_json() for one in claims],
        "cells": cells, "chosen": chosen or {},
    }  # fmt: skip
    writer.json("study.json", json.loads(json.dumps(about)))
    writer.rows(rows)
    reading = read_study(Study(path))
    writer.json("verdicts.json", {"verdicts": [asdict(one) for one in reading.verdicts], "intervals": []})
    count = len(rows)
    writer.json("status.json", {"state": "finished", "done": count, "total": count, "seconds_left": 0, "message": ""})
    return path


def rich_study(path: str | os.PathLike[str], draws: int = 12) -> Path:
    """All claims of the ledger on random numbers: what the pages look like when full. Says nothing about the claims."""
    from muldml_lite.claims import EXPERIMENTS

    rng = np.random.default_rng(3)
    rows, cells, chosen = [], {}, {}
    for one in EXPERIMENTS:
        searched = [cell.name for cell in one.cells if cell.search]
        for cell in one.cells:
            cells[cell.name] = {"experiment": one.name, "text": cell.text, "search": cell.search, **cell.settings}
            shift = {arm: rng.normal(0, 0.02) for arm in one.arms}
            numbers = range(1000, 1000 + draws) if cell.name not in searched else range(3)
            for draw in numbers:
                level = rng.normal(0.6, 0.04)
                for arm in one.arms:
                    noise = rng.normal(level + shift[arm], 0.015, len(names()))
                    measured = dict(zip(names(), noise.tolist(), strict=True))
                    measured |= {"incomplete": 0.02 + rng.random() / 100}
                    if one.name in ("convergence", "from scratch"):
                        measured |= {"converged": float(rng.random() < 0.7), "end": rng.random()}
                    lists = {"val_f1": list(0.6 + rng.random(7) / 5), "test_f1": list(0.6 + rng.random(7) / 5)}
                    lists |= {"thresholds": [0.1 * (1 + one.arms.index(arm) % 5)], "incomplete_path": [0.03, 0.01]}
                    lists |= {"within": [0.0, 0.4, 1.0], "between": [0.3, 1.0, 1.6], "cka_pairs": [0.9] * 28}
                    active = float(np.clip(rng.normal(0.7, 0.15), 0, 1))
                    more = {"active": active, "saturated": cell.name.startswith("wild/batch-hard"), "tier": one.tier}
                    rows.append(run(one.name, cell.name, arm, draw, 0, {**measured, **lists}, **more))
    for claim in CLAIMS:
        own = [cell.name for e in EXPERIMENTS if e.name in claim.experiments for cell in e.cells if not cell.search]
        chosen[claim.id] = {"cells": own, "why": []}
    return write_study(path, CLAIMS, rows, cells, chosen)


def names() -> list[str]:
    own = [n for claim in CLAIMS for one in claim.comparisons for n in (one.statistic, one.control_statistic) if n]
    more = ["val_knn", "unpunished_rate", "distance"]
    return [name for name in dict.fromkeys([*own, *more]) if name != "converged"]
