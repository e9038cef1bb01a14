"""`faces`: draw faces into a folder that `--data folder` reads, and `--data manifest` together with its people."""

from __future__ import annotations

import csv
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from muldml_lite.faces import EXPRESSIONS, check_set, draw_dataset
from muldml_lite.runs import is_bare


def write_faces(out: Path, preset: str, *, subjects: int, images_per_subject: int, size: int, seed: int) -> int:
    """PNG images in a folder a class, and manifest.csv (path, label, subject, true label); returns how many images.

    Raises:
        ValueError: the folder holds something already, or a number is out of range.
    """
    if not is_bare(out):
        raise ValueError(f"out: {out} is not empty; choose another folder")
    check_set(subjects, images_per_subject, size, seed)
    out.mkdir(parents=True, exist_ok=True)  # first, so that a place that cannot be made costs no work
    drawn = draw_dataset(preset, subjects=subjects, images_per_subject=images_per_subject, size=size, seed=seed)
    for label in sorted(set(drawn.labels)):
        (out / EXPRESSIONS[label]).mkdir(parents=True)
    with open(out / "manifest.csv", "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "label", "subject", "true_label"])
        for i in tqdm(range(len(drawn.labels)), desc="writing", unit="face"):
            label, truth = EXPRESSIONS[drawn.labels[i]], EXPRESSIONS[drawn.true_labels[i]]
            name = f"{label}/{drawn.subjects[i]:04d}_{i % images_per_subject:03d}.png"
            Image.fromarray(drawn.images[i]).save(out / name)
            rows.writerow([name, label, drawn.people[drawn.subjects[i]], truth])
    return len(drawn.labels)
