"""Which run the pages show: the shipped sample, one in the runs folder, or any folder on this machine."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from lesson import shows
from run_words import literal, shown
from visitor import own_machine

from muldml_lite.config import Config
from muldml_lite.runs import Run, RunError, list_runs

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "sample_run"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")  # as in the queue; those made by hand may have capitals
MOST_OPENED = 50  # folders that are remembered; the oldest is forgotten first
STATE_SIGNS = {
    "queued": ":material/hourglass_empty:",
    "running": ":material/play_circle:",
    "finished": ":material/check_circle:",
    "failed": ":material/error:",
    "cancelled": ":material/cancel:",
}


@dataclass(frozen=True)
class Choice:
    """A run's name in the URL, and the run, or why it can't be opened."""

    name: str
    run: Run | None
    problem: str = ""


def runs_folder() -> Path:
    return Path(os.environ.get("MULDML_RUNS") or ROOT / "runs").expanduser().resolve()


def resolve(name: str) -> Choice:
    """The run that a name from the URL means. A name never leads out of the runs folder."""
    opened = _opened_folders()
    if name == "sample":
        path = SAMPLE
    elif name in opened:
        path = opened[name]
    elif name.startswith("opened-"):
        return Choice(name, None, "This link points to a folder that was opened by hand; open it again below.")
    elif not NAME.fullmatch(name):
        return Choice("", None, "The link names no run: a run's name has no slashes and no leading dot.")
    else:
        path = inside(name)
    try:
        if path is not None:
            return Choice(name, Run(path))
    except RunError:
        pass  # no config.json
    if name == "sample":
        return Choice(name, None, "The sample run is not there yet. Make it with make sample-run, or train a run.")
    return Choice(name, None, f"There is no run called “{name}” in this app's folder (a link to one does not count).")


def inside(name: str) -> Path | None:
    """The folder of this very name in the runs folder; None for all else, so that nobody learns what else is there."""
    try:
        listed = name in os.listdir(runs_folder())  # some file systems take other letters for the same name
    except OSError:
        return None
    path = runs_folder() / name
    return path if listed and NAME.fullmatch(name) and not path.is_symlink() and path.is_dir() else None


def words(run: Run) -> str:
    """A run's name within a sentence."""
    return "the sample run" if run.path == SAMPLE else run.name


def short_path(run: Run) -> Path:
    """A run's folder as one would write it in the repository's root."""
    if run.path.parent == runs_folder():
        return Path("runs", run.name)
    return run.path.relative_to(ROOT) if run.path.is_relative_to(ROOT) else run.path


def choose(name: str) -> None:
    """Show this run from now on, on every page, and in the link."""
    st.session_state["run"] = name
    st.session_state.pop("pick", None)  # a point of one run means nothing in another
    st.query_params["run"] = name
    for key in ("point", "epoch"):
        st.query_params.pop(key, None)


def chosen() -> Choice:
    """The chosen run: the link's wish first (it may be a bookmark, or the back button), then the session's."""
    name = st.query_params.get("run") or st.session_state.get("run") or "sample"
    choice = resolve(name)
    st.session_state["run"] = name
    if st.query_params.get("run") != name:
        st.query_params["run"] = name
    return choice


def show_picker() -> None:
    """The side bar: all runs at hand, and a field for any other folder."""
    choice = chosen()
    if not shows("runs"):
        return
    names = _names(choice)
    with st.sidebar:
        st.session_state["run_choice"] = choice.name if choice.name in names else None
        st.selectbox(
            "Run",
            list(names),
            key="run_choice",
            format_func=lambda name: shown(names.get(name, name)),
            on_change=lambda: choose(st.session_state["run_choice"]),
            placeholder="Choose a run",
            help="A run is a folder with everything one training left behind.",
        )
        if choice.run:
            _facts(choice.run)
        elif choice.problem:
            st.warning(literal(choice.problem), icon=":material/folder_off:")
        if own_machine():
            with st.expander("Open any folder", icon=":material/folder_open:"):
                st.text_input(
                    "Path of a run folder", key="open_path", on_change=_open, placeholder="/home/me/runs/mine",
                    max_chars=1000,
                )  # fmt: skip
                if "open_problem" in st.session_state:
                    st.warning(literal(st.session_state["open_problem"]))


def _names(choice: Choice) -> dict[str, str]:
    names = {"sample": "Sample run"}
    names |= {run.name: run.name for run in listed()}
    names |= {name: f"{path.name} (opened)" for name, path in _opened_folders().items()}
    if choice.name and choice.name not in names and choice.run:
        names[choice.name] = choice.name
    return names


def listed() -> list[Run]:
    """The runs of the app's folder that a name can mean, newest first."""
    return [run for run in list_runs(runs_folder()) if NAME.fullmatch(run.name) and not run.path.is_symlink()]


def _facts(run: Run) -> None:
    try:
        config, state = Config.from_dict(run.config["config"]), run.status["state"]
    except Exception as error:  # the page says more; here the choice of another run must stay
        st.warning(literal(error), icon=":material/folder_off:")
        return
    count = f"N = {config.slices} slice{'s' if config.slices != 1 else ''}"
    low, high = config.thresholds
    tau = f"τ from {low:g} to {high:g}" if config.slices > 1 else f"τ = {(low + high) / 2:g}"
    tau = "no threshold" if config.method == "softmax" else tau
    st.caption(
        f"{STATE_SIGNS[state]} {state} · {config.method} on {literal(config.data)}  \n{count}, {tau}  \n"
        f"{config.epochs} epochs, seed {config.seed}"
    )


def _open() -> None:
    """Open the typed folder."""
    st.session_state.pop("open_problem", None)
    typed = st.session_state["open_path"].strip()
    if not typed or not own_machine():
        return
    path = Path(typed).expanduser()
    try:
        run = Run(path.resolve())
        _ = run.config
    except Exception as error:  # whatever lies there
        st.session_state["open_problem"] = str(error)
        return
    # The link carries a token, never a path: only folders opened here can be reached by it.
    token = "opened-" + hashlib.sha256(os.fsencode(run.path)).hexdigest()[:10]
    opened = _opened_folders()
    opened.pop(token, None)
    opened[token] = run.path
    while len(opened) > MOST_OPENED:
        del opened[next(iter(opened))]
    choose(token)


@st.cache_resource(show_spinner=False)
def _opened_folders() -> dict[str, Path]:
    """Folders opened by hand since the app started."""
    return {}
