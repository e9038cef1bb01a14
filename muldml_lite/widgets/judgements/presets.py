"""Pictures to begin with. What their sentences say is tested."""

from __future__ import annotations

from typing import NamedTuple

from muldml_lite.widgets.judgements.scene import Scene


class Preset(NamedTuple):
    """A scene with a name and one sentence about what there is to see."""

    name: str
    sentence: str
    scene: Scene


def _points(flat: str, classes: str) -> tuple[tuple[float, float, int], ...]:
    values = [float(value) for value in flat.split()]
    return tuple((x, y, int(k)) for x, y, k in zip(values[::2], values[1::2], classes, strict=True))


PRESETS = (
    Preset(
        "An incomplete judgement",
        "A is content, yet B lies nearer to C than to A: with this one anchor the triplet loss never moves; "
        "dual does, and so does the triplet loss once B is an anchor, too (Batch Hard).",
        Scene(_points("-0.7 -0.2 0.35 0.1 0.75 0.45", "001"), step=0.02),
    ),
    Preset(
        "A cycle",
        "(A, B, C) is judged incompletely, then (B, A, C), then (A, B, C) again: with steps this large A and B leap "
        "past each other; at half the step size, this never happens.",
        Scene(
            _points("0.06 1 -0.81 0.59 0.66 0.75 -0.92 0.4 -0.98 -0.21", "00111"),
            space="circle",
            mining="hard",
            tau=0.05,
            step=0.2,
            at=56,
            close=True,
        ),
    ),
    Preset(
        "Collapse",
        "Two classes, mixed: every anchor has a negative nearer than its positive, so all are drawn into one knot, "
        "where the loss is τ; eight free points get out of it again, the points of a network need not.",
        Scene(
            _points(
                "0.456 0.89 0.344 0.939 0.252 0.968 0.059 0.998 -0.109 0.994 -0.191 0.982 -0.318 0.948 -0.457 0.89",
                "01010101",
            ),
            space="circle",
            mining="hard",
            tau=0.3,
            step=0.01,
        ),
    ),
    Preset(
        "All satisfied",
        "Every hinge is at 0, so nothing pulls: drag a negative into a ring, or raise τ, and see the loss wake up.",
        Scene(
            _points("-0.9 0.35 -0.7 -0.15 -1 -0.25 0.75 0.5 0.95 0.1 0.15 -1.05 -0.2 -1.1", "0001122"),
            mining="hard",
            step=0.02,
        ),
    ),
)
