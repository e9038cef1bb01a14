"""Play, pause, step, reset and stop: the buttons of the run that is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st
import training_queue as queue
import training_wishes as wishes
from training_form import free_name
from visitor import visitor

from muldml_lite.config import Config
from muldml_lite.runs import Run

Begin = Callable[[Callable[[], Path]], None]


def transport(runs: Path, run: Run, state: str, begin: Begin) -> None:
    """The buttons that make sense in this state; a wish goes into the run folder, and the training follows.

    Args:
        state: queued, running, finished, failed or cancelled.
        begin: puts what the callable makes into the queue and shows it.
    """
    job = queue.read_job(run.path)
    stopping = bool(job and not job.done and job.stop_asked)
    live = state == "running" and not stopping
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="transport"):
        _reset(runs, run, begin)
        if state in ("failed", "cancelled") and run.path.parent == runs:
            _button("Resume", "play_arrow", lambda: begin(lambda: _resumed(runs, run)), primary=True)
        elif live and wishes.pause_asked(run):
            _button("Play", "play_arrow", lambda: wishes.ask(run, "play"), primary=True)
        else:
            _button("Pause", "pause", lambda: wishes.ask(run, "pause"), primary=live, disabled=not live)
        _button("Step", "skip_next", lambda: wishes.ask(run, "step"), "Train one epoch, then pause.", disabled=not live)
        if job and not job.done and not stopping:
            name, what = ("Stop", "Stop and keep what was learnt.") if job.pid else ("Withdraw", "Leave the queue.")
            _button(name, "stop", lambda: queue.stop(runs, run.name), what, key="stop")


def _reset(runs: Path, run: Run, begin: Begin) -> None:
    def again() -> None:
        config = Config.from_dict(run.config["config"])
        begin(lambda: wishes.reset(runs, run, visitor(), free_name(runs, config)))

    _button("Reset", "replay", again, "Start these settings again from epoch 0, as a new run. This one is kept.")


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
