"""Head, ears, neck, shirt and cheeks. Coordinates: hundredths of the frame, origin between the eyes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import skia

from muldml_lite.faces.colours import Colour, mix
from muldml_lite.faces.easel import Easel, Pose
from muldml_lite.faces.identity import Identity
from muldml_lite.faces.nuisance import Nuisance

JAW_DROP = 6.5  # how far the chin travels at full AU26
_WARM_SHADE: Colour = (70, 26, 20)
_FRECKLES = ((-3.2, -1.5), (-0.6, -2.6), (1.6, -1.0), (-1.6, 0.8), (3.4, -2.4))  # about a cheek's centre
HALF_NECK = 10.5


@dataclass(frozen=True)
class Outline:
    """Measures of one head as seen, shared by skin, hair and beard."""

    half: float  # half the width at the temples
    crown: float  # height of the crown above the origin
    jaw: float  # half the width of the jaw
    jaw_y: float  # height of the jaw's corner, lower when the jaw drops
    chin: float  # half the width of the chin
    chin_y: float  # height of the chin
    turn: float  # how far the front of the face moved sideways


def outline_of(identity: Identity, pose: Pose, jaw_drop: float) -> Outline:
    """Outline of the head, `jaw_drop` in 0..1."""
    drop = JAW_DROP * jaw_drop
    return Outline(
        half=pose.width,
        crown=pose.height,
        jaw=0.79 * pose.width * identity.jaw,
        jaw_y=16.5 * identity.head_height + 0.4 * drop,
        chin=9.0 * identity.chin,
        chin_y=0.97 * pose.height + drop + 0.3 * pose.nod,
        turn=0.55 * pose.turn,
    )


def jaw_line(path: skia.Path, head: Outline, inset: float = 0.0) -> None:
    """Append the way from the right temple round the chin to the left temple."""
    half, jaw, chin_y, turn = head.half - inset, head.jaw - inset, head.chin_y - inset, head.turn
    path.cubicTo(half, 5, jaw + 2.6 + 0.5 * turn, head.jaw_y - 6, jaw + 0.5 * turn, head.jaw_y)
    path.cubicTo(jaw - 2.8 + 0.6 * turn, head.jaw_y + 6, head.chin + turn, chin_y, turn, chin_y)
    path.cubicTo(-head.chin + turn, chin_y, -jaw + 2.8 + 0.6 * turn, head.jaw_y + 6, -jaw + 0.5 * turn, head.jaw_y)
    path.cubicTo(-jaw - 2.6 + 0.5 * turn, head.jaw_y - 6, -half, 5, -half, -4)


def head_path(head: Outline) -> skia.Path:
    """Closed outline of the head."""
    half, crown = head.half, head.crown
    path = skia.Path()
    path.moveTo(0, -crown)
    path.cubicTo(0.62 * half, -crown, half, -0.64 * crown, half, -4)
    jaw_line(path, head)
    path.cubicTo(-half, -0.64 * crown, -0.62 * half, -crown, 0, -crown)
    path.close()
    return path


def draw_background(easel: Easel, nuisance: Nuisance) -> None:
    """A soft vertical gradient over the whole frame, straight into the pixels."""
    top = np.array((*nuisance.background, 255), dtype=np.float32)  # (RGBA,)
    low = np.array((*nuisance.background_low, 255), dtype=np.float32)  # (RGBA,)
    rows = easel.downward * (low - top) + top  # (H, RGBA)
    easel.packed[:] = rows.astype(np.uint8).view(np.uint32)  # (H, W) from (H, 1)


def draw_body(easel: Easel, identity: Identity, nuisance: Nuisance) -> None:
    """Neck and shirt; they do not follow the roll of the head."""
    skin, shirt = identity.skin, nuisance.shirt
    neck = 0.5 * HALF_NECK * (identity.jaw + identity.head_width)
    path = skia.Path()
    path.moveTo(-neck, 12)
    path.lineTo(-neck, 34)
    path.cubicTo(-neck, 38, -neck - 8, 40, -neck - 8, 46)
    path.lineTo(neck + 8, 46)
    path.cubicTo(neck + 8, 40, neck, 38, neck, 34)
    path.lineTo(neck, 12)
    path.close()
    easel.fill(path, mix(skin, _WARM_SHADE, 0.22))
    shoulders = skia.Path()
    shoulders.moveTo(-60, 75)
    shoulders.cubicTo(-48, 44, -30, 42, -neck - 3, 35)
    if nuisance.v_neck:
        shoulders.lineTo(0, 48)
        shoulders.lineTo(neck + 3, 35)
    else:
        shoulders.cubicTo(-neck + 2, 43, neck - 2, 43, neck + 3, 35)
    shoulders.cubicTo(30, 42, 48, 44, 60, 75)
    shoulders.close()
    easel.fill(shoulders, shirt)
    collar = skia.Path()
    collar.moveTo(-neck - 3, 35.3)
    if nuisance.v_neck:
        collar.lineTo(0, 48)
        collar.lineTo(neck + 3, 35.3)
    else:
        collar.cubicTo(-neck + 2, 43, neck - 2, 43, neck + 3, 35.3)
    easel.stroke(collar, mix(shirt, (255, 255, 255), 0.3), 1.6)


def draw_neck_shadow(easel: Easel, identity: Identity, head: Outline) -> None:
    """The chin's shadow on the neck, which lifts the face off it."""
    shadow = mix(identity.skin, _WARM_SHADE, 0.42)
    neck = HALF_NECK * 0.5 * (identity.jaw + identity.head_width) - 0.3
    path = skia.Path()
    path.moveTo(-neck, 14)
    path.lineTo(-neck, 27)
    path.cubicTo(-neck + 4, head.chin_y + 5.5, neck - 4, head.chin_y + 5.5, neck, 27)
    path.lineTo(neck, 14)
    path.close()
    easel.fill(path, shadow, 0.75)


