"""Where faces are in a photograph: OpenCV's cascades, which come inside its package. Optional.

`pip install ".[detect]"` brings it; version 5 has no cascades any more. Nothing is fetched, nothing unpickled.
"""

from __future__ import annotations

import math
import threading
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from muldml_lite.photos.crop import SMALLEST, Square
from muldml_lite.photos.decode import Photo

# How many times a found box the frame is wide: about 1 in CK+48, FER2013 and other close crops, and 1.6 in drawn faces,
# whose frame has room for hair and neck.
CLOSE, ROOMY = 1.0, 1.6
_LOOKED_AT = 320  # pixels of the longer side; finer detail costs time and finds no more large faces
_MOST_GROWN = 5.0  # times; in 48 pixels the eyes are too small to be found
_SMALLEST_FACE = 0.12  # of the shorter side
_MOST_TURN = 30.0  # degrees; a steeper line through two "eyes" is a mistake
_MOST_FACES = 6
_one_at_a_time = threading.Lock()  # a cascade holds what it is working on
_HELP = 'pip install "opencv-python-headless>=4.10,<5"'


class Found(NamedTuple):
    """A face, in pixels of the photograph."""

    x: float  # middle
    y: float
    side: float  # from brow to chin, ear to ear
    turn: float  # degrees that bring the eyes level; 0 if they were not found


def detector_problem() -> str:
    """Why faces can't be looked for, in one line; "": they can."""
    try:
        _cascades()
    except ImportError:
        return f"Looking for faces needs OpenCV: {_HELP}"
    except FileNotFoundError:
        return f"This OpenCV has no face cascades (version 5 has none): {_HELP}"
    return ""


def find_faces(photo: Photo) -> list[Found]:
    """The faces in a photograph, the largest first; none if none was found.

    Raises:
        ImportError, FileNotFoundError: no OpenCV, or one without cascades; `detector_problem` says what to do.
    """
    import cv2

    face, eye = _cascades()
    shrink = min(_MOST_GROWN, _LOOKED_AT / max(photo.width, photo.height))
    small = Image.fromarray(photo.pixels).convert("L")
    small = small.resize((max(1, round(photo.width * shrink)), max(1, round(photo.height * shrink))))
    # A close crop, as data sets have it, shows no rim around the face, and the cascade wants one.
    rim = round(0.15 * min(small.size))
    grey = cv2.equalizeHist(np.pad(np.asarray(small), rim, mode="edge"))
    least = max(24, round(_SMALLEST_FACE * min(small.size)))
    found = []
    with _one_at_a_time:
        boxes = face.detectMultiScale(grey, scaleFactor=1.08, minNeighbors=5, minSize=(least, least))
        for x, y, wide, high in sorted(map(tuple, boxes), key=lambda box: -box[2])[:_MOST_FACES]:
            middle = (x + wide / 2 - rim) / shrink, (y + high / 2 - rim) / shrink
            turn = _turn(eye, grey[y : y + round(0.6 * high), x : x + wide])
            found.append(Found(*middle, wide / shrink, turn))
    return found


def square_around(photo: Photo, face: Found, room: float = CLOSE) -> Square:
    """The square around a face, `room` times as wide as it."""
    side = min(max(room * face.side / min(photo.width, photo.height), SMALLEST), 2.0)
    x, y = min(max(face.x / photo.width, 0.0), 1.0), min(max(face.y / photo.height, 0.0), 1.0)
    return Square(x, y, side, face.turn)


def _turn(cascade: Any, upper: np.ndarray) -> float:
    """Degrees that bring two eyes level; the pair of most equal size, one in each half."""
    wide = upper.shape[1]
    least = max(8, wide // 8)
    eyes = cascade.detectMultiScale(upper, scaleFactor=1.05, minNeighbors=4, minSize=(least, least))
    places = [(x + w / 2, y + h / 2, w) for x, y, w, h in eyes]
    pairs = [(a, b) for a in places for b in places if a[0] < 0.5 * wide < b[0] and b[0] - a[0] > 0.25 * wide]
    if not pairs:
        return 0.0
    left, right = min(pairs, key=lambda pair: abs(pair[0][2] - pair[1][2]))
    slope = math.degrees(math.atan2(right[1] - left[1], right[0] - left[0]))
    return -slope if abs(slope) <= _MOST_TURN else 0.0


@cache
def _cascades() -> tuple[Any, Any]:
    """Of faces and of eyes."""
    import cv2

    folder = Path(cv2.data.haarcascades) if hasattr(cv2, "data") else Path()
    if not hasattr(cv2, "CascadeClassifier"):
        raise FileNotFoundError("CascadeClassifier")
    cv2.setNumThreads(1)  # 0.1 s on one; a pool that a training uses as well took 2 s
    read = []
    for name in ("haarcascade_frontalface_alt2.xml", "haarcascade_eye.xml"):
        path = folder / name
        if not path.is_file():
            raise FileNotFoundError(path)
        read.append(cv2.CascadeClassifier(str(path)))
    return read[0], read[1]
