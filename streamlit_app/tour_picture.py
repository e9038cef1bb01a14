"""The method in one picture, drawn from a run: face, network, embedding, slices, head."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from face_html import colour_of, face_url, legend, marks_path
from lesson import shows
from run_words import html as escape

from muldml_lite.plots import class_styles, slice_colours, slice_name
from muldml_lite.runs import Probe
from muldml_lite.widgets.slices import RESIDUAL
from muldml_lite.widgets.source import FOLDER

STYLE = """<style>
.mp{font-family:var(--st-font);color:var(--st-text-color);line-height:1.4}
.mp{display:grid;grid-template-columns:minmax(285px,3fr) 7fr;gap:14px 30px;align-items:center;margin:6px 0 4px}
.mp-flow{display:flex;align-items:center;gap:10px;justify-content:space-between;min-width:0}
.mp-step{display:flex;flex-direction:column;align-items:center;gap:6px;font-size:.86rem;text-align:center;line-height:1.25}
.mp-step{flex:none}.mp-step img{border-radius:10px}
.mp-arrow{flex:none;opacity:.6}
.mp-slices{display:grid;grid-template-columns:repeat(auto-fit,minmax(128px,1fr));gap:10px}
.mp-card{border:1px solid var(--st-border-color);border-top:5px solid var(--c);border-radius:10px;padding:6px 8px 7px;
 background:color-mix(in srgb,var(--st-background-color) 94%,var(--st-text-color))}
.mp-card svg{width:100%;height:auto;display:block}
.mp-card b{font-variant-numeric:tabular-nums}
.mp-card div{display:flex;justify-content:space-between;font-size:.84rem;gap:4px;flex-wrap:wrap}
.mp-head{grid-column:1/-1;display:flex;flex-wrap:wrap;align-items:center;gap:6px 22px;padding:10px 14px;
 border-radius:10px; background:var(--st-secondary-background-color)}
.mp-head strong{font-size:1.15rem}
@media(max-width:760px){.mp{grid-template-columns:1fr}.mp-slices{grid-template-columns:1fr 1fr}}
</style>"""
_PARTS = (FOLDER / "host.js", FOLDER / "download.js", Path(__file__).with_name("tour_picture.js"))
# st.html would take the drawings out; every text in them is escaped here.
_mount = st.components.v2.component(
    "muldml_picture",
    html='<div class="place"></div><div class="muldml menu"></div>',
    css=(FOLDER / "base.css").read_text(encoding="utf-8")
    + ".menu{display:flex;justify-content:flex-end;margin-top:8px}",
    js="\n".join(part.read_text(encoding="utf-8") for part in _PARTS),
)
ARROW = (
    '<svg class="mp-arrow" width="26" height="14" viewBox="0 0 26 14" aria-hidden="true">'
    '<path d="M1 7h22M18 2l6 5-6 5" fill="none" stroke="currentColor" stroke-width="1.8"/></svg>'
)
MOST_POINTS = 150  # a small picture is not clearer with more


def show_picture(html: str, record: dict[str, Any]) -> None:
    """`record` is the epoch's line in the history: the numbers to take home."""
    token = hashlib.sha256(html.encode()).hexdigest()[:16]
    data = {"html": html, "token": token, "numbers": numbers(record), "downloads": shows("downloads")}
    _mount(data=data, key="method_picture")


def numbers(record: dict[str, Any]) -> dict[str, list[Any]]:
    """A line a slice, and one for the whole embedding."""
    keys = ("threshold", "knn_accuracy", "active_fraction", "incomplete_fraction")
    lines = [{"slice": i + 1, **{key: one.get(key) for key in keys}} for i, one in enumerate(record["slices"])]
    lines.append({"slice": "all", "knn_accuracy": record.get("knn_accuracy")})
    whole = {"epoch": record["epoch"], "head_accuracy": record.get("head_accuracy")}
    return {key: [{**line, **whole}.get(key) for line in lines] for key in ("epoch", "slice", *keys, "head_accuracy")}


