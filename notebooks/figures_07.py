"""Figures of walkthrough 7."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from PIL import Image
from plotly.subplots import make_subplots

from muldml_lite.plots import slice_colours
from muldml_lite.runs import Probe

TEAL, RUST, VIOLET, INK = "#2b8a9e", "#c2603e", "#7d5ba6", "#7b8794"


def face_trace(image: np.ndarray) -> go.Image:
    """A face as JPEG: a third of its size as PNG, and a notebook holds dozens of them."""
    file = io.BytesIO()
    Image.fromarray(np.asarray(image, np.uint8)).save(file, "jpeg", quality=85)
    return go.Image(source="data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode(), hoverinfo="skip")


def clouds_figure(pictures: Mapping[str, np.ndarray], groups: np.ndarray, names: Sequence[str]) -> go.Figure:
    """The same points (n, 2) in several flat pictures side by side, each in a square frame of its own scale."""
    figure = make_subplots(1, len(pictures), subplot_titles=list(pictures), horizontal_spacing=0.04)
    looks = list(zip((TEAL, RUST, VIOLET), ("circle", "square", "diamond"), strict=True))
    for column, points in enumerate(pictures.values(), 1):
        for group, (colour, symbol) in zip(range(len(names)), looks, strict=False):
            x, y = points[groups == group].T.round(3)
            figure.add_scatter(
                x=x, y=y, mode="markers", marker={"color": colour, "symbol": symbol, "size": 6}, name=names[group],
                legendgroup=names[group], showlegend=column == 1, row=1, col=column,
            )  # fmt: skip
        middle, half = (points.max(0) + points.min(0)) / 2, float(np.ptp(points, axis=0).max()) * 0.56
        frame = {"row": 1, "col": column, "showticklabels": False, "zeroline": False, "showgrid": False}
        frame |= {"showline": True, "mirror": True, "linecolor": "#c9ced4"}
        figure.update_xaxes(range=[middle[0] - half, middle[0] + half], **frame)
        figure.update_yaxes(range=[middle[1] - half, middle[1] + half], **frame)
    figure.update_layout(legend={"orientation": "h", "y": -0.05})
    return figure.update_layout(height=340, title="Three groups, one space, three pictures", margin={"t": 80, "b": 10})


def neighbours_figure(probe: Probe, face: int, rows: Mapping[str, Sequence[int]]) -> go.Figure:
    """For each space a row of faces: the one that was asked about, and the places of its nearest."""
    count = 1 + len(next(iter(rows.values())))
    lines = [[face, *near] for near in rows.values()]
    captions = [f"person {probe.subjects[j]}, {probe.classes[probe.labels[j]]}" for line in lines for j in line]
    figure = make_subplots(
        len(rows), count, subplot_titles=captions, horizontal_spacing=0.01, vertical_spacing=0.09
    )  # fmt: skip
    for row, (name, line) in enumerate(zip(rows, lines, strict=True), 1):
        for column, j in enumerate(line, 1):
            figure.add_trace(face_trace(probe.thumbnails[j]), row, column)
        figure.update_yaxes(title=name, row=row, col=1)
    figure.update_annotations(font_size=11)
    figure.update_xaxes(showticklabels=False, zeroline=False).update_yaxes(showticklabels=False, zeroline=False)
    return figure.update_layout(height=135 * len(rows) + 30, width=780, margin={"t": 30, "b": 10, "l": 60, "r": 10})


def bars_figure(values: Mapping[str, float], levels: Mapping[str, float], title: str, y: str) -> go.Figure:
    """Shares as bars, and the levels to hold them against as dashed lines."""
    text = [f"{value:.0%}" for value in values.values()]
    figure = go.Figure(go.Bar(x=list(values), y=list(values.values()), text=text, marker_color=TEAL, width=0.55))
    figure.update_traces(textposition="outside", cliponaxis=False)
    for name, level in levels.items():
        figure.add_hline(level, line_dash="dash", line_color=RUST, annotation_text=name, annotation_position="top left")
    figure.update_yaxes(tickformat=".0%", title=y, range=[0, 1.02])
    return figure.update_layout(height=380, title=title, margin={"t": 60})


Points = Sequence[tuple[float, float]]


def floor_figure(curves: Mapping[str, tuple[Points, Points]], at: int) -> go.Figure:
    """CKA of unrelated clouds over the number of images: by formula (line) and as it was drawn (points)."""
    figure = go.Figure()
    for (name, (formula, drawn)), colour in zip(curves.items(), (TEAL, VIOLET, RUST), strict=False):
        for points, mode in ((formula, "lines"), (drawn, "markers")):
            x, y = np.transpose(points)
            figure.add_scatter(x=x.round(1), y=y.round(4), mode=mode, line_color=colour, marker_size=9, name=name,
                               showlegend=mode == "lines")  # fmt: skip
    line = {"color": INK, "dash": "dash"}
    figure.add_scatter(x=[at, at], y=[0, 1], mode="lines", line=line, name=f"{at} images, as here")
    figure.update_xaxes(type="log", title="images", tickvals=[20, 50, 100, 200, 500, 1000])
    figure.update_yaxes(title="CKA", range=[0, 1.02])
    return figure.update_layout(
        height=400, title="CKA of clouds that have nothing to do with each other", margin={"t": 50, "r": 20}
    )


def class_tables_figure(tables: Mapping[str, tuple[np.ndarray, str]], classes: Sequence[str]) -> go.Figure:
    """Tables (C, C) over the same classes; each comes with the format of its numbers."""
    figure = make_subplots(1, len(tables), subplot_titles=list(tables), horizontal_spacing=0.05)
    short = [name[:4] for name in classes]
    for column, (table, form) in enumerate(tables.values(), 1):
        text = [["" if value == 0 else format(value, form).replace("0.", ".") for value in row] for row in table]
        figure.add_heatmap(
            z=table.round(3), x=short, y=short, text=text, texttemplate="%{text}", textfont={"size": 10},
            colorscale="Cividis", showscale=False, row=1, col=column,
        )  # fmt: skip
    figure.update_yaxes(autorange="reversed", constrain="domain")
    return figure.update_layout(height=380, width=900, margin={"t": 50, "b": 30, "l": 50, "r": 10})


def factor_figure(first: np.ndarray, last: np.ndarray, factor: float, names: Sequence[str]) -> go.Figure:
    """Mean distance of each pair of classes (P,) in two slices, with the line of one common factor.

    The eight pairs farthest off the line have their names beside them, the others when pointed at.
    """
    top = float(max(first.max(), last.max()) * 1.06)
    figure = go.Figure()
    for slope, dash, name in ((1.0, "dot", "same distance"), (factor, "solid", f"one factor, {factor:.2f}")):
        line = {"color": INK if slope == 1 else RUST, "dash": dash}
        figure.add_scatter(x=[0, top], y=[0, slope * top], mode="lines", line=line, name=name)
    off = np.abs(first - factor * last)
    text = [name if gap >= np.sort(off)[-8] else "" for name, gap in zip(names, off, strict=True)]
    figure.add_scatter(x=last.round(3), y=first.round(3), mode="markers+text", text=text, textfont_size=10,
                       textposition="middle right", marker={"color": TEAL, "size": 8}, name="two expressions",
                       hovertext=list(names))  # fmt: skip
    figure.update_xaxes(title="in slice 8 (τ = 0.8)", range=[0.8, top]).update_yaxes(
        title="in slice 1 (τ = 0.1)", range=[0.5, top]
    )
    return figure.update_layout(height=480, title="Mean distance of two expressions", margin={"t": 50, "r": 20})


def activations_figure(image: np.ndarray, networks: Mapping[str, Mapping[str, np.ndarray]]) -> go.Figure:
    """For each network a row of stages; of each stage (C, h, w) the four channels that vary most over the image."""
    titles = ["face", *next(iter(networks.values()))]
    figure = make_subplots(
        len(networks), len(titles), subplot_titles=titles, horizontal_spacing=0.012, vertical_spacing=0.04
    )
    for row, (name, stages) in enumerate(networks.items(), 1):
        figure.add_trace(face_trace(image), row, 1)
        figure.update_yaxes(title=name, row=row, col=1)
        for column, maps in enumerate(stages.values(), 2):
            figure.add_trace(go.Image(z=_mosaic(maps), hoverinfo="skip"), row, column)
    figure.update_xaxes(showticklabels=False, showgrid=False, zeroline=False)
    figure.update_yaxes(showticklabels=False, showgrid=False, zeroline=False)
    return figure.update_layout(height=50 + 170 * len(networks), width=860, margin={"t": 40, "b": 10, "l": 40, "r": 10})


def _mosaic(maps: np.ndarray) -> np.ndarray:
    """The four channels of (C, h, w) with most variance, two by two as grey images, each from black to white."""
    chosen = maps[np.argsort(-maps.reshape(len(maps), -1).var(1), kind="stable")[:4]]
    low, span = chosen.min((1, 2), keepdims=True), np.ptp(chosen, axis=(1, 2))[:, None, None]
    scaled = np.round(255 * (chosen - low) / np.maximum(span, 1e-9)).astype(np.uint8)
    enlarge = 48 // maps.shape[2]  # all stages in the same size, so that gaps are the same, too
    large = np.pad(scaled.repeat(enlarge, 1).repeat(enlarge, 2), ((0, 0), (2, 2), (2, 2)), constant_values=255)
    grid = np.concatenate([np.concatenate(list(large[:2]), 1), np.concatenate(list(large[2:]), 1)])
    return np.repeat(grid[..., None], 3, axis=2)


def way_figure(curves: Mapping[str, Mapping[str, float]], levels: Mapping[str, float], title: str, y: str) -> go.Figure:
    """A number at each stage of a network: one curve a name, with levels to hold them against."""
    figure = go.Figure()
    looks = ((TEAL, "solid"), (RUST, "solid"), (INK, "dot"), (VIOLET, "dash"))
    for (name, values), (colour, dash) in zip(curves.items(), looks, strict=False):
        figure.add_scatter(x=list(values), y=[round(v, 4) for v in values.values()], mode="lines+markers", name=name,
                           line={"color": colour, "dash": dash, "width": 2.4})  # fmt: skip
    for name, level in levels.items():
        figure.add_hline(level, line_dash="dash", line_color=INK, annotation_text=name, annotation_position="top left")
    figure.update_yaxes(tickformat=".0%", title=y, range=[0, 1.02])
    return figure.update_layout(
        height=400, title=title, legend={"orientation": "h", "y": -0.15}, margin={"t": 50, "r": 20}
    )


def morph_figure(
    faces: Sequence[np.ndarray], nearer: np.ndarray, moved: Mapping[str, np.ndarray], ends: tuple[str, str]
) -> go.Figure:
    """Faces of a morph; how much nearer to its end than to its start slices (N, T) put them; how far they moved."""
    count = len(faces)
    across = [{"colspan": count}, *[None] * (count - 1)]
    figure = make_subplots(
        3, count, specs=[[{}] * count, across, across], row_heights=[0.2, 0.45, 0.35], vertical_spacing=0.09,
        horizontal_spacing=0.004,
    )  # fmt: skip
    for column, face in enumerate(faces, 1):
        figure.add_trace(face_trace(face), 1, column)
        figure.update_xaxes(showticklabels=False, row=1, col=column).update_yaxes(
            showticklabels=False, row=1, col=column
        )
    way = np.linspace(0, 1, nearer.shape[1]).round(3)
    for i, (values, colour) in enumerate(zip(nearer, slice_colours(len(nearer)), strict=True), 1):
        figure.add_scatter(x=way, y=values.round(3), line_color=colour, name=f"slice {i}", row=2, col=1)
    figure.add_hline(0, line_dash="dash", line_color=INK, row=2, col=1)
    for (name, steps), (colour, dash) in zip(moved.items(), ((INK, "dot"), ("#2a3440", "solid")), strict=True):
        line = {"color": colour, "dash": dash}
        figure.add_scatter(x=way[1:], y=(steps / steps.mean()).round(3), line=line, name=name, row=3, col=1)
    figure.update_xaxes(tickformat=".0%", row=2, col=1)
    figure.update_xaxes(tickformat=".0%", row=3, col=1, title=f"of the way from {ends[0]} to {ends[1]}")
    figure.update_yaxes(title=f"nearer to {ends[1]} →", row=2, col=1)
    figure.update_yaxes(title="step / mean step", rangemode="tozero", row=3, col=1)
    return figure.update_layout(height=640, margin={"t": 20, "b": 50, "l": 60, "r": 10})


def mistakes_figure(images: Sequence[np.ndarray], captions: Sequence[str], columns: int = 8) -> go.Figure:
    """Faces in rows of so many, each with what it was drawn as and what the network says."""
    rows = -(-len(images) // columns)
    figure = make_subplots(
        rows, columns, subplot_titles=list(captions), horizontal_spacing=0.01, vertical_spacing=0.3 / rows
    )
    for i, image in enumerate(images):
        figure.add_trace(face_trace(image), i // columns + 1, i % columns + 1)
    figure.update_annotations(font_size=10)
    figure.update_xaxes(visible=False).update_yaxes(visible=False)
    return figure.update_layout(height=140 * rows + 40, width=880, margin={"t": 40, "b": 5, "l": 5, "r": 5})


def repairs_figure(mended: Mapping[str, np.ndarray], stayed: Mapping[str, np.ndarray]) -> go.Figure:
    """For each ingredient drawn anew: share of misread faces that become right, and of right ones that stay so.

    Both are (faces,): the share of draws that were read rightly. Bars have a standard error over faces.
    """
    said = {"muscles": "other muscles", "everything": "everything"}
    names = [said.get(name, f"another {name}") for name in mended]
    figure = go.Figure()
    for shares, label, colour in ((mended, "misread → right", RUST), (stayed, "right → still right", TEAL)):
        means = [float(values.mean()) for values in shares.values()]
        errors = [float(values.std(ddof=1) / len(values) ** 0.5) for values in shares.values()]
        figure.add_bar(
            x=names, y=means, name=label, marker_color=colour, text=[f"{mean:.0%}" for mean in means],
            textposition="inside", insidetextanchor="start", error_y={"array": errors, "color": "#2a3440"},
        )  # fmt: skip
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02], title="read rightly after the change")
    title = "One ingredient drawn anew (± one standard error over faces)"
    return figure.update_layout(
        height=400, title=title, legend={"orientation": "h", "y": -0.12}, margin={"t": 50, "r": 20}
    )
