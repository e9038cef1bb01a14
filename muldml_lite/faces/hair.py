"""Hair: the part behind the head and the part in front of it."""

from __future__ import annotations

import math
from collections.abc import Callable

import skia

from muldml_lite.faces.colours import WHITE, Colour, mix
from muldml_lite.faces.easel import Easel, Pose
from muldml_lite.faces.head import Outline
from muldml_lite.faces.identity import Identity

_DARK: Colour = (20, 12, 12)


def _over_crown(path: skia.Path, head: Outline, side: float, top: float, down: float) -> None:
    """Start at the left, `down` below the origin, and go over the crown to the right."""
    half, crown = head.half + side, head.crown + top
    path.moveTo(-half, down)
    path.cubicTo(-half - 0.6, -0.66 * crown, -0.66 * half, -crown, 0, -crown)
    path.cubicTo(0.66 * half, -crown, half + 0.6, -0.66 * crown, half, down)


def _bumps(path: skia.Path, x: float, y: float, ring: tuple[float, float], size: float, arc: tuple) -> None:
    """Circles along an ellipse, from one angle (degrees) to another: curls."""
    first, last, count = arc
    for index in range(count):
        angle = math.radians(first + (last - first) * index / (count - 1))
        radius = size * (1.12 if index % 2 else 0.92)
        path.addCircle(x + ring[0] * math.cos(angle), y + ring[1] * math.sin(angle), radius)


def _cap(head: Outline, pose: Pose, hairline: float, corner: float = 0.74, thick: float = 3.0) -> skia.Path:
    """Short hair that follows the skull, with temples and short sideburns."""
    half, shift = head.half, 0.5 * pose.turn
    y = hairline + 0.6 * pose.nod
    path = skia.Path()
    _over_crown(path, head, 0.9, thick, -1.0)
    path.lineTo(half - 1.6, 1.0)
    path.cubicTo(half - 1.8, -7, corner * half + shift + 2.5, y + 5, corner * half + shift, y + 2.5)
    path.cubicTo(0.4 * half + shift, y - 1.2, -0.4 * half + shift, y - 1.2, -corner * half + shift, y + 2.5)
    path.cubicTo(-corner * half + shift - 2.5, y + 5, -half + 1.8, -7, -half + 1.6, 1.0)
    path.close()
    return path


def _crop(head: Outline, pose: Pose) -> skia.Path:
    return _cap(head, pose, -20.5)


def _receding(head: Outline, pose: Pose) -> skia.Path:
    """A ring of hair round a bald crown: two patches above the ears."""
    half = head.half
    path = skia.Path()
    for side in (-1, 1):
        path.moveTo(side * (half + 0.6), 2)
        path.cubicTo(side * (half + 3.0), -7, side * (half + 1.6), -15, side * 0.84 * half, -19.5)
        path.cubicTo(side * (half - 2.6), -13, side * (half - 3.4), -8, side * (half - 2.0), 2)
        path.close()
    return path


def _side_part(head: Outline, pose: Pose) -> skia.Path:
    half, shift, y = head.half, 0.5 * pose.turn, 0.6 * pose.nod
    path = skia.Path()
    _over_crown(path, head, 1.2, 5.0, -2.0)
    path.lineTo(half - 1.6, 0.5)
    path.cubicTo(half - 2, -8, 0.8 * half + shift, -12 + y, 0.66 * half + shift, -15 + y)
    path.cubicTo(0.3 * half + shift, -16 + y, -0.15 * half + shift, -19 + y, -0.42 * half + shift, -25 + y)
    path.cubicTo(-0.55 * half + shift, -20 + y, -half + 2.2, -14, -half + 1.6, 0.5)
    path.close()
    return path


