"""The real app on a free port of this machine, and a Chromium to visit it; the browser tests use both."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from muldml_lite.bench import BenchError

ROOT = Path(__file__).resolve().parents[2]
MAIN = Path("streamlit_app") / "main.py"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


def find_browser() -> str | None:
    """Path of a Chromium or Chrome; the environment variable BROWSER_PATH goes first."""
    known = [os.environ.get("BROWSER_PATH", ""), *(shutil.which(name) or "" for name in NAMES), _MAC]
    return next((path for path in known if os.path.exists(path)), None)


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """Chromium without a window.

    Raises:
        BenchError: Playwright or the browser is missing.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise BenchError("Playwright is not installed (pip install playwright)") from error
    path = find_browser()
    if path is None:
        raise BenchError("no Chromium or Chrome was found: install one, or set BROWSER_PATH to its program")
    with sync_playwright() as playwright:
        program = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield program
        program.close()


@contextlib.contextmanager
def serve(runs: Path, log: Path, patience: float = 60.0) -> Iterator[str]:
    """`streamlit run` in a process of its own, with this runs folder; yields the app's address once it answers.

    Raises:
        BenchError: the app is missing, or does not start.
    """
    if not (ROOT / MAIN).is_file():
        raise BenchError(f"{ROOT / MAIN} is missing: the app comes with the repository, not with the package alone")
    with socket.socket() as free:
        free.bind(("localhost", 0))
        address = f"http://localhost:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "streamlit", "run", str(MAIN), "--server.headless", "true"]
    command += ["--server.port", address.rsplit(":", 1)[1]]
    environment, until = {**os.environ, "MULDML_RUNS": str(runs)}, time.monotonic() + patience
    with open(log, "wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
    try:
        while not _answers(f"{address}/_stcore/health"):
            if process.poll() is not None or time.monotonic() > until:
                last = log.read_text(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
                raise BenchError(f"the app did not start: {last[0]}")
            time.sleep(0.02)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address, timeout=2).close()
    except OSError:
        return False
    return True
