"""A small run folder made of random numbers, for tests of what shows runs: nothing is trained."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np

from muldml_lite.config import Config
from muldml_lite.runs import Judgements, Probe, RunWriter, Snapshot

CLASSES = ("neutral", "happiness", "sadness", "surprise", "fear", "anger", "disgust")


def write_fake_run(
    path: str | os.PathLike[str],
    state: str = "finished",
    slices: int = 4,
    images: int = 60,
    epochs: int = 3,
    warnings: tuple[str, ...] = (),
    umap: bool = False,
    method: str = "mul-dml",
) -> Path:
    """A run in any state; embeddings drift from noise towards one cluster a class."""
    path = Path(path)
    rng = np.random.default_rng(7)
    writer = RunWriter(path)
    config = Config(method=method, slices=slices, dim=8 * slices, epochs=max(epochs, 3), thresholds=(0.1, 0.8))
    facts = {"images": images * 4, "train": images * 3, "test": images, "skipped": 0}
    writer.config(config.to_dict(), versions={"muldml_lite": "0.1.0"}, device="cpu", data=facts)
    probe = fake_probe(images, rng)
    writer.probe(probe)
    layouts = []
    for epoch in range(epochs + 1):
        snapshot = fake_snapshot(probe, epoch, epochs, slices, rng)
        writer.snapshot(snapshot)
        writer.record(fake_record(epoch, epochs, slices, warnings if epoch == epochs else ()))
        layouts.append(snapshot.slices[..., :2])
    writer.judgements([fake_judgements(epoch, slices, images, rng) for epoch in range(epochs + 1)])
    writer.layout("pca", np.arange(epochs + 1), np.array(layouts))
    if umap:
        writer.layout("umap", np.arange(epochs + 1), np.array(layouts)[..., ::-1] * 3)
    writer.status(state, "a message from the trainer" if state == "failed" else "")
    return path


def make_stale(path: Path) -> None:
    """As a trainer leaves its folder when the machine loses power."""
    values = json.loads((path / "status.json").read_text())
    values.update(state="running", heartbeat=time.time() - 10_000)
    (path / "status.json").write_text(json.dumps(values))


def fake_probe(images: int, rng: np.random.Generator, size: int = 24) -> Probe:
    """Faces of a sort: skin by subject, mouth by expression."""
    labels = np.arange(images) % len(CLASSES)
    subjects = np.arange(images) // len(CLASSES)
    thumbnails = np.empty((images, size, size, 3), np.uint8)
    skins = rng.integers(90, 235, (subjects.max() + 1, 3))
    y, x = np.mgrid[:size, :size] / size - 0.5
    for i in range(images):
        thumbnails[i] = rng.integers(120, 240, 3)
        thumbnails[i][x**2 + y**2 < 0.16] = skins[subjects[i]]
        mouth = np.abs(y - 0.18 - (labels[i] - 3) * 1.2 * (x**2 - 0.02)) < 0.03
        thumbnails[i][mouth & (np.abs(x) < 0.2)] = (120, 20, 30)
        for side in (-0.15, 0.15):
            thumbnails[i][(x - side) ** 2 + (y + 0.08) ** 2 < 0.002 * (1 + labels[i] % 3)] = 20
    names = np.array([f"subject {s}, {CLASSES[k]}" for s, k in zip(subjects, labels, strict=True)])
    test = subjects % 4 == 0
    return Probe(thumbnails, labels, subjects, test, np.arange(images) * 4, CLASSES, names)


def fake_snapshot(probe: Probe, epoch: int, epochs: int, slices: int, rng: np.random.Generator) -> Snapshot:
    share = epoch / max(epochs, 1)
    centres = rng.normal(size=(slices, len(CLASSES), 8))
    noise = rng.normal(size=(slices, len(probe), 8))
    vectors = centres[:, probe.labels] * share + noise * (1.1 - share)
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    wrong = rng.random(len(probe)) > 0.3 + 0.6 * share
    predictions = np.where(wrong, (probe.labels + 1) % len(CLASSES), probe.labels)
    return Snapshot(epoch, vectors.astype(np.float32), predictions, rng.uniform(0.3, 1, len(probe)))


def fake_judgements(epoch: int, slices: int, images: int, rng: np.random.Generator) -> Judgements:
    picks = rng.integers(0, images, (3, 1, slices, 10))
    return Judgements(np.array([epoch]), *picks, rng.uniform(0, 1, (1, slices, 10, 3)))


def fake_record(epoch: int, epochs: int, slices: int, warnings: tuple[str, ...] = ()) -> dict:
    share = epoch / max(epochs, 1)
    start = epoch == 0
    return {
        "epoch": epoch,
        "phase": "start" if start else "warm-up" if epoch == 1 else "joint",
        "loss": None if start else 1.9 - share if epoch == 1 else 2.5 - 1.3 * share,
        "cross_entropy": None if start else 1.9 - share,
        "metric_loss": None if start else 0.6 - 0.3 * share,
        "learning_rate": None if start else 0.002 * (1 - share),
        "seconds": 1.5,
        "images_per_second": None if start else 900.0,
        "seconds_left": 1.5 * (epochs - epoch),
        "train_accuracy": None if start else 0.2 + 0.7 * share,
        "head_accuracy": 0.14 + 0.7 * share,
        "knn_accuracy": 0.2 + 0.6 * share,
        "slices": [
            {
                "threshold": 0.1 + 0.7 * i / max(slices - 1, 1),
                "loss": None if start else 0.3,
                "active_fraction": min(1, 1 - 0.5 * share + 0.02 * i),
                "incomplete_fraction": 0.4 - 0.2 * share,
                "mean_positive": 0.9 - 0.4 * share,
                "mean_negative": 1.0 + 0.1 * share,
                "mean_distance": 0.98,
                "knn_accuracy": 0.2 + 0.55 * share + 0.01 * i,
            }
            for i in range(slices)
        ],
        "warnings": list(warnings),
    }
