"""Embedding heads on frozen features: a linear layer trained with the losses of this project, under a second a run."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from muldml_lite.claims.beds import Bed
from muldml_lite.claims.ledger import Outcome
from muldml_lite.metrics import is_collapsed, is_saturated

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Recipe:
    """How a head is trained. Arms of an experiment differ in one field; the rest belongs to the regime."""

    thresholds: tuple[float, ...] = (0.45,)
    loss: str = "dual"
    mining: str = "semi-hard"
    squared: bool = False
    metric: bool = True  # train the metric loss
    joint: bool = False  # train a classification layer on the embedding, too
    optimizer: str = "adam"
    rate: float = 3e-2
    weight: float = 1.0  # of the metric loss
    dim: int = 64
    features: str = "warm-up"
    share: float = 1.0  # of the training subjects


@dataclass(frozen=True)
class Trained:
    """A trained head and what it makes of every image of its bed."""

    embeddings: np.ndarray  # (n, D)
    slices: np.ndarray  # (N, n, d) unit length
    predictions: np.ndarray | None  # (n,) of the classification layer; None: none was trained
    active: np.ndarray | None  # (N,) share of active hinges, last quarter of the steps
    incomplete: np.ndarray | None  # (N,) share of triplets judged incompletely, all steps
    mean_distance: float  # over pairs of test images, mean of the slices

    @property
    def saturated(self) -> bool:
        return self.active is not None and is_saturated(self.active.mean())

    @property
    def collapsed(self) -> bool:
        return is_collapsed(self.mean_distance)

    def outcome(self, measured: dict[str, float]) -> Outcome:
        active = None if self.active is None else float(self.active.mean())
        return Outcome(measured, active, self.saturated, self.collapsed)


OnStep = Callable[[int, "Tensor"], None]  # (step from 0, weights (F, D) after it)


def training_rows(bed: Bed, share: float) -> np.ndarray:
    """The images of the first `share` of the training subjects."""
    rows = bed.rows("train")
    people = np.unique(bed.subjects[rows])
    if share == 1 or len(people) < 2:
        return rows
    return rows[np.isin(bed.subjects[rows], people[: max(2, round(share * len(people)))])]


def batches(bed: Bed, rows: np.ndarray, seed: int, steps: int, images_per_class: int = 18) -> list[list[int]]:
    """P×K batches of places in the bed; the same for every arm of a (draw, seed)."""
    from muldml_lite.sampler import PKSampler, RepeatedImagesWarning

    labels = bed.labels[rows]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RepeatedImagesWarning)  # rare expressions of few people, in all arms alike
        sampler = PKSampler(
            labels,
            classes_per_batch=min(7, len(np.unique(labels))),
            images_per_class=images_per_class,
            batches_per_epoch=steps,
            seed=seed,
        )
    return [rows[batch].tolist() for batch in sampler]


def train_head(
    bed: Bed, recipe: Recipe, seed: int, *, on_step: OnStep | None = None, order: Sequence[list[int]] | None = None
) -> Trained:
    """Train one head. All arms of a (draw, seed) share start, batches and the schedule.

    Args:
        order: the batches, if not the P×K ones of `seed`.
    """
    import torch
    from torch.nn.functional import cross_entropy

    from muldml_lite.losses import MultiThresholdLoss

    features = torch.from_numpy(bed.features[recipe.features])  # (n, F)
    labels = torch.from_numpy(bed.labels)
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.randn(features.shape[1], recipe.dim, generator=generator).requires_grad_()  # (F, D)
    layer = (torch.randn(recipe.dim, bed.classes, generator=generator) / recipe.dim**0.5).requires_grad_()
    bias = torch.zeros(bed.classes, requires_grad=True)
    weights = [matrix, layer, bias] if recipe.joint else [matrix]
    make = torch.optim.Adam if recipe.optimizer == "adam" else torch.optim.SGD
    optimizer = make(weights, lr=recipe.rate)
    loss = MultiThresholdLoss(recipe.thresholds, loss=recipe.loss, mining=recipe.mining, squared=recipe.squared)
    if order is None:
        order = batches(bed, training_rows(bed, recipe.share), seed, bed.scale.steps)
    reports = []
    for step, rows in enumerate(order):
        embedding, target = features[rows] @ matrix, labels[rows]  # (B, D), (B,)
        total = cross_entropy(embedding @ layer + bias, target) if recipe.joint else 0
        if recipe.metric:
            report = loss.report(embedding, target, diagnostics=recipe.mining != "batch-all")
            reports.append(torch.stack([report.active_fraction, report.incomplete_fraction]))
            total = total + recipe.weight * report.total
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        if on_step:
            on_step(step, matrix.detach())
    return _view(bed, recipe, features, [w.detach() for w in (matrix, layer, bias)], reports)


def _view(bed: Bed, recipe: Recipe, features: Tensor, weights: list[Tensor], reports: list[Tensor]) -> Trained:
    import torch

    from muldml_lite.losses import split_slices
    from muldml_lite.metrics import mean_distance

    matrix, layer, bias = weights
    embedding = features @ matrix  # (n, D)
    slices = split_slices(embedding, len(recipe.thresholds)).numpy()
    told = torch.stack(reports).double().numpy() if reports else None  # (steps, 2, N)
    test = bed.rows("test")
    return Trained(
        embedding.numpy(),
        slices,
        (embedding @ layer + bias).argmax(1).numpy() if recipe.joint else None,
        None if told is None else told[-max(1, len(told) // 4) :, 0].mean(0),
        None if told is None else told[:, 1].mean(0),
        float(np.mean([mean_distance(one[test]) for one in slices])),
    )


def read_out(bed: Bed, trained: Trained, recipe: Recipe, *, validate: bool = False) -> dict[str, float]:
    """k-NN, linear probe and, if there is one, the classification head, on test subjects; shares in 0…1.

    Args:
        validate: also k-NN on validation subjects.
    """
    from sklearn.linear_model import LogisticRegression

    from muldml_lite.metrics import join_slices, knn_accuracy

    joined = join_slices(trained.slices)  # (n, D)
    train, test = training_rows(bed, recipe.share), bed.rows("test")
    measured = {"knn": knn_accuracy(joined[train], bed.labels[train], joined[test], bed.labels[test])}
    # Rows of unit length are close together for a regularised probe: spread them out by √D first.
    spread = joined * np.sqrt(joined.shape[1])
    probe = LogisticRegression(C=0.1, max_iter=300).fit(spread[train], bed.labels[train])
    measured["probe"] = float(probe.score(spread[test], bed.labels[test]))
    if trained.predictions is not None:
        measured["head"] = float((trained.predictions == bed.labels)[test].mean())
    if validate:
        held = bed.rows("validation")
        measured["val_knn"] = knn_accuracy(joined[train], bed.labels[train], joined[held], bed.labels[held])
    return measured
