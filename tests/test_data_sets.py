"""The real data sets' layouts, built small from drawn faces: what is read of them, and what is said of mistakes."""

import shutil
import sys
from collections import Counter

import data_trees
import numpy as np
import pytest
from data_trees import CK_CODES, FER_CODES, MMI_CODES, RAF_CODES, face, save, write
from PIL import Image

from muldml_lite.config import Config
from muldml_lite.data import DataError, count, describe, load_dataset
from muldml_lite.data.roles import SEVEN
from muldml_lite.faces import EXPRESSIONS

MAKERS = {
    "ck+": data_trees.make_ck,
    "ck48": data_trees.make_ck48,
    "mmi": data_trees.make_mmi,
    "sfew": data_trees.make_sfew,
    "raf-db": data_trees.make_raf_db,
    "fer2013": data_trees.make_fer2013,
}


@pytest.fixture(scope="module")
def trees(tmp_path_factory):
    """Name of a layout → the folder with its tree, made when first asked for; not to be changed."""
    made = {}

    def tree(name):
        if name not in made:
            made[name] = MAKERS[name](tmp_path_factory.mktemp("trees") / name)
        return made[name]

    return tree


@pytest.fixture
def spoilt(trees, tmp_path):
    """A copy of a tree, to be spoilt."""
    return lambda name: shutil.copytree(trees(name), tmp_path / name)


def load(data, root, **changes):
    settings = {"size": 32, "folds": 2 if data in ("ck+", "mmi") else 0, **changes}
    return load_dataset(Config(data=data, root=str(root), **settings))


def shows(image, person, expression, strength=1.0, tolerance=0):
    """Whether an image is that face, as it was drawn."""
    return np.abs(image.astype(int) - face(person, expression, strength)).max() <= tolerance


def test_classes_have_the_names_of_drawn_ones(trees):
    assert SEVEN == EXPRESSIONS
    for name in ("sfew", "raf-db", "fer2013"):
        assert set(load(name, trees(name)).classes) == set(EXPRESSIONS)
    for name in ("ck+", "ck48"):
        assert set(load("ck+", trees(name)).classes) == set(EXPRESSIONS) - {"neutral"} | {"contempt"}
    assert set(load("mmi", trees("mmi")).classes) == set(EXPRESSIONS) - {"neutral"}


def test_ck_takes_the_last_three_frames_of_labelled_sequences(trees):
    data = load("ck+", trees("ck+"))
    assert len(data) == 4 * 7 * 3
    assert data.subject_names == ("S010", "S011", "S012", "S013")  # S014's only sequence has no label
    assert (np.bincount(data.cases) == 3).all()
    for i, name in enumerate(data.names):
        subject, number, frame = name.split("/")[-1].removesuffix(".png").split("_")
        expression = list(CK_CODES)[int(number) - 1]
        assert data.classes[data.labels[i]] == expression
        assert data.subject_names[data.subjects[i]] == subject
        assert int(frame) in (3, 4, 5)
        assert shows(data.images[i], int(subject[1:]) - 10, expression, (int(frame) - 1) / 4)
    assert "28 labelled sequences here, 327 in the complete set" in describe(data)[-1]


def test_the_neutral_first_frame_is_a_case_of_its_own(trees):
    data = load("ck+", trees("ck+"), neutral_frames=True)
    neutral = data.labels == data.classes.index("neutral")
    assert neutral.sum() == 4 * 7
    assert all(name.endswith("_00000001.png") for name, one in zip(data.names, neutral, strict=True) if one)
    assert sorted(Counter(data.cases.tolist()).values()) == [1] * 28 + [3] * 28
    for case in np.unique(data.cases):
        assert len(set(data.labels[data.cases == case])) == 1
    assert "28 labelled sequences here" in describe(data)[-1]  # the neutral ones are not counted


