"""What the first visitor of a page would wait for is fetched while somebody reads the first page."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

import run_picker
import streamlit as st

_PAUSE = 0.3  # seconds before each part: who clicks meanwhile goes first


@st.cache_resource(show_spinner=False)
def large_chunks() -> list[str]:
    """File names of the largest parts of Streamlit's page, those that draw charts and tables; without unknown ones."""
    folder = Path(st.__file__).parent / "static" / "static" / "js"
    found = (next(folder.glob(f"{name}.*.js"), None) for name in ("PlotlyChart", "DataFrame"))
    return [path.name for path in found if path]


@st.cache_resource(show_spinner=False)
def warm_up() -> threading.Thread | None:
    """Read in the background what pages show by default; once a process, and only if somebody is served."""
    if not st.runtime.exists():
        return None
    thread = threading.Thread(target=_fetch, name="warm-up", daemon=True)
    thread.start()
    return thread


def _fetch() -> None:
    for part in (_faces, _payloads, _studies):
        time.sleep(_PAUSE)
        try:
            part()
        except Exception:  # whatever is broken will be said on the page that shows it
            logging.getLogger(__name__).info("warming up failed", exc_info=True)


# What these import, the first page need not wait for.
def _faces() -> None:
    import faces_cache

    sample = run_picker.resolve("sample").run
    if sample is not None:
        faces_cache.prepare(sample)


def _payloads() -> None:
    import pandas  # noqa: F401  (whole, before charts look for it)
    import run_cache

    sample = run_picker.resolve("sample").run
    if sample is not None:
        run_cache.payload(sample)
        run_cache.packed(sample)


def _studies() -> None:
    import study_cache

    shipped = study_cache.resolve("shipped").study
    if shipped is not None:
        study_cache.reading(shipped)
        study_cache.count(shipped)
