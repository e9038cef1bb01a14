"""One queue of trainings, on disk, for all visitors; no Streamlit in here.

A training is a run folder with a `job.json` beside the run's own files: who asked, when, and which
process works on it. Everything that matters is on disk, so a reload, a second browser, or a new
app process finds the same queue and takes over a child that is still running.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from training_process import is_alive, launch, log_tail

from muldml_lite.config import Config
from muldml_lite.runs import Run, RunError, RunWriter, list_runs

COMMAND = (sys.executable, "-m", "muldml_lite")  # train or resume, and the run folder, follow
MAX_WAITING = 5
MAX_PER_VISITOR = 2
PATIENCE = 20.0  # seconds between asking a training to stop and ending it
# A paused training keeps its place for so many seconds; then it is stopped, and can be resumed with one click.
PAUSE_ALONE = 30 * 60.0
PAUSE_WHILE_OTHERS_WAIT = 3 * 60.0
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
_THREADS = threading.RLock()  # the file lock below holds between processes, this one between threads


class QueueError(Exception):
    """A wish the queue can't grant; the message says why and what to do."""


@dataclass(frozen=True)
class Job:
    """What the queue knows about one training, beyond what the run folder says."""

    visitor: str
    submitted: float
    pid: int = 0  # 0: not started yet
    born: str = ""  # start time of the process as the system tells it: a pid may be given to another
    stop_asked: float = 0.0
    done: bool = False
    command: str = "train"  # or resume
    reason: str = ""  # why the queue itself stopped it


def submit(runs: Path, config: Config, visitor: str, name: str, instead_of: str = "") -> Path:
    """Put a training at the end of the queue and return its folder; `instead_of` another one, which is stopped.

    Raises:
        QueueError: the name is unusable or taken, or a limit is reached.
    """
    check_name(name)
    with locked(runs):
        check_room(runs, visitor, besides=instead_of)
        path = runs / name
        try:
            path.mkdir()
        except FileExistsError:
            raise QueueError(f"a run called {name!r} exists already; choose another name") from None
        write_job(path, Job(visitor, time.time()))
        writer = RunWriter(path)
        writer.status("queued", "waiting for its turn")
        writer.config(config.to_dict())
        _stop(runs, instead_of)
    return path


def check_name(name: str) -> None:
    """Raises QueueError for a name that could lead elsewhere, or that means something else."""
    if not NAME.fullmatch(name) or name == "sample":
        raise QueueError(
            f"{name!r} can't be a run's name: use a–z, 0–9, dot, dash and underscore, at most 60, "
            "starting with a letter or digit (and not “sample”)"
        )


def check_room(runs: Path, visitor: str, besides: str = "") -> None:
    """Raises QueueError if the visitor, or the queue, has enough to do `besides` one run."""
    open_jobs = [job for run, job in jobs(runs) if not job.done and run.name != besides]
    if sum(job.visitor == visitor for job in open_jobs) >= MAX_PER_VISITOR:
        raise QueueError(f"you have {MAX_PER_VISITOR} trainings under way; stop one or wait for it to end")
    if sum(job.pid == 0 for job in open_jobs) >= MAX_WAITING:
        raise QueueError(f"{MAX_WAITING} trainings are waiting already; try again when one has ended")


def stop(runs: Path, name: str) -> None:
    """Withdraw a waiting training, or ask a running one to stop (it keeps what it has learnt)."""
    with locked(runs):
        _stop(runs, name)


def advance(runs: Path) -> None:
    """Take note of trainings that ended, and start the next one if none is running."""
    if not runs.is_dir():
        return
    with locked(runs):
        for run, job in jobs(runs):
            if job.pid and not job.done:
                _look_after(run, job)
        waiting = [(run, job) for run, job in jobs(runs) if not job.done and job.pid == 0]
        if waiting and running(runs) is None:
            run, job = min(waiting, key=lambda pair: pair[1].submitted)
            _launch(run.path, job)


def running(runs: Path) -> Run | None:
    """The training that is being worked on; one started from the command line counts too."""
    for run in list_runs(runs):
        job = read_job(run.path)
        if job is not None:
            if job.pid and not job.done:
                return run
            continue
        with contextlib.suppress(RunError):
            if run.status["state"] == "running":
                return run
    return None