def _spiky(head: Outline, pose: Pose) -> skia.Path:
    half, crown, shift, y = head.half, head.crown, 0.5 * pose.turn, 0.6 * pose.nod
    path = skia.Path()
    path.moveTo(-half - 0.8, -1)
    path.quadTo(-half - 3.0, -13, -0.93 * half, -0.74 * crown)
    for index in range(7):
        x = (-0.86 + 0.286 * index) * half
        rise = crown * math.sqrt(max(0.1, 1 - (x / half) ** 2))
        path.lineTo(x + 0.02 * half, -rise - 6.5)
        path.lineTo(x + 0.2 * half, -crown * math.sqrt(max(0.1, 1 - ((x + 0.2 * half) / half) ** 2)) - 1.5)
    path.quadTo(half + 3.0, -13, half + 0.8, -1)
    path.lineTo(half - 1.6, 1)
    path.cubicTo(half - 2, -8, 0.85 * half + shift, -14, 0.7 * half + shift, -17.5 + y)
    for index in range(5):
        x = (0.7 - 0.28 * (index + 0.5)) * half + shift
        path.lineTo(x, -22.5 + y)
        path.lineTo(x - 0.14 * half, -17.5 + y - (1.5 if index < 4 else 0))
    path.cubicTo(-0.85 * half + shift, -14, -half + 2, -8, -half + 1.6, 1)
    path.close()
    return path


def _curly(head: Outline, pose: Pose) -> skia.Path:
    path = _cap(head, pose, -19.5)
    _bumps(path, 0, -4, (head.half + 0.5, head.crown - 3.0), 4.6, (-178, -2, 13))
    _bumps(path, 0.5 * pose.turn, -4 + 0.6 * pose.nod, (0.72 * head.half, 17.5), 3.8, (-150, -30, 8))
    return path


def _afro_front(head: Outline, pose: Pose) -> skia.Path:
    path = _cap(head, pose, -19.5)
    _bumps(path, 0.5 * pose.turn, -4 + 0.6 * pose.nod, (0.86 * head.half, 17.5), 4.0, (-168, -12, 10))
    return path


def _afro_back(head: Outline, pose: Pose) -> skia.Path:
    path = skia.Path()
    x = -0.25 * pose.turn
    path.addOval(skia.Rect(x - head.half - 8, -head.crown - 9, x + head.half + 8, 14))
    _bumps(path, x, -12, (head.half + 6, head.crown - 5), 6.0, (0, 346, 18))
    return path


def _curtain(head: Outline, pose: Pose, part: float, down: float, brow: float = -15.0) -> skia.Path:
    """Hair parted at `part` (of half a head) that falls on both sides down to `down`."""
    half, shift, y = head.half, 0.5 * pose.turn, 0.6 * pose.nod
    x = part * half + shift
    path = skia.Path()
    _over_crown(path, head, 2.4, 5.0, 0.0)
    path.cubicTo(half + 3.0, 0.5 * down, half + 2.0, down - 4, half + 0.2, down)
    path.cubicTo(half - 1.5, 0.5 * down, half - 1.5, -6, 0.8 * half + shift, brow + 2 + y)
    path.cubicTo(0.6 * half + shift, brow - 4 + y, x + 5, -22 + y, x, -25 + y)
    path.cubicTo(x - 5, -22 + y, -0.6 * half + shift, brow - 4 + y, -0.8 * half + shift, brow + 2 + y)
    path.cubicTo(-half + 1.5, -6, -half + 1.5, 0.5 * down, -half - 0.2, down)
    path.cubicTo(-half - 2.0, down - 4, -half - 3.0, 0.5 * down, -half - 2.4, 0)
    path.close()
    return path


def _fringe_front(head: Outline, pose: Pose) -> skia.Path:
    half, shift, y = head.half, 0.5 * pose.turn, 0.7 * pose.nod
    path = skia.Path()
    _over_crown(path, head, 2.2, 4.5, 0)
    path.cubicTo(half + 2.4, 8, half + 1.6, 12, half, 15)
    path.cubicTo(half - 1.8, 8, half - 2.4, -4, 0.84 * half + shift, -13 + y)
    path.quadTo(0.42 * half + shift, -15.5 + y, shift, -14.6 + y)
    path.quadTo(-0.42 * half + shift, -15.5 + y, -0.84 * half + shift, -13 + y)
    path.cubicTo(-half + 2.4, -4, -half + 1.8, 8, -half, 15)
    path.cubicTo(-half - 1.6, 12, -half - 2.4, 8, -half - 2.2, 0)
    path.close()
    return path


