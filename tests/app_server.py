"""The real app on a free port, and a real browser: for the browser tests and for the README's pictures."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from need_browser import find_browser

ROOT = Path(__file__).parents[1]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextlib.contextmanager
def app_server(runs: Path, log: Path) -> Iterator[str]:
    """`streamlit run` as a user starts it; yields its address."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app/main.py"]
    command += ["--server.headless", "true", "--server.port", str(port)]
    environment = {**os.environ, "MULDML_RUNS": str(runs)}
    with open(log, "wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
    address = f"http://localhost:{port}"
    try:
        for _ in range(300):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=2).close()
                break
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    from playwright.sync_api import sync_playwright

    path = find_browser()
    assert path, "The browser tests need Chromium: apt-get install chromium, or set BROWSER_PATH to its program."
    with sync_playwright() as playwright:
        program = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield program
        program.close()


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
_EXPECTED = re.compile(r"/(train|slices|evidence)/_stcore/(health|host-config)")


@contextlib.contextmanager
def fresh_visitor(program: Any, address: str) -> Iterator[Any]:
    """A page of a visitor's own; at the end, no request may have left and no error may have been printed."""
    context = program.new_context(viewport={"width": 1280, "height": 900}, base_url=address)
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
    assert not foreign
    assert not errors
