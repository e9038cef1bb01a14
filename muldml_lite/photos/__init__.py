"""A photograph as a visitor brings it: read safely, its face found, cut to a square like a run's images."""

from muldml_lite.photos.crop import Square, cut, middle_square
from muldml_lite.photos.decode import KEPT, MAX_BYTES, MAX_PIXELS, Photo, PhotoError, read_photo
from muldml_lite.photos.detect import CLOSE, ROOMY, Found, detector_problem, find_faces, square_around

__all__ = [
    "CLOSE",
    "KEPT",
    "MAX_BYTES",
    "MAX_PIXELS",
    "ROOMY",
    "Found",
    "Photo",
    "PhotoError",
    "Square",
    "cut",
    "detector_problem",
    "find_faces",
    "middle_square",
    "read_photo",
    "square_around",
]
