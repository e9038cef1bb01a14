"""Judgements: drag an anchor, a positive and a negative, and see what triplet and dual triplet loss make of them."""

from __future__ import annotations

import run_picker
import streamlit as st
from glossary import term
from judgements_run import in_this_run
from judgements_view import heed_link, judgements_view
from lesson import shows
from reproduce import reproduce
from run_words import literal
from verdict_chips import show_verdicts

from muldml_lite.widgets.judgements import Scene

CLAIMS = ("4a", "4b", "4c", "5a")


@st.fragment
def lab() -> None:
    scene = judgements_view()
    st.markdown(
        "**What to see:** a triplet can look right from A's side while B lies nearer to C. With one fixed anchor the "
        "triplet loss never finds out. But in a batch every image is an anchor, B among them, and then plain loss "
        "punishes it, too; and twice the step size often makes up for dual's second term: press “Control”. "
        "The link in your browser's address bar always leads to exactly this picture."
    )
    reproduce(python=lines(scene))


def lines(scene: Scene) -> str:
    """Python that shows exactly this picture."""
    settings = f"space={scene.space!r}, loss={scene.loss!r}, mining={scene.mining!r}, tau={scene.tau:g}"
    numbers = f"step={scene.step:g}, anchor={scene.anchor}, at={scene.at}"
    looks = f"speed={scene.speed!r}, close={scene.close}, control={scene.control}"
    return (
        "from muldml_lite.widgets import JudgementLab\n"
        "from muldml_lite.widgets.judgements import Scene\n\n"
        f"points = {scene.points}\n"
        f"JudgementLab(Scene(points, {settings}, {numbers}, {looks}))"
    )


@st.fragment
def real(choice: run_picker.Choice) -> None:
    st.subheader("In a training", help=term("incomplete judgement"))
    if choice.run is None:
        st.info(literal(choice.problem) or "Choose a run in the side bar.", icon=":material/folder_off:")
        return
    in_this_run(choice.run)


st.title("Judgements", help=term("incomplete judgement"))
st.markdown(
    "Drag the points, or press play: A is the **anchor**, B its **positive**, C a **negative**. "
    "Tab and arrow keys move points, too."
)
heed_link()
lab()
if shows("verdict"):
    real(run_picker.chosen())
show_verdicts(CLAIMS, "Three points by hand prove nothing about trainings, and one run is one draw of chance.")
