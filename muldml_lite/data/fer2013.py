"""`--data fer2013`: the FER2013 challenge set, one csv file or class folders.

torchvision reads the official csv files only, which it knows by their check sums, from one place, and joins both test
parts; subsets, mended files and the folder form are as common.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from muldml_lite.config import Config
from muldml_lite.data.dataset import DataError, Faults, Found, Row
from muldml_lite.data.parts import class_rows, find_parts, same_classes
from muldml_lite.data.pictures import Pixels
from muldml_lite.data.tree import SEVEN, folders_below, need_folder, shown

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
_USES = {"Training": False, "PrivateTest": True, "PublicTest": None}
_TREE = (
    "fer2013.csv or icml_face_data.csv (emotion,pixels,Usage), or train.csv alone, or train/angry/*.jpg … and "
    "test/angry/*.jpg …"
)


def read_fer2013(root: Path, config: Config, faults: Faults) -> Found:
    """Training against PrivateTest; PublicTest, meant for choosing settings, is left out.

    Of the folder form test/ is the test part, which holds both test parts together.
    """
    if root.is_file():
        return _table(root, faults)
    need_folder(root, _TREE)
    for name in _FILES:
        for folder in folders_below(root, 1):
            if (folder / name).is_file():
                return _table(folder / name, faults)
    return _folders(root)


def _folders(root: Path) -> Found:
    train = find_parts(root, ("train",))
    test = find_parts(root, ("privatetest",)) or find_parts(root, ("test",)) or find_parts(root, ("val",))
    if not (train and test):
        raise DataError(f"{root}: not FER2013; expected {_TREE}; found {shown(root)}")
    rows, held_out = class_rows(train[0], False), class_rows(test[0], True)
    notes = same_classes(rows, held_out, root, SEVEN)
    return Found(rows + held_out, [*notes, f"test part: {test[0].relative_to(root)}"])


def _table(file: Path, faults: Faults) -> Found:
    rows, left_out, uses = [], 0, set()
    with open(file, newline="", encoding="utf-8-sig") as handle:
        reader = csv.DictReader(handle)
        reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]  # icml_face_data.csv has blanks in them
        for column in ("emotion", "pixels"):
            if column not in reader.fieldnames:
                found = ",".join(reader.fieldnames) or "nothing"
                raise DataError(f"{file}: column {column} is missing; expected emotion,pixels[,Usage], found {found}")
        try:
            for values in reader:
                place = f"{file} line {reader.line_num}"
                use = (values.get("Usage") or "").strip() or None
                uses.add(use)
                if use is not None and use not in _USES:
                    faults.add(f"{place}: Usage {use[:20]!r}, expected Training, PublicTest or PrivateTest")
                elif use == "PublicTest":
                    left_out += 1
                else:
                    rows += _row(place, values, None if use is None else _USES[use], faults)
        except (UnicodeDecodeError, csv.Error) as error:
            raise DataError(f"{file}: not a readable csv file ({error})") from error
    return Found(rows, _notes(file, rows, left_out, uses))


def _row(place: str, values: dict[str, str], test: bool | None, faults: Faults) -> list[Row]:
    label = CODES.get((values["emotion"] or "").strip())
    if label is None:
        faults.add(f"{place}: emotion {values['emotion']!r}, expected a number from 0 (anger) to 6 (neutral)")
        return []
    try:
        numbers = np.array((values["pixels"] or "").split(), np.int16)
    except (ValueError, OverflowError):
        numbers = np.zeros(0, np.int16)
    if len(numbers) != SIDE**2 or numbers.min() < 0 or numbers.max() > 255:
        faults.add(f"{place}: {len(numbers)} pixel values, expected {SIDE**2} from 0 to 255")
        return []
    return [Row(Pixels(place, numbers.astype(np.uint8).reshape(SIDE, SIDE)), label, test=test)]


def _notes(file: Path, rows: list[Row], left_out: int, uses: set[str | None]) -> list[str]:
    if uses == {None}:
        return [f"{file}: no column Usage, so a share is held out at random; figures don't compare with published ones"]
    if None in uses:
        raise DataError(f"{file}: Usage is empty in some rows; fill in all or none")
    train, test = ([row for row in rows if row.test is part] for part in (False, True))
    notes = same_classes(train, test, file, SEVEN)
    return [*notes, f"{left_out:,} images of PublicTest left out"] if left_out else notes
