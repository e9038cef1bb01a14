"""From a file, or from numbers, to an upright square: at once, or when a batch asks for it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from muldml_lite.data.dataset import DataError, FaceDataset, Images, Picture
from muldml_lite.data.tree import need_file
from muldml_lite.photos import FORMATS, KINDS, decoded, moves, other_kind

MAX_PIXELS = 64_000_000  # an image above this is refused before it is decoded
THREADS = 4  # decoding and resizing release the interpreter's lock
_AHEAD = 256  # pictures under way at a time, so that memory stays bounded


@dataclass(frozen=True, slots=True)
class File:
    """A picture that is a file of its own."""

    name: str

    def whole(self) -> Image.Image:
        return _open(Path(self.name))

    def read(self, size: int) -> np.ndarray:
        return to_square(self.whole(), size)


@dataclass(frozen=True, slots=True)
class Pixels:
    """A picture whose grey or colour values are at hand: (H, W) or (H, W, 3) uint8."""

    name: str
    values: np.ndarray

    def whole(self) -> Image.Image:
        return Image.fromarray(self.values)

    def read(self, size: int) -> np.ndarray:
        return to_square(self.whole(), size)


def read_image(path: Path, size: int) -> np.ndarray:
    """Decode an image, turn it upright, crop its middle to a square: (size, size, 3) uint8.

    Raises:
        DataError: missing, damaged, of another format, or too large; names the file.
    """
    return to_square(_open(path), size)


def _open(path: Path) -> Image.Image:
    """An image, upright and decoded."""
    need_file(path, "no such image")
    try:
        with Image.open(path, formats=tuple(FORMATS)) as image:
            if not 0 < image.width * image.height <= MAX_PIXELS:
                raise DataError(f"{path}: {image.width} × {image.height} pixels, expected {MAX_PIXELS:,} at most")
            if moves(image):
                raise DataError(f"{path}: it moves; expected a still picture")
            return decoded(image)
    except DataError:
        raise
    except UnidentifiedImageError:
        raise DataError(f"{path}: not a {KINDS} image{_instead(path)}") from None
    except OSError as error:
        what = f"not readable ({error.strerror})" if error.errno else f"damaged image ({error})"
        raise DataError(f"{path}: {what}") from None
    except Exception as error:  # whatever Pillow's decoders raise for files that somebody broke
        raise DataError(f"{path}: damaged image ({error})") from None


def _instead(path: Path) -> str:
    """What is in a file that is called like a picture."""
    with open(path, "rb") as file:
        begin = file.read(512)
    return f", it is {other_kind(begin)}" if begin else ", it is empty"


def to_square(image: Image.Image, size: int) -> np.ndarray:
    """The middle square of an image, scaled: (size, size, 3) uint8."""
    return np.asarray(ImageOps.fit(image.convert("RGB"), (size, size), Image.Resampling.LANCZOS))


def read_all(pictures: Sequence[Picture], size: int) -> Iterator[np.ndarray | str]:
    """Each picture (size, size, 3) uint8, or one line that says why it could not be read."""
    with ThreadPoolExecutor(THREADS) as pool:
        for start in range(0, len(pictures), _AHEAD):
            yield from pool.map(lambda picture: _try_read(picture, size), pictures[start : start + _AHEAD])


def _try_read(picture: Picture, size: int) -> np.ndarray | str:
    try:
        return picture.read(size)
    except DataError as error:
        return str(error)


class LazyImages:
    """Pictures that stay on disk: `images[rows]` decodes those rows, as an array of all of them would give them.

    Rows may be a number, a slice, a list of numbers or a mask. Any number of processes may hold a copy.

    Raises:
        DataError: a picture that can no longer be read, on access; names it.
    """

    dtype = np.dtype(np.uint8)
    ndim = 4

    def __init__(self, pictures: Sequence[Picture], size: int) -> None:
        self._pictures, self._size = list(pictures), size
        self._pool: tuple[int, ThreadPoolExecutor] | None = None

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return len(self), self._size, self._size, 3

    def __len__(self) -> int:
        return len(self._pictures)

    def __getitem__(self, rows: Any) -> np.ndarray:
        chosen = np.arange(len(self))[rows]
        if chosen.ndim == 0:
            return self._pictures[chosen].read(self._size)
        made = np.empty((len(chosen), *self.shape[1:]), np.uint8)
        wanted = [self._pictures[i] for i in chosen]
        for place, image in enumerate(self._threads().map(lambda picture: picture.read(self._size), wanted)):
            made[place] = image
        return made

    def take(self, rows: Sequence[int]) -> LazyImages:
        """Some of the pictures, still on disk."""
        return LazyImages([self._pictures[i] for i in rows], self._size)

    def _threads(self) -> ThreadPoolExecutor:
        # Threads do not survive a fork: a worker process that inherits a pool would wait for ever.
        if self._pool is None or self._pool[0] != os.getpid():
            self._pool = os.getpid(), ThreadPoolExecutor(THREADS)
        return self._pool[1]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_pool": None}


def subset(dataset: FaceDataset, rows: np.ndarray) -> FaceDataset:
    """Some images of a data set, by ascending places (m,)."""
    some = {name: getattr(dataset, name) for name in ("labels", "subjects", "test", "sequences", "digests")}
    return dataclasses.replace(
        dataset,
        images=take(dataset.images, rows),
        names=tuple(dataset.names[row] for row in rows),
        **{name: None if values is None else values[rows] for name, values in some.items()},
    )


def take(images: Images, rows: Sequence[int]) -> Images:
    """Some of the images, ascending, without a second copy of all: an array is changed in place."""
    if isinstance(images, LazyImages):
        return images.take(rows)
    if len(rows) < len(images):
        for place, row in enumerate(rows):
            images[place] = images[row]
    return images[: len(rows)]
