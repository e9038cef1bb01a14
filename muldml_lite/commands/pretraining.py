"""`pretrain`: teach a network on drawn faces that look like a set of photographs, and keep its weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps
from safetensors.torch import save
from tqdm import tqdm

from muldml_lite.config import Config
from muldml_lite.data import FaceDataset, split_test
from muldml_lite.data.memory import check_drawn
from muldml_lite.faces import EXPRESSIONS, Crowd, draw_dataset
from muldml_lite.runs import RunError, RunWriter
from muldml_lite.trainer import train

_DRAWN_SIZE = 96  # what is cut out of an image of this side still has more pixels than a network wants
_CROPS = (0.5, 0.85)  # share of the image's side that a crop shows: brows to chin, or the whole head
_GREY = 0.75  # share of the images without colour: most sets of posed faces are grey
_STRETCHED = 0.5  # share of the images whose darkest and lightest pixels are spread to black and white
_IMAGES = 14  # of each person: two of each expression


def pretrain(
    out: Path, *, subjects: int, epochs: int, size: int, seed: int, backbone: str = "small", quiet: bool = False
) -> dict[str, Any]:
    """Train on drawn faces, write backbone and embedding matrix in half precision; what it reached on unseen people.

    Raises:
        ConfigError: a value out of range.
    """
    config = Config(
        subjects=subjects, images_per_subject=_IMAGES, size=size, epochs=epochs, seed=seed, backbone=backbone
    )
    if out.is_dir():
        raise RunError(f"{out}: a folder, expected a file to write")
    out.parent.mkdir(parents=True, exist_ok=True)  # so that a place that cannot be made is told before any work
    dataset = varied_faces(subjects, size, seed)
    with tqdm(total=epochs, desc="pre-training", unit="epoch", disable=quiet) as bar:
        for record in train(config, dataset):
            bar.set_postfix(head=f"{record.head_accuracy:.3f}")
            bar.update(record.epoch - bar.n)
    network = record.weights.network
    kept = {k: v for k, v in network.state_dict().items() if k.startswith(("backbone.", "embedding."))}
    result = {
        "images": len(dataset),
        "subjects": subjects,
        "epochs": epochs,
        "size": size,
        "seed": seed,
        "crowd": Crowd.PRETRAINING.name.lower(),  # with seed and subjects: whom it was taught on
        "backbone": backbone,
        "head_accuracy": record.head_accuracy,
        "knn_accuracy": record.knn_accuracy,
    }
    halved = {k: v.half() if v.is_floating_point() else v for k, v in kept.items()}
    content = save({k: v.cpu().contiguous() for k, v in halved.items()}, metadata={"pretrained": json.dumps(result)})
    RunWriter(out.parent).tensors(out.name, content)
    return result | {"file": str(out), "megabytes": out.stat().st_size / 1e6}


def varied_faces(subjects: int, size: int, seed: int) -> FaceDataset:
    """Drawn people, half of them posed and half wild, cropped as tightly and as grey as photographs may be.

    Labels are what is drawn; the wrong ones that `drawn:wild` brings are put right.
    """
    check_drawn(subjects, _IMAGES, _DRAWN_SIZE)
    rng, posed = np.random.default_rng(seed), subjects - subjects // 2
    shared = {"images_per_subject": _IMAGES, "size": _DRAWN_SIZE, "seed": seed, "crowd": Crowd.PRETRAINING}
    parts = [
        draw_dataset("posed", subjects=posed, **shared),
        draw_dataset("wild", subjects=subjects - posed, first=posed, **shared),
    ]
    images = np.concatenate([part.images for part in parts])  # (n, 96, 96, 3)
    labels = np.concatenate([part.true_labels for part in parts])
    people = np.arange(subjects).repeat(_IMAGES)
    return FaceDataset(
        np.stack([_as_photographed(image, size, rng) for image in images]),
        labels,
        people,
        split_test(labels, people, 0.1, seed),
        tuple(EXPRESSIONS),
        tuple(f"person {person}: {EXPRESSIONS[label]}" for person, label in zip(people, labels, strict=True)),
    )


def _as_photographed(image: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """(96, 96, 3) uint8 → (size, size, 3) uint8: a square about the face, often grey."""
    side = rng.uniform(*_CROPS) * _DRAWN_SIZE
    left, top = (_DRAWN_SIZE - side) / 2 + rng.uniform(-0.04, 0.04, 2) * side
    # Below the middle: hair takes the upper part of a drawn image.
    top = min(top + 0.12 * (_DRAWN_SIZE - side), _DRAWN_SIZE - side)
    box = (max(left, 0), max(top, 0), min(left + side, _DRAWN_SIZE), min(top + side, _DRAWN_SIZE))
    cut = Image.fromarray(image).resize((size, size), Image.Resampling.LANCZOS, box=box)
    cut = cut.convert("L").convert("RGB") if rng.random() < _GREY else cut
    stretched = ImageOps.autocontrast(cut, rng.uniform(0, 6), preserve_tone=True) if rng.random() < _STRETCHED else cut
    return np.asarray(stretched)
