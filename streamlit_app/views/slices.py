"""Slices: every slice's embedding side by side; pick a face and see whom each slice puts next to it."""

from __future__ import annotations

from html import escape

import numpy as np
import run_cache
import run_picker
import streamlit as st
from face_html import describe, face, relation
from slices_view import slices_view

from muldml_lite import analysis, plots
from muldml_lite.runs import Run

KEY = "slices_view"
SHOWN = 5  # neighbours


def wish(run: Run, count: int, epochs: list[int]) -> dict:
    """What the link or a button asks for; kept in the session, so that a page change loses nothing."""
    pick = st.session_state.get("pick")
    if pick is None or pick["run"] != str(run.path):
        index, epoch = whole(st.query_params.get("point")), whole(st.query_params.get("epoch"))
        serial = pick["serial"] + 1 if pick else 1
        pick = {"run": str(run.path), "serial": serial, "index": index, "epoch": epoch}
    if pick["index"] is not None and not 0 <= pick["index"] < count:
        st.info(f"The link asks for face {pick['index']}, but this run follows {count} faces (0 to {count - 1}).")
        pick["index"] = None
    if pick["epoch"] not in epochs:
        pick["epoch"] = epochs[-1]
    st.session_state["pick"] = pick
    return pick


def whole(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 8 else None


def note_change() -> None:
    """The view reports a click or a move in time: copy it to a key of our own and to the link."""
    state = st.session_state.get(KEY) or {}
    pick = st.session_state["pick"]
    pick["index"] = state.get("picked")
    pick["epoch"] = pick["epoch"] if state.get("epoch") is None else state.get("epoch")


def write_link(pick: dict, last: int) -> None:
    wanted = {"point": pick["index"], "epoch": None if pick["epoch"] == last else pick["epoch"]}
    for key, value in wanted.items():
        if value is None:
            st.query_params.pop(key, None)
        elif st.query_params.get(key) != str(value):
            st.query_params[key] = str(value)


def surprise(count: int) -> None:
    pick = st.session_state["pick"]
    pick.update(index=int(np.random.default_rng().integers(count)), serial=pick["serial"] + 1)


@st.fragment
def view(run: Run) -> None:
    with run_cache.run_problems("Watch it on the Train page, or choose another run in the side bar."):
        probe, data = run_cache.probe(run), run_cache.payload(run)
        pick = wish(run, len(probe), data["epochs"])
        slices_view(data, {k: pick[k] for k in ("serial", "index", "epoch")}, note_change, KEY)
        write_link(pick, data["epochs"][-1])
        if pick["index"] is None:
            left, right = st.columns([3, 1], vertical_alignment="center")
            left.markdown(
                "**Pick a face.** Hover over a point to meet the same face in every slice; click it to see whom each "
                "slice puts next to it. With the keyboard: tab to a panel, arrow keys, Enter; Esc clears."
            )
            right.button("Surprise me", icon=":material/casino:", on_click=surprise, args=(len(probe),))
        else:
            picked_face(run, pick["index"], pick["epoch"])


def picked_face(run: Run, i: int, epoch: int) -> None:
    """The picked face in full: who it is, what the head says, its neighbours in each slice."""
    probe, snap = run_cache.probe(run), run_cache.snapshot(run, epoch)
    said = probe.classes[int(snap.predictions[i])]
    right = said == probe.classes[int(probe.labels[i])]
    left, table = st.columns([1, 3], gap="large")
    with left:
        st.subheader(probe.classes[int(probe.labels[i])].capitalize())
        st.html(face(probe, i, 168))
        st.markdown(
            f"{':material/check:' if right else ':material/close:'} The head says **{said}** "
            f"({snap.confidence[i]:.0%} sure) after epoch {epoch}.  \n"
            f"{probe.names[i]}  \n{'Unseen subject' if probe.test[i] else 'Training subject'} · image {probe.index[i]} "
            f"of the data set · point {i}"
        )
        st.button("Surprise me", icon=":material/casino:", on_click=surprise, args=(len(probe),))
    with table:
        st.subheader("Its nearest faces, slice by slice")
        st.html(neighbour_table(run, i, epoch))


def neighbour_table(run: Run, i: int, epoch: int) -> str:
    probe, snap = run_cache.probe(run), run_cache.snapshot(run, epoch)
    records = {r["epoch"]: r["slices"] for r in run_cache.history(run)}.get(epoch, [])
    rows = []
    for s in range(len(snap.slices)):
        near, apart = analysis.neighbours(snap, i, SHOWN, slice=s)
        cells = []
        for j, distance in zip(near, apart, strict=True):
            kind, words = relation(probe, i, j)
            image = face(probe, int(j), 46, [f"{distance:.2f}"], kind)
            cells.append(f'<span title="{escape(describe(probe, int(j)) + ": " + words)}">{image}</span>')
        same = int((probe.labels[near] == probe.labels[i]).sum())
        name = plots.slice_name(s, records[s].get("threshold") if s < len(records) else None)
        rows.append(
            f'<tr><th scope="row">{name}</th><td><div class="md-row" style="flex-wrap:nowrap">{"".join(cells)}</div>'
            f"</td><td>{same} of {len(near)}</td></tr>"
        )
    return (
        '<div class="md-scroll"><table class="md-table"><thead><tr><th scope="col">Slice</th>'
        f'<th scope="col">Nearest {SHOWN}, with distance D</th><th scope="col">Same expression</th></tr></thead>'
        f'<tbody>{"".join(rows)}</tbody></table></div><p class="md-muted" style="font-size:.85rem">Solid frame: the '
        "same expression. Dashed frame: the same person with another expression. Distances between unit-length "
        "slices run from 0 to 2.</p>"
    )


def profile(run: Run) -> None:
    """Does the threshold matter here? The run's own numbers."""
    with run_cache.run_problems():
        history = run_cache.history(run)
        slices = history[-1]["slices"] if history else []
        if len(slices) < 2 or slices[0].get("threshold") is None:
            return
        st.subheader("What the threshold does in this run")
        last = history[-1]
        st.plotly_chart(
            plots.threshold_profile(last["slices"]),
            key="profile",
            alt="Line chart over the slices' thresholds: k-NN accuracy on unseen subjects, share of active hinges, "
            "share of incomplete judgements.",
            config={"displaylogo": False},
        )
        st.caption(
            f"After epoch {last['epoch']}, one point a slice. One run shows one draw of chance: differences of a few "
            "points between slices may be noise. Where all hinges are active, τ has no influence on the gradient."
        )


st.title("Slices")
choice = run_picker.chosen()
if choice.run is None:
    st.info(choice.problem or "Choose a run in the side bar.", icon=":material/folder_off:")
else:
    st.markdown(
        "Each panel is one slice of the same embedding, trained with its own threshold τ. "
        "The points are the same faces throughout."
    )
    view(choice.run)
    profile(choice.run)
