"""What the threshold view is given: runs with their embeddings as bytes; it then works without Python."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from muldml_lite.metrics import COLLAPSED, SATURATED
from muldml_lite.plots import class_styles
from muldml_lite.runs import Probe, Run, RunError
from muldml_lite.widgets.packed import key_of
from muldml_lite.widgets.slices import sprite_sheet

MOST_FACES = 600  # pairs grow with the square: 600 faces are 180,000 pairs a slice


def thresholds_payload(
    run: Run, others: Sequence[Run] = (), most_epochs: int = 24, most_bytes: int = 3_000_000
) -> dict[str, Any]:
    """A run, and further runs whose thresholds join its own.

    Args:
        most_epochs, most_bytes: epochs of a run are thinned evenly until its embeddings fit both.

    Raises:
        RunError: a run has no snapshot yet, or its files disagree.
    """
    main = _one(run, most_epochs, most_bytes)
    runs = [main]
    for other in others:
        more = _one(other, most_epochs, most_bytes)
        if more["sprite"] == main["sprite"]:
            more["sprite"] = None  # the same faces as the first run's
        runs.append(more)
    stamp = hashlib.sha1(usedforsecurity=False)
    for one in runs:
        stamp.update(repr((one["run"], one["epochs"], one["thresholds"], one["trained"])).encode())
        stamp.update(one["vectors"])
    return {"token": stamp.hexdigest()[:16], "runs": runs, "saturated": SATURATED, "collapsed": COLLAPSED}


def _one(run: Run, most_epochs: int, most_bytes: int) -> dict[str, Any]:
    config, probe = run.config["config"], run.probe
    kept = _even_faces(probe)
    epochs, vectors = _embeddings(run, len(probe), kept, most_epochs, most_bytes)
    history = run.history
    records = {record["epoch"]: record["slices"] for record in history}
    some = history[-1]["slices"] if history else []  # of a fork, the first ones are the parent's
    if some and len(some) != vectors.shape[1]:
        raise RunError(f"{run.path / 'history.jsonl'}: {len(some)} slices, but snapshots have {vectors.shape[1]}")
    return {
        "name": run.name,
        "run": key_of(run),
        "mining": config.get("mining", "semi-hard"),
        "dual": config.get("method") in ("mul-dml", "dual"),
        "squared": bool(config.get("squared")),
        "classes": class_styles(probe.classes),
        "thresholds": _thresholds(some, config, vectors.shape[1]),
        "labels": probe.labels[kept].tolist(),
        "test": probe.test[kept].astype(int).tolist(),
        "names": [str(name) for name in probe.names[kept]],
        "places": kept.tolist(),
        "of": len(probe),
        "epochs": epochs,
        "vectors": vectors.tobytes(),
        "dim": vectors.shape[3],
        "trained": [[s.get("active_fraction") for s in records.get(epoch, [])] for epoch in epochs],
        "sprite": sprite_sheet(probe.thumbnails[kept]),
    }


def _thresholds(slices: list[dict[str, Any]], config: dict[str, Any], count: int) -> list[float | None]:
    """τ of each slice; None where nothing but cross entropy was trained."""
    if config.get("method") == "softmax" or not slices:
        return [None] * count
    return [s.get("threshold") for s in slices]


def _even_faces(probe: Probe) -> np.ndarray:
    """Places of at most MOST_FACES faces, an even share of every class and of either part."""
    if len(probe) <= MOST_FACES:
        return np.arange(len(probe))
    order = np.lexsort((np.arange(len(probe)), probe.test, probe.labels))
    return np.sort(order[np.linspace(0, len(probe) - 1, MOST_FACES).round().astype(int)])


def _embeddings(
    run: Run, points: int, kept: np.ndarray, most_epochs: int, most_bytes: int
) -> tuple[list[int], np.ndarray]:
    """Epochs shown, and the embeddings (E, N, n, d) float16 of the kept faces after them."""
    epochs = run.epochs
    if not epochs:
        raise RunError(f"{run.path / 'snapshots'}: no snapshot yet; the first comes before the first epoch")
    last = run.snapshot(epochs[-1]).slices
    size = 2 * last.shape[0] * len(kept) * last.shape[2]
    most = max(1, min(most_epochs, most_bytes // size))
    if len(epochs) > most:
        # With room for one epoch, it is the last.
        epochs = [epochs[i] for i in np.unique(np.linspace(len(epochs) - 1, 0, most).round().astype(int))]
    vectors = [run.snapshot(epoch).slices for epoch in epochs]
    for epoch, one in zip(epochs, vectors, strict=True):
        if one.shape != (last.shape[0], points, last.shape[2]):
            raise RunError(
                f"{run.path / 'snapshots' / f'{epoch:04d}.npz'}: shape {one.shape}, expected "
                f"({last.shape[0]}, {points}, {last.shape[2]})"
            )
    return epochs, np.ascontiguousarray(np.stack([one[:, kept] for one in vectors]).astype(np.float16))
