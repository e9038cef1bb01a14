"""Figures of walkthrough 3, and the patients of its clinic: whoever guesses should not read on here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

TEAL, RUST, INK, GREY = "#2b8a9e", "#c2603e", "#2a3440", "#7b8794"
MINERS = {"batch-all": (GREY, "dot"), "semi-hard": (TEAL, "solid"), "batch-hard": (RUST, "dash")}
VITALS = ("loss / τ", "mean distance", "active share")


class Case(NamedTuple):
    """How a patient of the clinic was trained. What is not mentioned is as usual."""

    features: str = "centred"  # "centred" | "as stored"
    labels: str = "in order"  # "in order" | "shuffled" | "a tenth wrong"
    layers: int = 1  # linear layers of the network
    mining: str = "batch-all"
    tau: float = 0.3
    reduction: str = "mean"
    rate: float = 0.01  # of Adam
    warmup: int = 0  # steps of cross entropy before the triplet loss

    def __repr__(self) -> str:
        told = [f"{k}={v!r}" for k, v in self._asdict().items() if v != self._field_defaults[k]]
        return f"Case({', '.join(told)})"


CASES = {
    1: Case(layers=3, mining="batch-hard"),
    2: Case(mining="semi-hard", tau=5.0),
    3: Case(mining="semi-hard", labels="shuffled"),
    4: Case(features="as stored"),
    5: Case(reduction="mean-nonzero", labels="a tenth wrong"),
}


class Chart(NamedTuple):
    """What the clinic keeps of one training, a number a step, and the k-NN accuracy on people never seen."""

    loss: np.ndarray  # (steps,) in units of τ
    distance: np.ndarray  # (steps,) mean over all pairs of a batch
    active: np.ndarray  # (steps,) share of active hinges
    knn: float

    def curves(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.loss, self.distance, self.active


def waiting_room(charts: Mapping[int, Chart]) -> go.Figure:
    """The vitals of all patients, one column each."""
    names = [f"patient {n}<br><sup>k-NN {chart.knn:.0%}</sup>" for n, chart in charts.items()]
    figure = make_subplots(3, len(charts), shared_xaxes=True, shared_yaxes=True, column_titles=names,
                           vertical_spacing=0.06, horizontal_spacing=0.02)  # fmt: skip
    for column, chart in enumerate(charts.values(), 1):
        for row, (values, colour) in enumerate(zip(chart.curves(), (RUST, TEAL, GREY), strict=True), 1):
            figure.add_scatter(
                y=values.round(3), mode="lines", line_color=colour, showlegend=False, row=row, col=column
            )
        figure.add_hline(1, line_dash="dot", line_color=INK, row=1, col=column)
    _axes(figure)
    figure.update_xaxes(title="step", row=3)
    return figure.update_layout(height=520, margin={"t": 60, "l": 70, "r": 20, "b": 50})


def before_and_after(charts: Mapping[str, Chart]) -> go.Figure:
    """Vitals beside one another: a patient, and what became of them under one treatment or several."""
    figure = make_subplots(1, 3, subplot_titles=VITALS)
    looks = zip((RUST, TEAL, "#7d5ba6", GREY), ("solid", "solid", "dash", "dot"), strict=True)
    for (name, chart), (colour, dash) in zip(charts.items(), looks, strict=False):
        for column, values in enumerate(chart.curves(), 1):
            line = {"color": colour, "dash": dash}
            figure.add_scatter(y=values.round(3), mode="lines", line=line, legendgroup=name, row=1, col=column,
                               name=f"{name}: k-NN {chart.knn:.0%}", showlegend=column == 1)  # fmt: skip
    figure.add_hline(1, line_dash="dot", line_color=INK, row=1, col=1)
    for column, top in enumerate((2.5, 1.6, 1.05), 1):
        figure.update_yaxes(range=[0, top], row=1, col=column)
    figure.update_xaxes(title="step")
    return figure.update_layout(
        height=360, margin={"t": 40, "l": 50, "r": 20, "b": 90}, legend={"orientation": "h", "y": -0.25}
    )


def _axes(figure: go.Figure) -> None:
    for row, (name, top) in enumerate(zip(VITALS, (2.5, 1.6, 1.05), strict=True), 1):
        figure.update_yaxes(range=[0, top], row=row)
        figure.update_yaxes(title=name, row=row, col=1)


def ruler(positives: np.ndarray, negatives: np.ndarray, near: float, tau: float) -> go.Figure:
    """One anchor's distances on a line, with the zones in which a negative is hard, semi-hard or easy.

    Args:
        near: D(a,p) of the positive that the zones belong to.
    """
    top = float(max(positives.max(), negatives.max())) * 1.05
    figure = go.Figure()
    zones = ((0, near, RUST, "hard"), (near, near + tau, TEAL, "semi-hard"), (near + tau, top, GREY, "easy"))
    for low, high, colour, name in zones:
        figure.add_vrect(low, high, fillcolor=colour, opacity=0.13, line_width=0, annotation_text=name,
                         annotation_position="top left")  # fmt: skip
    figure.add_vline(near, line_color=INK, line_dash="dash")
    for values, y, colour, symbol, name in (
        (positives, 1, TEAL, "square", "positives"),
        (negatives, 0, RUST, "diamond", "negatives"),
    ):
        figure.add_scatter(x=values.round(3), y=np.full(len(values), y), mode="markers", name=name,
                           marker={"color": colour, "symbol": symbol, "size": 10, "opacity": 0.6})  # fmt: skip
    figure.update_yaxes(range=[-0.6, 1.8], showticklabels=False, showgrid=False, zeroline=False)
    figure.update_xaxes(range=[0, top], title="distance from the anchor")
    return figure.update_layout(
        height=300, title="One anchor, one positive (dashed line), all negatives", margin={"t": 50}
    )


def margin_shapes(margins: Mapping[str, np.ndarray], tau: float) -> go.Figure:
    """Margins D(a,n) − D(a,p) of what each miner takes, as shares; left of τ a hinge is active."""
    low = min(values.min() for values in margins.values())
    edges = np.linspace(low, max(values.max() for values in margins.values()), 50)
    figure = go.Figure()
    for name, values in margins.items():
        colour, dash = MINERS[name]
        share = np.histogram(values, edges)[0] / len(values)
        figure.add_scatter(x=((edges[1:] + edges[:-1]) / 2).round(3), y=share.round(4), mode="lines", fill="tozeroy",
                           line={"color": colour, "dash": dash}, name=f"{name}, {len(values):,} triplets")  # fmt: skip
    figure.add_vline(tau, line_color=INK, annotation_text=f"τ = {tau:.1f}")
    figure.update_xaxes(title="margin D(a,n) − D(a,p)").update_yaxes(title="share of its triplets", tickformat=".0%")
    return figure.update_layout(height=400, title="What each miner looks at", margin={"t": 50})


def miner_lines(x: Sequence[float], lines: Mapping[str, Sequence[float]], titles: tuple[str, str, str]) -> go.Figure:
    """One line a miner (or another key of `MINERS`' looks, in their order); titles: figure, x, y."""
    figure = go.Figure()
    for place, (name, values) in enumerate(lines.items()):
        colour, dash = MINERS.get(name, tuple(MINERS.values())[place])
        line = {"color": colour, "dash": dash, "width": 2.5}
        figure.add_scatter(x=list(x), y=np.round(values, 4), mode="lines", name=name, line=line)
    title, across, up = titles
    figure.update_xaxes(title=across).update_yaxes(title=up, rangemode="tozero")
    return figure.update_layout(height=380, title=title, margin={"t": 50})
