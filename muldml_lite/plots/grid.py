"""A grid of boxes with the rows' names above them, so that they have room on a phone, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from muldml_lite.plots.strips import wrap
from muldml_lite.plots.style import INK, finish
from muldml_lite.plots.verdicts import Look, look_key

_ROW, _LINE = 50, 16  # pixels: a row with its name above the boxes; a line of text
_NAME, _HIGH = 0.7, 0.5  # of a row: where its name stands, and how high its boxes are


@dataclass(frozen=True)
class Box:
    """One field of a map: column and row, what it says, and what a click on it leads to."""

    x: int
    y: int
    kind: str  # a key of the looks
    text: str
    words: str  # on hovering
    leads_to: str | int | None


def draw_grid(
    looks: Mapping[str, Look],
    boxes: Sequence[Box],
    rows: Sequence[str],
    columns: int,
    heads: Sequence[str],
    groups: Sequence[tuple[str, int, int]],
) -> go.Figure:
    """A grid of boxes with the rows' names above them; groups are (heading, first column, number of columns)."""
    figure = go.Figure()
    width = 50 / max(columns, 1)  # characters that a column holds on a phone
    heads = [wrap(head, max(6, int(width))) for head in heads]
    above = [wrap(name, max(6, int(width * count))) for name, _, count in groups]
    lines = [max((text.count("<br>") + 1 for text in texts if text), default=0) for texts in (heads, above)]
    for x, text in enumerate(heads):
        _write(figure, text, x + 0.5, 1, "center", yref="paper", yanchor="bottom", yshift=4)
    for (_, start, count), text in zip(groups, above, strict=True):
        if text:
            lift = 6 + _LINE * lines[0]
            _write(
                figure, f"<b>{text}</b>", start + count / 2, 1, "center", yref="paper", yanchor="bottom", yshift=lift
            )
    for y, name in enumerate(rows):
        _write(figure, name, 0, -y + _NAME, "left", yref="y", yanchor="middle", yshift=0)
    for box in boxes:
        _draw_box(figure, box, looks[box.kind])
    figure.add_scatter(
        x=[box.x + 0.5 for box in boxes], y=[-box.y + _HIGH / 2 for box in boxes], mode="markers",
        marker={"size": 24, "opacity": 0}, hovertext=[box.words for box in boxes], hoverinfo="text",
        customdata=[box.leads_to for box in boxes], showlegend=False,
    )  # fmt: skip
    figure.add_traces(look_key(looks, {box.kind for box in boxes}))
    return _frame(figure, len(rows), columns, 14 + _LINE * sum(lines))


def _frame(figure: go.Figure, rows: int, columns: int, top: int) -> go.Figure:
    height = rows * _ROW
    finish(figure, height + top + 66).update_layout(
        margin={"l": 4, "r": 4, "t": top, "b": 66},
        showlegend=True,
        legend={"y": -8 / height, "yref": "paper", "itemclick": False, "itemdoubleclick": False},
        dragmode=False,
    )
    figure.update_xaxes(range=[0, max(columns, 1)], visible=False, fixedrange=True)
    return figure.update_yaxes(range=[-rows + 1, 1], visible=False, fixedrange=True)


def _write(
    figure: go.Figure, text: str, x: float, y: float, anchor: str, *, yref: str, yanchor: str, yshift: int
) -> None:
    figure.add_annotation(
        text=text, x=x, y=y, xanchor=anchor, yref=yref, yanchor=yanchor, yshift=yshift, showarrow=False,
        font={"size": 12},
    )  # fmt: skip


def _draw_box(figure: go.Figure, box: Box, look: Look) -> None:
    figure.add_shape(
        x0=box.x + 0.02, x1=box.x + 0.98, y0=-box.y, y1=_HIGH - box.y,
        fillcolor=look.fill or "rgba(0,0,0,0)", line={"color": look.fill or INK, "width": 1.2, "dash": look.dash},
    )  # fmt: skip
    figure.add_annotation(
        text=box.text, x=box.x + 0.5, y=_HIGH / 2 - box.y, showarrow=False,
        font={"size": 12, "color": "#ffffff"} if look.fill else {"size": 12},
    )  # fmt: skip
