"""`--data ck+`: the extended Cohn-Kanade set, as distributed or as cropped class folders (CK+48)."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from muldml_lite.config import Config
from muldml_lite.data.dataset import DataError, Faults, Found, Row
from muldml_lite.data.pictures import File
from muldml_lite.data.tree import class_folders, files_below, folders_below, images_below, need_folder, shown

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

    The first frame makes a case of its own, since its label is another one.
    """
    need_folder(root, _TREE)
    for folder in folders_below(root):
        if folder.name.lower() == _IMAGES:
            return _sequences(folder, _label_folder(folder, root), config, faults)
        if len(class_folders(folder)) > 1:
            return _cropped(folder, config, faults)
    raise DataError(f"{root}: not CK+; expected {_TREE}; found {shown(root)}")


def _label_folder(images: Path, root: Path) -> Path:
    for folder in [*folders_below(root), *folders_below(images.parent, 1)]:
        if folder.name.lower() in _LABELS and files_below(folder, _is_label):
            return folder
    raise DataError(
        f"{images}: no labels beside it; expected {images.parent}/Emotion/S005/001/S005_001_00000011_emotion.txt …, "
        "which come in an archive of their own, Emotion_labels.zip"
    )


def _is_label(name: str) -> bool:
    return _LABEL_FILE.fullmatch(name) is not None


def _sequences(images: Path, labels: Path, config: Config, faults: Faults) -> Found:
    rows, seen = [], {}
    for path in files_below(labels, _is_label):
        subject, number = _LABEL_FILE.fullmatch(Path(path).name).groups()
        sequence, label, folder = f"{subject}_{number}", _label(path, faults), images / subject / number
        if sequence in seen:
            faults.add(f"{path}: a second label of {sequence} beside {seen[sequence]}")
            continue
        seen[sequence] = path
        frames = sorted(images_below(folder), key=_frame_number) if folder.is_dir() else []
        need = LAST + config.neutral_frames
        if len(frames) < need:
            faults.add(f"{folder}: {len(frames)} frames of a labelled sequence, expected {need} or more", "add them")
        elif label:
            rows += [Row(File(name), label, subject, sequence=sequence) for name in frames[-LAST:]]
            if config.neutral_frames:
                rows.append(Row(File(frames[0]), "neutral", subject, sequence=f"{sequence} neutral"))
    return Found(rows)


def _label(path: str, faults: Faults) -> str | None:
    """The expression that a label file names; None: it names none."""
    text = Path(path).read_text(encoding="ascii", errors="replace").strip()
    try:
        return CODES[int(float(text))]
    except (ValueError, KeyError, OverflowError):
        faults.add(f"{path}: {text[:20]!r} in it, expected a number from 0 (neutral) to 7 (surprise)")
        return None


def _frame_number(path: str) -> tuple[int, str]:
    digits = re.findall(r"\d+", Path(path).stem)
    return int(digits[-1]) if digits else -1, path


def _cropped(folder: Path, config: Config, faults: Faults) -> Found:
    classes = class_folders(folder)
    if config.neutral_frames and "neutral" not in classes:
        raise DataError(
            f"neutral_frames: True given, but {folder} holds the last frames only; the first ones are in {_IMAGES}/"
        )
    notes = [f"{folder}: no folder of class {name}" for name in CODES.values() if name not in {*classes, "neutral"}]
    if not config.neutral_frames and classes.pop("neutral", None):
        notes.append(f"{folder}/neutral left out; --neutral-frames takes it in")
    films: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))  # sequence → label → frames
    for label, place in classes.items():
        paths = images_below(place)
        if not paths:
            raise DataError(f"{place}: an empty class; put images there or remove the folder")
        for path in paths:
            parts = _FRAME.match(Path(path).name)
            if parts is None:
                faults.add(f"{path}: its name tells no subject and sequence; expected one like S010_004_00000017.png")
            else:
                films[f"{parts[1].upper()}_{parts[2]}"][label].append(path)
    rows = []
    for sequence, of_label in sorted(films.items()):
        shown_labels = sorted(set(of_label) - {"neutral"})
        if len(shown_labels) > 1:
            faults.add(f"{of_label[shown_labels[1]][0]}: sequence {sequence} is in class {shown_labels[0]}, too")
            continue
        for label, paths in of_label.items():
            case = f"{sequence} neutral" if label == "neutral" else sequence
            frames = sorted(paths, key=_frame_number)[-LAST:]
            rows += [Row(File(path), label, sequence.split("_")[0], sequence=case) for path in frames]
    return Found(rows, notes)
