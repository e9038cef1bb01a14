"""The same losses by libraries that a user would otherwise take; each is optional.

pytorch-metric-learning: one loss a slice, with its miner. sentence-transformers: its losses want a model but do
their work in methods that take embeddings, which is what is called here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from muldml_lite.bench.machine import installed_version
from muldml_lite.bench.plain import Loss, Setting, unit_slices

PML, SENTENCE = "pytorch-metric-learning", "sentence-transformers"
PML_SHARED = f"{PML}, triplets listed once"
_OLDEST = {PML: 2, SENTENCE: 6}  # major versions: sentence-transformers' losses lived elsewhere before

Maker = Callable[[Setting], Loss]


def library_cases(setting: Setting) -> tuple[dict[str, Maker], dict[str, str]]:
    """What the libraries can do of this setting: name → maker, and name → why not."""
    makers: dict[str, Maker] = {}
    missing: dict[str, str] = {}
    for name in (PML, SENTENCE):
        found = installed_version(name)
        if not found:
            missing[name] = f"not installed (pip install {name})"
        elif int(found.split(".")[0]) < _OLDEST[name]:
            missing[name] = f"{found} is installed; {_OLDEST[name]} or newer is needed"
    if PML not in missing:
        reason = _pml_cannot(setting)
        if reason:
            missing[PML] = reason
        else:
            makers[PML] = pml_loss
            if setting.mining == "batch-all":
                makers[PML_SHARED] = pml_loss_with_shared_triplets
    if SENTENCE not in missing:
        reason = _sentence_cannot(setting)
        if reason:
            missing[SENTENCE] = reason
        else:
            makers[SENTENCE] = sentence_loss
    return makers, missing


def pml_loss(setting: Setting) -> Loss:
    """N pytorch-metric-learning losses, one a slice, each with its miner."""
    from pytorch_metric_learning import miners

    losses = _pml_losses(setting)
    mine: list[Any] = [None] * setting.slices
    if setting.mining == "batch-hard":
        mine = [miners.BatchHardMiner(distance=loss.distance) for loss in losses]
    elif setting.mining == "semi-hard":
        mine = [
            miners.TripletMarginMiner(threshold, "semihard", distance=loss.distance)
            for loss, threshold in zip(losses, setting.thresholds, strict=True)
        ]

    def total(embeddings: Tensor, labels: Tensor) -> Tensor:
        parts = embeddings.chunk(setting.slices, dim=1)
        triplets = (miner(part, labels) if miner else None for miner, part in zip(mine, parts, strict=True))
        each = [_pml_one(setting, *one, labels) for one in zip(losses, parts, triplets, strict=True)]
        return torch.stack(each).mean()

    return total


def pml_loss_with_shared_triplets(setting: Setting) -> Loss:
    """The same, batch-all, with the triplet indices made once for all slices."""
    from pytorch_metric_learning.utils import loss_and_miner_utils

    losses = _pml_losses(setting)

    def total(embeddings: Tensor, labels: Tensor) -> Tensor:
        triplets = loss_and_miner_utils.get_all_triplets_indices(labels)
        parts = embeddings.chunk(setting.slices, dim=1)
        each = [_pml_one(setting, loss, part, triplets, labels) for loss, part in zip(losses, parts, strict=True)]
        return torch.stack(each).mean()

    return total


def sentence_loss(setting: Setting) -> Loss:
    """N sentence-transformers losses, one a slice, by their methods on embeddings."""
    from sentence_transformers.sentence_transformer.losses import (
        BatchAllTripletLoss,
        BatchHardTripletLoss,
        BatchSemiHardTripletLoss,
    )

    kind, method = {
        "batch-hard": (BatchHardTripletLoss, "batch_hard_triplet_loss"),
        "semi-hard": (BatchSemiHardTripletLoss, "batch_semi_hard_triplet_loss"),
        "batch-all": (BatchAllTripletLoss, "batch_all_triplet_loss"),
    }[setting.mining]
    each = [getattr(kind(model=None, margin=threshold), method) for threshold in setting.thresholds]

    def total(embeddings: Tensor, labels: Tensor) -> Tensor:
        parts = unit_slices(embeddings, setting.slices)
        return torch.stack([one(labels, part) for one, part in zip(each, parts, strict=True)]).mean()

    return total


def _pml_losses(setting: Setting) -> list[Any]:
    from pytorch_metric_learning import distances, losses, reducers

    reducer = reducers.MeanReducer if setting.reduction == "mean" else reducers.AvgNonZeroReducer
    return [
        losses.TripletMarginLoss(margin=threshold, distance=distances.LpDistance(), reducer=reducer())
        for threshold in setting.thresholds
    ]


def _pml_one(setting: Setting, loss: Any, part: Tensor, triplets: Any, labels: Tensor) -> Tensor:
    first = loss(part, labels, triplets)
    if not setting.dual:
        return first
    if setting.mining == "batch-all":
        return 2 * first  # (p, a, n) is a triplet whenever (a, p, n) is
    anchor, positive, negative = triplets
    return first + loss(part, labels, (positive, anchor, negative))


def _pml_cannot(setting: Setting) -> str:
    if setting.dual and setting.reduction == "mean-nonzero":
        return "no mean over triplets with a dual loss above 0: it averages each side by itself"
    return ""


def _sentence_cannot(setting: Setting) -> str:
    if setting.dual:
        return "has no dual loss"
    only = "mean-nonzero" if setting.mining == "batch-all" else "mean"
    return "" if setting.reduction == only else f"has {setting.mining} with --reduction {only} only"
