"""`--data raf-db`: the basic part of the Real-world Affective Faces database."""

from __future__ import annotations

from pathlib import Path

from muldml_lite.config import Config
from muldml_lite.data.dataset import DataError, Faults, Found, Row
from muldml_lite.data.parts import class_rows, find_parts, same_classes
from muldml_lite.data.pictures import File
from muldml_lite.data.tree import SEVEN, SUFFIXES, files_below, folders_below, need_folder, shown

CODES = {
    "1": "surprise",
    "2": "fear",
    "3": "disgust",
    "4": "happiness",
    "5": "sadness",
    "6": "anger",
    "7": "neutral",
}
_LISTS = ("list_patition_label.txt", "list_partition_label.txt")  # the first is the official spelling
_TREE = (
    "EmoLabel/list_patition_label.txt with Image/aligned/train_00001_aligned.jpg … and test_0001_aligned.jpg …, "
    "or train/1/*.jpg … and test/1/*.jpg …, a folder for each of the classes 1 to 7"
)


def read_raf_db(root: Path, config: Config, faults: Faults) -> Found:
    """Aligned faces of the official list, or of train/ and test/ with folders 1 to 7."""
    need_folder(root, _TREE)
    lists = [f / name for f in folders_below(root) for name in _LISTS if (f / name).is_file()]
    basic = [path for path in lists if "compound" not in str(path.relative_to(root)).lower()]
    if basic:
        return _listed(basic[0], root, faults)
    train, test = (find_parts(root, (name,), CODES) for name in ("train", "test"))
    if not (train and test):
        raise DataError(f"{root}: not the basic part of RAF-DB; expected {_TREE}; found {shown(root)}")
    rows, held_out = class_rows(train[0], False, CODES), class_rows(test[0], True, CODES)
    return Found(rows + held_out, same_classes(rows, held_out, root, SEVEN))


def _listed(file: Path, root: Path, faults: Faults) -> Found:
    images = {Path(path).name: path for path in files_below(root, _is_image)}
    aligned = any("_aligned." in name for name in images)
    rows, names = [], set()
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), 1):
        if not line.strip():
            continue
        name, _, code = line.strip().partition(" ")
        part = name.split("_")[0].lower()
        if code.strip() not in CODES or part not in ("train", "test"):
            faults.add(f"{file}: line {number} is {line.strip()[:40]!r}, expected one like train_00001.jpg 5 (1 to 7)")
            continue
        if name in names:
            faults.add(f"{file}: line {number} names {name} again")
            continue
        names.add(name)
        stem, dot, suffix = name.rpartition(".")
        wanted = f"{stem}_aligned{dot}{suffix}" if aligned else name
        if wanted in images:
            rows.append(Row(File(images[wanted]), CODES[code.strip()], test=part == "test"))
        elif not images:
            raise DataError(f"{root}: labels, but no images; expected {_TREE}")
        else:
            faults.add(f"{file}: line {number} names {name}, but there is no {wanted} below {root}", "add it")
    notes = [] if aligned else [f"{root}: original photographs, not aligned faces; crop the faces before training"]
    train, test = ([row for row in rows if row.test is part] for part in (False, True))
    return Found(rows, notes + same_classes(train, test, root, SEVEN))


def _is_image(name: str) -> bool:
    return name.lower().startswith(("train_", "test_")) and name.lower().endswith(SUFFIXES)
