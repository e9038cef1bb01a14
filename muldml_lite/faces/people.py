"""Who a drawn person is: the stream of random numbers that draws them, and the name that goes with it."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from muldml_lite.config import LARGEST_SEED


class Crowd(IntEnum):
    """The use of a stream. People of two crowds are never the same, whatever their seeds."""

    ANYONE = 0
    PRETRAINING = 1  # starting weights are trained on them, so no run may hold them out
    LAB = 2  # drawn one at a time, to be shown to a trained network


def check_seed(seed: int) -> None:
    """Raises a ValueError unless `seed` is a whole number that fits into one word of a stream's key."""
    whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
    if not whole or not 0 <= seed <= LARGEST_SEED:
        raise ValueError(f"seed: got {seed!r}, expected a whole number from 0 to {LARGEST_SEED}")


def person_stream(seed: int, person: int, image: int = -1, crowd: Crowd = Crowd.ANYONE) -> np.random.Generator:
    """A stream of its own for each person (image -1) and each of their images.

    So a person's images do not depend on how many people or images are drawn. The key has four words of 32 bits, which
    is as many as NumPy pads shorter keys to, with zeros: two keys are the same stream only if all four words agree.
    """
    key = [int(seed), int(person), int(image) + 1, int(crowd)]
    if not all(0 <= word <= LARGEST_SEED for word in key):
        raise ValueError(f"stream: got {key}, expected whole numbers from 0 to {LARGEST_SEED}")
    return np.random.default_rng(key)


def person_name(seed: int, person: int, crowd: Crowd = Crowd.ANYONE) -> str:
    """The name of a drawn person in every data set and run: the same name is the same person."""
    return "-".join(["drawn", *([crowd.name.lower()] if crowd else []), str(seed), str(person)])
