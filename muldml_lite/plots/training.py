"""Figures of one run: over its epochs, and over its slices' thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from muldml_lite.plots.style import INK, RUST, TEAL, finish, slice_colours


def loss_curves(history: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Cross entropy and metric loss over epochs."""
    series = (("cross entropy", "cross_entropy", TEAL, "solid"), ("metric loss", "metric_loss", RUST, "dash"))
    figure = go.Figure([_line(history, name, lambda r, k=key: r.get(k), *look) for name, key, *look in series])
    figure.update_layout(title="Loss").update_yaxes(rangemode="tozero")
    return finish(figure, 290, x="epoch")


def accuracy_curves(history: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Accuracy of head and k-NN on unseen subjects, and on the training images, over epochs."""
    series = (
        ("head, unseen", "head_accuracy", TEAL, "solid"),
        ("k-NN, unseen", "knn_accuracy", RUST, "dash"),
        ("training", "train_accuracy", INK, "dot"),
    )
    figure = go.Figure([_line(history, name, lambda r, k=key: r.get(k), *look) for name, key, *look in series])
    figure.update_layout(title="Accuracy").update_yaxes(range=[0, 1.03], tickformat=".0%")
    return finish(figure, 290, x="epoch")


SLICE_CURVES = {"active_fraction": "Active hinges", "mean_distance": "Mean distance", "knn_accuracy": "k-NN, unseen"}


def slice_curve(history: Sequence[Mapping[str, Any]], key: str) -> go.Figure:
    """One number (a key of `SLICE_CURVES`) over epochs, a line for each slice."""
    last = history[-1]["slices"] if history else []  # of a fork, the first ones have the parent's thresholds
    figure = go.Figure()
    for i, colour in enumerate(slice_colours(len(last))):
        name = slice_name(i, last[i].get("threshold"))
        figure.add_trace(_line(history, name, lambda r, i=i: r["slices"][i].get(key), colour, "solid"))
    if key == "mean_distance":
        figure.update_yaxes(rangemode="tozero")
    else:
        figure.update_yaxes(range=[-0.02, 1.04], tickformat=".0%")
    figure.update_layout(title=SLICE_CURVES[key])
    # Three such figures stand side by side and share one legend, which the page writes.
    return finish(figure, 230, x="epoch").update_layout(showlegend=False)


def threshold_profile(slices: Sequence[Mapping[str, Any]]) -> go.Figure:
    """One record's slices over their thresholds: k-NN accuracy and share of active hinges."""
    figure = go.Figure()
    taus = [s.get("threshold") for s in slices]
    axis = {"mode": "lines+markers", "x": taus}
    series = (("k-NN accuracy, unseen subjects", "knn_accuracy", "circle", TEAL, "solid"),
              ("active hinges", "active_fraction", "diamond", RUST, "dash"),
              ("incomplete judgements", "incomplete_fraction", "square", INK, "dot"))  # fmt: skip
    for name, key, symbol, colour, dash in series:
        figure.add_trace(
            go.Scatter(
                y=[s.get(key) for s in slices],
                name=name,
                marker={"symbol": symbol, "size": 9},
                line={"color": colour, "dash": dash},
                hovertemplate=f"τ = %{{x:.2f}}: %{{y:.1%}}<extra>{name}</extra>",
                **axis,
            )
        )
    figure.update_yaxes(range=[0, 1.04], tickformat=".0%")
    return finish(figure, 300, x="threshold τ of the slice")


def slice_name(i: int, threshold: float | None) -> str:
    return f"slice {i + 1}" if threshold is None else f"τ = {threshold:.2f}"


def _line(history: Sequence[Mapping[str, Any]], name: str, read: Any, colour: str, dash: str) -> go.Scatter:
    return go.Scatter(
        x=[r["epoch"] for r in history],
        y=[read(r) for r in history],
        name=name,
        mode="lines+markers",
        line={"color": colour, "dash": dash, "width": 2.2},
        marker={"size": 5},
        hovertemplate=f"epoch %{{x}}: %{{y:.3f}}<extra>{name}</extra>",
    )
