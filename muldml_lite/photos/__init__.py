"""A photograph as a visitor brings it: read safely, its face found, cut to a square like a run's images."""

from muldml_lite.photos.crop import Square, cut, middle_square
from muldml_lite.photos.decode import (
    FORMATS,
    KEPT,
    KINDS,
    MAX_BYTES,
    MAX_PIXELS,
    SUFFIXES,
    Photo,
    PhotoError,
    decoded,
    moves,
    read_photo,
)
from muldml_lite.photos.detect import CLOSE, ROOMY, Found, detector_problem, find_faces, square_around
from muldml_lite.photos.signatures import file_kind, other_kind

__all__ = [
    "CLOSE",
    "FORMATS",
    "KEPT",
    "KINDS",
    "MAX_BYTES",
    "MAX_PIXELS",
    "ROOMY",
    "SUFFIXES",
    "Found",
    "Photo",
    "PhotoError",
    "Square",
    "cut",
    "decoded",
    "detector_problem",
    "file_kind",
    "find_faces",
    "middle_square",
    "moves",
    "other_kind",
    "read_photo",
    "square_around",
]
