"""`--data raf-db`: the basic part of the Real-world Affective Faces database."""

from __future__ import annotations

import os
from pathlib import Path

from muldml_lite.config import Config
from muldml_lite.data.dataset import DataError, Faults, Found, Row
from muldml_lite.data.pictures import File
from muldml_lite.data.roles import missing_classes, parts_below, passed_over, split_rows, two_parts
from muldml_lite.data.text import read_text
from muldml_lite.data.tree import Folder, scan, shown

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
    top = scan(root, _TREE, faults)
    lists = [path for folder in top.below() for path in folder.files if Path(path).name in _LISTS]
    basic = [path for path in lists if "compound" not in os.path.relpath(path, root).lower()]
    if basic:
        rows, notes = _listed(basic[0], top, faults)
        notes += [f"{path} is not read, {basic[0]} is" for path in basic[1:]]
    else:
        both = two_parts(parts_below(top, CODES), top)
        if both is None:
            raise DataError(f"{root}: not the basic part of RAF-DB; expected {_TREE}; found {shown(top)}")
        for zero in (inner for part in both for inner in part.folder.folders if inner.name == "0"):
            raise DataError(f"{zero.path}: a class 0; expected 1 (surprise) to 7 (neutral), so give them these numbers")
        rows, notes = split_rows(*both, top)
    return Found(rows, [*missing_classes(rows, root), *notes])


def _listed(file: str, root: Folder, faults: Faults) -> tuple[list[Row], list[str]]:
    images = {
        Path(path).name: path for path in root.images() if Path(path).name.lower().startswith(("train_", "test_"))
    }
    if not images:
        raise DataError(f"{root.path}: labels, but no images; expected {_TREE}")
    aligned = any("_aligned." in name for name in images)
    rows, names = [], set()
    for number, line in enumerate(read_text(Path(file)).splitlines(), 1):
        if not line.strip():
            continue
        name, code = (*line.split(), "")[:2]
        part = name.split("_")[0].lower()
        if code not in CODES or part not in ("train", "test"):
            faults.add(f"{file}: line {number} is {line.strip()[:40]!r}, expected one like train_00001.jpg 5 (1 to 7)")
            continue
        if name in names:
            faults.add(f"{file}: line {number} names {name} again")
            continue
        names.add(name)
        stem, dot, suffix = name.rpartition(".")
        wanted = f"{stem}_aligned{dot}{suffix}" if aligned else name
        if wanted in images:
            rows.append(Row(File(images[wanted]), CODES[code], test=part == "test"))
        else:
            faults.add(f"{file}: line {number} names {name}, but there is no {wanted} below {root.path}", "add it")
    notes = [] if aligned else [f"{root.path}: original photographs, not aligned faces; crop the faces before training"]
    return rows, notes + passed_over(root, rows)
