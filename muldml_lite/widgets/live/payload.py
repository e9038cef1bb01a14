"""What the live view is given after each look at the run folder: all curves, and the newest picture of the slices."""

from __future__ import annotations

import base64
import threading
from typing import Any

import numpy as np

from muldml_lite.analysis.layouts import pca_pictures, read_slices
from muldml_lite.plots import class_styles, slice_colours
from muldml_lite.runs import Run, RunError, in_one_frame, read_control, residuals
from muldml_lite.widgets.packed import key_of
from muldml_lite.widgets.slices import RESIDUAL

REACH = 1.15  # embeddings of unit length, centred, seldom lie farther out in a plane; what does stays at the edge
CURVES = ("cross_entropy", "metric_loss", "head_accuracy", "knn_accuracy", "train_accuracy")
SLICE_CURVES = ("active_fraction", "incomplete_fraction", "knn_accuracy")


class Frames:
    """The newest snapshot of a run as a picture, in the frame that the finished run's layout will have.

    One object follows one run; threads may share it. It looks at every snapshot once, the first time at all.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._epoch = -1
        self._placed: np.ndarray | None = None  # (N, n, 2)

    def newest(self, run: Run) -> tuple[int, np.ndarray] | None:
        """Epoch and positions (N, n, 2) as int16, ±32,000 being ±`REACH`; None: no snapshot yet."""
        with self._lock:
            epochs = run.epochs
            if not epochs:
                return None
            if epochs[-1] < self._epoch:  # the folder holds another run now
                self._epoch, self._placed = -1, None
            for epoch in [e for e in epochs if e > self._epoch]:
                picture = pca_pictures(read_slices(run, [epoch]))
                known = self._placed is not None and self._placed.shape == picture.shape[1:]
                self._epoch, self._placed = epoch, in_one_frame(picture, self._placed if known else None)[0]
            return self._epoch, np.round(np.clip(self._placed / REACH, -1, 1) * 32_000).astype(np.int16)


def live_payload(run: Run, frames: Frames, *, controls: bool = True) -> dict[str, Any]:
    """Everything the view shows now.

    Args:
        frames: the object that follows this run.
        controls: whether the view has buttons of its own.

    Raises:
        RunError: files of the run are broken. What is not there yet is left out.
    """
    history, status, config = run.history, run.status, run.config
    some = history[-1]["slices"] if history else []  # of a fork, the first ones are the parent's
    values = {
        "run": key_of(run),
        "name": run.name,
        "state": status["state"],
        "message": status.get("message", ""),
        "paused": "paused" in status and status["state"] == "running",
        "held": _held(run, history),
        "controls": controls,
        "total": config["config"].get("epochs"),
        "fork": (config.get("forked") or {}).get("epoch"),
        "thresholds": [one.get("threshold") for one in some],
        "colours": slice_colours(len(some)),
        "epochs": [record["epoch"] for record in history],
        "curves": {key: [record.get(key) for record in history] for key in CURVES},
        "slices": {
            key: [[record["slices"][i].get(key) for record in history] for i in range(len(some))]
            for key in SLICE_CURVES
        },
        "faces": None,
        "frame": None,
    }
    found = frames.newest(run)
    if found and (run.path / "probe.npz").exists():
        epoch, placed = found
        probe = run.probe
        if placed.shape[1] != len(probe):
            raise RunError(f"{run.path / 'snapshots'}: {placed.shape[1]} points, but probe.npz has {len(probe)}")
        values["frame"] = {
            "epoch": epoch,
            "slices": len(placed),
            "places": base64.b64encode(placed.tobytes()).decode(),
            "residuals": residuals(placed[None].astype(float))[0].round(3).tolist(),
        }
        values["residual"] = RESIDUAL
        values["faces"] = {
            "classes": class_styles(probe.classes),
            "labels": probe.labels.tolist(),
            "test": probe.test.astype(int).tolist(),
        }
    return values


def _held(run: Run, history: list[dict[str, Any]]) -> bool:
    """Whether a pause is asked for, reached or not."""
    try:
        return read_control(run.path).holds(history[-1]["epoch"] if history else 0)
    except RunError:
        return False
