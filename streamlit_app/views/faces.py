"""Faces: one drawn face to play with, whom raw pixels and each slice put next to it, and its way from one expression
to another."""

from __future__ import annotations

from typing import Any

import lesson
import link_state
import run_cache
import run_picker
import streamlit as st
from faces_cache import FIRST, USUAL_MORPH, surroundings
from faces_view import checked_morph, faces_view, take
from glossary import term
from learned import learned_from
from reproduce import reproduce
from run_words import literal

from muldml_lite.faces.anatomy import REGIONS, UNIT_FACTS
from muldml_lite.faces.lab import LabFace
from muldml_lite.widgets.faces import Surroundings

KEY = "faces_view"
LINK = ("person", "au", "shot", "morph")


def first_state() -> dict[str, Any]:
    """What the link asks for, else what the session had, else a first face."""
    kept = st.session_state.get("lab")
    if kept is None or kept.get("stale"):
        wish = kept["wish"] + 1 if kept else 1
        given = {key: st.query_params[key] for key in LINK if key in st.query_params}
        kept = {
            "face": LabFace.from_link(FIRST),
            "morph": USUAL_MORPH,
            "ask": kept["ask"] if kept else {},
            "wish": wish,
        }
        try:
            if given.keys() & {"person", "au", "shot"}:
                kept["face"] = LabFace.from_link(given)
            kept["morph"] = checked_morph(given.get("morph", USUAL_MORPH))
        except ValueError as error:
            st.info(f"The link's face can't be drawn; here is another. {literal(error)}", icon=":material/link_off:")
        st.session_state["lab"] = kept
    return kept


def note_ask() -> None:
    take(st.session_state["lab"], dict((st.session_state.get(KEY) or {}).get("ask") or {}))


def write_link(face: LabFace, morph: str) -> None:
    wanted = {} if face == LabFace.from_link(FIRST) else face.to_link()
    wanted |= {} if morph == USUAL_MORPH else {"morph": morph}
    link_state.write("faces", {key: wanted.get(key) for key in LINK})


@st.fragment
def lab(around: Surroundings | None) -> None:
    with run_cache.run_problems("Choose another run for its neighbours."):
        kept = first_state()
        face = kept["face"]
        faces_view(around, face, kept["morph"], kept["ask"], kept["wish"], lesson.shows("downloads"), note_ask, KEY)
        write_link(face, kept["morph"])
        reproduce(python=lines(face))


def lines(face: LabFace) -> str:
    """Python that draws exactly this face."""
    given = [f"person={face.person}"]
    given += [f"units={face.units}"] if face.units else []
    given += [f"shot={face.shot!r}, take={face.take}"] if face.shot != "studio" else []
    given += [f"camera={face.camera}"] if face.camera else []
    return (
        "from PIL import Image\n"
        "from muldml_lite.faces.lab import LabFace\n\n"
        f"face = LabFace({', '.join(given)})\n"
        'Image.fromarray(face.draw(256)).save("face.png")'
    )


def unit_table() -> None:
    """All action units in words."""
    with st.expander("All action units: names, muscles, what to look for", icon=":material/face:"):
        st.markdown(term("action unit"))
        rows = []
        for region in REGIONS:
            rows += [
                f"| **{name}** | {facts.title} | {facts.muscle} | {facts.look} |"
                for name, facts in UNIT_FACTS.items()
                if facts.region == region
            ]
        st.markdown("| | Name | Muscle | What to look for |\n|---|---|---|---|\n" + "\n".join(rows))


def what_to_see(around: Surroundings) -> str:
    if around.epoch < 0:
        return f"Only raw pixels can be compared as yet. {literal(around.problem)}"
    learned = learned_from(around.run)
    foreign = f" This run learned from {literal(learned.words)}: a drawn face is foreign to it."
    if learned.drawn is not False:
        foreign = f" This run learned from {literal(learned.words)}; no run is trained on anybody whom this page draws."
    return (
        f"Each picture shows the {len(around.probe)} faces that this run follows, in raw pixels and in each slice "
        f"after epoch {around.epoch}: hollow marks were trained on, filled ones are of unseen people. The face is put "
        "into the same picture (PCA) that the run holds, by the linear map behind it; the line is its way along the "
        "slider that you moved last. What to see: play an expression and watch how far the face goes in each slice. "
        "Then roll another person: in raw pixels it jumps, in a good slice it stays." + foreign
    )


st.title("Faces")
st.markdown(
    "Pull at the muscles of a drawn face, roll another person, or let one expression turn into another. "
    "Everything about such a face is known, so one can see what an embedding makes of it."
)
choice = run_picker.chosen()
found = None
if choice.run is None:
    st.info(f"{literal(choice.problem)} The face can be played with all the same.", icon=":material/folder_off:")
else:
    with run_cache.run_problems("The face can be played with all the same; for its neighbours, choose another run."):
        found = surroundings(choice.run)
if link_state.asks_anew("faces", LINK) and "lab" in st.session_state:
    st.session_state["lab"]["stale"] = True
lab(found)
if found is not None:
    with run_cache.run_problems("The face can be played with all the same."):
        st.caption(what_to_see(found))
if lesson.shows("table"):
    unit_table()
