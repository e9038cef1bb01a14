"""What the queue knows about trainings: a file of this user's own, where no run folder can write.

Run folders are copied, shared and downloaded. So nothing in one says whose it is, what to start, or which process to
signal: all of that lies in the user's state folder, in one file for each folder of runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import re
import stat
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import platformdirs

HOST = ""  # the visitor on the app's own machine, to whom all trainings belong
COMMANDS = ("train", "resume")
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
_THREADS = threading.RLock()  # the file lock below holds between processes, this one between threads
_KINDS = {"str": str, "int": int, "float": (int, float), "bool": bool}


@dataclass(frozen=True)
class Job:
    """What the queue knows about one training, beyond what the run folder says."""

    visitor: str
    submitted: float
    pid: int = 0  # 0: not started yet
    born: float = 0.0  # when, as `training_process` counts: a pid may be given to another process
    folder: str = ""  # as it stands in the process's command line
    stop_asked: float = 0.0
    done: bool = False
    command: str = "train"  # or resume
    reason: str = ""  # why the queue itself stopped it

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if not isinstance(value, _KINDS[item.type]) or isinstance(value, bool) != (item.type == "bool"):
                raise ValueError(f"{item.name}: {value!r} given, expected {item.type}")
        if self.command not in COMMANDS:
            raise ValueError(f"command: {self.command!r} given, expected one of {', '.join(COMMANDS)}")


def read_jobs(runs: Path) -> dict[str, Job]:
    """Every training that came through this queue: name of its folder → job."""
    path = _file(runs)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))["jobs"]
        return {name: Job(**job) for name, job in values.items() if NAME.fullmatch(name)}  # others may lead elsewhere
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        logging.getLogger(__name__).warning("%s cannot be read (%s); it is kept as *.broken", path, error)
        with contextlib.suppress(OSError):
            os.replace(path, path.with_suffix(".broken"))
        return {}


def read_job(path: Path) -> Job | None:
    """What the queue knows about the run in this folder."""
    return read_jobs(path.parent).get(path.name)


def write_job(path: Path, job: Job) -> None:
    """Remember a training; those that ended and whose folders are gone are forgotten."""
    kept = {name: one for name, one in read_jobs(path.parent).items() if not one.done or (path.parent / name).is_dir()}
    kept[path.name] = job
    target = _file(path.parent)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".queue.")  # its owner's alone
    try:
        with open(handle, "w", encoding="utf-8") as file:
            json.dump({"runs": str(path.parent), "jobs": {name: asdict(one) for name, one in kept.items()}}, file)
        os.replace(temporary, target)
    finally:
        Path(temporary).unlink(missing_ok=True)


@contextlib.contextmanager
def locked(runs: Path) -> Iterator[None]:
    """Nobody else changes the queue meanwhile; not to be nested."""
    runs.mkdir(parents=True, exist_ok=True)
    with _THREADS, open(_file(runs).with_suffix(".lock"), "w") as file:
        try:
            import fcntl  # absent on Windows, where one app process has to do

            fcntl.flock(file, fcntl.LOCK_EX)  # released when the file is closed
        except ImportError:
            pass
        yield


def _file(runs: Path) -> Path:
    """This queue's file.

    Raises:
        OSError: the state folder can't be made, or is not this user's own.
    """
    asked = os.environ.get("MULDML_STATE")
    folder = Path(asked) / "muldml_lite" if asked else platformdirs.user_state_path("muldml_lite", appauthor=False)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix":
        facts = folder.stat()
        if facts.st_uid != os.getuid():
            raise OSError(f"{folder}: belongs to another user; the queue keeps its list there")
        if stat.S_IMODE(facts.st_mode) != 0o700:
            folder.chmod(0o700)
    name = hashlib.sha256(os.fsencode(os.path.realpath(runs))).hexdigest()[:24]
    return folder / f"queue-{name}.json"
