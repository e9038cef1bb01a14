"""Tables as people have them: encodings, delimiters, broken rows, two spellings; and names that print badly."""

import codecs
import gzip
import io
import os
import zipfile

import numpy as np
import pytest
from data_trees import make_fer2013
from PIL import Image

from muldml_lite.config import Config
from muldml_lite.data import DataError, describe, load_dataset
from muldml_lite.data.text import read_text
from muldml_lite.text import printable

PEOPLE = 4


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """Two images of each of four people in `images/`, no table."""
    root = tmp_path_factory.mktemp("faces")
    (root / "images").mkdir()
    for person in range(PEOPLE):
        for n, label in enumerate(("Ärger", "joy")):
            Image.new("RGB", (16, 16), (40 * person, 90 * n, 9)).save(root / f"images/{person}_{label}.png")
    return root


def rows(header="path,label,subject", path="images/{}_{}.png", subject="S{}"):
    lines = [
        f"{path.format(p, label)},{label},{subject.format(p)}" for p in range(PEOPLE) for label in ("Ärger", "joy")
    ]
    return [header, *lines]


def load(root, lines, data="manifest", **more):
    """The data set of a table in `root`; `lines` may be bytes."""
    content = lines if isinstance(lines, bytes) else "\n".join(lines).encode()
    (root / "manifest.csv").write_bytes(content)
    return load_dataset(Config(data=data, root=str(root / "manifest.csv"), size=16, **more))


def check(data):
    assert data.classes == ("joy", "Ärger")
    assert data.subject_names == ("S0", "S1", "S2", "S3")
    for name, label, subject in zip(data.names, data.labels, data.subjects, strict=True):
        assert name == f"images/{subject}_{data.classes[label]}.png"
    assert len(data) == 8