def method_picture(
    probe: Probe, anchor: int, coordinates: np.ndarray, residuals: np.ndarray, record: dict[str, Any]
) -> str:
    """`coordinates` (N, n, 2) and `residuals` (N,) of the last epoch; `record` is that epoch's line in the history."""
    slices = record["slices"]
    colours = slice_colours(len(slices))
    reach = max(float(np.abs(coordinates).max()), 1e-9)  # one frame and one scale for all slices
    cards = "".join(
        _card(probe, coordinates[i] / reach, s, i, residuals[i] if i else None, colours[i])
        for i, s in enumerate(slices)
    )
    said = f"{record['head_accuracy']:.0%}" if record.get("head_accuracy") is not None else "–"
    near = f"{record['knn_accuracy']:.0%}" if record.get("knn_accuracy") is not None else "–"
    return f"""{STYLE}<div class="mp"><div class="mp-flow">
<div class="mp-step"><img src="{face_url(probe.thumbnails[anchor])}" width="84" height="84"
 alt="A face from the run: {escape(probe.classes[probe.labels[anchor]])}">a face</div>{ARROW}
<div class="mp-step">{_network()}ConvNet</div>{ARROW}
<div class="mp-step">{_bar(colours)}embedding,<br>N = {len(slices)} slice{"s" if len(slices) != 1 else ""}</div></div>
<div class="mp-slices">{cards}</div>
<div class="mp-head"><span>All slices together → classification head:
<strong>{said}</strong> right on unseen subjects</span>
<span>k-NN in the whole embedding: <strong>{near}</strong></span>{legend(probe.classes)}</div></div>"""


def _network() -> str:
    blocks = "".join(
        f'<rect x="{x}" y="{38 - h / 2}" width="{w}" height="{h}" rx="2.5" fill="currentColor" fill-opacity="{o}"/>'
        for x, w, h, o in ((0, 7, 74, 0.25), (11, 9, 56, 0.4), (24, 12, 38, 0.55), (40, 15, 24, 0.7))
    )
    return (
        f'<svg width="56" height="76" viewBox="0 0 56 76" role="img" aria-label="network of four stages">{blocks}</svg>'
    )


def _bar(colours: list[str]) -> str:
    height = 84 / len(colours)
    pieces = "".join(
        f'<rect x="0" y="{i * height:.1f}" width="24" height="{max(height - 1.6, 1):.1f}" rx="2" fill="{colour}"/>'
        for i, colour in enumerate(colours)
    )
    return (
        f'<svg width="24" height="84" role="img" aria-label="embedding cut into {len(colours)} slices">{pieces}</svg>'
    )


def _card(probe: Probe, points: np.ndarray, record: dict[str, Any], i: int, residual: float | None, colour: str) -> str:
    """Points (n, 2) of slice i within −1…1; its residual from the first slice."""
    shown = np.linspace(0, len(points) - 1, min(MOST_POINTS, len(points))).astype(int)
    placed = 60 + points * (54, -54)
    paths = ""
    for k, style in enumerate(class_styles(probe.classes)):
        mine = shown[probe.labels[shown] == k]
        if len(mine):
            paths += f'<path d="{marks_path(placed[mine], style["symbol"], 2.5)}" style="fill:{colour_of(style)}"/>'
    name = slice_name(i, record.get("threshold"))
    score = record.get("knn_accuracy")
    words = f"k-NN {score:.0%}" if score is not None else ""
    apart = ""
    if residual is not None:
        apart = f"<title>{escape(RESIDUAL)}</title>Δ {residual:.2f}"
        apart = f'<text x="118" y="117" font-size="10" text-anchor="end" fill="currentColor">{apart}</text>'
    label = f"Embedding of the slice with {name}: {len(shown)} faces as points, marked by expression. {words}"
    return (
        f'<div class="mp-card" style="--c:{colour}"><div><b>{name}</b><span>{words}</span></div>'
        f'<svg viewBox="0 0 120 120" role="img" aria-label="{escape(label)}">{paths}{apart}</svg></div>'
    )
