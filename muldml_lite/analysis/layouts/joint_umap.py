"""UMAP of all epochs of a slice at once, each point held by springs to itself in the epochs before and after.

The graph and the forces between points are UMAP's; umap-learn samples edges in compiled loops, one picture after the
other. Here all epochs move together, in whole arrays: nothing has to be compiled, every epoch meets the same
random repulsions (so their noise does not make points jump), and the springs see both neighbours in time.
A spring yields when stretched: a point that has found other neighbours goes there, the others stay where they were.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from muldml_lite.analysis.layouts.graph import neighbour_graph
from muldml_lite.analysis.layouts.pca import pca_pictures
from muldml_lite.runs import in_one_frame

A, B = 1.5769434603, 0.8950608779  # umap-learn's curve 1/(1 + A r^2B) for min_dist 0.1, spread 1
STEPS = 200
_REPULSED_BY = 5  # per edge, umap-learn's negative_sample_rate
_ROUNDS = 24  # two random others each, which stand for all
_STRONGEST = 4.0  # umap-learn's limit of one repulsion, per coordinate
_RADIUS = 4.0  # root mean square of the start: about the size of a finished picture
_SPRING, _SPRING_AT_FIRST = 3.0, 10.0
_YIELDS_AT = 0.5  # stretch at which a spring pulls half as hard for its length
_RATE, _MOMENTUM, _MEMORY = 0.5, 0.8, 0.9  # Adam's
_TINY = 1e-6


def umap_frames(
    vectors: np.ndarray,
    *,
    start: np.ndarray | None = None,
    seed: int = 0,
    on_step: Callable[[int], None] | None = None,
) -> np.ndarray:
    """UMAP of each epoch of (E, n, d), to (E, n, 2) float32 within −1…1, at one scale.

    Same input and seed, same coordinates.

    Args:
        start: (E, n, 2), where the points begin; None: their PCA.
        on_step: called with the number of steps done, after each of `STEPS`.
    """
    rng = np.random.default_rng(seed)
    forces = Forces(vectors)
    pictures = in_one_frame(pca_pictures(vectors)[:, None])[:, 0] if start is None else start
    places = _equally_large(pictures)  # (E, n) complex64
    speed, size = np.zeros_like(places), np.zeros(places.shape, np.float32)
    for step in range(STEPS):
        done = step / STEPS
        stiffness = _SPRING + (_SPRING_AT_FIRST - _SPRING) * max(0.0, 1 - 2 * done)
        force = forces.attraction(places) + forces.repulsion(places, rng) + springs(places, stiffness)
        speed += (1 - _MOMENTUM) * (force - speed)
        size += (1 - _MEMORY) * (force.real**2 + force.imag**2 - size)
        mean_speed, mean_size = speed / (1 - _MOMENTUM ** (step + 1)), size / (1 - _MEMORY ** (step + 1))
        places += _RATE * (1 - done) * mean_speed / (np.sqrt(mean_size) + _TINY)
        if on_step:
            on_step(step + 1)
    places -= places.mean()
    flat = places.view(np.float32).reshape(*places.shape, 2)
    return flat / max(np.abs(flat).max(), _TINY)


def springs(places: np.ndarray, stiffness: float) -> np.ndarray:
    """Pull of each point (E, n) towards itself in the epochs before and after."""
    pull = np.zeros_like(places)
    stretch = np.diff(places, axis=0)  # (E - 1, n)
    stretch *= stiffness / (1 + (stretch.real**2 + stretch.imag**2) / _YIELDS_AT**2)
    pull[:-1] += stretch
    pull[1:] -= stretch
    return pull


class Forces:
    """UMAP's forces on all points of all epochs. A place is a complex number: one read instead of two."""

    def __init__(self, vectors: np.ndarray) -> None:
        from scipy.sparse import csr_matrix, triu

        graph = neighbour_graph(vectors)
        edges = triu(graph, 1).tocoo()  # each pair once
        self.ends = edges.row.astype(np.intp), edges.col.astype(np.intp)
        self.weights = 2 * edges.data  # the graph lists a pair from both sides
        number, ones = np.arange(edges.nnz), np.ones(edges.nnz, np.complex64)
        shape = (graph.shape[0], edges.nnz)
        self.gather = csr_matrix((ones, (edges.row, number)), shape) - csr_matrix((ones, (edges.col, number)), shape)
        self.degrees = np.asarray(graph.sum(axis=1), np.float32).reshape(vectors.shape[:2])

    def attraction(self, places: np.ndarray) -> np.ndarray:
        """Towards the neighbours."""
        first, second = (places.ravel().take(end) for end in self.ends)
        gap = second - first
        squared = gap.real**2 + gap.imag**2 + np.float32(_TINY)
        bent = squared ** np.float32(B - 1)
        gap *= self.weights * np.float32(2 * A * B) * bent / (1 + np.float32(A) * bent * squared)
        return (self.gather @ gap).reshape(places.shape)

    def repulsion(self, places: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Away from others drawn at random, the same in every epoch."""
        points = places.shape[1]
        rounds = min(_ROUNDS, points - 1)
        if rounds < 1:
            return np.zeros_like(places)
        order = rng.permutation(points)
        shuffled = places.take(order, axis=1)
        ring = np.concatenate([shuffled, shuffled], axis=1)  # (E, 2n): each point meets the one `shift` places on
        push = np.zeros_like(ring)
        for shift in rng.choice(np.arange(1, points), rounds, replace=False):
            away = shuffled - ring[:, shift : shift + points]
            squared = away.real**2 + away.imag**2
            bent = (squared + np.float32(_TINY)) ** np.float32(B - 1)
            away *= np.float32(2 * B) / ((np.float32(0.001) + squared) * (1 + np.float32(A) * bent * squared))
            np.clip(away.view(np.float32), -_STRONGEST, _STRONGEST, out=away.view(np.float32))
            push[:, :points] += away
            push[:, shift : shift + points] -= away
        force = np.empty_like(places)
        force[:, order] = push[:, :points] + push[:, points:]
        return force * (self.degrees * np.float32(_REPULSED_BY / (2 * rounds)))


def _equally_large(pictures: np.ndarray) -> np.ndarray:
    """Centred pictures (E, n, 2) at one size, as complex64 (E, n)."""
    size = np.sqrt((pictures**2).sum(axis=-1).mean(axis=1))[:, None]
    return ((pictures[..., 0] + 1j * pictures[..., 1]) * (_RADIUS / np.maximum(size, _TINY))).astype(np.complex64)
