"""`faces`: draw faces into a folder that `--data manifest` reads back."""

from __future__ import annotations

import csv
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from muldml_lite.faces import EXPRESSIONS, draw_dataset


def write_faces(out: Path, preset: str, *, subjects: int, images_per_subject: int, size: int, seed: int) -> int:
    """PNG images and manifest.csv (path, label, subject, true label) in `out`; returns how many images.

    Raises:
        ValueError: the folder holds something already, or a number is out of range.
    """
    if out.is_dir() and any(out.iterdir()):
        raise ValueError(f"out: {out} is not empty; choose another folder")
    drawn = draw_dataset(preset, subjects=subjects, images_per_subject=images_per_subject, size=size, seed=seed)
    (out / "images").mkdir(parents=True)
    with open(out / "manifest.csv", "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "label", "subject", "true_label"])
        for i in tqdm(range(len(drawn.labels)), desc="writing", unit="face"):
            label, truth = EXPRESSIONS[drawn.labels[i]], EXPRESSIONS[drawn.true_labels[i]]
            name = f"images/{drawn.subjects[i]:04d}_{i % images_per_subject:03d}_{label}.png"
            Image.fromarray(drawn.images[i]).save(out / name)
            rows.writerow([name, label, drawn.people[drawn.subjects[i]], truth])
    return len(drawn.labels)
