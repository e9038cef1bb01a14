"""Whole sets of drawn faces, and a sheet to look at."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import psutil

from muldml_lite.config import ConfigError
from muldml_lite.faces.difficulty import difficulty_of
from muldml_lite.faces.draw import check_size, draw_face, paint_face
from muldml_lite.faces.easel import Easel
from muldml_lite.faces.expression import ACTION_UNITS, EXPRESSIONS, prototype, sample_action_units
from muldml_lite.faces.identity import Identity, sample_identity
from muldml_lite.faces.nuisance import Nuisance, sample_nuisance
from muldml_lite.faces.people import Crowd, check_seed, person_name, person_stream


@dataclass(frozen=True)
class DrawnFaces:
    """Drawn images with everything that is known about them. n images, A action units."""

    images: np.ndarray  # (n, size, size, 3) uint8
    labels: np.ndarray  # (n,) int64, given labels: index into EXPRESSIONS
    true_labels: np.ndarray  # (n,) int64, what was drawn
    subjects: np.ndarray  # (n,) int64, 0..subjects-1
    action_units: np.ndarray  # (n, A) float32, before a person's resting tone and gain
    identities: tuple[Identity, ...]  # one per subject
    nuisances: tuple[Nuisance, ...]  # one per image
    people: tuple[str, ...]  # one per subject: who it is, also in other sets
    preset: str  # one of PRESETS
    seed: int  # that draws the same set again


def _check_count(name: str, value: int) -> None:
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name}: got {value!r}, expected a whole number of at least 1")


def _sample_label(rng: np.random.Generator, preset: str, turn: int) -> tuple[int, int]:
    """True label and given label: in turn if the preset is balanced, else by its shares."""
    how = difficulty_of(preset)
    chance, wrong, other = rng.random(3).tolist()
    if how.class_weights is None:
        true = turn % len(EXPRESSIONS)
    else:
        shares = list(accumulate(how.class_weights))
        true = bisect(shares, chance * shares[-1], hi=len(EXPRESSIONS) - 1)
    if wrong >= how.wrong_label_share:
        return true, true
    return true, (true + 1 + int(other * (len(EXPRESSIONS) - 1))) % len(EXPRESSIONS)


def check_set(subjects: int, images_per_subject: int, size: int, seed: int) -> None:
    """Raise a ValueError that names a number that is out of range, or too large for this machine's memory."""
    _check_count("subjects", subjects)
    _check_count("images_per_subject", images_per_subject)
    check_size(size)
    check_seed(seed)
    needed, free = subjects * images_per_subject * size**2 * 3, psutil.virtual_memory().available
    if needed > free:
        raise ConfigError(
            f"subjects: {subjects} x {images_per_subject} images of {size} pixels need {needed / 1e9:,.1f} GB of "
            f"memory, and {free / 1e9:,.1f} GB are free"
        )


def draw_dataset(
    preset: str,
    *,
    subjects: int,
    images_per_subject: int,
    size: int = 64,
    seed: int = 0,
    crowd: Crowd = Crowd.ANYONE,
    first: int = 0,
) -> DrawnFaces:
    """Draw `subjects` x `images_per_subject` faces; the same seed draws the same pixels.

    Subject 0 is person number `first` of the seed and crowd. A person is the same one in every preset.
    """
    difficulty_of(preset)
    check_set(subjects, images_per_subject, size, seed)
    count = subjects * images_per_subject
    images = np.empty((count, size, size, 3), dtype=np.uint8)
    labels, true_labels = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)  # (n,), (n,)
    action_units = np.empty((count, len(ACTION_UNITS)), dtype=np.float32)  # (n, A)
    identities, nuisances, easel = [], [], Easel(size)
    for subject in range(subjects):
        person = first + subject
        identities.append(sample_identity(person_stream(seed, person, crowd=crowd), preset))
        for turn in range(images_per_subject):
            rng, index = person_stream(seed, person, turn, crowd), subject * images_per_subject + turn
            true_labels[index], labels[index] = _sample_label(rng, preset, turn)
            action_units[index] = sample_action_units(rng, EXPRESSIONS[true_labels[index]], preset)
            nuisances.append(sample_nuisance(rng, preset))
            images[index] = paint_face(easel, identities[-1], action_units[index], nuisances[-1])
    return DrawnFaces(
        images=images,
        labels=labels,
        true_labels=true_labels,
        subjects=np.repeat(np.arange(subjects, dtype=np.int64), images_per_subject),
        action_units=action_units,
        identities=tuple(identities),
        nuisances=tuple(nuisances),
        people=tuple(person_name(seed, first + subject, crowd) for subject in range(subjects)),
        preset=preset,
        seed=int(seed),
    )


def expression_sheet(identities: int = 12, size: int = 64, seed: int = 0, gap: int = 2) -> np.ndarray:
    """A sheet to look at: one row per identity, one column per expression, (H, W, 3) uint8."""
    _check_count("identities", identities)
    check_size(size)
    check_seed(seed)
    step = size + gap
    sheet = np.full((identities * step - gap, len(EXPRESSIONS) * step - gap, 3), 255, dtype=np.uint8)
    for row in range(identities):
        rng = person_stream(seed, row)
        identity = sample_identity(rng, "posed")
        for column, expression in enumerate(EXPRESSIONS):
            shot = sample_nuisance(rng, "posed")
            face = draw_face(identity, prototype(expression), shot, size)  # (size, size, 3)
            sheet[row * step : row * step + size, column * step : column * step + size] = face
    return sheet
