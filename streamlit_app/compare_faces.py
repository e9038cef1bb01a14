"""One face in several runs: whom each slice of each run puts next to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import run_cache
import streamlit as st
from compare_runs import Member
from face_html import describe, face, relation
from run_words import html as escape
from run_words import literal

from muldml_lite import analysis, plots
from muldml_lite.runs import Probe, Snapshot

NEIGHBOURS = 5
_SMALL = 40  # pixels


def same_faces(chosen: Sequence[Member]) -> list[Member]:
    """The runs that follow the same images as the first one: a face means the same only in these."""
    first = run_cache.probe(chosen[0].run)
    return [one for one in chosen if _same(first, run_cache.probe(one.run))]


def _same(one: Probe, other: Probe) -> bool:
    return one is other or (
        one.classes == other.classes
        and np.array_equal(one.index, other.index)
        and np.array_equal(one.thumbnails, other.thumbnails)
    )


def face_table(chosen: Sequence[Member], i: int) -> str:
    """A row for each slice, a column for each run, with the nearest faces of face `i` after its last epoch."""
    probe = run_cache.probe(chosen[0].run)
    snaps = [run_cache.snapshot(one.run) for one in chosen]
    head = "".join(
        f'<th scope="col">{escape(one.name)}<br><span class="md-muted" style="font-weight:400">epoch {snap.epoch}, '
        f"head says {escape(said(probe, snap, i))}</span></th>"
        for one, snap in zip(chosen, snaps, strict=True)
    )
    rows = []
    for s in range(max(len(snap.slices) for snap in snaps)):
        cells = "".join(_cell(one, snap, probe, i, s) for one, snap in zip(chosen, snaps, strict=True))
        rows.append(f'<tr><th scope="row">{s + 1}</th>{cells}</tr>')
    return (
        f'<div class="md-scroll" tabindex="0" role="group" aria-label="Neighbours slice by slice">'
        f'<table class="md-table"><thead><tr><th scope="col">Slice</th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def said(probe: Probe, snap: Snapshot, i: int) -> str:
    """What the head takes the face for, with a sign for right or wrong."""
    name = probe.classes[int(snap.predictions[i])]
    return f"{'✓' if snap.predictions[i] == probe.labels[i] else '✗'} {name}"


def _cell(one: Member, snap: Snapshot, probe: Probe, i: int, s: int) -> str:
    if s >= len(snap.slices):
        return "<td>–</td>"
    near, apart = analysis.neighbours(snap, i, NEIGHBOURS, slice=s)
    faces = []
    for j, distance in zip(near, apart, strict=True):
        kind, words = relation(probe, i, int(j))
        title = escape(f"{describe(probe, int(j))}: {words}, D = {distance:.2f}")
        faces.append(f'<span title="{title}">{face(probe, int(j), _SMALL, (), kind)}</span>')
    same = int((probe.labels[near] == probe.labels[i]).sum())
    records = run_cache.history(one.run)
    slices = records[-1]["slices"] if records else []
    tau = slices[s].get("threshold") if s < len(slices) else None
    row = f'<div class="md-row" style="flex-wrap:nowrap;gap:6px">{"".join(faces)}</div>'
    return f"<td>{plots.slice_name(s, tau)} · {same} of {len(near)} same{row}</td>"


def show_faces(chosen: Sequence[Member]) -> None:
    """Pick a face by its number, and see its neighbours in every run that follows it."""
    together = same_faces(chosen)
    count = len(run_cache.probe(together[0].run))
    if len(together) < 2:
        st.info(
            f"{literal(chosen[0].name)} and the other runs follow different images, so no face is in two of them. "
            "Runs with the same data settings and seed follow the same faces; a fork and its parent always do.",
            icon=":material/group_off:",
        )
        return
    left, right = st.columns([1, 4], gap="large")
    with left:
        i = pick_face(count)
        probe = run_cache.probe(together[0].run)
        st.html(face(probe, i, 132, [describe(probe, i)]))
    with right:
        st.html(face_table(together, i))
        st.caption(
            "Nearest face first. Solid frame: the same expression. Dashed frame: the same person with another one."
        )
    if len(together) < len(chosen):
        left_out = ", ".join(literal(one.name) for one in chosen if one not in together)
        st.caption(f"Not here, as they follow other images: {left_out}.")


def pick_face(count: int) -> int:
    """The number of a face, in the link as `face`."""
    asked = st.query_params.get("face")
    if asked is not None and not (asked.isdecimal() and len(asked) < 8 and int(asked) < count):
        st.info(f"The link asks for face “{literal(asked[:20])}”; these runs follow faces 0 to {count - 1}.")
    if not 0 <= st.session_state.get("face", 0) < count:
        st.session_state["face"] = 0

    def surprise() -> None:
        st.session_state["face"] = int(np.random.default_rng().integers(count))

    number = st.number_input(
        "Face", 0, count - 1, 0, 1, key="face", bind="query-params", help="Its place in the probe set."
    )
    st.button("Surprise me", icon=":material/casino:", on_click=surprise, width="stretch")
    return int(number)
