"""What the network makes of every image, and how good that is on held-out ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from muldml_lite.data import FaceDataset
from muldml_lite.losses import split_slices
from muldml_lite.metrics import join_slices, knn_accuracy, mean_distance
from muldml_lite.model import to_float
from muldml_lite.runs import Probe, Snapshot
from muldml_lite.trainer.record import SliceRecord

_BATCH = 256


@dataclass(frozen=True)
class View:
    """What a network makes of a whole data set, in its order."""

    embeddings: np.ndarray  # (n, D) float32
    slices: np.ndarray  # (N, n, d) float32, unit length
    probabilities: np.ndarray  # (n, C) float32


@dataclass(frozen=True)
class Evaluation:
    """Accuracies on held-out images, in 0…1; per slice (N,)."""

    head_accuracy: float
    knn_accuracy: float
    thresholds: list[float | None]
    slice_knn: list[float]
    slice_distance: list[float]  # mean over all pairs of the chosen images

    def slice_records(self, means: dict[str, list[float]] | None) -> tuple[SliceRecord, ...]:
        """Join with the epoch's means of the loss report; None: before training."""
        nothing = [None] * len(self.thresholds)
        loss = means["per_slice"] if means else nothing
        names = ("active_fraction", "incomplete_fraction", "mean_positive", "mean_negative")
        columns = [means[name] if means else nothing for name in names]
        rows = zip(self.thresholds, loss, *columns, self.slice_distance, self.slice_knn, strict=True)
        return tuple(SliceRecord(*row) for row in rows)


@torch.no_grad()
def look(
    network: nn.Module,
    dataset: FaceDataset,
    device: torch.device,
    slices: int,
    on_images: Callable[[], None] | None = None,
) -> View:
    """Run the network over all images, in evaluation mode; `on_images` is called after every few of them."""
    network.eval()
    embeddings, logits = [], []
    for start in range(0, len(dataset), _BATCH):
        images = to_float(torch.from_numpy(dataset.images[start : start + _BATCH]).to(device))
        embedding, logit = network(images)
        embeddings.append(embedding.float().cpu())
        logits.append(logit.float().cpu())
        if on_images:
            on_images()
    embedding = torch.cat(embeddings)  # (n, D)
    return View(embedding.numpy(), split_slices(embedding, slices).numpy(), torch.cat(logits).softmax(1).numpy())


def evaluate(view: View, dataset: FaceDataset, rows: np.ndarray, thresholds: list[float | None], k: int) -> Evaluation:
    """k-NN with all training images as gallery, and the classification head, on the held-out images.

    Args:
        rows: the images whose mean distance is measured.
    """
    train, test = ~dataset.test, dataset.test

    def knn(vectors: np.ndarray) -> float:
        return knn_accuracy(vectors[train], dataset.labels[train], vectors[test], dataset.labels[test], k)

    return Evaluation(
        head_accuracy=float((view.probabilities.argmax(1) == dataset.labels)[test].mean()),
        knn_accuracy=knn(join_slices(view.slices)),
        thresholds=thresholds,
        slice_knn=[knn(one) for one in view.slices],
        slice_distance=[mean_distance(one[rows]) for one in view.slices],
    )


def snapshot(view: View, probe: Probe, epoch: int) -> Snapshot:
    """The probe set's part of a view."""
    probabilities = view.probabilities[probe.index]  # (n, C)
    return Snapshot(epoch, view.slices[:, probe.index], probabilities.argmax(1), probabilities.max(1))
