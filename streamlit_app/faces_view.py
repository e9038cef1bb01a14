"""The face lab as a Streamlit component: what the browser asks, and what it is answered."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import streamlit as st
from faces_cache import USUAL_MORPH
from faces_desk import desk
from run_words import sent, shown

from muldml_lite.faces.lab import LAB_EXPRESSIONS, LabFace
from muldml_lite.runs import RunError
from muldml_lite.widgets.faces import SOURCE, Surroundings, answer, lab_payload, variants

LOADING = "Loading the run's network (the first time PyTorch starts, which takes a few seconds) …"

_mount = st.components.v2.component(
    "muldml_faces", html='<div class="muldml-mount"></div>', css=SOURCE.style, js=SOURCE.module
)


def faces_view(
    around: Surroundings | None,
    face: LabFace,
    morph: str,
    ask: dict[str, Any],
    wish: int,
    downloads: bool,
    changed: Callable[[], None],
    key: str,
) -> None:
    """Show the lab with this face; `ask` is what the browser asked last: empty on a first visit.

    `wish` is new when the face is Python's wish, and not what the browser asked for.
    """
    vary = ask.get("vary", "")
    strip = variants(face, vary)
    embedded, waiting, problem = None, "", around.problem if around else ""
    if ask and around is not None and not problem:
        try:
            embedded, st.session_state["faces_question"] = desk().ask(
                around.run, around.epoch, [face, *strip], st.session_state.get("faces_question")
            )
            waiting = "" if embedded else LOADING
        except (RunError, OSError) as error:
            problem = str(error)
    told = answer(face, vary, around, embedded, held=ask.get("held"))
    told |= {
        "serial": ask.get("serial", 0),
        "waiting": waiting,
        "problem": shown(problem),
        "morph": morph,
        "wish": wish,
    }
    # The followed faces are sent once: the browser says what it has.
    token = around.token if around else "alone"
    stays = {"token": token} if ask.get("token") == token else followed(lab_payload(around, downloads))
    _mount(data={**stays, "pick": told}, key=key, on_ask_change=changed)


def followed(lab: dict[str, Any]) -> dict[str, Any]:
    return {**lab, "around": lab["around"] and sent(lab["around"])}


def checked_morph(text: str) -> str:
    """`neutral-fear`, from the link or the browser.

    Raises:
        ValueError: not two expressions.
    """
    names = "|".join(LAB_EXPRESSIONS)
    if not re.fullmatch(f"({names})-({names})", text):
        raise ValueError(f"morph: got {text[:40]!r}, expected something like neutral-fear")
    return text


def take(kept: dict[str, Any], ask: dict[str, Any]) -> None:
    """The browser asked: its face is ours from now on. What it sends is checked like anybody's input."""
    texts = {name: str(ask.get(name) or "") for name in ("vary", "held", "token")}
    serial = ask["serial"] if isinstance(ask.get("serial"), int) else 0
    try:
        face = LabFace.from_values(ask.get("face"))
        variants(face, texts["vary"])
        kept.update(face=face, morph=checked_morph(str(ask.get("morph", USUAL_MORPH))), ask={**texts, "serial": serial})
    except ValueError:  # not from our view: show again what was there
        kept["ask"] = {"serial": serial}
