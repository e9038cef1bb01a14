"""Photographs as anybody may bring them: each kind of bad file has its line, good ones come upright and whole."""

import io
import sys
import types
import zlib

import numpy as np
import pytest
from PIL import Image

from muldml_lite.faces.lab import LabFace
from muldml_lite.photos import (
    MAX_BYTES,
    Photo,
    PhotoError,
    Square,
    cut,
    detect,
    detector_problem,
    find_faces,
    middle_square,
    read_photo,
    square_around,
)


def saved(image, form="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def noise(wide=60, high=40, mode="RGB"):
    bands = len(Image.new(mode, (1, 1)).getbands())
    values = np.random.default_rng(0).integers(0, 256, (high, wide, bands), np.uint8)
    return Image.fromarray(values if bands > 1 else values[..., 0]).convert(mode)


def chunk(kind, body):
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def promised(wide, high):
    """A PNG of 80 bytes whose header promises so many pixels."""
    header = wide.to_bytes(4, "big") + high.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def moving(form):
    return saved(noise(), form, save_all=True, append_images=[noise(mode="L").convert("RGB")], duration=100)


HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"
BAD = {
    "empty": (b"", "is empty"),
    "too large": (b"\xff\xd8\xff" + bytes(MAX_BYTES), "5 MB at most"),
    "disguised document": (b"%PDF-1.7 \n1 0 obj", "is a PDF document"),
    "disguised program": (b"\x7fELF\x02\x01\x01" + bytes(50), "is a program"),
    "disguised page": (b"\n <!DOCTYPE html><script>alert(1)</script>", "is a web page"),
    "drawing": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "is an SVG drawing"),
    "telephone": (HEIC, "is a HEIC photograph"),
    "words": (b"hello, this is me", "is a text"),
    "odd bytes": (bytes(range(128, 256)), "of another kind"),
    "moving GIF": (moving("GIF"), "moves"),
    "moving PNG": (moving("PNG"), "moves"),
    "moving WebP": (moving("WEBP"), "moves"),
    "cut JPEG": (saved(noise(300, 300), "JPEG")[:9000], "JPEG file is damaged or not complete"),
    "cut PNG": (saved(noise(300, 300))[:9000], "PNG file is damaged or not complete"),
    "only a beginning": (b"\xff\xd8\xff\xe0", "JPEG file is damaged already where it begins"),
    "forty-two million": (promised(7000, 6000), "7,000 × 6,000 pixels; 25 million"),
    "four thousand million": (promised(65000, 65000), "pixels"),
    "a thread": (promised(20000, 30), "6 times as long"),
    "a crumb": (saved(noise(20, 20)), "fewer than 24"),
}


@pytest.mark.parametrize(("content", "words"), BAD.values(), ids=BAD)
def test_a_bad_file_is_answered_in_one_line(content, words):
    with pytest.raises(PhotoError) as told:
        read_photo(content)
    assert words in str(told.value)
    assert "\n" not in str(told.value)


def test_limits_come_before_decoding(monkeypatch):
    monkeypatch.setattr(Image.Image, "convert", None)  # whatever decodes, fails
    with pytest.raises(PhotoError, match="25 million"):
        read_photo(promised(7000, 6000))


def test_a_damaged_file_raises_nothing_else():
    rng = np.random.default_rng(3)
    for form in ("JPEG", "PNG", "WEBP", "GIF", "BMP"):
        whole = np.frombuffer(saved(noise(), form), np.uint8)
        for _ in range(40):
            spoilt = whole.copy()
            spoilt[rng.integers(8, len(whole), 6)] = rng.integers(0, 256, 6)
            try:
                photo = read_photo(spoilt[: rng.integers(20, len(whole))].tobytes())
            except PhotoError:
                continue
            assert photo.pixels.shape[2] == 3


@pytest.mark.parametrize("form", ["PNG", "BMP", "WEBP"])
def test_a_good_picture_is_read_as_it_is_whatever_its_name(form):
    options = {"lossless": True} if form == "WEBP" else {}
    photo = read_photo(saved(noise(), form, **options))
    assert np.array_equal(photo.pixels, np.asarray(noise()))
    assert not photo.notes


def test_print_colours_are_converted_and_said():
    photo = read_photo(saved(Image.new("CMYK", (40, 40), (0, 255, 255, 0)), "JPEG", quality=95))
    red, green, blue = photo.pixels.reshape(-1, 3).mean(0)
    assert red > 200
    assert max(green, blue) < 60
    assert "CMYK" in photo.notes[0]


def test_16_bits_are_scaled_not_clipped():
    values = np.linspace(0, 65535, 40 * 40).astype(np.uint16).reshape(40, 40)
    photo = read_photo(saved(Image.fromarray(values)))
    assert np.array_equal(photo.pixels[..., 1], (values >> 8).astype(np.uint8))
    assert "16 bits" in photo.notes[0]


