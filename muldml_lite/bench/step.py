"""`bench step`: a whole training step, and images a second of the trainer against a bare loop.

A fast loss shows only as far as the loss is a share of the step; this is where that is measured.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from muldml_lite.bench.loss import LIMIT, LossBench, all_cases, case_of, differs
from muldml_lite.bench.plain import Loss, Setting, round_to_float32
from muldml_lite.bench.plan import BenchError, Case, Group, Plan
from muldml_lite.config import Config
from muldml_lite.data import load_dataset
from muldml_lite.faces import EXPRESSIONS, draw_dataset
from muldml_lite.losses import sample_thresholds
from muldml_lite.model import EmbeddingNet, to_float

NO_METRIC = "cross entropy alone"
_CLASSES = len(EXPRESSIONS)


@dataclass(frozen=True)
class StepBench:
    """What `bench step` covers."""

    backbone: tuple[str, ...] = ("small",)
    mining: tuple[str, ...] = ("batch-hard", "semi-hard", "batch-all")
    loss: tuple[str, ...] = ("triplet",)
    slices: int = 8
    dim: int = 512
    batch: int = 126  # of drawn faces: seven expressions, so a multiple of 7
    size: int = 48  # pixels
    device: str = "cpu"
    trainer: bool = True  # also the trainer's images a second

    def __post_init__(self) -> None:
        if self.batch % _CLASSES or self.batch < 2 * _CLASSES:
            raise BenchError(f"--batch {self.batch}: expected a multiple of {_CLASSES}, the expressions, from 14 on")
        LossBench((self.batch,), (self.slices,), dim=self.dim, per_class=self.batch // _CLASSES, device=self.device)


def plans(bench: StepBench) -> list[Plan]:
    """One plan for every backbone, mining and loss, and one for the trainer with every backbone."""
    listed = [
        Plan(
            f"{backbone}, {mining}, {loss}",
            lambda backbone=backbone, mining=mining, loss=loss: _step_group(bench, backbone, mining, loss),
            4.0 if backbone == "resnet18" else 1.0,
        )
        for backbone in bench.backbone
        for mining in bench.mining
        for loss in bench.loss
    ]
    if bench.trainer:
        listed += [
            Plan(f"trainer, {name}", lambda name=name: _trainer_group(bench, name), 4.0 if name == "resnet18" else 1.5)
            for name in bench.backbone
        ]
    return listed


def _step_group(bench: StepBench, backbone: str, mining: str, loss: str) -> Group:
    setting = Setting(round_to_float32(sample_thresholds(bench.slices, 0.1, 0.8)), loss, mining)
    faces = draw_dataset("posed", subjects=bench.batch // _CLASSES, images_per_subject=_CLASSES, size=bench.size)
    images = to_float(torch.from_numpy(faces.images)).to(bench.device)  # (B, 3, S, S)
    labels = torch.from_numpy(faces.true_labels).to(bench.device)  # (B,)
    torch.manual_seed(0)
    network = EmbeddingNet(backbone, bench.dim, _CLASSES).to(bench.device, memory_format=torch.channels_last)
    makers, skipped = all_cases(setting, cubic=False)
    steps = {name: _step(network, maker(setting), images, labels) for name, maker in makers.items() if name != LIMIT}
    cases = [case_of(name, setting, step) for name, step in steps.items()]
    cases.append(Case(NO_METRIC, _step(network, None, images, labels), "limit", compared=False))
    settings = {"backbone": backbone, "mining": mining, "loss": loss, "B": bench.batch, "N": bench.slices}
    settings |= {"D": bench.dim, "size": bench.size}
    return Group(settings, cases, differs, skipped, work=(bench.batch, "images"))


def _step(network: EmbeddingNet, metric: Loss | None, images: Tensor, labels: Tensor) -> Callable[[], tuple]:
    """One step of a copy of the network → total loss, gradient of the embedding matrix.

    The learning rate is 0: the work is that of any step, and every step of every case meets the same network.
    """
    network = copy.deepcopy(network).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.0, fused=True)
    if isinstance(metric, nn.Module):
        metric = metric.to(images.device)

    def step() -> tuple[Tensor, Tensor]:
        embedding, logits = network(images)  # (B, D), (B, C)
        total = nn.functional.cross_entropy(logits, labels)
        if metric is not None:
            total = total + metric(embedding, labels)
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        if images.device.type != "cpu":
            torch.accelerator.synchronize()
        return total.detach(), network.embedding.weight.grad

    return step


def _trainer_group(bench: StepBench, backbone: str) -> Group:
    """An epoch of the trainer as `train` runs it, and the same steps in a loop that does nothing else."""
    from muldml_lite.trainer import Session

    per_class = bench.batch // _CLASSES
    config = Config(
        backbone=backbone, dim=bench.dim, slices=bench.slices, size=bench.size, images_per_class=per_class,
        subjects=max(8, per_class), images_per_subject=4 * _CLASSES, device=bench.device, epochs=10_000,
    )  # fmt: skip
    session = Session(config, load_dataset(config))
    batches = list(session.batches.draw(1))
    images, steps = sum(len(batch.labels) for batch in batches), len(batches)
    ready = [to_float(batch.images) for batch in batches]

    def bare(inputs: Callable[[int], Tensor]) -> Callable[[], None]:
        def run() -> None:
            session.network.train()
            for number in range(steps):
                embedding, logits = session.network(inputs(number))
                total = nn.functional.cross_entropy(logits, batches[number].labels)
                total = total + session.loss(embedding, batches[number].labels)
                session.optimizer.zero_grad()
                total.backward()
                session.optimizer.step()
            if session.device.type != "cpu":
                torch.accelerator.synchronize()

        return run

    cases = [
        Case("ours", lambda: session.run_steps(1, joint=True), "ours", note="without the measuring after an epoch"),
        Case("bare loop, same augmentation", bare(lambda n: session.batches.network_input(batches[n])), "limit", False),
        Case("bare loop, images ready", bare(lambda n: ready[n]), "limit", False),
    ]  # fmt: skip
    settings = {"backbone": backbone, "mining": config.mining, "loss": config.method, "B": bench.batch}
    settings |= {"N": bench.slices, "D": bench.dim, "size": bench.size}
    settings["precision"] = session.accelerator.mixed_precision
    return Group(settings, cases, work=(images, "images"))