@pytest.mark.parametrize("above", ["", "cohn-kanade-images", "unpacked/CK+"])
def test_ck_is_found_however_it_was_unpacked(spoilt, tmp_path, above):
    root = spoilt("ck+")
    if above.startswith("unpacked"):
        (tmp_path / "unpacked").mkdir()
        shutil.move(root, tmp_path / above)
        (tmp_path / above / "Emotion").rename(tmp_path / above / "Emotion_labels")
        root = tmp_path / "unpacked"
    assert len(load("ck+", root / above if above == "cohn-kanade-images" else root)) == 84


def test_cropped_ck_reads_subject_and_sequence_from_names(trees):
    data = load("ck+", trees("ck48"))
    assert len(data) == 84
    assert len(np.unique(data.cases)) == 28
    for i, name in enumerate(data.names):
        folder, file = name.split("/")
        assert data.classes[data.labels[i]] == {"happy": "happiness"}.get(folder, folder)
        assert data.subject_names[data.subjects[i]] == file[:4]


@pytest.mark.parametrize("name", ["ck+", "mmi"])
def test_folds_share_no_subject_and_hold_every_image_once(trees, name):
    folds = [load(name, trees(name), folds=3, fold=fold) for fold in range(3)]
    np.testing.assert_array_equal(np.sum([data.test for data in folds], axis=0), 1)
    for data in folds:
        assert not set(data.subjects[data.test]) & set(data.subjects[~data.test])
        assert not set(data.cases[data.test]) & set(data.cases[~data.test])
    other = load(name, trees(name), folds=3, fold=0, seed=5)
    np.testing.assert_array_equal(other.test, folds[0].test)  # the training's seed does not move the folds
    moved = [load(name, trees(name), folds=3, fold=0, split_seed=seed).test for seed in range(1, 6)]
    assert any((test != folds[0].test).any() for test in moved)


def test_mmi_takes_three_middle_frames_of_frontal_sessions(trees):
    data = load("mmi", trees("mmi"))
    assert len(data) == 3 * 6 * 3
    assert data.subject_names == ("S001", "S002", "S003")
    middle = {str(number) for number in (4, 5, 6)}
    for i, name in enumerate(data.names):
        session, frame = name.removesuffix(".png").split("/")[1:]
        person, kind = divmod(int(session) - 1, 6)
        expression = list(MMI_CODES)[kind]
        assert frame in middle
        assert data.classes[data.labels[i]] == expression
        assert shows(data.images[i], person + 1, expression, 1 - abs(int(frame) - 5) / 4, tolerance=1)
    notes = " ".join(data.notes)
    for why in ("not one of the six expressions", "not in frontal view", "no expression label"):
        assert f"1 sessions left out: {why}" in notes
    assert "18 labelled sequences here, 205 in the complete set" in notes
    with_first = load("mmi", trees("mmi"), neutral_frames=True)
    first = with_first.labels == with_first.classes.index("neutral")
    assert {name.split("/")[-1] for name, one in zip(with_first.names, first, strict=True) if one} == {"1.png"}


def test_mmi_orders_frames_by_number(tmp_path):
    for person in (1, 2):
        for code, expression in ((1, "anger"), (4, "happiness")):
            frames = [face(person, expression, s) for s in data_trees.there_and_back(15)]
            data_trees.film(tmp_path, 10 * person + code, person, code, frames)
    data = load("mmi", tmp_path)
    assert {name.split("/")[-1] for name in data.names} == {"7.png", "8.png", "9.png"}  # not 14, 15, 2


def test_mmi_reads_videos(tmp_path):
    av = pytest.importorskip("av")
    for person in (1, 2):
        for code, expression in ((1, "anger"), (4, "happiness")):
            folder = data_trees.film(tmp_path, 10 * person + code, person, code, [])
            with av.open(folder / f"S{person:03d}-{10 * person + code:03d}.avi", "w") as file:
                stream = file.add_stream("ffv1", rate=24, width=64, height=96, pix_fmt="bgr0")
                for strength in data_trees.there_and_back(9):
                    upright = face(person, expression, strength, side=64)
                    padded = np.pad(upright, ((0, 0), (16, 16), (0, 0)))  # (64, 96, 3)
                    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(np.rot90(padded)), format="rgb24")
                    file.mux(stream.encode(frame))
                file.mux(stream.encode(None))
    data = load("mmi", tmp_path, size=64)
    assert len(data) == 12
    at = next(i for i, name in enumerate(data.names) if name.endswith("S001-011.avi frame 5"))
    assert np.abs(data.images[at].astype(int) - face(1, "anger", 1.0, side=64)).max() <= 2  # turned upright again
    video = first(tmp_path, "*.avi")
    video.write_bytes(b"RIFF nothing")
    with pytest.raises(DataError, match=r"S001-011\.avi: not a readable video"):
        load("mmi", tmp_path)


