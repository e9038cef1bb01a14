"""Drawn faces: identity x FACS action units x nuisance -> uint8 images.

Everything about a drawn face is known: who it is, which action units are active, what the camera did.
"""

from muldml_lite.faces.dataset import DrawnFaces, check_set, draw_dataset, expression_sheet
from muldml_lite.faces.difficulty import DIFFICULTIES, PRESETS, Difficulty
from muldml_lite.faces.draw import FRONTAL, draw_face
from muldml_lite.faces.expression import ACTION_UNITS, EXPRESSIONS, prototype, sample_action_units
from muldml_lite.faces.identity import HAIR_STYLES, Identity, sample_identity
from muldml_lite.faces.nuisance import OCCLUDERS, Nuisance, sample_nuisance
from muldml_lite.faces.people import Crowd, person_name, person_stream

__all__ = [
    "ACTION_UNITS",
    "DIFFICULTIES",
    "EXPRESSIONS",
    "FRONTAL",
    "HAIR_STYLES",
    "OCCLUDERS",
    "PRESETS",
    "Crowd",
    "Difficulty",
    "DrawnFaces",
    "Identity",
    "Nuisance",
    "check_set",
    "draw_dataset",
    "draw_face",
    "expression_sheet",
    "person_name",
    "person_stream",
    "prototype",
    "sample_action_units",
    "sample_identity",
    "sample_nuisance",
]
