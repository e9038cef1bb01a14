"""One function per figure: tables in, plotly Figure out. Reads nothing, computes next to nothing."""

from muldml_lite.plots.faces import distance_histogram, face_strip
from muldml_lite.plots.style import EXPRESSION_COLOURS, EXPRESSION_SYMBOLS, class_styles, slice_colours
from muldml_lite.plots.training import (
    SLICE_CURVES,
    accuracy_curves,
    loss_curves,
    slice_curve,
    slice_name,
    threshold_profile,
)

__all__ = [
    "EXPRESSION_COLOURS",
    "EXPRESSION_SYMBOLS",
    "SLICE_CURVES",
    "accuracy_curves",
    "class_styles",
    "distance_histogram",
    "face_strip",
    "loss_curves",
    "slice_colours",
    "slice_curve",
    "slice_name",
    "threshold_profile",
]
