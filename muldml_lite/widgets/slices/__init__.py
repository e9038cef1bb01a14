"""Every slice's embedding of a run, side by side, linked through the faces."""

from muldml_lite.widgets.slices.payload import RESIDUAL, fit_square, slices_payload, sprite_sheet
from muldml_lite.widgets.source import Source

_PARTS = (
    "schemes",
    "raster",
    "panel",
    "camera",
    "pointer",
    "near",
    "selection",
    "take",
    "controls",
    "slices",
    "motion",
)
SOURCE = Source(
    ("host.js", "marks.js", "download.js", *(f"slices/{part}.js" for part in _PARTS)),
    ("base.css", "slices/slices.css"),
)

__all__ = ["RESIDUAL", "SOURCE", "fit_square", "slices_payload", "sprite_sheet"]
