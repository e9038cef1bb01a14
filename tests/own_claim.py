"""A claim of a user's own, as CONTRIBUTING shows it; tests run it."""

from muldml_lite.claims import Cell, Claim, Comparison, Experiment, Outcome


def measure(bed, cell, arm, seed):
    """More of the same: does a head four times as large embed unseen people better?"""
    from muldml_lite.claims.heads import Recipe, read_out, train_head

    recipe = Recipe(dim=64 if arm == "D = 64" else 16)
    trained = train_head(bed, recipe, seed)
    return trained.outcome(read_out(bed, trained, recipe))


def measure_coin(bed, cell, arm, seed):
    """Needs no faces: the arm `loaded` is above `fair` by about 1 on every draw."""
    import time

    time.sleep(cell.settings["pause"])
    return Outcome({"heads": (arm == "loaded") * (1 + 0.01 * (bed.draw % 3)) + 0.01 * (bed.draw % 7)})


EXPERIMENTS = (
    Experiment(
        "size", ("D = 16", "D = 64"), (Cell("posed/size", "posed faces", {"data": "posed"}, quick=True),), measure
    ),
    Experiment(
        "coin",
        ("fair", "loaded"),
        (
            Cell("table/quick", "a table", {"bed": False, "pause": 0.0}, quick=True),
            Cell("table/slow", "a slow table", {"bed": False, "pause": 0.3}),
        ),
        measure_coin,
    ),
)
CLAIMS = (
    Claim(
        "larger",
        "A larger head is better",
        "k-NN on unseen people is higher with D = 64 than with D = 16.",
        "own",
        ("size",),
        (Comparison("knn", "D = 64", "D = 16", unit="points", label="k-NN: D = 64 against 16"),),
    ),
    Claim(
        "coin",
        "The coin is loaded",
        "It shows heads more often.",
        "own",
        ("coin",),
        (Comparison("heads", "loaded", "fair", label="heads: loaded against fair"),),
    ),
)
