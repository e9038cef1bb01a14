"""Whatever lies on the disk: a data set that accounts for every image, with its true label, or one line that says why.

FUZZ=500 in the environment tries more cases.
"""

import io
import os
import re
import tempfile
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from PIL import Image

from muldml_lite.config import Config
from muldml_lite.data import DataError, load_dataset
from muldml_lite.photos import PhotoError, read_photo

fuzz = settings(
    max_examples=int(os.environ.get("FUZZ", "15")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def encoded(image, form="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


PICTURES = [encoded(Image.new("RGB", (6, 6), (5 * i, 255 - 3 * i, 7 * i % 256))) for i in range(50)]  # none is a copy


@contextmanager
def folder():
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, about EXIF entries
        yield Path(name)


def load(data, root):
    """The data set, or None with an error that is one line of bounded length; anything else is raised."""
    try:
        dataset = load_dataset(Config(data=data, root=str(root), size=16, skip_bad=True))
    except DataError as error:
        line = str(error)
    else:
        for line in (*dataset.names, *dataset.notes, *dataset.skipped, *dataset.classes):
            assert line.isprintable()
        assert len(dataset) == len(dataset.images) == len(dataset.labels) == len(dataset.names)
        return dataset
    assert line.isprintable()
    assert 0 < len(line) <= 900
    return None


@some.composite
def spoilt(draw, contents):
    """Bytes that were changed, cut, doubled or mixed in a few places."""
    content = bytearray(draw(contents))
    for _ in range(draw(some.integers(0, 6))):
        at = draw(some.integers(0, len(content)))
        kind = draw(some.sampled_from(("change", "insert", "delete", "cut", "double")))
        if kind == "change":
            more = draw(some.binary(min_size=1, max_size=8))
            content[at : at + len(more)] = more
        elif kind == "insert":
            content[at:at] = draw(some.binary(max_size=40))
        elif kind == "delete":
            del content[at : at + draw(some.integers(1, 40))]
        elif kind == "double":
            content[at:at] = content[at // 2 : at]
        elif at > 20:
            del content[at:]
    return bytes(content)


def _images():
    rng = np.random.default_rng(0)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x011A] = 6, "a description", 72.0
    for mode in ("RGB", "RGBA", "L", "P", "CMYK", "I;16", "1", "LA"):
        values = rng.integers(0, 256, (30, 34, 3), np.uint8)
        if mode == "I;16":
            image = Image.fromarray(values[..., 0].astype(np.uint16) * 256)
        else:
            image = Image.fromarray(values).convert("L" if mode == "LA" else "RGB").convert(mode)
        for form in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"):
            try:
                yield encoded(image, form, exif=exif)
                if form == "TIFF":
                    yield encoded(image, form, compression="tiff_lzw")
                if form in ("GIF", "WEBP", "TIFF", "PNG"):
                    yield encoded(image, form, save_all=True, append_images=[image.rotate(90)])
            except (OSError, ValueError):  # this format has no such mode
                continue


@fuzz
@given(spoilt(some.sampled_from(list(_images()))), some.sampled_from(("png", "JPG", "gif", "tiff", "jfif")))
def test_damaged_pictures(content, suffix):
    with folder() as root:
        for i in range(6):
            path = root / "ab"[i % 2] / f"{i}.png"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(PICTURES[i])
        (root / f"a/odd.{suffix}").write_bytes(content)
        data = load("folder", root)
        assert data is not None
        assert len(data) + len(data.skipped) == 7
        assert set(data.names) >= {f"{'ab'[i % 2]}/{i}.png" for i in range(6)}
        assert all(name[0] == data.classes[label] for name, label in zip(data.names, data.labels, strict=True))
        with suppress(PhotoError):
            assert read_photo(content).pixels.shape[2] == 3


LABELS = ("fear", "joy", "anger")
# No line ends: a row is a line. A quotation mark may be alone, a cell may hold anything.
junk = some.text(some.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=60)
odd_rows = some.one_of(
    junk, some.lists(junk, max_size=6).map(",".join), some.sampled_from((",,", "0.png", '"', ",fear,"))
)


@fuzz
@given(
    some.lists(odd_rows, max_size=8),
    some.sampled_from(("utf-8", "utf-8-sig", "utf-16", "utf-32")),
    some.sampled_from(("\n", "\r\n", "\r")),
    some.sampled_from(("path,label,subject", "Subject, PATH ,label", "label,path,extra,subject")),
    some.integers(0, 1 << 30),
)
def test_tables_with_odd_rows(odd, encoding, end, header, seed):
    names = [name.strip().lower() for name in header.split(",")]
    truth = {f"{i}.png": LABELS[i % 3] for i in range(12)}
    rows = [
        ",".join({"path": name, "label": label, "subject": f"S{i // 3}", "extra": ""}[column] for column in names)
        for i, (name, label) in enumerate(truth.items())
    ]
    for line in odd:
        rows.insert(seed % (len(rows) + 1), line)
    blank = sum(not "".join(line.split(",")).strip() for line in odd)
    with folder() as root:
        for i, name in enumerate(truth):
            (root / name).write_bytes(PICTURES[i])
        (root / "manifest.csv").write_bytes(end.join([header, *rows]).encode(encoding))
        data = load("manifest", root)
        assert data is not None
        assert {n: data.classes[label] for n, label in zip(data.names, data.labels, strict=True)} == truth
        assert len(data.skipped) >= len(odd) - blank - sum('"' in line for line in odd)
        assert len(data.skipped) <= len(odd)


def _tables():
    pixels = [" ".join(map(str, (np.arange(2304) * (n + 3) % 251).tolist())) for n in range(6)]
    uses = ("Training", "Training", "PrivateTest", "Training", "Training", "PrivateTest")
    yield "\n".join(["emotion,pixels,Usage", *(f"{n % 2},{pixels[n]},{uses[n]}" for n in range(6))]).encode()
    yield "\n".join(["path,label,split", *(f"{n}.png,{LABELS[n % 2]},train" for n in range(6))]).encode()
    yield "\r\n".join(["path;label;subject", *(f"{n}.png;{LABELS[n % 2]};S{n // 2}" for n in range(6))]).encode(
        "utf-16"
    )


@fuzz
@given(spoilt(some.sampled_from(list(_tables()))), some.sampled_from(("manifest", "fer2013")))
def test_damaged_tables(content, data):
    with folder() as root:
        for i in range(6):
            (root / f"{i}.png").write_bytes(PICTURES[i])
        (root / "fer2013.csv").write_bytes(content)
        load(data, root / "fer2013.csv")


PARTS = ("train", "Training", "test", "PublicTest", "PrivateTest", "val", "train_set", "training_data", "test_b")
NAMES = (*PARTS, "images", "augmented", "anger", "Anger", "fear", "happy", "joy", "S1", "S2", "1", "2", "CK+48", ".git")
FILES = ("a.png", "b.PNG", "c.heic", "S010_001_00000011.png", "S011_002_00000012.png")
trees = some.dictionaries(
    some.lists(some.sampled_from(NAMES), max_size=4).map(tuple),
    some.sets(some.sampled_from(FILES), max_size=3),
    max_size=9,
)
whole_parts = some.builds(
    lambda parts, classes, more: {**{(*p, c): set(FILES[:3]) for p in parts for c in classes}, **more},
    some.lists(some.lists(some.sampled_from(NAMES), max_size=2).map(tuple), min_size=1, max_size=4),
    some.lists(some.sampled_from(NAMES), min_size=2, max_size=3, unique=True),
    trees,
)


@fuzz
@given(some.one_of(trees, whole_parts), some.sampled_from(("folder", "folder", "ck+", "sfew", "raf-db", "fer2013")))
def test_any_tree(tree, data):
    with folder() as root:
        present, pool = 0, iter(PICTURES * 3)
        for place, files in sorted(tree.items()):
            root.joinpath(*place).mkdir(parents=True, exist_ok=True)
            for name in sorted(files):
                root.joinpath(*place, name).write_bytes(next(pool))
                present += ".git" not in place
        got = load(data, root)
        if got is None:
            return
        passed = [int(re.match(r"([\d,]+) files passed over", n)[1]) for n in got.notes if "files passed over" in n]
        assert len(got) + len(got.skipped) + sum(passed) == present, got.notes
        if data == "folder":
            for name, label in zip(got.names, got.labels, strict=True):
                assert got.classes[label].lower() in name.lower().split("/")[:-1]
            assert not {"train", "test"} <= set(got.classes)
        else:
            assert set(got.classes) <= {"anger", "fear", "happiness", "surprise"}
