"""Reading images: mixed sizes and formats, splits without shared subjects, and clear words about what is wrong."""

import csv
import struct
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from muldml_lite.commands.drawing import write_faces
from muldml_lite.config import Config
from muldml_lite.data import DataError, describe, load_dataset, read_image, split_fold, split_test
from muldml_lite.faces import EXPRESSIONS, draw_dataset
from muldml_lite.photos import read_photo

FORMATS = ("png", "jpg", "webp", "bmp")


def save(path, value=100, size=(40, 30), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    colour = value if mode in ("L", "I;16", "I") else (value, 255 - value, 50) + ((128,) if mode == "RGBA" else ())
    Image.new(mode, size, colour).save(path)
    return path


def make_folder(root, classes=("fear", "joy"), count=8, value=40):
    for c, name in enumerate(classes):
        for i in range(count):
            save(
                root / name / f"{i}.{FORMATS[i % 4]}",
                value + 100 * c + i,
                (30 + 5 * i, 50 - 2 * i),
                ("RGB", "L")[i % 2],
            )
    return root


def make_manifest(root, subjects=6, extra="", columns=("path", "label", "subject")):
    with open(root / "manifest.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(columns)
        for s in range(subjects):
            for label in ("fear", "joy"):
                save(root / f"{s}_{label}.png", 10 * s + 20)
                values = {"path": f"{s}_{label}.png", "label": label, "subject": f"S{s}", "split": extra}
                rows.writerow([values[c] for c in columns])
    return root / "manifest.csv"


def folder(root, **kw):
    return Config(data="folder", root=str(root), size=16, **kw)


def manifest(root, **kw):
    return Config(data="manifest", root=str(root), size=16, **kw)


def test_drawn_subjects_are_never_shared():
    data = load_dataset(Config(subjects=12, images_per_subject=7, size=32))
    assert data.images.shape == (84, 32, 32, 3)
    assert data.images.dtype == np.uint8
    assert not set(data.subjects[data.test]) & set(data.subjects[~data.test])
    assert len(set(data.subjects[data.test])) == 3  # a quarter of 12
    assert len(data.names) == len(set(data.names)) == 84


def test_same_seed_same_data():
    first, again, other = (load_dataset(Config(subjects=4, images_per_subject=7, size=32, seed=s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.test, again.test)
    assert (first.images != other.images).any()


def test_folder_of_mixed_sizes_formats_and_colours(tmp_path):
    seen = []
    data = load_dataset(folder(make_folder(tmp_path)), lambda done, total: seen.append((done, total)))
    assert data.images.shape == (16, 16, 16, 3)
    assert data.classes == ("fear", "joy")
    assert (data.subjects == -1).all()
    assert 0 < data.test.sum() < 16
    assert set(data.labels[data.test]) == {0, 1}
    assert data.names[0].startswith("fear")
    assert seen[-1] == (16, 16)
    grey = data.images[data.names.index("fear/1.jpg")]
    assert abs(int(grey[8, 8, 0]) - 41) < 4
    assert np.ptp(grey[8, 8].astype(int)) < 4  # grey: three equal channels


def test_folder_with_its_own_split(tmp_path):
    make_folder(tmp_path / "train", count=6)
    make_folder(tmp_path / "val", count=3, value=60)
    data = load_dataset(folder(tmp_path))
    assert data.test.sum() == 6
    assert all(name.startswith("val") == test for name, test in zip(data.names, data.test, strict=True))


def test_manifest_splits_by_subject(tmp_path):
    data = load_dataset(manifest(make_manifest(tmp_path)))
    assert len(data) == 12
    assert not set(data.subjects[data.test]) & set(data.subjects[~data.test])
    assert load_dataset(manifest(tmp_path)).names == data.names  # the folder that holds manifest.csv


def test_sequences_stay_together_where_subjects_are_unknown(tmp_path):
    lines = ["path,label,sequence"]
    for film in range(12):
        for frame in range(3):
            save(tmp_path / f"{film}_{frame}.png", 20 * film + frame)
            lines.append(f"{film}_{frame}.png,{('fear', 'joy')[film % 2]},film {film}")
    (tmp_path / "manifest.csv").write_text("\n".join(lines))
    for changes in ({"folds": 3, "fold": 1}, {"test_fraction": 0.3}):
        data = load_dataset(manifest(tmp_path, **changes))
        assert np.bincount(data.cases).tolist() == [3] * 12
        assert not set(data.cases[data.test]) & set(data.cases[~data.test])
        assert data.test.sum() == 12
        assert (data.subjects == -1).all()
    with pytest.raises(DataError, match="folds: 13 given, but there are 12 sequences"):
        load_dataset(manifest(tmp_path, folds=13))
    single = load_dataset(folder(make_folder(tmp_path / "others"), folds=4, fold=3))  # nothing known: images are dealt
    assert np.bincount(single.labels[single.test]).tolist() == [2, 2]
    assert single.cases.tolist() == list(range(16))


def test_images_stand_upright_and_keep_their_middle(tmp_path):
    image = Image.new("RGB", (20, 40))
    image.paste((255, 0, 0), (0, 0, 20, 20))  # upper half red
    exif = Image.Exif()
    exif[0x0112] = 3  # stored upside down
    image.save(tmp_path / "turned.png", exif=exif)
    upright = read_image(tmp_path / "turned.png", 20)
    assert upright[2, 10].tolist() == [0, 0, 0]
    assert upright[17, 10].tolist() == [255, 0, 0]


def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path):
    save(tmp_path / "deep.png", 32768, mode="I;16")
    assert read_image(tmp_path / "deep.png", 16)[8, 8].tolist() == [128, 128, 128]
    save(tmp_path / "deeper.tif", 200, mode="I")  # 32 bits: is that 200 of 255, or of 65,535?
    with pytest.raises(DataError, match="values without a known range"):
        read_image(tmp_path / "deeper.tif", 16)


def broken(root, name="fear/bad.png", content=b"\x89PNG not really"):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(content)


def test_skip_bad_goes_on_and_counts(tmp_path):
    broken(make_folder(tmp_path))
    save(tmp_path / "sad" / "only.png")
    data = load_dataset(folder(tmp_path, skip_bad=True))
    assert len(data) == 16
    assert data.classes == ("fear", "joy")
    assert len(data.skipped) == 2
    assert "bad.png" in data.skipped[0]
    assert "only.png" in data.skipped[1]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (broken, ["fear/bad.png", "not a JPEG, PNG", "--skip-bad"]),
        (lambda p: broken(p, content=(p / "joy/0.png").read_bytes()[:-30]), ["fear/bad.png", "damaged", "--skip-bad"]),
        (lambda p: save(p / "sad/only.png"), ["sad/only.png", "only image of class sad", "add images"]),
        (lambda p: (p / "sad").mkdir(), ["sad: an empty class", "remove the folder"]),
    ],
)
def test_bad_folders_are_explained(tmp_path, spoil, words):
    spoil(make_folder(tmp_path))
    with pytest.raises(DataError) as caught:
        load_dataset(folder(tmp_path))
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_and_empty_roots(tmp_path):
    with pytest.raises(DataError, match="nowhere: no such folder"):
        load_dataset(folder(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="no images in its sub-folders"):
        load_dataset(folder(tmp_path))
    make_folder(tmp_path, classes=("joy",))
    with pytest.raises(DataError, match="1 usable class"):
        load_dataset(folder(tmp_path))
    with pytest.raises(DataError, match=r"none.csv: no such file"):
        load_dataset(manifest(tmp_path / "none.csv"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("path,emotion\na.png,joy\n", ["column label is missing", "found path,emotion"]),
        ("", ["column path is missing"]),
        ("path,label\n", ["no rows below the header"]),
        ("path,label\na.png,\n", ["line 2 lacks label"]),
        ("path,label,split\na.png,joy,tst\n", ["line 2 has split 'tst'", "train or test"]),
        ("path,label,subject\na.png,joy,1\nb.png,joy,\n", ["subject is empty in 1 of 2 rows"]),
        ("path,label\nnot_there.png,joy\n", ["not_there.png", "no such image"]),
    ],
)
def test_bad_manifests_are_explained(tmp_path, text, words):
    (tmp_path / "manifest.csv").write_text(text)
    with pytest.raises(DataError) as caught:
        load_dataset(manifest(tmp_path))
    assert "manifest.csv" in str(caught.value) or "not_there.png" in str(caught.value)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_subject_on_both_sides_is_refused(tmp_path):
    make_manifest(tmp_path)
    rows = (tmp_path / "manifest.csv").read_text().splitlines()
    split = [rows[0] + ",split"] + [f"{row},{'test' if i < 5 else 'train'}" for i, row in enumerate(rows[1:])]
    (tmp_path / "manifest.csv").write_text("\n".join(split))
    with pytest.raises(DataError, match="subject S2 is in both train and test"):
        load_dataset(manifest(tmp_path))


def test_huge_images_are_refused_before_decoding(tmp_path, monkeypatch):
    monkeypatch.setattr("muldml_lite.data.pictures.MAX_PIXELS", 1000)
    with pytest.raises(DataError, match="40 × 30 pixels, expected 1,000 at most"):
        read_image(save(tmp_path / "big.png"), 16)


# -- pictures of every state -------------------------------------------------------------------------------------------


def exif(*entries, extra=b""):
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(entries) + struct.pack("<I", 0) + extra


def entry(tag, kind, count, value):
    return struct.pack("<HHI", tag, kind, count) + value


TURNED = entry(0x0112, 3, 1, struct.pack("<HH", 6, 0))  # a quarter clockwise
DAMAGED_EXIF = {
    "a rational of -1/0": exif(TURNED, entry(0x011A, 10, 1, struct.pack("<I", 38)), extra=struct.pack("<ii", -1, 0)),
    "no structure": b"Exif\0\0junk",
    "a cut one": exif(TURNED)[:-9],
    "an orientation of text": exif(entry(0x0112, 2, 4, b"six\0")),
    "an offset beyond its end": exif(entry(0x011A, 5, 9, struct.pack("<I", 1 << 30)), TURNED),
    "an odd kind": exif(entry(0x0112, 99, 1, b"\x06\0\0\0")),
}


@pytest.mark.parametrize("damage", DAMAGED_EXIF.values(), ids=DAMAGED_EXIF)
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_a_broken_exif_entry_is_no_damage_to_a_picture(tmp_path, damage, suffix):
    image = Image.new("RGB", (40, 40), (0, 0, 200))
    image.paste((200, 0, 0), (0, 0, 40, 20))
    image.save(tmp_path / f"x.{suffix}", exif=damage)
    ours, theirs = read_image(tmp_path / f"x.{suffix}", 40), read_photo((tmp_path / f"x.{suffix}").read_bytes()).pixels
    for pixels in (ours, theirs):
        assert pixels[10, 30, 0] > 150  # red is above, or right if it was turned
        assert sorted([pixels[10, 10, 0] > 150, pixels[30, 30, 0] > 150]) == [False, True]
    np.testing.assert_array_equal(ours, theirs)


def palette():
    image = Image.new("P", (40, 40), 1)
    image.putpalette([0, 0, 0, 0, 0, 0])
    return image


@pytest.mark.parametrize(
    ("image", "options"),
    [
        (Image.new("RGBA", (40, 40), (0, 0, 0, 0)), {}),
        (Image.new("LA", (40, 40), (0, 0)), {}),
        (palette(), {"transparency": 1}),
        (Image.new("RGB", (40, 40)), {"transparency": (0, 0, 0)}),
        (Image.new("L", (40, 40)), {"transparency": 0}),
    ],
    ids=["RGBA", "LA", "P", "RGB", "L"],
)
def test_what_is_transparent_is_white_in_data_and_for_visitors(tmp_path, image, options):
    image.save(tmp_path / "x.png", **options)
    assert (read_image(tmp_path / "x.png", 20) == 255).all()
    assert (read_photo((tmp_path / "x.png").read_bytes()).pixels == 255).all()


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP", "BMP", "GIF", "JPEG"])
def test_data_and_visitors_see_the_same(tmp_path, form):
    ramp = np.arange(48 * 48, dtype=np.uint16).reshape(48, 48)
    modes = {"PNG": ["RGB", "L", "P", "1", "I;16", "RGBA"], "TIFF": ["RGB", "CMYK", "I;16", "1", "RGBA"], "GIF": ["P"]}
    for mode in modes.get(form, ["RGB", "L"]):
        grey = Image.fromarray((ramp // 9).astype(np.uint8))
        image = Image.fromarray(ramp * 28) if mode == "I;16" else grey.convert(mode)
        image.save(tmp_path / "x", form)
        theirs = read_photo((tmp_path / "x").read_bytes()).pixels
        np.testing.assert_array_equal(read_image(tmp_path / "x", 48), theirs)
        assert np.ptp(theirs.astype(int)) > 200, mode


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"PK\x03\x04" + bytes(99), "it is a ZIP archive"),
        (b"\0\0\0\x18ftypheic" + bytes(99), "it is a HEIC photograph"),
        (b"GIF89a" + bytes(40), "x.png: "),
        (b"II*\0\x08\0\0\0\xff\xff", "x.png: "),
        (b"BM" + bytes(60), "x.png: "),
    ],
)
def test_what_is_called_a_picture_and_is_none(tmp_path, content, words):
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(DataError, match=words):
        read_image(tmp_path / "x.png", 16)


def test_what_moves_and_what_has_no_range_are_faults(tmp_path):
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    for form in ("GIF", "PNG", "WEBP"):
        frames[0].save(tmp_path / "x", form, save_all=True, append_images=frames[1:])
        with pytest.raises(DataError, match="it moves"):
            read_image(tmp_path / "x", 16)
    frames[0].save(tmp_path / "x", "TIFF", save_all=True, append_images=frames[1:])  # pages: the first one
    assert read_image(tmp_path / "x", 16)[0, 0].tolist() == [255, 0, 0]
    Image.new("F", (16, 16), 0.5).save(tmp_path / "x", "TIFF")
    with pytest.raises(DataError, match="without a known range"):
        read_image(tmp_path / "x", 16)


# -- splits ------------------------------------------------------------------------------------------------------------


def test_split_keeps_class_shares():
    labels = np.repeat([0, 1], [80, 20])
    test = split_test(labels, np.full(100, -1), 0.25, seed=0)
    assert np.bincount(labels[test]).tolist() == [20, 5]


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.3, 0.4, 0.6, 0.75, 0.9])
def test_the_share_of_held_out_people_is_the_nearest_possible(fraction):
    rng = np.random.default_rng(int(100 * fraction))
    for people in range(2, 9):
        sizes = rng.integers(2, 12, people)
        subjects = np.repeat(np.arange(people), sizes)
        test = split_test(np.zeros(len(subjects), int), subjects, fraction, seed=people)
        ways = [sum(some) for count in range(1, people) for some in combinations(sizes, count)]
        assert abs(test.sum() - fraction * len(test)) == min(abs(way - fraction * len(test)) for way in ways)
        assert all(len(set(test[subjects == person])) == 1 for person in range(people))