def test_what_is_transparent_becomes_white():
    photo = read_photo(saved(Image.new("RGBA", (30, 30), (200, 0, 0, 0))))
    assert (photo.pixels == 255).all()
    assert "transparent" in photo.notes[0]


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_picture_stands_upright(mode):
    image = Image.new(mode, (60, 40), "blue")
    image.paste("red", (0, 0, 60, 10))  # its top, before it is turned
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    photo = read_photo(saved(image, exif=exif))
    assert (photo.width, photo.height) == (40, 60)
    assert photo.pixels[30, -1].tolist() == [255, 0, 0]
    assert photo.pixels[30, 0].tolist() == [0, 0, 255]


def test_a_jpeg_with_a_second_view_does_not_move():
    views = [Image.new("RGB", (60, 60), colour) for colour in ("red", "blue")]
    photo = read_photo(saved(views[0], "MPO", save_all=True, append_images=views[1:]))
    assert photo.pixels[30, 30, 0] > 240


def test_a_large_picture_is_kept_small():
    photo = read_photo(saved(Image.new("RGB", (4000, 3000), "green"), "JPEG"))
    assert (photo.width, photo.height) == (1200, 900)
    assert np.abs(photo.pixels.astype(int) - (0, 128, 0)).max() <= 2


# -- squares -----------------------------------------------------------------------------------------------------------


def test_a_square_picture_of_the_right_size_comes_back_unchanged():
    face = np.asarray(LabFace(3).draw(48))
    photo = Photo(face)
    assert middle_square(photo) == Square()
    assert np.array_equal(cut(photo, middle_square(photo), 48), face)


def quarters():
    """40 × 80: red, green over blue, white."""
    pixels = np.zeros((80, 40, 3), np.uint8)
    pixels[:40, :20], pixels[:40, 20:], pixels[40:, :20] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    pixels[40:, 20:] = 255
    return Photo(pixels)


def test_a_square_is_cut_where_it_lies():
    side = cut(quarters(), Square(0.75, 0.25, 0.4), 8)  # 16 pixels about (30, 20)
    assert (side[2:-2, 2:-2] == (0, 255, 0)).all()  # at its border, a pixel may be a mean with those beyond
    both = cut(quarters(), Square(0.5, 0.5, 1.0), 40)
    assert both[5, 5].tolist() == [255, 0, 0]
    assert both[5, 35].tolist() == [0, 255, 0]
    assert both[35, 5].tolist() == [0, 0, 255]


def test_turning_goes_clockwise():
    turned = cut(quarters(), Square(0.5, 0.5, 1.0, 90), 40)
    assert turned[5, 35].tolist() == [255, 0, 0]  # what was top left is top right
    assert turned[35, 35].tolist() == [0, 255, 0]


def test_a_square_over_the_border_goes_on_with_its_colours():
    over = cut(quarters(), Square(0.0, 0.0, 1.0, 20), 20)
    assert over[:8, :8, 0].min() >= 250
    assert over[:8, :8, 1:].max() == 0


@pytest.mark.parametrize("bad", [{"x": 1.5}, {"side": 0.01}, {"turn": 200}, {"y": float("nan")}])
def test_a_wrong_square_is_named(bad):
    with pytest.raises(ValueError, match=f"Square\\({next(iter(bad))}="):
        Square(**bad)


# -- the detector ------------------------------------------------------------------------------------------------------


class Cascade:
    """Finds what it is told to."""

    def __init__(self, *boxes):
        self.boxes = boxes

    def detectMultiScale(self, grey, **settings):
        return list(self.boxes)


def test_a_found_face_is_framed_and_turned(monkeypatch):
    photo = Photo(np.full((320, 320, 3), 120, np.uint8))  # looked at as it is, with a rim of 48
    eyes = Cascade((10, 20, 20, 20), (70, 40, 20, 20))  # the right one 20 lower, 60 apart
    monkeypatch.setitem(sys.modules, "cv2", types.SimpleNamespace(equalizeHist=lambda grey: grey))
    monkeypatch.setattr(detect, "_cascades", lambda: (Cascade((98, 98, 60, 60), (148, 98, 100, 100)), eyes))
    large, small = find_faces(photo)
    assert (large.x, large.y, large.side) == (150, 100, 100)
    assert small.side == 60
    assert large.turn == pytest.approx(-np.degrees(np.arctan2(20, 60)))
    square = square_around(photo, large, 1.6)
    assert (square.x, square.y, square.side) == pytest.approx((150 / 320, 100 / 320, 0.5))


@pytest.mark.parametrize(
    ("module", "words"),
    [(None, "needs OpenCV"), (types.SimpleNamespace(), "no face cascades")],
    ids=["no OpenCV", "version 5"],
)
def test_without_a_detector_one_is_told_how_to_get_it(module, words, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", module)
    detect._cascades.cache_clear()
    assert words in detector_problem()
    assert "opencv-python-headless" in detector_problem()
    detect._cascades.cache_clear()
