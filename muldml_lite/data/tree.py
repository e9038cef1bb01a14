"""Looking around in a folder tree, case and system files disregarded."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from muldml_lite.data.dataset import DataError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
_JUNK = ("__macosx",)
DEPTH = 3  # folders below --root that are searched: archives unpack into folders of their own

# The classes of sets in the wild, named as drawn faces are; drawing's own tuple would bring skia along.
SEVEN = ("neutral", "happiness", "sadness", "surprise", "fear", "anger", "disgust")
# Class names of the data sets → those of drawn faces.
_NAMES = {
    "neutral": "neutral",
    "happiness": "happiness",
    "happy": "happiness",
    "sadness": "sadness",
    "sad": "sadness",
    "surprise": "surprise",
    "surprised": "surprise",
    "fear": "fear",
    "fearful": "fear",
    "anger": "anger",
    "angry": "anger",
    "disgust": "disgust",
    "disgusted": "disgust",
    "contempt": "contempt",
}


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder, by name; hidden ones and those of archivers left out."""
    return sorted(p for p in folder.iterdir() if p.is_dir() and _is_wanted(p.name))


def files_below(folder: Path, wanted: Callable[[str], bool]) -> list[str]:
    """Paths of all files whose name is wanted, by path; hidden ones left out."""
    found = []
    for place, folders, files in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if _is_wanted(name)]
        found += [os.path.join(place, name) for name in files if _is_wanted(name) and wanted(name)]
    return sorted(found)


def images_below(folder: Path) -> list[str]:
    return files_below(folder, lambda name: name.lower().endswith(SUFFIXES))


def _is_wanted(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in _JUNK


def folders_below(root: Path, depth: int = DEPTH) -> Iterator[Path]:
    """The folder itself, then what lies in it, level by level."""
    level = [root]
    for _ in range(depth + 1):
        yield from level
        level = [folder for parent in level for folder in subfolders(parent)]


def class_folders(folder: Path, names: dict[str, str] | None = None) -> dict[str, Path]:
    """Class → its folder, for all sub-folders that are called like an expression (or like a key of `names`)."""
    known = _NAMES if names is None else names
    return {known[p.name.lower()]: p for p in subfolders(folder) if p.name.lower() in known}


def need_folder(root: Path, layout: str) -> None:
    """Raise a DataError unless there is such a folder."""
    if not root.is_dir():
        what = "not a folder" if root.exists() else "no such folder"
        raise DataError(f"{root}: {what}; --root takes the folder that holds {layout}")


def shown(root: Path) -> str:
    """What is in a folder, in a few words."""
    names = sorted(p.name + "/" * p.is_dir() for p in root.iterdir() if _is_wanted(p.name))
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more if names else "nothing"