def draw_ears(easel: Easel, identity: Identity, head: Outline, pose: Pose) -> None:
    """Both ears; a turned head hides the one it turns towards."""
    for side in (-1, 1):
        hidden = side * pose.turn / pose.width  # -1..1, positive: this ear turns away
        if hidden > 0.3:
            continue
        x, y = side * (head.half + 0.4) - 0.35 * pose.turn, 2.5 - 0.4 * pose.nod
        tall, wide = 6.2 * identity.ear_size, 4.0 * identity.ear_size
        ear = skia.Path()
        ear.addOval(skia.Rect(x - wide, y - tall, x + wide, y + tall))
        easel.fill(ear, mix(identity.skin, _WARM_SHADE, 0.1))
        inner = skia.Path()
        inner.moveTo(x + side * 1.2, y - 0.6 * tall)
        inner.cubicTo(x + side * 3.2, y - 0.4 * tall, x + side * 2.4, y + 0.3 * tall, x, y + 0.5 * tall)
        easel.stroke(inner, mix(identity.skin, _WARM_SHADE, 0.45), 0.9, 0.8)


def draw_skin(easel: Easel, identity: Identity, head: Outline, nuisance: Nuisance) -> None:
    """The face itself: a radial gradient whose centre lies towards the light."""
    skin = identity.skin
    angle = math.radians(nuisance.light_direction)
    centre = (0.35 * head.half * math.cos(angle) + 0.6 * head.turn, -2 + 9 * math.sin(angle))
    tones = (mix(skin, (255, 250, 235), 0.14), skin, mix(skin, _WARM_SHADE, 0.2), mix(skin, _WARM_SHADE, 0.38))
    packed = [0xFF << 24 | c[0] << 16 | c[1] << 8 | c[2] for c in tones]
    shader = skia.GradientShader.MakeRadial(centre, 1.25 * head.crown, packed, [0.05, 0.5, 0.86, 1.0])
    easel.shade(head_path(head), shader)


def draw_cheeks(easel: Easel, identity: Identity, pose: Pose, activation: dict[str, float]) -> None:
    """Blush, freckles, and the lift of the cheeks when they are raised (AU6)."""
    raised = activation["AU6"]
    smile = max(activation["AU12"], activation["AU12L"], activation["AU12R"])
    for side in (-1, 1):
        x, y, wide, tall = pose.place(side * 13.5, 10.5 - 2.0 * raised - 0.8 * smile)
        strength = 0.55 * identity.blush + 0.3 * raised
        easel.glow(x, y, 6.5 * wide, 4.8 * tall, (226, 84, 76), 0.75 * strength)
        if raised > 0.15:
            easel.glow(x, y - 1.5, 4.2 * wide, 2.4 * tall, (255, 240, 225), 0.4 * raised)
        if identity.freckles:
            spots = [(x + dx * wide, y + dy) for dx, dy in _FRECKLES]
            easel.dots(spots, 0.5, mix(identity.skin, (120, 60, 30), 0.6), 0.7)
