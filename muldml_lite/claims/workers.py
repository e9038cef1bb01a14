"""Who does the runs: this process, or one of a single thread on every core."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any, NamedTuple

from muldml_lite.claims.beds import Draw, Source, load_bed
from muldml_lite.claims.plan import Job, Settings, cells_of
from muldml_lite.claims.registry import load_registry
from muldml_lite.claims.verdicts import CONFIRMATION


class Task(NamedTuple):
    """Work for one process: a bed to be made, or runs on one draw."""

    folder: str
    settings: Settings
    file: str | None  # the user's own claims
    data: str | None
    draw: int
    jobs: tuple[Job, ...]  # none: only make the bed
    seconds: float  # expected


def perform(task: Task) -> list[dict[str, Any]]:
    """Make a bed, or do some runs → their rows."""
    source = Source(task.data, task.settings.root) if task.data else None
    if not task.jobs:
        load_bed(Path(task.folder), source, task.draw, task.settings.scale)
        return []
    registry = load_registry(task.file)
    rows = []
    for job in task.jobs:
        experiment = registry.experiments[job.experiment]
        cell = next(c for c in cells_of(experiment, task.settings) if c.name == job.cell)
        bed = load_bed(Path(task.folder), source, task.draw, task.settings.scale) if source else Draw(task.draw)
        started = time.perf_counter()
        outcome = experiment.measure(bed, cell, job.arm, job.seed)
        rows.append(
            {
                **job._asdict(),
                "tier": experiment.tier,
                "phase": "confirmation" if job.draw >= CONFIRMATION else "exploration",
                "measured": {name: _rounded(value) for name, value in outcome.measured.items()},
                "active": None if outcome.active is None else _rounded(outcome.active),
                "saturated": bool(outcome.saturated),
                "collapsed": bool(outcome.collapsed),
                **({"untestable": outcome.untestable} if outcome.untestable else {}),
                "seconds": round(time.perf_counter() - started, 2),
            }
        )
    return rows


def _rounded(value: Any) -> Any:
    """Five significant digits are more than any of these numbers means; NaN becomes null."""
    if isinstance(value, (list, tuple)):
        return [_rounded(one) for one in value]
    return float(f"{value:.5g}") if math.isfinite(value) else None


@contextmanager
def terminated_as_interrupt() -> Iterator[None]:
    """SIGTERM ends a study as Ctrl-C does; only the main thread may say so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Here:
    """All work in this process."""

    def run(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, list[dict[str, Any]]]]:
        for task in tasks:
            yield task, perform(task)


class _Processes:
    """Work handed out to processes, a little ahead of what they can do, so that little is lost by stopping."""

    def __init__(self, workers: int) -> None:
        self.workers = range(workers)
        self.pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_prepare)

    def run(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, list[dict[str, Any]]]]:
        waiting, under_way = list(reversed(tasks)), {}
        while waiting or under_way:
            while waiting and len(under_way) < len(self.workers) + 1:
                task = waiting.pop()
                under_way[self.pool.submit(perform, task)] = task
            finished: set[Future] = wait(under_way, return_when=FIRST_COMPLETED).done
            for future in finished:
                yield under_way.pop(future), future.result()


@contextmanager
def open_pool(workers: int) -> Iterator[_Here | _Processes]:
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"  # for the processes to come: as many of them as cores, one thread each
    if workers == 1:
        _one_thread()
        yield _Here()
        return
    processes = _Processes(workers)
    try:
        yield processes
    finally:
        processes.pool.shutdown(cancel_futures=True)  # waits for what is under way, some seconds


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def _prepare() -> None:
    """A worker: one thread, deaf to Ctrl-C (the parent stops it), gone when its parent is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _one_thread()

    def watch() -> None:
        parent = parent_process()
        while parent.is_alive():
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
