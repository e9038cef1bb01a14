"""`--data fer2013`: the FER2013 challenge set, one csv file or class folders.

torchvision reads the official csv files only, which it knows by their check sums, from one place, and joins both test
parts; subsets, mended files and the folder form are as common.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np

from muldml_lite.config import Config
from muldml_lite.data.dataset import DataError, Faults, Found, Row
from muldml_lite.data.pictures import Pixels
from muldml_lite.data.roles import (
    EXPRESSIONS,
    missing_classes,
    parts_below,
    passed_over,
    role,
    sides,
    split_rows,
    two_parts,
)
from muldml_lite.data.text import all_or_none, table
from muldml_lite.data.tree import kind, scan, shown

CODES = {
    "0": "anger",
    "1": "disgust",
    "2": "fear",
    "3": "happiness",
    "4": "sadness",
    "5": "surprise",
    "6": "neutral",
}
SIDE = 48
_FILES = ("fer2013.csv", "icml_face_data.csv", "train.csv")
_COLUMNS = "emotion,pixels[,Usage]"
_TREE = (
    "fer2013.csv or icml_face_data.csv (emotion,pixels,Usage), or train.csv alone, or train/angry/*.jpg … and "
    "test/angry/*.jpg …"
)


def read_fer2013(root: Path, config: Config, faults: Faults) -> Found:
    """Training against PrivateTest; PublicTest, meant for choosing settings, is left out.

    Of the folder form test/ is the test part, which holds both test parts together.
    """
    if kind(root) != "a folder" and kind(root) != "nothing":
        return _table(root, faults)
    top = scan(root, _TREE, faults)
    tables = [
        folder.path / name for name in _FILES for folder in top.below(1) if str(folder.path / name) in folder.files
    ]
    if tables:
        found = _table(tables[0], faults)
        others = [f"{path} is not read, {tables[0]} is" for path in tables[1:]]
        return Found(found.rows, [*found.notes, *others, *passed_over(top, [])])
    both = two_parts(parts_below(top, EXPRESSIONS), top)
    if both is None:
        raise DataError(f"{root}: not FER2013; expected {_TREE}; found {shown(top)}")
    rows, notes = split_rows(*both, top)
    return Found(rows, [*missing_classes(rows, root), *notes])


def _table(file: Path, faults: Faults) -> Found:
    found: list[tuple[Row, str]] = []
    for number, values in table(file, ("emotion", "pixels"), _COLUMNS, faults):
        place, use = f"{file} line {number}", values.get("usage") or ""
        if use and role(use) is None:
            faults.add(f"{place}: Usage {use[:20]!r}, expected Training, PublicTest or PrivateTest")
        else:
            found += [(row, use) for row in _row(place, values, faults)]
    uses = Counter(role(use) for _, use in found)
    side = sides(uses)
    left_out = uses["val"] if side["val"] is None else 0
    rows = [
        dataclasses.replace(row, test=side.get(role(use)))
        for row, use in found
        if not (left_out and role(use) == "val")
    ]
    rows = all_or_none(rows, "test", "Usage", file, faults)
    notes = missing_classes(rows, file)
    if not any(use for _, use in found):
        notes.append(
            f"{file}: no column Usage, so a share is held out at random; figures don't compare with published ones"
        )
    return Found(rows, [*notes, f"{left_out:,} images of PublicTest left out"] if left_out else notes)


def _row(place: str, values: dict[str, str], faults: Faults) -> list[Row]:
    label = CODES.get(values["emotion"])
    if label is None:
        faults.add(f"{place}: emotion {values['emotion'][:20]!r}, expected a number from 0 (anger) to 6 (neutral)")
        return []
    try:
        numbers = np.array(values["pixels"].split(), np.int16)
    except (ValueError, OverflowError):
        numbers = np.zeros(0, np.int16)
    if len(numbers) != SIDE**2 or numbers.min() < 0 or numbers.max() > 255:
        faults.add(f"{place}: {len(numbers)} pixel values, expected {SIDE**2} from 0 to 255")
        return []
    return [Row(Pixels(place, numbers.astype(np.uint8).reshape(SIDE, SIDE)), label)]