def test_videos_without_their_reader(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)  # as if it were not installed
    write(data_trees.film(tmp_path, 11, 1, 1, []) / "S001-011.avi", "")
    with pytest.raises(DataError, match=r"S001-011\.avi: .*`pip install av`, or extract the frames: `ffmpeg -i S001"):
        load("mmi", tmp_path)


def test_sfew_trains_on_train_and_tests_on_val(trees):
    data = load("sfew", trees("sfew"))
    assert (~data.test).sum() == 4 * 7
    assert data.test.sum() == 2 * 7
    for name, test, label in zip(data.names, data.test, data.labels, strict=True):
        assert name.startswith("Val/" if test else "Train/")
        assert data.classes[label] == {"Angry": "anger", "Happy": "happiness", "Sad": "sadness"}.get(
            name.split("/")[2], name.split("/")[2].lower()
        )
    assert data.notes[:2] == (
        "training part: Train/Train_Aligned_Faces, test part: Val/Val_Aligned_Faces_new",
        "1 files passed over: Test (1 images)",
    )
    assert [note.split(",")[0] for note in data.notes[2:]] == ["28 training images here", "14 test images here"]


def test_sfew_takes_aligned_faces_where_both_kinds_are(spoilt):
    root = spoilt("sfew")
    data_trees.make_classes(root / "Train", range(10, 12))
    data_trees.make_classes(root / "Val", range(12, 14))
    assert all("Aligned" in name for name in load("sfew", root).names)
    for part in ("Train/Train_Aligned_Faces", "Val/Val_Aligned_Faces_new"):
        shutil.rmtree(root / part)
    data = load("sfew", root)
    assert len(data) == 28
    assert any("not aligned faces" in note for note in data.notes)


def test_raf_db_follows_its_list(trees):
    data = load("raf-db", trees("raf-db"))
    assert (~data.test).sum() == 4 * 7
    assert data.test.sum() == 2 * 7
    for i, name in enumerate(data.names):
        person, kind = divmod(int(name.split("_")[1]) - 1, 7)
        expression = list(RAF_CODES)[kind]
        assert name.endswith("_aligned.jpg")
        assert data.classes[data.labels[i]] == expression
        assert shows(data.images[i], person + 4 * data.test[i], expression, tolerance=90)  # JPEG
    assert [note.split(",")[0] for note in data.notes] == ["28 training images here", "14 test images here"]


def test_raf_db_counted_from_0_is_refused(tmp_path):
    for part, people in (("train", range(3)), ("test", range(3, 5))):
        data_trees.make_classes(tmp_path / part, people, lambda expression: str(RAF_CODES[expression] - 1))
    with pytest.raises(DataError, match=r"0: a class 0; expected 1 \(surprise\) to 7"):
        load("raf-db", tmp_path)


def test_raf_db_as_numbered_folders(tmp_path):
    number = lambda expression: str(RAF_CODES[expression])  # noqa: E731
    data_trees.make_classes(tmp_path / "DATASET/train", range(3), number)
    data_trees.make_classes(tmp_path / "DATASET/test", range(3, 5), number)
    data = load("raf-db", tmp_path)
    assert data.test.sum() == 14
    for name, label in zip(data.names, data.labels, strict=True):
        assert RAF_CODES[data.classes[label]] == int(name.split("/")[2])


