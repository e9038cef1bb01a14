"""What the face lab shows first, and the faces that a run follows, remembered until a file changes."""

from __future__ import annotations

import os

import run_cache
import streamlit as st
from faces_desk import desk

from muldml_lite.faces.lab import LabFace
from muldml_lite.runs import Run
from muldml_lite.widgets.faces import Surroundings, answer, read_surroundings, variants

FIRST = {"person": "13", "au": "6-90.12-100.25-80"}
USUAL_MORPH = "neutral-happiness"


def surroundings(run: Run) -> Surroundings:
    """The faces that a run follows, read again when a file of the run has changed.

    Raises:
        RunError: no probe set, or files that don't fit together.
    """
    return _surroundings(os.fsencode(run.path), run_cache.stamp(run))


@st.cache_resource(show_spinner=False, max_entries=8)
def _surroundings(path: bytes, changed: tuple[int, ...]) -> Surroundings:
    return read_surroundings(Run(os.fsdecode(path)))


def prepare(run: Run) -> None:
    """Draw and embed what the lab shows and asks first, before anybody waits for it."""
    around, face = surroundings(run), LabFace.from_link(FIRST)
    morph = "morph:" + USUAL_MORPH.replace("-", ":")
    if not around.problem:
        desk().ask(run, around.epoch, [face, *variants(face, morph)])
    answer(face, morph, around)
