"""Which images are held out: the split that a data set states, one of several folds, or a share of the subjects."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from muldml_lite.config import Config
from muldml_lite.data.dataset import DataError, Row


def split(config: Config, labels: np.ndarray, subjects: np.ndarray, sequences: np.ndarray | None = None) -> np.ndarray:
    """The held-out images that the configuration asks for: (n,) bool."""
    if config.folds:
        return split_fold(labels, subjects, config.folds, config.fold, config.split_seed, sequences)
    return split_test(labels, subjects, config.test_fraction, config.seed, sequences)


def split_test(
    labels: np.ndarray, subjects: np.ndarray, fraction: float, seed: int, sequences: np.ndarray | None = None
) -> np.ndarray:
    """Choose the held-out images: (n,) bool.

    With known subjects, whole subjects are held out, with the classes in about equal shares; otherwise
    whole sequences or, where these are unknown too, single images.
    """
    from sklearn.model_selection import train_test_split

    groups = groups_of(subjects, sequences)
    if groups is not None:
        count = len(np.unique(groups))
        if count < 2:
            raise DataError("only one subject: a split without shared subjects needs 2 or more")
        return split_fold(labels, subjects, min(count, max(2, round(1 / fraction))), 0, seed, sequences)
    test = np.zeros(len(labels), bool)
    share = max(len(np.unique(labels)), round(fraction * len(labels)))  # at least one of each class
    _, chosen = train_test_split(np.arange(len(labels)), test_size=share, stratify=labels, random_state=seed)
    test[chosen] = True
    return test


def split_fold(
    labels: np.ndarray, subjects: np.ndarray, folds: int, fold: int, seed: int, sequences: np.ndarray | None = None
) -> np.ndarray:
    """The images of one of `folds` folds, counted from 0: (n,) bool. Each image is in exactly one fold.

    With known subjects no subject is in two folds, with known sequences no sequence is; classes are spread
    about evenly. Depends on labels, subjects, sequences and seed alone.

    Raises:
        DataError: fewer subjects (or sequences, or images of a class) than folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    groups = groups_of(subjects, sequences)
    have = int(np.unique(labels, return_counts=True)[1].max()) if groups is None else len(np.unique(groups))
    if have < folds:
        what = "images in the largest class" if groups is None else _group_word(subjects)
        raise DataError(f"folds: {folds} given, but there are {have} {what}; expected {have} folds or fewer")
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    dealt = kind(folds, shuffle=True, random_state=seed)
    test = np.zeros(len(labels), bool)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class rarer than the folds: still dealt by subject
        try:
            parts = list(dealt.split(labels, labels, groups))
        except ValueError as error:
            raise DataError(f"{folds} folds, but no class has as many images ({error})") from None
    test[parts[fold][1]] = True
    return test


def groups_of(subjects: np.ndarray, sequences: np.ndarray | None) -> np.ndarray | None:
    """Images with the same number belong together in a split: (n,) int64, None if each stands for itself."""
    return subjects if (subjects >= 0).all() else sequences


def _group_word(subjects: np.ndarray) -> str:
    return "subjects" if (subjects >= 0).all() else "sequences"


def given_split(rows: Sequence[Row], source: object) -> np.ndarray | None:
    """The split that the data set itself states, if any: (n,) bool.

    Raises:
        DataError: a subject or a sequence in both parts.
    """
    if rows[0].test is None:
        return None
    for name in ("subject", "sequence"):
        train, test = ({getattr(row, name) for row in rows if row.test is part} - {None} for part in (False, True))
        for shared in sorted(train & test):
            raise DataError(f"{source}: {name} {shared} is in both train and test; a {name} belongs to one part")
    return np.array([row.test for row in rows])
