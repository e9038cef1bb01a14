"""`benchmark`: a data set's protocol with several methods and seeds, and the report of it; `compare`: two of these."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from muldml_lite.benchmark.plan import ORDER, SEEDS, BenchmarkError, Plan, PlannedRun, make_plan, run_folder
from muldml_lite.commands.facts import command_facts
from muldml_lite.config import Config
from muldml_lite.runs import RunWriter, is_bare, locked
from muldml_lite.text import without_home

# Settings that the protocol itself decides, or that are said in another way.
OWN = ("method", "fold", "folds", "seed")
_MACHINE = ("processor", "cores", "system")
_PLAN, _RESULTS, _REPORT, _LOG = "benchmark.json", "results.json", "report.html", "messages.txt"
_MOST_SEEDS = 1000
_LOOK = 1.0  # seconds between two looks at how far a training is


def add_benchmark(parser: argparse.ArgumentParser) -> None:
    """The words of `benchmark`, beside the settings that all its runs share."""
    parser.allow_abbrev = False  # `--seed 3` would be taken for three seeds
    parser.add_argument(
        "--methods", default=",".join(ORDER), metavar="A,B", help="methods, separated by commas (default: %(default)s)"
    )
    parser.add_argument(
        "--folds", type=int, metavar="K", help="folds; 0: one split (default: as the data set's protocol has it)"
    )
    parser.add_argument(
        "--seeds", type=int, default=SEEDS, metavar="K", help="seeds, 0 to K − 1 (default: %(default)s)"
    )
    parser.add_argument(
        "--out", metavar="DIR", help="folder; goes on with what is there (default: runs/benchmark-DATA)"
    )


def run_benchmark(options: argparse.Namespace) -> int:
    """Do what is not done yet, keep the report up to date, say the results; 1 if a training failed."""
    names = (item.name for item in dataclasses.fields(Config) if item.name not in OWN)
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    if options.seeds > _MOST_SEEDS:
        raise BenchmarkError(f"--seeds {options.seeds}: expected at most {_MOST_SEEDS:,}")
    plan = make_plan(given, [name for name in options.methods.split(",") if name], options.folds, options.seeds)
    out = Path(options.out or f"runs/benchmark-{plan.data.replace(':', '-')}")
    job = _Benchmark(out, plan, quiet=options.json)
    results = job.run()
    _show(out, results, options.json)
    return 1 if any(run["state"] == "failed" for run in results["runs"]) else 0


def add_compare(parser: argparse.ArgumentParser) -> None:
    """The words of `compare`."""
    parser.add_argument("out", metavar="DIR", help="folder of a benchmark")
    parser.add_argument("control", metavar="CONTROL", help="folder of another one, of the same data and folds")


def run_compare(options: argparse.Namespace) -> int:
    """Say what the settings that differ are worth."""
    from muldml_lite.benchmark import compare
    from muldml_lite.benchmark.words import compared

    found = compare(Path(options.out), Path(options.control))
    print(json.dumps(found) if options.json else "\n".join(compared(found)))
    return 0


class _Benchmark:
    """One call of the command."""

    def __init__(self, out: Path, plan: Plan, *, quiet: bool) -> None:
        self.out, self.plan, self.quiet = out, plan, quiet
        self.about: dict[str, Any] = {}

    def run(self) -> dict[str, Any]:
        from muldml_lite.trainer import count_processes

        if count_processes() > 1:
            raise BenchmarkError("started in several processes; a benchmark does its runs one after the other in one")
        if not is_bare(self.out) and not (self.out / _PLAN).is_file():
            raise BenchmarkError(f"{self.out}: not empty and not a benchmark's folder; choose another --out")
        with locked(self.out, BenchmarkError):
            return self._run()

    def _run(self) -> dict[str, Any]:
        from muldml_lite.benchmark import run_all
        from muldml_lite.benchmark.runner import check_folder

        check_folder(self.out, self.plan)
        self.about = {
            **command_facts(_MACHINE),
            "data": _look_at_data(self.plan, self.quiet),
        }  # bad data ends here, before any run
        self._write(_PLAN, _as_json({**self.about, "plan": _words_of(self.plan)}))
        self.report()  # so that there is a page to keep open from the beginning
        with _Progress(self.out, self.plan, self.quiet) as progress:

            def after(planned: PlannedRun) -> None:
                progress.after(planned)
                self.report()

            try:
                run_all(self.out, self.plan, self._train, before=progress.before, after=after)
            except KeyboardInterrupt:
                self.report()
                raise
        return self.report()

    def _train(self, folder: Path, config: Config, resume: Any, dataset: Any) -> None:
        from muldml_lite.commands.training import run_training

        with open(self.out / _LOG, "a", encoding="utf-8") as log, contextlib.redirect_stderr(log), locked(folder):
            print(f"{folder.name}:", file=log)
            run_training(folder, config, resume=resume, dataset=dataset, quiet=True)

    def report(self) -> dict[str, Any]:
        """Write results.json and the page anew."""
        from muldml_lite.benchmark import collect, render, summarise

        results = summarise(self.plan, collect(self.out, self.plan), self.about)
        self._write(_RESULTS, _as_json(results))
        self._write(_REPORT, render(results))
        return results

    def _write(self, name: str, text: str) -> None:
        with RunWriter(self.out).replacing(name) as path:
            path.write_text(text, encoding="utf-8")


def _as_json(values: dict[str, Any]) -> str:
    return json.dumps(without_home(values), indent=1) + "\n"


def _words_of(plan: Plan) -> dict[str, Any]:
    return {"data": plan.data, "methods": plan.methods, "folds": plan.folds, "seeds": plan.seeds}


def _look_at_data(plan: Plan, quiet: bool) -> dict[str, Any]:
    """Counts of the first run's data, what was left out, and what to know; says both on standard error."""
    from tqdm import tqdm

    from muldml_lite.data import count, describe, load_dataset
    from muldml_lite.trainer.seen import notes_on

    with tqdm(desc="reading data", unit="image", disable=quiet, dynamic_ncols=True, leave=False, delay=1) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        dataset = load_dataset(plan.first, progress)
    dataset = dataclasses.replace(dataset, notes=(*dataset.notes, *notes_on(plan.first)))
    for line in () if quiet else describe(dataset):
        print(line, file=sys.stderr)
    place = str(Path(plan.first.root or "").expanduser())
    lines = {name: [_relative(line, place) for line in getattr(dataset, name)] for name in ("notes", "skipped")}
    return {"counts": count(dataset), **lines}


