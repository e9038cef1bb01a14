"""A grid of boxes with the rows' names above them, so that they have room on a phone, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from muldml_lite.plots.strips import wrap
from muldml_lite.plots.style import INK, finish
from muldml_lite.plots.verdicts import Look, look_key

_ROW, _LINE = 50, 16  # pixels: a row with its name above the boxes; a line of text
_NAME, _HIGH = 0.7, 0.5  # of a row: where its name stands, and how high its boxes are
_NOTE = {"xref": "x", "yref": "y", "showarrow": False, "font": {"size": 12}}


@dataclass(frozen=True)
class Box:
    """One field of a map: column and row, what it says, and what a click on it leads to."""

    x: float
    y: int
    kind: str  # a key of the looks
    text: str
    words: str  # on hovering
    leads_to: str | int | None


def draw_grid(
    looks: Mapping[str, Look],
    boxes: Sequence[Box],
    rows: Sequence[str],
    columns: float,
    heads: Sequence[str],
    groups: Sequence[tuple[str, float, int]],
) -> go.Figure:
    """A grid of boxes with the rows' names above them; groups are (heading, first column, number of columns)."""
    width = 50 / max(columns, 1)  # characters that a column holds on a phone
    heads = [wrap(head, max(6, int(width))) for head in heads]
    above = [wrap(name, max(6, int(width * count))) for name, _, count in groups]
    lines = [max((text.count("<br>") + 1 for text in texts if text), default=0) for texts in (heads, above)]
    notes = [_above(text, x + 0.5, 4) for x, text in enumerate(heads)]
    notes += [
        _above(f"<b>{text}</b>", start + count / 2, 6 + _LINE * lines[0])
        for (_, start, count), text in zip(groups, above, strict=True)
        if text
    ]
    notes += [{**_NOTE, "text": name, "x": 0, "y": _NAME - y, "xanchor": "left"} for y, name in enumerate(rows)]
    notes += [_words(box, looks[box.kind]) for box in boxes]
    targets = go.Scatter(
        x=[box.x + 0.5 for box in boxes], y=[_HIGH / 2 - box.y for box in boxes], mode="markers",
        marker={"size": 24, "opacity": 0}, hovertext=[box.words for box in boxes], hoverinfo="text",
        customdata=[box.leads_to for box in boxes], showlegend=False,
    )  # fmt: skip
    # All at once: plotly checks all notes and shapes anew with each single addition.
    layout = {"annotations": notes, "shapes": [_outline(box, looks[box.kind]) for box in boxes]}
    figure = go.Figure([targets, *look_key(looks, {box.kind for box in boxes})], layout)
    return _frame(figure, len(rows), columns, 14 + _LINE * sum(lines))


def _frame(figure: go.Figure, rows: int, columns: float, top: int) -> go.Figure:
    height = rows * _ROW
    finish(figure, height + top + 66).update_layout(
        margin={"l": 4, "r": 4, "t": top, "b": 66},
        showlegend=True,
        legend={"y": -8 / height, "itemclick": False, "itemdoubleclick": False},
        dragmode=False,
    )
    figure.update_xaxes(range=[0, max(columns, 1)], visible=False, fixedrange=True)
    return figure.update_yaxes(range=[1 - rows, 1], visible=False, fixedrange=True)


def _above(text: str, x: float, lift: int) -> dict[str, Any]:
    return {**_NOTE, "text": text, "x": x, "y": 1, "yref": "paper", "yanchor": "bottom", "yshift": lift}


def _words(box: Box, look: Look) -> dict[str, Any]:
    font = {"size": 12, "color": "#ffffff"} if look.fill else {"size": 12}
    return {**_NOTE, "text": box.text, "x": box.x + 0.5, "y": _HIGH / 2 - box.y, "font": font}


def _outline(box: Box, look: Look) -> dict[str, Any]:
    line = {"color": look.fill or INK, "width": 1.2, "dash": look.dash}
    place = {"x0": box.x + 0.02, "x1": box.x + 0.98, "y0": -box.y, "y1": _HIGH - box.y}
    return {"type": "rect", **place, "fillcolor": look.fill or "rgba(0,0,0,0)", "line": line}
