"""Which studies of the ledger there are, and what pages read from them, remembered until a file changes."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import run_picker
import streamlit as st
from figures import harmless
from run_words import literal

from muldml_lite.claims import Interval, Reading, Study, StudyError, read_study, runs_behind
from muldml_lite.runs.files import read_json

SHIPPED = run_picker.ROOT / "data" / "claims"
_FILES = ("study.json", "rows.jsonl", "rows.jsonl.gz")
# Streamlit writes in a grey that is too faint for the numbers beside the marks; these are the theme's own inks.
_INKS = {"light": "#24282d", "dark": "#e9e7e2"}
_PATIENCE = 180  # seconds without a heartbeat after which a study counts as stopped


@dataclass(frozen=True)
class Choice:
    """A study's name in the URL, and the study, or why it can't be opened."""

    name: str
    study: Study | None
    problem: str = ""


def resolve(name: str) -> Choice:
    """The study that a name from the URL means. A name never leads out of the runs folder."""
    if name == "shipped":
        path = SHIPPED
    elif not run_picker.NAME.fullmatch(name):
        return Choice("", None, "The link names no study: a study's name has no slashes and no leading dot.")
    else:
        path = run_picker.inside(name)
    with contextlib.suppress(StudyError):
        if path is not None:
            return Choice(name, Study(path))
    if name == "shipped":
        return Choice(name, None, "The shipped study is not there yet.")
    return Choice(name, None, f"There is no study called “{name}” in this app's folder.")


def names() -> dict[str, str]:
    """Studies at hand: name in the URL → words, the shipped one first, then the newest."""
    found = {"shipped": "Shipped study"} if (SHIPPED / "study.json").is_file() else {}
    runs = run_picker.runs_folder()
    paths = [path.parent for path in runs.glob("*/study.json")] if runs.is_dir() else []
    paths = [path for path in paths if run_picker.inside(path.name)]
    return found | {path.name: path.name for path in sorted(paths, key=_changed, reverse=True)}


def _changed(path: Path) -> float:
    with contextlib.suppress(OSError):
        return (path / "study.json").stat().st_mtime
    return 0.0


@contextlib.contextmanager
def study_problems() -> Iterator[None]:
    """Turn what a broken or half-written study causes into one line."""
    try:
        yield
    except StudyError as error:
        st.warning(f"**This study can't be shown.** {literal(error)}", icon=":material/folder_off:")
    except Exception as error:
        logging.getLogger(__name__).exception("a study could not be shown")
        st.warning(
            f"**This study's files don't fit together** ({literal(f'{type(error).__name__}: {error}')}). "
            "The server's log has more.",
            icon=":material/folder_off:",
        )


def stamp(study: Study) -> tuple[int, ...]:
    """Changes whenever a run is added or the study is described anew."""
    times = []
    for name in _FILES:
        with contextlib.suppress(OSError):
            found = (study.path / name).stat()
            times += [found.st_mtime_ns, found.st_size]
    return tuple(times)


def reading(study: Study) -> Reading:
    return _reading(os.fsencode(study.path), stamp(study))


def count(study: Study) -> int:
    """How many runs a study holds."""
    return _count(os.fsencode(study.path), stamp(study))


def figure(study: Study, make: Callable[..., go.Figure], *words: Any) -> go.Figure:
    """`make(study, reading, *words)`, drawn and checked once for each state of the study."""
    return _figure(os.fsencode(study.path), stamp(study), _INKS.get(st.context.theme.type), make.__name__, make, words)


def behind(study: Study, interval: Interval) -> list[dict[str, Any]]:
    return _behind(os.fsencode(study.path), stamp(study), interval)


def status(study: Study) -> dict[str, Any]:
    """State, done, total and seconds left as the process that runs it said last; empty if it said nothing."""
    try:
        said = read_json(study.path / "status.json", StudyError)
        if said["state"] == "running" and time.time() - said["heartbeat"] > _PATIENCE:
            said["state"] = "stopped"
        return said
    except (StudyError, KeyError, TypeError):
        return {}


# Read-only by convention: pages never write into these, so they are shared, not copied.
@st.cache_resource(show_spinner=False, max_entries=4)
def _study(path: bytes, changed: tuple[int, ...]) -> Study:
    """With the rows that it has read: to read them again takes a tenth of a second."""
    return Study(os.fsdecode(path))


@st.cache_resource(show_spinner=False, max_entries=4)
def _reading(path: bytes, changed: tuple[int, ...]) -> Reading:
    return read_study(_study(path, changed))


@st.cache_resource(show_spinner=False, max_entries=16)
def _count(path: bytes, changed: tuple[int, ...]) -> int:
    return len(_study(path, changed).rows)


@st.cache_resource(show_spinner=False, max_entries=64)
def _figure(
    path: bytes, changed: tuple[int, ...], ink: str | None, name: str, _make: Callable[..., go.Figure], words: Any
) -> go.Figure:
    study = _study(path, changed)
    figure = _make(study, reading(study), *words).update_layout(font_color=ink)
    for axes in (figure.update_xaxes, figure.update_yaxes):
        axes(tickfont_color=ink, title_font_color=ink)
    return harmless(figure)


@st.cache_resource(show_spinner=False, max_entries=16)
def _behind(path: bytes, changed: tuple[int, ...], interval: Interval) -> list[dict[str, Any]]:
    return runs_behind(_study(path, changed), interval)
