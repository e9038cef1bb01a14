"""What the slices view is given: one dict of plain values and packed arrays, made from a run folder."""

from __future__ import annotations

import base64
import hashlib
import io
import math
from typing import Any

import numpy as np
from PIL import Image

from muldml_lite.plots import class_styles
from muldml_lite.runs import Run, RunError

SPRITE_SIDE = 64  # pixels of a face in the sprite sheet, at most


def slices_payload(run: Run, neighbours: int = 5, most_epochs: int = 24) -> dict[str, Any]:
    """All the view needs; it then works without Python.

    Raises:
        RunError: the run has no snapshot or no layout yet, or its files disagree.
    """
    probe = run.probe
    epochs, layouts = _layouts(run, len(probe), most_epochs)
    snapshots = [run.snapshot(epoch) for epoch in epochs]
    vectors = np.stack([s.slices for s in snapshots]).astype(np.float16)  # (E, N, n, d)
    if vectors.shape[2] != len(probe):
        raise RunError(f"{run.path / 'snapshots'}: {vectors.shape[2]} points, but probe.npz has {len(probe)}")
    records = {record["epoch"]: record["slices"] for record in run.history}
    some = next(iter(records.values()), [])
    values = {
        "run": str(run.path),
        "classes": class_styles(probe.classes),
        "thresholds": [s.get("threshold") for s in some] or [None] * vectors.shape[1],
        "labels": probe.labels.tolist(),
        "test": probe.test.astype(int).tolist(),
        "names": [str(name) for name in probe.names],
        "epochs": epochs,
        "layouts": layouts,
        "vectors": _pack(vectors),
        "dim": vectors.shape[3],
        "predictions": _pack(np.stack([s.predictions for s in snapshots]).astype(np.uint8)),
        "knn": [[s.get("knn_accuracy") for s in records.get(epoch, [])] for epoch in epochs],
        "sprite": sprite_sheet(probe.thumbnails),
        "k": min(neighbours, len(probe) - 1),
    }
    stamp = hashlib.sha1(usedforsecurity=False)
    for part in ("vectors", "run"):
        stamp.update(values[part].encode())
    for kind in sorted(layouts):
        stamp.update(kind.encode())
    return {"token": stamp.hexdigest()[:16], **values}


def sprite_sheet(faces: np.ndarray) -> dict[str, Any]:
    """All faces in one picture, as a data URL: one download, and any face is a piece of it."""
    side = min(faces.shape[1], SPRITE_SIDE)
    columns = math.ceil(math.sqrt(len(faces)))
    rows = math.ceil(len(faces) / columns)
    sheet = np.zeros((rows * side, columns * side, 3), np.uint8)
    for i, face in enumerate(faces):
        small = face
        if face.shape[0] != side:
            small = np.asarray(Image.fromarray(face).resize((side, side), Image.Resampling.LANCZOS))
        y, x = divmod(i, columns)
        sheet[y * side : (y + 1) * side, x * side : (x + 1) * side] = small
    buffer = io.BytesIO()
    # WebP: a fifth of the PNG's size, which is what a phone has to load.
    Image.fromarray(sheet).save(buffer, "WEBP", quality=88, method=2)
    url = "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
    return {"url": url, "columns": columns, "rows": rows, "side": side}


def _layouts(run: Run, points: int, most: int) -> tuple[list[int], dict[str, str]]:
    """Epochs shown, and the layouts on them, packed as int16 from −32,000 to 32,000."""
    have = set(run.epochs)
    shown: list[int] = []
    packed: dict[str, str] = {}
    for kind in run.layouts:
        epochs, coordinates = run.layout(kind)
        if coordinates.ndim != 4 or coordinates.shape[2] != points:
            raise RunError(
                f"{run.path / 'layout.npz'}: shape {coordinates.shape}, expected (epochs, slices, {points}, 2)"
            )
        keep = [i for i, epoch in enumerate(epochs) if int(epoch) in have]
        if len(keep) > most:
            keep = [keep[i] for i in np.unique(np.linspace(0, len(keep) - 1, most).round().astype(int))]
        shown = [int(epochs[i]) for i in keep]
        packed[kind] = _pack(fit_square(coordinates[keep], together=kind == "pca"))
    if not shown:
        raise RunError(
            f"{run.path}: no layout yet; it is made when training ends, or by `muldml layout --run {run.path}`"
        )
    return shown, packed


def fit_square(coordinates: np.ndarray, together: bool) -> np.ndarray:
    """Coordinates (E, N, n, 2) as int16, centred a slice; `together`: all slices at one scale.

    One scale shows which slice is spread and which has collapsed. UMAP's units mean nothing between
    fits, so there each slice fills its panel.
    """
    low = coordinates.min(axis=(0, 2), keepdims=True)
    high = coordinates.max(axis=(0, 2), keepdims=True)
    half = (high - low).max(axis=-1, keepdims=True) / 2
    if together:
        half = half.max(keepdims=True)
    return np.round((coordinates - (low + high) / 2) / np.maximum(half, 1e-9) * 32_000).astype(np.int16)


def _pack(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
