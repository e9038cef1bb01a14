"""`--data folder`: one sub-folder a class, perhaps below train/ and test/."""

from __future__ import annotations

from pathlib import Path

from muldml_lite.config import Config
from muldml_lite.data.dataset import DataError, Faults, Found, Row
from muldml_lite.data.pictures import File
from muldml_lite.data.tree import SUFFIXES, images_below, need_folder, subfolders

SPLITS = {"train": False, "test": True, "val": True, "valid": True, "validation": True}


def read_folder(root: Path, config: Config, faults: Faults) -> Found:
    """One sub-folder a class; optionally below train/ and test/ (or val/)."""
    need_folder(root, "one sub-folder a class")
    parts = {p: SPLITS[p.name.lower()] for p in subfolders(root) if p.name.lower() in SPLITS}
    if not (set(parts.values()) == {True, False} and len(parts) == len(subfolders(root))):
        parts = {root: None}  # not a split, or classes that happen to be called "test"
    found = {(part, folder): images_below(folder) for part in parts for folder in subfolders(part)}
    if not any(found.values()):
        kinds = ", ".join(s[1:] for s in SUFFIXES)
        raise DataError(f"{root}: no images in its sub-folders; expected {root.name}/CLASS/IMAGE, images: {kinds}")
    for (_, folder), paths in found.items():
        if not paths:
            raise DataError(f"{folder}: an empty class; put images there or remove the folder")
    return Found(
        [Row(File(path), folder.name, test=parts[part]) for (part, folder), paths in found.items() for path in paths]
    )