@pytest.mark.parametrize("columns", [("emotion", "pixels", "Usage"), ("emotion", " Usage", " pixels")])
def test_fer2013_tests_on_the_private_part(tmp_path, columns):
    name = "fer2013.csv" if columns[1] == "pixels" else "icml_face_data.csv"
    data_trees.make_fer2013(tmp_path / "fer2013", columns, name)
    for root in (tmp_path, tmp_path / "fer2013" / name):
        data = load("fer2013", root, size=48)
        assert (~data.test).sum() == 4 * 7
        assert data.test.sum() == 2 * 7
        assert "7 images of PublicTest left out" in data.notes
    for i, label in enumerate(data.labels):
        person, kind = divmod(i, 7)
        assert FER_CODES[data.classes[label]] == kind
        grey = face(person + data.test[i], list(FER_CODES)[kind], side=48).mean(2).astype(np.uint8)
        np.testing.assert_array_equal(data.images[i], np.repeat(grey[..., None], 3, 2))


def test_fer2013_agrees_with_torchvision(tmp_path, monkeypatch):
    from torchvision.datasets import FER2013, fer2013

    monkeypatch.setattr(fer2013, "check_integrity", lambda path, md5=None: True)  # of the official file only
    data_trees.make_fer2013(tmp_path / "fer2013")
    theirs = FER2013(tmp_path, "train")
    ours = load("fer2013", tmp_path, size=48)
    assert len(theirs) == (~ours.test).sum()
    for (image, label), at in zip(theirs, np.flatnonzero(~ours.test), strict=True):
        np.testing.assert_array_equal(np.asarray(image), ours.images[at, ..., 0])
        assert label == FER_CODES[ours.classes[ours.labels[at]]]


def test_fer2013_without_usage_and_as_folders(tmp_path):
    data_trees.make_fer2013(tmp_path / "a", ("emotion", "pixels"), "train.csv")
    data = load("fer2013", tmp_path / "a")
    assert len(data) == 7 * 7
    assert "no column Usage" in data.notes[0]
    data_trees.make_classes(tmp_path / "b/images/train", range(4), str, "jpg")
    data_trees.make_classes(tmp_path / "b/images/validation", range(4, 6), str, "jpg")
    data = load("fer2013", tmp_path / "b")
    assert data.test.sum() == 14
    assert "training part: images/train, test part: images/validation" in data.notes


def test_counts_of_classes_and_subjects(trees):
    data = load("ck+", trees("ck+"))
    counts = count(data)
    assert (counts["images"], counts["sequences"], counts["subjects"]) == (84, 28, 4)
    assert counts["train"] + counts["test"] == 84
    assert counts["classes"]["contempt"] == {"images": 12, "train": 6, "test": 6, "subjects": 4, "sequences": 4}
    assert counts["images_per_subject"] == dict.fromkeys(data.subject_names, 21)
    lines = describe(data)
    assert lines[0].startswith("84 images, 28 sequences, 4 subjects with 21 to 21 images each; training part 42")
    assert "contempt 4" in lines[1]
    sfew = describe(load("sfew", trees("sfew")))
    assert sfew[0] == "42 images; training part 28, test part 14"
    assert "anger 6" in sfew[1]


def first(root, pattern):
    return next(iter(sorted(root.rglob(pattern))))


def copy_into_test(root, source, target):
    shutil.copy(first(root, source), root / target)


