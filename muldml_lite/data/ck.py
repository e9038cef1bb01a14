"""`--data ck+`: the extended Cohn-Kanade set, as distributed or as cropped class folders (CK+48)."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from muldml_lite.config import Config
from muldml_lite.data.dataset import DataError, Faults, Found, Row
from muldml_lite.data.pictures import File
from muldml_lite.data.roles import EXPRESSIONS, Part, part_rows, parts_below, passed_over
from muldml_lite.data.text import read_text
from muldml_lite.data.tree import Folder, scan, shown
from muldml_lite.text import listed

CODES = {
    0: "neutral",  # the format has it, though no sequence of the set does
    1: "anger",
    2: "contempt",
    3: "disgust",
    4: "fear",
    5: "happiness",
    6: "sadness",
    7: "surprise",
}
LAST = 3  # frames of a sequence, at the height of the expression
_TREE = (
    "cohn-kanade-images/S005/001/S005_001_00000001.png … with Emotion/S005/001/S005_001_00000011_emotion.txt …, "
    "or the cropped class folders anger/S010_004_00000017.png …"
)
_IMAGES = "cohn-kanade-images"
_LABELS = ("emotion", "emotion_labels")
_LABEL_FILE = re.compile(r"(S\d+)_(\d+)_\d+_emotion\.txt", re.IGNORECASE)
_FRAME = re.compile(r"(S\d+)_(\d+)_?(\d+)", re.IGNORECASE)


def read_ck(root: Path, config: Config, faults: Faults) -> Found:
    """The labelled sequences' last three frames; with `config.neutral_frames` the first one, too, as neutral.

    The first frame makes a case of its own, since its label is another one. All parts are read together: the set has
    folds of its own.
    """
    top = scan(root, _TREE, faults)
    images = [folder for folder in top.below() if folder.name.lower() == _IMAGES]
    if images:
        return _sequences(images, top, config, faults)
    parts = parts_below(top, EXPRESSIONS)
    if parts:
        return _cropped(parts, top, config, faults)
    raise DataError(f"{root}: not CK+; expected {_TREE}; found {shown(top)}")


def _label_files(images: Folder, top: Folder, faults: Faults) -> list[str]:
    beside = [folder for folder in top.below() if folder.name.lower() in _LABELS]
    if not beside:  # --root is the folder of the images itself
        parent = images.path.parent
        beside = [scan(p, _TREE, faults) for p in sorted(parent.iterdir()) if p.name.lower() in _LABELS and p.is_dir()]
    found = [path for folder in beside for inner in folder.below() for path in inner.files if _is_label(path)]
    if not found:
        raise DataError(
            f"{images.path}: no labels beside it; expected {images.path.parent}/Emotion/S005/001/"
            "S005_001_00000011_emotion.txt …, which come in an archive of their own, Emotion_labels.zip"
        )
    return sorted(set(found))


def _is_label(path: str) -> bool:
    return _LABEL_FILE.fullmatch(Path(path).name) is not None


def _sequences(images: list[Folder], top: Folder, config: Config, faults: Faults) -> Found:
    films: dict[str, list[Folder]] = defaultdict(list)  # sequence → its folders
    for folder in images:
        for subject in folder.folders:
            for film in subject.folders:
                films[f"{subject.name}_{film.name}".upper()].append(film)
    rows, seen = [], {}
    for path in _label_files(images[0], top, faults):
        subject, number = _LABEL_FILE.fullmatch(Path(path).name).groups()
        sequence, label = f"{subject}_{number}".upper(), _label(path, faults)
        if sequence in seen:
            faults.add(f"{path}: a second label of {sequence} beside {seen[sequence]}")
            continue
        seen[sequence] = path
        frames = _frames([path for film in films[sequence] for path in film.images()])
        need = LAST + config.neutral_frames
        if len(frames) < need:
            place = films[sequence][0].path if films[sequence] else images[0].path / subject / number
            faults.add(f"{place}: {len(frames)} frames of a labelled sequence, expected {need} or more", "add them")
        elif label:
            rows += [Row(File(name), label, subject.upper(), sequence=sequence) for name in frames[-LAST:]]
            if config.neutral_frames:
                rows.append(Row(File(frames[0]), "neutral", subject.upper(), sequence=f"{sequence} neutral"))
    unlabelled = sum(bool(folders) for sequence, folders in films.items() if sequence not in seen)
    return Found(rows, [f"{unlabelled} sequences without a label left out"] if unlabelled else [])


def _frames(paths: list[str]) -> list[str]:
    """A sequence's frames in order, each once: the first of copies that lie in several places."""
    once = {}
    for path in sorted(paths, key=_frame_number):
        once.setdefault(Path(path).name.lower(), path)
    return list(once.values())


def _label(path: str, faults: Faults) -> str | None:
    """The expression that a label file names; None: it names none."""
    text = read_text(Path(path)).strip()
    try:
        return CODES[float(text)]  # the set writes 3.0000000e+00
    except (ValueError, KeyError):
        faults.add(f"{path}: {text[:20]!r} in it, expected a number from 0 (neutral) to 7 (surprise)")
        return None


def _frame_number(path: str) -> tuple[int, str]:
    digits = re.findall(r"\d+", Path(path).stem)
    return int(digits[-1]) if digits else -1, path


def _cropped(parts: list[Part], top: Folder, config: Config, faults: Faults) -> Found:
    labels = {label for part in parts for label, _ in part.classes}
    if config.neutral_frames and "neutral" not in labels:
        raise DataError(
            f"neutral_frames: True given, but {top.path} holds the last frames only; the first ones are in {_IMAGES}/"
        )
    notes = [f"{top.path}: no folder of class {name}" for name in CODES.values() if name not in {*labels, "neutral"}]
    if not config.neutral_frames and "neutral" in labels:
        notes.append("class neutral left out; --neutral-frames takes it in")
    if len(parts) > 1:
        notes.append(f"parts read together: {listed([part.name for part in parts])}")
    films: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))  # sequence → label → frames
    for row in [row for part in parts for row in part_rows(part, None)]:
        name = _FRAME.match(Path(row.picture.name).name)
        if row.label == "neutral" and not config.neutral_frames:
            continue
        if name is None:
            faults.add(
                f"{row.picture.name}: its name tells no subject and sequence; expected one like S010_004_00000017.png"
            )
        else:
            films[f"{name[1].upper()}_{name[2]}"][row.label].append(row.picture.name)
    rows = []
    for sequence, of_label in sorted(films.items()):
        shown_labels = sorted(set(of_label) - {"neutral"})
        if len(shown_labels) > 1:
            faults.add(f"{of_label[shown_labels[1]][0]}: sequence {sequence} is in class {shown_labels[0]}, too")
            continue
        for label, paths in of_label.items():
            case = f"{sequence} neutral" if label == "neutral" else sequence
            rows += [Row(File(p), label, sequence.split("_")[0], sequence=case) for p in _frames(paths)[-LAST:]]
    return Found(rows, [*notes, *passed_over(top, rows)])
