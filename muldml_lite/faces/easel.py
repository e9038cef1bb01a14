"""The drawing surface and its two paints, and the 2.5-D pose that places features on the head."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import skia

from muldml_lite.faces.colours import Colour, argb
from muldml_lite.faces.identity import Identity
from muldml_lite.faces.nuisance import Nuisance

HALF_WIDTH, HALF_HEIGHT = 25.0, 31.0  # of the usual head, in hundredths of the frame
_DEPTH = 0.8  # of the head, relative to its half width; more would push features over the outline


@lru_cache(maxsize=512)
def _soft_disc(colour: Colour) -> skia.Shader:
    """Unit disc of `colour` that fades to nothing; scaled by the canvas wherever it is used."""
    return skia.GradientShader.MakeRadial((0, 0), 1, [argb(colour), argb(colour, 0)])


class Easel:
    """Canvas, fill and pen. One per thread and size: they are changed in place for speed."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.pixels = np.zeros((size, size, 4), dtype=np.uint8)  # (H, W, RGBA), written by skia
        self.packed = self.pixels.view(np.uint32)[:, :, 0]  # (H, W), the same memory, one number per pixel
        self.grey = np.empty((size, size * 4), dtype=np.float32)  # (H, W * RGBA), for what follows the drawing
        every = np.arange(4 * size * size).reshape(-1, 4)  # (H * W, 4)
        self.rgb = every[:, :3].ravel()  # (H * W * 3,), where red, green and blue lie among the pixels
        self.downward = np.linspace(0, 1, size, dtype=np.float32)[:, None]  # (H, 1)
        self._surface = skia.Surface(self.pixels, colorType=skia.kRGBA_8888_ColorType)
        self.canvas = self._surface.getCanvas()
        self._fill = skia.Paint(AntiAlias=True)
        self._shade = skia.Paint(AntiAlias=True)
        self._pen = skia.Paint(
            AntiAlias=True,
            Style=skia.Paint.kStroke_Style,
            StrokeCap=skia.Paint.kRound_Cap,
            StrokeJoin=skia.Paint.kRound_Join,
        )

    def fill(self, path: skia.Path, colour: Colour, alpha: float = 1.0) -> None:
        """Fill a path with one colour."""
        self._fill.setColor(argb(colour, alpha))
        self.canvas.drawPath(path, self._fill)

    def shade(self, path: skia.Path, shader: skia.Shader) -> None:
        """Fill a path with a gradient."""
        self._shade.setShader(shader)
        self._shade.setAlpha(255)
        self.canvas.drawPath(path, self._shade)

    def stroke(self, path: skia.Path, colour: Colour, width: float, alpha: float = 1.0) -> None:
        """Stroke a path with a round pen."""
        self._pen.setColor(argb(colour, min(alpha, 1.0)))
        self._pen.setStrokeWidth(width)
        self.canvas.drawPath(path, self._pen)

    def disc(self, x: float, y: float, radius: float, colour: Colour, alpha: float = 1.0) -> None:
        """Filled circle."""
        self._fill.setColor(argb(colour, alpha))
        self.canvas.drawCircle(x, y, radius, self._fill)

    def dots(self, points: list[tuple[float, float]], radius: float, colour: Colour, alpha: float) -> None:
        """Several small discs in one call."""
        self._pen.setColor(argb(colour, alpha))
        self._pen.setStrokeWidth(2 * radius)
        self.canvas.drawPoints(skia.Canvas.PointMode.kPoints_PointMode, points, self._pen)

    def glow(self, x: float, y: float, radius_x: float, radius_y: float, colour: Colour, alpha: float) -> None:
        """Soft ellipse that fades towards its rim."""
        self._shade.setShader(_soft_disc(colour))
        self._shade.setAlphaf(min(alpha, 1.0))
        self.canvas.save()
        self.canvas.translate(x, y)
        self.canvas.scale(radius_x, radius_y)
        self.canvas.drawCircle(0, 0, 1, self._shade)
        self.canvas.restore()


class Pose:
    """Where a point of the face lands when the head, taken as an ellipsoid, turns and nods.

    Features move and foreshorten while the outline of the head stays put: cheap, and at this size it
    reads as a turned head. `turn` and `nod` say how far the middle of the face moves.
    """

    def __init__(self, identity: Identity, nuisance: Nuisance) -> None:
        self.width = HALF_WIDTH * identity.head_width
        self.height = HALF_HEIGHT * identity.head_height
        yaw, pitch = math.radians(nuisance.yaw), math.radians(nuisance.pitch)
        self._sin_yaw, self._cos_yaw = math.sin(yaw), math.cos(yaw)
        self._sin_pitch, self._cos_pitch = 0.75 * math.sin(pitch), math.cos(pitch)
        self.turn = _DEPTH * self.width * self._sin_yaw
        self.nod = _DEPTH * self.width * self._sin_pitch

    def place(self, x: float, y: float, lift: float = 0.0) -> tuple[float, float, float, float]:
        """x, y on the frontal face -> x, y as seen, and the horizontal and vertical foreshortening."""
        across, along = x / self.width, y / self.height
        depth = _DEPTH * math.sqrt(max(0.2, 1 - across * across - 0.55 * along * along))  # of half a head
        z = depth * self.width + lift
        seen_x = x * self._cos_yaw + z * self._sin_yaw
        seen_y = y * self._cos_pitch + z * self._sin_pitch
        wide = max(0.35, self._cos_yaw - 0.8 * self._sin_yaw * across / depth)
        tall = max(0.6, self._cos_pitch - 0.4 * self._sin_pitch * along / depth)
        return seen_x, seen_y, wide, tall
