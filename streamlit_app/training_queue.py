"""One queue of trainings for all visitors; no Streamlit in here.

The queue's own list lies in the user's state folder (`training_jobs`), the trainings in run folders. Both are on disk,
so a reload, a second browser, or a new app process finds the same queue and takes over a child that is still running.
A run folder may come from anywhere: what stands in one decides neither what is started nor what is signalled.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import training_process
from training_foreign import beats_here, passing_over
from training_jobs import HOST, NAME, Job, locked, read_job, read_jobs, write_job
from training_process import launch, log_tail

from muldml_lite.config import Config
from muldml_lite.runs import Run, RunError, RunWriter, list_runs

COMMAND = (sys.executable, "-m", "muldml_lite")  # train or resume, and the run folder, follow
MAX_WAITING = 5
MAX_PER_VISITOR = 2
PATIENCE = 20.0  # seconds between asking a training to stop and ending it
# A paused training keeps its place for so many seconds; then it is stopped, and can be resumed with one click.
PAUSE_ALONE = 30 * 60.0
PAUSE_WHILE_OTHERS_WAIT = 3 * 60.0
NOT_YOURS = "this is another visitor's training; its buttons are theirs"


class QueueError(Exception):
    """A wish the queue can't grant; the message says why and what to do."""


def submit(runs: Path, config: Config, visitor: str, name: str, instead_of: str = "") -> Path:
    """Put a training at the end of the queue and return its folder; `instead_of` another one, which is stopped.

    Raises:
        QueueError: the name is unusable or taken, the other one is not theirs, or a limit is reached.
    """
    check_name(name)
    with locked(runs):
        if instead_of:
            check_owner(runs / instead_of, visitor)
        check_room(runs, visitor, besides=instead_of)
        path = runs / name
        try:
            path.mkdir()
        except FileExistsError:
            raise QueueError(f"a run called {name!r} exists already; choose another name") from None
        writer = RunWriter(path)
        writer.status("queued", "waiting for its turn")
        writer.config(config.to_dict())
        write_job(path, Job(visitor, time.time()))
        _stop(runs, instead_of)
    return path


def check_name(name: str) -> None:
    """Raises QueueError for a name that could lead elsewhere, or that means something else."""
    if not NAME.fullmatch(name) or name == "sample":
        raise QueueError(
            f"{name!r} can't be a run's name: use a–z, 0–9, dot, dash and underscore, at most 60, "
            "starting with a letter or digit (and not “sample”)"
        )


def owns(path: Path, visitor: str) -> bool:
    """Whether the visitor started the training in this folder; on the app's own machine, all are theirs."""
    job = read_job(path)
    return visitor == HOST or (job is not None and job.visitor == visitor)


def check_owner(path: Path, visitor: str) -> None:
    """Before anything is done to a training. Raises QueueError if it is not the visitor's."""
    if not owns(path, visitor):
        raise QueueError(NOT_YOURS)


def check_room(runs: Path, visitor: str, besides: str = "") -> None:
    """Raises QueueError if the visitor, or the queue, has enough to do `besides` one run."""
    open_jobs = [job for name, job in read_jobs(runs).items() if not job.done and name != besides]
    if sum(job.visitor == visitor for job in open_jobs) >= MAX_PER_VISITOR:
        raise QueueError(f"you have {MAX_PER_VISITOR} trainings under way; stop one or wait for it to end")
    if sum(job.pid == 0 for job in open_jobs) >= MAX_WAITING:
        raise QueueError(f"{MAX_WAITING} trainings are waiting already; try again when one has ended")


def stop(runs: Path, name: str, visitor: str = HOST) -> None:
    """Withdraw a waiting training, or ask a running one to stop (it keeps what it has learnt).

    Raises:
        QueueError: it is not the visitor's.
    """
    with locked(runs):
        check_owner(runs / name, visitor)
        _stop(runs, name)


def advance(runs: Path) -> None:
    """Take note of trainings that ended, and start the next one if none is running.

    Raises:
        OSError: the queue's own list can't be read or written. What a run folder holds raises nothing.
    """
    if not runs.is_dir():
        return
    with locked(runs):
        for name, job in read_jobs(runs).items():
            if job.pid and not job.done:
                with passing_over(runs / name):
                    _look_after(runs / name, job)
        for name in _waiting(runs):
            if _at_work(runs) or by_hand(runs):
                return
            with passing_over(runs / name):
                _launch(runs / name, read_jobs(runs)[name])


def running(runs: Path) -> Run | None:
    """The training that is being worked on; one started from the command line counts too."""
    name = _at_work(runs)
    return _readable(runs / name) if name else by_hand(runs)


def by_hand(runs: Path) -> Run | None:
    """A training on this machine that did not come through the queue."""
    known = read_jobs(runs)
    for run in list_runs(runs):
        job = known.get(run.name)
        if (job is None or job.done) and not run.path.is_symlink():
            with passing_over(run.path):
                if beats_here(run):
                    return run
    return None


