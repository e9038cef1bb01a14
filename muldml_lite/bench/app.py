"""`bench app`: how long visitors of the app wait, one with a browser and many at once.

The app's runs folder holds a copy of the shipped sample run, so all pages show that run, and two can be compared.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from muldml_lite.bench import BenchError
from muldml_lite.bench.app_browser import ROOT, browser, serve
from muldml_lite.bench.turns import Row
from muldml_lite.config import Config
from muldml_lite.runs import Probe, RunWriter, Snapshot

Noted = dict[str, list[float]]  # what was done → seconds
# From a click to the last change before the page stands still; Playwright's own time is not in it.
_SETTLED = """() => { window.settled = new Promise((done) => {
  let start = 0, last = 0;
  const note = () => { last = performance.now(); };
  addEventListener("click", () => { start ||= performance.now(); note(); }, { capture: true, once: true });
  const watch = new MutationObserver(note);
  watch.observe(document.body, { subtree: true, childList: true, characterData: true });
  const clock = setInterval(() => {
    const state = document.querySelector("[data-test-script-state]")?.dataset.testScriptState;
    if (state && state !== "notRunning") note(); // the server has not answered in full
    if (!start || performance.now() - last < 500) return;
    clearInterval(clock);
    watch.disconnect();
    done(last - start);
  }, 25);
}); }"""
# From a move of the mouse to the second frame after it: the first may have been under way already.
_HOVERS = """() => {
  const spent = window.spent = [], next = requestAnimationFrame;
  addEventListener("pointermove", () => {
    const start = performance.now();
    next(() => next(() => spent.push(performance.now() - start)));
  }, { capture: true });
}"""
_FRAMES = """() => {
  const spent = window.spent = [];
  const tick = (last) => requestAnimationFrame((now) => { spent.push(now - last); tick(now); });
  requestAnimationFrame(tick);
}"""
# What one clicks on a page: words, and what to click.
CLICKS = {
    "Tour": ("another person", "role=button[name=/Another person/]"),
    "Faces": ("another person", "role=button[name=/New person/]"),
    "Slices": ("another face", "role=button[name=/Surprise me/]"),
    "Thresholds": ("another threshold", "css=.smalls button:not([aria-pressed=true])"),
    "Judgements": ("one step", "role=button[name='One step']"),
    "Evidence": ("the next claim, or the first one", "css=.st-key-claim_after button, [class*=st-key-open_] button"),
    "Compare runs": ("another face", "role=button[name=/Surprise me/]"),
}


def measure_app(seconds: float, visitors: int, with_browser: bool) -> Iterator[tuple[dict[str, Any], list[Row]]]:
    """What the rows share, and rows: of one visitor with a browser, and of many by the websocket protocol.

    Raises:
        BenchError: a library or browser is missing, the app does not start, or a visitor was not served.
    """
    try:
        from muldml_lite.bench.app_visitor import crowd
    except ImportError as error:
        library = str(error.name).split(".")[0]
        raise BenchError(f"{library} is not installed (pip install {library})") from error
    with tempfile.TemporaryDirectory(prefix="muldml-bench-") as place:
        runs, log = Path(place) / "runs", Path(place) / "server.log"
        runs.mkdir()
        if (ROOT / "data" / "sample_run").is_dir():
            shutil.copytree(ROOT / "data" / "sample_run", runs / "sample-again")
        try:
            if with_browser:
                yield {"with": "Chromium", "visitors": 1}, _rows(_alone(seconds / 2, runs, log))
            noted: Noted = {"all interactions": []}
            _say(f"{visitors} visitors at once")
            with serve(runs, log) as address:
                for what, spent in sorted(asyncio.run(crowd(address, visitors, seconds / 3))):
                    noted["all interactions"].append(spent)
                    noted.setdefault(what, []).append(spent)
            yield {"with": "websockets", "visitors": visitors}, _rows(noted)
        except BenchError:
            raise
        except Exception as error:  # Playwright's, websockets' or Streamlit's: a line, with what the server said last
            said = log.read_text(errors="replace").splitlines() if log.exists() else []
            first = str(error).strip().split("\n")[0] or type(error).__name__
            last = [line for line in said if "Error" in line][-1:]
            raise BenchError("; ".join([f"a visitor was not served: {first}", *last])) from error


def _say(text: str) -> None:
    print(f"measuring {text}", file=sys.stderr)


def _rows(noted: Noted) -> list[Row]:
    rows = []
    for what, spent in noted.items():
        middle, late, worst = (round(1000 * float(value)) for value in np.quantile(spent, (0.5, 0.9, 1.0)))
        rows.append({"case": what, "median_ms": middle, "p90_ms": late, "worst_ms": worst, "times": len(spent)})
    return rows


def _alone(seconds: float, runs: Path, log: Path) -> Noted:
    noted: Noted = defaultdict(list)
    with browser() as program:
        _say("the app started, three times")
        for _ in range(3):
            started = time.perf_counter()
            with serve(runs, log) as address:
                page = _open(program, address)
                noted["start to first content"].append(time.perf_counter() - started)
                page.close()
        with serve(runs, log) as address:
            _say("pages one by one")
            _walk(_open(program, address), time.monotonic() + seconds, noted)
        _say("frames of sixteen slices of 2,000 points")
        large_run(runs / "large")
        with serve(runs, log) as address:
            _frames(_open(program, f"{address}/slices?run=large&zoom=0~0~2"), noted)
    shutil.rmtree(runs / "large")
    return noted


def _open(program: Any, address: str) -> Any:
    page = program.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address, wait_until="commit")
    page.wait_for_selector("h1")
    return page


def _walk(page: Any, until: float, noted: Noted) -> None:
    """Open each page, move over its view, click on it; the first time of all is shown apart."""
    page.wait_for_timeout(1500)
    links, view = page.locator("[data-testid=stTopNavLink]"), page.locator("canvas").first
    names = [link.inner_text().split("\n")[-1].strip() for link in links.all()]
    for turn in range(5):
        for name in [*names[1:], *names[:1]]:  # the tour is where one starts
            what = f"{name}: page change" + (", first time" if turn == 0 else "")
            noted[what].append(_click(page, links.filter(has_text=name).first))
            if view.count() and view.is_visible():
                view.scroll_into_view_if_needed()
                noted[f"{name}: hover"] += _spent(page, _HOVERS, lambda: _wander(page, view, 25, pause=40))
            words, target = CLICKS.get(name, ("", "css=.none"))
            if page.locator(target).count():
                noted[f"{name}: click, {words}"].append(_click(page, page.locator(target).first))
        if time.monotonic() > until:
            break


def _frames(page: Any, noted: Noted) -> None:
    """From frame to frame of the slices view while it is used."""
    page.locator(".panel canvas").nth(15).wait_for()
    page.wait_for_timeout(2000)
    view = page.locator(".panel canvas").first
    noted["a frame, the mouse over a panel"] = _spent(page, _FRAMES, lambda: _wander(page, view, 120))
    page.mouse.down()
    noted["a frame, all panels dragged"] = _spent(page, _FRAMES, lambda: _wander(page, view, 120))
    page.mouse.up()
    page.get_by_role("slider", name="Epoch").fill("0")
    page.get_by_role("button", name="Play training").click()
    noted["a frame, training played"] = _spent(page, _FRAMES, lambda: page.wait_for_timeout(5000))


def _click(page: Any, target: Any) -> float:
    page.evaluate(_SETTLED)
    target.click()
    return page.evaluate("window.settled") / 1000


def _spent(page: Any, script: str, act: Callable[[], None]) -> list[float]:
    """Seconds that the script notes while something is done."""
    page.evaluate(script)
    act()
    return [one / 1000 for one in page.evaluate("window.spent")]


def _wander(page: Any, view: Any, moves: int, pause: int = 0) -> None:
    """Move the mouse over a view, in circles."""
    box = view.bounding_box()
    for angle in np.arange(moves) / 9:
        x, y = 0.5 + 0.3 * np.cos(angle), 0.5 + 0.3 * np.sin(angle)
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.wait_for_timeout(pause)


def _record(epoch: int, slices: int) -> dict[str, Any]:
    """A line of the history without anything measured."""
    nothing = dict.fromkeys(
        ("loss", "cross_entropy", "metric_loss", "learning_rate", "images_per_second", "seconds_left", "train_accuracy")
    )
    unknown = dict.fromkeys(("loss", "mean_positive", "mean_negative", "active_fraction", "incomplete_fraction"))
    measured = {"mean_distance": 1.0, "knn_accuracy": 0.5}
    every = [{"threshold": 0.1 + 0.05 * i, **unknown, **measured} for i in range(slices)]
    accuracies = {"head_accuracy": 0.5, "knn_accuracy": 0.5}
    return {"epoch": epoch, "phase": "joint", **nothing, "seconds": 1.0, **accuracies, "warnings": [], "slices": every}


def large_run(folder: Path, slices: int = 16, points: int = 2_000, epochs: int = 12, dim: int = 8) -> None:
    """A run folder as large as the view is meant for; nothing is trained, points drift into clusters."""
    random, writer, places = np.random.default_rng(0), RunWriter(folder), np.arange(points)
    thumbnails, labels = random.integers(60, 220, (points, 24, 24, 3), np.uint8), places % 7
    classes, names = tuple("abcdefg"), places.astype(str)
    writer.probe(Probe(thumbnails, labels, places // 7, places % 4 == 0, places, classes, names))
    writer.config(Config(slices=slices, dim=slices * dim, epochs=epochs, warmup_epochs=0).to_dict())
    centres, noise = random.normal(size=(slices, 7, dim))[:, labels], random.normal(size=(slices, points, dim))
    layouts = []
    for epoch in range(epochs + 1):
        vectors = centres * epoch / epochs + noise * (1.2 - epoch / epochs)  # (N, n, d)
        vectors = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)
        writer.snapshot(Snapshot(epoch, vectors, labels, np.full(points, 0.8)))
        writer.record(_record(epoch, slices))
        layouts.append(vectors[..., :2])
    writer.layout("pca", np.arange(epochs + 1), np.array(layouts))
    writer.status("finished")
