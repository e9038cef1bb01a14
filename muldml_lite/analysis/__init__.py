"""Run folder to tables: neighbours, distances between people and expressions, layouts. numpy only at import."""

from muldml_lite.analysis.distances import nearest_share, neighbours, pair_distances, pixel_vectors
from muldml_lite.analysis.layouts import KINDS, make_layout
from muldml_lite.analysis.tables import confusion, slice_table

__all__ = [
    "KINDS",
    "confusion",
    "make_layout",
    "nearest_share",
    "neighbours",
    "pair_distances",
    "pixel_vectors",
    "slice_table",
]
