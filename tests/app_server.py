"""The real app on a free port, and a real browser: for the browser tests and for the README's pictures."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from need_browser import find_browser

from muldml_lite.bench import app_browser
from muldml_lite.bench.app_browser import serve

ROOT = Path(__file__).parents[1]
app_server = serve


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    assert find_browser(), (
        "The browser tests need Chromium: apt-get install chromium, or set BROWSER_PATH to its program."
    )
    with app_browser.browser() as program:
        yield program


def settle(page: Any) -> None:
    """Wait until the script has run and no chart is still being drawn."""
    page.wait_for_selector("h1")
    page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget]')")
    page.wait_for_timeout(400)
    page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget],[data-testid=stSkeleton]')")


def find_point(page: Any, panel: int = 0) -> tuple[float, float]:
    """A place on a panel's canvas where a point lies: the mouse searches until a face shows up."""
    box = page.locator(".panel canvas").nth(panel).bounding_box()
    for row in range(3, 28):
        for column in range(3, 28, 2):
            x, y = box["x"] + box["width"] * column / 30, box["y"] + box["height"] * row / 30
            page.mouse.move(x, y)
            if page.locator(".tip").is_visible():
                return x, y
    raise AssertionError("no point was found in the panel")


# Streamlit looks for its own base path below a page's address; the answer 404 is how it learns.
_PATHS = "faces|train|slices|thresholds|judgements|evidence|compare|your_face"
_EXPECTED = re.compile(rf"/({_PATHS})/_stcore/(health|host-config)")


@contextlib.contextmanager
def fresh_visitor(program: Any, address: str) -> Iterator[Any]:
    """A page of a visitor's own; at the end, no request may have left and no error may have been printed."""
    context = program.new_context(viewport={"width": 1280, "height": 900}, base_url=address)
    context.set_default_timeout(120_000)  # a busy machine is no failure
    page, foreign, errors = context.new_page(), [], []
    local = ("data:", "blob:", "about:", address, address.replace("http", "ws"))
    page.on("request", lambda r: None if r.url.startswith(local) else foreign.append(r.url))
    page.on("websocket", lambda w: None if w.url.startswith(local) else foreign.append(w.url))
    page.on("pageerror", lambda e: errors.append(str(e)))

    def listen(message: Any) -> None:
        if message.type == "error" and not _EXPECTED.search(message.location.get("url", "")):
            errors.append(message.text)

    page.on("console", listen)
    yield page
    context.close()
    assert foreign == errors == []
