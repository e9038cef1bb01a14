"""One face: from identity, action units and nuisance to pixels."""

from __future__ import annotations

import numpy as np

from muldml_lite.faces.beard import draw_beard, draw_headgear
from muldml_lite.faces.easel import Easel, Pose
from muldml_lite.faces.expression import ACTION_UNITS
from muldml_lite.faces.features import draw_eyes, draw_glasses
from muldml_lite.faces.hair import draw_hair, draw_hair_behind
from muldml_lite.faces.head import (
    draw_background,
    draw_body,
    draw_cheeks,
    draw_ears,
    draw_neck_shadow,
    draw_skin,
    outline_of,
)
from muldml_lite.faces.identity import Identity
from muldml_lite.faces.mouth import draw_mouth
from muldml_lite.faces.nose import draw_forehead, draw_nose
from muldml_lite.faces.nuisance import Nuisance
from muldml_lite.faces.shot import draw_occluder, expose

FRONTAL = Nuisance()
MIDDLE_X, MIDDLE_Y = 50.0, 49.5  # where the origin between the eyes lies in the frame, in hundredths
HEAD_SCALE = 1.15  # of everything that follows the head; leaves room for a dropped jaw
_PIVOT_Y = 22.0  # the head rolls about the neck, not about the nose
_HIDES_EARS = ("hijab", "long", "bob", "fringe", "wavy")


def check_size(size: int) -> None:
    """Raise unless `size` is a whole number of pixels that can be drawn."""
    if not isinstance(size, int | np.integer) or isinstance(size, bool) or not 16 <= size <= 512:
        raise ValueError(f"size: got {size!r}, expected a whole number of pixels from 16 to 512")


def activate(identity: Identity, action_units: np.ndarray) -> dict[str, float]:
    """Action units (A,) as this face shows them: resting tone plus gain times unit, at most 1."""
    shown = np.asarray(identity.resting) + np.asarray(identity.gain) * action_units  # (A,)
    return dict(zip(ACTION_UNITS, np.minimum(np.maximum(shown, 0), 1).tolist(), strict=True))


def draw_face(identity: Identity, action_units: np.ndarray, nuisance: Nuisance = FRONTAL, size: int = 64) -> np.ndarray:
    """Draw one face: action units (A,) in 0..1 -> (size, size, 3) uint8."""
    check_size(size)
    units = np.asarray(action_units, dtype=np.float32)  # (A,)
    if units.shape != (len(ACTION_UNITS),):
        raise ValueError(f"action_units: got shape {units.shape}, expected ({len(ACTION_UNITS)},)")
    return paint_face(Easel(size), identity, units, nuisance)


def paint_face(easel: Easel, identity: Identity, units: np.ndarray, nuisance: Nuisance) -> np.ndarray:
    """Draw one face on a given easel: action units (A,) -> (H, W, 3) uint8."""
    canvas = easel.canvas
    canvas.save()
    canvas.scale(easel.size / 100, easel.size / 100)
    draw_background(easel, nuisance)
    canvas.save()
    pose, scale = Pose(identity, nuisance), HEAD_SCALE * nuisance.scale
    # Lifted, whatever the expression, if a dropped jaw would leave the frame.
    lowest = 96 - scale * outline_of(identity, pose, jaw_drop=1.0).chin_y
    canvas.translate(MIDDLE_X + nuisance.shift_x, min(MIDDLE_Y + nuisance.shift_y, lowest))
    canvas.scale(scale, scale)
    _paint_person(easel, identity, pose, activate(identity, units), nuisance)
    canvas.restore()
    draw_occluder(easel, identity, nuisance)
    canvas.restore()
    return expose(easel, nuisance)


def _paint_person(
    easel: Easel, identity: Identity, pose: Pose, activation: dict[str, float], nuisance: Nuisance
) -> None:
    """Back to front: hair behind, body, head, features, hair, what is worn."""
    canvas = easel.canvas
    head = outline_of(identity, pose, activation["AU26"])

    def roll() -> None:
        canvas.save()
        canvas.translate(0, _PIVOT_Y)
        canvas.rotate(nuisance.roll)
        canvas.translate(0, -_PIVOT_Y)

    roll()
    draw_hair_behind(easel, identity, head, pose)
    canvas.restore()
    canvas.save()
    canvas.translate(0, -2.5)  # a short neck, so that shoulders show
    draw_body(easel, identity, nuisance)
    canvas.restore()
    roll()
    draw_neck_shadow(easel, identity, head)
    if identity.hair_style not in _HIDES_EARS:
        draw_ears(easel, identity, head, pose)
    draw_skin(easel, identity, head, nuisance)
    draw_cheeks(easel, identity, pose, activation)
    draw_forehead(easel, identity, pose, activation)
    draw_hair(easel, identity, head, pose)
    draw_headgear(easel, identity, head, pose)
    draw_beard(easel, identity, head, pose, activation)
    draw_nose(easel, identity, pose, activation)
    draw_mouth(easel, identity, pose, activation)
    draw_eyes(easel, identity, pose, activation, nuisance)
    draw_glasses(easel, identity, pose)
    canvas.restore()
