"""The app: `streamlit run streamlit_app/main.py` from the repository's root, or `make app`."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import streamlit as st

if str(Path(__file__).resolve().parents[1]) not in sys.path:  # works without installing the package
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import face_html
import figures
import guide
import header
import lesson
import link_state
import run_cache
import run_picker
import training_queue
import warm

st.set_page_config(page_title="Mul-DML", page_icon=str(Path(__file__).with_name("icon.png")), layout="wide")


@st.cache_resource(show_spinner=False)
def queue_keeper(runs: bytes) -> threading.Thread:
    """One background thread an app process; it touches files only."""
    return training_queue.keep_going(Path(os.fsdecode(runs)))


def view(name: str, title: str, icon: str) -> st.Page:
    """A page; one that the present lesson doesn't go through can be reached by its link only."""
    seen = "visible" if lesson.shows_page(name) else "hidden"
    return st.Page(f"views/{name}.py", title=title, icon=f":material/{icon}:", default=name == "tour", visibility=seen)


# Not in a folder called pages: Streamlit would then run a page alone, without this file, for the first
# visitor who comes by a direct link.
PAGES = [
    view("tour", "Tour", "explore"),
    view("faces", "Faces", "face"),
    view("train", "Train", "model_training"),
    view("slices", "Slices", "blur_on"),
    view("thresholds", "Thresholds", "straighten"),
    view("judgements", "Judgements", "balance"),
    view("evidence", "Evidence", "science"),
    view("compare", "Compare runs", "compare_arrows"),
    view("your_face", "Your face", "add_a_photo"),
]
page = st.navigation(PAGES, position="top")
name = page.url_path or "tour"
if st.session_state.pop("guide_restart", False) and name != "tour":
    st.switch_page(guide.STEPS[0].file)
if name != "tour":
    # Charts ask whether pandas is loaded; a half-loaded one, by another visitor's thread, made them fail.
    import pandas  # noqa: F401
keeper = queue_keeper(os.fsencode(run_picker.runs_folder()))
if isinstance(keeper, threading.Thread) and not keeper.is_alive():
    queue_keeper.clear()
    queue_keeper(os.fsencode(run_picker.runs_folder()))
st.html(face_html.STYLE + figures.STYLE + header.STYLE + guide.STYLE)
with run_cache.run_problems():
    run_picker.show_picker()
lesson.keep_in_link()
guide.keep_in_link()
guide.show_guide(name)
header.show_header()
with run_cache.run_problems():
    page.run()
link_state.note_page(name)
warm.warm_up()
