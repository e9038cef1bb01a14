"""The judgement lab as a Streamlit component, and its picture: kept in the session, written to the link."""

from __future__ import annotations

from typing import Any

import link_state
import streamlit as st
from run_words import literal

from muldml_lite.widgets.judgements import PRESETS, SOURCE, Scene, SceneError, lab_payload

KEY = "judgement_lab"
_HELD = "judgement_scene"  # {"serial": of Python's last wish, "scene": as it is now, "problem": of the link}
_mount = st.components.v2.component(
    "muldml_judgements",
    html='<div class="muldml-mount"></div>',
    css=SOURCE.style,
    js=SOURCE.module,
)
DEFAULT = PRESETS[0].scene
LINK = tuple(DEFAULT.to_link())


def held() -> dict[str, Any]:
    """The picture of this session: the link's at first, else the first preset."""
    state = st.session_state.get(_HELD)
    if state is None or state.get("stale"):
        state = {"serial": state["serial"] + 1 if state else 1, "scene": DEFAULT, "problem": ""}
        asked = {key: st.query_params[key] for key in LINK if key in st.query_params}
        try:
            state["scene"] = Scene.from_link(asked, DEFAULT)
        except SceneError as error:
            state["problem"] = f"The link's picture can't be shown ({error}); here is another."
        st.session_state[_HELD] = state
    return state


def heed_link() -> None:
    """Once a whole run of the page, before the view: a link that was followed is shown."""
    if link_state.asks_anew("judgements", LINK) and _HELD in st.session_state:
        st.session_state[_HELD]["stale"] = True


def show_scene(scene: Scene) -> None:
    """Python's wish: show this picture from now on."""
    state = held()
    state.update(serial=state["serial"] + 1, scene=scene, problem="")


def _note_change() -> None:
    """The view reports its picture when something was let go. It is checked like anybody's input."""
    reported = (st.session_state.get(KEY) or {}).get("scene")
    try:
        held().update(scene=Scene.from_dict(dict(reported)), problem="")
    except (SceneError, TypeError, ValueError):
        return  # what no view of ours sends changes nothing


def judgements_view() -> Scene:
    """Show the lab, and put its picture into the link; the picture as it is now."""
    state = held()
    if state["problem"]:
        st.info(literal(state["problem"]), icon=":material/link_off:")
    pick = {"serial": state["serial"], "scene": state["scene"].to_dict()}
    _mount(data={**lab_payload(), "pick": pick}, key=KEY, on_scene_change=_note_change)
    wanted = {} if state["scene"] == DEFAULT else state["scene"].to_link()
    link_state.write("judgements", {key: wanted.get(key) for key in LINK})
    return state["scene"]
