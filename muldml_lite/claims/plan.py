"""Which runs a study consists of, and which regimes its search chooses for confirmation."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from muldml_lite.claims.beds import Scale
from muldml_lite.claims.derived import NEEDED
from muldml_lite.claims.ledger import Cell, Claim, Experiment
from muldml_lite.claims.verdicts import CONFIRMATION, read_rows

SEARCH_RULE = (
    "On exploration draws, of the regimes marked for the search and for each data set, those are kept in which the "
    "claim can be tested and its weakest required comparison lies farthest on the claimed side, in units of its "
    "standard error plus the difference that would matter. They are confirmed on other draws, and only those count. "
    "The paper's and the default recipe's regimes are confirmed anyway."
)


@dataclass(frozen=True)
class Settings:
    """What decides the runs of a study."""

    quick: bool = False
    # Differences of k-NN between two arms vary from draw to draw by a standard deviation of 0.9 points (posed) to 1.8
    # (wild): 16 draws resolve one point there, two when corrected. A second seed on each costs more and adds less.
    draws: int = 16  # data draws of the confirmation
    seeds: int = 1  # on each
    explore: int = 2  # data draws of the search for regimes; 0: no search
    keep: int = 1  # regimes that the search keeps for each claim and data set
    data: tuple[str, ...] = ("posed", "wild")
    root: str | None = None  # of a data set on disk
    scale: Scale = field(default_factory=Scale)

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


QUICK = Settings(
    quick=True, draws=5, seeds=1, explore=0, scale=Scale(warmup=32, train=32, validation=16, test=32, warmup_epochs=10)
)


GROWN = ("draws", "seeds", "explore")  # may be added to a study that has runs
_WORDS = ("title", "source", "caveat", "text")  # beside the plan


def plan_of(about: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What is fixed before the first run, from study.json: part → value, by kinds of parts."""
    parts: dict[str, dict[str, Any]] = {"setting": {k: v for k, v in about["settings"].items() if k not in GROWN}}
    for claim in about["claims"]:
        parts[f"claim {claim['id']}"] = {k: v for k, v in claim.items() if k not in _WORDS}
    for name, cell in about["cells"].items():
        parts[f"regime {name}"] = {k: v for k, v in cell.items() if k not in _WORDS}
    return parts


def plan_hash(about: Mapping[str, Any]) -> str:
    """SHA-256 of claims, comparisons, rules, regimes and settings."""
    return hashlib.sha256(json.dumps(plan_of(about), sort_keys=True).encode()).hexdigest()


