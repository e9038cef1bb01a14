"""What a person asks of a training under way: one small file, written by whoever watches, read by who trains."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from muldml_lite.runs.contents import RunError
from muldml_lite.runs.files import read_json
from muldml_lite.runs.reader import Run
from muldml_lite.runs.writer import RunWriter
from muldml_lite.text import printable

FILE = "control.json"
MODES = ("play", "pause")


@dataclass(frozen=True)
class Control:
    """Go on, or stand still until told otherwise."""

    mode: str = "play"
    until: int | None = None  # stand still once this epoch is finished; None: train to the end

    def holds(self, finished: int) -> bool:
        """Whether a training that has finished this epoch is to stand still now."""
        return self.mode == "pause" or (self.until is not None and finished >= self.until)


def one_epoch(run: Run) -> Control:
    """The wish to finish the epoch under way, or else the next one, and to stand still after it."""
    history = run.history
    return Control("play", 1 + (history[-1]["epoch"] if history else 0))


def read_control(folder: str | os.PathLike[str]) -> Control:
    """The wish that lies in a run folder; without a file: play.

    Raises:
        RunError: the file holds something else than a mode and perhaps an epoch.
    """
    path = Path(folder) / FILE
    if not os.path.lexists(path):
        return Control()
    values = read_json(path)
    if set(values) - {"mode", "until"}:
        raise RunError(f'{path}: expected {{"mode": "play" or "pause", "until": epoch or null}}')
    mode, until = values.get("mode", "play"), values.get("until")
    if mode not in MODES:
        raise RunError(f"{path}: mode {printable(repr(mode), 60)}, expected one of {', '.join(MODES)}")
    if until is not None and (isinstance(until, bool) or not isinstance(until, int) or not 0 <= until < 2**31):
        raise RunError(f"{path}: until {printable(repr(until), 60)}, expected an epoch (0 or more) or null")
    return Control(mode, until)


def clear_control(folder: str | os.PathLike[str]) -> None:
    """Forget what was asked of an earlier training in this folder."""
    (Path(folder) / FILE).unlink(missing_ok=True)


def write_control(folder: str | os.PathLike[str], control: Control) -> None:
    """Replace the wish; a training that is under way follows within a second or one step, whichever is longer."""
    with RunWriter(folder).replacing(FILE) as path:
        path.write_text(json.dumps(asdict(control)) + "\n", encoding="utf-8")
