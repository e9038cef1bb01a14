"""Mouth: lips, teeth, tongue, and the lines that its muscles draw round it."""

from __future__ import annotations

from dataclasses import dataclass

import skia

from muldml_lite.faces.colours import BLACK, WHITE, mix
from muldml_lite.faces.easel import Easel, Pose
from muldml_lite.faces.features import ink_of
from muldml_lite.faces.identity import Identity

MOUTH_Y = 17.2
# FACS sides are the person's own: their left is on the image's right.
_SIDES = ((-1, "R"), (1, "L"))


@dataclass(frozen=True)
class Mouth:
    """The mouth as seen; corners and heights are relative to its resting centre (x, y)."""

    x: float
    y: float
    left: tuple[float, float]  # corner on the image's left
    right: tuple[float, float]  # corner on the image's right
    upper: float  # height of the inner edge of the upper lip at the middle
    under: float  # height of the inner edge of the lower lip at the middle
    upper_lip: float  # thickness at the middle
    lower_lip: float  # thickness at the middle
    square: float  # 0: round opening, 1: squared opening
    smile: float  # mean pull of both corners


def shape_mouth(identity: Identity, pose: Pose, act: dict[str, float]) -> Mouth:
    """Where the action units put the lips."""
    stretch, tight, part, jaw = act["AU20"], act["AU23"], act["AU25"], act["AU26"]
    boss, wrinkle, down = act["AU17"], act["AU9"], act["AU15"]
    x, y, _, _ = pose.place(0, MOUTH_Y * identity.head_height, 1.0)
    corners, smiles = [], []
    for side, name in _SIDES:
        smile = min(1.0, act["AU12"] + act["AU12" + name])
        dimple = min(1.0, act["AU14"] + act["AU14" + name])
        width = 1 + 0.26 * smile + 0.3 * stretch - 0.16 * tight - 0.06 * boss + 0.1 * dimple - 0.04 * down
        width -= 0.26 * jaw * (1 - 0.9 * stretch) * (1 - 0.7 * smile)
        height = 0.9 * tight - 0.5 - 4.2 * smile - 1.3 * dimple + 3.6 * down + 0.9 * stretch + 1.6 * jaw
        seen_x, seen_y, _, _ = pose.place(
            side * 9.6 * identity.mouth_width * width, MOUTH_Y * identity.head_height + height
        )
        corners.append((seen_x - x, seen_y - y))
        smiles.append(smile)
    smile = 0.5 * (smiles[0] + smiles[1])
    middle = 0.3 - 0.7 * tight + 1.1 * smile - 1.5 * boss - 0.5 * down - 0.6 * stretch
    gap = 2.8 * part * (1 + 0.55 * smile + 0.25 * stretch)
    thin = identity.lip_fullness * (1 - 0.72 * tight) * (1 - 0.3 * smile) * (1 - 0.2 * stretch)
    return Mouth(
        x=x,
        y=y,
        left=corners[0],
        right=corners[1],
        upper=middle - 0.4 * gap - 1.7 * wrinkle - 1.0 * jaw,
        under=middle + 0.6 * gap + 8.2 * jaw - 0.9 * wrinkle * (1 - jaw),
        upper_lip=2.1 * thin * (1 + 0.25 * wrinkle),
        lower_lip=2.7 * thin * (1 + 0.3 * boss),
        square=min(1.0, 0.9 * stretch + 0.35 * wrinkle),
        smile=smile,
    )


def _edge(path: skia.Path, start: tuple, end: tuple, middle: float, bend: float, reach: float) -> None:
    """Append a lip's edge from one corner through the middle's height to the other corner."""
    (from_x, from_y), (to_x, to_y) = start, end
    path.cubicTo(reach * from_x, from_y + bend * (middle - from_y), 0.42 * from_x, middle, 0, middle)
    path.cubicTo(0.42 * to_x, middle, reach * to_x, to_y + bend * (middle - to_y), to_x, to_y)


def draw_mouth(easel: Easel, identity: Identity, pose: Pose, act: dict[str, float]) -> None:
    """The whole mouth; drawn after any beard so that it always shows."""
    mouth = shape_mouth(identity, pose, act)
    easel.canvas.save()
    easel.canvas.translate(mouth.x, mouth.y)
    _draw_creases(easel, identity, mouth, act)
    if mouth.under - mouth.upper > 0.5:
        _draw_opening(easel, mouth)
    _draw_lips(easel, identity, mouth)
    easel.canvas.restore()


def _opening_bends(mouth: Mouth) -> tuple[float, float, float]:
    """Bend of the upper edge, bend of the lower edge, and reach: rounder when open, squarer with AU20."""
    gap = min(1.0, (mouth.under - mouth.upper) / 8)
    return 0.55 + 0.3 * mouth.square + 0.2 * gap, 0.6 + 0.25 * gap + 0.3 * mouth.square, 0.78 + 0.16 * gap


