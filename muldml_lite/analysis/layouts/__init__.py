"""Pictures of the slices: every slice of every epoch in two dimensions, aligned so that points glide."""

from muldml_lite.analysis.layouts.frames import KINDS, lay_out, make_layout, read_slices
from muldml_lite.analysis.layouts.pca import pca_pictures

__all__ = ["KINDS", "lay_out", "make_layout", "pca_pictures", "read_slices"]
