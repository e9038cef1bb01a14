"""Figures of walkthrough 4: how a judgement is repaired, what the second term can add, cycles, four arms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from muldml_lite.claims import Interval
from muldml_lite.plots import slice_colours
from muldml_lite.plots.verdicts import regime_name

TEAL, RUST, INK, GREY, VIOLET = "#2b8a9e", "#c2603e", "#2a3440", "#7b8794", "#7d5ba6"
LOOKS = ((RUST, "solid"), (TEAL, "dash"), (VIOLET, "dot"), (GREY, "dashdot"))


def lines_figure(lines: Mapping[str, Sequence[float]], titles: tuple[str, str, str], step: int = 1) -> go.Figure:
    """One line a name, over steps; titles: figure, x, y."""
    figure = go.Figure()
    for (name, values), (colour, dash) in zip(lines.items(), LOOKS, strict=False):
        line = {"color": colour, "dash": dash, "width": 2.5}
        figure.add_scatter(x=np.arange(len(values)) * step, y=np.round(values, 4), mode="lines", name=name, line=line)
    title, across, up = titles
    figure.update_xaxes(title=across).update_yaxes(title=up)
    return figure.update_layout(height=380, title=title, margin={"t": 50})


def shares_by_epoch(epochs: np.ndarray, shares: np.ndarray, thresholds: np.ndarray) -> go.Figure:
    """Shares (E, N) over epochs, one line a slice."""
    figure = go.Figure()
    for values, tau, colour in zip(shares.T, thresholds, slice_colours(len(thresholds)), strict=True):
        figure.add_scatter(x=epochs, y=values.round(5), mode="lines", name=f"τ = {tau:.1f}", line_color=colour)
    figure.update_yaxes(title="judged incompletely", tickformat=".1%").update_xaxes(title="epoch")
    return figure.update_layout(height=380, title="Triplets that the training mined (semi-hard)", margin={"t": 50})


def bound_figure(groups: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> go.Figure:
    """What the second term charges at an anchor (y) against what its positive pays on its own (x), (k,) each."""
    figure = go.Figure()
    top = max(float(own.max()) for own, _ in groups.values()) * 1.05
    figure.add_scatter(x=[0, top], y=[0, top], mode="lines", name="equal", line={"color": INK, "dash": "dash"})
    for (name, (own, term)), (colour, _) in zip(groups.items(), LOOKS, strict=False):
        marker = {"color": colour, "size": 5, "opacity": 0.5}
        figure.add_scatter(x=own.round(3), y=term.round(3), mode="markers", name=name, marker=marker)
    figure.update_xaxes(title="what p pays as an anchor").update_yaxes(title="second term")
    return figure.update_layout(height=420, title="The second term never exceeds it", margin={"t": 50})


def cycle_figure(courses: Mapping[str, Sequence[np.ndarray]]) -> go.Figure:
    """Whether (A, B, C) and (B, A, C) are judged incompletely at each iteration, one panel a course.

    Args:
        courses: positives, negatives and judged incompletely, (T, 1, B) each.
    """
    figure = make_subplots(len(courses), 1, shared_xaxes=True, subplot_titles=list(courses), vertical_spacing=0.16)
    for panel, (positive, negative, incomplete) in enumerate(courses.values(), 1):
        for row, (anchor, other) in enumerate(((0, 1), (1, 0))):
            there = incomplete[:, 0, anchor] & (positive[:, 0, anchor] == other) & (negative[:, 0, anchor] == 2)
            at, marker = np.flatnonzero(there), {"color": (RUST, TEAL)[row], "size": 9, "symbol": "square"}
            mark = go.Scatter(x=at, y=np.full(len(at), row), mode="markers", marker=marker, showlegend=False)
            figure.add_trace(mark, row=panel, col=1)
        figure.update_xaxes(range=[-1, len(positive)], row=panel, col=1)
    figure.update_yaxes(range=[-0.6, 1.6], tickvals=[0, 1], ticktext=["(A, B, C)", "(B, A, C)"], zeroline=False)
    figure.update_xaxes(title="iteration", row=len(courses), col=1)
    return figure.update_layout(height=160 + 110 * len(courses), margin={"t": 40, "l": 90, "b": 50})


def arms_figure(paths: Mapping[str, Mapping[str, Sequence[float]]], every: int) -> go.Figure:
    """The plain loss on the way, one panel an optimiser, one line an arm."""
    figure = make_subplots(1, len(paths), shared_yaxes=True, subplot_titles=list(paths), horizontal_spacing=0.04)
    for column, lines in enumerate(paths.values(), 1):
        for (name, values), (colour, dash) in zip(lines.items(), LOOKS, strict=True):
            line = {"color": colour, "dash": dash, "width": 2.5}
            figure.add_scatter(x=np.arange(len(values)) * every, y=np.round(values, 3), mode="lines", line=line,
                               name=name, legendgroup=name, showlegend=column == 1, row=1, col=column)  # fmt: skip
    figure.update_yaxes(title="plain Batch Hard loss / τ", row=1, col=1).update_xaxes(title="step")
    return figure.update_layout(height=400, margin={"t": 50, "l": 60}, legend={"orientation": "h", "y": -0.2})


def interval_figure(groups: Mapping[str, Sequence[Interval]], title: str, x: str) -> go.Figure:
    """Differences with their intervals, a row a regime and a colour a group, which is a control."""
    regimes = list(dict.fromkeys(regime_name(one.cell) for several in groups.values() for one in several))
    figure = go.Figure()
    for place, ((name, several), (colour, _)) in enumerate(zip(groups.items(), LOOKS, strict=False)):
        y = [regimes.index(regime_name(one.cell)) + 0.22 * (place - (len(groups) - 1) / 2) for one in several]
        mean = np.array([one.mean for one in several])
        high, low = (np.array([getattr(one, side) for one in several]) for side in ("high", "low"))
        bars = {"array": (high - mean).round(4), "arrayminus": (mean - low).round(4), "thickness": 2}
        figure.add_scatter(
            x=mean.round(4), y=y, error_x=bars, mode="markers", name=name, marker={"color": colour, "size": 8}
        )
    figure.add_vline(0, line_color=INK)
    figure.update_yaxes(
        tickvals=list(range(len(regimes))), ticktext=regimes, autorange="reversed", showgrid=False, zeroline=False
    )
    figure.update_xaxes(title=x)
    return figure.update_layout(
        height=190 + 62 * len(regimes), title=title, margin={"t": 50, "l": 260}, legend={"orientation": "h", "y": -0.25}
    )
