"""From a configuration to a data set: find the rows, decode them, split them, and check what came out."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from muldml_lite.config import Config
from muldml_lite.data.ck import read_ck
from muldml_lite.data.dataset import DataError, FaceDataset, Faults, Found, Images, Progress, Row
from muldml_lite.data.drawn import draw
from muldml_lite.data.duplicates import digest, drop_copies
from muldml_lite.data.fer2013 import read_fer2013
from muldml_lite.data.folder import read_folder
from muldml_lite.data.framed import Framed, framed, without_face
from muldml_lite.data.labelled import keep_labelled
from muldml_lite.data.manifest import read_manifest
from muldml_lite.data.memory import in_memory
from muldml_lite.data.mmi import read_mmi
from muldml_lite.data.pictures import File, LazyImages, read_all, take
from muldml_lite.data.protocols import incomplete
from muldml_lite.data.raf_db import read_raf_db
from muldml_lite.data.sfew import read_sfew
from muldml_lite.data.spelling import join_spellings
from muldml_lite.data.splits import given_split, split, split_notes
from muldml_lite.text import printable, spelt_out

_READERS: dict[str, Callable[[Path, Config, Faults], Found]] = {
    "folder": read_folder,
    "manifest": read_manifest,
    "ck+": read_ck,
    "mmi": read_mmi,
    "sfew": read_sfew,
    "raf-db": read_raf_db,
    "fer2013": read_fer2013,
}


def load_dataset(config: Config, progress: Progress | None = None) -> FaceDataset:
    """Load or draw the data set that `config` names, split into training and held-out part.

    Where subjects are known no subject is in both parts. Images that would not fit into memory stay on disk and are
    decoded on access; all are decoded once here, so that damaged ones and copies are found. `progress(done, total)`
    is called meanwhile.

    Raises:
        DataError: nothing to read, or something that cannot be used; names the file and the remedy.
    """
    if config.data.startswith("drawn:"):
        return keep_labelled(draw(config), config)
    root = Path(os.path.expanduser(config.root))
    faults = Faults(config.skip_bad)
    try:
        found = _READERS[config.data](root, config, faults)
    except OSError as error:
        raise DataError(f"{error.filename or root}: not readable ({error.strerror or error})") from None
    if not found.rows:
        raise DataError(f"{root}: no usable image; {_first(faults)}")
    found.rows, joined = join_spellings(found.rows)
    found.notes += joined
    stated = given_split(found.rows, root)
    if stated is not None and config.folds:
        raise DataError(f"folds: {config.folds} given, but {root} has a split of its own; leave folds at 0")
    if config.find_faces:
        found.rows = framed(found.rows)
    return keep_labelled(_assemble(found, stated, root, config, faults, progress), config)


def _first(faults: Faults) -> str:
    return f"{len(faults.lines)} left out, the first: {faults.lines[0]}" if faults.lines else "it is empty"


def _assemble(
    found: Found,
    stated: np.ndarray | None,
    root: Path,
    config: Config,
    faults: Faults,
    progress: Progress | None,
) -> FaceDataset:
    """Decode, split and check; `stated` is the split that the data set has of its own, (n,) bool, if any."""
    images, digests, kept = _decode(found.rows, config, faults, progress)
    kept = _drop_single(found.rows, kept, faults)
    rows = [found.rows[i] for i in kept]
    classes = tuple(sorted({row.label for row in rows}))
    if len(classes) < 2:
        more = f"; {_first(faults)}" if faults.lines else ""
        raise DataError(f"{root}: {len(classes)} usable class(es), expected 2 or more{more}")
    labels = np.array([classes.index(row.label) for row in rows], np.int64)
    subjects, people = _numbered([row.subject for row in rows])
    sequences, films = _numbered([row.sequence for row in rows])
    sequences = sequences if films else None
    test = split(config, labels, subjects, sequences) if stated is None else stated[kept]
    left, copies = drop_copies(rows, digests[kept], test, faults)  # (m,) places among the kept
    dataset = FaceDataset(
        take(images, [kept[i] for i in left]),
        labels[left],
        subjects[left],
        test[left],
        classes,
        tuple(spelt_out(_relative(rows[i].picture.name, root)) for i in left),
        tuple(faults.lines),
        None if sequences is None else sequences[left],
        people,
        digests=digests[kept][left],
    )
    _check_split(dataset, root, stated is not None)
    made = split_notes(config, dataset) if stated is None else []
    kept_rows = [rows[i] for i in left]
    notes = [
        *found.notes,
        *copies,
        *_kinds(kept_rows),
        *without_face(kept_rows),
        *made,
        *incomplete(config.data, dataset),
    ]
    return dataclasses.replace(dataset, notes=tuple(map(printable, notes)))


def _decode(
    rows: Sequence[Row], config: Config, faults: Faults, progress: Progress | None
) -> tuple[Images, np.ndarray, list[int]]:
    """The images, in memory if they are to be there; a digest of each, (n,) uint64; the places of the readable ones."""
    pictures, size = [row.picture for row in rows], config.size
    held = np.empty((len(rows), size, size, 3), np.uint8) if in_memory(len(rows), config) else None
    digests, kept = np.zeros(len(rows), np.uint64), []
    for i, image in enumerate(read_all(pictures, size)):
        if progress:
            progress(i + 1, len(rows))
        if isinstance(image, str):
            faults.add(image)
            continue
        digests[i] = pictures[i].digest if isinstance(pictures[i], Framed) else digest(image)
        if held is not None:
            held[i] = image
        kept.append(i)
    return LazyImages(pictures, size) if held is None else held, digests, kept


def _drop_single(rows: Sequence[Row], kept: list[int], faults: Faults) -> list[int]:
    """Without the classes that have one image only."""
    counts = Counter(rows[i].label for i in kept)
    for i in kept:
        if counts[rows[i].label] == 1:
            line = f"{rows[i].picture.name}: the only image of class {rows[i].label}; a class needs 2 or more"
            faults.add(line, "add images, remove the class")
    return [i for i in kept if counts[rows[i].label] > 1]


def _numbered(names: Sequence[str | None]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Names as numbers (n,) int64, -1 for None, and which name each number stands for; () if some are None."""
    known = sorted(set(names) - {None})
    places = {name: number for number, name in enumerate(known)}
    numbers = np.array([places.get(name, -1) for name in names], np.int64)
    return numbers, tuple(known) if (numbers >= 0).all() else ()


