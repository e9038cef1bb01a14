"""Panels of lines, one above the other: words stand above each line, so that they have room on a phone, too."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from muldml_lite.plots.style import finish

LINE = 40  # pixels
_TEXT, _FOOT, _KEY = 17, 62, 76  # pixels: a line of a heading, an axis with its title, the legend
_BAR = -0.14  # of a line: where its marks lie
_WIDTH = 46  # characters of a heading that a phone holds


@dataclass(frozen=True)
class Panel:
    """One panel: its heading, what stands below it in plain type, its number of lines and the title of its axis."""

    heading: str
    note: str
    lines: float
    axis: str


def wrap(text: str, width: int = _WIDTH) -> str:
    return "<br>".join(textwrap.wrap(text, width))


class StripFigure:
    """Panels being filled; line i of a panel lies at y = −i, panels count from 1.

    Everything is collected and handed to plotly at once, which checks all notes and shapes anew with each addition.
    Heights are in pixels, so nothing shrinks into overlap.
    """

    def __init__(self, panels: Sequence[Panel]) -> None:
        self._traces: list[go.Scatter] = []
        self._notes: list[dict[str, Any]] = []
        self._shapes: list[dict[str, Any]] = []
        heads = [_heading(panel) for panel in panels]
        tops = [_TEXT * (head.count("<br>") + 1) + 8 for head in heads]
        self._inner = sum(LINE * panel.lines for panel in panels) + sum(tops[1:]) + _FOOT * (len(panels) - 1)
        self._top = tops[0]
        self._axes: dict[str, Any] = {}
        top = 1.0
        for row, (panel, head) in enumerate(zip(panels, heads, strict=True), 1):
            bottom = max(0.0, top - LINE * panel.lines / self._inner)
            self._axes[f"xaxis{_number(row)}"] = {
                "anchor": f"y{_number(row)}",
                "title": {"text": panel.axis, "standoff": 8, "font": {"size": 12}},
                "nticks": 6,
            }
            span = {"domain": [bottom, top], "range": [0.4 - panel.lines, 0.6], "anchor": f"x{_number(row)}"}
            self._axes[f"yaxis{_number(row)}"] = {**span, "visible": False, "fixedrange": True}
            self._notes.append(_note(head, 0, "paper", "left", top, "paper", yanchor="bottom", yshift=2, font={}))
            top = bottom - (_FOOT + tops[row] if row < len(panels) else 0) / self._inner

    def write(self, row: int, y: float, left: str, right: str = "") -> None:
        """The words above a line: its name, and its numbers at the other end."""
        for text, x, anchor in ((left, 0, "left"), (right, 1, "right")):
            if text:
                self._notes.append(_note(text, x, f"x{_number(row)} domain", anchor, y + 0.28, f"y{_number(row)}"))

    def mark(self, row: int, x: Sequence[float], y: float, **look: Any) -> None:
        """Marks on a line, a little below its words; `look` as in plotly's Scatter."""
        axes = {"xaxis": f"x{_number(row)}", "yaxis": f"y{_number(row)}"}
        self._traces.append(go.Scatter(x=x, y=[y + _BAR] * len(x), showlegend=False, **axes, **look))

    def ground(self, row: int, low: float, high: float, colour: str) -> None:
        """A coloured ground from `low` to `high`, behind all lines of a panel."""
        place = {
            "type": "rect",
            "xref": f"x{_number(row)}",
            "yref": f"y{_number(row)} domain",
            "y0": 0,
            "y1": 1,
            "layer": "below",
        }
        self._shapes.append({**place, "x0": low, "x1": high, "fillcolor": colour, "line": {"width": 0}})

    def rule(self, row: int, x: float, line: dict[str, Any]) -> None:
        """An upright line through all lines of a panel."""
        place = {
            "type": "line",
            "xref": f"x{_number(row)}",
            "yref": f"y{_number(row)} domain",
            "y0": 0,
            "y1": 1,
            "layer": "below",
        }
        self._shapes.append({**place, "x0": x, "x1": x, "line": line})

    def reach(self, row: int, low: float, high: float) -> None:
        """What an axis shows; without it, what lies on it."""
        self._axes[f"xaxis{_number(row)}"]["range"] = [low, high]

    def figure(self, key: Sequence[go.Scatter]) -> go.Figure:
        """The figure, with a legend of traces without points."""
        figure = go.Figure([*self._traces, *key], {**self._axes, "annotations": self._notes, "shapes": self._shapes})
        finish(figure, self._inner + self._top + _FOOT + _KEY)
        return figure.update_layout(
            margin={"l": 8, "r": 8, "t": self._top, "b": _FOOT + _KEY},
            legend={"y": -_FOOT / self._inner, "itemclick": False, "itemdoubleclick": False},
            showlegend=True,
        )


def _number(row: int) -> str:
    """plotly counts axes from 1, but leaves out the 1."""
    return "" if row == 1 else str(row)


def _note(text: str, x: float, xref: str, anchor: str, y: float, yref: str, **more: Any) -> dict[str, Any]:
    place = {"x": x, "xref": xref, "xanchor": anchor, "y": y, "yref": yref, "align": "left"}
    return {"text": text, **place, "showarrow": False, "font": {"size": 12}, **more}


def fits(left: str, right: str) -> bool:
    """Whether the words above a line have room beside each other on a phone; letters are narrower than numbers."""
    return 5.3 * len(left) + 6.7 * len(right) < 330


def _heading(panel: Panel) -> str:
    note = f"<br><span style='font-size:12px'>{wrap(panel.note, 52)}</span>" if panel.note else ""
    return f"<b>{wrap(panel.heading)}</b>{note}"
