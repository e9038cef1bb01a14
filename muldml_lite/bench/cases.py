"""What is timed: a pass of the losses (`bench loss`) or a whole training step (`bench step`), ours and each peer's."""

from __future__ import annotations

import copy
import re
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import torch
from torch import Tensor, nn

from muldml_lite.bench import BenchError
from muldml_lite.bench.peers import LIMIT, OURS, Loss, make_losses
from muldml_lite.bench.turns import Row, Run
from muldml_lite.faces import EXPRESSIONS, draw_dataset
from muldml_lite.losses import MultiThresholdLoss
from muldml_lite.model import EmbeddingNet, to_float

NO_METRIC = "cross entropy alone"
_IMAGES = 16  # of a class, or a few more
_PROOF = 128  # images: equality is asked in float64 of so many at most
Cases = tuple[
    dict[str, tuple[Run, ...]], dict[str, str]
]  # name → runs to compare, the last one to time; name → why not


def loss_cases(ours: MultiThresholdLoss, size: int, dim: int, memory: float) -> Cases:
    """Value and gradient of all losses that fit into `memory` GiB, in float64 of fewer images and in float32."""
    losses, skipped = losses_that_fit(ours, size, dim, memory)
    batches = make_batch(min(size, _PROOF), dim, torch.float64), make_batch(size, dim, torch.float32)
    return {name: tuple(_one_pass(loss, batch) for batch in batches) for name, loss in losses.items()}, skipped


def losses_that_fit(ours: MultiThresholdLoss, size: int, dim: int, memory: float) -> tuple[dict[str, Loss], dict]:
    """Losses whose memory, estimated from shapes, is at most `memory` GiB; and name → why another is left out.

    Raises:
        BenchError: not even ours fits.
    """
    losses, skipped = make_losses(ours)
    pairs = size**2 * (_IMAGES if ours.mining == "batch-all" else 1)  # or triplets; autograd keeps those of all slices
    others = 2 * size**3 * (ours.mining == "batch-all") + 24 * len(ours.thresholds) * pairs
    for name in list(losses):
        need = (40 * size**2 + 24 * size * dim if name == OURS else others) / 2**30
        if need > memory:
            skipped[name] = f"needs about {need:,.1f} GiB, more than --memory {memory:g}"
            del losses[name]
    if OURS in skipped:
        raise BenchError(f"--batch {size}: {skipped[OURS]}")
    return losses, skipped


def make_batch(size: int, dim: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Embeddings (B, D) of classes that overlap, and labels (B,): some hinges active at every threshold."""
    generator = torch.Generator().manual_seed(0)
    classes = max(2, size // _IMAGES)
    labels = torch.arange(size) * classes // size  # (B,)
    centres = torch.randn(classes, dim, generator=generator, dtype=torch.float64)
    embeddings = centres[labels] + torch.randn(size, dim, generator=generator, dtype=torch.float64)
    return embeddings.to(dtype).requires_grad_(), labels


def _one_pass(loss: Loss, batch: tuple[Tensor, Tensor]) -> Run:
    def run() -> tuple[Tensor, Tensor]:
        value = loss(*batch)
        return value.detach(), torch.autograd.grad(value, batch[0])[0]

    return run


def step_cases(ours: MultiThresholdLoss, backbone: str, size: int, dim: int, pixels: int) -> Cases:
    """A step on `size` drawn faces, a multiple of the expressions, with each loss and with none."""
    classes = len(EXPRESSIONS)
    faces = draw_dataset("posed", subjects=size // classes, images_per_subject=classes, size=pixels)
    images, labels = to_float(torch.from_numpy(faces.images)), torch.from_numpy(faces.true_labels)  # (B, 3, S, S), (B,)
    torch.manual_seed(0)
    network = EmbeddingNet(backbone, dim, classes).to(memory_format=torch.channels_last)
    losses, skipped = make_losses(ours)
    metrics = {name: loss for name, loss in losses.items() if name != LIMIT} | {NO_METRIC: None}
    return {name: (_step(network, metric, images, labels),) for name, metric in metrics.items()}, skipped


def _step(network: EmbeddingNet, metric: Loss | None, images: Tensor, labels: Tensor) -> Run:
    """One step of a copy of the network → total loss, gradient of the embedding matrix.

    The learning rate is 0: the work is that of any step, and every step of every case meets the same network.
    """
    network = copy.deepcopy(network).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.0, fused=True)

    def step() -> tuple[Tensor, Tensor]:
        embedding, logits = network(images)  # (B, D), (B, C)
        total = nn.functional.cross_entropy(logits, labels)
        if metric is not None:
            total = total + metric(embedding, labels)
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        return total.detach(), network.embedding.weight.grad

    return step


def measure_memory(ours: MultiThresholdLoss, size: int, dim: int, memory: float) -> list[Row]:
    """Bytes that one pass takes beyond its embeddings, each loss in a process of its own."""
    if sys.platform != "linux":
        raise BenchError(f"--peak-memory: reads Linux's /proc, and this is {sys.platform}")
    losses, skipped = losses_that_fit(ours, size, dim, memory)
    rows: list[Row] = []
    for name in losses:
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            try:
                rows.append({"case": name, "extra_bytes": process.submit(extra_bytes, name, ours, size, dim).result()})
            except Exception as error:  # such as a process that ran out of memory
                skipped[name] = f"{type(error).__name__}: {error}"
    return rows + [{"case": name, "skipped": why} for name, why in skipped.items()]


def extra_bytes(name: str, ours: MultiThresholdLoss, size: int, dim: int) -> int:
    """How far the process's peak rises: a small pass loads what it needs, then comes the measured one."""
    loss = make_losses(ours)[0][name]
    _one_pass(loss, make_batch(2 * _IMAGES, dim, torch.float32))()
    run, peak = _one_pass(loss, make_batch(size, dim, torch.float32)), []
    for _ in range(2):
        peak.append(int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))[1]))
        run()
    return 1024 * (peak[1] - peak[0])
