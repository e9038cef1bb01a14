"""What a trained network says of each held-out image: kept beside the runs, so that tables need no network."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from muldml_lite.config import Config
from muldml_lite.data import FaceDataset
from muldml_lite.metrics import join_slices
from muldml_lite.runs import Run, RunError, RunWriter
from muldml_lite.runs.arrays import Expected, read_arrays

_ARRAYS = {
    **dict.fromkeys(("index", "labels", "subjects", "cases"), Expected("iu", "m")),
    **dict.fromkeys(("head", "knn"), Expected("f", "mC")),
    "classes": Expected("U", "C"),
}


@dataclass(frozen=True)
class HeldOut:
    """The held-out part of one run. m images, C classes."""

    index: np.ndarray  # (m,) place in the data set
    labels: np.ndarray  # (m,) index into classes
    subjects: np.ndarray  # (m,) -1: unknown
    cases: np.ndarray  # (m,) images with the same number are frames of one sequence
    head: np.ndarray  # (m, C) probabilities of the classification head
    knn: np.ndarray  # (m, C) shares of the k nearest training images
    classes: tuple[str, ...]


def predict(run: Run, dataset: FaceDataset) -> HeldOut:
    """Look at the held-out images with a run's last weights.

    Raises:
        RunError: no readable weights, classes that are not the data's, or held-out images that were trained on.
    """
    from muldml_lite.trainer import load_network
    from muldml_lite.trainer.device import make_accelerator
    from muldml_lite.trainer.evaluate import look
    from muldml_lite.trainer.seen import keep_unseen

    config = Config.from_dict(run.config["config"])
    if run.probe.classes != dataset.classes:
        raise RunError(
            f"{run.path}: trained on classes {', '.join(run.probe.classes)}, but the data has "
            f"{', '.join(dataset.classes)}; the data has changed since"
        )
    seen = keep_unseen(run, dataset, config)
    if seen.images:
        raise RunError(f"{run.path}: {seen.notes[-1]}; the data has changed since")
    device = make_accelerator(config).device
    view = look(load_network(run).to(device), dataset, device, config.slices)
    test, joined = dataset.test, join_slices(view.slices)  # (n,), (n, D)
    shares = _neighbour_shares(
        joined[~test], dataset.labels[~test], joined[test], config.neighbours, len(dataset.classes)
    )
    return HeldOut(
        np.flatnonzero(test),
        dataset.labels[test],
        dataset.subjects[test],
        dataset.cases[test],
        view.probabilities[test],
        shares,
        dataset.classes,
    )


def _neighbour_shares(gallery: np.ndarray, labels: np.ndarray, queries: np.ndarray, k: int, classes: int) -> np.ndarray:
    """(m, classes): the largest share is the class that `metrics.knn_accuracy` counts, ties included."""
    from sklearn.neighbors import KNeighborsClassifier

    model = KNeighborsClassifier(min(k, len(gallery)), algorithm="brute").fit(gallery, labels)
    shares = np.zeros((len(queries), classes), np.float32)
    shares[:, model.classes_] = model.predict_proba(queries)
    return shares


def write_held_out(folder: str | os.PathLike[str], name: str, held: HeldOut) -> None:
    """Put `name`.npz into `folder`, whole or not at all."""
    values = {key: np.asarray(getattr(held, key)) for key in HeldOut.__dataclass_fields__}
    with RunWriter(folder).replacing(f"{name}.npz") as path, open(path, "wb") as file:
        np.savez_compressed(file, **values)


def read_held_out(path: Path) -> HeldOut:
    """Raises a RunError if the file is missing or broken."""
    values = read_arrays(path, _ARRAYS)
    good = all(np.isfinite(values[name]).all() for name in ("head", "knn"))
    labels = values["labels"]
    if not good or not len(labels) or labels.min() < 0 or labels.max() >= len(values["classes"]):
        raise RunError(f"{path}: expected finite shares, and labels from 0 to {len(values['classes']) - 1}")
    return HeldOut(**{**values, "classes": tuple(map(str, values["classes"]))})
