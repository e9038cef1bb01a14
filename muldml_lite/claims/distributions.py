"""Claim 2: each threshold gives its own distribution of distances between classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from muldml_lite.claims.beds import Bed, Draw
from muldml_lite.claims.heads import train_head
from muldml_lite.claims.ledger import Cell, Claim, Comparison, Experiment, Outcome
from muldml_lite.claims.thresholds import THRESHOLDS, recipe
from muldml_lite.metrics import is_collapsed, is_saturated

_PAIR = "two thresholds, two seeds"
TWO_THRESHOLDS = "/two τ"  # ends the names of its regimes; without it, that of the regime in `thresholds`
_OTHER = 10_000  # from a seed to the other one


def measure_distributions(bed: Bed, cell: Cell, arm: str, seed: int) -> Outcome:
    """Heads at the lowest and the highest τ, each with two seeds."""
    hows = [recipe(cell, name) for name in ("single 1", "single 5")]
    trained = [[train_head(bed, how, one) for one in (seed, seed + _OTHER)] for how in hows]
    test = bed.rows("test")
    measured = compare([[one.slices[0][test] for one in row] for row in trained], bed.labels[test])
    flat = [one for row in trained for one in row]
    active = float(np.mean([one.active.mean() for one in flat]))
    return Outcome(measured, active, is_saturated(active), any(one.collapsed for one in flat))


def measure_trainings(bed: Draw, cell: Cell, arm: str, seed: int) -> Outcome:
    """The same with networks trained end to end: same people and split, other weights, batches and augmentation."""
    from muldml_lite.config import Config
    from muldml_lite.data import load_dataset
    from muldml_lite.trainer import train

    config = Config(
        data=f"drawn:{cell.settings['data']}",
        subjects=56,
        images_per_subject=14,
        images_per_class=9,
        epochs=12,
        augment=False,
        method="triplet",
        device="cpu",
        precision="fp32",
        seed=bed.draw,
    )
    dataset = load_dataset(config)
    last = [
        [
            list(train(replace(config, thresholds=(tau, tau), seed=bed.draw + other), dataset))[-1]
            for other in (0, _OTHER)
        ]
        for tau in (0.1, 0.8)
    ]
    test = [record.probe.test for record in last[0]]  # the probe set is chosen by the seed
    views = [[r.snapshot.slices[0][t] for r, t in zip(row, test, strict=True)] for row in last]
    labels = [record.probe.labels[t] for record, t in zip(last[0], test, strict=True)]
    slices = [record.slices[0] for row in last for record in row]
    active = float(np.mean([one.active_fraction for one in slices]))
    measured = compare(views, *labels)
    return Outcome(measured, active, is_saturated(active), any(is_collapsed(one.mean_distance) for one in slices))


def compare(views: Sequence[Sequence[np.ndarray]], *labels: np.ndarray) -> dict[str, float]:
    """Embeddings [low τ, high τ][seed, other seed] of (n, d) each → how far apart their distances between classes are.

    Across thresholds the seeds differ as well, so that τ is all that the control lacks.

    Args:
        labels: (n,) of all views, or one for each seed if they show other images.
    """
    by_seed = (labels * 2)[:2]
    distances = [[_all_distances(view) for view in row] for row in views]
    apart = [[between_classes(d, y) for d, y in zip(row, by_seed, strict=True)] for row in distances]
    measured = {}
    for name, scaled in (("ks", False), ("ks_shape", True)):
        values = [[a / a.mean() if scaled else a for a in row] for row in apart]
        measured[f"{name}_thresholds"] = (ks(values[0][0], values[1][1]) + ks(values[0][1], values[1][0])) / 2
        measured[f"{name}_seeds"] = (ks(*values[0]) + ks(*values[1])) / 2
    for name, row in zip(("low", "high"), distances, strict=True):
        spread, ratio = zip(*(class_pairs(d, y) for d, y in zip(row, by_seed, strict=True)), strict=True)
        measured[f"class_spread_{name}"], measured[f"ratio_{name}"] = float(np.mean(spread)), float(np.mean(ratio))
    return measured


def ks(first: np.ndarray, second: np.ndarray) -> float:
    """Kolmogorov–Smirnov distance of two samples, 0…1."""
    from scipy.stats import ks_2samp

    return float(ks_2samp(first, second, method="asymp").statistic)


def _all_distances(view: np.ndarray) -> np.ndarray:
    from scipy.spatial.distance import pdist, squareform

    return squareform(pdist(view.astype(np.float64)))


def between_classes(distances: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Distances (n, n) → those of all pairs of different classes, (pairs,)."""
    first, second = np.triu_indices(len(labels), 1)
    return distances[first, second][labels[first] != labels[second]]


def class_pairs(distances: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Spread of the mean distances of pairs of classes over their mean; mean distance between over within classes."""
    names = np.unique(labels)
    table = np.array([[distances[np.ix_(labels == a, labels == b)].mean() for b in names] for a in names])
    pairs = table[np.triu_indices(len(names), 1)]
    counts = np.array([(labels == a).sum() for a in names])
    within = np.diag(table) * counts / np.maximum(1, counts - 1)  # without the zeros of an image to itself
    return float(pairs.std() / pairs.mean()), float(pairs.mean() / within.mean())


DISTRIBUTIONS = Experiment(
    "distributions",
    arms=(_PAIR,),
    cells=tuple(
        replace(cell, name=cell.name + TWO_THRESHOLDS, search=False, quick=cell.quick, arms=())
        for cell in THRESHOLDS.cells
        if cell.name.endswith(("batch-hard/alone", "semi-hard/alone", "alone/fast"))
    ),
    measure=measure_distributions,
    seconds=2.5,
    most_seeds=1,
)

DISTRIBUTIONS_END_TO_END = Experiment(
    "distributions end to end",
    arms=(_PAIR,),
    cells=tuple(
        Cell(
            f"{data}/end to end{TWO_THRESHOLDS}",
            f"{data} faces, the small network trained end to end, plain loss beside cross entropy, semi-hard mining",
            {"data": data, "bed": False},
        )
        for data in ("posed", "wild")
    ),
    measure=measure_trainings,
    tier="end to end",
    seconds=70.0,
    most_draws=6,
    most_seeds=1,
)

CLAIMS = (
    Claim(
        "2a",
        "A distribution for each τ",
        "Each threshold gives its own distribution of distances between classes.",
        "figure 3",
        ("distributions", "distributions end to end"),
        (
            Comparison(
                "ks_thresholds",
                _PAIR,
                control_statistic="ks_seeds",
                matters=0.02,
                label="Kolmogorov–Smirnov distance: other τ and seed against other seed",
            ),
        ),
        tier="both",
    ),
    Claim(
        "2b",
        "… also in its shape",
        "The distributions of different thresholds differ in more than their scale.",
        "figure 3",
        ("distributions", "distributions end to end"),
        (
            Comparison(
                "ks_shape_thresholds",
                _PAIR,
                control_statistic="ks_shape_seeds",
                matters=0.05,
                label="the same after division by the mean: other τ and seed against other seed",
            ),
            Comparison(
                "class_spread_high",
                _PAIR,
                control_statistic="class_spread_low",
                matters=0.01,
                required=False,
                label="spread between pairs of classes: τ high against low",
            ),
            Comparison(
                "ratio_high",
                _PAIR,
                control_statistic="ratio_low",
                matters=0.05,
                required=False,
                label="distance between over within classes: τ high against low",
            ),
        ),
        tier="both",
    ),
)