def waiting(runs: Path) -> list[Run]:
    """Trainings not started yet, next one first."""
    return [run for name in _waiting(runs) if (run := _readable(runs / name))]


def jobs(runs: Path) -> list[tuple[Run, Job]]:
    """Every run folder that came through the queue, newest first."""
    known = read_jobs(runs)
    return [(run, known[run.name]) for run in list_runs(runs) if run.name in known]


def alive(job: Job) -> bool:
    """Whether the job's own process is at work."""
    return training_process.find(job.pid, job.born, job.folder) is not None


def keep_going(runs: Path, seconds: float = 1.5) -> threading.Thread:
    """Advance the queue in the background, so that it moves when nobody is looking; nothing ends it."""

    def loop() -> None:
        told = ""
        while True:
            try:
                advance(runs)
                told = ""
            except Exception as error:  # a full disk, say: to be told once, and tried again
                if told != (told := f"{type(error).__name__}: {error}"):
                    logging.getLogger(__name__).exception("the queue could not move on; it keeps trying")
            time.sleep(seconds)

    thread = threading.Thread(target=loop, name="training queue", daemon=True)
    thread.start()
    return thread


def _readable(path: Path) -> Run | None:
    with contextlib.suppress(RunError, OSError):
        return Run(path)
    return None


def _at_work(runs: Path) -> str:
    """The name of the queue's own training under way; empty: none."""
    return next((name for name, job in read_jobs(runs).items() if job.pid and not job.done), "")


def _waiting(runs: Path) -> list[str]:
    found = [(job.submitted, name) for name, job in read_jobs(runs).items() if not job.done and job.pid == 0]
    return [name for _, name in sorted(found)]


def _look_after(path: Path, job: Job) -> None:
    status = _status(path)
    process = training_process.find(job.pid, job.born, job.folder)
    if process is not None:
        if job.stop_asked and time.time() - job.stop_asked > PATIENCE:
            training_process.end(process)
            return
        left = pause_left(status, bool(_waiting(path.parent)))
        if left is not None and left <= 0 and not job.stop_asked:
            minutes = (time.time() - status["paused"]) / 60
            _ask_to_stop(path, replace(job, reason=f"paused for {minutes:.0f} minutes, so it made room"))
        return
    state = status.get("state", "unknown")
    if state == "cancelled" and job.reason:
        _end(path, job, "cancelled", job.reason)
    elif state in ("finished", "failed", "cancelled"):
        write_job(path, replace(job, done=True))
    elif job.stop_asked:
        _end(path, job, "cancelled", "stopped before its first epoch ended" if state == "queued" else "stopped")
    else:
        last = log_tail(path, 1) or "it printed nothing"
        _end(path, job, "failed", f"the training process ended early; its last line: {last}")


def pause_left(status: dict[str, Any], others_wait: bool) -> float | None:
    """Seconds for which a paused training may keep its place; None: it is not paused."""
    if status.get("state") != "running" or not isinstance(status.get("paused"), (int, float)):
        return None
    return status["paused"] + (PAUSE_WHILE_OTHERS_WAIT if others_wait else PAUSE_ALONE) - time.time()


def _stop(runs: Path, name: str) -> None:
    job = read_jobs(runs).get(name)
    if job is None or job.done:
        return
    if job.pid == 0:
        _end(runs / name, job, "cancelled", "withdrawn before it started")
    else:
        _ask_to_stop(runs / name, job)


def _ask_to_stop(path: Path, job: Job) -> None:
    process = training_process.find(job.pid, job.born, job.folder)
    if process is not None:
        training_process.ask_to_end(process)
        write_job(path, replace(job, stop_asked=job.stop_asked or time.time()))


def _status(path: Path) -> dict[str, Any]:
    """What the training itself said last; nothing if it cannot be read."""
    try:
        status = json.loads(training_process.read_end(path / "status.json", 1_000_000))
    except (ValueError, RecursionError):
        return {}
    return status if isinstance(status, dict) else {}


def _launch(path: Path, job: Job) -> None:
    """Start the training; one that can't be started has failed, and the next one's turn comes."""
    try:
        check_plain(path)
        folder = str(path.resolve())
        pid, born = launch([*COMMAND, job.command, "--run", folder], path)
    except (OSError, QueueError, ValueError) as error:
        _end(path, job, "failed", f"it could not be started: {error}")
        return
    write_job(path, replace(job, pid=pid, born=born or 0.0, folder=folder))


def check_plain(path: Path) -> None:
    """Raises QueueError unless a training would write into this very folder: a link may lead anywhere."""
    odd = (one for one in path.rglob("*") if one.is_symlink() or not (one.is_file() or one.is_dir()))
    odd = path if path.is_symlink() or not path.is_dir() else next(odd, None)
    if odd is not None:
        where = odd.relative_to(path.parent).as_posix()
        raise QueueError(f"{where} is missing, or a link, or no plain file: nothing is trained into such a folder")


def _end(path: Path, job: Job, state: str, message: str) -> None:
    write_job(path, replace(job, done=True))
    if path.is_dir() and not path.is_symlink():
        RunWriter(path).status(state, message)
