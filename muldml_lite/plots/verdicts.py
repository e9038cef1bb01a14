"""How verdicts look, wherever they are drawn: a colour, a sign, a marker and a word, never one of them alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import plotly.graph_objects as go

from muldml_lite.claims import Interval
from muldml_lite.plots.style import INK

EXPLORATION = "exploration"  # not a verdict: draws that only searched for regimes


@dataclass(frozen=True)
class Look:
    """The marks of one verdict. White text stands 4.5:1 on `fill`; without a fill the box is an outline."""

    sign: str
    fill: str
    line: str  # of marks on the page's ground, 3:1 on light and dark
    dash: str  # of the box's outline
    marker: str


VERDICT_LOOKS = {
    "supported": Look("✓", "#1b6f9c", "#2e83b3", "solid", "circle"),
    "in some settings": Look("◐", "#4a6a80", "#4f86a8", "dot", "circle"),
    "contradicted": Look("✗", "#b3410c", "#cf5a22", "solid", "x"),
    "impossible, proved": Look("∅", "#8a3b57", "#b3557a", "solid", "x-open"),
    "not supported": Look("○", "#66707b", INK, "solid", "circle-open"),
    "untestable here": Look("◇", "", INK, "dash", "diamond-open"),
    "needs data": Look("…", "", INK, "dot", "square-open"),
    EXPLORATION: Look("~", "", INK, "dot", "circle-open"),
}


def verdict_of(interval: Interval) -> str:
    """What one comparison alone would say in one regime. A mere control explains a claim away, but refutes nothing."""
    if interval.untestable or interval.low is None or interval.mute:
        return "untestable here"
    if interval.side < 0 and not interval.refutes:
        return "not supported"
    return {1: "supported", -1: "contradicted", 0: "not supported"}[interval.side]


def in_unit(value: float, unit: str) -> float:
    """A share as percentage points; everything else as it is."""
    return 100 * value if unit == "points" else value


def signed(value: float, unit: str) -> str:
    """A difference for people: +0.8 (points), −0.064; with a true minus sign."""
    text = f"{100 * value:+.1f}" if unit == "points" else f"{value:+.2g}"
    if not text.strip("+-0."):
        return "±" + text[1:]
    return text.replace("-", "−")


def shown(value: float, unit: str) -> str:
    """An amount with its unit, without a sign."""
    text = f"{in_unit(value, unit):.3g}"
    return text if unit != "points" else f"{text} point" if text == "1" else f"{text} points"


def regime_name(cell: str) -> str:
    """posed/semi-hard/alone → posed · semi-hard · alone"""
    return cell.replace("/", " · ")


def axis_words(unit: str) -> str:
    return "treatment − control, percentage points" if unit == "points" else "treatment − control"


def look_key(looks: Mapping[str, Look], kinds: set[str]) -> list[go.Scatter]:
    """Legend entries for the boxes of a map: traces without points."""
    words = {EXPLORATION: "exploration, no verdict"}
    return [
        go.Scatter(
            x=[None],
            y=[None],
            mode="markers",
            name=f"{look.sign} {words.get(kind, kind)}",
            marker={"symbol": "square" if look.fill else "square-open", "size": 12, "color": look.fill or INK},
            hoverinfo="skip",
        )
        for kind, look in looks.items()
        if kind in kinds
    ]
