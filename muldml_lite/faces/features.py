"""Eyes, brows and glasses. Each side is drawn outward-positive: +x points from nose to ear."""

from __future__ import annotations

import skia

from muldml_lite.faces.colours import BLACK, WHITE, Colour, mix
from muldml_lite.faces.easel import Easel, Pose
from muldml_lite.faces.identity import Identity
from muldml_lite.faces.nuisance import Nuisance

EYE_X, EYE_Y = 10.6, -1.0
_INK: Colour = (38, 16, 14)


def ink_of(identity: Identity) -> Colour:
    """Colour of the lines on a person's skin."""
    return mix(identity.skin, _INK, 0.68)


def draw_eyes(easel: Easel, identity: Identity, pose: Pose, activation: dict[str, float], nuisance: Nuisance) -> None:
    """Both eyes with their brows and lines."""
    canvas = easel.canvas
    for side in (-1, 1):
        x, y, wide, tall = pose.place(side * EYE_X * identity.eye_spacing, EYE_Y)
        canvas.save()
        canvas.translate(x, y)
        canvas.scale(side * wide, tall)
        _draw_lines(easel, identity, activation)
        canvas.save()
        canvas.rotate(-identity.eye_tilt)
        _draw_eye(easel, identity, activation, side, nuisance)
        canvas.restore()
        _draw_brow(easel, identity, activation)
        canvas.restore()


def _lids(identity: Identity, activation: dict[str, float]) -> tuple[float, float, float]:
    """Height of the upper lid, depth of the lower lid, and how much the outer corner droops."""
    widen, cheeks, tight = activation["AU5"], activation["AU6"], activation["AU7"]
    wrinkle, lower = activation["AU9"], activation["AU4"]
    droop = activation["AU1"] * max(activation["AU4"], activation["AU15"]) * (1 - widen)
    upper = 4.3 * identity.eye_opening
    upper *= 1 + 0.62 * widen - 0.25 * tight - 0.22 * cheeks - 0.25 * wrinkle - 0.12 * lower - 0.16 * droop
    under = 3.0 * identity.eye_opening * (1 + 0.25 * widen)
    under -= 3.4 * cheeks + 1.7 * tight + 1.6 * wrinkle
    under = max(under, -1.6)
    upper = max(upper, 1.5 - under, 0.8)
    return upper, under, 1.7 * droop


def _draw_eye(easel: Easel, identity: Identity, activation: dict[str, float], side: int, nuisance: Nuisance) -> None:
    """White, iris, pupil and light, clipped by the lids; then the lids' lines."""
    upper, under, droop = _lids(identity, activation)
    half, canvas = 6.3 * identity.eye_size, easel.canvas
    press = activation["AU4"] * (1 - activation["AU1"])  # a lowered brow weighs on the inner half of the lid
    lid_in = 1.36 * upper * (1 - 0.45 * press)
    lid_out = 1.36 * upper * (1 + 0.1 * press) - 1.2 * droop
    ball = skia.Path()
    ball.moveTo(-half, 0.9)
    ball.cubicTo(-0.55 * half, -lid_in, 0.5 * half, -lid_out, half, droop)
    ball.cubicTo(0.5 * half, 1.3 * under, -0.5 * half, 1.3 * under, -half, 0.9)
    ball.close()
    easel.fill(ball, (250, 247, 242))
    canvas.save()
    canvas.clipPath(ball, doAntiAlias=True)
    x, y = 2.2 * side * nuisance.gaze_x, -0.3 + 1.6 * nuisance.gaze_y
    radius = 3.15 * identity.iris_size
    easel.disc(x, y, radius, mix(identity.iris, BLACK, 0.35))
    easel.disc(x, y + 0.35, 0.8 * radius, mix(identity.iris, WHITE, 0.12))
    easel.disc(x, y, 0.5 * radius, (16, 12, 14))
    easel.disc(x - side, y - 1.15, 0.9, WHITE, 0.95)  # on the same side of both eyes
    lid = skia.Path()
    lid.moveTo(-half, 0.9)
    lid.cubicTo(-0.55 * half, -lid_in, 0.5 * half, -lid_out, half, droop)
    canvas.restore()
    if identity.lashes > 0.35:
        lid.lineTo(half + 1.2 * identity.lashes, droop - 1.0)
    easel.stroke(lid, (30, 18, 18), 1.1 + 0.4 * identity.lashes)
    ink = ink_of(identity)
    lines = skia.Path()
    lines.moveTo(-0.6 * half, 0.35 + 0.75 * under)
    lines.cubicTo(-0.3 * half, 1.35 * under - 0.1, 0.5 * half, 1.3 * under, half, droop)
    crease = 1.3 + 0.5 * identity.eye_opening
    lines.moveTo(-0.8 * half, -0.62 * lid_in - 0.5)
    lines.cubicTo(-0.3 * half, -lid_in - crease, 0.5 * half, -lid_out - crease, half + 0.4, droop - 1.8)
    easel.stroke(lines, ink, 0.7, 0.75)


