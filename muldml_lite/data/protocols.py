"""How each data set is evaluated by convention; `data/README.md` has the sources."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from muldml_lite.data.dataset import FaceDataset


@dataclass(frozen=True)
class Protocol:
    """The convention of a data set."""

    folds: int  # subject-independent folds; 0: its own split into training and test part
    text: str
    sequences: int | None = None  # of the complete set; None: it has none
    train: int | None = None  # images of the complete set, where it has a split of its own
    test: int | None = None


PROTOCOLS = {
    "ck+": Protocol(10, "last three frames of the labelled sequences, ten subject-independent folds", sequences=327),
    "mmi": Protocol(10, "three middle frames of the frontal sequences, ten subject-independent folds", sequences=205),
    "sfew": Protocol(
        0, "trained on Train, tested on Val, since the labels of Test are not public", train=958, test=436
    ),
    "raf-db": Protocol(0, "trained on train, tested on test, seven classes", train=12_271, test=3_068),
    "fer2013": Protocol(0, "trained on Training, tested on PrivateTest", train=28_709, test=3_589),
}


def incomplete(data: str, dataset: FaceDataset) -> list[str]:
    """How a data set on disk differs from the complete one, one line each; neutral first frames are not counted."""
    protocol = PROTOCOLS.get(data)
    if protocol is None:
        return []
    found = {"training images": (protocol.train, int((~dataset.test).sum()))}
    found["test images"] = (protocol.test, int(dataset.test.sum()))
    if dataset.sequences is not None:
        shown = dataset.labels != (dataset.classes.index("neutral") if "neutral" in dataset.classes else -1)
        found["labelled sequences"] = (protocol.sequences, len(np.unique(dataset.sequences[shown])))
    return [
        f"{have:,} {what} here, {want:,} in the complete set and in published figures"
        for what, (want, have) in found.items()
        if want is not None and want != have
    ]