def _draw_opening(easel: Easel, mouth: Mouth) -> None:
    """Dark inside with upper teeth and, when there is room, a tongue."""
    upper_bend, lower_bend, reach = _opening_bends(mouth)
    gap, width = mouth.under - mouth.upper, mouth.right[0] - mouth.left[0]
    inside = skia.Path()
    inside.moveTo(*mouth.left)
    _edge(inside, mouth.left, mouth.right, mouth.upper, upper_bend, reach)
    _edge(inside, mouth.right, mouth.left, mouth.under, lower_bend, reach)
    inside.close()
    easel.fill(inside, (74, 20, 26))
    canvas = easel.canvas
    canvas.save()
    canvas.clipPath(inside, doAntiAlias=True)
    if gap > 5.0:
        easel.glow(0, mouth.under + 0.3, 0.3 * width, 0.42 * gap, (230, 110, 110), 1.0)
    teeth = skia.Path()
    top = min(mouth.left[1], mouth.right[1], mouth.upper) - 1
    depth = mouth.upper + (0.62 * gap if gap < 4.5 else 0.14 * gap + 1.1)
    teeth.addRoundRect(skia.Rect(0.8 * mouth.left[0], top, 0.8 * mouth.right[0], depth), 1.5, 1.5)
    easel.fill(teeth, (250, 248, 240))
    canvas.restore()


def _draw_lips(easel: Easel, identity: Identity, mouth: Mouth) -> None:
    """Upper lip with its bow, lower lip with a light, and the dark line between them."""
    upper_bend, lower_bend, reach = _opening_bends(mouth)
    left, right, lip = mouth.left, mouth.right, identity.lip
    top = mouth.upper - mouth.upper_lip
    upper = skia.Path()
    upper.moveTo(*left)
    upper.cubicTo(0.7 * left[0], left[1] + 0.6 * (top - left[1]), 0.36 * left[0], top - 0.5, 0.18 * left[0], top - 0.5)
    upper.quadTo(0, top + 0.6, 0.18 * right[0], top - 0.5)
    upper.cubicTo(0.36 * right[0], top - 0.5, 0.7 * right[0], right[1] + 0.6 * (top - right[1]), *right)
    _edge(upper, right, left, mouth.upper, upper_bend, reach)
    upper.close()
    easel.fill(upper, mix(lip, BLACK, 0.14))
    lower = skia.Path()
    lower.moveTo(*left)
    _edge(lower, left, right, mouth.under, lower_bend, reach)
    _edge(lower, right, left, mouth.under + mouth.lower_lip, lower_bend + 0.05, reach)
    lower.close()
    easel.fill(lower, lip)
    if mouth.lower_lip > 1.4:
        easel.glow(0, mouth.under + 0.55 * mouth.lower_lip, 3.2, 0.4 * mouth.lower_lip, WHITE, 0.4)
    line = skia.Path()
    line.moveTo(*left)
    _edge(line, left, right, mouth.upper, upper_bend, reach)
    easel.stroke(line, mix(lip, (40, 8, 12), 0.78), 1.15, 0.95)


def _draw_creases(easel: Easel, identity: Identity, mouth: Mouth, act: dict[str, float]) -> None:
    """Naso-labial folds, dimples at the corners, the chin's boss, and a shadow under the lower lip."""
    ink = ink_of(identity)
    fold = max(0.7 * act["AU9"], 0.55 * act["AU20"], 0.8 * (identity.age - 0.55))
    path = skia.Path()
    for (x, y), (side, name) in zip((mouth.left, mouth.right), _SIDES, strict=True):
        smile = min(1.0, act["AU12"] + act["AU12" + name])
        strength = max(fold, smile)
        if strength > 0.12:
            path.rewind()
            path.moveTo(side * 6.2, -8.2 - 1.2 * act["AU9"])
            path.quadTo(x + side * 1.6, -7.6 + 0.3 * y, x + side * 3.0, min(y, 0) - 1.2)
            easel.stroke(path, ink, 0.9, 0.6 * strength)
        dimple = max(min(1.0, act["AU14"] + act["AU14" + name]), 0.5 * smile)
        if dimple > 0.12:
            path.rewind()
            path.moveTo(x + side * 0.9, y - 1.9)
            path.quadTo(x + side * 2.0, y - 0.2, x + side * 0.8, y + 1.5)
            easel.stroke(path, ink, 1.2, 0.9 * dimple)
        if act["AU15"] > 0.15:
            path.rewind()
            path.moveTo(x + side * 0.6, y + 0.4)
            path.lineTo(x + side * 1.7, y + 3.0)
            easel.stroke(path, ink, 0.9, 0.7 * act["AU15"])
    under = mouth.under + mouth.lower_lip
    easel.glow(0, under + 1.3, 4.6, 1.3, ink, 0.35 + 0.3 * act["AU23"])
    if act["AU17"] > 0.12:
        path.rewind()
        path.moveTo(-4.6, under + 3.4)
        path.quadTo(0, under + 0.6, 4.6, under + 3.4)
        easel.stroke(path, ink, 1.0, 0.75 * act["AU17"])
        dimples = [(-2.2, under + 5.0), (1.8, under + 4.6), (0, under + 6.4), (-0.6, under + 3.8)]
        easel.dots(dimples, 0.5, ink, 0.6 * act["AU17"])
    if act["AU23"] > 0.3:
        path.rewind()
        for x in (mouth.left[0] - 0.8, mouth.right[0] + 0.8):
            path.moveTo(x, -1.6)
            path.lineTo(x, 1.6)
        easel.stroke(path, ink, 0.9, 0.5 * act["AU23"])
