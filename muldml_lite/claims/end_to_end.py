"""The dear tier: whole networks, trained by the trainer as a user would; for claims 1, 4, 5, 6 and 9."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from muldml_lite.claims.beds import Draw
from muldml_lite.claims.convergence import FALL
from muldml_lite.claims.cycles import History, told_from, turn_shares
from muldml_lite.claims.ledger import Cell, Experiment, Outcome
from muldml_lite.config import Config
from muldml_lite.metrics import is_collapsed, is_saturated

if TYPE_CHECKING:
    from muldml_lite.trainer import EpochRecord

# Batch Hard throughout: the mining that the paper speaks of.
_METHODS: dict[str, dict[str, Any]] = {
    "cross entropy": {"method": "softmax"},
    "triplet beside cross entropy": {"method": "triplet", "thresholds": (0.45, 0.45)},
    "mul-dml": {"method": "mul-dml"},
}


def _config(bed: Draw, data: str, seed: int, epochs: int, **settings: Any) -> Config:
    """Draw and seed decide the people and the rest together; the same (draw, seed) gives every arm the same of both."""
    return Config(
        data=f"drawn:{data}",
        subjects=56,
        images_per_subject=14,
        images_per_class=9,
        epochs=epochs,
        mining="batch-hard",
        device="cpu",
        precision="fp32",
        augment=False,  # so few steps do not suffice for changed images as well
        seed=bed.draw * 100 + seed,
        **settings,
    )


def as_trained(last: EpochRecord) -> Outcome:
    """The accuracies that a training ends with; collapsed: any of its slices has."""
    active = [one.active_fraction for one in last.slices if one.active_fraction is not None]
    return Outcome(
        {"head": last.head_accuracy, "knn": last.knn_accuracy},
        sum(active) / len(active) if active else None,
        collapsed=any(is_collapsed(one.mean_distance) for one in last.slices),
    )


def measure_training(bed: Draw, cell: Cell, arm: str, seed: int) -> Outcome:
    from muldml_lite.analysis import nearest_share
    from muldml_lite.metrics import join_slices
    from muldml_lite.trainer import train

    config = _config(bed, cell.settings["data"], seed, cell.settings["epochs"], **_METHODS[arm])
    records = list(train(config))
    last, joint = records[-1], [record for record in records if record.phase == "joint"]
    probe, test = last.probe, last.probe.test

    def same_subject(record: Any) -> float:
        vectors = join_slices(record.snapshot.slices[:, test])
        return nearest_share(vectors, probe.labels[test], probe.subjects[test])["same_subject"]

    measured = {
        "head": last.head_accuracy,
        "knn": last.knn_accuracy,
        "same_subject": same_subject(last),
        "untrained_same_subject": same_subject(records[0]),
    }
    active = None
    if joint:
        rates = [[one.incomplete_fraction for one in record.slices] for record in joint]
        measured |= {"incomplete": float(np.mean(rates)), "incomplete_path": [float(np.mean(one)) for one in rates]}
        active = float(np.mean([one.active_fraction for one in last.slices]))
    distance = float(np.mean([one.mean_distance for one in last.slices]))
    measured["distance"] = distance
    return Outcome(measured, active, is_saturated(active), is_collapsed(distance))


END_TO_END = Experiment(
    "end to end",
    arms=tuple(_METHODS),
    cells=tuple(
        Cell(
            f"{data}/end to end",
            f"{data} faces, the small network trained end to end, Batch Hard",
            {"data": data, "bed": False, "epochs": 12},
            quick=data == "posed",
        )
        for data in ("posed", "wild")
    ),
    measure=measure_training,
    tier="end to end",
    seconds=25.0,
    quick_arms=("cross entropy", "mul-dml"),
    most_draws=8,
    most_seeds=1,
)


def measure_turns(bed: Draw, cell: Cell, arm: str, seed: int) -> Outcome:
    """From epoch to epoch, on the probe set's Batch Hard triplets in the first slice."""
    from muldml_lite.trainer import train

    config = _config(bed, cell.settings["data"], seed, cell.settings["epochs"], **_METHODS[arm])
    joint = [record for record in train(config) if record.phase == "joint"]
    shares = turn_shares([_history([record.judgements for record in joint], config.thresholds[0])])
    return as_trained(joint[-1])._replace(measured=shares, untestable=told_from(shares))


def _history(judgements: list, tau: float) -> History:
    """Judgements of T epochs, with places among the anchors in place of images, (T, m) each."""
    order = {int(anchor): place for place, anchor in enumerate(judgements[0].anchor[0, 0])}
    place = lambda rows: np.stack([[order[int(i)] for i in row] for row in rows])  # noqa: E731
    ap, an, pn = np.moveaxis(np.stack([one.distances[0, 0] for one in judgements]).astype(np.float32), -1, 0)
    return (
        place([one.positive[0, 0] for one in judgements]),
        place([one.negative[0, 0] for one in judgements]),
        (ap + tau <= an) & (pn < ap),
    )


CYCLES_END_TO_END = Experiment(
    "cycles end to end",
    arms=("triplet beside cross entropy",),
    cells=tuple(replace(cell, name=f"{cell.name}/turns", quick=False) for cell in END_TO_END.cells),
    measure=measure_turns,
    tier="end to end",
    seconds=25.0,
    most_draws=8,
    most_seeds=1,
)

# A metric weight of 100 leaves cross entropy a hundredth of the gradient, and Adam takes no notice of the scale.
_SCRATCH: dict[str, dict[str, Any]] = {
    "plain": {"method": "triplet", "metric_weight": 100.0},
    "dual": {"method": "dual", "metric_weight": 100.0},
    "plain, twice the weight": {"method": "triplet", "metric_weight": 200.0},
    "plain, twice the rate": {"method": "triplet", "metric_weight": 100.0, "learning_rate": 2e-3},
}


def measure_scratch(bed: Draw, cell: Cell, arm: str, seed: int) -> Outcome:
    """Without warm-up, the metric loss all but alone."""
    from muldml_lite.trainer import train

    how = {"learning_rate": 1e-3, "thresholds": (0.3, 0.3), "warmup_epochs": 0, "slices": 1, **_SCRATCH[arm]}
    config = _config(bed, cell.settings["data"], seed, cell.settings["epochs"], **how)
    records = list(train(config))
    last, one = records[-1], records[-1].slices[0]
    # The same for dual and plain: what the mean triplet costs on the anchor's side, in units of τ.
    start, end = (
        max(0.0, s.mean_positive - s.mean_negative + s.threshold) / s.threshold for s in (records[1].slices[0], one)
    )
    converged = end < FALL * start and not is_collapsed(one.mean_distance)
    measured = {
        "converged": float(converged),
        "end": end,
        "distance": one.mean_distance,
        "knn": last.knn_accuracy,
        "head": last.head_accuracy,
    }
    return Outcome(measured, one.active_fraction, is_saturated(one.active_fraction), is_collapsed(one.mean_distance))


FROM_SCRATCH = Experiment(
    "from scratch",
    arms=tuple(_SCRATCH),
    cells=(
        Cell(
            "posed/from scratch",
            "posed faces, the small network from scratch, Batch Hard, metric loss all but alone (weight 100)",
            {"data": "posed", "bed": False, "epochs": 12},
        ),
    ),
    measure=measure_scratch,
    tier="end to end",
    seconds=20.0,
    most_draws=8,
    most_seeds=1,
)
