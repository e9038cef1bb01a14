"""What the tests of the losses share: batches, every option, and a judge that goes through plain loops."""

import itertools

import pytest
import torch
from torch import nn

THRESHOLDS = (0.1, 0.3, 0.5)
LABELS = torch.tensor([0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3])  # the last one is a singleton
EVERY = list(
    itertools.product(
        ("triplet", "dual"), ("batch-hard", "semi-hard", "batch-all"), (False, True), ("mean", "mean-nonzero")
    )
)
every_option = pytest.mark.parametrize(("loss", "mining", "squared", "reduction"), EVERY)


def embeddings_for(labels=LABELS, dim=15, spread=0.9, seed=0, dtype=torch.float32):
    """Classes that overlap, so that some hinges are active and some are not."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(int(max(labels)) + 1, dim, generator=generator, dtype=torch.float64)
    noise = torch.randn(len(labels), dim, generator=generator, dtype=torch.float64)
    return (centres[labels] + spread * noise).to(dtype)


def loop_triplets(d, labels, mining):
    """Triplets to judge, from distances d[a][b] as Python floats."""
    everyone, chosen = range(len(labels)), []
    for a in everyone:
        positives = [p for p in everyone if p != a and labels[p] == labels[a]]
        negatives = [n for n in everyone if labels[n] != labels[a]]
        if not positives or not negatives:
            continue
        if mining == "batch-hard":
            chosen.append((a, max(positives, key=d[a].__getitem__), min(negatives, key=d[a].__getitem__)))
        for p in positives if mining == "semi-hard" else []:
            beyond = [n for n in negatives if d[a][n] > d[a][p]]
            nearest = min(beyond, key=d[a].__getitem__) if beyond else max(negatives, key=d[a].__getitem__)
            chosen.append((a, p, nearest))
        if mining == "batch-all":
            chosen += itertools.product([a], positives, negatives)
    return chosen


def loop_slice(x, labels, tau, loss, mining, squared, reduction):
    """One slice (B, d) in float64, one triplet after the other → loss, active, incomplete, number."""
    d = [[sum((a - b) ** 2) if squared else torch.linalg.vector_norm(a - b) for b in x] for a in x]
    triplets = loop_triplets([[value.item() for value in row] for row in d], labels, mining)
    terms, active, incomplete = [x.sum() * 0], 0, 0
    for a, p, n in triplets:
        hinges = [d[a][p] - d[a][n] + tau] + ([d[a][p] - d[p][n] + tau] if loss == "dual" else [])
        terms.append(sum(hinge.clamp_min(0) for hinge in hinges))
        active += sum(bool(hinge > 0) for hinge in hinges)
        incomplete += bool(d[a][p] + tau <= d[a][n] and d[p][n] < d[a][p])
    count = len(triplets) if reduction == "mean" else sum(bool(term > 0) for term in terms)
    hinges = len(triplets) * (2 if loss == "dual" else 1)
    return sum(terms) / max(count, 1), active / max(hinges, 1), incomplete / max(len(triplets), 1), len(triplets)


def loop_loss(embeddings, labels, thresholds, **options):
    """The whole loss in float64 from embeddings (B, D), with normalised slices."""
    parts = [nn.functional.normalize(part, dim=-1) for part in embeddings.chunk(len(thresholds), dim=-1)]
    rows = [loop_slice(x, labels.tolist(), tau, **options) for x, tau in zip(parts, thresholds, strict=True)]
    value, *shares = zip(*rows, strict=True)
    return sum(value) / len(value), *shares


def relative_error(found, wanted):
    return float((found.double() - wanted).norm() / wanted.norm())
