"""Random small configurations and what torch makes of them: the oracle for the judgement lab's JavaScript."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from muldml_lite.losses import multi_threshold_loss, pairwise_distances
from muldml_lite.mining import batch_hard

CLASSES = ([0, 0, 1], [0, 0, 1, 1], [0, 1, 0, 2, 1], [0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2, 0, 1])
STEPS = 12
NEAR = 0.005  # points nearer to each other turn rounding errors into directions
EDGE = 1e-6  # nearer than this to a kink of a hinge, of the mining or of a verdict, nothing is compared


class Case(NamedTuple):
    """Configurations with the same classes and rules; N of them."""

    classes: list[int]  # B
    space: str
    loss: str
    mining: str
    points: np.ndarray  # (N, B, 2)
    tau: np.ndarray  # (N,)
    step: np.ndarray  # (N,)
    anchor: np.ndarray  # (N,)


class Course(NamedTuple):
    """What becomes of each configuration: states before each of STEPS steps, and after the last."""

    points: np.ndarray  # (N, STEPS + 1, B, 2)
    loss: np.ndarray  # (N, STEPS + 1)
    gradient: np.ndarray  # (N, STEPS + 1, B, 2)
    incomplete: np.ndarray  # (N, STEPS + 1) number of triplets judged incompletely
    clear: np.ndarray  # (N,) bool, never near a kink


def cases(count: int, seed: int = 0) -> list[Case]:
    """`count` configurations of each kind: 5 sets of classes × 2 spaces × 2 losses × 2 minings."""
    rng, found = np.random.default_rng(seed), []
    for classes, space, loss, mining in itertools.product(
        CLASSES, ("plane", "circle"), ("triplet", "dual"), ("one", "hard")
    ):
        points = rng.normal(size=(count, len(classes), 2)) * 0.7
        if space == "circle":
            points /= np.linalg.norm(points, axis=-1, keepdims=True)
        able = [i for i, k in enumerate(classes) if classes.count(k) > 1]
        tau, step = rng.uniform(0.02, 0.8, count), np.exp(rng.uniform(np.log(0.005), np.log(0.5), count))
        found.append(Case(classes, space, loss, mining, points, tau, step, rng.choice(able, count)))
    return found


def follow(case: Case) -> Course:
    """Gradient descent in float64: torch's autograd on triplets that `muldml_lite.mining` chooses.

    With Batch Hard, value, gradient and verdicts of `muldml_lite.losses` are asserted to be the same.
    """
    points, labels = torch.from_numpy(case.points), torch.tensor(case.classes)
    tau, step = torch.from_numpy(case.tau), torch.from_numpy(case.step)[:, None, None]
    clear, kept = torch.ones(len(tau), dtype=torch.bool), []
    for _ in range(STEPS + 1):
        points.requires_grad_()
        loss, incomplete = judge(unit(points, case), labels, tau, case)
        (gradient,) = torch.autograd.grad(loss.sum(), points)
        clear &= far_from_edges(points.detach(), labels, tau)
        if case.mining == "hard":
            compare_with_losses(points, labels, tau, case, (loss.detach(), gradient, incomplete), clear)
        points = points.detach()
        kept.append([points, loss.detach(), gradient, incomplete])
        points = points - step * gradient
        points = unit(points, case)
    return Course(*(torch.stack(part, 1).numpy() for part in zip(*kept, strict=True)), clear.numpy())


def unit(points: Tensor, case: Case) -> Tensor:
    return points / points.norm(dim=-1, keepdim=True) if case.space == "circle" else points


def judge(slices: Tensor, labels: Tensor, tau: Tensor, case: Case) -> tuple[Tensor, Tensor]:
    """Slices (N, B, 2) → loss (N,) with gradient, and how many triplets are judged incompletely (N,)."""
    mined = batch_hard(pairwise_distances(slices.detach()), labels)
    row = torch.arange(len(slices))[:, None]
    anchors = mined.valid[0].nonzero().T if case.mining == "hard" else torch.from_numpy(case.anchor)[:, None]  # (·, A)
    a, p, n = (slices[row, index] for index in (anchors, mined.positive[row, anchors], mined.negative[row, anchors]))
    ap, an, pn = (a - p).norm(dim=-1), (a - n).norm(dim=-1), (p - n).norm(dim=-1)  # (N, A)
    value = (ap - an + tau[:, None]).clamp_min(0)
    if case.loss == "dual":
        value = value + (ap - pn + tau[:, None]).clamp_min(0)
    return value.mean(1), ((ap + tau[:, None] <= an) & (pn < ap)).sum(1)


def compare_with_losses(
    points: Tensor, labels: Tensor, tau: Tensor, case: Case, ours: tuple[Tensor, ...], clear: Tensor
) -> None:
    """`ours`: loss (N,), gradient (N, B, 2), incomplete (N,)."""
    report = multi_threshold_loss(unit(points, case), labels, tau, loss=case.loss, mining="batch-hard")
    (theirs,) = torch.autograd.grad(report.total, points)
    loss, gradient, incomplete = (part[clear] for part in ours)
    torch.testing.assert_close(report.per_slice[clear], loss, rtol=0, atol=1e-9)
    torch.testing.assert_close(theirs[clear] * len(tau), gradient, rtol=1e-9, atol=1e-9)
    judged = report.incomplete_fraction * report.triplets.count
    assert torch.equal(judged[clear].round().long(), incomplete)


def far_from_edges(points: Tensor, labels: Tensor, tau: Tensor) -> Tensor:
    """Whether no two points nearly coincide, and no choice, hinge or verdict hangs by a hair: (N,) bool."""
    distances = (points[:, :, None] - points[:, None]).norm(dim=-1)  # (N, B, B)
    first, second = np.triu_indices(len(labels), 1)
    sides = distances[:, first, second]  # (N, pairs)
    gap = sides[:, :, None] - sides[:, None]  # (N, pairs, pairs)
    gap[:, range(len(first)), range(len(first))] = 1.0
    hinge = gap + tau[:, None, None]
    edges = torch.stack([part.abs().amin((1, 2)) for part in (gap, hinge)]).amin(0)  # (N,)
    return (edges > EDGE) & (sides.amin(1) > NEAR)
