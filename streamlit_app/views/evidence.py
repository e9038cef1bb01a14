"""Evidence: every claim of the paper as an experiment that can fail, and what came out."""

from __future__ import annotations

from typing import Any

import evidence_html
import streamlit as st
import study_cache
from evidence_detail import show_claim
from evidence_overview import number_of, show_overview
from run_words import literal, shown
from training_view import duration

from muldml_lite.claims import Claim, Study


def chosen_study() -> study_cache.Choice:
    """The link's wish first, then the session's, then the shipped study or whatever there is."""
    known = study_cache.names()
    name = st.query_params.get("study") or st.session_state.get("study") or next(iter(known), "shipped")
    choice = study_cache.resolve(name)
    st.session_state["study"] = name
    if st.query_params.get("study") != name:
        st.query_params["study"] = name
    return choice


def choose_study() -> None:
    name = st.session_state["study_choice"]
    if name:
        st.session_state["study"] = name
        st.query_params["study"] = name


def choose_claim(name: str | None) -> None:
    st.query_params.pop("interval", None)  # an interval of one claim means nothing in another
    if name is None:
        st.query_params.pop("claim", None)
    else:
        st.query_params["claim"] = name


def study_picker(choice: study_cache.Choice) -> None:
    known = study_cache.names()
    if choice.study and choice.name not in known:
        known[choice.name] = choice.name
    if len(known) < 2 and choice.name in known:
        return
    st.session_state["study_choice"] = choice.name if choice.name in known else None
    st.selectbox(
        "Study",
        list(known),
        key="study_choice",
        format_func=lambda name: shown(known.get(name, name)),
        on_change=choose_study,
        placeholder="Choose a study",
        help="A study is a folder made by `python -m muldml_lite claims`: the shipped one, or yours in the runs "
        "folder.",
    )


def study_facts(study: Study) -> None:
    """Where the numbers come from, in a line, and how far a study under way has come."""
    about, state = study.about, study_cache.status(study)
    settings, machine = about.get("settings", {}), about.get("machine", {})
    parts = [
        f"{settings['draws']} draws of people" if settings.get("draws") else "",
        f"{settings['seeds']} seed{'s' * (settings['seeds'] != 1)} each" if settings.get("seeds") else "",
        f"data: {', '.join(map(str, settings['data']))}" if settings.get("data") else "",
        "quick" if settings.get("quick") else "",
        f"{study_cache.count(study):,} runs",
        _time(about),
        f"on {machine['cores']} cores" if machine.get("cores") else "",
        str(about.get("date", "")),
        str(about.get("unfinished", "")),
    ]
    st.caption(literal(" · ".join(part for part in parts if part)))
    if about.get("command"):
        st.code(shown(about["command"]), language=None, wrap_lines=True)
    revised = [(str(one.get("date", "")), str(one.get("what", ""))) for one in about.get("revised", [])]
    if revised:
        with st.expander(f"Revised after the runs ({len(revised)})", icon=":material/edit_note:"):
            st.html(evidence_html.facts(revised))
    if state.get("state") == "running":
        share = min(1.0, state.get("done", 0) / max(1, state.get("total", 1)))
        left = f", about {duration(state['seconds_left'])} left" if state.get("seconds_left") else ""
        st.progress(share, f"Under way: {int(state.get('done', 0)):,} of {int(state.get('total', 0)):,} runs{left}")
        st.button("Read again", icon=":material/refresh:")
    elif state.get("state") in ("stopped", "failed"):
        why = f": {literal(state['message'])}" if state.get("message") else ""
        st.info(f"This study {state['state']}{why}. The same command goes on where it was.", icon=":material/pause:")


def _time(about: dict[str, Any]) -> str:
    seconds = about.get("seconds") or 0
    if seconds < 5400:
        return duration(seconds) if seconds else ""
    return f"{seconds / 3600:.1f} h"


def wanted_claim(claims: tuple[Claim, ...]) -> Claim | None:
    """The claim that the link names, by its id or by the number of its parts."""
    name = st.query_params.get("claim")
    if not name:
        return None
    found = [one for one in claims if one.id == name] or [one for one in claims if number_of(one) == name]
    if not found:
        known = literal(", ".join(one.id for one in claims))
        st.info(f"The link asks for claim “{literal(name[:20])}”; this study has {known}.")
        return None
    return found[0]


def walk(claims: tuple[Claim, ...], claim: Claim) -> None:
    """Back to the list, and to the neighbours."""
    place = claims.index(claim)
    with st.container(horizontal=True, gap="small"):
        st.button("All claims", icon=":material/arrow_back:", on_click=choose_claim, args=(None,), key="all_claims")
        for step, icon, key in ((-1, ":material/chevron_left:", "before"), (1, ":material/chevron_right:", "after")):
            other = claims[(place + step) % len(claims)]
            st.button(
                literal(other.id),
                icon=icon,
                key=f"claim_{key}",
                on_click=choose_claim,
                args=(other.id,),
                help=literal(other.title),
            )


def no_study(problem: str) -> None:
    problem = (problem or "There is no study yet").rstrip(".")
    st.info(f"{literal(problem)}. A first one takes some minutes:", icon=":material/science:")
    st.code("python -m muldml_lite claims --quick", language="bash")
    st.markdown(
        "It lands in the runs folder and appears here. `python -m muldml_lite claims --list` says what would be run, "
        "and by "
        "which rules it would be judged."
    )


def page() -> None:
    choice = chosen_study()
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with right:
        study_picker(choice)
    with left:
        if choice.study is not None:
            with study_cache.study_problems():
                study_facts(choice.study)
    if choice.study is None:
        no_study(choice.problem)
        return
    with study_cache.study_problems():
        with st.spinner("Reading the study's runs …"):
            reading, claims = study_cache.reading(choice.study), choice.study.claims
        claim = wanted_claim(claims)
        if claim is None:
            show_overview(choice.study, reading, choose_claim)
        else:
            walk(claims, claim)
            show_claim(choice.study, reading, claim)


st.html(evidence_html.STYLE)
st.title("Evidence")
st.markdown(
    "Every claim of the paper is an experiment that **can fail**: a treatment, a control that differs in one thing, "
    "many draws of people, and a rule. “Not supported here” teaches as much as “supported”. What was revised after "
    "the runs stands beside a study."
)
page()
