"""Writes a run folder, each file whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from muldml_lite.runs.alignment import in_one_frame, residuals
from muldml_lite.runs.arrays import read_arrays
from muldml_lite.runs.checked import LAYOUT, LAYOUTS, RESIDUALS
from muldml_lite.runs.contents import STATES, Judgements, Probe, RunError, Snapshot
from muldml_lite.runs.tensors import seal
from muldml_lite.text import without_home

_TEMPORARY = re.compile(r"\..+\.(json|jsonl|npz|safetensors)\.\w{8}")  # as `RunWriter.replacing` names them


class RunWriter:
    """Writes a run folder. One writer a folder: the process that trains, which holds its lock.

    What it writes into JSON names the user's home folder as `~`: run folders are shared.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._beat = 0.0
        self.path.mkdir(parents=True, exist_ok=True)

    def config(self, config: dict[str, Any], **facts: Any) -> None:
        """`facts`: versions, device and whatever else describes the run without deciding it."""
        self._json("config.json", {"config": config, **facts})

    def status(self, state: str, message: str = "", paused: float | None = None) -> None:
        """`paused`: since when a running training stands still, seconds since 1970."""
        if state not in STATES:
            raise ValueError(f"state: {state!r} given, expected one of {', '.join(STATES)}")
        self._beat = time.time()
        process = {"pid": os.getpid(), "host": platform.node(), "heartbeat": self._beat}
        still = {} if paused is None else {"paused": paused}
        self._json("status.json", {"state": state, **process, "message": message, **still})

    def heartbeat(self, message: str = "", seconds: float = 2.0, paused: float | None = None) -> None:
        """Say that training is alive, at most once in `seconds`."""
        if time.time() - self._beat >= seconds:
            self.status("running", message, paused)

    def record(self, values: dict[str, Any]) -> None:
        """Append one epoch's line, whole and on disk before this returns."""
        with open(self.path / "history.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(without_home(values)) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def history(self, records: list[dict[str, Any]]) -> None:
        """Replace the whole history."""
        with self.replacing("history.jsonl") as path:
            lines = [json.dumps(without_home(values)) + "\n" for values in records]
            path.write_text("".join(lines), encoding="utf-8")

    def sweep(self) -> None:
        """Take away temporary files that a killed writer left."""
        for path in self.path.rglob(".*"):
            if _TEMPORARY.fullmatch(path.name):
                path.unlink(missing_ok=True)

    def probe(self, probe: Probe) -> None:
        values = {k: np.asarray(getattr(probe, k)) for k in Probe.__dataclass_fields__}
        self._arrays("probe.npz", {**values, "classes": np.array(probe.classes)})

    def snapshot(self, snapshot: Snapshot) -> None:
        self._arrays(
            f"snapshots/{snapshot.epoch:04d}.npz",
            {
                "slices": snapshot.slices.astype(np.float16),
                "predictions": snapshot.predictions.astype(np.int16),
                "confidence": snapshot.confidence.astype(np.float16),
            },
        )

    def judgements(self, rows: list[Judgements]) -> None:
        """All epochs so far, each given as a `Judgements` of one epoch."""
        names = Judgements.__dataclass_fields__
        self._arrays("judgements.npz", {k: np.concatenate([getattr(row, k) for row in rows]) for k in names})

    def layout(self, kind: str, epochs: np.ndarray, coordinates: np.ndarray) -> None:
        """Add one kind of layout, in one frame; another kind already there stays, unless its epochs are others.

        Args:
            coordinates: (E, N, n, 2)
        """
        path = self.path / "layout.npz"
        kept: dict[str, np.ndarray] = {}
        with contextlib.suppress(RunError):  # a broken one is made anew
            kept = read_arrays(path, LAYOUT, optional=(*LAYOUTS, *RESIDUALS))
        if not np.array_equal(kept.get("epochs", ()), epochs):
            kept = {}
        placed = in_one_frame(coordinates, coordinates[0])  # if they are so already, nothing changes
        apart = {f"{kind}_residual": residuals(placed).astype(np.float32)}  # its presence says: in one frame
        self._arrays("layout.npz", {**kept, "epochs": epochs, kind: placed.astype(np.float16), **apart})

    def tensors(self, name: str, content: bytes) -> None:
        """A safetensors file, given as bytes, with a checksum."""
        with self.replacing(name) as path:
            # Not `save_file`: it writes through a temporary file of its own, and `sweep` can't know what a kill left.
            path.write_bytes(seal(content))

    @contextlib.contextmanager
    def replacing(self, name: str) -> Iterator[Path]:
        """A temporary path that takes the place of `name` when the block ends without an error."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        os.close(handle)
        try:
            yield Path(temporary)
            os.chmod(temporary, 0o644)  # mkstemp makes files that only their owner may read
            os.replace(temporary, target)
        finally:
            Path(temporary).unlink(missing_ok=True)

    def _json(self, name: str, values: dict[str, Any]) -> None:
        with self.replacing(name) as path:
            path.write_text(json.dumps(without_home(values), indent=1) + "\n", encoding="utf-8")

    def _arrays(self, name: str, values: dict[str, np.ndarray]) -> None:
        with self.replacing(name) as path, open(path, "wb") as file:
            np.savez_compressed(file, **values)
