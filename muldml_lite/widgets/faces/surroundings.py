"""The faces that a run follows, as neighbours for a new one: in raw pixels, and in each slice of its embedding."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from muldml_lite.analysis import pixel_vectors
from muldml_lite.analysis.embedding_of import Embedded, Picture, fit_picture, nearest, pca_picture, weights_epoch
from muldml_lite.runs import Probe, Run, RunError

NEIGHBOURS = 5


class Space(NamedTuple):
    """One way to measure faces: all followed ones in it, and a flat picture of them."""

    name: str
    vectors: np.ndarray  # (n, D)
    picture: Picture


@dataclass(frozen=True)
class Surroundings:
    """All that is needed to say where a new face lies among a run's. R = 1 + N spaces, raw pixels first."""

    run: Run
    token: str  # changes with what is shown
    probe: Probe
    spaces: tuple[Space, ...]
    thresholds: tuple[float | None, ...]  # (N,) of the slices
    epoch: int  # whose embedding is shown
    problem: str  # why slices are missing, or why no new face can be put among them; "": they can

    @property
    def size(self) -> int:
        """Pixels of the thumbnails."""
        return self.probe.thumbnails.shape[1]

    @property
    def scales(self) -> list[tuple[np.ndarray, float]]:
        """Middle (2,) and half a side of each picture's square; the slices, in one frame, share theirs."""
        pixels, *slices = (space.picture.points for space in self.spaces)
        found = [_square(pixels)]
        if slices:
            found += [_square(np.concatenate(slices))] * len(slices)
        return found

    def placed(self, row: int, points: np.ndarray) -> np.ndarray:
        """Points (T, 2) of a picture as the view draws them: −1 to 1 holds all followed faces."""
        middle, half = self.scales[row]
        return (points - middle) / half

    def find(self, images: np.ndarray, embedded: Embedded | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where new faces lie: images (T, s, s, 3) at the thumbnails' size, and what the network makes of them.

        Returns:
            nearest faces (T, R, k), their distances (T, R, k), places in the pictures (T, R, 2); without `embedded`
            only in raw pixels, R = 1.
        """
        queries = [pixel_vectors(replace(self.probe, thumbnails=images))]
        if embedded is not None:
            queries += list(embedded.slices)
        found = [nearest(space.vectors, q, NEIGHBOURS) for space, q in zip(self.spaces, queries, strict=False)]
        places = [self.placed(i, self.spaces[i].picture.place(query)) for i, query in enumerate(queries)]
        near, apart = (np.stack(parts, axis=1) for parts in zip(*found, strict=True))
        return near, apart, np.stack(places, axis=1)


def _square(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Middle (2,) and half a side of the square around (n, 2)."""
    low, high = points.min(0), points.max(0)
    return (low + high) / 2, float(max((high - low).max() / 2, 1e-9))


def read_surroundings(run: Run) -> Surroundings:
    """The followed faces of a run, after the epoch of its weights (else the last one).

    Raises:
        RunError: no probe set, or files that don't fit together.
    """
    probe = run.probe
    pixels = pixel_vectors(probe)
    spaces = [Space("raw pixels", pixels, pca_picture(pixels))]
    epoch, problem = _shown_epoch(run)
    thresholds: tuple[float | None, ...] = ()
    if epoch >= 0:
        slices = run.snapshot(epoch).slices  # (N, n, d)
        if slices.shape[1] != len(probe):
            raise RunError(f"{run.path / 'snapshots'}: {slices.shape[1]} points, but probe.npz has {len(probe)}")
        spaces += [
            Space(f"slice {number}", vectors, fit_picture(vectors, points))
            for number, (vectors, points) in enumerate(zip(slices, _layout(run, epoch, slices), strict=True), 1)
        ]
        records = {record["epoch"]: record["slices"] for record in run.history}.get(epoch, [])
        found = [record.get("threshold") for record in records]
        thresholds = tuple(found) if len(found) == len(slices) else (None,) * len(slices)
    stamp = hashlib.sha1(os.fsencode(run.path), usedforsecurity=False)
    for space in spaces:
        stamp.update(np.ascontiguousarray(space.picture.points).tobytes())
    return Surroundings(run, stamp.hexdigest()[:16], probe, tuple(spaces), thresholds, epoch, problem)


def _shown_epoch(run: Run) -> tuple[int, str]:
    """The epoch that is shown (−1: none), and why no new face can be put in, if so."""
    epochs = run.epochs
    laid_out = [int(epoch) for epoch in run.layout("pca")[0] if int(epoch) in epochs] if "pca" in run.layouts else []
    if not laid_out:
        return -1, "This run has no layout of its slices yet; it is made when training ends."
    weights = weights_epoch(run)
    if weights is None:
        return laid_out[-1], "This run keeps no weights, so its network can't look at a new face."
    if weights not in laid_out:
        return laid_out[-1], f"The run's weights are those of epoch {weights}, its pictures are not; wait for its end."
    return weights, ""


def _layout(run: Run, epoch: int, slices: np.ndarray) -> np.ndarray:
    """(N, n, 2)"""
    epochs, coordinates = run.layout("pca")
    points = coordinates[epochs.tolist().index(epoch)]
    if points.shape != (*slices.shape[:2], 2):
        raise RunError(f"{run.path / 'layout.npz'}: shape {points.shape}, expected {(*slices.shape[:2], 2)}")
    return points
