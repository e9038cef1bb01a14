"""Thresholds: drag τ and see the distances, class pairs and hinges of the slice that was trained nearest to it."""

from __future__ import annotations

from typing import Any

import link_state
import run_cache
import run_picker
import streamlit as st
import thresholds_link
from glossary import term
from lesson import shows
from reproduce import reproduce
from run_words import literal, shown
from slices_view import feed
from thresholds_view import MOST_OTHERS, other_runs, payload, thresholds_view
from verdict_chips import show_verdicts

from muldml_lite.runs import Run

KEY = "thresholds_view"
CLAIMS = ("2a", "2b")


def wish(run: Run, scope: dict[str, Any]) -> dict[str, Any]:
    """What the link asks for; kept in the session, so that a page change loses nothing."""
    pick = st.session_state.get("threshold_pick")
    if pick is None or pick["run"] != str(run.path) or pick.get("stale"):
        asked, problems = thresholds_link.read(st.query_params, scope)
        if pick is not None and pick["run"] != str(
            run.path
        ):  # another run was chosen: what doesn't fit it was no mistake
            problems = []
        serial = pick["serial"] + 1 if pick else 1
        pick = {"run": str(run.path), "serial": serial, "seen": asked, "problems": problems}
        st.session_state["threshold_pick"] = pick
    return pick


def note_change() -> None:
    """The view reports what it shows when something was let go: copy it to a key of our own, and to the link."""
    seen = (st.session_state.get(KEY) or {}).get("seen")
    if seen:
        st.session_state["threshold_pick"].update(seen=dict(seen), problems=[])


@st.fragment
def view(run: Run, token: str, scope: dict[str, Any]) -> None:
    with run_cache.run_problems():
        pick = wish(run, scope)
        for problem in pick["problems"]:
            st.info(problem, icon=":material/link_off:")
        hides = [block for block in ("downloads", "controls") if not shows(block)]
        thresholds_view(token, {"serial": pick["serial"], **pick["seen"]}, hides, note_change, KEY)
        link_state.write("thresholds", thresholds_link.write(pick["seen"]))


def beside(known: dict[str, str], own: str) -> list[str]:
    """Names of the runs that the link puts beside this one, else the session; what is not there is told."""
    asked = st.query_params.get("beside")
    names = list(dict.fromkeys(asked.split("~") if asked else st.session_state.get("beside", [])))
    found = [name for name in names if name in known][:MOST_OTHERS]
    missing = [name for name in names if name not in known and name != own]
    if asked and missing:
        st.info(
            f"The link puts {', '.join(map(thresholds_link.quoted, missing[:3]))} beside this run; there is no such "
            "run with a threshold in the runs folder.",
            icon=":material/link_off:",
        )
    set_beside(found)
    return found


def set_beside(names: list[str]) -> None:
    st.session_state["beside"] = names
    if names:
        st.query_params["beside"] = "~".join(names)
    else:
        st.query_params.pop("beside", None)


def choose_others(run: Run, own: str) -> list[Run]:
    """Further runs whose thresholds stand beside this one's."""
    known = other_runs(run)
    chosen = beside(known, own)
    if known and shows("controls"):
        # Not bound to the link by Streamlit, which would write labels, not names.
        st.session_state["beside_choice"] = chosen
        st.multiselect(
            "Thresholds of other runs beside them",
            list(known),
            key="beside_choice",
            format_func=lambda name: shown(known.get(name, name)),
            on_change=lambda: set_beside(st.session_state["beside_choice"]),
            max_selections=MOST_OTHERS,
            placeholder="Add runs, such as ones with a single threshold",
            help=f"{term('run')} A run with a single τ stands for one threshold, trained alone.",
        )
    found = [run_picker.resolve(name).run for name in chosen]
    return [other for other in found if other is not None]


def remarks(scope: dict[str, Any]) -> None:
    if scope["thresholds"][0] is None:
        st.info(
            "This run was trained by cross entropy alone, without triplets: τ only asks which of them would pull. "
            "Choose a run with thresholds in the side bar to compare them.",
            icon=":material/info:",
        )
    if scope["shown"] < scope["of"]:
        st.caption(f"{scope['shown']} of the run's {scope['of']:,} faces are looked at, an even share of each class.")


def show(run: Run, name: str) -> None:
    st.markdown(
        "**Drag τ.** The slice that was trained nearest to it shows its distances within and between classes, and "
        "which triplets its hinges still pull. Pin one τ to hold another against it."
    )
    with run_cache.run_problems("Watch it on the Train page, or choose another run in the side bar."):
        others = choose_others(run, name)
        token, packed, scope = payload(run, others)
        feed(packed)
        remarks(scope)
        if link_state.asks_anew("thresholds", thresholds_link.NAMES) and "threshold_pick" in st.session_state:
            st.session_state["threshold_pick"]["stale"] = True
        view(run, token, scope)
        st.markdown(
            "**What to see:** a larger τ pushes classes farther apart, but faces of one class, too. Press “÷ mean”: "
            "what then still differs is shape, the rest was scale. And look left of the line: where every hinge is "
            "active, τ has nothing to say any more. With the keyboard: arrows move τ by 0.01, page keys from one "
            "trained τ to the next."
        )
    show_verdicts(CLAIMS)
    folder = "data" if run.path == run_picker.SAMPLE else "runs"
    place = f"{folder}/{run.path.name}"
    reproduce(
        python="from muldml_lite.analysis import threshold_table\nfrom muldml_lite.runs import Run\n"
        f'from muldml_lite.widgets import ThresholdView\nprint(*threshold_table(Run("{place}")), sep="\\n")\n'
        f'ThresholdView("{place}")',
    )


st.title("Thresholds", help=term("threshold"))
choice = run_picker.chosen()
if choice.run is None:
    st.info(literal(choice.problem) or "Choose a run in the side bar.", icon=":material/folder_off:")
else:
    show(choice.run, choice.name)
