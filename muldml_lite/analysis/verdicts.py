"""What a run's slices make of one new face: its nearest faces, their vote, and how far off it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from muldml_lite.analysis.distances import pixel_vectors
from muldml_lite.analysis.embedding_of import Embedded, Embedder, nearest, weights_epoch
from muldml_lite.metrics import join_slices
from muldml_lite.photos import Photo, Square, cut, middle_square
from muldml_lite.runs import Probe, Run, RunError

NEIGHBOURS = 5


@dataclass(frozen=True)
class Verdict:
    """One space's answer: a slice's, the whole embedding's, or that of raw pixels."""

    label: int  # class with most votes; among equals, that of the nearest face
    votes: np.ndarray  # (C,) how many of the k nearest faces are of each class
    nearest: np.ndarray  # (k,) places in the probe set, nearest first; faces that were trained on
    distances: np.ndarray  # (k,)
    to_classes: np.ndarray  # (C,) distance to the nearest face of each class; NaN: no such face
    usual: np.ndarray  # (m,) what unseen people's faces have as mean distance to their k nearest, sorted

    @property
    def share(self) -> float:
        """Of the votes, that the chosen class has."""
        return float(self.votes[self.label] / self.votes.sum())

    @property
    def apart(self) -> float:
        """Mean distance to the k nearest faces."""
        return float(self.distances.mean())

    @property
    def farther(self) -> float | None:
        """Than which share of unseen people's faces this one is; None: the run follows none."""
        return float(np.mean(self.usual < self.apart)) if len(self.usual) else None

    @property
    def margin(self) -> float:
        """D(a,n) − D(a,p), with the face as anchor and the nearest face of the chosen and of any other class."""
        others = np.delete(self.to_classes, self.label)
        return float(np.nanmin(others) - self.to_classes[self.label]) if np.isfinite(others).any() else float("nan")


@dataclass(frozen=True)
class Judged:
    """All verdicts of one face."""

    pixels: Verdict
    slices: tuple[Verdict, ...]  # (N,)
    whole: Verdict
    head: np.ndarray  # (C,) probabilities
    classes: tuple[str, ...]
    thresholds: tuple[float | None, ...]  # (N,)

    @property
    def lines(self) -> list[str]:
        """The verdicts as a table in plain text."""
        taus = ["" if tau is None else f", τ = {tau:.2f}" for tau in self.thresholds]
        rows = [("raw pixels", self.pixels)]
        rows += [(f"slice {i}{tau}", one) for i, (tau, one) in enumerate(zip(taus, self.slices, strict=True), 1)]
        rows += [("all slices", self.whole)]
        best = int(self.head.argmax())
        return [f"{name:<20} {self._line(one)}" for name, one in rows] + [
            f"{'head':<20} {self.classes[best]:<12} {self.head[best]:.0%}"
        ]

    def _line(self, one: Verdict) -> str:
        farther = "" if one.farther is None else f", farther than {one.farther:.0%} of unseen faces"
        votes = f"{one.votes[one.label]} of {one.votes.sum()} votes"
        return f"{self.classes[one.label]:<12} {votes}, {one.apart:.2f} away{farther}"


@dataclass(frozen=True)
class Space:
    """One way to measure faces: those that vote, and what is usual for faces that were not trained on."""

    vectors: np.ndarray  # (g, D)
    usual: np.ndarray  # (m,) sorted

    def ask(self, query: np.ndarray, gallery: Gallery) -> Verdict:
        """A vector (D,) against the faces that vote."""
        order, distances = nearest(self.vectors, query[None], len(self.vectors))  # (1, g) each
        labels = gallery.probe.labels[gallery.voters][order[0]]  # (g,)
        count = len(gallery.probe.classes)
        to_classes = np.full(count, np.nan)
        for label in np.unique(labels):
            to_classes[label] = distances[0][np.flatnonzero(labels == label)[0]]
        k = min(gallery.k, len(labels))
        votes = np.bincount(labels[:k], minlength=count)
        winner = next(label for label in labels[:k] if votes[label] == votes.max())
        near = gallery.voters[order[0][:k]]
        return Verdict(int(winner), votes, near, distances[0][:k], to_classes, self.usual)


