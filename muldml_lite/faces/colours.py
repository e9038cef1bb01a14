"""Colours as RGB triples of integers, and the palettes that people are drawn from."""

from __future__ import annotations

import colorsys

Colour = tuple[int, int, int]  # red, green, blue in 0..255

# From pale to deep; the deepest stays light enough that brows and wrinkles show.
SKIN: tuple[Colour, ...] = (
    (255, 226, 204),
    (252, 213, 184),
    (244, 198, 164),
    (233, 182, 142),
    (216, 160, 116),
    (193, 135, 93),
    (166, 110, 74),
    (143, 93, 64),
    (124, 80, 57),
)
HAIR: tuple[Colour, ...] = (
    (36, 31, 33),
    (56, 38, 30),
    (84, 54, 36),
    (118, 70, 42),
    (150, 84, 44),
    (190, 98, 48),
    (176, 138, 84),
    (226, 190, 118),
)
GREY_HAIR: tuple[Colour, ...] = ((134, 134, 138), (176, 176, 178), (226, 224, 218))
DYED_HAIR: tuple[Colour, ...] = ((206, 84, 132), (84, 120, 190), (120, 84, 160), (60, 140, 128))
IRIS: tuple[Colour, ...] = (
    (64, 40, 26),
    (92, 58, 32),
    (122, 86, 44),
    (84, 116, 66),
    (70, 120, 168),
    (96, 128, 144),
)
CLOTH: tuple[Colour, ...] = (
    (52, 78, 120),
    (160, 62, 74),
    (70, 120, 104),
    (122, 92, 140),
    (210, 168, 92),
    (84, 88, 98),
    (206, 130, 138),
)
FRAMES: tuple[Colour, ...] = ((34, 32, 36), (96, 58, 36), (150, 40, 50), (50, 70, 110), (112, 84, 40))

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)


def argb(colour: Colour, alpha: float = 1.0) -> int:
    """Skia's packed colour."""
    return int(alpha * 255 + 0.5) << 24 | colour[0] << 16 | colour[1] << 8 | colour[2]


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`one` moved towards `other` by `share` in 0..1."""
    keep = 1.0 - share
    return (
        int(one[0] * keep + other[0] * share),
        int(one[1] * keep + other[1] * share),
        int(one[2] * keep + other[2] * share),
    )


def from_hsv(hue: float, saturation: float, value: float) -> Colour:
    """Colour of a hue, saturation and value, all in 0..1."""
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return int(red * 255), int(green * 255), int(blue * 255)


def blend_along(palette: tuple[Colour, ...], place: float) -> Colour:
    """Colour at `place` in 0..1 along a palette, interpolated."""
    position = place * (len(palette) - 1)
    index = min(int(position), len(palette) - 2)
    return mix(palette[index], palette[index + 1], position - index)
