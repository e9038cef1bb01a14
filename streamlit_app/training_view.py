"""One run while it trains, and after: progress, warnings, curves."""

from __future__ import annotations

from typing import Any

import run_cache
import run_picker
import streamlit as st
import training_queue
from face_html import colour_key
from figures import show_figure
from live_view import live_view
from run_words import literal, shown
from training_process import log_tail

from muldml_lite import plots
from muldml_lite.runs import Run


def show_run(run: Run, state: str, message: str, config: dict[str, Any]) -> None:
    """Everything about one run. `state` is queued, running, finished, failed or cancelled."""
    history = run_cache.history(run)
    if state == "failed":
        show_failure(run, message)
    elif state == "cancelled":
        st.info(f"Cancelled: {literal(message or 'stopped')}. What it had learnt is kept.", icon=":material/cancel:")
    show_progress(history, state, message, int(config.get("epochs") or 1))
    if not history:
        return
    live_view(run, state, message)
    st.caption(
        "Each picture is a slice, each point a face after the newest epoch; a slice that shrinks to a point has "
        "collapsed. Δ is how far it stays from the first slice's, onto which it is turned or mirrored. A slice whose "
        "hinges are all active learns the same whatever its τ is. Point at a curve, or use the arrow keys in it, to "
        "read all curves at that epoch."
    )
    show_origin(run)
    show_warnings(history)
    show_numbers(history)
    if state not in ("queued", "running"):
        show_curves(history)


def show_origin(run: Run) -> None:
    """Of a fork: where the dotted line comes from, and the way to see both runs."""
    forked = run.config.get("forked")
    if not isinstance(forked, dict) or not isinstance(forked.get("epoch"), int):
        return
    parent = str(forked.get("run"))
    parent = "sample" if parent == run_picker.SAMPLE.name else parent  # its name in links
    st.caption(f"The dotted line marks the fork: up to epoch {forked['epoch']} this is {literal(parent)}.")
    if parent != "sample" and not run_picker.NAME.fullmatch(parent):
        return
    st.page_link(
        "views/compare.py",
        label=f"**Compare with {literal(parent)}**",
        icon=":material/compare_arrows:",
        query_params={"runs": [parent, run.name]},
    )


def show_curves(history: list[dict[str, Any]]) -> None:
    """Figures to take home: two curves of the whole network, then three with a line for each slice."""
    folded = st.expander("Figures to take home", icon=":material/show_chart:", key="figures_open", on_change="rerun")
    if not folded.open:  # charts that nobody looks at would make a page change twice as long
        return
    with folded:
        pair = ((plots.loss_curves, "losses"), (plots.accuracy_curves, "accuracies on training and unseen subjects"))
        for column, (plot, words) in zip(st.columns(2), pair, strict=True):
            with column:
                show_figure(plot(history), plot.__name__, f"Line chart over epochs: {words}.")
        if not history[-1]["slices"]:
            return
        names = [plots.slice_name(i, s.get("threshold")) for i, s in enumerate(history[-1]["slices"])]
        st.html("<b>Slice by slice</b>" + colour_key(names, plots.slice_colours(len(names))))
        for column, (key, words) in zip(st.columns(3), plots.SLICE_CURVES.items(), strict=True):
            with column:
                show_figure(plots.slice_curve(history, key), key, f"Line chart over epochs, one line a slice: {words}.")


def show_progress(history: list[dict[str, Any]], state: str, message: str, epochs: int) -> None:
    done = int(history[-1]["epoch"]) if history else 0
    if state == "queued":
        st.progress(0.0, literal(message[:1].upper() + message[1:]) or "Waiting for its turn")
        return
    if state == "running":
        left = history[-1].get("seconds_left") if history else None
        text = f"Epoch {done} of {epochs} done" + (f", about {duration(left)} left" if left else "")
        if not history:
            text = "Starting: loading the network and the data"
        text = f"Epoch {done} of {epochs} done" if message.startswith("paused") else text
        st.progress(min(done / epochs, 1.0), text + (f" · {literal(message)}" if message else ""))
        return
    word = {"finished": "Finished", "failed": "Failed", "cancelled": "Cancelled"}[state]
    st.progress(min(done / epochs, 1.0), f"{word} after epoch {done} of {epochs}")


def show_failure(run: Run, message: str) -> None:
    st.error(f"**The training failed.** {literal(message)}", icon=":material/error:")
    tail = log_tail(run.path)
    if tail:
        st.caption("Last lines of its train.log:")
        st.code(shown(tail), language=None)


def show_warnings(history: list[dict[str, Any]]) -> None:
    """Collapse and saturation don't show in the accuracy, so they are said."""
    now = history[-1].get("warnings") or []
    if now:
        st.warning(
            f"**After epoch {literal(history[-1]['epoch'])}:**\n\n" + "\n".join(f"- {literal(line)}" for line in now),
            icon=":material/warning:",
        )
        return
    earlier = [record["epoch"] for record in history if record.get("warnings")]
    if earlier:
        st.caption(f"There were warnings after epoch {literal(', '.join(map(str, earlier)))}; they no longer hold.")


def show_numbers(history: list[dict[str, Any]]) -> None:
    last, first = history[-1], history[0]
    row = st.container(horizontal=True, gap="small")
    shown = {"Head, unseen": "head_accuracy", "k-NN, unseen": "knn_accuracy", "Training": "train_accuracy"}
    for name, key in shown.items():
        value, before = last.get(key), first.get(key)
        gain = f"{100 * (value - before):+.0f} points" if None not in (value, before) and last is not first else None
        text = "–" if value is None else f"{value:.1%}"
        row.metric(name, text, gain, help="Change: since epoch 0, untrained", width=122)
    speed = last.get("images_per_second")
    row.metric("Images a second", "–" if speed is None else f"{speed:,.0f}", width=122)


def duration(seconds: float) -> str:
    seconds = max(round(seconds), 1)
    return f"{seconds} s" if seconds < 100 else f"{seconds // 60} min {seconds % 60:02d} s"


def state_of(run: Run, job: training_queue.Job | None) -> tuple[str, str]:
    """State and message; a run of our queue is as alive as its process, whatever its heartbeat says."""
    try:
        status = run.status
        state, message = status["state"], str(status.get("message", ""))
    except Exception as error:  # RunError, or whatever a folder from elsewhere may cause
        return ("queued", "starting") if job and not job.done else ("failed", str(error))
    if job and not job.done and state in ("queued", "failed", "running"):
        if job.stop_asked:
            return "running", "stopping; what it has learnt is kept"
        if job.pid and state == "queued":
            return "running", "starting the process"
    if state == "queued" and job is None:
        return state, "it is in nobody's queue here; Resume puts it into this one"
    return state, message
