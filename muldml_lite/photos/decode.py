"""From the bytes of a file that anybody may have made, to an upright picture: limits first, then decoding."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from muldml_lite.photos.signatures import other_kind, picture_format

MAX_BYTES = 5_000_000
MAX_PIXELS = 25_000_000  # up to 300 MB for a moment
KEPT = 1200  # pixels of the longer side that are kept: more than a square of any run needs
_LEAST, _MOST_LONG = 24, 6  # pixels of the shorter side, and how many times longer the other may be
_ORIENTATION = 0x0112  # the EXIF tag
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF")
# What Pillow's decoders raise for files that somebody broke, on purpose or not.
_BROKEN = (
    *(OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, OverflowError, MemoryError),
    *(EOFError, AttributeError, NotImplementedError, struct.error, zlib.error),
)


class PhotoError(ValueError):
    """A file that is not used; the message is one line for whoever brought it."""


@dataclass(frozen=True)
class Photo:
    """An upright picture and what was done to it."""

    pixels: np.ndarray  # (H, W, 3) uint8, at most KEPT on the longer side
    notes: tuple[str, ...] = ()  # one sentence each

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    @property
    def height(self) -> int:
        return self.pixels.shape[0]


def read_photo(content: bytes) -> Photo:
    """Read a photograph from a file's bytes. What it is called does not matter, only what it is.

    Raises:
        PhotoError: empty, too large, no picture of a kind that is read, moving, damaged, or of odd dimensions.
    """
    _check_bytes(content)
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            _check_header(image)
            notes = _notes(image, content)
            image.draft("RGB", (KEPT, KEPT))  # JPEG can be decoded small at once
            small = _in_colour(image)
            small.getexif()[_ORIENTATION] = image.getexif().get(_ORIENTATION, 1)
            upright = ImageOps.exif_transpose(small)
    except PhotoError:
        raise
    except Image.DecompressionBombError:
        raise PhotoError(
            f"This picture has too many pixels; {MAX_PIXELS / 1e6:.0f} million at most are read."
        ) from None
    except UnidentifiedImageError:
        raise PhotoError(f"This {picture_format(content)} file is damaged already where it begins.") from None
    except _BROKEN:
        raise PhotoError(
            f"This {picture_format(content)} file is damaged or not complete; save or download it once more."
        ) from None
    return Photo(np.asarray(upright), notes)


def _check_bytes(content: bytes) -> None:
    if not content:
        raise PhotoError("This file is empty.")
    if len(content) > MAX_BYTES:
        raise PhotoError(
            f"This file has {len(content) / 1e6:.1f} MB; {MAX_BYTES / 1e6:.0f} MB at most are taken. Save it smaller."
        )
    if picture_format(content) is None:
        raise PhotoError(
            f"Whatever its name says, this file is {other_kind(content)}. JPEG, PNG, WebP, BMP and GIF pictures are "
            "read: save it as one of them."
        )


def _check_header(image: Image.Image) -> None:
    """What is known before a pixel is decoded."""
    wide, high = image.size
    short, long = sorted((wide, high))
    if wide * high > MAX_PIXELS:
        raise PhotoError(
            f"This picture has {wide:,} × {high:,} pixels; {MAX_PIXELS / 1e6:.0f} million at most are read. "
            "Save it smaller."
        )
    if short < _LEAST or long > _MOST_LONG * short:
        raise PhotoError(
            f"This picture has {wide:,} × {high:,} pixels; no side may have fewer than {_LEAST}, or be more than "
            f"{_MOST_LONG} times as long as the other."
        )
    # A JPEG of several pictures (MPO: as phones keep a second view) does not move; its first picture is the photograph.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise PhotoError("This picture moves. Choose one that stands still, or save one of its frames.")


def _notes(image: Image.Image, content: bytes) -> tuple[str, ...]:
    notes = []
    if image.mode == "CMYK":
        notes.append("Its colours are made for print (CMYK); they were converted, and may look a little off.")
    deep = image.format == "PNG" and content[24] == 16  # the header's bit depth; Pillow reads colour as 8 bits
    if deep or image.mode.startswith(("I", "F")):
        notes.append("Its 16 bits a value were scaled to 8.")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        notes.append("What was transparent is white now.")
    return tuple(notes)


def _in_colour(image: Image.Image) -> Image.Image:
    """RGB, at most KEPT on the longer side. Made small first: copies of large pictures are what memory goes into."""
    if image.mode.startswith(("I", "F")):  # 16-bit grey: Pillow's own conversion clips at 255
        values = np.asarray(image)
        values = values >> 8 if values.dtype == np.uint16 else np.clip(values / 256, 0, 255)
        return _small(Image.fromarray(values.astype(np.uint8))).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        over = _small(image if image.mode == "RGBA" else image.convert("RGBA"))
        return Image.alpha_composite(Image.new("RGBA", over.size, "white"), over).convert("RGB")
    return _small(image if image.mode == "RGB" else image.convert("RGB"))


def _small(image: Image.Image) -> Image.Image:
    copy = image.reduce(max(1, max(image.size) // (2 * KEPT)))  # means of whole pixels, then the finer filter
    copy.thumbnail((KEPT, KEPT), Image.Resampling.LANCZOS)
    return copy
