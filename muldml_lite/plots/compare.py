"""Several runs in one figure over epochs, and where one of them was forked from another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from muldml_lite.plots.style import DASHES, LINES, finish

MOST_COMPARED = 6
_COLOURS = (*LINES, "#b1528c")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star")

COMPARED = {  # key of a record → title; the last two are means over the slices
    "cross_entropy": "Cross entropy",
    "metric_loss": "Metric loss",
    "knn_accuracy": "k-NN accuracy, unseen",
    "head_accuracy": "Head accuracy, unseen",
    "active_fraction": "Active hinges",
    "incomplete_fraction": "Incomplete judgements",
}
_OVER_SLICES = ("active_fraction", "incomplete_fraction", "mean_distance")


@dataclass(frozen=True)
class Compared:
    """One run of a comparison."""

    name: str
    history: Sequence[Mapping[str, Any]]
    parent: str = ""  # the run it was forked from, if that is compared too
    fork: int = 0  # the last epoch that both share


def compare_curves(runs: Sequence[Compared], key: str) -> go.Figure:
    """One number (a key of `COMPARED`) over epochs, a line for each run.

    A fork's line begins where it leaves its parent's, at a ring on a dotted line.
    """
    figure = go.Figure()
    for i, run in enumerate(runs):
        records = [record for record in run.history if not run.parent or record["epoch"] >= run.fork]
        figure.add_trace(
            go.Scatter(
                x=[record["epoch"] for record in records],
                y=[number_of(record, key) for record in records],
                name=run.name,
                mode="lines+markers",
                line={"color": _COLOURS[i], "dash": DASHES[i % len(DASHES)], "width": 2.2},
                marker={"size": 7, "symbol": _SYMBOLS[i]},
                hovertemplate=f"epoch %{{x}}: %{{y:.3f}}<extra>{run.name}</extra>",
            )
        )
        if run.parent:
            figure.add_vline(run.fork, line={"color": _COLOURS[i], "dash": "dot", "width": 1.4})
            _ring(figure, run, key, _COLOURS[i])
    figure.update_layout(title=COMPARED[key])
    if key in ("cross_entropy", "metric_loss"):
        figure.update_yaxes(rangemode="tozero")
    else:
        figure.update_yaxes(range=[-0.02, 1.04], tickformat=".0%")
    return finish(figure, 300, x="epoch")


def number_of(record: Mapping[str, Any], key: str) -> float | None:
    """A number of an epoch's record; of what is measured per slice, the mean. None: not measured."""
    if key not in _OVER_SLICES:
        return record.get(key)
    values = [one[key] for one in record.get("slices", ()) if one.get(key) is not None]
    return sum(values) / len(values) if values else None


def _ring(figure: go.Figure, run: Compared, key: str, colour: str) -> None:
    here = [number_of(record, key) for record in run.history if record["epoch"] == run.fork]
    figure.add_trace(
        go.Scatter(
            x=[run.fork] * len(here),
            y=here,
            mode="markers",
            name=f"fork of {run.parent}",
            showlegend=False,
            marker={"size": 15, "symbol": "circle-open", "color": colour, "line": {"width": 2}},
            hovertemplate=f"{run.name} leaves {run.parent} after epoch {run.fork}<extra></extra>",
        )
    )
