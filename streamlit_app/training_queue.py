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
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from muldml_lite.config import Config
from muldml_lite.runs import Run, RunError, RunWriter, list_runs

ROOT = Path(__file__).resolve().parents[1]
COMMAND = (sys.executable, "-m", "muldml_lite", "train", "--run")  # the run folder follows
MAX_WAITING = 5
MAX_PER_VISITOR = 2
PATIENCE = 20.0  # seconds between asking a training to stop and ending it
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


def submit(runs: Path, config: Config, visitor: str, name: str) -> Path:
    """Put a training at the end of the queue and return its folder.

    Raises:
        QueueError: the name is unusable or taken, or a limit is reached.
    """
    if not NAME.fullmatch(name) or name == "sample":
        raise QueueError(
            f"{name!r} can't be a run's name: use a–z, 0–9, dot, dash and underscore, at most 60, "
            "starting with a letter or digit (and not “sample”)"
        )
    with _lock(runs):
        open_jobs = [(run, job) for run, job in jobs(runs) if not job.done]
        if sum(job.visitor == visitor for _, job in open_jobs) >= MAX_PER_VISITOR:
            raise QueueError(f"you have {MAX_PER_VISITOR} trainings under way; stop one or wait for it to end")
        if sum(job.pid == 0 for _, job in open_jobs) >= MAX_WAITING:
            raise QueueError(f"{MAX_WAITING} trainings are waiting already; try again when one has ended")
        path = runs / name
        try:
            path.mkdir()
        except FileExistsError:
            raise QueueError(f"a run called {name!r} exists already; choose another name") from None
        _write_job(path, Job(visitor, time.time()))
        writer = RunWriter(path)
        writer.status("queued", "waiting for its turn")
        writer.config(config.to_dict())
    return path


def stop(runs: Path, name: str) -> None:
    """Withdraw a waiting training, or ask a running one to stop (it keeps what it has learnt)."""
    with _lock(runs):
        for run, job in jobs(runs):
            if run.name != name or job.done:
                continue
            if job.pid == 0:
                _end(run.path, job, "cancelled", "withdrawn before it started")
            elif alive(job):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(job.pid, signal.SIGTERM)
                _write_job(run.path, replace(job, stop_asked=job.stop_asked or time.time()))


def advance(runs: Path) -> None:
    """Take note of trainings that ended, and start the next one if none is running."""
    if not runs.is_dir():
        return
    with _lock(runs):
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


def log_tail(path: Path, lines: int = 12) -> str:
    """The last lines a training printed; progress bars rewrite a line, of which the last state counts."""
    try:
        text = (path / "train.log").read_bytes()[-20_000:].decode("utf-8", "replace")
    except OSError:
        return ""
    printed = [line.rsplit("\r", 1)[-1].rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    return "\n".join([line for line in printed if line][-lines:])


def alive(job: Job) -> bool:
    """Whether the job's own process is at work (not a later one under the same pid, not a zombie)."""
    if not job.pid:
        return False
    with contextlib.suppress(ChildProcessError, OSError):
        os.waitpid(job.pid, os.WNOHANG)  # our own child: without this it would stay a zombie
    try:
        os.kill(job.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False  # someone else's process: the pid was given away
    state, born = _process(job.pid)
    return state != "Z" and (not job.born or not born or born == job.born)


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
    if alive(job):
        if job.stop_asked and time.time() - job.stop_asked > PATIENCE:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(job.pid, signal.SIGKILL)
        return
    try:
        state = json.loads((run.path / "status.json").read_text(encoding="utf-8"))["state"]
    except (OSError, ValueError, KeyError, TypeError):
        state = "unknown"
    if state in ("finished", "failed", "cancelled"):
        _write_job(run.path, replace(job, done=True))
    elif job.stop_asked:
        _end(run.path, job, "cancelled", "stopped before its first epoch ended" if state == "queued" else "stopped")
    else:
        last = log_tail(run.path, 1) or "it printed nothing"
        _end(run.path, job, "failed", f"the training process ended early; its last line: {last}")


def _launch(path: Path, job: Job) -> None:
    # What the package prints must reach the log at once, and its import must not depend on the folder.
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(paths)}
    with open(path / "train.log", "ab") as log:
        child = subprocess.Popen(
            [*COMMAND, str(path.resolve())],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # the app may end, or be interrupted, without ending the training
        )
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, child.pid, 5)  # the pages stay quick while it computes
    _write_job(path, replace(job, pid=child.pid, born=_process(child.pid)[1]))
    child.returncode = 0  # `alive` waits for it; this keeps Popen from warning about a living child


def _end(path: Path, job: Job, state: str, message: str) -> None:
    RunWriter(path).status(state, message)
    _write_job(path, replace(job, done=True))


def _write_job(path: Path, job: Job) -> None:
    with RunWriter(path).replacing("job.json") as temporary:
        temporary.write_text(json.dumps(asdict(job)), encoding="utf-8")


def _process(pid: int) -> tuple[str, str]:
    """State letter and start time of a process; empty where the system has no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return "", ""
    return fields[0], fields[19]


@contextlib.contextmanager
def _lock(runs: Path) -> Iterator[None]:
    runs.mkdir(parents=True, exist_ok=True)
    with _THREADS, open(runs / ".queue.lock", "w") as file:
        try:
            import fcntl  # absent on Windows, where one app process has to do

            fcntl.flock(file, fcntl.LOCK_EX)  # released when the file is closed
        except ImportError:
            pass
        yield
