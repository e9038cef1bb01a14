"""What the steps of an epoch add up to, read from the device once in a while and not at every step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from muldml_lite.losses import LossReport

REPORTED = ("per_slice", "active_fraction", "incomplete_fraction", "mean_positive", "mean_negative")


class StepResult(NamedTuple):
    """One optimisation step, on the device: reading it stops a GPU until it has caught up."""

    loss: Tensor  # () what was minimised
    cross_entropy: Tensor  # ()
    right: Tensor  # () images that the head put into their class
    report: LossReport | None  # of the metric loss; None if the method has none
    images: int  # of all processes together


class EpochSums:
    """Sums over the steps of an epoch, in float64 on the host; steps since the last `read` wait on the device."""

    def __init__(self) -> None:
        self.steps, self.images = 0, 0
        self._scalars = np.zeros(3)  # loss, cross entropy, right answers
        self._slices: np.ndarray | float = 0.0  # (5, N)
        self._measured: np.ndarray | float = 0.0  # (5, N) steps in which a number was measured
        self._waiting: list[tuple[Tensor, Tensor | None]] = []  # (3,), (5, N) each

    def add(self, step: StepResult) -> None:
        self.steps += 1
        self.images += step.images
        scalars = torch.stack([step.loss, step.cross_entropy, step.right.to(step.loss)])
        # Not the report itself: with its list of triplets it would hold a hundred times the memory.
        slices = step.report and torch.stack([getattr(step.report, name).to(step.loss) for name in REPORTED])
        self._waiting.append((scalars, slices))

    def read(self) -> np.ndarray:
        """Take in the steps that wait; returns their losses and cross entropies, (steps, 2)."""
        scalars, slices = zip(*self._waiting, strict=True)
        self._waiting = []
        numbers = torch.stack(scalars).cpu().double().numpy()  # (steps, 3)
        self._scalars += numbers.sum(0)
        if slices[0] is not None:
            parts = torch.stack(slices).cpu().double().numpy()  # (steps, 5, N)
            # NaN: not measured in this step. A loss that is NaN never gets here, the trainer stops before.
            self._slices = self._slices + np.nansum(parts, 0)
            self._measured = self._measured + (~np.isnan(parts)).sum(0)
        return numbers[:, :2]

    def means(self) -> dict[str, float | None]:
        loss, cross_entropy, right = self._scalars.tolist()
        per_slice = (self.report() or {}).get("per_slice")
        return {
            "loss": loss / self.steps,
            "cross_entropy": cross_entropy / self.steps,
            "metric_loss": sum(per_slice) / len(per_slice) if per_slice else None,
            "train_accuracy": right / self.images,
        }

    def report(self) -> dict[str, list[float]] | None:
        """Means of the loss reports; None if the method has no metric loss."""
        if not isinstance(self._slices, np.ndarray):
            return None
        return dict(zip(REPORTED, (self._slices / np.maximum(self._measured, 1)).tolist(), strict=True))
