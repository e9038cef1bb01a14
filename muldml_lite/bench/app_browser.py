"""What one visitor with a browser waits for: headless Chromium, driven by Playwright, timed inside the page."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from muldml_lite.bench.app_server import serve

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_QUIET_MS = 500  # the page stands still when nothing was added to it for so long
# From the click to the last change before the page stands still; Playwright's own time is not in it.
_WATCH = """(quiet) => {
  window.settled = new Promise((done) => {
    let start = 0, last = 0;
    const note = () => { last = performance.now(); };
    addEventListener("click", () => { start ||= performance.now(); note(); }, { capture: true, once: true });
    const watch = new MutationObserver(note);
    watch.observe(document.body, { subtree: true, childList: true, characterData: true });
    const clock = setInterval(() => {
      const state = document.querySelector("[data-test-script-state]")?.dataset.testScriptState;
      if (state && state !== "notRunning") note(); // the server has not answered in full
      if (!start || performance.now() - last < quiet) return;
      clearInterval(clock);
      watch.disconnect();
      done(last - start);
    }, 25);
  });
}"""
# From a move of the mouse to the second frame after it: the first may have been under way already.
_HOVER = """() => {
  window.hovers = [];
  addEventListener("pointermove", () => {
    const start = performance.now();
    requestAnimationFrame(() => requestAnimationFrame(() => window.hovers.push(performance.now() - start)));
  }, { capture: true });
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
_LINKS = "[data-testid=stTopNavLink]"
HOVERED = "canvas"  # a page with a drawn view has one


def find_browser() -> str | None:
    """Path of a Chromium or Chrome; the environment variable BROWSER_PATH goes first."""
    named = os.environ.get("BROWSER_PATH")
    if named and os.path.exists(named):
        return named
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    return found or (_MAC if os.path.exists(_MAC) else None)


def missing() -> str:
    """Why no browser can be driven here, in a line; empty if one can."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "Playwright is not installed (pip install playwright)"
    if find_browser() is None:
        return "no Chromium or Chrome was found (install one, or set BROWSER_PATH to its program)"
    return ""


def problems() -> tuple[type[Exception], ...]:
    """What Playwright raises when a page does not come; nothing without Playwright."""
    with contextlib.suppress(ImportError):
        from playwright.sync_api import Error

        return (Error,)
    return ()


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        program = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        yield program
        program.close()


def start_seconds(program: Any, runs: Path, log: Path) -> float:
    """From the command to the first content of the first page."""
    page = program.new_page()
    started = time.perf_counter()
    with serve(runs, log) as address:
        page.goto(address, wait_until="commit")
        page.wait_for_selector("h1")
        spent = time.perf_counter() - started
        page.close()
    return spent


class Reader:
    """One visitor who clicks through the pages."""

    def __init__(self, program: Any, address: str) -> None:
        self.page = program.new_page(viewport={"width": 1280, "height": 900})
        self.page.goto(address)
        self.page.wait_for_selector("h1")
        self.page.wait_for_timeout(1500)
        self.page.evaluate(_HOVER)

    def pages(self) -> list[str]:
        """Names of the pages, as the navigation shows them."""
        return [link.inner_text().split("\n")[-1].strip() for link in self.page.locator(_LINKS).all()]

    def go(self, name: str) -> float:
        """Seconds from the click on a page's name until it stands."""
        return self._timed(self.page.locator(_LINKS, has_text=name).first)

    def click(self, name: str) -> float | None:
        """Seconds of what one clicks on this page; None if it has nothing like that now."""
        target = self.page.locator(CLICKS[name][1]).first
        return self._timed(target) if target.count() else None

    def hover(self, moves: int = 25) -> list[float]:
        """Seconds from single moves over the page's view to the frame that shows what follows; none without a view."""
        view = self.page.locator(HOVERED).first
        box = view.bounding_box() if view.count() and view.is_visible() else None
        if box is None:
            return []
        view.scroll_into_view_if_needed()
        box = view.bounding_box()
        self.page.evaluate("window.hovers.length = 0")
        for step in range(moves):
            share = (step + 0.5) / moves
            self.page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] * (0.3 + 0.4 * (step % 2)))
            self.page.wait_for_timeout(40)
        return [one / 1000 for one in self.page.evaluate("window.hovers")]

    def _timed(self, target: Any) -> float:
        self.page.evaluate(_WATCH, _QUIET_MS)
        target.click()
        return self.page.evaluate("window.settled") / 1000
