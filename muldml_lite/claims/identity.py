"""Claim 1: raw distances follow who it is; learning turns that round."""

from __future__ import annotations

import dataclasses

import numpy as np

from muldml_lite.claims.beds import Bed, Draw
from muldml_lite.claims.heads import Recipe, train_head
from muldml_lite.claims.ledger import Cell, Claim, Comparison, Experiment, Outcome

_CELLS = tuple(Cell(data, f"{data} faces", {"data": data}, quick=True) for data in ("posed", "wild"))
# Heads start from an untrained network's features: a warmed-up one has turned already.
_HEADS = {
    "untrained head": Recipe(metric=False, joint=True, features="untrained"),
    "triplet": Recipe(loss="triplet", features="untrained"),
    "cross entropy": Recipe(metric=False, joint=True, features="untrained"),
    "triplet beside cross entropy": Recipe(loss="triplet", joint=True, features="untrained"),
}


def measure_identity(bed: Bed, cell: Cell, arm: str, seed: int) -> Outcome:
    """Share of test images whose nearest face of the same person is nearer than that of the same expression."""
    test = bed.rows("test")
    if arm == "pixels":
        return Outcome(_shares(bed.pixels[test], bed.labels[test], bed.subjects[test]))
    if arm == "untrained":
        return Outcome(_shares(bed.features["untrained"][test], bed.labels[test], bed.subjects[test]))
    trained = train_head(bed, _HEADS[arm], seed, order=[] if arm == "untrained head" else None)
    return trained.outcome(_shares(trained.slices[0][test], bed.labels[test], bed.subjects[test]))


def _shares(vectors: np.ndarray, labels: np.ndarray, subjects: np.ndarray) -> dict[str, float]:
    """`same_subject`: by the nearest of either kind; `pairs_subject`: by means over all pairs."""
    from muldml_lite.analysis import nearest_share, pair_distances

    share = nearest_share(vectors, labels, subjects)["same_subject"]
    pairs = pair_distances(vectors, labels, subjects)
    means = {name: float(pairs[name].mean()) for name in ("same_subject", "same_label")}
    return {"same_subject": share, "pairs_subject": float(means["same_subject"] < means["same_label"])}


IDENTITY = Experiment(
    "identity", arms=("pixels", "untrained", *_HEADS), cells=_CELLS, measure=measure_identity, seconds=0.5, most_seeds=2
)


def measure_backgrounds(bed: Draw, cell: Cell, arm: str, seed: int) -> Outcome:
    """Raw pixels of the same people before backgrounds of one kind."""
    from muldml_lite.claims.beds import small_grey
    from muldml_lite.faces import draw_dataset, draw_face

    drawn = draw_dataset(cell.settings["data"], subjects=24, images_per_subject=14, size=48, seed=bed.draw)
    images = drawn.images
    if arm != "as drawn":
        rng = np.random.default_rng([bed.draw, 1])
        shots = [_before(shot, arm, rng) for shot in drawn.nuisances]
        faces = zip(drawn.subjects, drawn.action_units, shots, strict=True)
        images = np.stack([draw_face(drawn.identities[person], units, shot, 48) for person, units, shot in faces])
    return Outcome(_shares(small_grey(images), drawn.true_labels, drawn.subjects))


def _before(shot, arm: str, rng: np.random.Generator):
    """The same photograph before one grey wall, or before a random colour of its own."""
    colour = (128, 128, 128) if arm == "one background" else tuple(int(c) for c in rng.integers(20, 236, 3))
    return dataclasses.replace(shot, background=colour, background_low=colour)


BACKGROUNDS = Experiment(
    "backgrounds",
    arms=("as drawn", "one background", "random backgrounds"),
    cells=tuple(
        Cell(f"{data}/backgrounds", f"{data} faces, raw pixels", {"data": data, "bed": False}, quick=True)
        for data in ("posed", "wild")
    ),
    measure=measure_backgrounds,
    seconds=1.2,
    most_seeds=1,
)


def _half(arm: str, text: str, required: bool = True) -> Comparison:
    return Comparison(
        "same_subject", arm, value=0.5, matters=0.05, unit="points", required=required, label=f"{text} against one half"
    )


CLAIMS = (
    Claim(
        "1a",
        "Raw distances follow identity",
        "Before learning, a face is nearer to the same person with another expression than to another person with the "
        "same one.",
        "",
        ("identity",),
        (
            _half("pixels", "nearest is the same person, raw pixels"),
            _half("untrained", "the same, features of an untrained network", required=False),
        ),
        guards=("collapsed",),
    ),
    Claim(
        "1b",
        "… before any background",
        "Raw distances follow identity also if every image has a random background of its own.",
        "",
        ("backgrounds",),
        (
            _half("as drawn", "nearest is the same person, as drawn", required=False),
            _half("one background", "the same before one background", required=False),
            _half("random backgrounds", "the same before random backgrounds"),
        ),
        guards=("collapsed",),
    ),
    Claim(
        "1c",
        "Learning turns that round",
        "Metric learning brings the same expression of other people nearer than the same person.",
        "",
        ("identity",),
        (
            Comparison(
                "same_subject",
                "triplet",
                value=0.5,
                expected="below",
                matters=0.05,
                unit="points",
                required=False,
                label="nearest is the same person, after the triplet loss, against one half",
            ),
            Comparison(
                "same_subject",
                "triplet",
                "untrained head",
                expected="below",
                matters=0.05,
                unit="points",
                label="nearest is the same person: triplet loss against the same head untrained",
            ),
        ),
        guards=("collapsed",),
    ),
    Claim(
        "1d",
        "… more than classification does",
        "The turn from identity to expression is the metric loss's doing: cross entropy alone turns less.",
        "",
        ("identity", "end to end"),
        (
            Comparison(
                "same_subject",
                "triplet beside cross entropy",
                "cross entropy",
                expected="below",
                matters=0.02,
                unit="points",
                label="nearest is the same person: with the triplet loss against cross entropy alone",
            ),
            Comparison(
                "same_subject",
                "triplet",
                "cross entropy",
                expected="below",
                matters=0.02,
                unit="points",
                required=False,
                label="nearest is the same person: triplet loss alone against cross entropy alone",
            ),
        ),
        tier="both",
        guards=("collapsed",),
    ),
)
