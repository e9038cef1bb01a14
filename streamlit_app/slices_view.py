"""The slices view as a Streamlit component."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from muldml_lite.widgets import SLICES_PARTS, module_text, style_text

_mount = st.components.v2.component(
    "muldml_slices",
    html='<div class="muldml-mount"></div>',
    css=style_text("slices.css"),
    js=module_text(*SLICES_PARTS),
)


def slices_view(data: dict[str, Any], pick: dict[str, Any], changed: Callable[[], None], key: str) -> None:
    """Show the view; `pick` is Python's wish: index, epoch, and a serial that is new when the wish is."""
    _mount(data={**data, "pick": pick}, key=key, on_picked_change=changed, on_epoch_change=changed)
