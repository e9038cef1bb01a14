"""One run while it trains, and after: progress, warnings, curves."""

from __future__ import annotations

from typing import Any

import run_cache
import streamlit as st
import training_queue
from face_html import colour_key

from muldml_lite import plots
from muldml_lite.runs import Run, RunError

QUIET = {"displaylogo": False, "displayModeBar": False}


def show_run(run: Run, state: str, message: str, config: dict[str, Any]) -> None:
    """Everything about one run. `state` is queued, running, finished, failed or cancelled."""
    history = run_cache.history(run)
    if state == "failed":
        show_failure(run, message)
    elif state == "cancelled":
        st.info(f"Cancelled: {message or 'stopped'}. What it had learnt is kept.", icon=":material/cancel:")
    show_progress(history, state, message, int(config.get("epochs") or 1))
    if not history:
        return
    show_warnings(history)
    show_numbers(history)
    show_curves(history)


def show_curves(history: list[dict[str, Any]]) -> None:
    """Two curves of the whole network, then three with a line for each slice."""
    pair = ((plots.loss_curves, "losses"), (plots.accuracy_curves, "accuracies on training and unseen subjects"))
    for column, (plot, words) in zip(st.columns(2), pair, strict=True):
        alt = f"Line chart over epochs: {words}."
        column.plotly_chart(plot(history), key=plot.__name__, config=QUIET, alt=alt)
    if not history[0]["slices"]:
        return
    names = [plots.slice_name(i, s.get("threshold")) for i, s in enumerate(history[0]["slices"])]
    st.html("<b>Slice by slice</b>" + colour_key(names, plots.slice_colours(len(names))))
    for column, (key, words) in zip(st.columns(3), plots.SLICE_CURVES.items(), strict=True):
        alt = f"Line chart over epochs, one line a slice: {words}."
        column.plotly_chart(plots.slice_curve(history, key), key=key, config=QUIET, alt=alt)


def show_progress(history: list[dict[str, Any]], state: str, message: str, epochs: int) -> None:
    done = history[-1]["epoch"] if history else 0
    if state == "queued":
        st.progress(0.0, "Waiting for its turn")
        return
    if state == "running":
        left = history[-1].get("seconds_left") if history else None
        text = f"Epoch {done} of {epochs} done" + (f", about {duration(left)} left" if left else "")
        if not history:
            text = "Starting: loading the network and the data"
        st.progress(min(done / epochs, 1.0), text + (f" · {message}" if message else ""))
        return
    word = {"finished": "Finished", "failed": "Failed", "cancelled": "Cancelled"}[state]
    st.progress(min(done / epochs, 1.0), f"{word} after epoch {done} of {epochs}")


def show_failure(run: Run, message: str) -> None:
    st.error(f"**The training failed.** {message}", icon=":material/error:")
    tail = training_queue.log_tail(run.path)
    if tail:
        st.caption("Last lines of its train.log:")
        st.code(tail, language=None)


def show_warnings(history: list[dict[str, Any]]) -> None:
    """Collapse and saturation don't show in the accuracy, so they are said."""
    now = history[-1].get("warnings") or []
    if now:
        st.warning(
            f"**After epoch {history[-1]['epoch']}:**\n\n" + "\n".join(f"- {line}" for line in now),
            icon=":material/warning:",
        )
        return
    earlier = [record["epoch"] for record in history if record.get("warnings")]
    if earlier:
        st.caption(f"There were warnings after epoch {', '.join(map(str, earlier))}; they no longer hold.")


def show_numbers(history: list[dict[str, Any]]) -> None:
    last, first = history[-1], history[0]
    cells = st.columns(4)
    shown = {"Head, unseen": "head_accuracy", "k-NN, unseen": "knn_accuracy", "Training": "train_accuracy"}
    for cell, (name, key) in zip(cells, shown.items(), strict=False):
        value, before = last.get(key), first.get(key)
        gain = f"{100 * (value - before):+.0f} points" if None not in (value, before) and last is not first else None
        cell.metric(name, "–" if value is None else f"{value:.1%}", gain, help="Change: since epoch 0, untrained")
    speed = last.get("images_per_second")
    cells[3].metric("Images a second", "–" if speed is None else f"{speed:,.0f}")


def duration(seconds: float) -> str:
    seconds = max(round(seconds), 1)
    return f"{seconds} s" if seconds < 100 else f"{seconds // 60} min {seconds % 60:02d} s"


def state_of(run: Run, job: training_queue.Job | None) -> tuple[str, str]:
    """State and message; a run of our queue is as alive as its process, whatever its heartbeat says."""
    try:
        status = run.status
    except RunError as error:
        return ("queued", "starting") if job and not job.done else ("failed", str(error))
    state, message = status["state"], status.get("message", "")
    if job and not job.done and state in ("queued", "failed", "running"):
        if job.stop_asked:
            return "running", "stopping"
        if job.pid and state == "queued":
            return "running", "starting the process"
    return state, message