def test_near_shares_keep_classes_even_and_follow_the_seed():
    rng = np.random.default_rng(0)
    subjects = np.repeat(np.arange(60), rng.integers(5, 25, 60))
    labels = rng.choice(5, len(subjects), p=(0.4, 0.3, 0.2, 0.08, 0.02))
    for fraction in (0.15, 0.3, 0.7):
        chosen = [split_test(labels, subjects, fraction, seed) for seed in (1, 1, 2)]
        assert (chosen[0] == chosen[1]).all()
        assert (chosen[0] != chosen[2]).any()
        assert abs(chosen[0].mean() - fraction) < 0.003
        shares = np.bincount(labels, chosen[0]) / np.bincount(labels)
        assert np.abs(shares[:3] - fraction).max() < 0.1


@pytest.mark.parametrize(("images", "fraction"), [(300, 0.33), (21, 0.25)])
def test_any_share_of_many_people_with_few_images(images, fraction):
    labels, subjects = np.arange(images) % 7, np.arange(images) // 2
    test = split_test(labels, subjects, fraction, seed=0)
    assert abs(test.mean() - fraction) < 0.1
    assert not set(subjects[test]) & set(subjects[~test])


def test_a_quarter_is_one_of_four_folds_as_ever():
    subjects = np.repeat(np.arange(40), 7)
    labels = np.random.default_rng(3).integers(0, 7, len(subjects))
    np.testing.assert_array_equal(split_test(labels, subjects, 0.25, 5), split_fold(labels, subjects, 4, 0, 5))


