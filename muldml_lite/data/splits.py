"""Which images are held out: the split that a data set states, one of several folds, or a share of the subjects."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from fractions import Fraction
from itertools import chain, combinations, islice

import numpy as np

from muldml_lite.config import Config
from muldml_lite.data.dataset import DataError, FaceDataset, Row

_MOST_FOLDS = 100  # that people are dealt into, of which some are held out
_CLOSE = 0.002  # of the images: nearer than this, equal classes count for more
_NOTED = 0.01  # of the images: what a share may differ from the one asked for without a note
_TRIED = 500  # people that may leave, and come, in one step


def split(config: Config, labels: np.ndarray, subjects: np.ndarray, sequences: np.ndarray | None = None) -> np.ndarray:
    """The held-out images that the configuration asks for: (n,) bool."""
    if config.folds:
        return split_fold(labels, subjects, config.folds, config.fold, config.split_seed, sequences)
    return split_test(labels, subjects, config.test_fraction, config.seed, sequences)


def split_test(
    labels: np.ndarray, subjects: np.ndarray, fraction: float, seed: int, sequences: np.ndarray | None = None
) -> np.ndarray:
    """Choose the held-out images: (n,) bool, as near to `fraction` of all as whole subjects allow.

    With known subjects, whole subjects are held out, with the classes in about equal shares; otherwise
    whole sequences or, where these are unknown too, single images.
    """
    from sklearn.model_selection import train_test_split

    groups = groups_of(subjects, sequences)
    if groups is not None:
        groups = np.unique(groups, return_inverse=True)[1]
        most = min(int(groups.max()) + 1, _MOST_FOLDS, int(np.bincount(labels).max()))  # a fold needs such a class
        if groups.max() < 1:
            raise DataError("only one subject: a split without shared subjects needs 2 or more")
        share = min(max(Fraction(fraction).limit_denominator(most), Fraction(1, most)), Fraction(most - 1, most))
        test = _dealt(labels, groups, share.denominator, seed) < share.numerator
        return _nearest(test, labels, groups, fraction)
    test = np.zeros(len(labels), bool)
    classes = len(np.unique(labels))  # at least one image of each in both parts
    share = max(classes, min(round(fraction * len(labels)), len(labels) - classes))
    _, chosen = train_test_split(np.arange(len(labels)), test_size=share, stratify=labels, random_state=seed)
    test[chosen] = True
    return test


def _nearest(test: np.ndarray, labels: np.ndarray, groups: np.ndarray, fraction: float) -> np.ndarray:
    """The same split after groups moved for as long as that brings its size nearer to what is wanted.

    Of ways that are alike in that, the one that keeps the classes' shares most equal. No class leaves a part.

    Args:
        test: (n,) bool.
        groups: (n,) int64, from 0 on.
    """
    shown = np.zeros((groups.max() + 1, labels.max() + 1), np.int64)  # (G, C) images
    np.add.at(shown, (groups, labels), 1)
    total, wanted = shown.sum(0), fraction * len(labels)
    close = max(0.5, _CLOSE * len(labels))
    held = np.bincount(groups, test) > 0  # (G,)
    while True:
        now = shown[held].sum(0)  # (C,)
        leave, come = _some(np.flatnonzero(held)), _some(np.flatnonzero(~held))
        less, more = (np.array([shown[list(people)].sum(0) for people in sets]) for sets in (leave, come))  # (K, C)
        off = np.abs(now.sum() - wanted - less.sum(1)[:, None] + more.sum(1))  # (K, L)
        now_off = abs(now.sum() - wanted)
        better = np.argwhere(off < now_off - 1e-9) if now_off > close else np.empty((0, 2), int)
        ways = []
        for i, j in better[off[tuple(better.T)].argsort(kind="stable")][:_TRIED]:
            after = now - less[i] + more[j]
            if (after >= np.minimum(now, 1)).all() and (total - after >= np.minimum(total - now, 2)).all():
                ways.append((max(off[i, j], close), np.abs(after / np.maximum(total, 1) - fraction).sum(), i, j))
        if not ways:
            return held[groups]
        *_, i, j = min(ways)
        held[list(leave[i])], held[list(come[j])] = False, True


def _some(people: np.ndarray) -> list[tuple[int, ...]]:
    """Nobody, each one, and pairs of people, as many as are tried."""
    return list(islice(chain.from_iterable(combinations(people.tolist(), size) for size in range(3)), _TRIED))


def split_fold(
    labels: np.ndarray, subjects: np.ndarray, folds: int, fold: int, seed: int, sequences: np.ndarray | None = None
) -> np.ndarray:
    """The images of one of `folds` folds, counted from 0: (n,) bool. Each image is in exactly one fold.

    With known subjects no subject is in two folds, with known sequences no sequence is; classes are spread
    about evenly. Depends on labels, subjects, sequences and seed alone.

    Raises:
        DataError: fewer subjects (or sequences, or images of a class) than folds.
    """
    groups = groups_of(subjects, sequences)
    have = int(np.unique(labels, return_counts=True)[1].max()) if groups is None else len(np.unique(groups))
    if have < folds:
        what = "images in the largest class" if groups is None else _group_word(subjects)
        raise DataError(f"folds: {folds} given, but there are {have} {what}; expected {have} folds or fewer")
    return _dealt(labels, groups, folds, seed) == fold


def _dealt(labels: np.ndarray, groups: np.ndarray | None, folds: int, seed: int) -> np.ndarray:
    """The fold of each image: (n,) int64."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    places = np.empty(len(labels), np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class rarer than the folds: still dealt by subject
        try:
            for fold, (_, rows) in enumerate(
                kind(folds, shuffle=True, random_state=seed).split(labels, labels, groups)
            ):
                places[rows] = fold
        except ValueError as error:
            raise DataError(f"{folds} folds, but no class has as many images ({error})") from None
    return places


def split_notes(config: Config, dataset: FaceDataset) -> list[str]:
    """What became of `test_fraction`, where that is not what was asked; and classes that are not tested."""
    notes = []
    share = float(dataset.test.mean())
    if not config.folds and abs(share - config.test_fraction) > _NOTED:
        whole = groups_of(dataset.subjects, dataset.sequences) is not None
        why = f", the nearest to that with whole {_group_word(dataset.subjects)}" if whole else ""
        notes.append(
            f"test part: {100 * share:.1f} % of the images, {100 * config.test_fraction:g} % asked for "
            f"(test_fraction){why}"
        )
    missing = [name for i, name in enumerate(dataset.classes) if not (dataset.labels[dataset.test] == i).any()]
    return [*notes, f"the test part has no image of class {', '.join(missing)}"] if missing else notes


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
