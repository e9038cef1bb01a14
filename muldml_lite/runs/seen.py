"""The people and images that a network was trained on, so that none of them counts as held out."""

from __future__ import annotations

import base64
import json
import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from muldml_lite.runs.contents import RunError
from muldml_lite.runs.files import parse_json, read_text
from muldml_lite.runs.writer import RunWriter
from muldml_lite.text import printable

if TYPE_CHECKING:
    from muldml_lite.data import FaceDataset

SEEN = "seen.json"
_VERSION = 1
_FIELDS = ("people", "pictures", "sizes", "unknown")
_FREELY_NAMED = ("folder", "manifest")  # their people have names that any other data set may have given them


@dataclass(frozen=True)
class Seen:
    """All that a network was trained on, starting weights included."""

    people: frozenset[tuple[str, str]] = frozenset()  # data set and name in it
    pictures: frozenset[int] = frozenset()  # digests of the images, see `data.digests_of`
    sizes: frozenset[int] = frozenset()  # of those images, in pixels: digests differ at another size
    unknown: frozenset[str] = frozenset()  # names of weights without a record of their training people

    def __or__(self, other: Seen) -> Seen:
        return Seen(*(getattr(self, name) | getattr(other, name) for name in _FIELDS))

    @staticmethod
    def of(dataset: FaceDataset, data: str) -> Seen:
        """The people and images of a data set's training part; `data` names the set, as in `Config`."""
        from muldml_lite.data import digests_of

        kind, rows = _kind(data), ~dataset.test
        numbers = np.unique(dataset.subjects[rows]) if dataset.subject_names else ()
        people = frozenset((kind, dataset.subject_names[number]) for number in numbers)
        return Seen(people, frozenset(digests_of(dataset)[rows].tolist()), frozenset([int(dataset.images.shape[1])]))

    def among(self, dataset: FaceDataset, data: str) -> np.ndarray:
        """The images of a data set that were trained on, or that show people who were: (n,) bool.

        A name, however it is spelt, means the same person unless both data sets are published ones, which number their
        people independently.
        """
        from muldml_lite.data import digests_of, same_name

        kinds = defaultdict(set)  # name → data sets
        for one, name in self.people:
            kinds[same_name(name)].add(one)
        known = np.array(
            [_meet(kinds.get(same_name(name), set()), _kind(data)) for name in dataset.subject_names], bool
        )
        people = known[dataset.subjects] if len(known) else np.zeros(len(dataset), bool)
        return people | np.array([one in self.pictures for one in digests_of(dataset).tolist()], bool)

    def to_text(self) -> str:
        """One line of JSON."""
        kinds = sorted({kind for kind, _ in self.people})
        pictures = np.sort(np.fromiter(self.pictures, "<u8", len(self.pictures)))  # (n,)
        return json.dumps(
            {
                "version": _VERSION,
                "people": {kind: sorted(name for one, name in self.people if one == kind) for kind in kinds},
                "pictures": base64.b64encode(pictures.tobytes()).decode(),
                "sizes": sorted(self.sizes),
                "unknown": sorted(self.unknown),
            }
        )

    @staticmethod
    def from_text(text: str, source: object) -> Seen:
        """Raises a RunError that names `source`, unless the text is one of `to_text`."""
        try:
            values = parse_json(text)
            if values["version"] != _VERSION:
                raise RunError(f"{source}: version {values['version']!r}, expected {_VERSION}; update muldml_lite")
            people = frozenset((str(kind), str(name)) for kind, names in values["people"].items() for name in names)
            pictures = np.frombuffer(base64.b64decode(values["pictures"], validate=True), "<u8")
            sizes, unknown = frozenset(map(int, values["sizes"])), frozenset(map(str, values["unknown"]))
            return Seen(people, frozenset(pictures.tolist()), sizes, unknown)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise RunError(
                f"{printable(source)}: not a record of people and images ({printable(repr(error), 200)})"
            ) from error


def write_seen(writer: RunWriter, seen: Seen) -> None:
    with writer.replacing(SEEN) as path:
        path.write_text(seen.to_text() + "\n", encoding="utf-8")


def read_seen(folder: Path) -> Seen | None:
    """The record in a run folder; None: there is none, since an older version made the folder.

    Raises:
        RunError: a broken file.
    """
    path = folder / SEEN
    return Seen.from_text(read_text(path), path) if os.path.lexists(path) else None


def some(names: Iterable[str], most: int = 3) -> str:
    """The first of many names, in words."""
    names = sorted(names)
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _kind(data: str) -> str:
    return data.partition(":")[0]


def _meet(kinds: set[str], kind: str) -> bool:
    """Whether one name in data sets of these kinds, and in one of another kind, is one person's."""
    return kind in kinds or bool(kinds & set(_FREELY_NAMED)) or bool(kinds and kind in _FREELY_NAMED)
