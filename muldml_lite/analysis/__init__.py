"""Run folder to tables: neighbours, distances between people and expressions, layouts. numpy only at import."""

from muldml_lite.analysis.distances import nearest_share, neighbours, pair_distances, pixel_vectors
from muldml_lite.analysis.layouts import KINDS, make_layout
from muldml_lite.analysis.tables import confusion, slice_table
from muldml_lite.analysis.thresholds import (
    active_share,
    class_pair_means,
    margins,
    mine,
    pairwise,
    threshold_table,
    within_between,
)

__all__ = [
    "KINDS",
    "active_share",
    "class_pair_means",
    "confusion",
    "make_layout",
    "margins",
    "mine",
    "nearest_share",
    "neighbours",
    "pair_distances",
    "pairwise",
    "pixel_vectors",
    "slice_table",
    "threshold_table",
    "within_between",
]
