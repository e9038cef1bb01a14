"""One training from its first to its last epoch: network, data and optimiser on their device."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

from muldml_lite.config import Config
from muldml_lite.data import FaceDataset
from muldml_lite.losses import MultiThresholdLoss, sample_thresholds
from muldml_lite.model import EmbeddingNet
from muldml_lite.trainer.batches import Batch, Batches
from muldml_lite.trainer.device import make_accelerator
from muldml_lite.trainer.distributed import gather_rows, synchronise_batch_norm
from muldml_lite.trainer.evaluate import evaluate, look, snapshot
from muldml_lite.trainer.health import TrainingError, find_blow_up, find_problems
from muldml_lite.trainer.probe import choose_probe, judge
from muldml_lite.trainer.record import EpochRecord, Weights
from muldml_lite.trainer.sums import EpochSums, StepResult

WATCHED = 50  # steps between two looks at the loss: each look makes a GPU wait
DIAGNOSED = 20  # with batch-all, every so many steps triplets are judged one by one; that takes B³ comparisons


@dataclass(frozen=True)
class Step:
    """One finished optimisation step, for a progress line."""

    epoch: int
    done: int  # steps done, of the whole training
    total: int
    seconds_left: float


OnStep = Callable[[Step], None]
Clock = Callable[[], float]  # seconds


class Session:
    """Everything that `train` needs for its epochs; see `run_epoch`, and `step` for a single batch.

    Args:
        config: its P×K batch is that of all processes together.
        clock: what speed and time left are measured by; a caller who holds the training stops it meanwhile.
        on_images: called between batches of images while the network is measured.

    Raises:
        ConfigError: the machine does not have what `config` asks for.
    """

    def __init__(
        self,
        config: Config,
        dataset: FaceDataset,
        *,
        clock: Clock = time.perf_counter,
        on_images: Callable[[], None] | None = None,
    ) -> None:
        self.config, self.dataset, self.clock, self.on_images = config, dataset, clock, on_images
        self.accelerator = make_accelerator(config)
        self.device = self.accelerator.device
        torch.manual_seed(config.seed)
        network = EmbeddingNet(config.backbone, config.dim, len(dataset.classes))
        network = synchronise_batch_norm(network, self.accelerator)
        network = network.to(memory_format=torch.channels_last)  # 1.5–2 × faster convolutions on a CPU
        optimizer = torch.optim.AdamW(network.parameters(), weight_decay=config.weight_decay, fused=True)
        self.network, self.optimizer = self.accelerator.prepare(network, optimizer)
        self.weights = Weights(self.accelerator.unwrap_model(self.network), self.optimizer)
        self.loss = make_loss(config)
        self.loss = self.loss and self.loss.to(self.device)
        self.batches = Batches(config, dataset, self.accelerator)
        self.probe = choose_probe(dataset, config.probe_images, config.seed)
        self.total = len(self.batches) * config.epochs
        steps = self.total + 1  # the schedule counts the rate before the first step, too
        rise = max(0.2, 1.5 / steps)  # share of steps with a rising rate; of very few steps, at least one
        self.schedule = OneCycleLR(
            optimizer, config.learning_rate, total_steps=steps, pct_start=rise, cycle_momentum=False
        )
        self.started, self.first_step = clock(), 0

    def skip_to(self, epoch: int) -> None:
        """Put the learning rate where it stood after `epoch`."""
        self.first_step = epoch * len(self.batches)
        self.optimizer.step()  # no gradients: changes nothing, but the schedule insists on it
        for _ in range(self.first_step):
            self.schedule.step()

    def record_start(self) -> EpochRecord:
        """The record of the untrained network, epoch 0."""
        started = self.clock()
        nothing = dict.fromkeys(("loss", "cross_entropy", "metric_loss", "train_accuracy", "images_per_second"))
        return self._record(0, "start", nothing, None, started, None)

    def run_epoch(self, epoch: int, on_step: OnStep | None = None) -> EpochRecord:
        """Train for one epoch (counted from 1) and measure what came of it.

        Raises:
            TrainingError: the loss is no longer finite, or has exploded.
        """
        started = self.clock()
        joint = self.loss is not None and epoch > self.config.warmup_epochs
        sums = self.run_steps(epoch, joint, on_step)
        speed = {"images_per_second": sums.images / (self.clock() - started)}
        left = self._seconds_left(epoch * len(self.batches))
        phase = "joint" if joint else "warm-up"
        return self._record(epoch, phase, sums.means() | speed, sums.report(), started, left)

    def run_steps(self, epoch: int, joint: bool, on_step: OnStep | None = None) -> EpochSums:
        """All steps of an epoch, without the measuring after them."""
        self.network.train()
        sums = EpochSums()
        every = DIAGNOSED if self.config.mining == "batch-all" else 1
        for number, batch in enumerate(self.batches.draw(epoch), 1):
            sums.add(self.step(batch, joint, diagnostics=number % every == 1 % every))
            if number % WATCHED == 0 or number == len(self.batches):
                self._watch(epoch, number, sums.read())
            if on_step:
                done = (epoch - 1) * len(self.batches) + number
                on_step(Step(epoch, done, self.total, self._seconds_left(done)))
        return sums

    def step(self, batch: Batch, joint: bool, diagnostics: bool = True) -> StepResult:
        """One optimisation step on a batch.

        Args:
            joint: train the metric loss, too; otherwise it is measured only.
            diagnostics: judge every triplet, which batch-all does not need for its loss.
        """
        labels, config = batch.labels, self.config
        rows = torch.cat(self.network(self.batches.network_input(batch)), dim=1)  # (b, D + C)
        rows = gather_rows(rows, len(labels), self.accelerator)  # (B, D + C)
        embedding, logits = rows[:, : config.dim], rows[:, config.dim :]
        cross_entropy = nn.functional.cross_entropy(logits, labels)
        with torch.set_grad_enabled(joint):
            report = self.loss.report(embedding, labels, diagnostics=diagnostics) if self.loss else None
        total = cross_entropy + config.metric_weight * report.total if joint else cross_entropy
        self.optimizer.zero_grad()
        self.accelerator.backward(total * self.accelerator.num_processes)  # DDP will divide by it
        self.optimizer.step()
        self.schedule.step()
        right = (logits.argmax(1) == labels).sum()
        return StepResult(total.detach(), cross_entropy.detach(), right, report, len(labels))

    def _watch(self, epoch: int, number: int, steps: np.ndarray) -> None:
        """Stop if some step of the last ones, (steps, 2), went wrong; `number` is that of the last one."""
        found = find_blow_up(steps, len(self.dataset.classes))
        if found:
            step = number - len(steps) + found[0]
            raise self._error(epoch, f"step {step} of {len(self.batches)}: {found[1]}")

    def _error(self, epoch: int, reason: str) -> TrainingError:
        config = self.config
        return TrainingError(
            f"epoch {epoch}, {reason}; lower learning_rate (now {config.learning_rate:g}) or metric_weight (now "
            f"{config.metric_weight:g}); the last good weights are those after epoch {epoch - 1}"
        )

    def _seconds_left(self, done: int) -> float:
        spent = self.clock() - self.started
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
        # Every process measures for itself: the others would only wait meanwhile, and nothing has to be sent.
        view = look(self.weights.network, self.dataset, self.device, self.config.slices, self.on_images)
        if not np.isfinite(view.embeddings).all():
            raise self._error(epoch, "after the last step: the embeddings are not finite")
        thresholds = self.loss.thresholds.tolist() if self.loss else [None] * self.config.slices
        measured = evaluate(view, self.dataset, self.probe.index, thresholds, self.config.neighbours)
        records = measured.slice_records(slices)
        hinges = 2 if self.loss and self.loss.loss == "dual" else 1
        return EpochRecord(
            epoch=epoch,
            phase=phase,
            learning_rate=self.schedule.get_last_lr()[0],
            seconds=self.clock() - started,
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
