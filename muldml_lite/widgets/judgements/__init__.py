"""The judgement lab: a few points, a triplet loss, and what it judges incompletely."""

from muldml_lite.widgets.judgements.payload import lab_payload
from muldml_lite.widgets.judgements.presets import PRESETS, Preset
from muldml_lite.widgets.judgements.rates import (
    IncompleteRates,
    RealTriplets,
    incomplete_rates,
    is_incomplete,
    real_triplets,
    thresholds_of,
    triangle,
)
from muldml_lite.widgets.judgements.scene import Scene, SceneError
from muldml_lite.widgets.source import Source

SOURCE = Source(
    (
        "host.js",
        "marks.js",
        "download.js",
        "judgements/maths.js",
        "judgements/camera.js",
        "judgements/scene.js",
        "judgements/points.js",
        "judgements/marking.js",
        "judgements/charts.js",
        "judgements/formula.js",
        "judgements/controls.js",
        "judgements/handles.js",
        "judgements/picture.js",
        "judgements/judgements.js",
    ),
    ("base.css", "judgements/judgements.css"),
)

__all__ = [
    "PRESETS",
    "SOURCE",
    "IncompleteRates",
    "Preset",
    "RealTriplets",
    "Scene",
    "SceneError",
    "incomplete_rates",
    "is_incomplete",
    "lab_payload",
    "real_triplets",
    "thresholds_of",
    "triangle",
]
