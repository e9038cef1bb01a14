"""One function per figure: tables in, plotly Figure out. Reads nothing, computes next to nothing."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

# After Okabe and Ito's palette, which is safe for the colour-blind; each darkened for light grounds or
# lightened for dark ones until it stands 3:1 against the page. A class also has its own marker shape.
_HUES = {
    "neutral": ("#6b7480", "#a3adb8", "circle"),
    "happiness": ("#b87400", "#f0ab2e", "star"),
    "sadness": ("#0b6fae", "#4ba3e3", "triangle-down"),
    "surprise": ("#b1528c", "#e08fbf", "triangle-up"),
    "fear": ("#4b3f9e", "#a497f2", "diamond"),
    "anger": ("#c2410c", "#f2703d", "square"),
    "disgust": ("#0b7d5c", "#2fbf95", "cross"),
    "contempt": ("#7d7200", "#d6cb3c", "x"),
}
EXPRESSION_COLOURS = {name: light for name, (light, _, _) in _HUES.items()}
EXPRESSION_SYMBOLS = {name: symbol for name, (_, _, symbol) in _HUES.items()}
_LIKE = {  # other spellings that data sets use
    "happy": "happiness",
    "sad": "sadness",
    "surprised": "surprise",
    "fearful": "fear",
    "angry": "anger",
    "disgusted": "disgust",
}
_INK = "#7b8794"  # readable on light and dark grounds alike


def class_styles(classes: Sequence[str]) -> list[dict[str, str]]:
    """Name, colour for light and for dark grounds, and marker of each class; unknown names take what is free."""
    known = [_LIKE.get(name.lower(), name.lower()) for name in classes]
    free = itertools.cycle([key for key in reversed(_HUES) if key not in known] or list(_HUES))
    looks = [_HUES.get(key) or _HUES[next(free)] for key in known]
    keys = ("light", "dark", "symbol")
    return [{"name": name, **dict(zip(keys, look, strict=True))} for name, look in zip(classes, looks, strict=True)]


def slice_colours(count: int) -> list[str]:
    """One colour a slice, from low to high threshold: a ramp, since thresholds are ordered."""
    low, middle, high = np.array([[38, 122, 158], [132, 110, 168], [206, 96, 62]], float)
    shares = np.linspace(0, 1, count) if count != 1 else np.array([0.0])
    mixed = [low + (middle - low) * 2 * t if t < 0.5 else middle + (high - middle) * (2 * t - 1) for t in shares]
    return ["#" + "".join(f"{round(v):02x}" for v in colour) for colour in mixed]


def loss_curves(history: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Cross entropy and metric loss over epochs."""
    series = (("cross entropy", "cross_entropy", "#2b8a9e", "solid"), ("metric loss", "metric_loss", "#c2603e", "dash"))
    figure = go.Figure([_line(history, name, lambda r, k=key: r.get(k), *look) for name, key, *look in series])
    figure.update_layout(title="Loss").update_yaxes(rangemode="tozero")
    return _finish(figure, 290, x="epoch")


