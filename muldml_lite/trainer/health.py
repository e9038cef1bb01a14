"""Notices a loss that has blown up, and the two ways in which metric learning fails quietly."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from muldml_lite.metrics import SATURATED, is_collapsed, is_saturated
from muldml_lite.runs import RunError
from muldml_lite.trainer.record import SliceRecord

EXPLODED = 20  # times the cross entropy of blind guessing


class TrainingError(RunError):
    """Training that cannot go on; the message says where, why and what to change."""


def find_blow_up(steps: np.ndarray, classes: int) -> tuple[int, str] | None:
    """Where and how the loss went wrong in some steps in a row, (step counted from 1, reason); None if it did not.

    Exploding means a mean cross entropy of more than 20 ln C: guessing blindly among C classes costs ln C, so such a
    network is wrong with great confidence, step after step, and no healthy run is, however wild its first steps.
    The metric loss cannot explode, as slices have unit length and no distance exceeds 2.

    Args:
        steps: (n, 2) loss and cross entropy of each step, n of at least 1.
    """
    bad = np.flatnonzero(~np.isfinite(steps[:, 0]))
    if len(bad):
        return int(bad[0]) + 1, f"the loss is {steps[bad[0], 0]}"
    mean, guessing = steps[:, 1].mean(), math.log(classes)
    if mean > EXPLODED * guessing:
        reason = f"the loss explodes: cross entropy {mean:.3g} in the mean of {len(steps)} steps; "
        return len(steps), reason + f"blind guessing costs {guessing:.2f}"
    return None


def find_problems(slices: Sequence[SliceRecord], hinges: int) -> tuple[str, ...]:
    """One line for collapse and one for saturation, naming the slices; nothing if all is well.

    Collapse: all images lie nearly on one point, so every hinge is stuck at τ. Accuracy may still look fair.
    Saturation: nearly every hinge is active. If all are, τ is a constant that has no gradient: other thresholds
    would give the same network.

    Args:
        hinges: hinge terms a triplet: 1 for triplet, 2 for dual.
    """
    trained = [(i, s) for i, s in enumerate(slices) if s.loss is not None]
    collapsed = [i for i, s in trained if is_collapsed(s.mean_distance, s.loss / (hinges * s.threshold))]
    saturated = [i for i, s in enumerate(slices) if is_saturated(s.active_fraction) and i not in collapsed]
    lines = []
    if collapsed:
        worst = min((slices[i] for i in collapsed), key=lambda s: s.mean_distance)
        lines.append(
            f"collapse in {_name(collapsed, slices)}: mean distance {worst.mean_distance:.3f}, loss stuck at "
            f"{'2 τ' if hinges == 2 else 'τ'}; try more warm-up epochs, semi-hard mining or a lower learning rate"
        )
    if saturated:
        lines.append(
            f"saturation in {_name(saturated, slices)}: {SATURATED:.0%} or more of the hinges are active, so τ is "
            "hardly in the gradient and other thresholds would change little; try smaller thresholds, semi-hard mining "
            "or longer training"
        )
    return tuple(lines)


def _name(indices: list[int], slices: Sequence[SliceRecord]) -> str:
    if len(indices) == len(slices):
        return "all slices" if len(slices) > 1 else f"the embedding (τ = {slices[0].threshold:.2f})"
    named = ", ".join(f"{i + 1} (τ = {slices[i].threshold:.2f})" for i in indices)
    return f"slice{'s' if len(indices) > 1 else ''} {named}"
