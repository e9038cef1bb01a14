"""Pictures of slices in one frame, so that they can be compared, and so that points glide from epoch to epoch."""

from __future__ import annotations

import numpy as np


def in_one_frame(pictures: np.ndarray, before: np.ndarray | None = None) -> np.ndarray:
    """Pictures (E, N, n, 2), centred and rotated or mirrored into one frame, never scaled; float64.

    Within an epoch each slice is turned onto the first one (orthogonal Procrustes). Then the epoch is turned as a
    whole, so that all its slices together lie nearest to the epoch before. The first picture of all stands upright.
    No epoch depends on a later one, so a live view shows each epoch as the finished run will.

    Measured on the sample run (PCA; RMS jump per epoch over standard deviation, largest residual of the last epoch):
    each slice turned towards its own past .71 and 1.9; each onto the first slice, which follows its own past, .78 and
    .50; onto the first slice, which lies nearest to the untrained one, 1.28 and .50; this way .75 and .50.

    Args:
        before: (N, n, 2), what this returned for the epoch before the first one.
    """
    flat = np.asarray(pictures, np.float64)
    flat = flat - flat.mean(axis=2, keepdims=True)
    flat = flat @ _nearest_turn(np.einsum("esnc,end->escd", flat, flat[:, 0]))
    target, placed = before, []
    for epoch in flat:
        turn = _upright(epoch[0]) if target is None else _nearest_turn(np.einsum("snc,snd->cd", epoch, target))
        target = epoch @ turn
        placed.append(target)
    return np.stack(placed)


def residuals(pictures: np.ndarray) -> np.ndarray:
    """How far each slice's picture is from the first slice's, for pictures (E, N, n, 2) in one frame → (E, N).

    Root mean square distance of the same points, as a share of the pictures' radius: the root mean square distance
    of both pictures' points from their middle. 0: the same picture. √2: not alike in any way.
    """
    apart = np.square(pictures - pictures[:, :1]).sum(-1).mean(-1)  # (E, N)
    square = np.square(pictures - pictures.mean(axis=2, keepdims=True)).sum(-1).mean(-1)
    radius = (square + square[:, :1]) / 2
    return np.sqrt(np.divide(apart, radius, out=np.zeros_like(apart), where=radius > 0))


def _nearest_turn(products: np.ndarray) -> np.ndarray:
    """The rotation or mirror (…, 2, 2) that brings one picture nearest to another, from pictureᵀ · other (…, 2, 2)."""
    left, _, right = np.linalg.svd(products)
    return left @ right


def _upright(picture: np.ndarray) -> np.ndarray:
    """The turn (2, 2) that lays (n, 2) along its main directions, the longer tail of each to the right or upwards.

    So the frame is a property of the points, and not of the program that placed them.
    """
    _, axes = np.linalg.eigh(picture.T @ picture)
    axes = axes[:, ::-1]
    return axes * np.where(((picture @ axes) ** 3).sum(axis=0) < 0, -1, 1)