def why_not_gone_on(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Why no runs may be added to a study; "" if it may be continued."""
    if "plan" not in before:
        return "an older study without a hash of its plan can be read, but not continued"
    if plan_hash(before) != before["plan"]:
        return "the plan in study.json is not the one whose hash was written before the first run"
    old, new = plan_of(before), plan_of(now)
    for part in old | new:
        if part not in old or part not in new:
            return f"{part} is {'new' if part in new else 'missing'}, expected the plan of the first run"
        for name in old[part] | new[part]:
            if old[part].get(name) != new[part].get(name):
                return f"{part}: {name} differs from what it was before the first run"
    return ""


class Job(NamedTuple):
    """One run."""

    experiment: str
    cell: str
    arm: str
    draw: int
    seed: int


Key = tuple[str, str, str, int, int]


def key_of(row: dict[str, Any]) -> Key:
    return Job(row["experiment"], row["cell"], row["arm"], row["draw"], row["seed"])


def cells_of(experiment: Experiment, settings: Settings) -> list[Cell]:
    """The regimes of an experiment that this study looks at, for the data it was given."""
    cells = [cell for cell in experiment.cells if cell.quick or not settings.quick]
    if settings.root is None:
        return [cell for cell in cells if cell.settings.get("data") in (None, *settings.data)]
    # Regimes of that very data set, and it takes the place of posed faces wherever the frozen tier can take it in.
    (name,) = settings.data
    about_it = [
        dataclasses.replace(cell, settings={**cell.settings, "root": settings.root})
        for cell in cells
        if cell.settings.get("data") == name
    ]
    return about_it + [
        dataclasses.replace(
            cell,
            name=cell.name.replace("posed", name, 1),
            text=cell.text.replace("posed faces", name, 1),
            settings={**cell.settings, "data": name},
        )
        for cell in cells
        if cell.settings.get("data") == "posed" and cell.settings.get("bed", True)
    ]


def arms_of(experiment: Experiment, cell: Cell, claims: Sequence[Claim], settings: Settings) -> list[str]:
    """The arms of a regime that the claims compare, with those that derived arms are chosen from."""
    compared = {
        arm
        for claim in claims
        if experiment.name in claim.experiments
        for one in claim.comparisons
        for arm in (one.treatment, one.control)
    }
    beginnings = tuple(NEEDED[arm] for arm in compared if arm in NEEDED)
    offered = experiment.quick_arms if settings.quick and experiment.quick_arms else experiment.arms
    offered = [arm for arm in offered if not cell.arms or arm in cell.arms]
    return [arm for arm in offered if arm in compared or (beginnings and arm.startswith(beginnings))]


def searched(experiments: Iterable[Experiment], settings: Settings) -> list[Experiment]:
    """Experiments with regimes that a search has to choose."""
    return [e for e in experiments if settings.explore and any(cell.search for cell in cells_of(e, settings))]


def exploration(experiments: Sequence[Experiment], claims: Sequence[Claim], settings: Settings) -> list[Job]:
    """Every regime of experiments with a search, one seed on each exploration draw."""
    return [
        Job(one.name, cell.name, arm, draw, 0)
        for one in searched(experiments, settings)
        for draw in range(settings.explore)
        for cell in cells_of(one, settings)
        for arm in arms_of(one, cell, claims, settings)
    ]


def confirmation(
    experiments: Sequence[Experiment], claims: Sequence[Claim], settings: Settings, chosen: dict[str, Any]
) -> list[Job]:
    """Regimes that are confirmed in any case, and those that the search chose for some claim."""
    picked = {cell for found in chosen.values() for cell in found["cells"]}
    return [
        Job(one.name, cell.name, arm, CONFIRMATION + draw, seed)
        for one in experiments
        for draw in range(min(settings.draws, one.most_draws or settings.draws))
        for cell in cells_of(one, settings)
        if not cell.search or cell.name in picked
        for seed in range(min(settings.seeds, one.most_seeds or settings.seeds))
        for arm in arms_of(one, cell, claims, settings)
    ]


def choose(
    rows: Sequence[dict[str, Any]], experiments: Sequence[Experiment], claims: Sequence[Claim], settings: Settings
) -> dict[str, Any]:
    """{claim id: {"cells": regimes to confirm, "why": one line for each that the search chose}}."""
    lines = read_rows([row for row in rows if row["draw"] < CONFIRMATION], claims, {}).map
    chosen: dict[str, Any] = {}
    for claim in claims:
        own = [e for e in experiments if e.name in claim.experiments]
        searching = searched(own, settings)
        if not searching:
            continue
        fixed = [cell.name for e in own for cell in cells_of(e, settings) if not cell.search or e not in searching]
        chosen[claim.id] = {"cells": fixed, "why": []}
        for data in settings.data:
            names = [
                c.name for e in searching for c in cells_of(e, settings) if c.search and c.settings.get("data") == data
            ]
            scores = {name: score for name in names if (score := _score(claim, name, lines)) is not None}
            for name in sorted(scores, key=scores.__getitem__, reverse=True)[: settings.keep]:
                chosen[claim.id]["cells"].append(name)
                chosen[claim.id]["why"].append(f"{name}: {scores[name]:+.2f} on the claimed side")
    return chosen


def _score(claim: Claim, cell: str, lines: Sequence[dict[str, Any]]) -> float | None:
    """How far the weakest required comparison is on the claimed side; None: the regime can't test the claim."""
    here = [line for line in lines if (line["claim"], line["cell"]) == (claim.id, cell) and line["required"]]
    if not here or not all(line["testable"] for line in here):
        return None
    if claim.cells and not cell.startswith(claim.cells):
        return None
    matters = {one.label: one.matters for one in claim.comparisons}
    signed = [line["mean"] * (1 if line["expected"] == "above" else -1) for line in here]
    # Of a few draws the error itself is rough: differences that would matter count as much.
    scales = [(line["error"] or 0.0) + matters[line["label"]] for line in here]
    return float(min(one / scale for one, scale in zip(signed, scales, strict=True)))
