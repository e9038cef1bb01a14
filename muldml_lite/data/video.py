"""Single frames of a video, read by PyAV where it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from muldml_lite.data.dataset import DataError
from muldml_lite.data.pictures import to_square
from muldml_lite.data.tree import need_file


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture that is a frame of a video, perhaps to be turned clockwise by a quarter."""

    video: str
    index: int
    turned: bool
    of: tuple[int, ...]  # all indices that are wanted of this video: it is decoded once for them

    @property
    def name(self) -> str:
        return f"{self.video} frame {self.index + 1}"

    def whole(self) -> Image.Image:
        frame = _frames(self.video, self.of)[self.of.index(self.index)]  # (H, W, 3)
        return Image.fromarray(np.rot90(frame, -1) if self.turned else frame)

    def read(self, size: int) -> np.ndarray:
        return to_square(self.whole(), size)


def measure(video: str) -> tuple[int, int]:
    """Number of frames, as the file states it or else counted, and height of a video.

    Raises:
        DataError: it cannot be read, or PyAV is not installed.
    """
    with _opened(video) as container:
        stream = container.streams.video[0]
        return stream.frames or sum(1 for _ in container.decode(video=0)), stream.height


@lru_cache(maxsize=8)
def _frames(video: str, wanted: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    """Some frames of a video, each (H, W, 3) uint8."""
    found = {}
    with _opened(video) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index in wanted:
                found[index] = frame.to_ndarray(format="rgb24")
            if len(found) == len(wanted):
                return tuple(found[i] for i in wanted)
    raise DataError(f"{video}: fewer frames than it states; expected {max(wanted) + 1} or more")


@contextmanager
def _opened(video: str) -> Iterator[Any]:
    try:
        import av
    except ModuleNotFoundError:
        raise DataError(
            f"{video}: videos are read by PyAV, which is not installed; `pip install av`, or extract the frames: "
            f"`ffmpeg -i {Path(video).name} %04d.png` in the video's folder"
        ) from None
    need_file(video)
    try:
        with av.open(video) as container:
            yield container
    except (av.FFmpegError, IndexError, OSError) as error:
        raise DataError(f"{video}: not a readable video ({error})") from None
