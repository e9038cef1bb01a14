"""Arms that are chosen from others by validation subjects: read from finished runs, never trained."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

Row = dict[str, Any]
BEST_SINGLE = "best single τ"
BEST_EQUAL = "best equal 8"
OTHER_DATA = "τ of the other data"
PER_CLASS = "τ by class"
ONE_FOR_ALL = "one τ"
# Which arms each is made of, by how their names begin.
NEEDED = {
    BEST_SINGLE: "single ",
    BEST_EQUAL: "equal 8 ",
    OTHER_DATA: "single ",
    PER_CLASS: "single ",
    ONE_FOR_ALL: "single ",
}


def with_derived(rows: list[Row]) -> list[Row]:
    """The rows and those of the arms below, for all runs of the experiment `thresholds`.

    best single τ         per draw, the single threshold with the highest mean k-NN on validation subjects
    best equal 8          the same among runs with eight equal thresholds
    τ of the other data   the single threshold that is best on the other data set's draw of the same number
    τ by class, one τ     `class_f1`: mean over classes of the F1 on test subjects at the class's own best threshold, at
                          the best for all classes; either chosen by F1 on validation subjects
    """
    places: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in rows:
        if row["experiment"] == "thresholds":
            places[row["cell"], row["draw"]].append(row)
    made = []
    for (cell, draw), here in places.items():
        singles = _by_arm(here, "single ")
        made += _as_arm(_best(singles), BEST_SINGLE)
        made += _as_arm(_best(_by_arm(here, "equal 8 ")), BEST_EQUAL)
        other = _best(_by_arm(places.get((_other(cell), draw), []), "single "))
        made += _as_arm(singles.get(other[0]["arm"], []) if other else [], OTHER_DATA)
        made += _class_rows(singles)
    return rows + made


def _by_arm(rows: list[Row], beginning: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["arm"].startswith(beginning):
            found[row["arm"]].append(row)
    return found


def _best(arms: dict[str, list[Row]]) -> list[Row]:
    """Runs of the arm that validates best; the first one of equals, none of a single arm."""
    if len(arms) < 2:
        return []
    return max(arms.values(), key=lambda rows: np.mean([row["measured"]["val_knn"] for row in rows]))


def _as_arm(rows: list[Row], arm: str) -> list[Row]:
    return [{**row, "arm": arm} for row in rows]


def _other(cell: str) -> str:
    data, slash, rest = cell.partition("/")
    return {"posed": "wild", "wild": "posed"}.get(data, "") + slash + rest


def _class_rows(singles: dict[str, list[Row]]) -> list[Row]:
    """Seeds with all thresholds; one row for either way to choose."""
    by_seed: dict[int, list[Row]] = defaultdict(list)
    for rows in singles.values():
        for row in rows:
            if "val_f1" in row["measured"]:
                by_seed[row["seed"]].append(row)
    full = {seed: rows for seed, rows in by_seed.items() if len(rows) == len(singles) > 1}
    if not full:
        return []
    validated = np.mean([[row["measured"]["val_f1"] for row in rows] for rows in full.values()], 0)  # (τ, C)
    own, one = validated.argmax(0), int(validated.mean(1).argmax())  # (C,)
    made = []
    for rows in full.values():
        tested = np.array([row["measured"]["test_f1"] for row in rows])  # (τ, C)
        for arm, value in ((PER_CLASS, tested[own, np.arange(len(own))].mean()), (ONE_FOR_ALL, tested[one].mean())):
            made.append({**rows[one], "arm": arm, "measured": {"class_f1": float(value)}})
    return made
