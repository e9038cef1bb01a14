"""From the bytes of a file that anybody may have made, to an upright picture: limits first, then decoding."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, UnidentifiedImageError

from muldml_lite.photos.signatures import other_kind, picture_format

MAX_BYTES = 5_000_000
MAX_PIXELS = 25_000_000  # up to 300 MB for a moment
KEPT = 1200  # pixels of the longer side that are kept: more than a square of any run needs
_LEAST, _MOST_LONG = 24, 6  # pixels of the shorter side, and how many times longer the other may be
# What is read here, in data sets and from visitors alike: Pillow's name → endings of files. Every build
# of Pillow decodes these; AVIF is in some only, HEIC in none.
FORMATS = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png",),
    "WEBP": (".webp",),
    "BMP": (".bmp",),
    "GIF": (".gif",),
    "TIFF": (".tif", ".tiff"),
}
SUFFIXES = tuple(suffix for suffixes in FORMATS.values() for suffix in suffixes)
KINDS = "JPEG, PNG, WebP, BMP, GIF or TIFF"
_ORIENTATION = 0x0112  # the EXIF tag
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


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
        with Image.open(io.BytesIO(content), formats=tuple(FORMATS)) as image:
            _check_header(image)
            notes = _notes(image, content)
            image.draft("RGB", (KEPT, KEPT))  # JPEG can be decoded small at once
            upright = decoded(image, KEPT).convert("RGB")
    except PhotoError:
        raise
    except Image.DecompressionBombError:
        raise PhotoError(
            f"This picture has too many pixels; {MAX_PIXELS / 1e6:.0f} million at most are read."
        ) from None
    except UnidentifiedImageError:
        raise PhotoError(f"This {picture_format(content)} file is damaged already where it begins.") from None
    except Exception:  # whatever Pillow's decoders raise for files that somebody broke, on purpose or not
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
        raise PhotoError(f"Whatever its name says, this file is {other_kind(content)}. Save it as {KINDS}.")


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
    if moves(image):
        raise PhotoError("This picture moves. Choose one that stands still, or save one of its frames.")


def _notes(image: Image.Image, content: bytes) -> tuple[str, ...]:
    notes = []
    if image.mode == "CMYK":
        notes.append("Its colours are made for print (CMYK); they were converted, and may look a little off.")
    deep = image.format == "PNG" and content[24] == 16  # the header's bit depth; Pillow reads colour as 8 bits
    if deep or image.mode.startswith(("I", "F")):
        notes.append("Its 16 bits a value were scaled to 8.")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        notes.append("What was transparent is white now.")
    return tuple(notes)


def moves(image: Image.Image) -> bool:
    """Whether a picture is an animation.

    Of a JPEG of several pictures (MPO: as phones keep a second view) and of a TIFF's pages, the first one counts.
    """
    return image.format not in ("MPO", "TIFF") and getattr(image, "is_animated", False)


def decoded(image: Image.Image, longest: int | None = None) -> Image.Image:
    """An opened picture, decoded and upright: RGB or grey of 8 bits, on white where it is transparent.

    A broken EXIF entry is no damage to the picture: it is then taken to stand upright.

    Args:
        longest: pixels of the longer side that are kept.
    Raises:
        ValueError: values without a known range; besides whatever Pillow raises for a damaged file.
    """
    image.load()
    plain = _eight_bits(image)
    if longest is not None:
        plain = plain.reduce(max(1, max(plain.size) // (2 * longest)))  # means of whole pixels, then the finer filter
        plain.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    try:
        turn = _TURNS.get(image.getexif().get(_ORIENTATION))
    except Exception:  # Pillow raises a dozen kinds for EXIF entries that somebody broke
        turn = None
    return plain if turn is None else plain.transpose(turn)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey or RGB. What is transparent becomes white: colours that nobody saw lie below it."""
    if image.mode in ("I", "F"):  # 32 bits
        raise ValueError("values without a known range, expected 8 or 16 bits")
    if image.mode.startswith("I;16"):  # Pillow's own conversion clips at 255
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        over = image.convert("RGBA")
        ground = Image.new("RGB", over.size, "white")
        ground.paste(over, mask=over.getchannel("A"))
        return ground
    return image.copy() if image.mode in ("RGB", "L") else image.convert("RGB")
