"""The fixed images that are followed through training, and what is noted of them after each epoch."""

from __future__ import annotations

import numpy as np
import torch

from muldml_lite.data import FaceDataset
from muldml_lite.losses import pairwise_distances
from muldml_lite.mining import batch_hard
from muldml_lite.runs import Judgements, Probe

THUMBNAIL = 64  # pixels; larger inputs are shown smaller


def choose_probe(dataset: FaceDataset, count: int, seed: int) -> Probe:
    """Half held-out, half training images; classes as even as the data allows, few subjects with many faces.

    The same person in several expressions beside the same expression on several people is what makes
    a picture of an embedding tell identity and expression apart.
    """
    parts = [_choose(dataset, np.flatnonzero(dataset.test == test), count // 2, seed) for test in (True, False)]
    index = np.concatenate(parts)
    return Probe(
        thumbnails=_thumbnails(dataset.images[index]),
        labels=dataset.labels[index],
        subjects=dataset.subjects[index],
        test=dataset.test[index],
        index=index,
        classes=dataset.classes,
        names=np.array([dataset.names[i] for i in index]),
    )


def _choose(dataset: FaceDataset, pool: np.ndarray, count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng([seed, len(pool)])
    pool = rng.permutation(pool)
    people = {s: i for i, s in enumerate(rng.permutation(np.unique(dataset.subjects[pool])))}
    seen: dict[tuple[int, int], int] = {}
    keys = []
    for i in pool:  # an image's turn: first one face of each expression for each person, then the seconds, …
        cell = (int(dataset.subjects[i]), int(dataset.labels[i]))
        seen[cell] = seen.get(cell, -1) + 1
        keys.append((seen[cell], people[cell[0]]))
    ranked = [pool[j] for j in sorted(range(len(pool)), key=keys.__getitem__)]
    quota, chosen = -(-count // len(dataset.classes)), []
    for label in range(len(dataset.classes)):
        chosen += [i for i in ranked if dataset.labels[i] == label][:quota]
    return np.sort(np.array(chosen, np.int64))


def _thumbnails(images: np.ndarray) -> np.ndarray:
    if images.shape[1] <= THUMBNAIL:
        return images
    from PIL import Image

    small = [Image.fromarray(image).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS) for image in images]
    return np.stack([np.asarray(image) for image in small])


def judge(slices: np.ndarray, probe: Probe, epoch: int) -> Judgements:
    """Batch Hard over the probe set's training images, as one batch: E = 1 row of `Judgements`."""
    train = np.flatnonzero(~probe.test)
    chosen = torch.from_numpy(slices[:, train])  # (N, m, d)
    distances = pairwise_distances(chosen)  # (N, m, m)
    triplets = batch_hard(distances, torch.from_numpy(probe.labels[train]))
    rows = torch.arange(len(train)).expand(len(slices), -1)  # (N, m)
    positive, negative = triplets.positive.view_as(rows), triplets.negative.view_as(rows)
    which = torch.arange(len(slices))[:, None]
    measured = torch.stack(
        [
            distances[which, rows, positive],
            distances[which, rows, negative],
            distances[which, positive, negative],
        ],
        dim=-1,
    )  # (N, m, 3)
    place = lambda index: train[index.numpy()].astype(np.int32)[None]  # noqa: E731 (1, N, m) in the probe set
    return Judgements(
        np.array([epoch], np.int32),
        place(rows),
        place(positive),
        place(negative),
        measured.numpy().astype(np.float16)[None],
    )
