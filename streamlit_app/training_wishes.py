"""What a visitor may ask of a run: pause, play, step, resume, fork. Written into its folder; no Streamlit in here."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import training_queue as queue

from muldml_lite.config import Config, ConfigError
from muldml_lite.runs import (
    Control,
    Run,
    RunError,
    RunWriter,
    clear_control,
    fork_config,
    make_fork,
    one_epoch,
    read_control,
    write_control,
)


def ask(run: Run, wish: str, visitor: str = queue.HOST) -> None:
    """Play, pause or step a training under way.

    Raises:
        QueueError: it is not the visitor's.
    """
    queue.check_owner(run.path, visitor)
    write_control(run.path, one_epoch(run) if wish == "step" else Control(wish))


def pause_asked(run: Run) -> bool:
    """Whether the training stands still now, or will as soon as it has seen the wish."""
    history = run.history
    try:
        return read_control(run.path).holds(history[-1]["epoch"] if history else 0)
    except RunError:
        return False


def resume(runs: Path, name: str, visitor: str) -> None:
    """Put a run that was stopped, or fell, into the queue once more.

    Raises:
        QueueError: it is not the visitor's, under way, finished, no run of this folder, or a limit is reached.
    """
    with queue.locked(runs):
        run = _own(runs, name)
        queue.check_owner(run.path, visitor)
        queue.check_plain(run.path)
        state, job = run.status["state"], queue.read_job(run.path)
        lost = state == "queued" and job is None  # forked from a terminal, or by an app with another list
        if not (lost or state in ("failed", "cancelled")) or (job and not job.done):
            raise queue.QueueError(f"{name} is {state}: only a run that was stopped or that failed can be resumed")
        queue.check_room(runs, visitor)
        clear_control(run.path)
        history = run.history
        where = f"after epoch {history[-1]['epoch']}" if history else "from the start"
        RunWriter(run.path).status("queued", f"waiting to go on {where}")
        queue.write_job(run.path, queue.Job(visitor, time.time(), command="resume"))


def fork(runs: Path, parent: Run, epoch: int, changes: dict[str, Any], visitor: str, name: str) -> Path:
    """Make a run that begins with the parent's epochs, and put it into the queue; returns its folder.

    Raises:
        QueueError: the name, the epoch or a setting is unusable, or a limit is reached.
    """
    queue.check_name(name)
    with queue.locked(runs):
        queue.check_room(runs, visitor)
        try:
            made = make_fork(parent, epoch, fork_config(parent, epoch, changes), runs / name)
        except (RunError, ConfigError) as error:
            raise queue.QueueError(str(error)) from error
        queue.write_job(made.path, queue.Job(visitor, time.time(), command="resume"))
    return made.path


def reset(runs: Path, run: Run, visitor: str, name: str) -> Path:
    """Stop a run, keep it, and start its settings again from epoch 0 under another name.

    Raises:
        QueueError: the run is another visitor's, the name is unusable or taken, or a limit is reached.
    """
    ours = run.path.parent == runs
    if ours:
        queue.check_owner(run.path, visitor)
    config = Config.from_dict(run.config["config"])
    return queue.submit(runs, config, visitor, name, instead_of=run.name if ours else "")


def _own(runs: Path, name: str) -> Run:
    queue.check_name(name)
    path = runs / name
    if path.is_symlink() or not path.is_dir():
        raise queue.QueueError(f"{name} is no run of this app's folder")
    return Run(path)
