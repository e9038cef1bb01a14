"""Pictures of people in a scene: each is cut around its face, which is looked for once."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from PIL import Image

from muldml_lite.data.dataset import DataError, Picture, Row
from muldml_lite.data.duplicates import digest
from muldml_lite.data.pictures import to_square
from muldml_lite.photos import KEPT, Photo, Square, cut, detector_problem, find_faces, square_around


class Framed:
    """A picture cut around its largest face; its middle square where no face is found."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self.looked = False
        self.square: Square | None = None  # where the face is, once it was looked for
        self.digest = 0  # of the uncut picture, once it was looked at: what tells copies, cut or not

    @property
    def name(self) -> str:
        return self._picture.name

    def whole(self) -> Image.Image:
        return self._picture.whole()

    def read(self, size: int) -> np.ndarray:
        image = self.whole().convert("RGB")
        if not self.looked:
            self.digest = digest(to_square(image, size))
        image.thumbnail((KEPT, KEPT), Image.Resampling.LANCZOS)
        photo = Photo(np.asarray(image))
        if not self.looked:  # one place for all sizes and epochs: copies of this object go on with it
            faces = find_faces(photo)
            self.square = square_around(photo, faces[0]) if faces else None
            self.looked = True
        return self._picture.read(size) if self.square is None else cut(photo, self.square, size)


def framed(rows: Sequence[Row]) -> list[Row]:
    """The same rows, their pictures cut around faces.

    Raises:
        DataError: there is no detector.
    """
    problem = detector_problem()
    if problem:
        raise DataError(f"find_faces: {problem}")
    return [dataclasses.replace(row, picture=Framed(row.picture)) for row in rows]


def without_face(rows: Sequence[Row]) -> list[str]:
    """A note on the pictures of `rows` in which no face was found, if there are any."""
    lost = [row.picture.name for row in rows if isinstance(row.picture, Framed) and row.picture.square is None]
    if not lost:
        return []
    named = ", ".join(lost[:3]) + (f" and {len(lost) - 3:,} more" if len(lost) > 3 else "")
    return [f"no face was found in {len(lost):,} of {len(rows):,} images, their middle is used: {named}"]
