"""`bench app`: how long visitors of the app wait, alone with a browser and twenty at once.

The app is started on a free port of this machine; its runs folder holds a copy of the shipped sample run, so all pages
show that run, and two can be compared.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from muldml_lite.bench import app_browser
from muldml_lite.bench.app_frames import POINTS, SLICES, frame_seconds
from muldml_lite.bench.app_server import ROOT, serve
from muldml_lite.bench.plan import BenchError, Row

TARGETS = {"start": 3.0, "page change": 1.0, "crowd": 1.0, "click": 1.0, "hover": 0.05, "frame": 0.017}  # seconds

SAMPLE = ROOT / "data" / "sample_run"


@dataclass(frozen=True)
class AppBench:
    """How much is measured: seconds in all, visitors at once, and whether a browser is used."""

    seconds: float = 75.0
    visitors: int = 20
    browser: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.visitors <= 200:
            raise BenchError(f"--visitors {self.visitors}: expected 1 to 200")


def measure_app(bench: AppBench, say: Callable[[str], None]) -> Iterator[list[Row]]:
    """Groups of rows: one visitor with a browser, then many by the websocket protocol.

    Raises:
        BenchError: the app does not start, or showed an exception.
    """
    with tempfile.TemporaryDirectory(prefix="muldml-bench-") as place:
        runs, log = Path(place) / "runs", Path(place) / "server.log"
        runs.mkdir()
        if SAMPLE.is_dir():
            shutil.copytree(SAMPLE, runs / "sample-again")
        why = app_browser.missing() if bench.browser else "left out (--no-browser)"
        if why:
            yield [{"with": "a browser", "visitors": 1, "case": "start, page changes, clicks", "skipped": why}]
        else:
            yield _served(log, lambda: _alone(bench, runs, log, say))
        with serve(runs, log) as address:
            yield _served(log, lambda: _crowd(bench, address, say))


def _served(log: Path, measure: Callable[[], list[Row]]) -> list[Row]:
    """The rows; whatever kept a visitor from being served as one line, with what the server said last."""
    try:
        return measure()
    except (*app_browser.problems(), RuntimeError, LookupError, OSError, asyncio.TimeoutError) as error:
        said = [line for line in log.read_text(errors="replace").splitlines() if "Error" in line]
        first = str(error).strip().split("\n")[0] or type(error).__name__
        raise BenchError("; ".join([f"a visitor was not served: {first}", *said[-1:]])) from error


def _alone(bench: AppBench, runs: Path, log: Path, say: Callable[[str], None]) -> list[Row]:
    until = time.monotonic() + bench.seconds / 2
    settings = {"with": "Chromium", "visitors": 1}
    with app_browser.browser() as program:
        say("the app started, three times")
        starts = [app_browser.start_seconds(program, runs, log) for _ in range(3)]
        noted = {("start to first content", TARGETS["start"]): starts}
        with serve(runs, log) as address:
            reader = app_browser.Reader(program, address)
            say(f"pages one by one: {', '.join(reader.pages())}")
            for rounds in range(5):
                for name in np.roll(reader.pages(), -1).tolist():  # the tour is where one starts
                    _look(reader, name, noted, first=rounds == 0)
                if time.monotonic() > until:
                    break
            say(f"frames of the slices view, {SLICES} slices of {POINTS:,} points")
            for what, spent in frame_seconds(program, address):
                noted[f"{SLICES} × {POINTS:,} points: a frame, {what}", TARGETS["frame"]] = spent
    return [_row(settings, what, spent, target) for (what, target), spent in noted.items()]


def _look(reader: Any, name: str, noted: dict[tuple[str, float], list[float]], first: bool) -> None:
    """Open a page, move over its view, click on it; the first time of all is shown apart."""

    def note(what: str, kind: str, *spent: float | None) -> None:
        found = [one for one in spent if one is not None]
        if found:
            noted.setdefault((f"{name}: {what}", TARGETS[kind]), []).extend(found)

    note("page change, first time" if first else "page change", "page change", reader.go(name))
    note("hover", "hover", *reader.hover())
    if name in app_browser.CLICKS:
        note(f"click, {app_browser.CLICKS[name][0]}", "click", reader.click(name))


def _crowd(bench: AppBench, address: str, say: Callable[[str], None]) -> list[Row]:
    try:
        from muldml_lite.bench.app_visitor import crowd
    except ImportError as error:
        settings = {"with": "websockets", "visitors": bench.visitors}
        return [{**settings, "case": "interactions", "skipped": f"{error.name} is not installed"}]
    say(f"{bench.visitors} visitors at once")
    noted = asyncio.run(crowd(address, bench.visitors, bench.seconds / 3))
    settings = {"with": "websockets", "visitors": bench.visitors}
    groups: dict[str, list[float]] = {"all interactions": [one.seconds for one in noted]}
    for one in sorted(noted, key=lambda one: (one.page, one.what)):
        groups.setdefault(f"{one.page}: {one.what}", []).append(one.seconds)
    return [_row(settings, what, spent, TARGETS["crowd"]) for what, spent in groups.items()]


def _row(settings: dict[str, Any], what: str, spent: Sequence[float], target: float) -> Row:
    """Milliseconds; `kept` says whether the median keeps the target."""
    middle, late, worst = (1000 * float(np.quantile(spent, q)) for q in (0.5, 0.9, 1.0))
    numbers = {"median_ms": round(middle), "p90_ms": round(late), "worst_ms": round(worst), "times": len(spent)}
    return {**settings, "case": what, **numbers, "target_ms": round(1000 * target), "kept": _kept(middle, target)}


def _kept(milliseconds: float, target: float) -> str:
    return "yes" if milliseconds <= 1000 * target else "NO"
