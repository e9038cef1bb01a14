"""Runs a study with time left, going on where a stopped one ended, and reads it."""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from muldml_lite.claims.ledger import Claim, Experiment
from muldml_lite.claims.plan import (
    Job,
    Settings,
    cells_of,
    choose,
    confirmation,
    exploration,
    key_of,
    plan_hash,
    why_not_gone_on,
)
from muldml_lite.claims.registry import load_registry
from muldml_lite.claims.study import Study, StudyError, StudyWriter
from muldml_lite.claims.verdicts import CONFIRMATION, Reading, read_rows
from muldml_lite.claims.workers import Task, open_pool, terminated_as_interrupt
from muldml_lite.runs import is_bare

BED_SECONDS = 20.0  # about, to make one
_CHUNK_SECONDS = 12.0  # of work handed out at once: what a stopped study has to wait for

Progress = Callable[[str, int, int, float], None]  # (what, runs done, runs in all, seconds left)


def run_study(
    folder: Path,
    settings: Settings,
    *,
    ids: Sequence[str] = (),
    file: str | None = None,
    workers: int = 1,
    facts: dict[str, Any] | None = None,
    progress: Progress | None = None,
) -> Study:
    """Run what is still missing of a study, read it, write its verdicts.

    Args:
        ids: claims by id or number; all by default.
        file: a Python file with CLAIMS and EXPERIMENTS of the user's own.
        facts: command, machine and versions, kept in study.json.

    Raises:
        StudyError: the folder holds a study with another plan, or no such claim.
    """
    registry = load_registry(file)
    claims = registry.chosen(ids)
    names = dict.fromkeys(name for claim in claims for name in claim.experiments)
    unknown = next((name for name in names if name not in registry.experiments), None)
    if unknown is not None:
        raise StudyError(f"{unknown}: no such experiment, expected some of {', '.join(registry.experiments)}")
    # In the ledger's order, cheap ones first, so that a study that is stopped early says something.
    experiments = [one for name, one in registry.experiments.items() if name in names]
    run = _StudyRun(folder, settings, claims, experiments, file, progress)
    run.begin(facts or {})
    with terminated_as_interrupt(), open_pool(workers) as pool:
        try:
            run.do(pool, exploration(experiments, claims, settings), "searching regimes")
            chosen = choose(Study(folder).rows, experiments, claims, settings) if settings.explore else {}
            run.note(chosen=chosen)
            run.do(pool, confirmation(experiments, claims, settings, chosen), "confirming")
        except BaseException as error:
            run.note()
            run.status("stopped" if isinstance(error, KeyboardInterrupt) else "failed", str(error))
            raise
    run.finish()
    return Study(folder)


def read_study(study: Study) -> Reading:
    """Everything that a study says, recomputed from its rows."""
    return read_rows(study.rows, study.claims, study.about.get("chosen", {}))


def runs_behind(study: Study, interval: Any) -> list[dict[str, Any]]:
    """The runs that an interval was made of, treatment first."""
    from muldml_lite.claims.derived import with_derived

    arms = (interval.treatment, interval.control)
    rows = [r for r in with_derived(study.rows) if r["draw"] >= CONFIRMATION and r["cell"] == interval.cell]
    return [row for arm in arms for row in rows if row["arm"] == arm]


