"""The threshold view as a Streamlit component, and which runs' thresholds it can show together."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import run_cache
import run_picker
import streamlit as st
from run_words import sent

from muldml_lite.runs import Run
from muldml_lite.widgets.packed import pack
from muldml_lite.widgets.thresholds import SOURCE, thresholds_payload

_mount = st.components.v2.component(
    "muldml_thresholds",
    html='<div class="muldml-mount"></div>',
    css=SOURCE.style,
    js=SOURCE.module,
)
MOST_OTHERS = 6


def thresholds_view(
    token: str, pick: dict[str, Any], hides: Sequence[str], changed: Callable[[], None], key: str
) -> None:
    """Show the values of that token; `pick` is Python's wish with a serial that is new when the wish is.

    `hides`: blocks that the present lesson leaves out, of downloads and controls.
    """
    _mount(data={"token": token, "pick": pick, "hides": list(hides)}, key=key, on_seen_change=changed)


def other_runs(run: Run) -> dict[str, str]:
    """Runs whose thresholds could join: name in the link → words, those with a single threshold first."""
    found = []
    folders = run_picker.listed()
    if run.path != run_picker.SAMPLE and run_picker.resolve("sample").run:
        folders.append(Run(run_picker.SAMPLE))
    for other in folders:
        sample = other.path == run_picker.SAMPLE
        words = _words(other) if other.path != run.path else ""
        if words:
            name = "sample" if sample else other.name
            found.append(("slices" in words, name, f"{'Sample run' if sample else name}: {words}"))
    return {name: words for _, name, words in sorted(found, key=lambda item: item[0])}


def _words(run: Run) -> str:
    """What a run was trained at; empty if it has no threshold or nothing to show yet."""
    try:
        config = run.config["config"]
        low, high = config["thresholds"]
        if config["method"] == "softmax" or not (run.path / "snapshots").is_dir():
            return ""
        count = config["slices"]
        at = f"{count} slices, τ = {low:g} to {high:g}" if count > 1 else f"τ = {(low + high) / 2:g}"
        return f"{config['method']}, {at}"
    except Exception:  # a folder may hold anything
        return ""


def payload(run: Run, others: Sequence[Run]) -> tuple[str, bytes, dict[str, Any]]:
    """Token, packed values, and what links may ask for: epochs, parts, names."""
    runs = [run, *others]
    return _payload(tuple(os.fsencode(one.path) for one in runs), tuple(run_cache.stamp(one) for one in runs))


@st.cache_resource(show_spinner=False, max_entries=6)
def _payload(paths: tuple[bytes, ...], changed: tuple[tuple[int, ...], ...]) -> tuple[str, bytes, dict[str, Any]]:
    first, *rest = map(Run, map(os.fsdecode, paths))
    values = thresholds_payload(first, rest)
    values["runs"] = [sent(one) for one in values["runs"]]
    test = values["runs"][0]["test"]
    scope = {
        "epochs": values["runs"][0]["epochs"],
        "parts": [part for part, wanted in (("training", 0), ("unseen", 1)) if wanted in test],
        "names": [one["name"] for one in values["runs"]],
        "shown": len(test),
        "of": values["runs"][0]["of"],
        "thresholds": values["runs"][0]["thresholds"],
    }
    return values["token"], pack(values), scope
