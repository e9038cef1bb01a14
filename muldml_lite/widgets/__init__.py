"""Interactive views: each one ES module, shared by Jupyter (anywidget) and Streamlit (Components v2).

A module is written in parts, so that views share what they have in common, and is joined here:
both hosts take the text of one module.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from muldml_lite.widgets.slices import slices_payload

__all__ = ["SLICES_PARTS", "SlicesView", "module_text", "slices_payload", "style_text"]

FOLDER = Path(__file__).parent
SLICES_PARTS = ("host.js", "marks.js", "panel.js", "controls.js", "slices.js")


def module_text(*parts: str) -> str:
    """The parts as one ES module."""
    return "\n".join((FOLDER / part).read_text(encoding="utf-8") for part in parts)


def style_text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def __getattr__(name: str) -> Any:
    # anywidget and its traitlets are for notebooks; the app starts sooner without them.
    if name == "SlicesView":
        from muldml_lite.widgets.notebook import SlicesView

        return SlicesView
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
