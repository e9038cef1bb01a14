"""The slices view as a Streamlit component, and the feeder that brings its data once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st
from lesson import shows

from muldml_lite.widgets.slices import SOURCE
from muldml_lite.widgets.source import FEEDER

REPORTED = ("picked", "epoch", "selected", "look")

_mount = st.components.v2.component(
    "muldml_slices",
    html='<div class="muldml-mount"></div>',
    css=SOURCE.style,
    js=SOURCE.module,
)
_feed = st.components.v2.component("muldml_feeder", html="<span></span>", js=FEEDER.module)


def feed(packed: bytes) -> None:
    """Bring packed values to the browser. Outside of the view's fragment, so that a click does not touch them again."""
    with st.container(key="feeder"):
        st.html("<style>.st-key-feeder{position:absolute;height:0;overflow:hidden}</style>")
        _feed(data=packed, key="muldml_feeder")


def slices_view(token: str, pick: dict[str, Any], changed: Callable[[str], None], key: str) -> None:
    """Show the values of that token.

    Args:
        pick: Python's wish: index, epoch, selected, look, and a serial, new when the wish is.
        changed: called with the word of what the view reports, one of `REPORTED`.
    """
    # One word at a time: what else the component remembers may be older than Python's own wish.
    heard = {f"on_{word}_change": partial(changed, word) for word in REPORTED}
    hides = [block for block in ("downloads", "table", "controls") if not shows(block)]
    _mount(data={"token": token, "pick": pick, "hides": hides}, key=key, **heard)
