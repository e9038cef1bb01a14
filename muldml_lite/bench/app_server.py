"""The real app on a free port of this machine, with a runs folder of its own, as a user starts it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from muldml_lite.bench.plan import BenchError

ROOT = Path(__file__).resolve().parents[2]
MAIN = Path("streamlit_app") / "main.py"
_PATIENCE = 60.0  # seconds until the server answers


@contextlib.contextmanager
def serve(runs: Path, log: Path) -> Iterator[str]:
    """`streamlit run` in a process of its own; yields the app's address once it answers.

    Raises:
        BenchError: the app is not there, or does not start.
    """
    if not (ROOT / MAIN).is_file():
        raise BenchError(f"{ROOT / MAIN} is not there: the app comes with the repository, not with the package alone")
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(MAIN), "--server.headless", "true"]
    command += ["--server.port", str(port)]
    environment = {**os.environ, "MULDML_RUNS": str(runs)}
    with open(log, "wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
    try:
        _wait(process, f"http://localhost:{port}/_stcore/health", log)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _wait(process: subprocess.Popen, address: str, log: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(address, timeout=2).close()
            return
        time.sleep(0.02)
    last = log.read_text(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
    raise BenchError(f"the app did not start: {last[0]}")
