"""What one epoch leaves behind."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from torch import nn, optim

from muldml_lite.runs import Judgements, Probe, Snapshot


@dataclass(frozen=True)
class SliceRecord:
    """One slice after one epoch. Means over the epoch's batches (of the warm-up, too), where not said otherwise."""

    threshold: float | None  # τ; None: the method has no metric loss, and what depends on τ is None as well
    loss: float | None  # mean metric loss; None before training
    active_fraction: float | None  # share of hinges above 0
    incomplete_fraction: float | None  # share of mined triplets judged incompletely
    mean_positive: float | None  # mean distance of mined positives
    mean_negative: float | None  # mean distance of mined negatives
    mean_distance: float  # mean distance of all pairs of the probe set, after the epoch
    knn_accuracy: float  # on held-out images, from this slice alone, after the epoch


@dataclass(frozen=True)
class Weights:
    """The live network and optimiser: to be saved before the next record is asked for."""

    network: nn.Module
    optimizer: optim.Optimizer


@dataclass(frozen=True)
class EpochRecord:
    """One epoch of training; epoch 0 is the untrained network."""

    epoch: int
    phase: str  # start | warm-up (cross entropy alone) | joint
    loss: float | None  # what was minimised, mean over batches: no series, as the warm-up minimises cross entropy alone
    cross_entropy: float | None
    metric_loss: float | None  # mean over slices, without its weight; in the warm-up measured, but not minimised
    learning_rate: float
    seconds: float  # wall clock of this epoch, evaluation included
    images_per_second: float | None  # trained images, evaluation not counted
    seconds_left: float | None  # estimate to the end of training
    train_accuracy: float | None  # head, on the augmented training images as they came by
    head_accuracy: float  # head, on held-out images
    knn_accuracy: float  # k-NN on the joined slices, held-out images against training images
    slices: tuple[SliceRecord, ...]
    warnings: tuple[str, ...]
    probe: Probe
    snapshot: Snapshot
    judgements: Judgements
    weights: Weights

    def to_json(self) -> dict[str, Any]:
        """The numbers only, as history.jsonl keeps them."""
        heavy = ("probe", "snapshot", "judgements", "weights", "slices")
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in heavy}
        values["warnings"] = list(self.warnings)
        return _rounded({**values, "slices": [dataclasses.asdict(s) for s in self.slices]})


def _rounded(value: Any) -> Any:
    """Six significant digits are more than any of these numbers means."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    return [_rounded(v) for v in value] if isinstance(value, (list, tuple)) else value
