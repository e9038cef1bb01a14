"""`--data folder`: one sub-folder a class, perhaps below a training and a test part."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from muldml_lite.config import Config
from muldml_lite.data.dataset import DataError, Faults, Found
from muldml_lite.data.roles import EXPRESSIONS, Part, part_rows, passed_over, role, split_rows, two_parts
from muldml_lite.data.spelling import same_name
from muldml_lite.data.tree import Folder, kind, scan
from muldml_lite.photos import KINDS
from muldml_lite.text import listed

_MANIFEST = "manifest.csv"


def read_folder(root: Path, config: Config, faults: Faults) -> Found:
    """One sub-folder a class; optionally below train/ and test/ (or val/)."""
    top = scan(root, "one sub-folder a class", faults)
    parts = _parts(top)
    if not parts:
        raise DataError(
            f"{root}: no images in its sub-folders; expected {root.resolve().name}/CLASS/IMAGE, images: {KINDS}"
        )
    notes = []
    if kind(root / _MANIFEST) == "a file":
        notes = [f"{root}/{_MANIFEST} is not read; --data manifest takes labels, and subjects if it has them, from it"]
    both = two_parts(parts, top)
    if both:
        rows, said = split_rows(*map(_with_classes, both), top)
        return Found(rows, [*notes, *said])
    whole = _with_classes(_whole(top, parts))
    rows = part_rows(whole, None)
    if whole.inside:
        notes.append(f"classes are the folders in {whole.name}")
    return Found(rows, [*notes, *passed_over(top, rows)])


def _parts(folder: Folder, inside: tuple[str, ...] = ()) -> list[Part]:
    """The folders nearest to `folder` in whose sub-folders pictures lie.

    Where some of them are training and test parts, a sub-folder beside them makes no class of its own. Nor do test
    images without labels beside a training part.
    """
    deeper = [part for inner in folder.folders for part in _parts(inner, (*inside, inner.name))]
    roles = {role(part.inside[len(inside)]) for part in deeper} - {None}
    flat = [inner for inner in folder.folders if inner.holds_pictures()]
    here = any("train" not in roles or role(inner.name) not in ("test", "val") for inner in flat)
    if here and not ("train" in roles and len(roles) > 1):
        return [Part(folder, inside)]
    return deeper


def _with_classes(part: Part) -> Part:
    """The part with its class folders: all in it but those that hold folders of the same names again.

    Raises:
        DataError: parts where classes should be.
    """
    folder = part.folder
    names = set(_names(part))
    roles = {inner.name: role(inner.name) for inner in folder.folders}
    if "train" in roles.values() and all(roles.values()) and len(set(roles.values())) > 1:
        raise DataError(
            f"{folder.path}: {listed(list(roles))} hold images without class folders; expected train/CLASS/IMAGE and "
            "test/CLASS/IMAGE"
        )
    classes = []
    for inner in folder.folders:
        below = {same_name(deeper.name) for deeper in inner.folders if any(f.holds_pictures() for f in deeper.below())}
        if {"train"} < {role(name) for name in below} - {None}:
            raise DataError(f"{inner.path}: parts below a class; expected train/CLASS/IMAGE and test/CLASS/IMAGE")
        if inner.holds_pictures() or not (below & names or (below and role(inner.name))):
            classes.append((inner.name, inner))
        elif role(inner.name):
            raise DataError(
                f"{inner.path}: looks like a part, but stands among classes; put those into a part, too, or move it "
                "away"
            )
    return dataclasses.replace(part, classes=classes)


def _whole(root: Folder, parts: Sequence[Part]) -> Part:
    """The one folder whose sub-folders are the classes, where no training and test part were found.

    Raises:
        DataError: it can't be told which one that is.
    """
    first, *others = parts
    known = [part for part in parts if part.inside and same_name(part.inside[-1]) in EXPRESSIONS]
    if not others and not (known or _unknown(first)):
        return first
    parents = {part.inside[:-1] for part in parts}
    shared = [name for name, count in Counter(n for part in parts for n in _names(part)).items() if count > 1]
    if len(parents) == 1 and others and (len(known) > 1 or not (shared or any(part.role for part in parts))):
        inside = parents.pop()
        folder = next(f for f in root.below() if f.path == root.path.joinpath(*inside))
        return Part(folder, inside)
    if not others:
        raise DataError(
            f"{root.path}: all images are below {first.name}; if the folders in it ({listed(_names(first))}) are the "
            f"classes, point --root at {first.folder.path}"
        )
    same = f", as they hold folders of the same names ({listed(shared)})" if shared else ""
    raise DataError(
        f"{root.path}: {listed([part.name for part in parts])} look like parts, not like classes{same}; call one train "
        "and one test, point --root at one of them, or name images and classes in a manifest"
    )


def _unknown(part: Part) -> bool:
    """Whether a single folder with folders in it may as well be one class, divided by people."""
    return bool(part.inside) and part.role is None and sum(name in EXPRESSIONS for name in _names(part)) < 2


def _names(part: Part) -> list[str]:
    return [same_name(folder.name) for folder in part.folder.folders]