MISTAKES = [
    ("ck+", lambda r: shutil.rmtree(r / "Emotion"), ["no labels beside it", "Emotion/S005", "Emotion_labels.zip"]),
    (
        "ck+",
        lambda r: shutil.rmtree(r / "cohn-kanade-images"),
        ["not CK+", "cohn-kanade-images/S005", "found Emotion/"],
    ),
    ("ck+", lambda r: write(first(r / "Emotion", "*.txt"), "  9.0e+00"), ["S010_001", "'9.0e+00'", "0 (neutral) to 7"]),
    ("ck+", lambda r: write(first(r / "Emotion", "*.txt"), ""), ["S010_001", "'' in it", "--skip-bad"]),
    ("ck+", lambda r: shutil.rmtree(r / "cohn-kanade-images/S011/002"), ["S011/002: 0 frames", "expected 3 or more"]),
    ("ck+", lambda r: first(r, "S012_003_00000004.png").write_bytes(b"no"), ["S012_003_00000004.png: not a JPEG"]),
    ("ck48", lambda r: save(r / "fear/face.png", face(1, "fear")), ["fear/face.png", "S010_004_00000017.png"]),
    ("ck48", lambda r: shutil.copy(first(r, "S010_001_*16.png"), r / "fear"), ["S010_001", "in class anger, too"]),
    ("ck48", lambda r: [p.unlink() for p in (r / "fear").iterdir()], ["fear: an empty class"]),
    (
        "mmi",
        lambda r: (r / "Sessions").rename(r / "Films") and [p.unlink() for p in r.rglob("*.xml")],
        ["not MMI", "session.xml"],
    ),
    ("mmi", lambda r: [p.unlink() for p in (r / "Sessions/2").glob("*.png")], ["Sessions/2: no video and no frames"]),
    (
        "mmi",
        lambda r: [p.unlink() for p in (r / "Sessions/2").glob("[3-9].png")],
        ["Sessions/2: 2 frames", "3 frames or more"],
    ),
    ("mmi", lambda r: write(r / "Sessions/2/session.xml", "<session"), ["Sessions/2: not a readable xml file"]),
    ("mmi", lambda r: first(r / "Sessions/2", "S*.xml").rename(r / "Sessions/2/label.xml"), ["Sessions/2: no subject"]),
    ("sfew", lambda r: shutil.rmtree(r / "Val"), ["no class folders in a val part", "found Test/, Train/"]),
    ("sfew", lambda r: shutil.rmtree(r / "Val/Val_Aligned_Faces_new/Fear"), ["class fear is missing in the test part"]),
    (
        "sfew",
        lambda r: shutil.copytree(r / "Val/Val_Aligned_Faces_new", r / "Val/Val_Aligned_Faces"),
        ["as val part", "one folder"],
    ),
    ("sfew", lambda r: (r / "Val/Val_Aligned_Faces_new").rename(r / "Val/Faces"), ["aligned in both parts or in none"]),
    (
        "raf-db",
        lambda r: shutil.rmtree(r / "basic/EmoLabel"),
        ["not the basic part of RAF-DB", "list_patition_label.txt"],
    ),
    (
        "raf-db",
        lambda r: shutil.rmtree(r / "basic/Image"),
        ["labels, but no images", "Image/aligned/train_00001_aligned.jpg"],
    ),
    (
        "raf-db",
        lambda r: first(r, "train_00003_*").unlink(),
        ["line 3 names train_00003.jpg", "no train_00003_aligned.jpg"],
    ),
    (
        "raf-db",
        lambda r: write(first(r / "basic", "*.txt"), "train_00001.jpg 8\n"),
        ["line 1 is 'train_00001.jpg 8'", "1 to 7"],
    ),
    (
        "raf-db",
        lambda r: write(first(r / "basic", "*.txt"), "train_00001.jpg 5\n" * 2),
        ["line 2 names train_00001.jpg again"],
    ),
    (
        "fer2013",
        lambda r: (r / "fer2013.csv").rename(r / "faces.csv"),
        ["not FER2013", "fer2013.csv", "found faces.csv"],
    ),
    (
        "fer2013",
        lambda r: write(r / "fer2013.csv", "emotion,px\n0,1 2\n"),
        ["column pixels is missing", "found emotion,px"],
    ),
    (
        "fer2013",
        lambda r: write(r / "fer2013.csv", "emotion,pixels\n0,1 2\n"),
        ["line 2", "2 pixel values, expected 2304"],
    ),
    (
        "fer2013",
        lambda r: write(r / "fer2013.csv", "emotion,pixels\n7,1 2\n"),
        ["line 2", "emotion '7'", "0 (anger) to 6"],
    ),
    ("fer2013", lambda r: write(r / "fer2013.csv", "emotion,pixels,Usage\n7,1 2,later\n"), ["line 2", "Usage 'later'"]),
]


