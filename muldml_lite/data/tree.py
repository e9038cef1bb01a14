"""Scans a folder tree once; ignores hidden and system files, loops of links and other traps."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from muldml_lite.data.dataset import DataError, Faults
from muldml_lite.photos import SUFFIXES
from muldml_lite.text import listed

# Kinds of pictures that are not read; notes and errors name them.
UNREAD = (
    *(".avif", ".heic", ".heif", ".jp2", ".jxl", ".psd", ".svg", ".ico", ".tga", ".ppm", ".pgm", ".pbm", ".pnm"),
    *(".pcx", ".eps", ".raw", ".dng", ".cr2", ".nef", ".arw"),
)
MOST_FOLDERS, MOST_DEEP = 100_000, 50
_JUNK = ("__macosx", "thumbs.db", "desktop.ini", "lost+found", "$recycle.bin", "system volume information", "@eadir")
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


@dataclass
class Folder:
    """A folder with what is in it and below it."""

    path: Path
    files: list[str] = field(default_factory=list)  # whole paths, by name
    folders: list[Folder] = field(default_factory=list)  # by name

    @property
    def name(self) -> str:
        return self.path.name

    def below(self, depth: int | None = None) -> Iterator[Folder]:
        """The folder itself, then what lies in it, level by level."""
        level, left = [self], depth
        while level:
            yield from level
            level = [] if left == 0 else [inner for folder in level for inner in folder.folders]
            left = None if left is None else left - 1

    def images(self) -> list[str]:
        """Sorted paths of all images here and below, of kinds that are read."""
        return sorted(path for folder in self.below() for path in folder.files if path.lower().endswith(SUFFIXES))

    def holds_pictures(self) -> bool:
        """Whether the folder itself holds a picture, of a kind that is read or not."""
        return any(is_picture(path) for path in self.files)


def is_picture(path: str) -> bool:
    """Whether a file has the name of a picture, of a kind that is read or not."""
    return path.lower().endswith(SUFFIXES + UNREAD)


def scan(root: Path, layout: str, faults: Faults) -> Folder:
    """All that is in a folder. A link to a folder above itself is not followed.

    Args:
        layout: the expected content, for the message.
    Raises:
        DataError: no such folder, one that cannot be opened, or too many.
    """
    what = kind(root)
    if what != "a folder":
        said = "no such folder" if what == "nothing" else what if what.startswith("not") else "not a folder"
        raise DataError(f"{root}: {said}; --root takes the folder that holds {layout}")
    top = Folder(root)
    waiting, count = [(top, (os.path.realpath(root),))], 0
    while waiting:
        folder, above = waiting.pop()
        count += 1
        if count > MOST_FOLDERS:
            raise DataError(f"{root}: more than {MOST_FOLDERS:,} folders, or links in a loop; point --root deeper")
        for entry in _entries(folder, faults, stop=folder is top):
            if not _is_folder(entry):
                folder.files.append(entry.path)
                continue
            real = os.path.realpath(entry.path) if entry.is_symlink() else os.path.join(above[-1], entry.name)
            if entry.is_symlink() and any(f"{place}/".startswith(f"{real.rstrip('/')}/") for place in above):
                continue
            if len(above) > MOST_DEEP:
                faults.add(f"{entry.path}: more than {MOST_DEEP} folders deep")
                continue
            inner = Folder(folder.path / entry.name)
            folder.folders.append(inner)
            waiting.append((inner, (*above, real)))
    return top


def _entries(folder: Folder, faults: Faults, stop: bool) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder.path) as found:
            return sorted((entry for entry in found if _is_wanted(entry.name)), key=lambda entry: entry.name)
    except OSError as error:
        line = f"{folder.path}: cannot be opened ({error.strerror})"
        if stop:
            raise DataError(line) from None
        faults.add(line)
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _is_wanted(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in _JUNK


def kind(path: Path | str) -> str:
    """What lies at a path: "a file", "a folder", "nothing", another thing, or "not readable (why)"."""
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "nothing"
    except OSError as error:
        return f"not readable ({error.strerror})"
    except ValueError as error:  # a zero byte in it
        return f"not readable ({error})"
    return "a file" if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "of another kind")


def need_file(path: Path | str, missing: str = "no such file") -> None:
    """Raise a DataError unless the path is a plain file: a reader could wait for ever on a named pipe or a device."""
    what = kind(path)
    if what != "a file":
        said = missing if what == "nothing" else what if what.startswith("not") else f"{what}, not a file"
        raise DataError(f"{path}: {said}")


def shown(root: Folder) -> str:
    """What is in a folder, in a few words."""
    names = [f"{folder.name}/" for folder in root.folders] + [os.path.basename(path) for path in root.files]
    return listed(sorted(names)) or "nothing"
