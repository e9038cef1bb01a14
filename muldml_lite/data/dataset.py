"""What a data set is: images with what is known of each, and the rows that a reader finds before they are decoded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from PIL import Image

from muldml_lite.text import printable

Progress = Callable[[int, int], None]


class DataError(Exception):
    """Data that cannot be used; the message names the file and the remedy, on one line whatever the file's name is."""

    def __init__(self, line: str) -> None:
        super().__init__(printable(line))


class Images(Protocol):
    """An array of images, or something that decodes them when asked: `images[rows]` is (b, S, S, 3) uint8."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, rows) -> np.ndarray: ...


class Picture(Protocol):
    """One image that is not decoded yet."""

    @property
    def name(self) -> str:
        """Its path, or where in a file it is."""

    def whole(self) -> Image.Image:
        """All of it, upright, RGB or grey of 8 bits; raises DataError, naming the picture."""

    def read(self, size: int) -> np.ndarray:
        """The square that is trained on, (size, size, 3) uint8; raises DataError, naming the picture."""


@dataclass(frozen=True)
class FaceDataset:
    """Images and what is known of each; position i means the same image everywhere."""

    images: Images  # (n, S, S, 3) uint8: an array, or decoded on access
    labels: np.ndarray  # (n,) int64, index into classes
    subjects: np.ndarray  # (n,) int64, -1 where unknown
    test: np.ndarray  # (n,) bool, True: held out
    classes: tuple[str, ...]
    names: tuple[str, ...]  # file path, or what a drawn face shows
    skipped: tuple[str, ...] = ()  # what --skip-bad left out, one line each
    sequences: np.ndarray | None = None  # (n,) int64, images of one film with one label; None: none are known
    subject_names: tuple[str, ...] = ()  # of subject 0, 1, …, where the data set names them
    notes: tuple[str, ...] = ()  # what its user ought to know, one line each
    digests: np.ndarray | None = None  # (n,) uint64, where they are known; see `digests_of`

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def cases(self) -> np.ndarray:
        """(n,) int64: images with the same number are one observation; without sequences each image is one."""
        return np.arange(len(self)) if self.sequences is None else self.sequences


@dataclass(frozen=True, slots=True)
class Row:
    """One image on disk with what its data set says of it; None: unknown."""

    picture: Picture
    label: str
    subject: str | None = None
    test: bool | None = None
    sequence: str | None = None


@dataclass
class Found:
    """What a reader found."""

    rows: list[Row]
    notes: list[str] = field(default_factory=list)


class Faults:
    """What cannot be used: stops at the first one, or with `skip` goes on and lists them.

    Raises:
        DataError: from `add`, unless faults are skipped.
    """

    def __init__(self, skip: bool) -> None:
        self.skip = skip
        self.lines: list[str] = []

    def add(self, line: str, remedy: str = "mend or remove it") -> None:
        if not self.skip:
            raise DataError(f"{line}; {remedy}, or leave such out with --skip-bad")
        self.lines.append(printable(line))
