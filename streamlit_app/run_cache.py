"""What pages read from run folders, remembered until a file changes."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from run_words import literal, sent

from muldml_lite import analysis
from muldml_lite.runs import Probe, Run, RunError, Snapshot
from muldml_lite.widgets import slices_payload
from muldml_lite.widgets.packed import pack

_FILES = ("config.json", "probe.npz", "layout.npz", "history.jsonl", "snapshots")


@contextlib.contextmanager
def run_problems(remedy: str = "Choose another run in the side bar.") -> Iterator[None]:
    """Turn whatever a broken or half-written run folder causes into a message with a remedy.

    `main.py` puts it around every page; fragments, which run without main.py, and parts of a page that the others
    can do without, have their own.
    """
    try:
        yield
    except RunError as error:
        st.warning(f"**This run can't be shown here.** {literal(error)}\n\n{remedy}", icon=":material/folder_off:")
    except Exception as error:
        logging.getLogger(__name__).exception("a run folder could not be shown")
        st.warning(
            f"**This run's files don't fit together** ({literal(f'{type(error).__name__}: {error}')}).\n\n{remedy} "
            "The server's log has the details.",
            icon=":material/folder_off:",
        )


def stamp(run: Run) -> tuple[int, ...]:
    """Changes whenever a file that pages read has changed (not with every heartbeat)."""
    times = []
    for name in _FILES:
        with contextlib.suppress(OSError):
            times.append((run.path / name).stat().st_mtime_ns)
    return tuple(times)


def probe(run: Run) -> Probe:
    return _probe(os.fsencode(run.path), _time(run.path / "probe.npz"))


def snapshot(run: Run, epoch: int = -1) -> Snapshot:
    epochs = run.epochs
    if epoch not in epochs:
        epoch = epochs[-1] if epochs else -1
    return _snapshot(os.fsencode(run.path), epoch, _time(run.path / "snapshots" / f"{epoch:04d}.npz"))


def payload(run: Run) -> dict[str, Any]:
    return _payload(os.fsencode(run.path), stamp(run))


def packed(run: Run) -> bytes:
    """The payload as one piece, as it is sent to browsers."""
    return _packed(os.fsencode(run.path), stamp(run))


def history(run: Run) -> list[dict[str, Any]]:
    return _history(os.fsencode(run.path), _time(run.path / "history.jsonl"))


def contrast(run: Run) -> dict[str, Any]:
    """Whom the nearest image shows, in pixels and in the trained embedding."""
    return _contrast(os.fsencode(run.path), stamp(run))


def joined(snap: Snapshot) -> np.ndarray:
    """The whole embedding (n, N·d), of the slices side by side."""
    return np.concatenate(list(snap.slices), axis=1)


def _time(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


# Read-only by convention: pages never write into these arrays, so they are shared, not copied. Paths go by their
# bytes, as the cache can't take names that are no UTF-8.
@st.cache_resource(show_spinner=False, max_entries=8)
def _probe(path: bytes, changed: int) -> Probe:
    found = Run(os.fsdecode(path)).probe
    count = len(found.labels)
    sizes = {len(getattr(found, name)) for name in ("thumbnails", "subjects", "test", "index", "names")}
    if sizes != {count} or not count or found.labels.max() >= len(found.classes):
        raise RunError(f"{os.fsdecode(path)}/probe.npz: its arrays don't fit together")
    return found


@st.cache_resource(show_spinner=False, max_entries=64)
def _snapshot(path: bytes, epoch: int, changed: int) -> Snapshot:
    return Run(os.fsdecode(path)).snapshot(epoch)


@st.cache_resource(show_spinner=False, max_entries=4)
def _payload(path: bytes, changed: tuple[int, ...]) -> dict[str, Any]:
    return sent(slices_payload(Run(os.fsdecode(path))))


@st.cache_resource(show_spinner=False, max_entries=4)
def _packed(path: bytes, changed: tuple[int, ...]) -> bytes:
    return pack(_payload(path, changed))


@st.cache_resource(show_spinner=False, max_entries=16)
def _history(path: bytes, changed: int) -> list[dict[str, Any]]:
    return Run(os.fsdecode(path)).history


@st.cache_resource(show_spinner=False, max_entries=8)
def _contrast(path: bytes, changed: tuple[int, ...]) -> dict[str, Any]:
    run = Run(os.fsdecode(path))
    faces, snap = run.probe, run.snapshot()
    pixels = analysis.pixel_vectors(faces)
    people = (faces.labels, faces.subjects)
    known = bool((faces.subjects >= 0).all())
    return {
        "pixels": pixels,
        "shares": {
            "raw pixels": analysis.nearest_share(pixels, *people),
            "trained embedding": analysis.nearest_share(joined(snap), *people),
        }
        if known
        else {},
    }
