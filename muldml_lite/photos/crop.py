"""A square of a photograph, turned upright: what a run's network is shown."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from muldml_lite.photos.decode import Photo

SMALLEST = 0.1  # side of a square, as a share of the photograph's shorter side


@dataclass(frozen=True)
class Square:
    """Where to cut. It may reach over the photograph's border; the border's colours then go on."""

    x: float = 0.5  # of its middle, as a share of the width
    y: float = 0.5  # of its middle, as a share of the height
    side: float = 1.0  # as a share of the shorter side
    turn: float = 0.0  # degrees by which the photograph is turned clockwise, about the middle

    def __post_init__(self) -> None:
        limits = {"x": (0, 1), "y": (0, 1), "side": (SMALLEST, 2), "turn": (-180, 180)}
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not (math.isfinite(value) and low <= value <= high):
                raise ValueError(f"Square({name}={value}): expected {low} to {high}")


def middle_square(photo: Photo) -> Square:
    """Where a face probably is when nobody looked: all of a square picture, else a little above the middle."""
    if abs(photo.width - photo.height) <= 0.05 * max(photo.width, photo.height):
        return Square()
    return Square(0.5, 0.5, 0.75) if photo.width > photo.height else Square(0.5, 0.42, 0.8)


def cut(photo: Photo, square: Square, size: int) -> np.ndarray:
    """The square (size, size, 3) uint8; a whole square picture of this very size comes back unchanged.

    Raises:
        ValueError: size below 1.
    """
    if size < 1:
        raise ValueError(f"size: {size} given, expected 1 or more")
    side = square.side * min(photo.width, photo.height)
    x, y = square.x * photo.width, square.y * photo.height
    pixels = photo.pixels
    reach = side / 2 * (math.sqrt(2) if square.turn else 1)  # so that a turned square has its corners
    left, top = max(0, math.ceil(reach - x)), max(0, math.ceil(reach - y))
    right, bottom = max(0, math.ceil(x + reach - photo.width)), max(0, math.ceil(y + reach - photo.height))
    if left or top or right or bottom:
        pixels = np.pad(pixels, ((top, bottom), (left, right), (0, 0)), mode="edge")
        x, y = x + left, y + top
    image = Image.fromarray(pixels)
    if square.turn:
        image = image.rotate(-square.turn, Image.Resampling.BICUBIC, center=(x, y))
    box = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    return np.asarray(image.resize((size, size), Image.Resampling.LANCZOS, box=_inside(box, image)))


def _inside(box: tuple[float, float, float, float], image: Image.Image) -> tuple[float, float, float, float]:
    """Rounding may put a corner a hair outside, which Pillow refuses."""
    left, top, right, bottom = box
    return max(left, 0.0), max(top, 0.0), min(right, float(image.width)), min(bottom, float(image.height))
