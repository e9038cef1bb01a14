"""Play, pause, step, reset and stop: the buttons of the run that is shown."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st
import training_queue as queue
import training_wishes as wishes
from training_form import free_name
from visitor import visitor

from muldml_lite.config import Config, ConfigError
from muldml_lite.runs import Run, RunError

Begin = Callable[[Callable[[], Path]], None]


def transport(runs: Path, run: Run, state: str, begin: Begin) -> None:
    """The buttons that make sense in this state; a wish goes into the run folder, and the training follows.

    Args:
        state: queued, running, finished, failed or cancelled.
        begin: puts what the callable makes into the queue and shows it.
    """
    if run.path.parent == runs and not queue.owns(run.path, visitor()):
        st.caption("This is another visitor's training; its buttons are theirs. You can fork it in the form.")
        return
    job = queue.read_job(run.path)
    stopping = bool(job and not job.done and job.stop_asked)
    live = state == "running" and not stopping
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="transport"):
        _reset(runs, run, begin)
        over = job.done and state in ("failed", "cancelled") if job else state in ("failed", "cancelled", "queued")
        if over and run.path.parent == runs:
            _button("Resume", "play_arrow", lambda: begin(lambda: _resumed(runs, run)), primary=True)
        elif live and wishes.pause_asked(run):
            _button("Play", "play_arrow", lambda: _ask(run, "play"), primary=True)
        else:
            _button("Pause", "pause", lambda: _ask(run, "pause"), primary=live, disabled=not live)
        _button("Step", "skip_next", lambda: _ask(run, "step"), "Train one epoch, then pause.", disabled=not live)
        if job and not job.done and not stopping:
            name, what = ("Stop", "Stop and keep what was learnt.") if job.pid else ("Withdraw", "Leave the queue.")
            _button(name, "stop", lambda: attempt(lambda: queue.stop(runs, run.name, visitor())), what, key="stop")


def _reset(runs: Path, run: Run, begin: Begin) -> None:
    def again() -> Path:
        config = Config.from_dict(run.config["config"])
        return wishes.reset(runs, run, visitor(), free_name(runs, config))

    _button(
        "Reset",
        "replay",
        lambda: begin(again),
        "Start these settings again from epoch 0, as a new run. This one is kept.",
    )


def _ask(run: Run, wish: str) -> None:
    attempt(lambda: wishes.ask(run, wish, visitor()))


def attempt(act: Callable[[], Any]) -> Any:
    """What a click was to do; None if it is refused or fails, which the page then tells."""
    st.session_state.pop("start_problem", None)
    try:
        return act()
    except (queue.QueueError, RunError, ConfigError, OSError) as error:
        st.session_state["start_problem"] = str(error)
    except Exception as error:  # a run folder may hold anything
        logging.getLogger(__name__).exception("a click on the Train page failed")
        st.session_state["start_problem"] = f"this run's files can't be used ({type(error).__name__}: {error})"
    return None


def _resumed(runs: Path, run: Run) -> Path:
    wishes.resume(runs, run.name, visitor())
    return run.path


def _button(
    label: str,
    icon: str,
    pressed: Callable[[], None],
    tip: str | None = None,
    *,
    primary: bool = False,
    disabled: bool = False,
    key: str = "",
) -> None:
    st.button(
        label,
        key=key or f"do_{label.lower()}",
        icon=f":material/{icon}:",
        on_click=pressed,
        help=tip,
        type="primary" if primary else "secondary",
        disabled=disabled,
    )
