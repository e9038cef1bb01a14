"""The training loop: a generator with one record an epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import OneCycleLR

from muldml_lite.config import Config
from muldml_lite.data import FaceDataset, load_dataset
from muldml_lite.losses import LossReport, MultiThresholdLoss, sample_thresholds
from muldml_lite.model import EmbeddingNet, to_float
from muldml_lite.runs import Run, RunError
from muldml_lite.sampler import PKSampler
from muldml_lite.trainer.augment import make_augmentation
from muldml_lite.trainer.checkpoint import load_checkpoint
from muldml_lite.trainer.device import make_accelerator
from muldml_lite.trainer.evaluate import evaluate, look, snapshot
from muldml_lite.trainer.health import find_problems
from muldml_lite.trainer.probe import choose_probe, judge
from muldml_lite.trainer.record import EpochRecord, Weights


class TrainingError(RunError):
    """Training that cannot go on; the message says where and what to change."""


@dataclass(frozen=True)
class Step:
    """One finished optimisation step, for a progress line."""

    epoch: int
    done: int  # steps done, of the whole training
    total: int
    seconds_left: float


OnStep = Callable[[Step], None]


def train(
    config: Config,
    dataset: FaceDataset | None = None,
    *,
    resume: Run | None = None,
    on_step: OnStep | None = None,
) -> Iterator[EpochRecord]:
    """Train as `config` says; yields a record before the first epoch and one after each.

    Every epoch starts from a seed of its own, so a resumed training repeats an uninterrupted one. The
    global random state of torch is set on the way.

    Args:
        dataset: the data, if at hand; by default what `config` names is loaded.
        resume: go on after the epoch of this run's checkpoint instead of starting anew.
        on_step: called after every optimisation step.

    Raises:
        ConfigError: the machine or the data does not have what `config` asks for.
        TrainingError: the loss is no longer finite.
    """
    dataset = load_dataset(config) if dataset is None else dataset
    session = _Session(config, dataset)
    first = 0
    if resume is not None:
        first = load_checkpoint(resume, session.weights)
        session.skip_to(first)
    else:
        yield session.record_start()
    for epoch in range(first + 1, config.epochs + 1):
        yield session.run_epoch(epoch, on_step)


class _Session:
    """Network, data and optimiser on their device, from the first to the last epoch."""

    def __init__(self, config: Config, dataset: FaceDataset) -> None:
        self.config, self.dataset = config, dataset
        self.accelerator = make_accelerator(config)
        torch.manual_seed(config.seed)
        network = EmbeddingNet(config.backbone, config.dim, len(dataset.classes))
        network = network.to(memory_format=torch.channels_last)  # 1.5–2 × faster convolutions on a CPU
        optimizer = torch.optim.AdamW(network.parameters(), weight_decay=config.weight_decay)
        self.network, self.optimizer = self.accelerator.prepare(network, optimizer)
        self.weights = Weights(self.accelerator.unwrap_model(self.network), self.optimizer)
        self.loss = make_loss(config)
        self.loss = self.loss and self.loss.to(self.accelerator.device)
        self.augment = make_augmentation(config).to(self.accelerator.device)
        self.images = torch.from_numpy(dataset.images[~dataset.test]).to(self.accelerator.device)
        self.labels = torch.from_numpy(dataset.labels[~dataset.test]).to(self.accelerator.device)
        classes = len(self.labels.unique())
        self.sampler = PKSampler(
            self.labels.cpu(),
            classes_per_batch=min(config.classes_per_batch, classes),
            images_per_class=config.images_per_class,
            seed=config.seed,
        )
        self.total = len(self.sampler) * config.epochs
        steps = self.total + 1  # the schedule counts the rate before the first step, too
        rise = max(0.2, 1.5 / steps)  # share of steps with a rising rate; of very few steps, at least one
        self.schedule = OneCycleLR(
            optimizer, config.learning_rate, total_steps=steps, pct_start=rise, cycle_momentum=False
        )
        self.probe = choose_probe(dataset, config.probe_images, config.seed)
        self.started, self.first_step = time.perf_counter(), 0

    def skip_to(self, epoch: int) -> None:
        """Put the learning rate where it stood after `epoch`."""
        self.first_step = epoch * len(self.sampler)
        self.optimizer.step()  # no gradients: changes nothing, but the schedule insists on it
        for _ in range(self.first_step):
            self.schedule.step()

    def record_start(self) -> EpochRecord:
        started = time.perf_counter()
        nothing = dict.fromkeys(("loss", "cross_entropy", "metric_loss", "train_accuracy", "images_per_second"))
        return self._record(0, "start", nothing, None, started, None)

    def run_epoch(self, epoch: int, on_step: OnStep | None) -> EpochRecord:
        started = time.perf_counter()
        torch.manual_seed(_epoch_seed(self.config.seed, epoch))
        self.sampler.set_epoch(epoch)
        self.network.train()
        joint = self.loss is not None and epoch > self.config.warmup_epochs
        sums = _Sums()
        for number, rows in enumerate(self.sampler, 1):
            sums.add(*self._step(torch.tensor(rows, device=self.images.device), joint))
            if on_step:
                done = (epoch - 1) * len(self.sampler) + number
                on_step(Step(epoch, done, self.total, self._seconds_left(done)))
        means = sums.means()
        if not math.isfinite(means["loss"]):
            raise TrainingError(
                f"epoch {epoch}: the loss is {means['loss']}; lower --learning-rate (now "
                f"{self.config.learning_rate:g}) or --metric-weight (now {self.config.metric_weight:g})"
            )
        means["images_per_second"] = sums.images / (time.perf_counter() - started)
        left = self._seconds_left(epoch * len(self.sampler))
        return self._record(epoch, "joint" if joint else "warm-up", means, sums.report(), started, left)

    def _step(self, rows: Tensor, joint: bool) -> tuple[Tensor, Tensor, Tensor, LossReport | None, int]:
        """One batch: total loss, cross entropy, right answers, report of the metric loss, images."""
        labels = self.labels[rows]  # (B,)
        images = self.augment(to_float(self.images[rows]))  # (B, 3, S, S)
        embedding, logits = self.network(images)  # (B, D), (B, C)
        cross_entropy = nn.functional.cross_entropy(logits, labels)
        with torch.set_grad_enabled(joint):  # before that it is measured only
            report = self.loss.report(embedding, labels) if self.loss else None
        total = cross_entropy + self.config.metric_weight * report.total if joint else cross_entropy
        self.optimizer.zero_grad()
        self.accelerator.backward(total)
        self.optimizer.step()
        self.schedule.step()
        return total.detach(), cross_entropy.detach(), (logits.argmax(1) == labels).sum(), report, len(rows)

    def _seconds_left(self, done: int) -> float:
        spent = time.perf_counter() - self.started
        return spent * (self.total - done) / max(1, done - self.first_step)

    def _record(
        self,
        epoch: int,
        phase: str,
        means: dict[str, float | None],
        slices: dict[str, list[float]] | None,
        started: float,
        left: float | None,
    ) -> EpochRecord:
        view = look(self.network, self.dataset, self.accelerator.device, self.config.slices)
        thresholds = self.loss.thresholds.tolist() if self.loss else [None] * self.config.slices
        measured = evaluate(view, self.dataset, self.probe.index, thresholds, self.config.neighbours)
        records = measured.slice_records(slices)
        hinges = 2 if self.loss and self.loss.loss == "dual" else 1
        return EpochRecord(
            epoch=epoch,
            phase=phase,
            learning_rate=self.schedule.get_last_lr()[0],
            seconds=time.perf_counter() - started,
            seconds_left=left,
            head_accuracy=measured.head_accuracy,
            knn_accuracy=measured.knn_accuracy,
            slices=records,
            warnings=find_problems(records, hinges) if phase == "joint" else (),
            probe=self.probe,
            snapshot=snapshot(view, self.probe, epoch),
            judgements=judge(view.slices[:, self.probe.index], self.probe, epoch),
            weights=self.weights,
            **means,
        )


class _Sums:
    """Sums over the batches of an epoch, kept on the device: reading each would stop a GPU every step."""

    def __init__(self) -> None:
        self.batches, self.images = 0, 0
        self.scalars: Tensor | float = 0.0  # (3,) total, cross entropy, right answers
        self.slices: Tensor | float = 0.0  # (5, N)

    def add(self, total: Tensor, cross_entropy: Tensor, right: Tensor, report: LossReport | None, images: int) -> None:
        self.batches += 1
        self.images += images
        self.scalars = self.scalars + torch.stack([total, cross_entropy, right.float()])
        if report is not None:
            self.slices = self.slices + torch.stack([getattr(report, name).float() for name in _REPORTED])

    def means(self) -> dict[str, float | None]:
        total, cross_entropy, right = self.scalars.tolist()
        per_slice = (self.report() or {}).get("per_slice")
        return {
            "loss": total / self.batches,
            "cross_entropy": cross_entropy / self.batches,
            "metric_loss": sum(per_slice) / len(per_slice) if per_slice else None,
            "train_accuracy": right / self.images,
        }

    def report(self) -> dict[str, list[float]] | None:
        """Means of the loss reports; None if the method has no metric loss."""
        if not isinstance(self.slices, Tensor):
            return None
        return dict(zip(_REPORTED, (self.slices / self.batches).tolist(), strict=True))


_REPORTED = ("per_slice", "active_fraction", "incomplete_fraction", "mean_positive", "mean_negative")


def make_loss(config: Config) -> MultiThresholdLoss | None:
    """The metric loss of a method; softmax has none."""
    if config.method == "softmax":
        return None
    return MultiThresholdLoss(
        sample_thresholds(config.slices, *config.thresholds, spacing=config.spacing, seed=config.seed),
        loss="triplet" if config.method == "triplet" else "dual",
        mining=config.mining,
        squared=config.squared,
        reduction=config.reduction,
    )


def _epoch_seed(seed: int, epoch: int) -> int:
    return (seed * 1_000_003 + epoch) % 2**63
