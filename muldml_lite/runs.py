"""The run folder: the one contract between training and everything that shows it.

    config.json          the whole configuration, versions, device
    status.json          queued | running | finished | failed | cancelled; pid, heartbeat, message
    history.jsonl        one line per epoch
    probe.npz            the images followed through training
    snapshots/NNNN.npz   their embeddings after epoch NNNN, per slice, and what the network predicts
    judgements.npz       triplets mined from the probe set, per epoch
    layout.npz           2-D coordinates per epoch and slice
    checkpoint/          weights and optimiser state (safetensors)

Writers make a temporary file and rename it, so that a reader never meets half a file. Reading needs
numpy only, and never unpickles.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

STATES = ("queued", "running", "finished", "failed", "cancelled")
STALE_SECONDS = 120  # a running trainer beats at least once an epoch, and every few seconds between


class RunError(Exception):
    """A run folder that cannot be used; the message names the file and what was expected."""


@dataclass(frozen=True)
class Probe:
    """The fixed set of images that is followed through training."""

    thumbnails: np.ndarray  # (n, s, s, 3) uint8
    labels: np.ndarray  # (n,) index into classes
    subjects: np.ndarray  # (n,) -1: unknown
    test: np.ndarray  # (n,) bool, True: never trained on
    index: np.ndarray  # (n,) place in the data set
    classes: tuple[str, ...]
    names: np.ndarray  # (n,) str, file name or a drawn face's name

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Snapshot:
    """What the network made of the probe set after one epoch."""

    epoch: int
    slices: np.ndarray  # (N, n, d) unit-length slice embeddings
    predictions: np.ndarray  # (n,) class the head chooses
    confidence: np.ndarray  # (n,) its probability


@dataclass(frozen=True)
class Judgements:
    """Batch Hard triplets of the probe set's training images, one row per recorded epoch."""

    epochs: np.ndarray  # (E,)
    anchor: np.ndarray  # (E, N, m) place in the probe set
    positive: np.ndarray  # (E, N, m)
    negative: np.ndarray  # (E, N, m)
    distances: np.ndarray  # (E, N, m, 3) D(a,p), D(a,n), D(p,n)

    def until(self, epoch: int) -> Judgements:
        """The rows up to and with `epoch`."""
        rows = self.epochs <= epoch
        return Judgements(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


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
        """The state now; a `running` run without a living heartbeat reads as `failed`."""
        path = self.path / "status.json"
        status = _read_json(path)
        if status.get("state") not in STATES:
            raise RunError(f"{path}: state {status.get('state')!r}, expected one of {', '.join(STATES)}")
        if status["state"] == "running" and time.time() - status.get("heartbeat", 0) > STALE_SECONDS:
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
        data = _read_arrays(self.path / "probe.npz")
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
        data = _read_arrays(path)
        if data.get("slices") is not None:
            data["slices"] = data["slices"].astype(np.float32)
        return _make(Snapshot, path, {**data, "epoch": epoch})

    @property
    def judgements(self) -> Judgements:
        path = self.path / "judgements.npz"
        return _make(Judgements, path, _read_arrays(path))

    @property
    def layouts(self) -> tuple[str, ...]:
        """Kinds of layout at hand: some of pca, umap."""
        path = self.path / "layout.npz"
        return tuple(k for k in _read_arrays(path) if k in ("pca", "umap")) if path.exists() else ()

    def layout(self, kind: str = "pca") -> tuple[np.ndarray, np.ndarray]:
        """Epochs (E,) and coordinates (E, N, n, 2) float32."""
        path = self.path / "layout.npz"
        data = _read_arrays(path)
        if kind not in data or "epochs" not in data:
            raise RunError(f"{path}: no {kind} layout; make it with `muldml layout --run {self.path} --kind {kind}`")
        return data["epochs"], data[kind].astype(np.float32)


def list_runs(folder: str | os.PathLike[str]) -> list[Run]:
    """The run folders directly inside `folder`, newest first; anything else there is passed over."""
    made = []
    for path in sorted(Path(folder).glob("*/config.json")) if Path(folder).is_dir() else []:
        with contextlib.suppress(RunError, OSError):
            made.append((path.stat().st_mtime, Run(path.parent)))
    return [run for _, run in sorted(made, key=lambda pair: -pair[0])]


class RunWriter:
    """Writes a run folder. One writer a folder: the process that trains."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._beat = 0.0
        (self.path / "snapshots").mkdir(parents=True, exist_ok=True)

    def config(self, config: dict[str, Any], **facts: Any) -> None:
        """`facts`: versions, device and whatever else describes the run without deciding it."""
        self._json("config.json", {"config": config, **facts})

    def status(self, state: str, message: str = "") -> None:
        if state not in STATES:
            raise ValueError(f"state: {state!r} given, expected one of {', '.join(STATES)}")
        self._beat = time.time()
        beat = {"state": state, "pid": os.getpid(), "heartbeat": self._beat, "message": message}
        self._json("status.json", beat)

    def heartbeat(self, message: str = "", seconds: float = 2.0) -> None:
        """Say that training is alive, at most once in `seconds`."""
        if time.time() - self._beat >= seconds:
            self.status("running", message)

    def record(self, values: dict[str, Any]) -> None:
        """Append one epoch's line, whole and on disk before this returns."""
        with open(self.path / "history.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")
            file.flush()
            os.fsync(file.fileno())

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
        """Add one kind of layout; another kind already there stays, unless its epochs are others."""
        path = self.path / "layout.npz"
        kept = _read_arrays(path) if path.exists() else {}
        if not np.array_equal(kept.get("epochs", ()), epochs):
            kept = {}
        self._arrays("layout.npz", {**kept, "epochs": epochs, kind: coordinates.astype(np.float16)})

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
            path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")

    def _arrays(self, name: str, values: dict[str, np.ndarray]) -> None:
        with self.replacing(name) as path, open(path, "wb") as file:
            np.savez_compressed(file, **values)


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


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
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
