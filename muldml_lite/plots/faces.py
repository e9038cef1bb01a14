"""Figures of images and of the distances between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from muldml_lite.plots.style import DASHES, LINES, finish


def distance_histogram(groups: Mapping[str, np.ndarray], title: str, unit: str) -> go.Figure:
    """Distributions of distances, one outline a group, each normalised to its own size."""
    values = {name: np.asarray(group, float).ravel() for name, group in groups.items()}
    together = np.concatenate([v for v in values.values() if len(v)] or [np.zeros(1)])
    edges = np.histogram_bin_edges(together, bins=40)
    centres = (edges[1:] + edges[:-1]) / 2
    figure = go.Figure()
    for i, (name, group) in enumerate(values.items()):
        share = np.histogram(group, edges)[0] / max(len(group), 1)
        line = {"color": LINES[i % 5], "shape": "hvh", "dash": DASHES[i % 5], "width": 2.2}
        fill = "rgba(" + ",".join(str(int(LINES[i % 5][c : c + 2], 16)) for c in (1, 3, 5)) + ",0.15)"
        figure.add_trace(
            go.Scatter(
                x=centres, y=share, name=f"{name} ({len(group):,} pairs)", line=line, fill="tozeroy", fillcolor=fill
            )
        )
    figure.update_yaxes(tickformat=".0%", title="share of the group's pairs")
    figure.update_layout(title=title)
    return finish(figure, 360, x=unit)


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
    figure = finish(figure, size + 70)
    return figure.update_layout(width=max(count * (size + 16), 200), margin={"l": 8, "r": 8, "t": 16, "b": 52})
