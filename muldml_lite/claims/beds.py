"""What the frozen tier stands on: features of a network that was warmed up on other people, made once a draw."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from muldml_lite.config import Config
from muldml_lite.data import DataError, FaceDataset, load_dataset

PARTS = ("warm-up", "train", "validation", "test")
DIRECTIONS = 128  # of the features that heads see
_GREY = np.array([0.299, 0.587, 0.114], np.float32)  # BT.601


@dataclass(frozen=True)
class Scale:
    """How large a study's draws are. Subjects of the four parts are never the same people."""

    warmup: int = 48  # subjects for the warm-up of the network
    train: int = 40
    validation: int = 20
    test: int = 40
    images: int = 14  # of each subject
    size: int = 48  # pixels
    warmup_epochs: int = 12
    steps: int = 150  # of a head


@dataclass(frozen=True)
class Source:
    """Where faces come from: drawn ones if `root` is None."""

    data: str  # posed | wild | folder | manifest
    root: str | None = None


@dataclass(frozen=True)
class Draw:
    """All that a regime without a bed gets of one."""

    draw: int


@dataclass(frozen=True)
class Bed:
    """One draw: people in disjoint parts, and what two networks make of the faces of the last three: n images."""

    draw: int
    features: Mapping[str, np.ndarray]  # warm-up, untrained: (n, F) float32, F up to 128
    pixels: np.ndarray  # (n, s·s) float32, grey
    labels: np.ndarray  # (n,)
    subjects: np.ndarray  # (n,) -1 where unknown
    part: np.ndarray  # (n,) index into PARTS
    classes: int
    scale: Scale

    def rows(self, part: str) -> np.ndarray:
        return np.flatnonzero(self.part == PARTS.index(part))


def load_bed(folder: Path, source: Source, draw: int, scale: Scale) -> Bed:
    """The bed of a draw, from the study's cache or made anew; the last few stay in memory."""
    return _load(str(folder), source, draw, scale)


@lru_cache(maxsize=3)
def _load(folder: str, source: Source, draw: int, scale: Scale) -> Bed:
    path = Path(folder) / "beds" / f"{source.data}-{draw}.npz"
    if not path.exists():
        _write(path, make_arrays(source, draw, scale))
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    return Bed(
        draw,
        {name: arrays[name] for name in ("warm-up", "untrained")},
        arrays["pixels"].astype(np.float32),
        arrays["labels"],
        arrays["subjects"],
        arrays["part"],
        int(arrays["classes"]),
        scale,
    )


def _write(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Whole or not at all: two processes may make the same bed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", suffix=".npz", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        np.savez(file, **arrays)
    os.replace(name, path)


def _reduced(features: np.ndarray, train: np.ndarray) -> np.ndarray:
    """(n, F) → (n, ≤ 128) float32: the training images' main directions, labels unseen, rows of length about 1.

    With all F = 1,152 a head fits its 560 images at once, and hinges, hence thresholds, are soon out of play.
    """
    from sklearn.decomposition import PCA

    spread = features[train].std(0)
    spread[spread < 1e-4] = 1  # a channel that is silent on all training images
    scaled = np.clip((features - features[train].mean(0)) / spread, -10, 10)
    reduce = PCA(min(DIRECTIONS, int(train.sum()), features.shape[1]), svd_solver="full").fit(scaled[train])
    turned = reduce.transform(scaled)
    return (turned / np.sqrt(np.square(turned[train]).sum(1).mean())).astype(np.float32)


def make_arrays(source: Source, draw: int, scale: Scale) -> dict[str, np.ndarray]:
    """Draw or read the faces, warm up a network on the first part, take features of the others."""
    dataset, part = _dataset(source, draw, scale)
    warm, untrained = warm_up(dataset, part == 0, draw, scale)
    rest = np.flatnonzero(part > 0)
    images, train = dataset.images[rest], part[rest] == PARTS.index("train")
    return {
        "warm-up": _reduced(features_of(warm, images), train),
        "untrained": _reduced(features_of(untrained, images), train),
        "pixels": small_grey(images).astype(np.float16),
        "labels": dataset.labels[rest],
        "subjects": dataset.subjects[rest],
        "part": part[rest],
        "classes": np.array(len(dataset.classes)),
    }


def _dataset(source: Source, draw: int, scale: Scale) -> tuple[FaceDataset, np.ndarray]:
    """Faces and the part of each, (n,). A draw of a data set on disk is another way to deal its people."""
    counts = (scale.warmup, scale.train, scale.validation, scale.test)
    if source.root is None:
        config = Config(
            data=f"drawn:{source.data}",
            subjects=sum(counts),
            images_per_subject=scale.images,
            size=scale.size,
            seed=draw,
        )
        dataset = load_dataset(config)
        return dataset, np.repeat(np.arange(4), counts)[dataset.subjects]
    dataset = load_dataset(Config(data=source.data, root=source.root, size=scale.size, skip_bad=True))
    known = bool((dataset.subjects >= 0).all())
    people = dataset.subjects if known else np.arange(len(dataset))
    names = np.unique(people)
    if len(names) < 16:
        raise DataError(f"{source.root}: {len(names)} subjects, expected 16 or more to deal them into four parts")
    order = np.random.default_rng([draw, 7]).permutation(names)
    bounds = np.round(np.cumsum(counts) / sum(counts) * len(names)).astype(int)
    place = {name: int(np.searchsorted(bounds, i, side="right")) for i, name in enumerate(order)}
    part = np.array([place[name] for name in people])
    for index, name in enumerate(PARTS):
        if len(np.unique(dataset.labels[part == index])) < 2:
            raise DataError(f"{source.root}: the {name} part of draw {draw} has images of one class only")
    return dataset, part


def warm_up(dataset: FaceDataset, chosen: np.ndarray, draw: int, scale: Scale) -> tuple:
    """Cross entropy on the chosen images (n,) bool → the trained network and the one it started as."""
    import copy

    from muldml_lite.trainer import Session

    config = Config(
        data="drawn:posed",  # says only that no root is needed; the images are handed in
        method="softmax",
        epochs=scale.warmup_epochs,
        size=scale.size,
        images_per_class=9,
        augment=False,
        probe_images=20,
        device="cpu",
        precision="fp32",
        seed=draw,
    )
    session = Session(config, dataclasses.replace(dataset, test=~chosen))
    untrained = copy.deepcopy(session.weights.network)
    for epoch in range(1, config.epochs + 1):
        session.run_steps(epoch, joint=False)
    return session.weights.network.eval(), untrained.eval()


def features_of(network, images: np.ndarray) -> np.ndarray:
    """Images (n, S, S, 3) uint8 → what the backbone hands to the embedding layer, (n, F) float32."""
    import torch

    from muldml_lite.model import to_float

    parts = []
    with torch.no_grad():
        for start in range(0, len(images), 256):
            batch = to_float(torch.from_numpy(np.ascontiguousarray(images[start : start + 256])))
            parts.append(network.backbone((batch - network.mean) / network.std))
    return torch.cat(parts).numpy()


def small_grey(images: np.ndarray) -> np.ndarray:
    """(n, S, S, 3) uint8 → (n, (S/2)²) float32 in 0…1: raw pixels."""
    grey = images.astype(np.float32) @ _GREY / 255  # (n, S, S)
    half = grey.shape[1] // 2
    return grey[:, : half * 2, : half * 2].reshape(len(grey), half, 2, half, 2).mean((2, 4)).reshape(len(grey), -1)
