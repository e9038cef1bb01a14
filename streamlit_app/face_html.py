"""Faces and small cards as HTML. Every text that comes from a run is escaped here."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image
from run_words import html as escape

from muldml_lite.plots import class_styles
from muldml_lite.runs import Probe

# light-dark() follows the theme that Streamlit sets, at once and without a rerun.
STYLE = """<style>
.md-row{display:flex;flex-wrap:wrap;gap:10px;align-items:flex-start}
.md-face{display:inline-flex;flex-direction:column;gap:3px;font-size:.84rem;line-height:1.25;width:min-content}
.md-face img{border-radius:9px;display:block;object-fit:cover}
.md-face span{overflow-wrap:break-word}
.md-same img{outline:3px solid light-dark(#0f6b68,#4fb3a9);outline-offset:1px}
.md-person img{outline:3px dashed light-dark(#b87400,#f0ab2e);outline-offset:1px}
.md-four{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:10px}
.md-four .md-face{width:auto;font-size:.8rem}.md-four img{width:100%;height:auto;aspect-ratio:1}
[data-testid="stMainBlockContainer"]{max-width:1400px}
@media(min-width:900px){[data-testid="stMainBlockContainer"]{padding-inline:2.6rem}}
/* Streamlit writes white on the primary colour; on the dark theme's light one that is too faint. */
[data-testid="stBaseButton-primary"]{color:light-dark(#fff,#10161a)}
.md-muted{opacity:.82}
[data-testid="stCaptionContainer"]{opacity:1}
[data-testid="stCaptionContainer"],[data-testid="stCaptionContainer"] :not(a,a *,code){
 color:light-dark(#5a6069,#b3b8bd)}
.md-scroll{overflow-x:auto}
.md-table{border-collapse:collapse;font-size:.92rem;min-width:100%}
.md-table th,.md-table td{padding:7px 10px 7px 0;text-align:left;vertical-align:middle;
 border-bottom:1px solid light-dark(#e0dbd0,#333b43)}
.md-table th{font-weight:600;white-space:nowrap}
</style>"""


@st.cache_data(show_spinner=False, max_entries=2000)
def face_url(face: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(face).save(buffer, "WEBP", quality=92, method=2)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def face(probe: Probe, i: int, size: int = 84, caption: Sequence[str] = (), kind: str = "") -> str:
    """One face with lines of text under it; `kind`: same (expression), person, or nothing."""
    words = f"Face: {describe(probe, i)}"
    sides = f'width="{size}" height="{size}" ' if size else ""  # 0: as wide as the place allows
    image = f'<img src="{face_url(probe.thumbnails[i])}" {sides}alt="{escape(words)}">'
    lines = "".join(f"<span>{escape(line)}</span>" for line in caption)
    return f'<span class="md-face{" md-" + kind if kind else ""}" style="min-width:{size}px">{image}{lines}</span>'


def relation(probe: Probe, a: int, b: int) -> tuple[str, str]:
    """What two images share: the mark for `face`, and the words for it."""
    label = probe.labels[a] == probe.labels[b]
    person = probe.subjects[a] == probe.subjects[b] and probe.subjects[a] >= 0
    if label:
        return "same", "same expression" + (", same person" if person else "")
    return ("person", "same person") if person else ("", "other person")


def describe(probe: Probe, i: int) -> str:
    seen = "unseen" if probe.test[i] else "training"
    who = f"subject {probe.subjects[i]}" if probe.subjects[i] >= 0 else str(probe.names[i])
    return f"{probe.classes[probe.labels[i]]}, {who}, {seen}"


def marks_path(points: np.ndarray, symbol: str, r: float) -> str:
    """Many markers of one shape as one SVG path; the same polygons as in the slices view."""
    corners = _polygon(symbol) * r
    shape = "L".join(f"{x:.2f},{y:.2f}" for x, y in corners)
    steps = "l".join(f"{x:.2f},{y:.2f}" for x, y in np.diff(corners, axis=0))
    first = shape.split("L")[0]
    return "".join(f"M{x:.1f},{y:.1f}m{first}l{steps}z" for x, y in points)


def _polygon(symbol: str) -> np.ndarray:
    turn = np.arange(20) * np.pi / 10
    cross = np.array([-0.4, -1.1, 0.4, -1.1, 0.4, -0.4, 1.1, -0.4, 1.1, 0.4, 0.4, 0.4]).reshape(-1, 2)
    cross = np.concatenate([cross, -cross])
    shapes = {
        "square": [[-0.85, -0.85], [0.85, -0.85], [0.85, 0.85], [-0.85, 0.85]],
        "diamond": [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]],
        "triangle-up": [[0, -1.15], [1.1, 0.85], [-1.1, 0.85]],
        "triangle-down": [[0, 1.15], [1.1, -0.85], [-1.1, -0.85]],
        "cross": cross,
        "x": 0.72 * cross @ np.array([[1, 1], [-1, 1]]),
        "star": np.stack([np.sin(turn[::2]), -np.cos(turn[::2])], 1) * np.resize([1.3, 0.55], 10)[:, None],
    }
    return np.asarray(shapes.get(symbol, np.stack([np.cos(turn), np.sin(turn)], 1)), float)


def colour_of(style: dict[str, str]) -> str:
    return f"light-dark({style['light']},{style['dark']})"


def legend(classes: Sequence[str]) -> str:
    items = []
    for style in class_styles(classes):
        path = marks_path(np.array([[8, 8]]), style["symbol"], 5)
        items.append(
            f'<span style="display:inline-flex;align-items:center;gap:3px;overflow-wrap:anywhere">'
            f'<svg width="16" height="16" aria-hidden="true"><path d="{path}" style="fill:{colour_of(style)}"/></svg>'
            f"{escape(style['name'])}</span>"
        )
    return f'<div style="display:flex;flex-wrap:wrap;gap:4px 14px;font-size:.9rem">{"".join(items)}</div>'


def colour_key(names: Sequence[str], colours: Sequence[str]) -> str:
    """One legend for figures that stand side by side."""
    items = "".join(
        f'<span style="display:inline-flex;align-items:center;gap:5px"><span style="width:16px;height:4px;'
        f'border-radius:2px;background:{colour}"></span>{escape(name)}</span>'
        for name, colour in zip(names, colours, strict=True)
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:2px 14px;font-size:.88rem;margin-top:6px">{items}</div>'
