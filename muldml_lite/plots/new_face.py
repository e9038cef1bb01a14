"""One new face over the slices of a run: who votes for what, and how far the nearest face of each class is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from muldml_lite.analysis.verdicts import Judged
from muldml_lite.plots.style import INK, as_is, class_styles, finish

_BIGGEST = 26  # pixels of a mark that stands for all votes


def verdicts_over_slices(judged: Judged, classes: Sequence[str], thresholds: Sequence[float | None]) -> go.Figure:
    """Above, each slice's votes; below, the distance to the nearest face of each class, and what is usual.

    Args:
        thresholds: of the slices, in their order; None: unknown, or trained without one.
    """
    names, classes = slice_names(thresholds), [as_is(name) for name in classes]
    figure = make_subplots(2, 1, shared_xaxes=True, vertical_spacing=0.05, row_heights=[0.44, 0.56])
    for label, style in enumerate(class_styles(classes)):
        marks = {"symbol": style["symbol"], "color": style["light"], "line": {"width": 1, "color": style["dark"]}}
        votes = np.array([one.votes[label] for one in judged.slices])
        total = int(judged.slices[0].votes.sum())
        at = np.flatnonzero(votes)
        figure.add_scatter(
            x=[names[i] for i in at], y=[style["name"]] * len(at), mode="markers", showlegend=False,
            name=style["name"], marker={**marks, "size": 8 + (_BIGGEST - 8) * votes[at] / total, "opacity": 1},
            customdata=votes[at], hovertemplate=f"%{{customdata}} of {total} votes<extra>{style['name']}</extra>",
            row=1, col=1,
        )  # fmt: skip
        figure.add_scatter(
            x=names, y=[one.to_classes[label] for one in judged.slices], mode="lines+markers", name=style["name"],
            line={"color": style["light"], "width": 1.6}, marker={**marks, "size": 9}, row=2, col=1,
            hovertemplate=f"nearest %{{y:.2f}} away<extra>{style['name']}</extra>",
        )  # fmt: skip
    if all(len(one.usual) for one in judged.slices):
        _usual(figure, names, judged)
    finish(figure, 640).update_layout(legend={"y": -0.16}, margin={"t": 12})
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=names)
    figure.update_xaxes(title={"text": _axis(thresholds), "font": {"size": 12}}, row=2, col=1)
    figure.update_yaxes(title={"text": "votes", "font": {"size": 12}}, row=1, col=1)
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=[*classes][::-1], row=1, col=1)
    figure.update_yaxes(range=[-0.6, len(classes) - 0.4], row=1, col=1)
    return figure.update_yaxes(title={"text": "distance", "font": {"size": 12}}, rangemode="tozero", row=2, col=1)


def _usual(figure: go.Figure, names: list[str], judged: Judged) -> None:
    """A band from the 5th to the 95th percentile of what unseen faces have, and what this face has."""
    low, high = np.array([np.quantile(one.usual, (0.05, 0.95)) for one in judged.slices]).T
    figure.add_scatter(
        x=[*names, *names[::-1]], y=[*high, *low[::-1]], fill="toself", mode="lines", name="usual for unseen faces",
        line={"width": 0}, fillcolor="rgba(123,135,148,0.28)", hoverinfo="skip", row=2, col=1,
    )  # fmt: skip
    figure.add_scatter(
        x=names, y=[one.apart for one in judged.slices], mode="lines", name="this face, mean of its nearest",
        line={"color": INK, "dash": "dash", "width": 2.6}, row=2, col=1,
        hovertemplate="%{y:.2f}<extra>mean of its nearest faces</extra>",
    )  # fmt: skip


def slice_names(thresholds: Sequence[float | None]) -> list[str]:
    """τ of each slice as words; where two are equal or one is unknown, numbers tell slices apart."""
    if None not in thresholds:
        names = [f"{tau:.2f}" for tau in thresholds if tau is not None]
        if len(set(names)) == len(names):
            return names
        return [f"{number}: {name}" for number, name in enumerate(names, 1)]
    return [str(number) for number in range(1, len(thresholds) + 1)]


def _axis(thresholds: Sequence[float | None]) -> str:
    return "slice" if None in thresholds else "threshold τ of the slice"
