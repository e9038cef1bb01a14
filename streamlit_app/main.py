"""The app: `streamlit run streamlit_app/main.py` from the repository's root, or `make app`."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

if str(Path(__file__).resolve().parents[1]) not in sys.path:  # works without installing the package
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import run_picker
import training_queue
from face_html import STYLE

st.set_page_config(page_title="Mul-DML", page_icon=str(Path(__file__).with_name("icon.png")), layout="wide")


@st.cache_resource(show_spinner=False)
def queue_keeper(runs: str) -> object:
    """One background thread an app process; it touches files only."""
    return training_queue.keep_going(Path(runs))


# Not in a folder called pages: Streamlit would then run a page alone, without this file, for the first
# visitor who comes by a direct link.
page = st.navigation(
    [
        st.Page("views/tour.py", title="Tour", icon=":material/explore:", default=True),
        st.Page("views/train.py", title="Train", icon=":material/model_training:"),
        st.Page("views/slices.py", title="Slices", icon=":material/blur_on:"),
        st.Page("views/evidence.py", title="Evidence", icon=":material/science:"),
    ],
    position="top",
)
queue_keeper(str(run_picker.runs_folder()))
st.html(STYLE)
run_picker.show_picker()
page.run()
