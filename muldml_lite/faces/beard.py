"""Beards, moustaches and headgear. None of them hides the mouth."""

from __future__ import annotations

import skia

from muldml_lite.faces.colours import BLACK, WHITE, mix
from muldml_lite.faces.easel import Easel, Pose
from muldml_lite.faces.head import Outline, jaw_line
from muldml_lite.faces.identity import Identity


def draw_beard(easel: Easel, identity: Identity, head: Outline, pose: Pose, activation: dict) -> None:
    """Stubble, goatee or full beard, and a thin moustache; drawn before the mouth, which stays on top."""
    mouth_x, mouth_y, wide, _ = pose.place(0, 17.0)
    drop = head.jaw_y - 16.5 * identity.head_height  # the beard follows a dropped jaw
    if identity.beard in ("stubble", "full"):
        half = head.half
        path = skia.Path()
        path.moveTo(half, -4)
        jaw_line(path, head)
        path.cubicTo(-half + 2.5, 6, -half + 4.5, 11, mouth_x - 12.5 * wide, mouth_y - 3)
        path.cubicTo(mouth_x - 9, mouth_y - 6.0, mouth_x + 9, mouth_y - 6.0, mouth_x + 12.5 * wide, mouth_y - 3)
        path.cubicTo(half - 4.5, 11, half - 2.5, 6, half, -4)
        path.close()
        easel.fill(path, identity.hair, 0.22 if identity.beard == "stubble" else 0.88)
    elif identity.beard == "goatee":
        chin = head.chin_y + 0.6
        path = skia.Path()
        path.moveTo(mouth_x - 6.5 * wide, mouth_y + 5 + 1.6 * drop)
        path.cubicTo(mouth_x - 8 * wide, chin - 2, head.turn - 5, chin, head.turn, chin)
        path.cubicTo(head.turn + 5, chin, mouth_x + 8 * wide, chin - 2, mouth_x + 6.5 * wide, mouth_y + 5 + 1.6 * drop)
        path.quadTo(mouth_x, mouth_y + 6.8 + 1.8 * drop, mouth_x - 6.5 * wide, mouth_y + 5 + 1.6 * drop)
        path.close()
        easel.fill(path, identity.hair, 0.9)
    if identity.moustache:
        _draw_moustache(easel, identity, pose, activation)


def _draw_moustache(easel: Easel, identity: Identity, pose: Pose, activation: dict) -> None:
    """A thin one between nose and upper lip; smiles and wrinkled noses carry it along."""
    smile = max(activation["AU12"], activation["AU12L"], activation["AU12R"])
    lift = 1.6 * activation["AU9"] + 0.5 * smile
    x, y, wide, _ = pose.place(0, 12.7 * identity.nose_length**0.5 - lift)
    tip_y = y + 2.6 - 3.2 * smile + 1.6 * activation["AU15"]
    reach = (8.2 + 1.6 * smile) * identity.mouth_width * wide
    path = skia.Path()
    path.moveTo(x - reach, tip_y)
    path.cubicTo(x - 0.6 * reach, y - 0.6, x - 2, y - 1.4, x, y - 0.6)
    path.cubicTo(x + 2, y - 1.4, x + 0.6 * reach, y - 0.6, x + reach, tip_y)
    path.cubicTo(x + 0.5 * reach, y + 2.2, x + 2, y + 1.2, x, y + 1.2)
    path.cubicTo(x - 2, y + 1.2, x - 0.5 * reach, y + 2.2, x - reach, tip_y)
    path.close()
    easel.fill(path, identity.hair, 0.95)


def draw_headgear(easel: Easel, identity: Identity, head: Outline, pose: Pose) -> None:
    """Hijab or beanie, for those who wear one."""
    if identity.hair_style == "hijab":
        _draw_hijab(easel, identity, head, pose)
    elif identity.hair_style == "beanie":
        _draw_beanie(easel, identity, head, pose)


def _draw_hijab(easel: Easel, identity: Identity, head: Outline, pose: Pose) -> None:
    half, crown, shift, low = head.half, head.crown, 0.5 * pose.turn, head.chin_y
    path = skia.Path()
    path.setFillType(skia.PathFillType.kEvenOdd)
    path.moveTo(0, -crown - 4.5)
    path.cubicTo(0.75 * half, -crown - 4.5, half + 4.5, -0.6 * crown, half + 3.5, 0)
    path.cubicTo(half + 2.5, 14, half + 3, 26, half + 12, 80)
    path.lineTo(-half - 12, 80)
    path.cubicTo(-half - 3, 26, -half - 2.5, 14, -half - 3.5, 0)
    path.cubicTo(-half - 4.5, -0.6 * crown, -0.75 * half, -crown - 4.5, 0, -crown - 4.5)
    path.close()
    inner = half - 1.4
    path.moveTo(shift, -24 + 0.6 * pose.nod)
    path.cubicTo(0.7 * inner + shift, -24, inner + 0.3 * shift, -12, inner + 0.3 * shift, -1)
    path.cubicTo(inner + 0.3 * shift, 14, 11 + head.turn, low + 0.4, head.turn, low + 0.4)
    path.cubicTo(-11 + head.turn, low + 0.4, -inner + 0.3 * shift, 14, -inner + 0.3 * shift, -1)
    path.cubicTo(-inner + 0.3 * shift, -12, -0.7 * inner + shift, -24, shift, -24 + 0.6 * pose.nod)
    path.close()
    easel.fill(path, identity.cloth)
    folds = skia.Path()
    folds.moveTo(-0.5 * half, -crown + 1)
    folds.quadTo(-half, -0.6 * crown, -half - 0.5, 2)
    folds.moveTo(half - 3, 21)
    folds.quadTo(10, low + 7, -half + 2, low + 9)
    folds.moveTo(half, 12)
    folds.quadTo(16, low + 3, -4, low + 6)
    easel.stroke(folds, mix(identity.cloth, BLACK, 0.3), 1.1, 0.8)


def _draw_beanie(easel: Easel, identity: Identity, head: Outline, pose: Pose) -> None:
    half, crown, y = head.half + 1.4, head.crown + 4.5, -19.5 + 0.6 * pose.nod
    sides = skia.Path()
    for side in (-1, 1):
        sides.moveTo(side * (head.half + 0.6), y + 2)
        sides.lineTo(side * (head.half + 0.4), 0)
        sides.quadTo(side * (head.half - 2.5), -6, side * (head.half - 4.5), y + 2)
        sides.close()
    easel.fill(sides, identity.hair)
    dome = skia.Path()
    dome.moveTo(-half, y)
    dome.cubicTo(-half + 1, -0.9 * crown, -0.6 * half, -crown, 0, -crown)
    dome.cubicTo(0.6 * half, -crown, half - 1, -0.9 * crown, half, y)
    dome.close()
    easel.fill(dome, identity.cloth)
    brim = skia.Path()
    brim.addRoundRect(skia.Rect(-half - 0.6, y - 5.5, half + 0.6, y + 2.2), 3, 3)
    easel.fill(brim, mix(identity.cloth, WHITE, 0.2))
    ribs = skia.Path()
    for x in (-0.75, -0.45, -0.15, 0.15, 0.45, 0.75):
        ribs.moveTo(x * half, y - 4.4)
        ribs.lineTo(x * half, y + 1.2)
    easel.stroke(ribs, mix(identity.cloth, BLACK, 0.25), 0.8, 0.7)