def test_a_share_that_cannot_be_had_is_said(tmp_path):
    data = load_dataset(manifest(make_manifest(tmp_path), test_fraction=0.4))
    assert data.test.mean() == pytest.approx(1 / 3)
    said = "test part: 33.3 % of the images, 40 % asked for (test_fraction), the nearest to that with whole subjects"
    assert said in describe(data)
    assert not any(
        "asked for" in line for line in load_dataset(Config(subjects=8, images_per_subject=7, size=16)).notes
    )
    drawn = load_dataset(Config(subjects=6, images_per_subject=7, size=16, test_fraction=0.4))
    assert any("33.3 % of the images, 40 % asked for" in line for line in describe(drawn))


@pytest.mark.parametrize(("fraction", "count"), [(0.05, 2), (0.5, 4), (0.95, 6)])
def test_single_images_are_held_out_by_any_share(fraction, count):
    test = split_test(np.repeat([0, 1], 4), np.full(8, -1), fraction, 0)
    assert test.sum() == count


def test_drawn_faces_on_disk_are_read_both_ways(tmp_path):
    write_faces(tmp_path / "faces", "posed", subjects=6, images_per_subject=14, size=32, seed=3)
    by_folder, by_table = (
        load_dataset(Config(data=data, root=str(tmp_path / "faces"), size=32)) for data in ("folder", "manifest")
    )
    whole = draw_dataset("posed", subjects=6, images_per_subject=14, size=32, seed=3)
    assert by_folder.classes == by_table.classes == tuple(sorted(EXPRESSIONS))
    for data in (by_folder, by_table):
        assert len(data) == 84
        for name, label, image in zip(data.names, data.labels, data.images, strict=True):
            expression, _, place = name.removesuffix(".png").partition("/")
            person, number = map(int, place.split("_"))
            assert data.classes[label] == expression == EXPRESSIONS[whole.labels[14 * person + number]]
            np.testing.assert_array_equal(image, whole.images[14 * person + number])
    assert not set(by_table.subjects[by_table.test]) & set(by_table.subjects[~by_table.test])
    assert "--data manifest takes labels, and subjects" in by_folder.notes[0]
