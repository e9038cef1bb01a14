"""Panels of lines, one above the other: words stand above each line, so that they have room on a phone, too."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from muldml_lite.plots.style import finish

LINE = 40  # pixels
_TEXT, _FOOT, _KEY = 17, 58, 84  # pixels: a line of a heading, an axis with its title, the legend
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


def strip_figure(panels: Sequence[Panel]) -> go.Figure:
    """Empty panels; line i of a panel lies at y = −i. Heights are in pixels, so nothing shrinks into overlap."""
    heads = [_heading(panel) for panel in panels]
    tops = [_TEXT * (head.count("<br>") + 1) + 8 for head in heads]
    total = sum(LINE * panel.lines for panel in panels) + sum(tops[1:]) + _FOOT * (len(panels) - 1)
    figure = make_subplots(len(panels), 1)
    finish(figure, total + tops[0] + _FOOT + _KEY)
    figure.update_layout(
        margin={"l": 8, "r": 8, "t": tops[0], "b": _FOOT + _KEY},
        legend={"y": -_FOOT / total, "itemclick": False, "itemdoubleclick": False},
        showlegend=True,
    )
    top = 1.0
    for row, (panel, head) in enumerate(zip(panels, heads, strict=True), 1):
        bottom = top - LINE * panel.lines / total
        place = {"row": row, "col": 1}
        figure.update_yaxes(domain=[max(bottom, 0), min(top, 1)], range=[0.4 - panel.lines, 0.6], **place)
        figure.update_yaxes(visible=False, fixedrange=True, **place)
        figure.update_xaxes(title={"text": panel.axis, "standoff": 2, "font": {"size": 12}}, nticks=6, **place)
        figure.add_annotation(
            text=head, x=0, xref="paper", xanchor="left", y=top, yref="paper", yanchor="bottom", yshift=2,
            showarrow=False, align="left",
        )  # fmt: skip
        top = bottom - (_FOOT + tops[row] if row < len(panels) else 0) / total
    return figure


def write_line(figure: go.Figure, row: int, y: float, left: str, right: str = "") -> None:
    """The words above the line at y of panel `row`: its name, and its numbers at the other end."""
    axis = "" if row == 1 else str(row)
    for text, x, anchor in ((left, 0, "left"), (right, 1, "right")):
        if text:
            figure.add_annotation(
                text=text, x=x, xref=f"x{axis} domain", xanchor=anchor, y=y + 0.28, yref=f"y{axis}",
                showarrow=False, font={"size": 12},
            )  # fmt: skip


def fits(left: str, right: str) -> bool:
    """Whether the words above a line have room beside each other on a phone; letters are narrower than numbers."""
    return 5.3 * len(left) + 6.7 * len(right) < 330


def _heading(panel: Panel) -> str:
    note = f"<br><span style='font-size:12px'>{wrap(panel.note, 52)}</span>" if panel.note else ""
    return f"<b>{wrap(panel.heading)}</b>{note}"