def _check_split(data: FaceDataset, root: Path, stated: bool) -> None:
    """Each class needs two training images; where the data set has a split of its own, test images as well."""
    train, test = (np.bincount(data.labels[data.test == part], minlength=len(data.classes)) for part in (False, True))
    if not data.test.any():
        raise DataError(f"{root}: no test images; mark some with split = test, or leave the column out")
    for name, counts in (("training", train), ("test", test)):
        if stated and not counts.all():
            label = data.classes[int(counts.argmin())]
            raise DataError(
                f"{root}: class {label} is missing in the {name} part; expected the same classes in both parts"
            )
    if (train < 2).any():
        label = data.classes[int(train.argmin())]
        remedy = "add images" if stated else "add images, or hold out less with --test-fraction"
        raise DataError(
            f"{root}: class {label} has {train.min()} training image(s) after the split, expected 2 or more; {remedy}"
        )


def _kinds(rows: Sequence[Row]) -> list[str]:
    """A note on images of several kinds: a network can learn a kind instead of a class."""
    kinds = Counter(Path(row.picture.name).suffix.lower() for row in rows if isinstance(row.picture, File))
    return [f"images of several kinds: {', '.join(f'{n:,} {kind}' for kind, n in kinds.most_common())}"] * (
        len(kinds) > 1
    )


def _relative(name: str, root: Path) -> str:
    folder = root if root.is_dir() else root.parent
    return os.path.relpath(name, folder) if Path(name).is_relative_to(folder) else name
