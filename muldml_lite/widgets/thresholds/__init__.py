"""What a threshold does: distances, class pairs and hinges of the slice nearest to a τ that one drags."""

from muldml_lite.widgets.source import Source
from muldml_lite.widgets.thresholds.payload import thresholds_payload

SOURCE = Source(
    (
        "host.js",
        "marks.js",
        "download.js",
        "thresholds/measure.js",
        "thresholds/hinges.js",
        "thresholds/levels.js",
        "thresholds/axes.js",
        "thresholds/density.js",
        "thresholds/strip.js",
        "thresholds/pairs.js",
        "thresholds/examples.js",
        "thresholds/card.js",
        "thresholds/controls.js",
        "thresholds/words.js",
        "thresholds/export.js",
        "thresholds/thresholds.js",
    ),
    ("base.css", "thresholds/thresholds.css"),
)

__all__ = ["SOURCE", "thresholds_payload"]
