"""What a folder is taken for, by place and content: a part, a class, nothing; and nothing is lost in silence."""

import os
import socket
import sys

import pytest
from PIL import Image

from muldml_lite.config import Config
from muldml_lite.data import DataError, load_dataset, tree
from muldml_lite.data.roles import role

THREE = ("apple", "pear", "plum")  # no expressions: only their place says that they are classes
_made = iter(range(1, 1 << 24))


def picture(path, form=None):
    """An image that no other one equals."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number = next(_made)
    Image.new("RGB", (8, 8), (number * 53 % 256, number // 5 * 31 % 256, 99)).save(path, form)


def classes(root, names=THREE, count=3, suffix="png"):
    for name in names:
        for i in range(count):
            picture(root / name / f"{i}.{suffix}")
    return root


def each(root, *parts, names=THREE):
    for part in parts:
        classes(root / part, names)


def load(root, data="folder", **more):
    return load_dataset(Config(data=data, root=str(root), size=16, **more))


def parts_of(data, test):
    """Folders of the training or of the test images' classes."""
    return {
        os.path.dirname(os.path.dirname(name)) for name, held in zip(data.names, data.test, strict=True) if held == test
    }


@pytest.mark.parametrize(
    ("name", "said"),
    [
        *(("train", "train"), ("Training", "train"), ("train_set", "train"), ("trainset", "train")),
        *(("CK+_Train_crop", "train"), ("FER2013Train", "train"), ("TEST", "test"), ("test_data", "test")),
        *(("PrivateTest", "test"), ("PublicTest", "val"), ("FER2013Valid", "val"), ("validation", "val")),
        *(("Val_Aligned_Faces_new", "val"), ("evaluation", "test"), ("dev", "val")),
        *(("trainer", None), ("contest", None), ("latest", None), ("train_test_split", None), ("valley", None)),
        *(("anger", None), ("", None), ("restrain", None), ("public", None)),
    ],
)
def test_a_name_says_a_part_or_nothing(name, said):
    assert role(name) == said


@pytest.mark.parametrize(
    ("parts", "train", "test", "left"),
    [
        (["train", "test"], "train", "test", ""),
        (["Training", "Testing"], "Training", "Testing", ""),
        (["train_set", "test_set"], "train_set", "test_set", ""),
        (
            ["Training", "PublicTest", "PrivateTest"],
            "Training",
            "PrivateTest",
            "9 files passed over: PublicTest (9 images)",
        ),
        (["train", "val", "test"], "train", "test", "9 files passed over: val (9 images)"),
        (["train", "valid"], "train", "valid", ""),
        (["train", "test", "augmented"], "train", "test", "9 files passed over: augmented (9 images)"),
        (["train", "train_flipped", "test"], "train", "test", "9 files passed over: train_flipped (9 images)"),
        (["training_data/train", "training_data/test"], "training_data/train", "training_data/test", ""),
        (["x/train/images", "x/test/images"], "x/train/images", "x/test/images", ""),
        (
            ["train", "validation", "images/train", "images/validation"],
            "train",
            "validation",
            "18 files passed over: images (18 images)",
        ),
    ],
)
def test_parts_are_told_apart_and_what_is_passed_over_is_said(tmp_path, parts, train, test, left):
    for part in parts:
        classes(tmp_path / part)
    data = load(tmp_path)
    assert data.classes == THREE
    assert (parts_of(data, False), parts_of(data, True)) == ({train}, {test})
    assert data.notes[0] == f"training part: {train}, test part: {test}"
    assert data.notes[1:] == ((left,) if left else ())


@pytest.mark.parametrize("names", [("train", "bus", "car"), ("test", "valley", "hill")])
def test_a_class_may_be_called_like_a_part(tmp_path, names):
    assert load(classes(tmp_path, names)).classes == tuple(sorted(names))


def test_classes_may_be_divided_by_people(tmp_path):
    for name in ("anger", "joy", "fear"):
        classes(tmp_path / name, ("S1", "S2"))
    assert load(tmp_path).classes == ("anger", "fear", "joy")
    for name, people in (("apple", ("S1", "S2")), ("pear", ("S3",))):
        classes(tmp_path / "others" / name, people)
    assert load(tmp_path / "others").classes == ("apple", "pear")


def test_one_folder_above_the_classes_is_gone_through(tmp_path):
    classes(tmp_path / "unpacked", ("anger", "fear"))
    data = load(tmp_path)
    assert data.classes == ("anger", "fear")
    assert "classes are the folders in unpacked" in data.notes


def test_a_test_part_without_labels_is_passed_over(tmp_path):
    classes(classes(tmp_path / "train").parent, ("test",))
    data = load(tmp_path)
    assert data.classes == THREE
    assert data.notes[:2] == ("classes are the folders in train", "3 files passed over: test (3 images)")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda r: each(r, "first", "second"), ["first, second look like parts", "apple", "one test"]),
        (lambda r: each(r, "train", "more"), ["more, train look like parts", "point --root"]),
        (lambda r: each(r, "a/train", "b/train", "test"), ["a/train, b/train each look like the training"]),
        (lambda r: each(r, *THREE, names=("train", "test")), ["look like parts", "of the same names (test, train)"]),
        (lambda r: each(r, "anger", "fear", names=("train", "val")), ["anger: parts below a class"]),
        (lambda r: each(r, ".", names=("train", "test")), ["train hold images without class folders"]),
        (lambda r: each(r, ".", "test"), ["test: looks like a part, but stands among classes"]),
        (lambda r: each(r, "train") or classes(r, ("sample",)), ["train: looks like a part, but stands among classes"]),
        (lambda r: each(r, "dataset"), ["all images are below dataset", "apple, pear, plum", "point --root at"]),
    ],
)
def test_what_cannot_be_told_is_asked_for(tmp_path, make, words):
    make(tmp_path)
    with pytest.raises(DataError) as caught:
        load(tmp_path)
    if any(word not in str(caught.value) for word in words):
        pytest.fail(str(caught.value))


