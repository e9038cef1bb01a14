"""Sets that come as a training and a test folder with one sub-folder a class in each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from muldml_lite.data.dataset import DataError, Row
from muldml_lite.data.pictures import File
from muldml_lite.data.tree import class_folders, folders_below, images_below


def find_parts(root: Path, starts: Sequence[str], names: dict[str, str] | None = None) -> list[Path]:
    """Folders with class folders in them whose path below root has a part that starts like one of `starts`."""
    return [
        folder
        for folder in folders_below(root)
        if len(class_folders(folder, names)) > 1
        and any(part.lower().startswith(tuple(starts)) for part in folder.relative_to(root).parts)
    ]


def class_rows(part: Path, test: bool, names: dict[str, str] | None = None) -> list[Row]:
    """A row for each image in a part's class folders.

    Raises:
        DataError: a class without images.
    """
    rows = []
    for label, folder in class_folders(part, names).items():
        paths = images_below(folder)
        if not paths:
            raise DataError(f"{folder}: an empty class; put images there or remove the folder")
        rows += [Row(File(path), label, test=test) for path in paths]
    return rows


def same_classes(train: Sequence[Row], test: Sequence[Row], root: Path, expected: Sequence[str]) -> list[str]:
    """Notes on missing classes; raises a DataError where only one part has a class."""
    have, tested = ({row.label for row in rows} for rows in (train, test))
    for label in sorted(have ^ tested):
        lacking = "test" if label in have else "training"
        raise DataError(f"{root}: class {label} is missing in the {lacking} part; expected the same classes in both")
    missing = [label for label in expected if label not in have]
    return [f"{root}: no images of class {', '.join(missing)}"] if missing else []
