"""What the slices view is given: one dict of plain values and bytes, made from a run folder."""

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
from muldml_lite.widgets.packed import key_of

SPRITE_SIDE = 64  # pixels of a face in the sprite sheet, at most
MANY_FACES = 1_000  # from here on faces in the sheet are smaller: browsers limit the size of a picture
MANY_SIDE = 48
RESIDUAL = (
    "How far a slice's picture still is from the first slice's after it was turned or mirrored onto it (Δ): the root "
    "mean square distance of the same faces, as a share of the radius. 0: the same picture; 1.41: not alike at all."
)


def slices_payload(run: Run, neighbours: int = 5, most_epochs: int = 24, most_bytes: int = 8_000_000) -> dict[str, Any]:
    """All the view needs; it then works without Python.

    Args:
        most_epochs: epochs shown at most; first and last are always among them.
        most_bytes: bound for the layouts, and again for the embeddings. Where it is not enough, layouts of fewer epochs
            are shown, and neighbours are known at fewer of those (`vector_frames`), always at the last one.

    Raises:
        RunError: the run has no snapshot or no layout yet, or its files disagree.
    """
    probe = run.probe
    epochs, layouts, residuals, trained = _layouts(run, len(probe), most_epochs, most_bytes)
    snapshots = [run.snapshot(epoch) for epoch in epochs]
    slices, points, dim = snapshots[-1].slices.shape
    if points != len(probe):
        raise RunError(f"{run.path / 'snapshots'}: {points} points, but probe.npz has {len(probe)}")
    known = thinned(len(epochs), max(1, most_bytes // max(1, slices * points * dim * 2)))
    history = run.history
    records = {record["epoch"]: record["slices"] for record in history}
    some = history[-1]["slices"] if history else []  # of a fork, the first ones are the parent's
    values = {
        "run": key_of(run),
        "classes": class_styles(probe.classes),
        "thresholds": [s.get("threshold") for s in some] or [None] * slices,
        "labels": probe.labels.tolist(),
        "subjects": probe.subjects.tolist(),
        "test": probe.test.astype(int).tolist(),
        "names": [str(name) for name in probe.names],
        "epochs": epochs,
        "epochs_trained": trained,
        "layouts": layouts,
        "residuals": residuals,
        "residual": RESIDUAL,
        "vector_frames": known,
        "vectors": np.stack([snapshots[i].slices for i in known]).astype(np.float16).tobytes(),  # (V, N, n, d)
        "dim": dim,
        "predictions": np.stack([s.predictions for s in snapshots]).astype(np.uint8).tobytes(),  # (E, n)
        "confidence": np.stack([np.round(s.confidence * 255) for s in snapshots]).astype(np.uint8).tobytes(),  # (E, n)
        "knn": [[s.get("knn_accuracy") for s in records.get(epoch, [])] for epoch in epochs],
        "sprite": sprite_sheet(probe.thumbnails, MANY_SIDE if len(probe) > MANY_FACES else SPRITE_SIDE),
        "k": min(neighbours, len(probe) - 1),
    }
    return {"token": _token(values), **values}


def sprite_sheet(faces: np.ndarray, most: int = SPRITE_SIDE) -> dict[str, Any]:
    """All faces in one picture, as a data URL: one download, and any face is a piece of it."""
    side = min(faces.shape[1], most)
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


def fit_square(coordinates: np.ndarray, together: bool) -> np.ndarray:
    """Coordinates (E, N, n, 2) as int16, around one middle; `together`: all slices at one scale, too.

    One scale shows which slice is spread and which has collapsed. UMAP's units mean nothing between
    fits, so there each slice fills its panel.
    """
    middle = (coordinates.min(axis=(0, 1, 2)) + coordinates.max(axis=(0, 1, 2))) / 2
    half = np.abs(coordinates - middle).max(axis=(0, 1, 2, 3) if together else (0, 2, 3), keepdims=True)
    return np.round((coordinates - middle) / np.maximum(half, 1e-9) * 32_000).astype(np.int16)


def thinned(count: int, most: int) -> list[int]:
    """At most `most` of `count` places, evenly spread; the last is always there, the first if there is room for two."""
    if most <= 1:
        return [count - 1]
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int)).tolist()


def _layouts(
    run: Run, points: int, most: int, most_bytes: int
) -> tuple[list[int], dict[str, bytes], dict[str, list[list[float]]], int]:
    """Epochs shown, and of each kind the layouts on them, packed as int16 from −32,000 to 32,000, and their residuals.

    Last, how many epochs there are.
    """
    have = set(run.epochs)
    found = {kind: run.layout(kind) for kind in run.layouts}
    for _, coordinates in found.values():
        if coordinates.ndim != 4 or coordinates.shape[2] != points:
            raise RunError(
                f"{run.path / 'layout.npz'}: shape {coordinates.shape}, expected (epochs, slices, {points}, 2)"
            )
    keep: list[int] = []
    for epochs, coordinates in found.values():
        keep = [i for i, epoch in enumerate(epochs) if int(epoch) in have]
        a_frame = coordinates.shape[1] * points * 2 * 2 * len(found)  # bytes
    if not keep:
        raise RunError(
            f"{run.path}: no layout yet; it is made when training ends, or by `muldml layout --run {run.path}`"
        )
    shown = [keep[i] for i in thinned(len(keep), min(most, max(2, most_bytes // a_frame)))]
    packed = {kind: fit_square(xy[shown], together=kind == "pca").tobytes() for kind, (_, xy) in found.items()}
    apart = {kind: np.round(run.residuals(kind)[shown].astype(float), 3).tolist() for kind in found}
    return [int(epochs[i]) for i in shown], packed, apart, len(keep)


def _token(values: dict[str, Any]) -> str:
    stamp = hashlib.sha1(values["run"].encode(), usedforsecurity=False)
    stamp.update(values["vectors"])
    stamp.update(values["predictions"])
    for kind, layout in sorted(values["layouts"].items()):
        stamp.update(kind.encode())
        stamp.update(layout)
    return stamp.hexdigest()[:16]
