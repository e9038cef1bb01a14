"""Train: choose, start, watch live, stop. The training itself is another process."""

from __future__ import annotations

import run_picker
import streamlit as st
import training_queue
from run_cache import run_problems
from training_form import command_line, training_form
from training_view import show_run, state_of
from visitor import visitor

from muldml_lite.config import Config
from muldml_lite.runs import Run, RunError

RUNS = run_picker.runs_folder()


def start(config: Config, name: str) -> None:
    st.session_state.pop("start_problem", None)
    try:
        path = training_queue.submit(RUNS, config, visitor(), name)
        training_queue.advance(RUNS)  # at once, rather than when the keeper next looks
    except (training_queue.QueueError, OSError) as error:
        st.session_state["start_problem"] = str(error)
        return
    st.session_state["set_name"] = ""
    run_picker.choose(path.name)


def new_training() -> None:
    st.subheader("New training")
    config, name = training_form(RUNS)
    st.button(
        "Start training",
        type="primary",
        icon=":material/play_arrow:",
        disabled=config is None,
        on_click=start,
        args=(config, name),
        width="stretch",
    )
    if "start_problem" in st.session_state:
        problem = st.session_state["start_problem"]
        st.error(problem[:1].upper() + problem[1:] + ".", icon=":material/block:")
    if config is not None:
        st.caption("The same from a terminal:")
        st.code(command_line(config, f"runs/{name}"), language="bash", wrap_lines=True)


def live(run: Run, shown: str) -> None:
    """The chosen run as it is now. Reads files only, so it may run as often as it likes."""
    job = training_queue.read_job(run.path)
    state, message = state_of(run, job)
    head, button = st.columns([3, 1], vertical_alignment="center")
    head.subheader(f"{run_picker.STATE_SIGNS[state]} {shown}")
    if job and not job.done and not job.stop_asked:
        button.button(
            "Stop" if job.pid else "Withdraw",
            icon=":material/stop_circle:",
            on_click=training_queue.stop,
            args=(RUNS, run.name),
            width="stretch",
            key="stop",
        )
    with run_problems("It may be half-written: wait a moment, or choose another run in the side bar."):
        show_run(run, state, message, run.config["config"])
    if state == "finished":
        icon = ":material/arrow_forward:"
        st.page_link("views/slices.py", label="**Walk through its slices**", icon=icon)


def queue_board(shown: str) -> None:
    """What runs and what waits, for all visitors."""
    at_work, line = training_queue.running(RUNS), training_queue.waiting(RUNS)
    if at_work is None and not line:
        return
    with st.container(border=True):
        st.markdown(
            f"**Queue** · one training at a time, at most {training_queue.MAX_WAITING} waiting, "
            f"{training_queue.MAX_PER_VISITOR} a visitor"
        )
        rows = ([("running", at_work)] if at_work else []) + [
            (f"number {place} in line", run) for place, run in enumerate(line, 1)
        ]
        for words, run in rows:
            if run.name == shown:
                st.caption(f"{run.name} · {words} · shown here")
                continue
            st.button(
                f"{run.name} · {words}",
                key=f"watch_{run.name}",
                icon=":material/visibility:",
                type="tertiary",
                on_click=lambda name=run.name: st.session_state.update(watch=name),
            )


def under_way(run: Run | None) -> bool:
    """Whether anything on this page can change by itself."""
    if training_queue.running(RUNS) or training_queue.waiting(RUNS):
        return True
    try:
        return run is not None and run.status["state"] in ("queued", "running")
    except RunError:
        return False


def watch(choice: run_picker.Choice) -> None:
    moving = under_way(choice.run)

    @st.fragment(run_every=1.0 if moving else None)
    def watched() -> None:
        # A whole rerun switches the clock off when all is done, and tells the side bar.
        if (moving and not under_way(choice.run)) or "watch" in st.session_state:
            st.rerun()
        queue_board(choice.name)
        if choice.run is None:
            st.info(choice.problem or "Choose a run in the side bar, or start one.", icon=":material/folder_off:")
        else:
            live(choice.run, "Sample run" if choice.name == "sample" else choice.run.name)

    watched()


if "watch" in st.session_state:
    run_picker.choose(st.session_state.pop("watch"))
    st.rerun()
st.title("Train")
st.markdown(
    "A training is a process of its own: reload this page, close it, open it on another screen, and it goes on."
)
left, right = st.columns([5, 9], gap="large")
with left, st.container(border=True):
    new_training()
with right:
    watch(run_picker.chosen())