class _StudyRun:
    """The writing side of one study."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        claims: Sequence[Claim],
        experiments: Sequence[Experiment],
        file: str | None,
        progress: Progress | None,
    ) -> None:
        self.folder, self.settings, self.claims, self.file = folder, settings, claims, file
        self.experiments = {one.name: one for one in experiments}
        self.cells = {(e.name, cell.name): cell for e in experiments for cell in cells_of(e, settings)}
        self.progress = progress or (lambda *_: None)
        self.writer: StudyWriter | None = None
        self.started, self.counts = time.time(), {}

    def begin(self, facts: dict[str, Any]) -> None:
        about = {
            "format": 1,
            **facts,
            "settings": self.settings.to_json(),
            "claims": [claim.to_json() for claim in self.claims],
            "cells": {
                cell.name: {"experiment": name, "text": cell.text, "search": cell.search, **cell.settings}
                for (name, _), cell in self.cells.items()
            },
            "seconds": 0.0,
        }
        about = json.loads(json.dumps(about))
        about["plan"] = plan_hash(about)
        if (self.folder / "study.json").exists():
            before = Study(self.folder).about
            packed = "its rows are packed" if (self.folder / "rows.jsonl.gz").exists() else ""
            why = packed or why_not_gone_on(before, about)
            if why:
                raise StudyError(f"{self.folder}: {why}; choose another folder")
            about["seconds"] = before.get("seconds", 0.0)
        elif not is_bare(self.folder):
            raise StudyError(f"{self.folder}: not empty and not a study folder; choose another")
        self.writer = StudyWriter(self.folder)
        self.writer.mend()
        self.about = about
        self.spent = about["seconds"]
        self.note()
        self.status("running", "starting")

    def note(self, **values: Any) -> None:
        self.about |= values
        self.about["seconds"] = round(self.spent + time.time() - self.started, 1)
        self.writer.json("study.json", self.about)

    def status(self, state: str, message: str = "", done: int = 0, total: int = 0, left: float = 0.0) -> None:
        process = {"pid": os.getpid(), "heartbeat": time.time()}
        counts = {"done": done, "total": total, "seconds_left": round(left, 1)}
        if not total and self.counts:  # stopped or failed: how far it was
            counts = {**self.counts, "seconds_left": 0.0}
        self.counts = counts
        self.writer.json("status.json", {"state": state, **counts, **process, "message": message})

    def finish(self) -> None:
        self.note()
        reading = read_study(Study(self.folder))
        self.writer.json(
            "verdicts.json",
            {
                "verdicts": [asdict(one) for one in reading.verdicts],
                "intervals": [asdict(i) for i in reading.intervals],
            },
        )
        count = len(Study(self.folder).rows)
        self.status("finished", done=count, total=count)

    def do(self, pool: Any, jobs: Sequence[Job], what: str) -> None:
        """Whatever has no row yet, draw by draw: a study that is stopped has whole draws. The dear tier comes last."""
        done = {key_of(row) for row in Study(self.folder).rows}
        left = [job for job in jobs if job not in done]
        counted = len(jobs) - len(left)
        waves: dict[tuple[bool, int], list[Task]] = defaultdict(list)
        for task in self._tasks(left):
            waves[self.experiments[task.jobs[0].experiment].tier != "frozen", task.draw].append(task)
        beds = {wave: self._missing_beds(tasks) for wave, tasks in waves.items()}
        pace = _Pace(sum(task.seconds for tasks in (*waves.values(), *beds.values()) for task in tasks))
        for wave in sorted(waves):
            for group, name in ((beds[wave], "warming up networks"), (waves[wave], what)):
                for task, rows in pool.run(group):
                    self.writer.rows(rows)
                    counted += len(task.jobs)
                    seconds = pace.after(task.seconds)
                    self.progress(name, counted, len(jobs), seconds)
                    self.status("running", name, counted, len(jobs), seconds)

    def _missing_beds(self, tasks: Sequence[Task]) -> list[Task]:
        needed = sorted({(task.data, task.draw) for task in tasks if task.data is not None})
        return [
            self._task(data, draw, (), BED_SECONDS)
            for data, draw in needed
            if not (self.folder / "beds" / f"{data}-{draw}.npz").exists()
        ]

    def _tasks(self, jobs: Sequence[Job]) -> list[Task]:
        """Runs on the same draw together, a few seconds of work at a time."""
        groups: dict[tuple[str, str | None, int], list[Job]] = defaultdict(list)
        for job in jobs:
            settings = self.cells[job.experiment, job.cell].settings
            data = settings["data"] if settings.get("bed", True) else None
            groups[job.experiment, data, job.draw].append(job)
        tasks = []
        for (name, data, draw), members in groups.items():
            seconds = self.experiments[name].seconds
            size = max(1, int(_CHUNK_SECONDS / seconds))
            for start in range(0, len(members), size):
                chunk = tuple(members[start : start + size])
                tasks.append(self._task(data, draw, chunk, seconds * len(chunk)))
        return tasks

    def _task(self, data: str | None, draw: int, jobs: tuple[Job, ...], seconds: float) -> Task:
        return Task(str(self.folder), self.settings, self.file, data, draw, jobs, seconds)


class _Pace:
    """Time left, by how long the finished part took."""

    def __init__(self, total: float) -> None:
        self.total, self.done, self.started = total, 0.0, time.perf_counter()

    def after(self, seconds: float) -> float:
        self.done += seconds
        return (time.perf_counter() - self.started) / self.done * (self.total - self.done)
