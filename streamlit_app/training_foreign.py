"""Run folders that did not come through the queue: whether one makes it wait, and which could not be read."""

from __future__ import annotations

import contextlib
import logging
import platform
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from muldml_lite.runs import STALE_SECONDS, Run, RunError
from muldml_lite.runs.checked import check_status
from muldml_lite.runs.files import read_json

_AHEAD = 5.0  # seconds by which a heartbeat may lie in the future
_passed_over: dict[Path, str] = {}  # run folder → why the queue ignores it


def passed_over(runs: Path) -> dict[str, str]:
    """Folders that the queue ignored when it last looked: name → why."""
    return {path.name: why for path, why in sorted(_passed_over.items()) if path.parent == runs and path.is_dir()}


@contextlib.contextmanager
def passing_over(path: Path) -> Iterator[None]:
    """Report a folder's error once, in the log and in the queue's view, and go on."""
    try:
        yield
    except Exception as error:
        why = str(error) if isinstance(error, RunError) else f"{type(error).__name__}: {error}"
        if _passed_over.get(path) != why:
            _passed_over[path] = why
            logging.getLogger(__name__).warning("passed over in the queue: %r (%s)", str(path), why)
    else:
        _passed_over.pop(path, None)


def beats_here(run: Run) -> bool:
    """Whether the folder is that of a living training on this machine.

    Raises:
        RunError: its status says so, but is wrong.
    """
    where = run.path / "status.json"
    if not where.exists():
        return False
    status = check_status(read_json(where), where)
    beat, pid = status.get("heartbeat"), status.get("pid")
    if status["state"] != "running" or (beat is not None and time.time() - beat > STALE_SECONDS):
        return False
    if status.get("host") != platform.node():
        raise RunError(f"{where}: is being trained on another machine, so the queue here does not wait for it")
    if beat is None or beat > time.time() + _AHEAD:
        raise RunError(f"{where}: heartbeat {beat!r}, expected a time in the past")
    try:
        here = pid > 1 and psutil.Process(pid).create_time() <= beat + _AHEAD
    except (psutil.Error, TypeError, ValueError, OverflowError, OSError):
        here = False
    if not here:
        raise RunError(f"{where}: says that it is running, but process {pid!r} is not its training")
    return True
