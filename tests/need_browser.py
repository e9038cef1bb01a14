"""Finds the browser of the browser tests, installs Debian's where that is possible, or says what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from muldml_lite.bench.app_browser import find_browser


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
