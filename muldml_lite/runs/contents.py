"""What a run folder holds, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STATES = ("queued", "running", "finished", "failed", "cancelled")


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
