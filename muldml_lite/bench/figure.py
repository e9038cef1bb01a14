"""Growth of times with the batch and with the slices: fitted exponents, and the figure of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from muldml_lite.bench.plan import Row

# Okabe and Ito's hues, darkened until they stand 3:1 against white; dash and marker tell lines apart without them.
_LOOKS = {
    "ours": ("#0b6fae", "solid", "circle"),
    "pytorch-metric-learning": ("#c2410c", "dash", "square"),
    "pytorch-metric-learning, triplets listed once": ("#9a6200", "dash", "square-open"),
    "sentence-transformers": ("#0b7d5c", "dashdot", "diamond"),
    "plain PyTorch, a loop": ("#a1427b", "dot", "triangle-up"),
    "plain PyTorch, (B, B, B)": ("#4b3f9e", "dot", "triangle-down"),
    "distances alone": ("#5d6772", "longdash", "x-thin-open"),
}
_INK, _GRID = "#27303a", "#dfe3e8"
_TICKS = {10.0**power: text for power, text in zip(
    range(-5, 4), ("10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s", "100 s", "1000 s"), strict=True
)}  # fmt: skip


class Growth(NamedTuple):
    """time ~ size ** exponent, fitted to the medians by least squares in logarithms."""

    exponent: float
    error: float  # standard error of the exponent
    low: int  # smallest and largest size of the fit
    high: int
    points: int


def fit_growth(sizes: Sequence[float], seconds: Sequence[float]) -> Growth:
    """Exponent of `seconds` over `sizes`.

    Raises:
        ValueError: fewer than three points, which leave no error to be told.
    """
    if len(sizes) < 3:
        raise ValueError(f"{len(sizes)} sizes; a growth and its error need three")
    (slope, _), covariance = np.polyfit(np.log(sizes), np.log(seconds), 1, cov=True)
    return Growth(float(slope), float(covariance[0, 0] ** 0.5), int(min(sizes)), int(max(sizes)), len(sizes))


def series(rows: Sequence[Row], mining: str, axis: str) -> dict[str, tuple[list[float], list[float]]]:
    """Case → values of the column `axis` in ascending order, and median seconds there."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if row["mining"] == mining and "median_s" in row:
            found.setdefault(row["case"], []).append((row[axis], row["median_s"]))
    return {case: tuple(map(list, zip(*sorted(points), strict=True))) for case, points in found.items()}


def growth_figure(by_batch: Sequence[Row], by_slices: Sequence[Row]) -> go.Figure:
    """Median times, log-log: a column for each mining; over B above, over N below."""
    minings = list(dict.fromkeys(row["mining"] for row in by_batch))
    fixed_n, fixed_b = by_batch[0]["N"], by_slices[0]["B"]
    titles = [f"{mining}, N = {fixed_n}" for mining in minings] + [f"{mining}, B = {fixed_b}" for mining in minings]
    figure = make_subplots(
        2, len(minings), subplot_titles=titles, shared_yaxes="all", horizontal_spacing=0.03, vertical_spacing=0.16
    )
    named: set[str] = set()
    for line, (rows, axis, label) in enumerate(((by_batch, "B", "images B"), (by_slices, "N", "slices N")), 1):
        ticks = sorted({row[axis] for row in rows})
        for column, mining in enumerate(minings, 1):
            for case, points in series(rows, mining, axis).items():
                figure.add_trace(_line(case, *points, first=case not in named), line, column)
                named.add(case)
            figure.update_xaxes(
                type="log", tickvals=ticks, ticktext=[str(t) for t in ticks], title=label, row=line, col=column
            )
        figure.update_yaxes(title="forward + backward", row=line, col=1)
    return _finish(figure)


def _line(case: str, sizes: list[float], seconds: list[float], *, first: bool) -> go.Scatter:
    colour, dash, symbol = _LOOKS[case]
    return go.Scatter(
        x=sizes,
        y=seconds,
        name=case,
        legendgroup=case,
        showlegend=first,
        mode="lines+markers",
        line={"color": colour, "dash": dash, "width": 3.2 if case == "ours" else 2},
        marker={"symbol": symbol, "size": 9, "color": colour, "line": {"width": 2, "color": colour}},
    )


def _finish(figure: go.Figure) -> go.Figure:
    figure.update_layout(
        width=1180,
        height=860,
        paper_bgcolor="white",  # a card of its own on light and on dark pages
        plot_bgcolor="white",
        font={"size": 14, "color": _INK},
        margin={"l": 84, "r": 20, "t": 44, "b": 20},
        legend={"orientation": "h", "yanchor": "top", "y": -0.11, "x": 0, "font": {"size": 14}},
    )
    figure.update_xaxes(gridcolor=_GRID, linecolor=_INK, showline=True, title_standoff=4)
    figure.update_yaxes(type="log", tickvals=list(_TICKS), ticktext=list(_TICKS.values()))
    return figure.update_yaxes(gridcolor=_GRID, linecolor=_INK, showline=True)