def waiting(runs: Path) -> list[Run]:
    """Trainings not started yet, next one first."""
    found = [(job.submitted, run) for run, job in jobs(runs) if not job.done and job.pid == 0]
    return [run for _, run in sorted(found, key=lambda pair: pair[0])]


def jobs(runs: Path) -> list[tuple[Run, Job]]:
    """Every run folder that came through the queue, newest first."""
    pairs = ((run, read_job(run.path)) for run in list_runs(runs))
    return [(run, job) for run, job in pairs if job is not None]


def read_job(path: Path) -> Job | None:
    try:
        return Job(**json.loads((path / "job.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def alive(job: Job) -> bool:
    """Whether the job's own process is at work."""
    return bool(job.pid) and is_alive(job.pid, job.born)


def keep_going(runs: Path, seconds: float = 1.5) -> threading.Thread:
    """Advance the queue in the background, so that it moves when nobody is looking."""

    def loop() -> None:
        while True:
            with contextlib.suppress(OSError):  # a full disk must not end the queue
                advance(runs)
            time.sleep(seconds)

    thread = threading.Thread(target=loop, name="training queue", daemon=True)
    thread.start()
    return thread


def _look_after(run: Run, job: Job) -> None:
    status = _status(run.path)
    if alive(job):
        if job.stop_asked and time.time() - job.stop_asked > PATIENCE:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(job.pid, signal.SIGKILL)
            return
        left = pause_left(status, bool(waiting(run.path.parent)))
        if left is not None and left <= 0 and not job.stop_asked:
            minutes = (time.time() - status["paused"]) / 60
            _ask_to_stop(run.path, replace(job, reason=f"paused for {minutes:.0f} minutes, so it made room"))
        return
    state = status.get("state", "unknown")
    if state == "cancelled" and job.reason:
        _end(run.path, job, "cancelled", job.reason)
    elif state in ("finished", "failed", "cancelled"):
        write_job(run.path, replace(job, done=True))
    elif job.stop_asked:
        _end(run.path, job, "cancelled", "stopped before its first epoch ended" if state == "queued" else "stopped")
    else:
        last = log_tail(run.path, 1) or "it printed nothing"
        _end(run.path, job, "failed", f"the training process ended early; its last line: {last}")


def pause_left(status: dict[str, Any], others_wait: bool) -> float | None:
    """Seconds for which a paused training may keep its place; None: it is not paused."""
    if status.get("state") != "running" or not isinstance(status.get("paused"), (int, float)):
        return None
    return status["paused"] + (PAUSE_WHILE_OTHERS_WAIT if others_wait else PAUSE_ALONE) - time.time()


def _stop(runs: Path, name: str) -> None:
    for run, job in jobs(runs):
        if run.name != name or job.done:
            continue
        if job.pid == 0:
            _end(run.path, job, "cancelled", "withdrawn before it started")
        elif alive(job):
            _ask_to_stop(run.path, job)


def _ask_to_stop(path: Path, job: Job) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(job.pid, signal.SIGTERM)
    write_job(path, replace(job, stop_asked=job.stop_asked or time.time()))


def _status(path: Path) -> dict[str, Any]:
    """What the training itself said last; nothing if it cannot be read."""
    try:
        status = json.loads((path / "status.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return status if isinstance(status, dict) else {}


def _launch(path: Path, job: Job) -> None:
    pid, born = launch([*COMMAND, job.command, "--run", str(path.resolve())], path)
    write_job(path, replace(job, pid=pid, born=born))


def _end(path: Path, job: Job, state: str, message: str) -> None:
    RunWriter(path).status(state, message)
    write_job(path, replace(job, done=True))


def write_job(path: Path, job: Job) -> None:
    with RunWriter(path).replacing("job.json") as temporary:
        temporary.write_text(json.dumps(asdict(job)), encoding="utf-8")


@contextlib.contextmanager
def locked(runs: Path) -> Iterator[None]:
    """Nobody else changes the queue meanwhile; not to be nested."""
    runs.mkdir(parents=True, exist_ok=True)
    with _THREADS, open(runs / ".queue.lock", "w") as file:
        try:
            import fcntl  # absent on Windows, where one app process has to do

            fcntl.flock(file, fcntl.LOCK_EX)  # released when the file is closed
        except ImportError:
            pass
        yield
