"""`--data drawn:…`: faces that are drawn here."""

from __future__ import annotations

import dataclasses

from muldml_lite.config import Config
from muldml_lite.data.dataset import FaceDataset
from muldml_lite.data.memory import check_drawn
from muldml_lite.data.splits import split, split_notes


def draw(config: Config) -> FaceDataset:
    """Draw the faces that `config` names."""
    from muldml_lite.faces import EXPRESSIONS, draw_dataset  # skia is needed for drawing only

    check_drawn(config.subjects, config.images_per_subject, config.size)
    drawn = draw_dataset(
        config.data.removeprefix("drawn:"),
        subjects=config.subjects,
        images_per_subject=config.images_per_subject,
        size=config.size,
        seed=config.seed,
    )
    names = tuple(
        f"person {s}, image {i % config.images_per_subject}: {EXPRESSIONS[t]}"
        for i, (s, t) in enumerate(zip(drawn.subjects, drawn.true_labels, strict=True))
    )
    test = split(config, drawn.labels, drawn.subjects)
    dataset = FaceDataset(
        drawn.images, drawn.labels, drawn.subjects, test, tuple(EXPRESSIONS), names, subject_names=drawn.people
    )
    return dataclasses.replace(dataset, notes=tuple(split_notes(config, dataset)))
