"""Describes in words what a run was trained on, starting weights included."""

from __future__ import annotations

from pathlib import PurePath
from typing import NamedTuple

from muldml_lite.runs import Run


class Learned(NamedTuple):
    words: str
    drawn: bool | None  # whether drawn faces were among it; None: unknown for the starting weights
    photographs: bool | None


def learned_from(run: Run) -> Learned:
    settings = run.config["config"]
    data, start = str(settings.get("data", "")) or "its own images", str(settings.get("weights", "random"))
    drawn = data.startswith("drawn:")
    words = f"drawn faces ({data.removeprefix('drawn:')})" if drawn else data
    if start == "random":
        return Learned(words, drawn, not drawn)
    if start == "drawn":
        return Learned(f"{words}, after a start on drawn faces", True, not drawn)
    return Learned(f"{words}, after a start from {PurePath(start).name}", drawn or None, not drawn or None)
