"""Run folder to pictures: what the snapshots must be, and all slices in one frame."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from muldml_lite.analysis.layouts.joint_umap import STEPS, umap_frames
from muldml_lite.analysis.layouts.pca import pca_pictures
from muldml_lite.runs import Run, RunError, in_one_frame

KINDS = ("pca", "umap")


def make_layout(
    run: Run, kind: str = "pca", progress: Callable[[int, int], None] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Epochs (E,) and coordinates (E, N, n, 2) float32; UMAP's within −1…1, PCA's in the unit of the embeddings.

    All slices lie in one frame (`runs.in_one_frame`). The same snapshots give the same coordinates, bit for bit.
    `progress(done, total)` counts pictures.

    Raises:
        RunError: the run has no snapshot, or one of them cannot be laid out.
    """
    epochs = run.epochs
    if not epochs:
        raise RunError(f"{run.path / 'snapshots'}: no snapshot yet, so there is nothing to lay out")
    return np.array(epochs, np.int32), lay_out(read_slices(run, epochs), kind, progress)


def lay_out(slices: np.ndarray, kind: str = "pca", progress: Callable[[int, int], None] | None = None) -> np.ndarray:
    """The same from embeddings (E, N, n, d) at hand, to (E, N, n, 2) float32."""
    if kind not in KINDS:
        raise ValueError(f"kind: {kind!r} given, expected one of {', '.join(KINDS)}")
    epochs, count = slices.shape[:2]
    placed = in_one_frame(pca_pictures(slices))
    start = placed[0].copy()
    if kind == "umap":

        def on_step(done: int) -> None:
            if progress:  # `number` is the slice at work
                progress((number * STEPS + done) * epochs // STEPS, count * epochs)

        for number in range(count):
            placed[:, number] = umap_frames(slices[:, number], start=placed[:, number], on_step=on_step)
        placed = in_one_frame(placed, start)  # so that both kinds show a face at the same side
        placed /= max(np.abs(placed).max(), 1e-9)
    if progress:
        progress(count * epochs, count * epochs)
    return placed.astype(np.float32)


def read_slices(run: Run, epochs: list[int]) -> np.ndarray:
    """Slices of these epochs' snapshots (E, N, n, d).

    Raises:
        RunError: one of them is not as the others, or not finite.
    """
    slices = []
    for epoch in epochs:
        file = run.path / "snapshots" / f"{epoch:04d}.npz"
        found = run.snapshot(epoch).slices
        if found.ndim != 3 or (slices and found.shape != slices[0].shape):
            expected = f"{slices[0].shape} as in epoch {epochs[0]}" if slices else "(slices, points, dimensions)"
            raise RunError(f"{file}: slices of shape {found.shape}, expected {expected}")
        broken = np.flatnonzero(~np.isfinite(found).all(axis=(1, 2)))
        if len(broken):
            raise RunError(f"{file}: slice {broken[0] + 1} holds NaN or infinity, expected finite embeddings")
        slices.append(found)
    return np.stack(slices)
