"""Figures of walkthrough 5, and the frozen features that it shares with walkthrough 2."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from muldml_lite.claims.beds import Bed, Scale, features_of
from muldml_lite.plots import class_styles, slice_colours
from muldml_lite.runs import Run

TEAL, RUST, INK = "#2b8a9e", "#c2603e", "#7b8794"


def make_bed(run: Run, counts: Mapping[str, int], steps: int) -> Bed:
    """Features (n, 128) of newly drawn people in a run's backbone: the bed of walkthrough 2."""
    from muldml_lite.faces import draw_dataset
    from muldml_lite.trainer import load_network

    faces = draw_dataset("posed", subjects=sum(counts.values()), images_per_subject=14, size=48, seed=2024)
    part = np.repeat([1, 2, 3], list(counts.values()))[faces.subjects]
    features = features_of(load_network(run), faces.images)  # (n, 1152)
    _, _, directions = np.linalg.svd(features[part == 1], full_matrices=False)
    features = features @ directions[:128].T
    features /= np.sqrt((features[part == 1] ** 2).sum(1).mean())
    nothing = np.zeros((len(features), 1), np.float32)
    scale = Scale(warmup=0, **counts, steps=steps)
    return Bed(0, {"warm-up": features}, nothing, faces.labels, faces.subjects, part, 7, scale)


def network_figure(thresholds: Sequence[float]) -> go.Figure:
    """An image's way: backbone, features, blocks of M, slices with their thresholds, the head on all of them."""
    figure, count = go.Figure(), len(thresholds)
    middle, arrow = (count - 1) / 2, {"arrowhead": 2, "arrowcolor": INK, "axref": "x", "ayref": "y", "text": ""}

    def box(x: float, y: float, width: float, height: float, text: str, colour: str) -> None:
        corners = {"x0": x - width / 2, "x1": x + width / 2, "y0": y - height / 2, "y1": y + height / 2}
        figure.add_shape(type="rect", line_color=colour, fillcolor=colour, opacity=0.25, **corners)
        figure.add_annotation(x=x, y=y, text=text, showarrow=False)

    def link(x: float, y: float, u: float, v: float) -> None:
        figure.add_annotation(x=u, y=v, ax=x, ay=y, **arrow)

    box(0.4, middle, 0.7, 2, "face", INK)
    box(1.6, middle, 0.9, 3.4, "backbone", INK)
    box(2.7, middle, 0.5, 4.6, "x<br>(F)", INK)
    link(0.75, middle, 1.15, middle)
    link(2.05, middle, 2.45, middle)
    for i, (tau, colour) in enumerate(zip(thresholds, slice_colours(count), strict=True)):
        y = count - 1 - i
        box(3.9, y, 0.8, 0.8, f"M<sub>{i + 1}</sub>", colour)
        box(5.1, y, 0.9, 0.8, f"f<sub>{i + 1}</sub>", colour)
        box(6.5, y, 1.2, 0.8, f"loss, τ = {tau:.1f}", colour)
        link(2.95, middle + (y - middle) * 0.55, 3.5, y)
        link(4.3, y, 4.65, y)
        link(5.55, y, 5.9, y)
    figure.add_annotation(x=5.1, y=-0.95, text="all slices together, not normalised → cross entropy", showarrow=False)
    figure.update_xaxes(visible=False, range=[-0.1, 7.3]).update_yaxes(visible=False, range=[-1.4, count - 0.3])
    return figure.update_layout(height=460, title="One backbone, N blocks of M, N losses", margin={"t": 50, "b": 10})


def share_figure(thresholds: Sequence[float], shares: Sequence[float]) -> go.Figure:
    """What each slice supplies to the squared distance of the joined embedding; a line at equal shares."""
    figure = go.Figure(go.Bar(x=[f"{tau:.1f}" for tau in thresholds], y=np.round(shares, 4), marker_color=TEAL))
    figure.add_hline(
        1 / len(shares),
        line_dash="dash",
        line_color=RUST,
        annotation_text="equal shares",
        annotation_position="top left",
    )
    figure.update_yaxes(tickformat=".1%", title="of the joined squared distance").update_xaxes(title="τ of the slice")
    return figure.update_layout(height=360, title="Who makes the joined distance?", margin={"t": 50})


def tables_figure(tables: Mapping[str, np.ndarray], lowest: float, title: str) -> go.Figure:
    """Tables (N, N) of similarities side by side, in one scale of colours from `lowest` to 1."""
    figure = make_subplots(1, len(tables), subplot_titles=list(tables), horizontal_spacing=0.06)
    for column, table in enumerate(tables.values(), 1):
        names = [str(i + 1) for i in range(len(table))]
        text = [[f"{value:.2f}".replace("0.", ".") for value in row] for row in table]
        figure.add_heatmap(
            z=table.round(3), x=names, y=names, text=text, texttemplate="%{text}", textfont={"size": 9}, zmin=lowest,
            zmax=1, colorscale="Cividis", showscale=False, row=1, col=column,
        )  # fmt: skip
    figure.update_yaxes(autorange="reversed", constrain="domain").update_xaxes(title="slice")
    return figure.update_layout(height=360, title=title, margin={"t": 80})


def slices_figure(places: np.ndarray, names: Sequence[str], labels: np.ndarray, classes: Sequence[str]) -> go.Figure:
    """Flat pictures (N, n, 2) of slices side by side, expressions by colour and marker."""
    figure = make_subplots(1, len(places), subplot_titles=list(names), horizontal_spacing=0.03)
    for column, points in enumerate(places, 1):
        for label, style in enumerate(class_styles(classes)):
            x, y = points[labels == label].T.round(3)
            marker = {"color": style["light"], "symbol": style["symbol"], "size": 7}
            figure.add_scatter(x=x, y=y, mode="markers", marker=marker, name=style["name"], legendgroup=style["name"],
                               showlegend=column == 1, row=1, col=column)  # fmt: skip
    figure.update_xaxes(showticklabels=False, zeroline=False).update_yaxes(showticklabels=False, zeroline=False)
    figure.update_layout(legend={"orientation": "h", "y": -0.05})
    return figure.update_layout(height=340, title="The same unseen faces in four slices", margin={"t": 80, "b": 10})


def largest_tensor(function: Callable[[], Any]) -> int:
    """Bytes of the largest block of memory that any operation of torch inside `function` makes or writes to."""
    from torch import Tensor
    from torch.utils._python_dispatch import TorchDispatchMode

    class Watch(TorchDispatchMode):
        most = 0

        def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
            made = operation(*args, **(kwargs or {}))
            for one in made if isinstance(made, tuple) else (made,):
                if isinstance(one, Tensor):
                    self.most = max(self.most, one.untyped_storage().nbytes())
            return made

    with Watch() as watch:
        function()
    return watch.most
