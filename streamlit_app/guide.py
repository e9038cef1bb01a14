"""Four steps for a first visit: one sentence each, on the page that it is about. Nothing is blocked by them."""

from __future__ import annotations

from dataclasses import dataclass

import lesson
import streamlit as st

OFF = "off"


@dataclass(frozen=True)
class Step:
    """What to do on one page."""

    page: str  # its name in the link; the file is views/<page>.py
    title: str
    text: str

    @property
    def file(self) -> str:
        return f"views/{self.page}.py"


STEPS = (
    Step(
        "tour",
        "Tour",
        "One face goes through a network; its embedding is cut into slices; each slice has a threshold τ of its own. "
        "Look how each arranges the same faces.",
    ),
    Step(
        "slices",
        "Slices",
        "Move over a point: the same face lights up in every slice. Click it to see whom each slice puts next to it.",
    ),
    Step(
        "judgements",
        "Judgements",
        "Drag the three points. Find a triplet that is left alone although the positive is nearer to the negative.",
    ),
    Step(
        "evidence",
        "Evidence",
        "Does any of it help? Every claim is an experiment that can fail. Open one and read what came out.",
    ),
)
STYLE = """<style>
.st-key-guide{border-left:5px solid var(--primary-color,#0f6b68)!important}
.st-key-guide p{margin:0}
</style>"""


def place() -> str:
    """`1` … `4`, or `off`: the link's wish first, then the session's; a first visit starts at 1."""
    asked = st.query_params.get("guide")
    if asked in _PLACES:
        st.session_state["guide"] = asked
    return st.session_state.get("guide", "1")


_PLACES = (*map(str, range(1, len(STEPS) + 1)), OFF)


def keep_in_link() -> None:
    """Once a run of the script: a page change must not forget where the visitor is."""
    where = place()
    if "guide" in st.session_state and st.query_params.get("guide") != where:
        st.query_params["guide"] = where


def go(where: str) -> None:
    st.session_state["guide"] = where
    st.query_params["guide"] = where


def restart() -> None:
    """The first step again; on another page than the tour, main.py goes there."""
    go("1")
    st.session_state["guide_restart"] = True


def show_guide(page: str) -> None:
    """The present step, if this is its page."""
    where = place()
    if where == OFF or not lesson.shows("guide") or STEPS[int(where) - 1].page != page:
        return
    number = int(where)
    step, later = STEPS[number - 1], STEPS[number : number + 1]
    with st.container(border=True, key="guide", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**First steps, {number} of {len(STEPS)}.** {step.text}", width="stretch")
        with st.container(horizontal=True, width="content", gap="small", vertical_alignment="center"):
            if later:
                link = {"guide": str(number + 1), "run": st.session_state.get("run", "sample")}
                label = f"**Next: {later[0].title}**"
                st.page_link(later[0].file, label=label, icon=":material/arrow_forward:", query_params=link)
            st.button(
                "Done" if not later else "Close",
                key="guide_close",
                icon=":material/check:" if not later else ":material/close:",
                type="tertiary",
                on_click=go,
                args=(OFF,),
                help=None if not later else "“First steps” at the top brings them back.",
            )