def _relative(line: str, place: str) -> str:
    """A line about a file, without the folder that the data lies in."""
    return re.sub(rf"(?<![\w/]){re.escape(place)}(?=[/:])", "…", line)


class _Progress:
    """A line on standard error: which run, how many epochs of all, time left for the whole.

    The epochs are read off the run folder by a thread, as the app does it; the trainer knows nothing of it.
    """

    def __init__(self, out: Path, plan: Plan, quiet: bool) -> None:
        from tqdm import tqdm

        from muldml_lite.benchmark.runner import is_done

        self.out, self.each = out, plan.first.epochs
        self.total = len(plan.runs)
        self.done = sum(is_done(out, planned) for planned in plan.runs)
        form = "{desc} {bar:20} {n_fmt}/{total_fmt} epochs, {elapsed} so far, {remaining} left"
        reached = sum(self._epochs(planned) for planned in plan.runs)
        self.bar = tqdm(
            total=self.total * self.each, initial=reached, bar_format=form, file=sys.stderr,
            disable=quiet or self.done == self.total, dynamic_ncols=True, smoothing=0,
        )  # fmt: skip
        self.ended = threading.Event()
        self.thread: threading.Thread | None = None

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: Any) -> None:
        self._stop()
        self.bar.close()

    def before(self, planned: PlannedRun) -> None:
        self.bar.set_description_str(f"run {self.done + 1} of {self.total}, {planned.name}")
        self.ended.clear()
        self.thread = threading.Thread(target=self._watch, args=(planned, self._epochs(planned)), daemon=True)
        self.thread.start()

    def after(self, planned: PlannedRun) -> None:
        self._stop()
        self.done += 1

    def _stop(self) -> None:
        self.ended.set()
        if self.thread:
            self.thread.join()
            self.thread = None

    def _watch(self, planned: PlannedRun, seen: int) -> None:
        for _ in self._looks():
            now = self._epochs(planned)
            self.bar.update(now - seen)
            self.bar.refresh()
            seen = now

    def _looks(self) -> Iterator[None]:
        while not self.ended.wait(_LOOK):
            yield
        yield  # what came since the last look

    def _epochs(self, planned: PlannedRun) -> int:
        path = run_folder(self.out, planned) / "history.jsonl"
        try:
            return max(0, path.read_bytes().count(b"\n") - 1)  # the first line is of the untrained network
        except OSError:
            return 0


def _show(out: Path, results: dict[str, Any], as_json: bool) -> None:
    from muldml_lite.benchmark.words import findings, remarks, state_line

    if as_json:
        print(json.dumps({"out": str(out), **results}))
        return
    for line in (state_line(results), *findings(results), *remarks(results)):
        print(line)
    print(f"report: {out / _REPORT}")
