"""Claim 9: metric learning beside classification."""

from __future__ import annotations

from muldml_lite.claims.beds import Bed
from muldml_lite.claims.heads import Recipe, read_out, train_head
from muldml_lite.claims.ledger import Cell, Claim, Comparison, Experiment, Outcome

ARMS = ("cross entropy", "cross entropy, twice the rate", "triplet beside cross entropy", "mul-dml")


def measure_classification(bed: Bed, cell: Cell, arm: str, seed: int) -> Outcome:
    from muldml_lite.losses import sample_thresholds

    mining = cell.settings["mining"]
    how = {
        "cross entropy": Recipe(joint=True, metric=False),
        "cross entropy, twice the rate": Recipe(joint=True, metric=False, rate=2 * Recipe.rate),
        "triplet beside cross entropy": Recipe(joint=True, loss="triplet", mining=mining),
        "mul-dml": Recipe(sample_thresholds(8, 0.1, 0.8), joint=True, mining=mining),
    }[arm]
    trained = train_head(bed, how, seed)
    return trained.outcome(read_out(bed, trained, how))


CLASSIFICATION = Experiment(
    "classification",
    arms=ARMS,
    cells=tuple(
        Cell(
            f"{data}/{mining}/with classification",
            f"{data} faces, {mining} mining, heads on frozen features",
            {"data": data, "mining": mining},
            quick=mining == "semi-hard",
        )
        for data in ("posed", "wild")
        for mining in ("batch-hard", "semi-hard")
    ),
    measure=measure_classification,
    seconds=0.7,
    most_seeds=2,
)

CLAIMS = (
    Claim(
        "9",
        "With classification beats classification alone",
        "Metric learning together with classification beats classification alone.",
        "",
        ("classification", "end to end"),
        tuple(
            Comparison(
                statistic,
                treatment,
                control,
                unit="points",
                required=(statistic, treatment, control) == ("head", "mul-dml", "cross entropy"),
                label=f"{shown}: {treatment} against {control}",
            )
            for statistic, shown in (("head", "head"), ("knn", "k-NN"))
            for treatment in ("mul-dml", "triplet beside cross entropy")
            for control in ("cross entropy", "cross entropy, twice the rate")
            if control == "cross entropy" or treatment == "mul-dml"
        ),
        tier="both",
        rule="Supported: the classification head's accuracy on test subjects is higher with Mul-DML beside cross "
        "entropy than with cross entropy alone, corrected (Holm). k-NN and the plain loss are shown, not judged.",
        guards=("collapsed",),
    ),
)
