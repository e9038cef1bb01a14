"""Checks what a run folder's files hold: arrays that fit together, and values of the right types."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from muldml_lite.config import Config, ConfigError
from muldml_lite.runs.alignment import in_one_frame, residuals
from muldml_lite.runs.arrays import Expected, read_arrays, read_headers
from muldml_lite.runs.contents import STATES, Judgements, Probe, RunError, Snapshot
from muldml_lite.text import printable

_PROBE = {
    "thumbnails": Expected("u", "nss3"),
    "labels": Expected("iu", "n"),
    "subjects": Expected("i", "n"),
    "test": Expected("b", "n"),
    "index": Expected("iu", "n"),
    "classes": Expected("U", "C"),
    "names": Expected("U", "n"),
}
_SNAPSHOT = {
    "slices": Expected("f", "Nnd"),  # unit length
    "predictions": Expected("iu", "n"),
    "confidence": Expected("f", "n"),
}
_TRIPLETS = dict.fromkeys(("anchor", "positive", "negative"), Expected("iu", "ENm"))
_JUDGEMENTS = {"epochs": Expected("iu", "E"), **_TRIPLETS, "distances": Expected("f", "ENm3")}
LAYOUTS = ("pca", "umap")
RESIDUALS = tuple(f"{kind}_residual" for kind in LAYOUTS)  # missing where slices are not in one frame yet
LAYOUT = {
    "epochs": Expected("iu", "E"),
    **dict.fromkeys(LAYOUTS, Expected("f", "ENn2")),
    **dict.fromkeys(RESIDUALS, Expected("f", "EN")),
}


class Sizes(NamedTuple):
    """What a run's files share; None where it is not known."""

    points: int | None  # n
    classes: int | None  # C
    slices: int | None  # N
    width: int | None  # d


def read_sizes(folder: Path, config: Mapping[str, Any]) -> Sizes:
    """From the configuration and the first bytes of the probe set's arrays."""
    path, slices, dim = folder / "probe.npz", config.get("slices"), config.get("dim")
    width = dim // slices if dim and slices else None
    if not os.path.exists(path):
        return Sizes(None, None, slices, width)
    found = read_headers(path, _PROBE)
    lengths = [found[name].shape[:1] if name in found else () for name in ("labels", "classes")]
    points, classes = (length[0] if length else None for length in lengths)
    return Sizes(points, classes, slices, width)


def read_probe(path: Path) -> Probe:
    """The probe set."""
    data = read_arrays(path, _PROBE)
    classes = tuple(map(str, data["classes"]))
    count, side = data["thumbnails"].shape[:2]
    _need(count > 0 and side > 0 and len(classes) > 0, path, "thumbnails", "one image and class or more")
    _need(data["thumbnails"].dtype == np.uint8, path, "thumbnails", "uint8")
    _need(len(set(classes)) == len(classes), path, "classes", "different names")
    _need(_within(data["labels"], 0, len(classes)), path, "labels", f"0 to {len(classes) - 1}")
    _need(_within(data["subjects"], -1, 2**62), path, "subjects", "numbers from 0, or -1 for unknown")
    _need(_within(data["index"], 0, 2**62), path, "index", "numbers from 0")
    return Probe(**{**data, "classes": classes})


def read_snapshot(path: Path, epoch: int, sizes: Sizes) -> Snapshot:
    """What the network made of the probe set after an epoch; slices in float32."""
    data = read_arrays(path, _SNAPSHOT)
    slices = data["slices"].astype(np.float32)
    _fit(path, "slices", slices.shape, (sizes.slices, sizes.points, sizes.width))
    _need(slices.size > 0 and bool(np.isfinite(slices).all()), path, "slices", "finite numbers")
    most = np.inf if sizes.classes is None else sizes.classes
    _need(_within(data["predictions"], 0, most), path, "predictions", f"0 to {most - 1}")
    good = (data["confidence"] >= 0) & (data["confidence"] <= 1)  # false for NaN
    _need(bool(good.all()), path, "confidence", "numbers in 0 to 1")
    return Snapshot(epoch, slices, data["predictions"], data["confidence"])


def read_judgements(path: Path, sizes: Sizes) -> Judgements:
    """Triplets of all epochs."""
    data = read_arrays(path, _JUDGEMENTS)
    _fit(path, "anchor", data["anchor"].shape[1:2], (sizes.slices,))
    most = np.inf if sizes.points is None else sizes.points
    for name in _TRIPLETS:
        _need(_within(data[name], 0, most), path, name, f"places in the probe set, 0 to {most - 1}")
    _need(_ascending(data["epochs"]), path, "epochs", "ascending numbers from 0")
    _need(bool((data["distances"] >= 0).all() and np.isfinite(data["distances"]).all()), path, "distances", "finite")
    return Judgements(**data)


