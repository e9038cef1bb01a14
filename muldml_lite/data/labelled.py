"""A share of the training people only, to see what few labels cost; the test part stays as it is."""

from __future__ import annotations

import dataclasses

import numpy as np

from muldml_lite.config import Config
from muldml_lite.data.dataset import FaceDataset
from muldml_lite.data.pictures import subset
from muldml_lite.data.splits import groups_of

_LEAST = 2  # training images of a class: a triplet needs two of one


def labelled(
    share: float,
    labels: np.ndarray,
    subjects: np.ndarray,
    test: np.ndarray,
    seed: int,
    sequences: np.ndarray | None = None,
) -> np.ndarray:
    """The images that stay: (n,) bool, all of the test part and those of `share` of the training subjects.

    Where subjects are unknown, whole sequences or single images stand in for them. Some that show rare classes come
    first, so that each class keeps two images or more; then chance decides. The choice for a small share is part
    of the choice for a larger one.

    Args:
        share: above 0, at most 1.
        labels, subjects, sequences: (n,) int64, as of a data set.
        test: (n,) bool, the held-out images.
    """
    if share == 1:
        return np.ones(len(labels), bool)
    known = groups_of(subjects, sequences)
    groups = np.arange(len(labels)) if known is None else known
    people, places = np.unique(groups[~test], return_inverse=True)
    shown = np.zeros((len(people), labels.max() + 1), np.int64)  # (people, C), how many images of each class
    np.add.at(shown, (places, labels[~test]), 1)
    order = np.random.default_rng([seed, len(people)]).permutation(len(people))
    first = _covering(shown, order)
    wanted = np.concatenate([first, order[~np.isin(order, first)]])
    return test | np.isin(groups, people[wanted[: max(len(first), round(share * len(people)))]])


def _covering(shown: np.ndarray, order: np.ndarray) -> list[int]:
    """The first in `order` that together show each class often enough, rare classes first."""
    chosen: list[int] = []
    for label in shown.sum(0).argsort(kind="stable"):
        for person in order[shown[order, label] > 0]:
            if shown[chosen, label].sum() >= _LEAST:
                break
            if person not in chosen:
                chosen.append(person)
    return chosen


def keep_labelled(dataset: FaceDataset, config: Config) -> FaceDataset:
    """The data set as `config.labelled` asks for it, with a note of what that left for training."""
    if config.labelled == 1:
        return dataset
    seed = config.split_seed if config.folds else config.seed  # as the split itself follows them
    kept = labelled(config.labelled, dataset.labels, dataset.subjects, dataset.test, seed, dataset.sequences)
    rows = np.flatnonzero(kept)
    whole, left = int((~dataset.test).sum()), int((kept & ~dataset.test).sum())
    note = f"labelled: {left:,} of {whole:,} training images are used, as {config.labelled:g} asks"
    return dataclasses.replace(subset(dataset, rows), notes=(*dataset.notes, note))
