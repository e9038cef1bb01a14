"""Commands in processes of their own that start at once: forks of a server that imported all and computed nothing."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import tempfile
from multiprocessing.context import ForkServerContext
from pathlib import Path

from muldml_lite.__main__ import main

# Besides the commands: what they import on their way, most of all what torch's optimisers do.
_LATE = ["muldml_lite.faces", "sklearn.model_selection", "sklearn.neighbors", "torch._dynamo"]
_COMMANDS = ["muldml_lite.commands.training", "muldml_lite.commands.evaluation", "muldml_lite.commands.drawing"]


def forks(*modules: str) -> ForkServerContext:
    """`modules`: imported by the server too; counts only before the first child of a test process starts."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*_COMMANDS, *_LATE, __name__, *modules])
    return context


def muldml(*words: object) -> subprocess.CompletedProcess[str]:
    """One command to its end, with what it wrote and its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        out, error = Path(folder, "out"), Path(folder, "error")
        child = forks().Process(target=_run, args=([str(word) for word in words], out, error))
        child.start()
        child.join()
        return subprocess.CompletedProcess(words, child.exitcode, out.read_text(), error.read_text())


def _run(words: list[str], out: Path, error: Path) -> None:
    for number, path in ((1, out), (2, error)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    try:
        code = main(words)
    except SystemExit as end:
        code = end.code
    raise SystemExit(code)
