"""Pictures of the slices: every slice of every epoch in two dimensions, aligned so that points glide."""

from muldml_lite.analysis.layouts.frames import KINDS, lay_out, make_layout

__all__ = ["KINDS", "lay_out", "make_layout"]