def read_layout(path: Path, kind: str, sizes: Sizes) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Epochs (E,), coordinates (E, N, n, 2) and residuals (E, N), float32, all slices in one frame; None: no such kind.

    A file of a version that left each slice in a frame of its own is aligned here.
    """
    data = read_arrays(path, LAYOUT, optional=(*LAYOUTS, *RESIDUALS))
    if kind not in data:
        return None
    for name in (one for one in LAYOUTS if one in data):
        data[name] = data[name].astype(np.float32)
        _fit(path, name, data[name].shape[1:3], (sizes.slices, sizes.points))
        _need(data[name].size > 0 and bool(np.isfinite(data[name]).all()), path, name, "finite numbers")
    _need(_ascending(data["epochs"]), path, "epochs", "ascending numbers from 0")
    placed, apart = data[kind], data.get(f"{kind}_residual")
    if apart is None:
        # Other kinds follow the first one, so that all lie in one frame.
        beside = None if kind == LAYOUTS[0] or LAYOUTS[0] not in data else in_one_frame(data[LAYOUTS[0]])[0]
        placed = in_one_frame(placed, beside).astype(np.float32)
        apart = residuals(placed)
    _need(bool((apart >= 0).all()), path, f"{kind}_residual", "numbers from 0")
    return data["epochs"], placed, apart.astype(np.float32)


def _within(values: np.ndarray, first: float, end: float) -> bool:
    return not values.size or bool(values.min() >= first and values.max() < end)


def _ascending(epochs: np.ndarray) -> bool:
    return _within(epochs, 0, 2**31) and bool((np.diff(epochs.astype(np.int64)) > 0).all())


def _need(good: bool, path: Path, name: str, expected: str) -> None:
    if not good:
        raise RunError(f"{printable(path)}: {name}: expected {expected}")


def _fit(path: Path, name: str, shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> None:
    if any(want not in (None, length) for length, want in zip(shape, wanted, strict=True)):
        raise RunError(f"{printable(path)}: {name}: {shape}, but the run's other files have {wanted}")


def _natural(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300  # false for NaN


def _share(value: Any) -> bool:
    return _number(value) and 0 <= value <= 1


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _or_null(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or check(value)


_SLICE = {
    **dict.fromkeys(("threshold", "loss", "mean_positive", "mean_negative"), _or_null(_number)),
    **dict.fromkeys(("active_fraction", "incomplete_fraction"), _or_null(_share)),
    "mean_distance": _number,
    "knn_accuracy": _share,
}
_MEANS = ("loss", "cross_entropy", "metric_loss", "learning_rate", "images_per_second", "seconds_left")
_RECORD = {
    "epoch": _natural,
    "phase": _text,
    **dict.fromkeys(_MEANS, _or_null(_number)),
    "seconds": _number,
    "train_accuracy": _or_null(_share),
    "head_accuracy": _share,
    "knn_accuracy": _share,
    "warnings": _texts,
    "slices": lambda value: isinstance(value, list) and all(isinstance(one, dict) for one in value),
}
_STATUS = {"pid": _or_null(lambda v: _natural(v) and v > 0), "host": _text, "heartbeat": _number, "message": _text}
_STATUS["paused"] = _number
_DATA = {**dict.fromkeys(("images", "train", "test"), _natural), "subjects": _or_null(_natural), "classes": _texts}


def check_record(values: dict[str, Any], where: str, slices: int | None) -> dict[str, Any]:
    """One epoch's line of the history, or a RunError that says what is wrong with it."""
    _check(values, _RECORD, where)
    for number, one in enumerate(values["slices"], 1):
        _check(one, _SLICE, f"{where}, slice {number}")
    if slices not in (None, len(values["slices"])):
        raise RunError(f"{where}: {len(values['slices'])} slices, but config.json has {slices}")
    return values


def check_history(records: list[dict[str, Any]], path: Path, slices: int | None) -> list[dict[str, Any]]:
    """Records with ascending epochs."""
    last = -1
    for number, record in enumerate(records, 1):
        where = f"{printable(path)}: line {number}"
        last, before = check_record(record, where, slices)["epoch"], last
        if last <= before:
            raise RunError(f"{where}: epoch {last} after {before}, expected ascending epochs")
    return records


def check_status(status: dict[str, Any], path: Path) -> dict[str, Any]:
    """The status, with a known state and other values of the right types."""
    if not _text(status.get("state")) or status["state"] not in STATES:
        raise RunError(f"{printable(path)}: state {_shown(status.get('state'))}, expected one of {', '.join(STATES)}")
    _check({**dict.fromkeys(_STATUS, None), **status}, {k: _or_null(v) for k, v in _STATUS.items()}, printable(path))
    return status


def check_config(values: dict[str, Any], path: Path) -> dict[str, Any]:
    """The content of config.json: a configuration that can be run, and facts of the right types."""
    where = printable(path)
    if not isinstance(values.get("config"), dict):
        raise RunError(f"{where}: the key config is missing")
    try:
        known = {item.name for item in dataclasses.fields(Config)}
        Config.from_dict({name: value for name, value in values["config"].items() if name in known})
    except (ConfigError, TypeError) as error:
        raise RunError(f"{where}: {printable(error)}") from error
    for name in ("data", "forked", "versions"):
        if not isinstance(values.get(name) or {}, dict):
            raise RunError(f"{where}: {name} {_shown(values[name])}, expected an object")
    data, forked = values.get("data") or {}, values.get("forked")
    _check(data, {name: check for name, check in _DATA.items() if name in data}, f"{where}, data")
    if forked is not None:
        _check(forked, {"run": _text, "epoch": _natural}, f"{where}, forked")
    return values


def _check(values: dict[str, Any], checks: Mapping[str, Callable[[Any], bool]], where: str) -> None:
    for name, good in checks.items():
        if name not in values:
            raise RunError(f"{where}: {name} is missing")
        if not good(values[name]):
            raise RunError(f"{where}: {name} {_shown(values[name])} has the wrong type or range")


def _shown(value: Any) -> str:
    return printable(repr(value) if isinstance(value, (str, int, float, type(None))) else type(value).__name__, 60)
