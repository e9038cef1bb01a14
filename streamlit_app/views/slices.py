"""Slices: every slice's embedding side by side; pick a face and see whom each slice puts next to it."""

from __future__ import annotations

from typing import Any

import link_state
import numpy as np
import run_cache
import run_picker
import slices_link
import streamlit as st
from face_html import face
from figures import show_figure
from glossary import term
from lesson import shows
from reproduce import reproduce
from run_words import literal
from slices_view import feed, slices_view

from muldml_lite import plots
from muldml_lite.runs import Run

KEY = "slices_view"
ASKED = ("serial", "index", "epoch", "selected", "look")


def wish(run: Run, scope: slices_link.Scope) -> dict[str, Any]:
    """What the link or a button asks for; kept in the session, so that a page change loses nothing."""
    pick = st.session_state.get("pick")
    if pick is None or pick["run"] != str(run.path) or pick.get("stale"):
        asked, problems = slices_link.read(st.query_params, scope)
        pick = {"run": str(run.path), "serial": pick["serial"] + 1 if pick else 1, "problems": problems, **asked}
    if pick["epoch"] not in scope.epochs:  # the training has gone on, and others are shown now
        pick["epoch"] = scope.epochs[-1]
    st.session_state["pick"] = pick
    return pick


def note_change(word: str) -> None:
    """The view reports a click, a lasso, a move in time or in space: copy it to a key of our own and to the link."""
    state, pick = st.session_state.get(KEY) or {}, st.session_state["pick"]
    pick["index" if word == "picked" else word] = state.get(word)
    pick["problems"] = []


def surprise(count: int) -> None:
    pick = st.session_state["pick"]
    pick.update(index=int(np.random.default_rng().integers(count)), serial=pick["serial"] + 1)


@st.fragment
def view(run: Run, fed: str) -> None:
    with run_cache.run_problems("Watch it on the Train page, or choose another run in the side bar."):
        data = run_cache.payload(run)
        if data["token"] != fed:
            st.rerun()  # the training has gone on: the whole page brings the new data
        scope = slices_link.Scope(len(data["labels"]), data["epochs"], list(data["layouts"]))
        pick = wish(run, scope)
        for problem in pick["problems"]:
            st.info(problem, icon=":material/link_off:")
        slices_view(data["token"], {key: pick[key] for key in ASKED}, note_change, KEY)
        link_state.write("slices", slices_link.write(pick, scope))
        if not slices_link.fits(pick["selected"]):
            st.caption("The selection is too long for the link: a shared link shows the rest of this view without it.")
        if pick["index"] is None:
            left, right = st.columns([3, 1], vertical_alignment="center")
            left.markdown(
                "**Pick a face.** Hover over a point to meet the same face in every slice; click it to see whom each "
                "slice puts next to it. With the keyboard: tab to a panel, arrow keys, Enter; Esc clears."
            )
            right.button("Surprise me", icon=":material/casino:", on_click=surprise, args=(len(data["labels"]),))
        else:
            picked_face(run, pick["index"], pick["epoch"])


def picked_face(run: Run, i: int, epoch: int) -> None:
    """The picked face in full: who it is and what the head says."""
    probe, snap = run_cache.probe(run), run_cache.snapshot(run, epoch)
    said = probe.classes[int(snap.predictions[i])]
    right = said == probe.classes[int(probe.labels[i])]
    picture, words, more = st.columns([1, 3, 1], vertical_alignment="center")
    picture.html(face(probe, i, 132))
    words.markdown(
        f"**{literal(probe.classes[int(probe.labels[i])].capitalize())}**, {literal(probe.names[i])}  \n"
        f"{':material/check:' if right else ':material/close:'} The head says **{literal(said)}** "
        f"({snap.confidence[i]:.0%} sure) after epoch {epoch}.  \n"
        f"{'Unseen subject' if probe.test[i] else 'Training subject'} · image {probe.index[i]} "
        f"of the data set · point {i}"
    )
    more.button("Surprise me", icon=":material/casino:", on_click=surprise, args=(len(probe),))


def profile(run: Run) -> None:
    """Does the threshold matter here? The run's own numbers."""
    with run_cache.run_problems():
        history = run_cache.history(run)
        slices = history[-1]["slices"] if history else []
        if len(slices) < 2 or slices[0].get("threshold") is None or not shows("profile"):
            return
        st.subheader("What the threshold does in this run", help=term("threshold"))
        last = history[-1]
        show_figure(
            plots.threshold_profile(last["slices"]),
            "profile",
            "Line chart over the slices' thresholds: k-NN accuracy on unseen subjects, share of active hinges, "
            "share of incomplete judgements.",
        )
        st.caption(
            f"After epoch {literal(last['epoch'])}, one point a slice. One run shows one draw of chance: differences "
            "of a few points between slices may be noise. Where all hinges are active, τ has no influence on the "
            "gradient."
        )


st.title("Slices")
choice = run_picker.chosen()
if choice.run is None:
    st.info(literal(choice.problem) or "Choose a run in the side bar.", icon=":material/folder_off:")
else:
    st.markdown(
        "Each panel is one slice of the same embedding, trained with its own threshold τ. "
        "The points are the same faces throughout: **click one and compare whom each slice puts next to it.**"
    )
    fed = ""
    with run_cache.run_problems("Watch it on the Train page, or choose another run in the side bar."):
        fed = run_cache.payload(choice.run)["token"]
        feed(run_cache.packed(choice.run))
    if fed:
        if link_state.asks_anew("slices", slices_link.NAMES) and "pick" in st.session_state:
            st.session_state["pick"]["stale"] = True
        view(choice.run, fed)
        st.caption(
            "Near points are faces that the slice takes for alike. Do the same expressions gather at every τ? "
            "All slices lie in one frame: each is turned or mirrored onto the first, and Δ is what then remains. "
            "Play the training to see when they do. A flat map loses something: the distances in the lists are the "
            "true D.",
            help=term("residual"),
        )
    profile(choice.run)
    name = choice.run.path.name
    reproduce(
        f"muldml layout --run runs/{name} --kind pca",
        f'from muldml_lite.runs import Run\nfrom muldml_lite.widgets import SlicesView\nSlicesView(Run("runs/{name}"))',
    )