def _draw_lines(easel: Easel, identity: Identity, activation: dict[str, float]) -> None:
    """Crow's feet and the pouch under the eye: raised cheeks (AU6), tight lids (AU7), age."""
    cheeks, tight, ink = activation["AU6"], activation["AU7"], ink_of(identity)
    aged = max(0.0, identity.age - 0.55)
    half = 6.3 * identity.eye_size
    feet = max(cheeks, aged)
    if feet > 0.12:
        path = skia.Path()
        for rise, reach in ((-2.4, 2.4), (0.2, 2.9), (2.6, 2.4)):
            path.moveTo(half + 1.7, 0.4 * rise)
            path.lineTo(half + 1.7 + reach * (0.5 + 0.5 * feet), 0.5 * rise + 0.6 * rise * feet)
        easel.stroke(path, ink, 0.75, 0.6 * feet)
    pouch = max(cheeks, 0.8 * tight, aged)
    if pouch > 0.12:
        path = skia.Path()
        depth = 4.6 - 1.2 * cheeks - 0.6 * tight
        path.moveTo(-half + 0.4, 2.6)
        path.quadTo(0, depth + 1.8, half - 0.4, 2.4)
        easel.stroke(path, ink, 0.8, 0.5 * pouch)


def _draw_brow(easel: Easel, identity: Identity, activation: dict[str, float]) -> None:
    """A filled, tapering curve from the inner to the outer end, relative to the eye's centre."""
    inner, outer, lower = activation["AU1"], activation["AU2"], activation["AU4"]
    wrinkle, cheeks = activation["AU9"], activation["AU6"]
    press = lower * (1 - 0.75 * inner)  # raised inner ends win over the lowering
    slant, base = identity.brow_slant, -8.6 - identity.brow_height
    in_x = -5.6 - 1.7 * lower - 0.4 * wrinkle
    in_y = base + 0.7 * slant - 4.6 * inner + 5.0 * press + 1.8 * wrinkle - 0.4 * outer
    mid_x = 2.0 - 0.8 * lower
    mid_y = base - 1.8 - 1.8 * inner - 3.6 * outer + 3.2 * press + 1.2 * wrinkle + 0.3 * cheeks
    out_x = 8.0
    out_y = base + 1.4 - slant - 3.6 * outer - 0.3 * press + 1.2 * inner * lower * (1 - outer) + 0.5 * cheeks
    thick = (1.3 + 0.3 * press) * identity.brow_thickness
    path = skia.Path()
    path.moveTo(in_x, in_y + thick)
    path.cubicTo(in_x + 0.1, in_y - thick, in_x + 0.6, in_y - thick, in_x + 1, in_y - thick)
    path.quadTo(mid_x - 1, 2 * mid_y - 0.5 * (in_y + out_y) - 1.1 * thick, out_x, out_y - 0.2)
    path.quadTo(mid_x, 2 * mid_y - 0.5 * (in_y + out_y) + 0.9 * thick, in_x, in_y + thick)
    path.close()
    easel.fill(path, _brow_colour(identity), 0.95)
    if press > 0.25:
        shadow = skia.Path()
        shadow.moveTo(in_x + 1, in_y + thick + 0.6)
        shadow.quadTo(mid_x - 2, mid_y + thick + 2.0, out_x - 2.5, out_y + 2.4)
        easel.stroke(shadow, ink_of(identity), 1.4, 0.55 * press)


def _brow_colour(identity: Identity) -> Colour:
    """Hair colour, pulled away from the skin so that brows always show."""
    colour = mix(identity.hair, BLACK, 0.25)
    near = sum(abs(one - other) for one, other in zip(colour, identity.skin, strict=True))
    return mix(colour, (24, 14, 10), 0.55 if near < 210 else 0.1)


def draw_glasses(easel: Easel, identity: Identity, pose: Pose) -> None:
    """Thin frames with a hint of glass; the brows stay above them."""
    if not identity.glasses:
        return
    frames, rims, inner_ends = skia.Path(), [], []
    for side in (-1, 1):
        x, y, wide, tall = pose.place(side * EYE_X * identity.eye_spacing, EYE_Y + 0.8, 1.5)
        rim_x, rim_y = 8.4 * wide, 7.2 * tall
        rect = skia.Rect(x - rim_x, y - rim_y, x + rim_x, y + rim_y)
        rims.append(rect)
        if identity.glasses_round:
            frames.addOval(rect)
        else:
            frames.addRoundRect(rect, 2.6, 2.6)
        inner_ends.append((x - side * rim_x, y - 1.2))
        if side * pose.turn < 0.5 * pose.width:
            frames.moveTo(x + side * rim_x, y - 1.5)
            frames.lineTo(side * pose.width, y - 2.5)
    easel.fill(frames, WHITE, 0.1)
    (left_x, left_y), (right_x, right_y) = inner_ends
    frames.moveTo(left_x, left_y)
    frames.quadTo(0.5 * (left_x + right_x), left_y - 1.8, right_x, right_y)
    easel.stroke(frames, identity.frames, 1.15)
