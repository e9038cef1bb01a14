"""The process of one training: started on its own, asked whether it lives, and read for its last words."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOG = "train.log"


def launch(command: Sequence[str], folder: Path) -> tuple[int, str]:
    """Start a process that outlives the app and prints into the folder's log; its pid and start time."""
    # What the package prints must reach the log at once, and its import must not depend on the folder.
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(paths)}
    with open(folder / LOG, "ab") as log:
        child = subprocess.Popen(
            list(command),
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # the app may end, or be interrupted, without ending the training
        )
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, child.pid, 5)  # the pages stay quick while it computes
    child.returncode = 0  # `is_alive` waits for it; this keeps Popen from warning about a living child
    return child.pid, _facts(child.pid)[1]


def is_alive(pid: int, born: str) -> bool:
    """Whether the process that was born then is at work (not a later one under the same pid, not a zombie)."""
    with contextlib.suppress(ChildProcessError, OSError):
        os.waitpid(pid, os.WNOHANG)  # our own child: without this it would stay a zombie
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False  # someone else's process: the pid was given away
    state, found = _facts(pid)
    return state != "Z" and (not born or not found or found == born)


def log_tail(folder: Path, lines: int = 12) -> str:
    """The last lines a training printed; progress bars rewrite a line, of which the last state counts."""
    try:
        text = (folder / LOG).read_bytes()[-20_000:].decode("utf-8", "replace")
    except OSError:
        return ""
    printed = [line.rsplit("\r", 1)[-1].rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    return "\n".join([line for line in printed if line][-lines:])


def _facts(pid: int) -> tuple[str, str]:
    """State letter and start time of a process; empty where the system has no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return "", ""
    return fields[0], fields[19]
