"""Finds the role of each folder: a training, validation or test part, a class, or unused.

A folder's place and contents decide, and not its name alone: `train` may be a class of vehicles.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from muldml_lite.data.dataset import DataError, Row
from muldml_lite.data.pictures import File
from muldml_lite.data.spelling import same_name
from muldml_lite.data.tree import UNREAD, Folder, is_picture
from muldml_lite.photos import KINDS, SUFFIXES
from muldml_lite.text import listed

# The classes of sets in the wild, named as drawn faces are; drawing's own tuple would bring skia along.
SEVEN = ("neutral", "happiness", "sadness", "surprise", "fear", "anger", "disgust")
# Class names of the data sets → those of drawn faces.
EXPRESSIONS = {
    **{name: name for name in (*SEVEN, "contempt")},
    "happy": "happiness",
    "sad": "sadness",
    "surprised": "surprise",
    "fearful": "fear",
    "angry": "anger",
    "disgusted": "disgust",
}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")  # trainSet, FER2013Train, PublicTest
_ROLE = re.compile(
    r"(?P<whose>public|private)?(?:(?P<train>train(?:ing)?)|(?P<test>test(?:ing)?|eval(?:uation)?)"
    r"|(?P<val>val(?:id(?:ation)?)?|dev))(?:sets?|data|parts?|split|images?|imgs?|faces?|crops?)?"
)


@dataclass(frozen=True)
class Part:
    """A folder with class folders in it."""

    folder: Folder
    inside: tuple[str, ...]  # names of the folders on the way from the root to it, its own one last
    classes: Sequence[tuple[str, Folder]] = ()  # label and folder; a label may have several

    @property
    def name(self) -> str:
        return "/".join(self.inside) or "."

    @property
    def named(self) -> str:
        """The nearest folder whose name contains a role: training_data/test is a test part. "" if there is none."""
        return next((name for name in reversed(self.inside) if role(name)), "")

    @property
    def role(self) -> str | None:
        return role(self.named)


def role(name: str) -> str | None:
    """Train, test or val, if a name contains one of them; a public test part is for choosing settings, so it is val."""
    words = [word.lower() for word in _WORD.findall(name)]
    found = {kind for word in words if (match := _ROLE.fullmatch(word)) for kind in _said(match, words)}
    return found.pop() if len(found) == 1 else None


def _said(match: re.Match[str], words: Sequence[str]) -> list[str]:
    public = "public" in words or match["whose"] == "public"
    return ["val" if kind == "test" and public else kind for kind in ("train", "test", "val") if match[kind]]


def sides(roles: Iterable[str]) -> dict[str, bool | None]:
    """Role → whether it is tested on; None: left out. A validation part is tested on where there is no test part."""
    return {"train": False, "test": True, "val": None if "test" in set(roles) else True}


def class_folders(folder: Folder, names: dict[str, str]) -> list[tuple[str, Folder]]:
    """The sub-folders that are called like a key of `names`, with the class that it stands for."""
    return [(names[key], inner) for inner in folder.folders if (key := same_name(inner.name)) in names]


def parts_below(folder: Folder, names: dict[str, str], inside: tuple[str, ...] = ()) -> list[Part]:
    """All folders with class folders in them that are called as in `names`, whole parts before those in them."""
    classes = class_folders(folder, names)
    known = [inner for _, inner in classes] if len(classes) > 1 or any(map(role, inside)) else []
    here = [Part(folder, inside, classes)] if known else []
    deeper = [inner for inner in folder.folders if inner not in known]
    return here + [part for inner in deeper for part in parts_below(inner, names, (*inside, inner.name))]


def nearest(parts: Sequence[Part], wanted: str, root: Folder) -> Part | None:
    """The part of a role: the one that is least deep, then the one whose name has the fewest words.

    Raises:
        DataError: several are equal in both.
    """
    ranked = defaultdict(list)
    for part in parts:
        if part.role == wanted:
            ranked[len(part.inside), len(_WORD.findall(part.named))].append(part)
    if not ranked:
        return None
    first = ranked[min(ranked)]
    if len(first) > 1:
        word = {"train": "training", "val": "validation"}.get(wanted, wanted)
        raise DataError(
            f"{root.path}: {listed([part.name for part in first])} each look like the {word} part; "
            "point --root at one with its parts, or move the others away"
        )
    return first[0]


def two_parts(parts: Sequence[Part], root: Folder) -> tuple[Part, Part] | None:
    """The training and the test part, if there are both; validation is tested on where there is no test part."""
    train, test, val = (nearest(parts, wanted, root) for wanted in ("train", "test", "val"))
    return (train, test or val) if train and (test or val) else None


def part_rows(part: Part, test: bool | None) -> list[Row]:
    """A row for each image in a part's class folders.

    Raises:
        DataError: a class without images.
    """
    rows = []
    for label, folder in part.classes:
        paths = folder.images()
        if not paths:
            unread = Counter(os.path.splitext(p)[1].lower() for f in folder.below() for p in f.files if is_picture(p))
            have = ", ".join(f"{count} {suffix}" for suffix, count in unread.items())
            raise DataError(
                f"{folder.path}: no {KINDS} image there, but {have}; convert them, or move the folder away"
                if have
                else f"{folder.path}: an empty class; put images there or remove the folder"
            )
        rows += [Row(File(path), label, test=test) for path in paths]
    return rows


def split_rows(train: Part, test: Part, root: Folder) -> tuple[list[Row], list[str]]:
    """The rows of a training and a test part, with a note on which folder is which part."""
    rows = part_rows(train, False) + part_rows(test, True)
    same = [note for part in (train, test) for note in _joined(part)]
    return rows, [f"training part: {train.name}, test part: {test.name}", *same, *passed_over(root, rows)]


def _joined(part: Part) -> list[str]:
    """A note on classes that several folders of a part stand for."""
    folders = defaultdict(list)
    for label, folder in part.classes:
        folders[label].append(folder.name)
    return [f"{part.name}: {listed(f)} joined as {label}" for label, f in folders.items() if len(f) > 1]


def passed_over(root: Folder, rows: Sequence[Row]) -> list[str]:
    """A note on the pictures below `root` that have no row, and on other files beside those that are used."""
    used = {row.picture.name for row in rows}
    places = {os.path.dirname(path) for path in used}
    beside = [path for path in root.files if is_picture(path) and path not in used]
    left = [(root, beside)] if beside else []
    left += [found for folder in root.folders for found in _unused(folder, used, places)]
    if not left:
        return []
    counts = [
        f"{os.path.relpath(folder.path, root.path)} ({len(paths):,} {_what(paths)})"
        for folder, paths in sorted(left, key=lambda pair: (-len(pair[1]), pair[0].path))
    ]
    return [f"{sum(len(paths) for _, paths in left):,} files passed over: {listed(counts, 8)}"]


def _unused(folder: Folder, used: set[str], places: set[str]) -> Iterator[tuple[Folder, list[str]]]:
    """Folders and their unused files; a folder without any used file stands for the folders in it."""
    if not any(path in used for inner in folder.below() for path in inner.files):
        paths = [path for inner in folder.below() for path in inner.files if is_picture(path)]
        if paths:
            yield folder, paths
        return
    paths = [p for p in folder.files if p not in used and (is_picture(p) or str(folder.path) in places)]
    if paths:
        yield folder, paths
    for inner in folder.folders:
        yield from _unused(inner, used, places)


def _what(paths: Sequence[str]) -> str:
    suffixes = {os.path.splitext(path)[1].lower() for path in paths}
    if suffixes <= set(SUFFIXES):
        return "images"
    return f"{suffixes.pop()} files" if len(suffixes) == 1 and suffixes <= set(UNREAD) else "files"


def missing_classes(rows: Sequence[Row], root: object, expected: Sequence[str] = SEVEN) -> list[str]:
    """A note on classes without images."""
    missing = [label for label in expected if label not in {row.label for row in rows}]
    return [f"{root}: no images of class {', '.join(missing)}"] if missing else []
