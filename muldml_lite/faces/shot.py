"""What the camera adds: occluders (drawn); uneven light, contrast, brightness and grain (numpy)."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import skia

from muldml_lite.faces.colours import BLACK, WHITE, mix
from muldml_lite.faces.easel import Easel
from muldml_lite.faces.identity import Identity
from muldml_lite.faces.nuisance import Nuisance

# Standard normal quantiles: a random byte looks up its grain, ten times faster than drawing normals.
_BELL = np.array([NormalDist().inv_cdf((i + 0.5) / 256) for i in range(256)], dtype=np.float32)  # (256,)


def draw_occluder(easel: Easel, identity: Identity, nuisance: Nuisance) -> None:
    """Something between camera and face."""
    if nuisance.occluder == "none":
        return
    canvas, colour = easel.canvas, nuisance.occluder_colour
    canvas.save()
    canvas.translate(50 + nuisance.occluder_x, 50 + nuisance.occluder_y)
    canvas.rotate(nuisance.occluder_angle)
    canvas.scale(nuisance.occluder_size, nuisance.occluder_size)
    path = skia.Path()
    if nuisance.occluder == "hand":
        _draw_hand(easel, identity)
    elif nuisance.occluder == "card":
        path.addRoundRect(skia.Rect(-15, -11, 15, 11), 1.5, 1.5)
        easel.fill(path, mix(colour, WHITE, 0.5))
        path.rewind()
        for y in (-5, 0, 5):
            path.moveTo(-11, y)
            path.lineTo(9 - y, y)
        easel.stroke(path, colour, 1.6)
    elif nuisance.occluder == "pencil":
        path.moveTo(-34, 0)
        path.lineTo(34, 0)
        easel.stroke(path, colour, 6.0)
        easel.stroke(path, mix(colour, WHITE, 0.4), 1.6)
    elif nuisance.occluder == "ball":
        easel.disc(0, 0, 13, mix(colour, BLACK, 0.15))
        easel.glow(-3, -4, 10, 10, mix(colour, WHITE, 0.6), 0.9)
    else:
        path.addRoundRect(skia.Rect(-10, -12, 10, 14), 2.5, 2.5)
        easel.fill(path, colour)
        path.rewind()
        path.addOval(skia.Rect(8, -7, 18, 7))
        easel.stroke(path, colour, 3.0)
    canvas.restore()


def _draw_hand(easel: Easel, identity: Identity) -> None:
    """Four fingers and a back of the hand, in the person's own skin."""
    skin, fingers = mix(identity.skin, (70, 26, 20), 0.12), skia.Path()
    for x, top in ((-7.5, -13), (-2.5, -16), (2.5, -15), (7.2, -11)):
        fingers.moveTo(x, top)
        fingers.lineTo(0.8 * x, 8)
    easel.stroke(fingers, mix(skin, (60, 20, 20), 0.4), 5.6)
    easel.stroke(fingers, skin, 4.4)
    palm = skia.Path()
    palm.addRoundRect(skia.Rect(-10, 4, 10, 60), 6, 6)
    easel.fill(palm, skin)


@lru_cache(maxsize=8)
def _ramp(size: int) -> np.ndarray:
    return np.linspace(-0.8, 0.8, size, dtype=np.float32)  # (size,)


def _light(size: int, strength: float) -> np.ndarray:
    """Gain along one axis, brighter towards the light: (size,) float32."""
    gain = _ramp(size) * np.float32(strength) + np.float32(1)  # (size,)
    return np.minimum(np.maximum(gain, np.float32(0.3)), np.float32(1.2))  # the bright side is not to burn out


def expose(easel: Easel, nuisance: Nuisance) -> np.ndarray:
    """Light, contrast, brightness and grain on what was drawn -> (H, W, 3) uint8.

    Works on all four channels and in the easel's own memory: numpy is several times faster on whole rows
    than on RGB strides, and fresh arrays of this size cost more than the arithmetic.
    """
    size, grey = easel.size, easel.grey
    np.copyto(grey, easel.pixels.reshape(size, size * 4))  # (H, W * 4)
    angle, strength = math.radians(nuisance.light_direction), nuisance.light_strength
    across = _light(size, strength * math.cos(angle)) * np.float32(nuisance.contrast)  # (W,)
    grey *= across.repeat(4)
    grey *= _light(size, strength * math.sin(angle))[:, None]
    offset = 128 * (1 - nuisance.contrast) + nuisance.brightness
    if nuisance.noise > 0:
        raw = np.random.default_rng(nuisance.noise_seed).bytes(size * size)
        levels = (_BELL * np.float32(nuisance.noise) + np.float32(offset)).repeat(4).reshape(256, 4)
        grain = levels.take(np.frombuffer(raw, dtype=np.uint8), axis=0)  # (H * W, 4), the same in all channels
        grey += grain.reshape(grey.shape)
    else:
        grey += np.float32(offset)
    np.clip(grey, 0, 255, out=grey)
    np.copyto(easel.pixels.reshape(size, size * 4), grey, casting="unsafe")
    return easel.pixels.reshape(-1).take(easel.rgb).reshape(size, size, 3)
