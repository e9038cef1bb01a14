"""Train: choose, start, watch live, hold, step, reset, fork. The training itself is another process."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import run_picker
import streamlit as st
import training_link
import training_queue as queue
import training_wishes as wishes
from reproduce import reproduce
from run_cache import run_problems
from run_words import literal
from training_foreign import passed_over
from training_fork import Fork, fork_choice
from training_form import command_line, fork_line, free_name, training_form
from training_transport import attempt, transport
from training_view import show_run, state_of
from visitor import visitor

from muldml_lite.config import Config
from muldml_lite.runs import Run, fork_epochs, starts_afresh

RUNS = run_picker.runs_folder()
MOST_ODD = 5  # folders that the queue's view names


def begin(make: Callable[[], Path]) -> None:
    """Put a training into the queue and show it; a refusal is told on the page."""
    path = attempt(make)
    if path is not None:
        attempt(lambda: queue.advance(RUNS))  # at once, rather than when the keeper next looks
        st.session_state["set_name"] = ""
        st.session_state["watch"] = path.name


def start(config: Config, name: str, fork: Fork | None) -> None:
    if fork is None:
        begin(lambda: queue.submit(RUNS, config, visitor(), name))
    else:
        begin(lambda: wishes.fork(RUNS, fork.run, fork.epoch, fork.changes(config), visitor(), name))


def new_training(run: Run | None) -> str:
    """The form and its button; the command that does the same."""
    st.subheader("New training")
    training_link.take()
    fork = fork_choice(run)
    config = training_form(fork.config if fork else None)
    if config is not None:
        training_link.keep(config)
    free = "" if config is None else free_name(RUNS, config)
    name = st.text_input("Name of the run", key="set_name", placeholder=free, max_chars=60).strip() or free
    if fork and config:
        changes = ", ".join(key.replace("_", " ") for key in fork.changes(config))
        st.caption(f"Changed from {literal(run_picker.words(fork.run))}: {changes or unchanged(fork)}.")
    st.button(
        "Start the fork" if fork else "Start training",
        type="primary",
        icon=":material/fork_right:" if fork else ":material/play_arrow:",
        disabled=config is None,
        on_click=start,
        args=(config, name, fork),
        width="stretch",
    )
    if config is None:
        return "muldml train --run runs/mine"
    if fork is None:
        return command_line(config, f"runs/{name}")
    return fork_line(fork.changes(config), str(run_picker.short_path(fork.run)), fork.epoch, f"runs/{name}")


def unchanged(fork: Fork) -> str:
    return "nothing yet" if starts_afresh(fork.run, fork.epoch) else "nothing yet; it would repeat its parent exactly"


def live(run: Run, shown: str) -> None:
    """The chosen run as it is now. Reads files only, so it may run as often as it likes."""
    state, message = state_of(run, queue.read_job(run.path))
    st.subheader(f"{run_picker.STATE_SIGNS[state]} {literal(shown)}")
    with run_problems("It may be half-written: wait a moment, or choose another run in the side bar."):
        transport(RUNS, run, state, begin)
        if "start_problem" in st.session_state:
            problem = st.session_state["start_problem"]
            st.error(literal(problem[:1].upper() + problem[1:] + "."), icon=":material/block:")
        show_run(run, state, message, run.config["config"])
    if state == "finished":
        st.page_link("views/slices.py", label="**Walk through its slices**", icon=":material/arrow_forward:")


def queue_board(shown: str) -> None:
    """What runs and what waits, for all visitors."""
    at_work, line, odd = queue.running(RUNS), queue.waiting(RUNS), passed_over(RUNS)
    if at_work is None and not line and not odd:
        return
    with st.container(border=True):
        st.markdown(
            f"**Queue** · one training at a time, at most {queue.MAX_WAITING} waiting, "
            f"{queue.MAX_PER_VISITOR} a visitor"
        )
        rows = ([("running", at_work)] if at_work else []) + [
            (f"number {place} in line", run) for place, run in enumerate(line, 1)
        ]
        for words, run in rows:
            if run.name == shown or not run_picker.NAME.fullmatch(run.name):  # no link can name it, so it is only told
                st.caption(f"{literal(run.name)} · {words}{' · shown here' * (run.name == shown)}")
                continue
            st.button(
                f"{literal(run.name)} · {words}",
                key=f"watch_{run.name}",
                icon=":material/visibility:",
                type="tertiary",
                on_click=lambda name=run.name: st.session_state.update(watch=name),
            )
        if odd:
            st.caption("Passed over, as the queue can't heed them:")
        for name, why in list(odd.items())[:MOST_ODD]:
            st.caption(f"{literal(name)} · {literal(why)}")


def scene(run: Run | None) -> tuple[bool, str, bool]:
    """Whether anything on this page can change by itself, and what side bar and form depend on."""
    state = forkable = ""
    if run is not None:
        state = state_of(run, queue.read_job(run.path))[0]
        with contextlib.suppress(Exception):  # what is wrong is said where the run is shown
            forkable = bool(fork_epochs(run))
    moving = state in ("queued", "running") or bool(queue.running(RUNS) or queue.waiting(RUNS))
    return moving, state, bool(forkable)


def watch(choice: run_picker.Choice) -> None:
    before = scene(choice.run)

    @st.fragment(run_every=1.0 if before[0] else None)
    def watched() -> None:
        with run_problems():
            # A whole rerun switches the clock on or off, and tells the side bar and the form.
            if scene(choice.run) != before or "watch" in st.session_state:
                st.rerun()
            if choice.run is None:
                problem = literal(choice.problem) or "Choose a run in the side bar, or start one."
                st.info(problem, icon=":material/folder_off:")
            else:
                live(choice.run, "Sample run" if choice.name == "sample" else choice.run.name)
            queue_board(choice.name)

    watched()


if "watch" in st.session_state:
    run_picker.choose(st.session_state.pop("watch"))
    st.rerun()
st.title("Train")
st.markdown(
    "Choose settings and start: pause, go on step by step, or fork a run after any epoch to see what another setting "
    "makes of the same past."
)
choice = run_picker.chosen()
left, right = st.columns([9, 5], gap="large")  # what moves comes first on a phone
with left:
    watch(choice)
with right, st.container(border=True):
    command = new_training(choice.run)
st.caption(
    "A training is a process of its own: reload this page, close it, open it on another screen, and it goes on. "
    f"A paused one keeps its place for {queue.PAUSE_ALONE / 60:.0f} minutes, or "
    f"{queue.PAUSE_WHILE_OTHERS_WAIT / 60:.0f} while others wait; then it stops, and Resume takes it up again."
)
reproduce(
    command,
    "from muldml_lite.config import Config\nfrom muldml_lite.trainer import train\n\n"
    'for record in train(Config(method="mul-dml")):\n    print(record.epoch, record.cross_entropy, '
    "record.metric_loss, record.knn_accuracy)",
)
