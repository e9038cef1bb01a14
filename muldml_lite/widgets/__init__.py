"""Interactive views: each one ES module, shared by Jupyter (anywidget) and Streamlit (Components v2).

One folder a view: `payload.py` makes what the view is given, JavaScript and CSS draw it, `notebook.py` is the
Jupyter widget. A module is written in parts, so that views share what they have in common, and is joined here: both
hosts take the text of one module.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from muldml_lite.widgets.slices import slices_payload
from muldml_lite.widgets.source import Source

__all__ = ["FaceLab", "JudgementLab", "LiveTraining", "SlicesView", "Source", "ThresholdView", "slices_payload"]

# anywidget and its traitlets are for notebooks; the app starts sooner without them.
_NOTEBOOK = {
    "FaceLab": "faces",
    "JudgementLab": "judgements",
    "LiveTraining": "live",
    "SlicesView": "slices",
    "ThresholdView": "thresholds",
}


def __getattr__(name: str) -> Any:
    if name in _NOTEBOOK:
        return getattr(import_module(f"muldml_lite.widgets.{_NOTEBOOK[name]}.notebook"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