@dataclass(frozen=True)
class Gallery:
    """The faces of a run that a new one is held against, after the epoch of its weights."""

    probe: Probe
    voters: np.ndarray  # (g,) places in the probe set
    thresholds: tuple[float | None, ...]  # (N,)
    epoch: int
    k: int
    spaces: tuple[Space, ...]  # raw pixels, N slices, all slices joined

    @property
    def grey(self) -> bool:
        """Whether the run has seen grey images only, so that a new face should be grey, too."""
        faces = self.probe.thumbnails
        return bool((faces[..., :1] == faces).all())

    def judge(self, thumbnail: np.ndarray, embedded: Embedded) -> Judged:
        """One new face: (s, s, 3) uint8 at the thumbnails' size, and what the network makes of it (T = 1).

        Raises:
            ValueError: another size, or more than one face.
        """
        if thumbnail.shape != self.probe.thumbnails.shape[1:] or embedded.slices.shape[1] != 1:
            raise ValueError(f"thumbnail: got {thumbnail.shape}, expected {self.probe.thumbnails.shape[1:]}, one face")
        alone = replace(self.probe, thumbnails=thumbnail[None])
        queries = [*pixel_vectors(alone), *embedded.slices[:, 0], *join_slices(embedded.slices)]
        pixels, *slices, whole = (space.ask(q, self) for space, q in zip(self.spaces, queries, strict=True))
        return Judged(pixels, tuple(slices), whole, embedded.probabilities[0], self.probe.classes, self.thresholds)


class Judge:
    """A run's network and the faces it follows, ready for new ones. ResNet-18 imports torch.

    Raises:
        RunError: as `read_gallery` and `Embedder`.
    """

    def __init__(self, run: Run) -> None:
        self.gallery = read_gallery(run)
        self._embedder = Embedder(run)
        self.size = self._embedder.size
        if self._embedder.epoch != self.gallery.epoch:
            raise RunError(f"{run.path}: its weights have just been replaced; try again")

    def __call__(self, photo: Photo, square: Square | None = None) -> Judged:
        """What the run makes of a square of a photograph (None: its middle)."""
        square = square or middle_square(photo)
        thumbnail = self.see(photo, square, self.gallery.probe.thumbnails.shape[1])
        image = self.see(photo, square, self.size)
        return self.gallery.judge(thumbnail, self._embedder.embed(image[None]))

    def see(self, photo: Photo, square: Square, size: int) -> np.ndarray:
        """The square as the run's images are, (size, size, 3) uint8: grey, if it has seen grey ones only."""
        image = cut(photo, square, size)
        if not self.gallery.grey:
            return image
        grey = (image.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)).round()  # BT.601
        return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)


def read_gallery(run: Run) -> Gallery:
    """Faces that vote are those that were trained on; a probe set without any lets all of them vote.

    Raises:
        RunError: no probe set, no weights, weights of an epoch that was not kept, or files that don't fit together.
    """
    probe, epoch = run.probe, weights_epoch(run)
    if epoch is None:
        raise RunError(f"{run.path}: this run keeps no weights, so its network can't look at a new face")
    if epoch not in run.epochs:
        raise RunError(f"{run.path}: its weights are those of epoch {epoch}, which is not written yet; try again soon")
    slices = run.snapshot(epoch).slices.astype(np.float32)  # (N, n, d)
    if slices.shape[1] != len(probe):
        raise RunError(f"{run.path / 'snapshots'}: {slices.shape[1]} points, but probe.npz has {len(probe)}")
    test = probe.test if not probe.test.all() else np.zeros(len(probe), bool)
    voters, unseen = np.flatnonzero(~test), np.flatnonzero(test)
    spaces = [_space(vectors, voters, unseen) for vectors in (pixel_vectors(probe), *slices, join_slices(slices))]
    record = next((record for record in run.history if record["epoch"] == epoch), {})
    found = tuple(one.get("threshold") for one in record.get("slices", ()))
    thresholds = found if len(found) == len(slices) else (None,) * len(slices)
    return Gallery(probe, voters, thresholds, epoch, NEIGHBOURS, tuple(spaces))


def _space(vectors: np.ndarray, voters: np.ndarray, unseen: np.ndarray) -> Space:
    if not len(unseen):
        return Space(vectors[voters], np.zeros(0))
    _, distances = nearest(vectors[voters], vectors[unseen], NEIGHBOURS)  # (m, k)
    return Space(vectors[voters], np.sort(distances.mean(1)))
