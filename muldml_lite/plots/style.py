"""The look all figures share: colours that stand on light and dark grounds, the marks of classes, the frame."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

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
INK = "#7b8794"  # readable on light and dark grounds alike
TEAL, RUST = "#2b8a9e", "#c2603e"
LINES = (TEAL, RUST, "#7d5ba6", "#8a7d1a", INK)
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


def class_styles(classes: Sequence[str]) -> list[dict[str, str]]:
    """Name, colour for light and for dark grounds, and marker of each class; unknown names take what is free."""
    known = [_LIKE.get(name.lower(), name.lower()) for name in classes]
    free = itertools.cycle([key for key in reversed(_HUES) if key not in known] or list(_HUES))
    looks = [_HUES.get(key) or _HUES[next(free)] for key in known]
    keys = ("light", "dark", "symbol")
    return [{"name": name, **dict(zip(keys, look, strict=True))} for name, look in zip(classes, looks, strict=True)]


def as_is(text: str) -> str:
    """A text from a folder for plotly to show as it is: neither HTML nor a place for a number in a hover text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("%{", "%&#123;")


def slice_colours(count: int) -> list[str]:
    """One colour a slice, from low to high threshold: a ramp, since thresholds are ordered."""
    low, middle, high = np.array([[38, 122, 158], [132, 110, 168], [206, 96, 62]], float)
    shares = np.linspace(0, 1, count) if count != 1 else np.array([0.0])
    mixed = [low + (middle - low) * 2 * t if t < 0.5 else middle + (high - middle) * (2 * t - 1) for t in shares]
    return ["#" + "".join(f"{round(v):02x}" for v in colour) for colour in mixed]


def finish(figure: go.Figure, height: int, x: str = "") -> go.Figure:
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
