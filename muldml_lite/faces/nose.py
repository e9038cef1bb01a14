"""Nose, and the lines of forehead and nose bridge that brows and nose wrinkler draw."""

from __future__ import annotations

import skia

from muldml_lite.faces.colours import WHITE, mix
from muldml_lite.faces.easel import Easel, Pose
from muldml_lite.faces.features import ink_of
from muldml_lite.faces.identity import Identity


def draw_nose(easel: Easel, identity: Identity, pose: Pose, activation: dict[str, float]) -> None:
    """Bridge shade on the side away from the turn, wings, nostrils and a light on the tip."""
    wrinkle, ink = activation["AU9"], ink_of(identity)
    tip_x, tip_y, wide, _ = pose.place(0, 9.0 * identity.nose_length - 1.3 * wrinkle, 3.5)
    top_x, top_y, _, _ = pose.place(0, -3.0, 0.5)
    half = 4.3 * identity.nose_width * wide * (1 + 0.14 * wrinkle)
    side = 1 if tip_x < 0 else -1
    bridge = skia.Path()
    bridge.moveTo(top_x + side * 2.1, top_y)
    bridge.quadTo(top_x + side * 1.6, top_y + 4, tip_x + side * 0.55 * half, tip_y - 3)
    easel.stroke(bridge, ink, 0.9, 0.35)
    easel.glow(tip_x, tip_y + 0.4, 1.15 * half, 3.0, mix(identity.skin, (200, 70, 60), 0.4), 0.5)
    easel.disc(tip_x - 0.3, tip_y - 0.9, 0.3 * half, WHITE, 0.16)
    wings = skia.Path()
    wings.moveTo(tip_x - half, tip_y - 0.6)
    wings.quadTo(tip_x - 1.25 * half, tip_y + 2.1, tip_x - 0.5 * half, tip_y + 2.0)
    wings.quadTo(tip_x, tip_y + 3.2, tip_x + 0.5 * half, tip_y + 2.0)
    wings.quadTo(tip_x + 1.25 * half, tip_y + 2.1, tip_x + half, tip_y - 0.6)
    easel.stroke(wings, ink, 0.85, 0.7)
    easel.dots([(tip_x - 0.48 * half, tip_y + 1.7), (tip_x + 0.48 * half, tip_y + 1.7)], 0.75, ink, 0.8)
    if wrinkle > 0.12:
        _draw_wrinkles(easel, pose, ink, wrinkle)


def _draw_wrinkles(easel: Easel, pose: Pose, ink: tuple, wrinkle: float) -> None:
    """Short lines across the bridge, and one on either side of it."""
    x, y, wide, _ = pose.place(0, 0.5, 1.5)
    path = skia.Path()
    for dy, half in ((-3.4, 1.9), (-1.4, 2.5), (0.8, 2.3)):
        path.moveTo(x - half * wide, y + dy + 0.5)
        path.quadTo(x, y + dy - 0.7, x + half * wide, y + dy + 0.5)
    for side in (-1, 1):
        path.moveTo(x + side * 4.0 * wide, y + 2.2)
        path.quadTo(x + side * 4.4 * wide, y + 3.8, x + side * 5.6 * wide, y + 4.4)
    easel.stroke(path, ink, 0.85, 0.75 * wrinkle)


def draw_forehead(easel: Easel, identity: Identity, pose: Pose, activation: dict[str, float]) -> None:
    """Lines across the forehead (AU1 and AU2) and between the brows (AU4)."""
    inner, outer, lower = activation["AU1"], activation["AU2"], activation["AU4"]
    ink = ink_of(identity)
    raised = max(inner * (0.45 + 0.55 * outer), 0.5 * outer, 0.7 * (identity.age - 0.6))
    if raised > 0.12:
        half = 5.0 + 6.0 * outer
        x, y, wide, _ = pose.place(0, -16.8)
        path = skia.Path()
        for dy, share in ((-1.6, 0.85), (1.2, 1.0)):
            path.moveTo(x - share * half * wide, y + dy + 0.8)
            path.cubicTo(
                x - 0.4 * half, y + dy - 0.8, x + 0.4 * half, y + dy - 0.8, x + share * half * wide, y + dy + 0.8
            )
        easel.stroke(path, ink, 0.85, 0.55 * raised)
    if lower > 0.12:
        x, y, wide, _ = pose.place(0, -8.6 - 2.6 * inner, 0.5)
        path = skia.Path()
        for side in (-1, 1):
            path.moveTo(x + side * 1.5 * wide, y - 2.6)
            path.quadTo(x + side * 0.9 * wide, y, x + side * 1.7 * wide, y + 2.4)
        easel.stroke(path, ink, 1.0, 0.85 * lower)
