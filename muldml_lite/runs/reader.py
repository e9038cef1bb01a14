"""Reads run folders: lazily, patiently with half-written ones, and without torch."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import time
import zipfile
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from muldml_lite.runs.alignment import in_one_frame, residuals
from muldml_lite.runs.contents import STATES, Judgements, Probe, RunError, Snapshot

STALE_SECONDS = 120  # a running trainer beats at least once an epoch, and every few seconds between


class Run:
    """A run folder, read on demand.

    Raises:
        RunError: the folder or a file in it is missing or broken; the message names it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise RunError(f"{self.path}: no such folder; expected a run folder made by `muldml train --run`")
        if not (self.path / "config.json").is_file():
            raise RunError(f"{self.path}: config.json is missing, so this is not a run folder")

    @property
    def name(self) -> str:
        return self.path.name

    @cached_property
    def config(self) -> dict[str, Any]:
        """The configuration as written, with `versions` and `device` beside it."""
        config = _read_json(self.path / "config.json")
        if not isinstance(config.get("config"), dict):
            raise RunError(f"{self.path / 'config.json'}: the key config is missing")
        return config

    @property
    def status(self) -> dict[str, Any]:
        """The state now; a `running` run whose process is gone, or silent for long, reads as `failed`."""
        path = self.path / "status.json"
        if not path.exists():
            return {"state": "failed", "message": "the training process stopped before it said anything"}
        status = _read_json(path)
        if status.get("state") not in STATES:
            raise RunError(f"{path}: state {status.get('state')!r}, expected one of {', '.join(STATES)}")
        if status["state"] == "running" and not _alive(status):
            return {**status, "state": "failed", "message": "the training process stopped without saying why"}
        return status

    @property
    def history(self) -> list[dict[str, Any]]:
        """One dict per finished epoch; a torn last line is left out."""
        path = self.path / "history.jsonl"
        if not path.exists():
            return []
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        records = []
        for number, line in enumerate(lines, 1):
            try:
                records.append(json.loads(line))
            except json.JSONDecodeError as error:
                if number == len(lines):
                    break  # the writer died in the middle of this line
                raise RunError(f"{path}: line {number} is not JSON ({error})") from error
        return records

    @cached_property
    def probe(self) -> Probe:
        data = read_arrays(self.path / "probe.npz")
        return _make(Probe, self.path / "probe.npz", {**data, "classes": tuple(map(str, data.get("classes", ())))})

    @property
    def epochs(self) -> list[int]:
        """Epochs with a snapshot, ascending; 0 is the untrained network."""
        return sorted(int(p.stem) for p in (self.path / "snapshots").glob("*.npz") if p.stem.isdigit())

    def snapshot(self, epoch: int = -1) -> Snapshot:
        """The snapshot after `epoch`; -1: the last one."""
        epochs = self.epochs
        if not epochs:
            raise RunError(f"{self.path / 'snapshots'}: no snapshot yet; the first comes before the first epoch")
        epoch = epochs[-1] if epoch == -1 else epoch
        path = self.path / "snapshots" / f"{epoch:04d}.npz"
        data = read_arrays(path)
        if data.get("slices") is not None:
            data["slices"] = data["slices"].astype(np.float32)
        return _make(Snapshot, path, {**data, "epoch": epoch})

    @property
    def judgements(self) -> Judgements:
        path = self.path / "judgements.npz"
        return _make(Judgements, path, read_arrays(path))

    @property
    def layouts(self) -> tuple[str, ...]:
        """Kinds of layout at hand: some of pca, umap."""
        path = self.path / "layout.npz"
        return tuple(k for k in read_arrays(path) if k in ("pca", "umap")) if path.exists() else ()

    def layout(self, kind: str = "pca") -> tuple[np.ndarray, np.ndarray]:
        """Epochs (E,) and coordinates (E, N, n, 2) float32, all slices in one frame."""
        return self._layout(kind)[:2]

    def residuals(self, kind: str = "pca") -> np.ndarray:
        """How far each slice's picture is from the first slice's, a share of the radius, (E, N) float32."""
        return self._layout(kind)[2]

    def _layout(self, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        path = self.path / "layout.npz"
        data = read_arrays(path)
        if kind not in data or "epochs" not in data:
            raise RunError(f"{path}: no {kind} layout; make it with `muldml layout --run {self.path} --kind {kind}`")
        epochs, placed, apart = data["epochs"], data[kind], data.get(f"{kind}_residual")
        expected = (len(epochs), *placed.shape[1:3], 2) if epochs.ndim == 1 else ()
        if placed.shape != expected or 0 in expected or placed.dtype.kind != "f" or not np.isfinite(placed).all():
            raise RunError(f"{path}: {kind} of shape {placed.shape}, expected finite (epochs, slices, points, 2)")
        if apart is None or apart.shape != placed.shape[:2]:  # of a version that left each slice in a frame of its own
            beside = self._layout("pca")[1] if kind != "pca" and "pca" in data else None  # both kinds in one frame
            placed = in_one_frame(placed, beside[0] if beside is not None and beside.shape == placed.shape else None)
            apart = residuals(placed)
        return epochs, placed.astype(np.float32), apart.astype(np.float32)


def list_runs(folder: str | os.PathLike[str]) -> list[Run]:
    """The run folders directly inside `folder`, newest first; anything else there is passed over."""
    made = []
    for path in sorted(Path(folder).glob("*/config.json")) if Path(folder).is_dir() else []:
        with contextlib.suppress(RunError, OSError):
            made.append((path.stat().st_mtime, Run(path.parent)))
    return [run for _, run in sorted(made, key=lambda pair: -pair[0])]


def _alive(status: dict[str, Any]) -> bool:
    """Whether the process that says `running` can still be at work."""
    if time.time() - status.get("heartbeat", 0) > STALE_SECONDS:
        return False
    here = status.get("host") == platform.node() and isinstance(status.get("pid"), int)
    if not here or os.name != "posix":  # another machine's process, or no harmless way to ask
        return True
    try:
        os.kill(status["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(f"{path}: missing") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise RunError(f"{path}: not readable as JSON ({error})") from error
    if not isinstance(values, dict):
        raise RunError(f"{path}: expected a JSON object")
    return values


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as data:
            return dict(data)
    except FileNotFoundError:
        raise RunError(f"{path}: missing") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise RunError(f"{path}: not a readable npz file ({error})") from error


def _make(kind: type, path: Path, values: dict[str, Any]) -> Any:
    missing = [name for name in kind.__dataclass_fields__ if name not in values]
    if missing:
        raise RunError(f"{path}: {missing[0]} is missing")
    return kind(**{name: values[name] for name in kind.__dataclass_fields__})
