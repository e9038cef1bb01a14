"""The training command as a process of its own, started from a notebook."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from muldml_lite.config import Config
from muldml_lite.runs import RunError, RunWriter

COMMAND = (sys.executable, "-m", "muldml_lite", "train", "--run")  # the run folder follows


def start_training(folder: str | os.PathLike[str], config: Config) -> subprocess.Popen[bytes]:
    """Make a queued run and train it in another process, whose words go to the folder's train.log.

    Raises:
        RunError: the folder holds something already.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunError(f"{folder}: exists already; choose another folder for the training")
    writer = RunWriter(folder)
    writer.status("queued", "starting the process")
    writer.config(config.to_dict())
    with open(folder / "train.log", "wb") as log:
        return subprocess.Popen([*COMMAND, str(folder)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def next_folder(folder: Path) -> Path:
    """A free name beside a folder: run, run-2, run-3, …"""
    stem, _, number = folder.name.rpartition("-")
    if not (stem and number.isdecimal()):
        stem, number = folder.name, "1"
    count = int(number)
    while (folder.parent / f"{stem}-{count}").exists() or count == int(number):
        count += 1
    return folder.parent / f"{stem}-{count}"