@pytest.mark.parametrize(("name", "spoil", "words"), MISTAKES)
def test_mistakes_are_named_in_one_line(spoilt, name, spoil, words):
    root = spoilt(name)
    spoil(root)
    with pytest.raises(DataError) as caught:
        load("ck+" if name == "ck48" else name, root)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["ck+", "mmi", "sfew", "raf-db", "fer2013"])
def test_missing_and_empty_folders_show_the_tree(tmp_path, name):
    with pytest.raises(DataError, match="nowhere: no such folder; --root takes the folder that holds"):
        load(name, tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"expected .*(png|jpg).*found nothing"):
        load(name, tmp_path)


def test_skip_bad_goes_on_and_lists(spoilt):
    root = spoilt("ck+")
    write(first(root / "Emotion", "*.txt"), "no number")
    first(root, "S012_003_00000004.png").write_bytes(b"no")
    data = load("ck+", root, skip_bad=True)
    assert len(data) == 84 - 3 - 1
    assert len(data.skipped) == 2
    assert "S010_001" in data.skipped[0]
    assert "S012_003_00000004.png" in data.skipped[1]
    assert len(np.unique(data.cases)) == 27


def test_a_picture_in_both_parts_is_refused_or_left_out_of_training(spoilt):
    root = spoilt("raf-db")
    faces = root / "basic/Image/aligned"
    with Image.open(faces / "test_0002_aligned.jpg") as image:
        copy = np.asarray(image)
    for name in ("train_00002", "train_00009"):
        (faces / f"{name}_aligned.jpg").unlink()
        Image.fromarray(copy).save(faces / f"{name}_aligned.png")  # the same picture in another file format
    text = (root / "basic/EmoLabel/list_patition_label.txt").read_text()
    for name in ("train_00002", "train_00009"):
        text = text.replace(f"{name}.jpg", f"{name}.png")
    write(root / "basic/EmoLabel/list_patition_label.txt", text)
    with pytest.raises(
        DataError,
        match=r"train_00002_aligned.png: a training image that is the same as the test image "
        r".*test_0002_aligned.jpg and 1 more such pairs; remove one of them, or leave such out",
    ):
        load("raf-db", root)
    data = load("raf-db", root, skip_bad=True)
    assert (~data.test).sum() == 26
    assert data.test.sum() == 14
    assert len(data.skipped) == 2
    assert not any("train_00002" in name or "train_00009" in name for name in data.names)
    for i, name in enumerate(data.names):  # images moved up together with their names
        person, kind = divmod(int(name.split("_")[1]) - 1, 7)
        assert shows(data.images[i], person + 4 * data.test[i], list(RAF_CODES)[kind], tolerance=90)


def test_copies_within_a_part_are_noted(spoilt):
    root = spoilt("sfew")
    train = root / "Train/Train_Aligned_Faces"
    shutil.copy(train / "Fear/film_000000001.png", train / "Sad/again.png")
    copies = "1 images are copies of another one in the same part, 1 of them under another label"
    assert any(note.startswith(copies) for note in load("sfew", root).notes)


def test_a_set_with_a_split_of_its_own_takes_no_folds(trees):
    with pytest.raises(DataError, match=r"folds: 3 given, but .*sfew has a split of its own; leave folds at 0"):
        load("sfew", trees("sfew"), folds=3)


# -- sets that were divided by somebody --------------------------------------------------------------------------------


def divide(root, parts, pattern, second):
    """Moves what `pattern` finds into two parts, by whether its name has `second` in it."""
    for path in sorted(root.rglob(pattern)):
        target = root / parts[any(word in path.name for word in second)] / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
        if not any(path.parent.iterdir()):
            path.parent.rmdir()


