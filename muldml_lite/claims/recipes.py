"""This project's own question: is the default recipe of `train` the best of those tried?

Every run deals people of its own into training and held-out subjects, none of them those of the runs that are
shipped or of the accuracies that are reported: here they only choose.
"""

from __future__ import annotations

from typing import Any

from muldml_lite.claims.beds import Draw
from muldml_lite.claims.end_to_end import as_trained
from muldml_lite.claims.ledger import Cell, Claim, Comparison, Experiment, Outcome
from muldml_lite.config import Config

_SCALE = ("subjects", "images_per_subject", "epochs")
DEFAULT = "default recipe"
# One change at a time.
CHANGES: dict[str, dict[str, Any]] = {
    DEFAULT: {},
    "Batch Hard": {"mining": "batch-hard"},
    "batch-all": {"mining": "batch-all"},
    "4 slices": {"slices": 4},
    "equal thresholds": {"thresholds": (0.45, 0.45)},
    "cross entropy alone": {"method": "softmax"},
}


def measure_recipe(bed: Draw, cell: Cell, arm: str, seed: int) -> Outcome:
    """`train` as it is, with one change."""
    from muldml_lite.trainer import train

    config = Config(
        data=f"drawn:{cell.settings['data']}",
        **{name: cell.settings[name] for name in _SCALE},
        device="cpu",
        precision="fp32",
        seed=bed.draw * 100 + seed,
        **CHANGES[arm],
    )
    return as_trained(list(train(config))[-1])


RECIPES = Experiment(
    "recipes",
    arms=tuple(CHANGES),
    cells=tuple(
        Cell(
            f"{data}/recipe",
            f"{data} faces, `train` as it is, one change at a time",
            {"data": data, "bed": False, **{name: getattr(Config, name) for name in _SCALE}},
        )
        for data in ("posed", "wild")
    ),
    measure=measure_recipe,
    tier="end to end",
    seconds=60.0,
    most_draws=4,
    most_seeds=1,
)

CLAIMS = (
    Claim(
        "11",
        "The default recipe is the best of those tried",
        "On people kept aside for the choice, none of the other recipes does better than the default one of `train`.",
        "this project, not the paper",
        ("recipes",),
        tuple(
            Comparison(
                statistic,
                DEFAULT,
                arm,
                unit="points",
                required=statistic == "head",
                label=f"{shown}: {DEFAULT} against {arm}",
            )
            for statistic, shown in (("head", "head"), ("knn", "k-NN"))
            for arm in CHANGES
            if arm != DEFAULT
        ),
        tier="end to end",
        rule="Supported: the default recipe's head is better than that of every other recipe, each corrected (Holm). "
        "Contradicted: one is better than the default, which then has to be changed. "
        "A recipe that collapses counts with what it reaches: the question is which one to train with.",
        guards=(),
    ),
)
