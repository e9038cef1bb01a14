"""Thresholds, and the checks of what a loss is given."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import torch
from torch import Tensor

CHOICES = {
    "loss": ("triplet", "dual"),
    "mining": ("batch-hard", "semi-hard", "batch-all"),
    "reduction": ("mean", "mean-nonzero"),
    "spacing": ("uniform", "log", "random"),
}


def sample_thresholds(n: int, low: float, high: float, spacing: str = "uniform", seed: int = 0) -> tuple[float, ...]:
    """n ascending thresholds in [low, high], units of the distance; "uniform" and "log" include both ends.

    "uniform": equal differences; "log": equal ratios; "random": drawn uniformly with `seed`. A single one
    (n = 1) is the middle: the mean of low and high, the geometric mean for "log", still a draw for "random".
    """
    check_choice("spacing", spacing)
    if not isinstance(n, int) or n < 1:
        raise ValueError(f"n is {n!r}; expected a whole number of at least 1")
    if not 0 < low <= high < math.inf:
        raise ValueError(f"low, high are {low!r}, {high!r}; expected 0 < low <= high, both finite")
    if spacing == "random":
        rng = random.Random(seed)
        return tuple(sorted(rng.uniform(low, high) for _ in range(n)))
    parts = [i / (n - 1) for i in range(n)] if n > 1 else [0.5]
    if spacing == "log":
        return tuple(low ** (1 - part) * high**part for part in parts)
    return tuple(low * (1 - part) + high * part for part in parts)


def check_choice(name: str, value: str) -> str:
    if value not in CHOICES[name]:
        raise ValueError(f"{name} is {value!r}; expected one of {', '.join(CHOICES[name])}")
    return value


def check_thresholds(thresholds: Sequence[float], dtype: torch.dtype = torch.float32) -> Tensor:
    values = [float(threshold) for threshold in thresholds]
    if not values or not all(0 < value < math.inf for value in values):
        raise ValueError(f"thresholds is {values}; expected one or more positive finite numbers")
    return torch.tensor(values, dtype=dtype)
