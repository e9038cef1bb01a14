"""Reads run folders: lazily, patiently with half-written ones, and without torch."""

from __future__ import annotations

import contextlib
import os
import platform
import time
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from muldml_lite.runs.arrays import read_headers
from muldml_lite.runs.checked import (
    LAYOUT,
    LAYOUTS,
    Sizes,
    check_config,
    check_history,
    check_status,
    read_judgements,
    read_layout,
    read_probe,
    read_sizes,
    read_snapshot,
)
from muldml_lite.runs.contents import Judgements, Probe, RunError, Snapshot
from muldml_lite.runs.files import epoch_files, json_lines, read_json, read_text
from muldml_lite.text import printable

STALE_SECONDS = 120  # a running trainer beats at least once an epoch, and every few seconds between


class Run:
    """A run folder, read on demand.

    Raises:
        RunError: the folder or a file in it is missing or broken; the message names it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if not os.path.isdir(self.path):
            raise RunError(f"{printable(path)}: no such folder; expected a run folder made by `muldml train --run`")
        if not os.path.isfile(self.path / "config.json"):
            raise RunError(f"{printable(path)}: config.json is missing, so this is not a run folder")

    @property
    def name(self) -> str:
        return self.path.name

    @cached_property
    def config(self) -> dict[str, Any]:
        """The configuration as written, with `versions` and `device` beside it."""
        path = self.path / "config.json"
        return check_config(read_json(path), path)

    @property
    def status(self) -> dict[str, Any]:
        """The state now; a `running` run whose process is gone, or silent for long, reads as `failed`."""
        path = self.path / "status.json"
        if not os.path.exists(path):
            return {"state": "failed", "message": "the training process stopped before it said anything"}
        status = check_status(read_json(path), path)
        if status["state"] == "running" and not _alive(status):
            return {**status, "state": "failed", "message": "the training process stopped without saying why"}
        return status

    @property
    def history(self) -> list[dict[str, Any]]:
        """One dict per finished epoch; a torn last line is left out."""
        path = self.path / "history.jsonl"
        if not os.path.exists(path):
            return []
        return check_history(json_lines(read_text(path, torn=True), path), path, self.config["config"].get("slices"))

    @cached_property
    def probe(self) -> Probe:
        return read_probe(self.path / "probe.npz")

    @property
    def epochs(self) -> list[int]:
        """Epochs with a snapshot, ascending; 0 is the untrained network."""
        return list(epoch_files(self.path / "snapshots", ".npz"))

    def snapshot(self, epoch: int = -1) -> Snapshot:
        """The snapshot after `epoch`; -1: the last one."""
        epochs = self.epochs
        if not epochs:
            raise RunError(f"{self.path / 'snapshots'}: no snapshot yet; the first comes before the first epoch")
        epoch = epochs[-1] if epoch == -1 else epoch
        return read_snapshot(self.path / "snapshots" / f"{epoch:04d}.npz", epoch, self._sizes)

    @property
    def judgements(self) -> Judgements:
        return read_judgements(self.path / "judgements.npz", self._sizes)

    @property
    def layouts(self) -> tuple[str, ...]:
        """Kinds of layout at hand: some of pca, umap."""
        path = self.path / "layout.npz"
        found = read_headers(path, LAYOUT) if os.path.exists(path) else {}
        return tuple(kind for kind in LAYOUTS if kind in found)

    def layout(self, kind: str = "pca") -> tuple[np.ndarray, np.ndarray]:
        """Epochs (E,) and coordinates (E, N, n, 2) float32, all slices in one frame."""
        return self._layout(kind)[:2]

    def residuals(self, kind: str = "pca") -> np.ndarray:
        """How far each slice's picture is from the first slice's, a share of the radius, (E, N) float32."""
        return self._layout(kind)[2]

    def _layout(self, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        path = self.path / "layout.npz"
        found = read_layout(path, kind, self._sizes)
        if found is None:
            raise RunError(f"{path}: no {kind} layout; make it with `muldml layout --run {self.path} --kind {kind}`")
        return found

    @property
    def _sizes(self) -> Sizes:
        return read_sizes(self.path, self.config["config"])


def list_runs(folder: str | os.PathLike[str]) -> list[Run]:
    """The run folders directly inside `folder`, newest first; anything else there is passed over."""
    made = []
    with contextlib.suppress(OSError):
        for path in sorted(Path(folder).glob("*/config.json")):
            with contextlib.suppress(RunError, OSError):
                made.append((path.stat().st_mtime, Run(path.parent)))
    return [run for _, run in sorted(made, key=lambda pair: -pair[0])]


def holder(status: dict[str, Any]) -> str:
    """Who trains, as far as a status says so."""
    pid = status.get("pid")
    return f"process {pid}" if pid else "a process that status.json does not name"


def _alive(status: dict[str, Any]) -> bool:
    """Whether the process that says `running` can still be at work."""
    pid, beat = status.get("pid"), status.get("heartbeat") or 0
    if abs(time.time() - beat) > STALE_SECONDS:  # one in the future, from a clock that is wrong, says nothing
        return False
    if pid is None or status.get("host") != platform.node():  # nobody to ask
        return True
    try:
        process = psutil.Process(pid)
        # A process that began after the heartbeat has got the number of one that is gone.
        return process.status() != psutil.STATUS_ZOMBIE and process.create_time() < beat + 5
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:  # another user's
        return True