def _bob_back(head: Outline, pose: Pose) -> skia.Path:
    half = head.half
    path = skia.Path()
    _over_crown(path, head, 3.0, 4.0, 2)
    path.cubicTo(half + 5, 14, half + 5, 26, half - 3, 27)
    path.lineTo(-half + 3, 27)
    path.cubicTo(-half - 5, 26, -half - 5, 14, -half - 3, 2)
    path.close()
    return path


def _long_back(head: Outline, pose: Pose) -> skia.Path:
    half = head.half
    path = skia.Path()
    _over_crown(path, head, 2.6, 4.0, 4)
    path.cubicTo(half + 5, 18, half + 6, 32, half + 5, 60)
    path.lineTo(-half - 5, 60)
    path.cubicTo(-half - 6, 32, -half - 5, 18, -half - 2.6, 4)
    path.close()
    return path


def _wavy_back(head: Outline, pose: Pose) -> skia.Path:
    half = head.half
    path = skia.Path()
    _over_crown(path, head, 3.0, 4.5, 0)
    x = half + 3
    for index in range(4):
        path.cubicTo(x + 5, 3 + 11 * index, x + 5, 8 + 11 * index, x + 0.6 * index, 11 + 11 * index)
    path.lineTo(-x - 2, 44)
    for index in range(3, -1, -1):
        path.cubicTo(-x - 5, 8 + 11 * index, -x - 5, 3 + 11 * index, -x - 0.6 * index, 11 * index)
    path.close()
    return path


def _bun_back(head: Outline, pose: Pose) -> skia.Path:
    path = skia.Path()
    path.addCircle(-0.25 * pose.turn, -head.crown - 3.0 - 0.3 * pose.nod, 7.5)
    return path


def _bun_front(head: Outline, pose: Pose) -> skia.Path:
    return _cap(head, pose, -22.0, corner=0.62, thick=2.6)


_Shape = Callable[[Outline, Pose], skia.Path]
_BACK: dict[str, _Shape] = {
    "afro": _afro_back,
    "bob": _bob_back,
    "fringe": _bob_back,
    "long": _long_back,
    "wavy": _wavy_back,
    "bun": _bun_back,
    "hijab": _bob_back,
}
_FRONT: dict[str, _Shape] = {
    "receding": _receding,
    "crop": _crop,
    "side part": _side_part,
    "spiky": _spiky,
    "curly": _curly,
    "afro": _afro_front,
    "bob": lambda head, pose: _curtain(head, pose, -0.45, 16),
    "fringe": _fringe_front,
    "long": lambda head, pose: _curtain(head, pose, 0.0, 20),
    "wavy": lambda head, pose: _curtain(head, pose, 0.4, 18),
    "bun": _bun_front,
}


def draw_hair_behind(easel: Easel, identity: Identity, head: Outline, pose: Pose) -> None:
    """The part of the hair (or of the hijab) that the head covers."""
    if identity.hair_style in _BACK:
        path = _BACK[identity.hair_style](head, pose)
        colour = identity.cloth if identity.hair_style == "hijab" else identity.hair
        easel.fill(path, mix(colour, _DARK, 0.0 if identity.hair_style == "bun" else 0.28))


def draw_hair(easel: Easel, identity: Identity, head: Outline, pose: Pose) -> None:
    """The part of the hair that covers the head, with a sheen."""
    if identity.hair_style not in _FRONT:
        return
    path = _FRONT[identity.hair_style](head, pose)
    easel.fill(path, identity.hair)
    if identity.hair_style == "receding":
        return
    sheen = skia.Path()
    y = -head.crown + 3.5
    sheen.moveTo(-0.62 * head.half, y + 5.5)
    sheen.quadTo(-0.3 * head.half, y - 0.5, 0.15 * head.half, y - 1.0)
    sheen.moveTo(-0.3 * head.half, y + 4.0)
    sheen.quadTo(-0.05 * head.half, y + 1.6, 0.35 * head.half, y + 2.2)
    easel.stroke(sheen, mix(identity.hair, WHITE, 0.4), 2.2, 0.3)
