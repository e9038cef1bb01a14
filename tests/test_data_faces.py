"""`--find-faces`: pictures of somebody in a scene are cut around the face, looked for once and for all."""

import dataclasses

import numpy as np
import pytest
from data_trees import face, save

from muldml_lite.config import Config
from muldml_lite.data import DataError, LazyImages, load_dataset
from muldml_lite.data import framed as framed_module
from muldml_lite.photos import Found
from muldml_lite.runs import Seen

SIZE = 16
LABELS = ("anger", "happiness")


def scene(person, expression, left, top, wide=120, high=90, side=40):
    """(high, wide, 3) uint8: a face somewhere on blue."""
    picture = np.zeros((high, wide, 3), np.uint8)
    picture[..., 2] = 255
    picture[top : top + side, left : left + side] = face(person, expression, side=side)
    return picture


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two classes of six scenes; in one of them nobody is."""
    root = tmp_path_factory.mktemp("scenes")
    for label in LABELS:
        for person in range(6):
            shown = scene(person, label, 75 - 10 * person, 5 + 8 * person)
            save(root / label / f"{person}.png", shown)
    empty = np.zeros((90, 120, 3), np.uint8)
    empty[..., 2], empty[..., 1] = 255, np.arange(120)
    save(root / "anger" / "6.png", empty)
    return root


@pytest.fixture
def looks(monkeypatch):
    """A detector that sees everything but blue; what it was shown."""
    seen = []

    def find(photo):
        seen.append(photo)
        rows, columns = np.nonzero((photo.pixels[..., :2] > 0).any(-1) & (photo.pixels[..., 2] < 255))
        if not len(rows):
            return []
        x, y = (columns.min() + columns.max() + 1) / 2, (rows.min() + rows.max() + 1) / 2
        return [Found(x, y, columns.max() - columns.min() + 1, 0), Found(10, 10, 5, 0)]  # the largest comes first

    monkeypatch.setattr(framed_module, "find_faces", find)
    monkeypatch.setattr(framed_module, "detector_problem", lambda: "")
    return seen


def config(root, **more):
    return Config(data="folder", root=str(root), size=SIZE, find_faces=True, test_fraction=0.3, **more)


def test_each_image_is_its_face(root, looks):
    data = load_dataset(config(root))
    plain = load_dataset(dataclasses.replace(config(root), find_faces=False))
    assert data.names == plain.names
    for image, name, before in zip(data.images, data.names, plain.images, strict=True):
        label, number = name.removesuffix(".png").split("/")
        if number == "6":
            np.testing.assert_array_equal(image, before)  # nobody there: the middle, as without the flag
            continue
        wanted = face(int(number), label, side=40).astype(float).mean((0, 1))
        np.testing.assert_allclose(image.astype(float).mean((0, 1)), wanted, atol=3)
        assert (image != before).any()
    assert data.notes == (f"no face was found in 1 of 13 images, their middle is used: {root}/anger/6.png",)


def test_images_on_disk_are_looked_through_once(root, looks):
    host = load_dataset(config(root, image_store="host"))
    looks.clear()
    disk = load_dataset(config(root, image_store="disk"))
    assert isinstance(disk.images, LazyImages)
    assert len(looks) == 13
    np.testing.assert_array_equal(disk.images[:], host.images)
    assert len(looks) == 13


def test_a_large_picture_is_cut_where_its_small_copy_has_the_face(tmp_path, looks):
    for label in LABELS:
        for person in range(4):
            large = np.kron(scene(person, label, 30, 20), np.ones((20, 20, 1), np.uint8))
            save(tmp_path / label / f"{person}.png", large)
    data = load_dataset(config(tmp_path))
    assert max(looks[0].pixels.shape) == 1200  # 2,400 in the file
    for image, name in zip(data.images, data.names, strict=True):
        label, number = name.removesuffix(".png").split("/")
        wanted = face(int(number), label, side=40).astype(float).mean((0, 1))
        np.testing.assert_allclose(image.astype(float).mean((0, 1)), wanted, atol=6)


def test_without_opencv_one_line_says_what_to_install(root, monkeypatch):
    monkeypatch.setattr(framed_module, "detector_problem", lambda: "Looking for faces needs OpenCV: pip install x")
    with pytest.raises(DataError, match=r"^find_faces: Looking for faces needs OpenCV: pip install x$"):
        load_dataset(config(root))


def test_a_picture_is_known_again_however_it_was_cut(root, looks):
    cut, whole = (load_dataset(dataclasses.replace(config(root), find_faces=on)) for on in (True, False))
    assert not np.array_equal(cut.images, whole.images)
    assert Seen.of(cut, "folder").pictures == Seen.of(whole, "folder").pictures