@pytest.mark.parametrize(
    "encode",
    [
        *(("utf-8", ""), ("utf-8", "\ufeff"), ("utf-16", ""), ("utf-32", ""), ("cp1252", ""), ("latin-1", "")),
        *(("utf-16-le", ""), ("utf-16-be", ""), ("utf-16-be", "\ufeff"), ("utf-8-sig", "\ufeff")),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_encoding_is_read(faces, encode, end):
    check(load(faces, (encode[1] + end.join(rows())).encode(encode[0])))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_headers_and_delimiters_may_differ(faces, delimiter):
    lines = rows(header=" Path ,LABEL, Subject")
    check(load(faces, ["", *(line.replace(",", delimiter) for line in lines)]))


def test_paths_of_windows(faces):
    data = load(faces, rows(path=".\\images\\{}_{}.png"))
    assert len(data) == 8
    literal = faces / "images\\9_joy.png"  # a name that has one in it is a name
    Image.new("RGB", (16, 16), (9, 9, 200)).save(literal)
    assert "images\\9_joy.png" in load(faces, [*rows(), "images\\9_joy.png,joy,S3"]).names
    literal.unlink()


BAD = [
    (",joy,S1", "lacks path"),
    ("images/0_joy.png\tjoy\tS0", "lacks label, with 1 of 3 cells"),
    ("images/0_joy.png", "lacks label, with 1 of 3 cells"),
    ("images/0_joy.png,joy,S0,more", "has 4 cells, expected 3"),
    ('"images/0_joy.png,joy,S0', "not a readable row"),
    ("images/0_joy.png,joy,", "subject is empty in its row"),
    ("images/nowhere.png,joy,S0", "no such image"),
    ("images,joy,S0", "a folder, not a file"),
    ("images/a\0b.png,joy,S0", None),
    (f"images/{'x' * 9000}.png,joy,S0", "not readable (File name too long)"),
    (f"images/0_joy.png,{'joy' * 99},S0", "has a label of more than 100 characters"),
    ("images/\x1b[31mred\x07.png,joy,S0", "\\x1b[31mred\\x07.png: no such image"),
]


def test_a_column_that_is_there_twice_is_refused(faces):
    with pytest.raises(DataError, match="column subject appears 2 times"):
        load(faces, rows("path,label,Subject,subject", subject="S{},T1"))
    check(load(faces, rows("path,label,subject,more,more,,", subject="S{},1,2,,")))


@pytest.mark.parametrize(("line", "words"), BAD)
def test_a_bad_row_stops_or_is_left_out_and_listed(faces, line, words):
    lines = rows()
    lines.insert(4, line)
    if words is None:  # no text at all
        with pytest.raises(DataError, match="not a text file"):
            load(faces, lines, skip_bad=True)
        return
    with pytest.raises(DataError) as caught:
        load(faces, lines)
    assert len(str(caught.value)) < 1000
    data = load(faces, lines, skip_bad=True)
    check(data)
    assert len(data.skipped) == 1
    assert words in data.skipped[0]
    assert data.skipped[0].isprintable()


def test_rows_without_content_are_no_rows(faces):
    data = load(faces, [*rows(), "", ",,", " , , ", ",,,,"])
    check(data)
    assert data.skipped == ()


def archive(kind):
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w") as file:
            file.writestr("fer2013.csv", "emotion,pixels\n" * 99)
    elif kind == "picture":
        Image.effect_noise((64, 64), 99).save(buffer, "JPEG")
    elif kind == "gzip":
        buffer.write(gzip.compress(b"emotion,pixels,Usage\n" * 99))
    else:
        buffer.write(kind)
    return buffer.getvalue()


@pytest.mark.parametrize("data", ["manifest", "fer2013"])
@pytest.mark.parametrize(
    "kind", ["zip", "picture", "gzip", b"path,label\n\0\0\0", bytes(range(256)), b"\xff" * 99, b""]
)
def test_what_is_no_table_is_told_in_printable(tmp_path, data, kind):
    with pytest.raises(DataError) as caught:
        load(tmp_path, archive(kind), data, skip_bad=True)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1000
    if kind in ("zip", "picture", "gzip"):
        assert "it is a" in str(caught.value)


def test_a_validation_part_is_left_out_where_there_is_a_test_part(faces):
    parts = ["Training", "VAL", "test", "train"]
    lines = [f"{line},{parts[int(line[7])] if n else 'split'}" for n, line in enumerate(rows("path,label,subject   "))]
    data = load(faces, lines)
    assert len(data) == 6
    assert data.notes == ("2 images of the validation part left out",)
    assert load(faces, [line.replace(",test", ",train") for line in lines]).test.sum() == 2  # then it is tested on


# -- spellings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", ["JOY", "Joy", " joy ", "joy\u200b", "ｊｏｙ", "joy\u00a0"])
def test_one_class_in_two_spellings_is_one(faces, other):
    lines = rows()
    lines[2] = lines[2].replace(",joy,", f",{other},")
    data = load(faces, lines)
    check(data)
    if other.strip() != "joy":
        assert data.notes[0].startswith("class names that differ in spelling only were joined: 'joy' = ")


def test_one_person_in_two_spellings_is_one(faces):
    lines = [line.replace(",S", ",s") if n % 3 else line for n, line in enumerate(rows())]
    lines[0] += ",split"
    split = [f"{line},{'test' if line[-1] in '03' else 'train'}" for line in lines[1:]]
    data = load(faces, [lines[0], *split])
    assert len(data.subject_names) == PEOPLE
    assert data.notes[0].startswith("subject names that differ")
    split[0] = split[0].replace("test", "train")
    with pytest.raises(DataError, match=r"subject [sS]0 is in both train and test"):
        load(faces, [lines[0], *split])


def test_folders_in_unicodes_two_forms_are_one_class(tmp_path):
    for part, form in (("train", "A\u0308rger"), ("test", "Ärger")):
        for name in (form, "joy" if part == "train" else "Joy"):
            (tmp_path / part / name).mkdir(parents=True)
            for i in range(2):
                colour = (20 * len(name), 99 * i, 9 if part == "train" else 99)
                Image.new("RGB", (16, 16), colour).save(tmp_path / part / name / f"{i}.png")
    data = load_dataset(Config(data="folder", root=str(tmp_path), size=16))
    assert len(data.classes) == 2
    assert "differ in spelling only" in " ".join(describe(data))


# -- what is printed ---------------------------------------------------------------------------------------------------


def test_messages_are_one_line_of_bounded_length():
    line = str(DataError(f"\x1b[2J{'long ' * 9999}\n\u202eend\udcff"))
    assert line.isprintable()
    assert len(line) <= 900
    assert line.startswith("\\x1b[2Jlong")
    assert line.endswith("\\u202eend\\xff")
    assert printable("as it is: Ärger 怒り") == "as it is: Ärger 怒り"


def test_file_names_that_are_no_text(tmp_path):
    for label in (b"joy", b"sor\xffrow"):
        folder = os.path.join(os.fsencode(tmp_path), label)
        os.mkdir(folder)
        for i in range(3):
            with open(os.path.join(folder, b"\xe9\x1b\n%d.png" % i), "wb") as file:
                Image.new("RGB", (16, 16), (50 * i, len(label) * 20, 0)).save(file, "PNG")
    with open(os.path.join(folder, b"\xe9bad.png"), "wb"):
        pass
    data = load_dataset(Config(data="folder", root=str(tmp_path), size=16, skip_bad=True))
    assert data.classes == ("joy", "sor\\xffrow")
    for text in (*data.names, *data.skipped, *describe(data)):
        text.encode()
        assert text.isprintable()
    assert len(set(data.names)) == len(data) == 6


def test_the_challenges_table_in_another_encoding(tmp_path):
    make_fer2013(tmp_path)
    plain = load_dataset(Config(data="fer2013", root=str(tmp_path), size=48))
    text = (tmp_path / "fer2013.csv").read_text()
    (tmp_path / "fer2013.csv").write_bytes(codecs.BOM_UTF16_LE + text.replace(",", ";").encode("utf-16-le"))
    other = load_dataset(Config(data="fer2013", root=str(tmp_path), size=48))
    np.testing.assert_array_equal(other.images, plain.images)
    assert other.notes == plain.notes


def test_text_whose_odd_letters_come_late(tmp_path):
    path = tmp_path / "late.txt"
    path.write_bytes(b"a" * (1 << 20) + "é".encode())  # the letter lies on both sides of a block's end, almost
    assert read_text(path)[-1] == "é"
    path.write_bytes(b"a" * ((1 << 20) - 1) + "é".encode() + b"\xe9")
    assert read_text(path)[-1] == "é"
