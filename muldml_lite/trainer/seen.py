"""Keeps whatever a network was trained on, by starting weights too, out of its held-out images."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from muldml_lite.config import STARTS, Config, ConfigError
from muldml_lite.data import DataError, FaceDataset, load_dataset, subset
from muldml_lite.faces import Crowd, person_name
from muldml_lite.runs import Run, RunError, Seen, read_seen, some
from muldml_lite.runs.tensors import read_tensor_header

DRAWN = Path(__file__).with_name("drawn_small.safetensors")  # `muldml pretrain` makes it
# What `--weights drawn` was before run folders recorded their training people.
_FIRST_DRAWN = {"subjects": 860, "seed": 0}


class Unseen(NamedTuple):
    """A data set without the held-out images that a run was trained on."""

    dataset: FaceDataset
    images: int  # left out
    people: tuple[str, ...]  # whom they show, where the data set names them
    notes: tuple[str, ...]  # what a reader of the measurement should know, one line each


def keep_unseen(run: Run, dataset: FaceDataset, config: Config) -> Unseen:
    """Leave out of the test part whatever the run was trained on; `config` is what the data set was loaded with.

    Raises:
        DataError: nothing is left.
        RunError: the run has no record of its training people and images, and its data cannot give them.
    """
    seen = seen_by(run, own=dataset if Config.from_dict(run.config["config"]) == config else None)
    out = dataset.test & seen.among(dataset, config.data)  # (n,)
    people, notes = _names(dataset, out), _notes_on(seen, config)
    if not out.any():
        return Unseen(dataset, 0, (), tuple(notes))
    what = f"that {run.name} was trained on, or that show people it was trained on{_named(people)}"
    if (out == dataset.test).all():
        raise DataError(f"{config.data}: all {out.sum():,} held-out images are ones {what}; nothing is left to measure")
    notes.append(f"left out: {out.sum():,} of {dataset.test.sum():,} held-out images {what}")
    return Unseen(subset(dataset, np.flatnonzero(~out)), int(out.sum()), people, tuple(notes))


def check_unseen(seen: Seen, dataset: FaceDataset, config: Config, what: str) -> None:
    """Raise a ConfigError if held-out images were trained on; `what` begins its line."""
    out = dataset.test & seen.among(dataset, config.data)  # (n,)
    if out.any():
        raise ConfigError(
            f"{what} {out.sum():,} of the {dataset.test.sum():,} images that are held out of {config.data} here, or on "
            f"people in them{_named(_names(dataset, out))}; use others, or another split"
        )


def seen_by(run: Run, own: FaceDataset | None = None) -> Seen:
    """All that a run was trained on. For an older folder without a record, it follows from settings and data.

    Args:
        own: the data that the run was trained on, if it is loaded already.

    Raises:
        RunError: there is no record, and the run's data is missing or has changed.
    """
    written = read_seen(run.path)
    if written is not None:
        return written
    config = Config.from_dict(run.config["config"])
    if own is None:
        own = _reloaded(run, config)
    before = _of_pretraining(_FIRST_DRAWN) if config.weights == "drawn" else seen_by_weights(config.weights)
    return Seen.of(own, config.data) | before


def _reloaded(run: Run, config: Config) -> FaceDataset:
    lead = f"{run.path}: made by an older version, has no record of its training people, and"
    try:
        own = load_dataset(config)
    except DataError as error:
        raise RunError(f"{lead} its data cannot be read to find out ({error})") from error
    counted = run.config.get("data", {})
    if any(counted.get(part, count) != count for part, count in (("images", len(own)), ("test", own.test.sum()))):
        raise RunError(f"{lead} its data has changed since: {len(own):,} images, expected {counted.get('images')}")
    return own


def seen_by_weights(weights: str) -> Seen:
    """What starting weights, named as in `Config.weights`, were trained on; for a checkpoint, what its run was."""
    if weights == "random":
        return Seen()
    path = DRAWN if weights == "drawn" else Path(weights).expanduser().resolve()
    metadata = _metadata(path)
    if "seen" in metadata:
        return Seen.from_text(metadata["seen"], path)
    if "pretrained" in metadata:
        with contextlib.suppress(ValueError, KeyError, TypeError):  # not what we wrote
            return _of_pretraining(json.loads(metadata["pretrained"]))
    folder = path.parent.parent
    if path.parent.name == "checkpoint" and (folder / "config.json").is_file():
        with contextlib.suppress(RunError):  # its run has no record, and its data is gone
            return seen_by(Run(folder))
    return Seen(unknown=frozenset([path.name]))


def _metadata(path: Path) -> dict[str, str]:
    """{} for a file that cannot be read, or is gone; `start_from` reports what is wrong with it."""
    try:
        return read_tensor_header(path).metadata
    except RunError:
        return {}


def _of_pretraining(told: Mapping[str, Any]) -> Seen:
    """The people whom `muldml pretrain` drew, from its notes in the file."""
    crowd = Crowd[told.get("crowd", "anyone").upper()]
    # Before it had people of its own, the posed and the wild half were the same people, whom any run may draw.
    count = told["subjects"] if crowd else told["subjects"] - told["subjects"] // 2
    return Seen(frozenset(("drawn", person_name(told["seed"], number, crowd)) for number in range(count)))


def notes_on(config: Config) -> list[str]:
    """What a user of these starting weights should know, one line each."""
    return [] if config.weights in STARTS else _notes_on(seen_by_weights(config.weights), config)


def _notes_on(seen: Seen, config: Config) -> list[str]:
    notes = []
    if seen.unknown:
        notes.append(
            f"weights: {', '.join(sorted(seen.unknown))} has no record of its training people; if held-out people were "
            "among them, accuracy reads too high"
        )
    if seen.sizes - {config.size} and not config.data.startswith("drawn:"):
        sizes = ", ".join(map(str, sorted(seen.sizes)))
        notes.append(
            f"weights: trained on images of {sizes} pixels, but images here have {config.size}; "
            "so people are recognised by name only, and not by copies of an image"
        )
    return notes


def _names(dataset: FaceDataset, rows: np.ndarray) -> tuple[str, ...]:
    if not dataset.subject_names:
        return ()
    return tuple(dataset.subject_names[number] for number in np.unique(dataset.subjects[rows]))


def _named(people: tuple[str, ...]) -> str:
    return f" ({some(people)})" if people else ""
