"""How many images, subjects and sequences of each class there are."""

from __future__ import annotations

from typing import Any

import numpy as np

from muldml_lite.data.dataset import FaceDataset


def count(dataset: FaceDataset) -> dict[str, Any]:
    """Plain JSON values: images in all and by part, subjects, sequences, and the same for each class and subject.

    None where subjects or sequences are unknown.
    """
    every = np.ones(len(dataset), bool)
    people = {name: int((dataset.subjects == number).sum()) for number, name in enumerate(dataset.subject_names)}
    people = {name: images for name, images in people.items() if images}
    return {
        **_part(dataset, every),
        "classes": {name: _part(dataset, dataset.labels == label) for label, name in enumerate(dataset.classes)},
        "images_per_subject": people,
    }


def _part(dataset: FaceDataset, rows: np.ndarray) -> dict[str, int | None]:
    known = bool((dataset.subjects >= 0).all())
    return {
        "images": int(rows.sum()),
        "train": int((rows & ~dataset.test).sum()),
        "test": int((rows & dataset.test).sum()),
        "subjects": len(np.unique(dataset.subjects[rows])) if known else None,
        "sequences": None if dataset.sequences is None else len(np.unique(dataset.sequences[rows])),
    }


def describe(dataset: FaceDataset) -> list[str]:
    """The same for a person: a line for the whole, one for the classes, and the notes."""
    counts = count(dataset)
    whole = [f"{counts['images']:,} images"]
    whole += [f"{counts[name]:,} {name}" for name in ("sequences", "subjects") if counts[name] is not None]
    if counts["images_per_subject"]:
        each = counts["images_per_subject"].values()
        whole[-1] += f" with {min(each)} to {max(each)} images each"
    lines = [f"{', '.join(whole)}; training part {counts['train']:,}, test part {counts['test']:,}"]
    unit = "images" if dataset.sequences is None else "sequences"
    of_class = ", ".join(f"{name} {one[unit]:,}" for name, one in counts["classes"].items())
    return [*lines, f"{unit} of each class: {of_class}", *dataset.notes]