def accuracy_curves(history: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Accuracy of head and k-NN on unseen subjects, and on the training images, over epochs."""
    series = (
        ("head, unseen", "head_accuracy", "#2b8a9e", "solid"),
        ("k-NN, unseen", "knn_accuracy", "#c2603e", "dash"),
        ("training", "train_accuracy", _INK, "dot"),
    )
    figure = go.Figure([_line(history, name, lambda r, k=key: r.get(k), *look) for name, key, *look in series])
    figure.update_layout(title="Accuracy").update_yaxes(range=[0, 1.03], tickformat=".0%")
    return _finish(figure, 290, x="epoch")


SLICE_CURVES = {"active_fraction": "Active hinges", "mean_distance": "Mean distance", "knn_accuracy": "k-NN, unseen"}


def slice_curve(history: Sequence[Mapping[str, Any]], key: str) -> go.Figure:
    """One number (a key of `SLICE_CURVES`) over epochs, a line for each slice."""
    first = history[0]["slices"] if history else []
    figure = go.Figure()
    for i, colour in enumerate(slice_colours(len(first))):
        name = slice_name(i, first[i].get("threshold"))
        figure.add_trace(_line(history, name, lambda r, i=i: r["slices"][i].get(key), colour, "solid"))
    if key == "mean_distance":
        figure.update_yaxes(rangemode="tozero")
    else:
        figure.update_yaxes(range=[-0.02, 1.04], tickformat=".0%")
    figure.update_layout(title=SLICE_CURVES[key])
    # Three such figures stand side by side and share one legend, which the page writes.
    return _finish(figure, 230, x="epoch").update_layout(showlegend=False)


def threshold_profile(slices: Sequence[Mapping[str, Any]]) -> go.Figure:
    """One record's slices over their thresholds: k-NN accuracy and share of active hinges."""
    figure = go.Figure()
    taus = [s.get("threshold") for s in slices]
    axis = {"mode": "lines+markers", "x": taus}
    series = (("k-NN accuracy, unseen subjects", "knn_accuracy", "circle", "#2b8a9e", "solid"),
              ("active hinges", "active_fraction", "diamond", "#c2603e", "dash"),
              ("incomplete judgements", "incomplete_fraction", "square", _INK, "dot"))  # fmt: skip
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
    return _finish(figure, 300, x="threshold τ of the slice")


def distance_histogram(groups: Mapping[str, np.ndarray], title: str, unit: str) -> go.Figure:
    """Distributions of distances, one outline a group, each normalised to its own size."""
    values = {name: np.asarray(group, float).ravel() for name, group in groups.items()}
    together = np.concatenate([v for v in values.values() if len(v)] or [np.zeros(1)])
    edges = np.histogram_bin_edges(together, bins=40)
    centres = (edges[1:] + edges[:-1]) / 2
    figure = go.Figure()
    palette = ("#2b8a9e", "#c2603e", "#7d5ba6", "#8a7d1a", _INK)
    dashes = ("solid", "dash", "dot", "dashdot", "longdash")
    for i, (name, group) in enumerate(values.items()):
        share = np.histogram(group, edges)[0] / max(len(group), 1)
        line = {"color": palette[i % 5], "shape": "hvh", "dash": dashes[i % 5], "width": 2.2}
        fill = "rgba(" + ",".join(str(int(palette[i % 5][c : c + 2], 16)) for c in (1, 3, 5)) + ",0.15)"
        figure.add_trace(
            go.Scatter(
                x=centres, y=share, name=f"{name} ({len(group):,} pairs)", line=line, fill="tozeroy", fillcolor=fill
            )
        )
    figure.update_yaxes(tickformat=".0%", title="share of the group's pairs")
    figure.update_layout(title=title)
    return _finish(figure, 360, x=unit)


def face_strip(images: Sequence[np.ndarray], captions: Sequence[str], size: int = 110) -> go.Figure:
    """Faces in a row, each with a caption under it."""
    count = len(images)
    figure = make_subplots(1, max(count, 1), horizontal_spacing=0.02)
    for column, (image, caption) in enumerate(zip(images, captions, strict=True), 1):
        picture = np.asarray(image)
        if picture.ndim == 2:
            picture = np.repeat(picture[..., None], 3, -1)
        figure.add_trace(go.Image(z=picture, hoverinfo="skip"), 1, column)
        figure.update_xaxes(title=caption, title_standoff=4, row=1, col=column)
    figure.update_xaxes(showticklabels=False, showgrid=False, zeroline=False)
    figure.update_yaxes(showticklabels=False, showgrid=False, zeroline=False)
    figure = _finish(figure, size + 70)
    return figure.update_layout(width=max(count * (size + 16), 200), margin={"l": 8, "r": 8, "t": 16, "b": 52})


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


def _finish(figure: go.Figure, height: int, x: str = "") -> go.Figure:
    """The look all figures share; transparent grounds let the page's theme through."""
    figure.update_layout(
        height=height,
        margin={"l": 48, "r": 16, "t": 44, "b": 20},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"size": 13},
        legend={"orientation": "h", "yanchor": "top", "y": -0.26, "x": 0, "font": {"size": 12}},
        hovermode="closest",
        uirevision="kept",  # a live figure keeps its zoom while new epochs arrive
    )
    figure.update_xaxes(gridcolor="rgba(128,128,128,0.2)", zeroline=False)
    figure.update_yaxes(gridcolor="rgba(128,128,128,0.2)", zeroline=False)
    figure.update_xaxes(automargin=True)
    figure.update_layout(title={"font": {"size": 15}, "x": 0, "xanchor": "left", "xref": "container"})
    if x:
        figure.update_xaxes(title={"text": x, "standoff": 4})
    return figure
