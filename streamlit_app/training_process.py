"""The process of one training: started on its own, found again, ended, and read for its last words."""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
LOG = "train.log"
_CLOCK = 2.0  # seconds by which two answers for one process's birth may differ
_OPEN = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_children: dict[int, subprocess.Popen] = {}  # this app process's own: whoever does not ask for them leaves zombies


def launch(command: Sequence[str], folder: Path) -> tuple[int, float]:
    """Start a process that outlives the app and prints into the folder's log; its pid and when it was born.

    Raises:
        OSError: it can't be started, or the log is no plain file.
    """
    # What the package prints must reach the log at once, and its import must not depend on the folder.
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(paths)}
    handle = os.open(folder / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _OPEN, 0o644)
    with open(handle, "ab") as log:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(f"{LOG}: not a plain file")
        child = subprocess.Popen(
            list(command),
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # the app may end, or be interrupted, without ending the training
        )
    _children[child.pid] = child
    born = 0.0
    with contextlib.suppress(psutil.Error, OSError):
        process = psutil.Process(child.pid)
        born = _birth(process)
        # The pages stay quick while it computes.
        process.nice(5 if os.name == "posix" else psutil.BELOW_NORMAL_PRIORITY_CLASS)
    return child.pid, born


def find(pid: int, born: float, folder: str) -> psutil.Process | None:
    """The process that `launch` started for this folder; None: it has ended, and its pid may be another's."""
    child = _children.get(pid)
    if child is not None and child.poll() is not None:
        del _children[pid]
    if pid <= 1 or not folder:
        return None
    try:
        process = psutil.Process(pid)
        same = abs(_birth(process) - born) <= _CLOCK and folder in process.cmdline()
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (psutil.Error, OSError, ValueError, OverflowError):  # gone, or somebody else's
        return None


def ask_to_end(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.Error):
        process.terminate()


def end(process: psutil.Process) -> None:
    """End a process that doesn't listen, and what it started."""
    with contextlib.suppress(psutil.Error):
        for one in (*process.children(recursive=True), process):
            with contextlib.suppress(psutil.Error):
                one.kill()


def log_tail(folder: Path, lines: int = 12) -> str:
    """The last lines a training printed; progress bars rewrite a line, of which the last state counts."""
    text = read_end(folder / LOG, 20_000).decode("utf-8", "replace")
    printed = [line.rsplit("\r", 1)[-1].rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    return "\n".join([line for line in printed if line][-lines:])


def read_end(path: Path, most: int) -> bytes:
    """The last bytes of a plain file; nothing of a link, a pipe or a device, which a copied folder may hold."""
    try:
        with open(os.open(path, os.O_RDONLY | _OPEN), "rb") as file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode):
                return b""
            file.seek(max(0, facts.st_size - most))
            return file.read(most)
    except OSError:
        return b""


def _birth(process: psutil.Process) -> float:
    """When a process was born, in a way that setting the clock does not change."""
    # Linux keeps seconds since the machine was started, to which psutil adds what the clock says of that start now.
    return process.create_time() - (psutil.boot_time() if psutil.LINUX else 0.0)
