"""What a run says of a visitor's photograph, as HTML. Nothing here is cached that has seen the photograph."""

from __future__ import annotations

import base64
import io
import os
import threading

import face_html
import numpy as np
import run_cache
import streamlit as st
from PIL import Image, ImageDraw
from run_words import html as escape

from muldml_lite.analysis.verdicts import Judge, Judged, Verdict
from muldml_lite.photos import Photo, Square
from muldml_lite.runs import NEWEST_WEIGHTS, Probe, Run

STYLE = """<style>
.yf-seen{display:flex;gap:18px;flex-wrap:wrap;align-items:flex-end;margin:0}
.yf-seen figure{margin:0;display:flex;flex-direction:column;gap:5px;font-size:.86rem}
.yf-seen img{border-radius:9px;display:block;max-width:100%}
.yf-seen figure:first-child{flex:1 1 220px;max-width:320px}.yf-seen figure:first-child img{width:100%;height:auto}
.yf-said{display:grid;grid-template-columns:repeat(auto-fit,minmax(210px,1fr));gap:12px}
.yf-card{border:1px solid light-dark(#d8d3c7,#39424b);border-radius:9px;padding:10px 14px;line-height:1.35}
.yf-card b{display:block;font-size:1.25rem}
.yf-row{display:grid;grid-template-columns:8.2rem minmax(11rem,1fr) auto;gap:6px 18px;align-items:center;padding:9px 0;
 border-top:1px solid light-dark(#e0dbd0,#333b43);line-height:1.35}
.yf-row .md-row{gap:8px;flex-wrap:nowrap}.yf-row .md-face{font-size:.74rem}
@media(max-width:760px){.yf-row{grid-template-columns:1fr 1fr}.yf-row>:last-child{grid-column:1/-1}
 .yf-row .md-row{gap:5px}.yf-row .md-face{min-width:0!important;width:20%}.yf-row .md-face img{width:100%;height:auto}}
</style>"""

_SHOWN = 480  # pixels of the photograph's longer side on the page
_turn = threading.Lock()  # one photograph at a time goes through a network


def judge_of(run: Run) -> Judge:
    """The run's network and faces, read again when a file has changed.

    Raises:
        RunError: no weights, or files that don't fit together.
    """
    weights = run.path / NEWEST_WEIGHTS
    changed = weights.stat().st_mtime_ns if weights.exists() else 0
    return _judge_of(os.fsencode(run.path), (*run_cache.stamp(run), changed))


@st.cache_resource(show_spinner="The run's network is being read …", max_entries=3)
def _judge_of(path: bytes, changed: tuple[int, ...]) -> Judge:
    return Judge(Run(os.fsdecode(path)))


def judged(judge: Judge, photo: Photo, square: Square) -> Judged:
    with _turn:
        return judge(photo, square)


def picture_url(pixels: np.ndarray) -> str:
    """A picture as text within the page. Never cached: `face_html.face_url` would keep it for everybody."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=88, method=2)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def seen(photo: Photo, square: Square, cut: np.ndarray, name: str) -> str:
    """The photograph with its square, and what the network is shown."""
    return (
        f'<div class="yf-seen"><figure><img src="{picture_url(framed(photo, square))}" '
        f'alt="{name}, with the square that is cut out"><figcaption>{name}, and the square</figcaption></figure>'
        f'<figure><img src="{picture_url(cut)}" width="144" height="144" style="image-rendering:pixelated" '
        f'alt="The cut-out square, as the network sees it"><figcaption>What the network sees:'
        f"<br>{len(cut)} × {len(cut)} pixels</figcaption></figure></div>"
    )


def framed(photo: Photo, square: Square) -> np.ndarray:
    """The photograph, small, with the square on it: yellow on black, to be seen on any colour."""
    shown = Image.fromarray(photo.pixels)
    shown.thumbnail((_SHOWN, _SHOWN))
    shown = shown.resize([round(side * _SHOWN / max(shown.size)) for side in shown.size])
    half = square.side * min(shown.size) / 2
    turn = np.radians(-square.turn)  # the photograph is turned one way, so the square lies the other way on it
    corners = half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])
    turned = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    line = [tuple(place) for place in turned + np.array([square.x * shown.width, square.y * shown.height])]
    pen = ImageDraw.Draw(shown)
    pen.line(line, fill="#10161a", width=7, joint="curve")
    pen.line(line, fill="#ffd166", width=3, joint="curve")
    return np.asarray(shown)


def cards(result: Judged) -> str:
    """The answers of the head and of the whole embedding, and whether slices agree with it."""
    best = int(result.head.argmax())
    whole = result.whole
    count = len(result.slices)
    same = sum(one.label == whole.label for one in result.slices)
    word = "slice says" if count == 1 else "slices say"
    items = (
        ("The classification head", _class(result, best), f"{result.head[best]:.0%} sure"),
        ("The whole embedding", _class(result, whole.label), _votes(whole)),
        ("One by one", f"{same} of {count}", f"{word} {escape(result.classes[whole.label])}, too"),
    )
    return '<div class="yf-said">' + "".join(
        f'<div class="yf-card">{title}<b>{answer}</b>{more}</div>' for title, answer, more in items
    ) + "</div>"  # fmt: skip


def rows(result: Judged, probe: Probe) -> str:
    """One row a slice, raw pixels and the whole embedding beside them."""
    numbered = enumerate(zip(result.slices, result.thresholds, strict=True), 1)
    named = [("Raw pixels", "no network", result.pixels, None)]
    named += [
        (f"Slice {i}", "no threshold" if tau is None else f"τ = {tau:.2f}", one, tau) for i, (one, tau) in numbered
    ]
    named += [("All slices", "the whole embedding", result.whole, None)]
    return "".join(_row(result, probe, *parts) for parts in named)


def _row(result: Judged, probe: Probe, name: str, under: str, one: Verdict, tau: float | None) -> str:
    near = "".join(
        face_html.face(
            probe, int(i), 62, (result.classes[probe.labels[i]], f"{distance:.2f}"),
            "same" if probe.labels[i] == one.label else "",
        )
        for i, distance in zip(one.nearest, one.distances, strict=True)
    )  # fmt: skip
    verdict = f"<b>{_class(result, one.label)}</b>, {_votes(one)}"
    far = f"{one.apart:.2f} away" + ("" if one.farther is None else f", farther than {one.farther:.0%} of unseen faces")
    return (
        f'<div class="yf-row"><div><b>{name}</b><br>{under}</div><div>{verdict}<br>{far}{_hinge(one, tau)}</div>'
        f'<div class="md-row">{near}</div></div>'
    )


def _hinge(one: Verdict, tau: float | None) -> str:
    """Would a triplet of this face, its nearest of the chosen class and its nearest of another one be left alone?"""
    if tau is None or not np.isfinite(one.margin):
        return ""
    value = f"{one.margin:.2f}".replace("-", "−")
    return f"<br>D(a,n) − D(a,p) = {value} {'≥' if one.margin >= tau else '&lt;'} τ"


def _class(result: Judged, label: int) -> str:
    return escape(result.classes[label])


def _votes(one: Verdict) -> str:
    return f"{one.votes[one.label]} of {one.votes.sum()} votes"
