"""The live view as a Streamlit component."""

from __future__ import annotations

import os

import streamlit as st
from run_words import sent, shown

from muldml_lite.runs import Run
from muldml_lite.widgets.live import SOURCE, Frames, live_payload

_mount = st.components.v2.component(
    "muldml_live",
    html='<div class="muldml-mount"></div>',
    css=SOURCE.style,
    js=SOURCE.module,
)


def live_view(run: Run, state: str, message: str) -> None:
    """Show the run as it is now; the page has buttons of its own.

    Args:
        state, message: as the queue knows them, which knows more than the run folder.
    """
    data = live_payload(run, _frames(os.fsencode(run.path)), controls=False)
    data["faces"] = data["faces"] and sent(data["faces"])
    _mount(data={**data, "state": state, "message": shown(message)}, key="live_view")


@st.cache_resource(show_spinner=False, max_entries=32)
def _frames(path: bytes) -> Frames:
    """One object follows a run for all visitors, so that all see its points lie alike."""
    return Frames()
