"""Lessons: `?lesson=3` in the link leaves out what a lesson doesn't need, on every page.

A page asks `shows("downloads")` before it shows a block. Blocks have names, so that a lesson can name them.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from run_words import literal

# Parts of pages that a lesson may leave out. A page with a part of its own adds a line.
BLOCKS = {
    "controls": "settings beyond the ones that the lesson is about",
    "downloads": "pictures and numbers to take home",
    "reproduce": "the same from a terminal or in Python",
    "runs": "the choice of a run, and opening folders",
    "guide": "the four steps of a first visit",
    "next": "where to go next",
    "profile": "the curves over the slices' thresholds",
    "table": "tables of neighbours and of numbers",
    "verdict": "what is known about whether it helps",
}
PAGES = ("tour", "faces", "train", "slices", "thresholds", "judgements", "evidence", "compare", "your_face")


@dataclass(frozen=True)
class Lesson:
    """What one lesson is about, the pages it goes through, and the blocks it leaves out."""

    number: int
    title: str
    pages: tuple[str, ...]
    hides: frozenset[str]


_QUIET = frozenset({"guide", "next", "downloads", "reproduce"})
_PLAIN = _QUIET | {"runs", "verdict"}
# One for each walkthrough in notebooks/, by its number.
LESSONS = {
    lesson.number: lesson
    for lesson in (
        Lesson(1, "Triplets and identity", ("tour", "faces", "slices"), _PLAIN | {"profile", "controls"}),
        Lesson(2, "One threshold at a time", ("thresholds",), _PLAIN),
        Lesson(3, "Mining", ("judgements", "thresholds", "train"), _PLAIN),
        Lesson(4, "Incomplete judgements and the dual triplet loss", ("judgements",), _QUIET | {"runs"}),
        Lesson(5, "Slices", ("tour", "slices", "thresholds"), _PLAIN),
        Lesson(6, "Train and compare", ("train", "compare", "evidence"), frozenset({"guide", "next"})),
        Lesson(7, "Look inside", ("slices", "faces"), _PLAIN | {"profile"}),
        Lesson(8, "Your own data and your own machine", PAGES, frozenset({"guide", "next"})),
    )
}


def current() -> Lesson | None:
    """The lesson of the link, else of the session; no lesson shows everything."""
    asked = st.query_params.get("lesson")
    if asked is not None:
        st.session_state["lesson"] = asked
    name = st.session_state.get("lesson") or ""
    return LESSONS.get(int(name)) if name.isdecimal() and len(name) < 3 else None


def keep_in_link() -> None:
    """Once a run of the script: the lesson stays in the link when the page changes; a wrong one is named."""
    asked, lesson = st.query_params.get("lesson"), current()
    if lesson is not None:
        if asked != str(lesson.number):
            st.query_params["lesson"] = str(lesson.number)
        return
    if asked is not None:
        st.session_state.pop("lesson", None)
        st.query_params.pop("lesson", None)
        st.info(f"The link asks for lesson “{literal(asked[:20])}”; there are lessons 1 to {len(LESSONS)}.")


def leave() -> None:
    """Show everything again."""
    st.session_state.pop("lesson", None)
    st.query_params.pop("lesson", None)


def shows(block: str) -> bool:
    """Whether the present lesson, if there is one, shows this block.

    Raises:
        ValueError: no block has this name.
    """
    if block not in BLOCKS:
        raise ValueError(f"lesson.shows({block!r}): blocks are {', '.join(BLOCKS)}")
    lesson = current()
    return lesson is None or block not in lesson.hides


def shows_page(name: str) -> bool:
    """Whether the present lesson, if there is one, goes through this page."""
    lesson = current()
    return lesson is None or name in lesson.pages
