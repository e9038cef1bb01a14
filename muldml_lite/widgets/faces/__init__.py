"""The face lab: one drawn face to play with, and where a run puts it."""

from muldml_lite.widgets.faces.payload import answer, lab_payload, variants
from muldml_lite.widgets.faces.surroundings import Surroundings, read_surroundings
from muldml_lite.widgets.source import Source

SOURCE = Source(
    (
        "host.js",
        "marks.js",
        "download.js",
        "faces/picture.js",
        "faces/history.js",
        "faces/controls.js",
        "faces/persons.js",
        "faces/panels.js",
        "faces/numbers.js",
        "faces/faces.js",
    ),
    ("base.css", "faces/faces.css"),
)

__all__ = ["SOURCE", "Surroundings", "answer", "lab_payload", "read_surroundings", "variants"]
