"""What varies from image to image and says nothing about the expression: pose, light, occluders, colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from muldml_lite.faces import colours
from muldml_lite.faces.colours import Colour
from muldml_lite.faces.difficulty import Range, difficulty_of

OCCLUDERS = ("none", "hand", "card", "pencil", "ball", "mug")


@dataclass(frozen=True)
class Nuisance:
    """One shot of a face. The defaults are a frontal, evenly lit, clean one."""

    yaw: float = 0.0  # degrees, positive turns towards the image's right
    pitch: float = 0.0  # degrees, positive looks down
    roll: float = 0.0  # degrees, positive tilts clockwise
    scale: float = 1.0  # of the head, 1: usual
    shift_x: float = 0.0  # hundredths of the frame, positive to the right
    shift_y: float = 0.0  # hundredths of the frame, positive down
    light_direction: float = -120.0  # degrees the light comes from; 0: right, -90: above
    light_strength: float = 0.1  # 0: even light, 1: hard light from one side
    contrast: float = 1.0  # about mid-grey
    brightness: float = 0.0  # grey levels added
    noise: float = 0.0  # standard deviation of the grain in grey levels
    noise_seed: int = 0  # of the grain, so that an image can be drawn again
    occluder: str = "none"  # one of OCCLUDERS
    occluder_x: float = 0.0  # hundredths of the frame from its middle
    occluder_y: float = 0.0  # hundredths of the frame from its middle
    occluder_angle: float = 0.0  # degrees
    occluder_size: float = 1.0  # relative to the usual
    occluder_colour: Colour = (90, 130, 170)  # of cards, pencils, balls and mugs
    gaze_x: float = 0.0  # -1..1, to the image's left or right
    gaze_y: float = 0.0  # -1..1, up or down
    background: Colour = (206, 222, 230)  # behind the head, upper part
    background_low: Colour = (182, 204, 216)  # lower part
    shirt: Colour = (88, 118, 150)  # of the shirt
    v_neck: bool = False  # of the shirt; otherwise round


def _between(span: Range, share: float) -> float:
    return span[0] + (span[1] - span[0]) * share


def sample_nuisance(rng: np.random.Generator, preset: str = "posed") -> Nuisance:
    """One shot under the difficulty of `preset`."""
    how = difficulty_of(preset)
    symmetric = (2 * rng.random(10) - 1).tolist()  # (10,) in -1..1
    share = rng.random(16).tolist()  # (16,) in 0..1
    saturation = _between(how.background_saturation, share[0])
    value = _between(how.background_value, share[1])
    hidden = share[4] < how.occluder_probability
    return Nuisance(
        yaw=how.yaw * symmetric[0],
        pitch=how.pitch * symmetric[1],
        roll=how.roll * symmetric[2],
        scale=_between(how.scale, share[2]),
        shift_x=how.shift * symmetric[3],
        shift_y=how.shift * symmetric[4],
        light_direction=-90 + 100 * symmetric[5],
        light_strength=_between(how.light_strength, share[3]),
        contrast=_between(how.contrast, share[5]),
        brightness=how.brightness * symmetric[6],
        noise=_between(how.noise, share[6]),
        noise_seed=int(share[7] * 2**31),
        occluder=OCCLUDERS[1 + int(share[8] * (len(OCCLUDERS) - 1))] if hidden else "none",
        occluder_x=32 * symmetric[7],
        occluder_y=6 + 24 * symmetric[8],
        occluder_angle=35 * symmetric[9],
        occluder_size=0.7 + 0.5 * share[9],
        occluder_colour=colours.from_hsv(share[10], 0.55, 0.75),
        gaze_x=how.gaze * (share[11] - share[12]),
        gaze_y=0.6 * how.gaze * (share[12] - share[13]),
        background=colours.from_hsv(share[14], saturation, value),
        background_low=colours.from_hsv(share[14], saturation * 1.1, value * 0.85),
        shirt=colours.from_hsv(share[15], 0.2 + 0.5 * share[12], 0.35 + 0.5 * share[13]),
        v_neck=share[10] < 0.4,
    )