@pytest.mark.parametrize("parts", [("Train/CK+_Train_crop", "Val/CK+_Val_crop"), ("train", "test"), ("a", "b")])
def test_all_parts_of_cropped_ck_are_read_together(spoilt, trees, parts):
    root = spoilt("ck48")
    divide(root, parts, "*.png", ("S012", "S013"))
    data, whole = load("ck+", root), load("ck+", trees("ck48"))
    assert len(data) == len(whole) == 84
    assert len(np.unique(data.cases)) == 28
    assert data.subject_names == whole.subject_names
    assert any(parts[0] in note and parts[1] in note for note in data.notes)


def test_a_second_copy_of_cropped_ck_adds_nothing(spoilt):
    root = spoilt("ck48")
    shutil.copytree(root / "anger", root / "CK+48/CK+48/anger")
    shutil.copytree(root / "fear", root / "CK+48/CK+48/fear")
    data = load("ck+", root)
    assert len(data) == 84
    assert not any("copies" in note for note in data.notes)
    assert any("24 files passed over" in note for note in data.notes)


def test_the_official_ck_in_two_halves(spoilt):
    root = spoilt("ck+")
    divide(root, ("first", "second"), "*.png", ("S012", "S013"))
    assert len(load("ck+", root)) == 84
    assert "1 sequences without a label left out" in load("ck+", root).notes


def test_mmi_in_two_halves(spoilt):
    root = spoilt("mmi")
    for session in sorted((root / "Sessions").iterdir())[::2]:
        shutil.move(session, root / "more/Sessions" / session.name)
    assert len(load("mmi", root)) == 3 * 6 * 3
    shutil.copytree(root / "more/Sessions/1", root / "again/1")
    with pytest.raises(DataError, match=r"a second session of this number beside"):
        load("mmi", root)


def test_what_a_reader_of_one_list_passes_over_is_noted(spoilt):
    root = spoilt("raf-db")
    save(root / "basic/Image/original/train_00001.jpg", face(1, "fear"))
    shutil.copy(root / "basic/EmoLabel/list_patition_label.txt", root / "basic/list_partition_label.txt")
    notes = load("raf-db", root).notes
    assert "1 files passed over: basic/Image/original (1 images)" in notes
    assert any("list_patition_label.txt is not read" in note for note in notes)
    root = spoilt("fer2013")
    data_trees.make_fer2013(root, name="icml_face_data.csv")
    data_trees.make_classes(root / "train", range(2))
    notes = load("fer2013", root).notes
    assert any("icml_face_data.csv is not read" in note for note in notes)
    assert "14 files passed over: train (14 images)" in notes


def test_two_folders_of_one_class_are_joined(spoilt):
    root = spoilt("sfew")
    save(root / "Train/Train_Aligned_Faces/HAPPINESS/1.png", face(9, "happiness"))
    save(root / "Train/Train_Aligned_Faces/anger/1.png", face(9, "anger"))
    data = load("sfew", root)
    assert (~data.test).sum() == 4 * 7 + 2
    assert any("HAPPINESS, Happy joined as happiness" in note for note in data.notes)


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ("ck+", "S010_001_00000005_emotion.txt: not a text file"),
        ("raf-db", "list_patition_label.txt: not a text file"),
        ("mmi", "not a readable xml file"),
    ],
)
def test_labels_that_are_no_text(spoilt, tree, words):
    root = spoilt(tree)
    pattern = {"ck+": "S010_001*_emotion.txt", "raf-db": "list_patition*", "mmi": "S0*.xml"}[tree]
    first(root / "basic" if tree == "raf-db" else root, pattern).write_bytes(bytes(range(256)))
    with pytest.raises(DataError, match=words):
        load(tree, root)


def test_a_label_between_two_is_none(spoilt):
    root = spoilt("ck+")
    write(first(root / "Emotion", "*.txt"), "2.5")
    with pytest.raises(DataError, match=r"'2.5' in it"):
        load("ck+", root)


def test_more_folds_than_subjects(trees):
    with pytest.raises(DataError, match="folds: 5 given, but there are 4 subjects; expected 4 folds or fewer"):
        load("ck+", trees("ck+"), folds=5)
