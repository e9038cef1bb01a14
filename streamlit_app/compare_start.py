"""A first visit to the comparison: only the sample run is there, so its control can be trained with one click."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import run_picker
import streamlit as st
import training_queue
from compare_runs import SAMPLE, Member
from run_words import literal
from training_form import free_name
from training_view import duration
from visitor import visitor

from muldml_lite.config import Config
from muldml_lite.runs import RunError

_PROBLEM = "compare_problem"


def controls(config: Config) -> dict[str, tuple[str, Config]]:
    """Runs that differ from a spread of thresholds in one thing: name → words and configuration."""
    middle = round(sum(config.thresholds) / 2, 4)
    equal = dataclasses.replace(config, thresholds=(middle, middle))
    single = dataclasses.replace(equal, method="dual", slices=1)
    return {
        "equal": (f"the same {config.slices} slices, all at τ = {middle:g}", equal),
        "single": (f"one threshold alone, τ = {middle:g}", single),
    }


def offer_control(known: Mapping[str, Member]) -> bool:
    """Buttons that train the sample run's control; whether there was anything to offer."""
    sample = known.get(SAMPLE)
    if sample is None or sample.config.slices < 2 or sample.config.method != "mul-dml":
        return False
    st.markdown(
        f"**So far there is the sample run alone**: {sample.config.slices} slices with thresholds spread from "
        f"{sample.config.thresholds[0]:g} to {sample.config.thresholds[1]:g}. Do the spread thresholds matter? That "
        "takes a control: the same faces, the same seed, one thing changed."
    )
    with st.container(horizontal=True, gap="small"):
        for name, (words, config) in controls(sample.config).items():
            st.button(
                f"Train {words}",
                key=f"control_{name}",
                icon=":material/play_arrow:",
                type="primary" if name == "equal" else "secondary",
                on_click=_train,
                args=(config, f"control-{name}"),
            )
    if _PROBLEM in st.session_state:
        st.warning(literal(st.session_state.pop(_PROBLEM)), icon=":material/hourglass_disabled:")
    st.caption(f"{_time(sample)}The curves appear here while it learns; you may look at other pages meanwhile.")
    return True


def _time(sample: Member) -> str:
    try:
        seconds = sum(record.get("seconds") or 0 for record in sample.run.history)
    except (RunError, TypeError, AttributeError):
        return ""
    return f"The sample run took {duration(seconds)} where it was made. " if seconds else ""


def _train(config: Config, stem: str) -> None:
    """Put the control into the queue and set it beside the sample run."""
    runs = run_picker.runs_folder()
    name = free_name(runs, config, stem)
    try:
        training_queue.submit(runs, config, visitor(), name)
        training_queue.advance(runs)  # at once, rather than when the keeper next looks
    except (training_queue.QueueError, OSError) as error:
        st.session_state[_PROBLEM] = f"It could not be started: {error}."
        return
    st.session_state["runs"] = [SAMPLE, name]
