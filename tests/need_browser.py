"""Finds the browser of the browser tests, installs Debian's where that is possible, or says what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def find_browser() -> str | None:
    """Path of a Chromium or Chrome; the environment variable BROWSER_PATH goes first."""
    named = os.environ.get("BROWSER_PATH")
    if named and os.path.exists(named):
        return named
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    return found or (MAC if os.path.exists(MAC) else None)


def main() -> None:
    if find_browser():
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing chromium for the browser tests …", flush=True)
        quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "update"], check=False, **quiet)
        subprocess.run(["apt-get", "install", "--yes", "chromium"], check=False, **quiet)
    if not find_browser():
        sys.exit(
            "The tests need Chromium or Chrome, and none was found. Install it (Debian, Ubuntu: "
            "apt-get install chromium), or set BROWSER_PATH to its program."
        )


if __name__ == "__main__":
    main()