@pytest.mark.parametrize("data", ["folder", "manifest"])
@pytest.mark.parametrize("lacking", ["train", "test"])
def test_a_class_that_one_part_lacks_stops(tmp_path, data, lacking):
    lines = ["path,label,split"]
    for part in ("train", "test"):
        classes(tmp_path / part, THREE[: 2 if part == lacking else 3])
        lines += [f"{part}/{c}/{i}.png,{c},{part}" for c in THREE for i in range(3) if part != lacking or c != "plum"]
    (tmp_path / "manifest.csv").write_text("\n".join(lines))
    name = {"train": "training", "test": "test"}[lacking]
    with pytest.raises(DataError, match=f"class plum is missing in the {name} part"):
        load(tmp_path, data)


def test_every_kind_that_is_read_and_the_others_noted(tmp_path):
    classes(tmp_path, suffix="tiff")
    for suffix, form in (("jfif", "JPEG"), ("JPE", "JPEG"), ("gif", "GIF"), ("tif", "TIFF"), ("webp", "WEBP")):
        picture(tmp_path / "apple" / f"x.{suffix}", form)
    for name in ("pear/1.heic", "pear/2.heic", "plum/3.avif", "plum/list.txt", ".hidden.png", "pear/Thumbs.db"):
        (tmp_path / name).write_bytes(b"?")
    picture(tmp_path / "beside.png")
    data = load(tmp_path)
    assert len(data) == 14
    assert "5 files passed over: pear (2 .heic files), plum (2 files), . (1 images)" in data.notes
    assert any(note.startswith("images of several kinds: 9 .tiff, 1 .") for note in data.notes)


def test_a_class_of_pictures_that_are_not_read_is_not_called_empty(tmp_path):
    classes(tmp_path)
    (tmp_path / "fig").mkdir()
    (tmp_path / "fig/1.HEIC").write_bytes(b"?")
    with pytest.raises(DataError, match=r"fig: no JPEG, PNG.* image there, but 1 \.heic; convert them"):
        load(tmp_path)


# -- traps in a tree ---------------------------------------------------------------------------------------------------


def test_links_that_go_round_add_nothing(tmp_path):
    classes(tmp_path)
    (tmp_path / "apple/up").symlink_to(tmp_path)
    (tmp_path / "pear/over").symlink_to(tmp_path / "plum")
    (tmp_path / "plum/over").symlink_to(tmp_path / "pear")
    (tmp_path / "pear/itself").symlink_to("itself")
    (tmp_path / "pear/gone.png").symlink_to("nowhere.png")
    data = load(tmp_path, skip_bad=True)
    assert [name for name in data.names if name.startswith("apple/")] == [f"apple/{i}.png" for i in range(3)]
    assert any("gone.png: no such image" in line for line in data.skipped)


def test_a_tree_without_end_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(tree, "MOST_FOLDERS", 200)
    for i in range(7):
        classes(tmp_path, (f"c{i}",))
        for j in range(7):
            (tmp_path / f"c{i}" / f"to{j}").symlink_to(tmp_path / f"c{j}")
    with pytest.raises(DataError, match="more than 200 folders, or links in a loop"):
        load(tmp_path)


def test_a_very_deep_tree_is_a_fault(tmp_path):
    classes(tmp_path)
    place = tmp_path / "apple"
    for _ in range(60):
        place = place / "d"
        place.mkdir()
    with pytest.raises(DataError, match="more than 50 folders deep"):
        load(tmp_path)
    assert len(load(tmp_path, skip_bad=True)) == 9


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes in a folder there")
def test_what_is_no_file_is_a_fault_and_no_wait(tmp_path):
    classes(tmp_path)
    os.mkfifo(tmp_path / "apple/pipe.png")
    (tmp_path / "apple/folder.png").mkdir()
    (tmp_path / "pear/device.png").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as plug:
        os.chdir(tmp_path)  # its name may not be long
        plug.bind("plum/plug.png")
    with pytest.raises(DataError, match=r"pipe\.png: a named pipe, not a file; .*--skip-bad"):
        load(tmp_path)
    data = load(tmp_path, skip_bad=True)
    assert len(data) == 9
    for words in ("pipe.png: a named pipe", "device.png: a device", "plug.png: a socket"):
        assert any(words in line for line in data.skipped)
    os.mkfifo(tmp_path / "table.csv")
    for kind in ("manifest", "fer2013"):
        with pytest.raises(DataError, match=r"table\.csv: a named pipe, not a file"):
            load(tmp_path / "table.csv", kind)


def test_a_folder_that_is_closed_is_a_fault(tmp_path, monkeypatch):
    classes(tmp_path, ("apple", "pear", "plum", "fig"))
    look = os.scandir

    def scandir(path):
        if str(path).endswith("fig"):
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(DataError, match=r"fig: cannot be opened \(Permission denied\).*--skip-bad"):
        load(tmp_path)


@pytest.mark.parametrize("data", ["folder", "manifest", "ck+", "mmi", "sfew", "raf-db", "fer2013"])
@pytest.mark.parametrize("root", ["x" * 300, "a\0b", "~nobody_is_called_so/x", ""])
def test_roots_that_cannot_be(tmp_path, monkeypatch, data, root):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError) as caught:
        load(root, data)
    assert len(str(caught.value)) < 1000
    assert str(caught.value).isprintable()
