"""`train` and `resume`: iterate over the trainer and write the run folder."""

from __future__ import annotations

import platform
import shutil
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from muldml_lite.analysis import make_layout
from muldml_lite.commands.pace import Follower, Pace
from muldml_lite.config import Config, ConfigError
from muldml_lite.data import PROTOCOLS, DataError, FaceDataset, count, describe, load_dataset
from muldml_lite.losses import NotFiniteWarning
from muldml_lite.model import EmbeddingNet
from muldml_lite.runs import SEEN, Judgements, Run, RunError, RunWriter, Seen, read_seen, write_seen
from muldml_lite.trainer import (
    EpochRecord,
    Step,
    TrainingError,
    count_processes,
    is_main_process,
    keep_checkpoint,
    part,
    read_progress,
    save_checkpoint,
    train,
    wait_for_all,
)
from muldml_lite.trainer.seen import check_unseen, notes_on, seen_by, seen_by_weights
from muldml_lite.trainer.start import start_from

_VERSIONED = ("torch", "torchvision", "accelerate", "numpy", "scikit-learn", "skia-python")
# The status first, then the checkpoint: a clearing that is killed half-way leaves no finished run without results,
# and no checkpoint without a history.
_MADE = ("status.json", "checkpoint", "history.jsonl", "probe.npz", "snapshots", "judgements.npz", "layout.npz")
_MADE += (SEEN,)


def run_training(
    folder: Path,
    config: Config,
    *,
    resume: Run | None = None,
    dataset: FaceDataset | None = None,
    quiet: bool = False,
) -> dict[str, Any]:
    """Train into `folder`; returns the last epoch's numbers.

    `dataset` is what `load_dataset(config)` gives, where a caller has it already. The caller holds the folder's lock.

    Whatever ends the training, the folder's status says it: finished, failed with the reason, or cancelled. A run that
    was stopped before its first checkpoint is resumed by starting anew. Under `accelerate launch` one process
    writes and returns the numbers; the others train along and return nothing.
    """
    warnings.filterwarnings("ignore", category=NotFiniteWarning)  # the trainer stops and says where
    progress = read_progress(resume) if resume else None  # of the last epoch that is safe
    wait_for_all(config)  # nobody writes before all have looked at what is in the folder
    if not is_main_process():
        follower = Follower()
        calls = {"on_step": follower.on_step, "on_images": follower.on_images}
        for record in train(config, resume=resume if progress else None, **calls):
            if record.epoch < config.epochs:
                follower.hold()
        part()
        return {}
    writer = RunWriter(folder)
    writer.sweep()
    with _Job(writer, config, resume, progress, quiet) as job, _said_by(job):
        if progress or not _holds_results(folder):
            job.begin()
        if progress is None:
            _check_start(config)
        calls = {"on_step": job.on_step, "on_images": job.on_images, "clock": job.pace.clock}
        images = job.data(dataset, went_on=progress is not None)
        for record in train(config, images, resume=resume if progress else None, **calls):
            job.begin()
            job.write(record)
            if record.epoch < config.epochs:
                job.pace.hold(record.epoch, f"after epoch {record.epoch}")
        part()
        writer.status("running", "layout")
        writer.layout("pca", *make_layout(Run(folder)))
        writer.status("finished")
    return job.summary()


def _check_start(config: Config) -> None:
    """Before any image is read, see that the weights to start from can be read and fit."""
    if config.weights != "random":
        start_from(EmbeddingNet(config.backbone, config.dim, classes=2), config)


def _holds_results(folder: Path) -> bool:
    return any((folder / name).exists() for name in ("history.jsonl", "checkpoint"))


class _Job:
    """The writing side of one training.

    An earlier run in the folder stays whole until `begin`: settings, data and network have been found good by then.
    """

    def __init__(
        self, writer: RunWriter, config: Config, resume: Run | None, progress: dict[str, Any] | None, quiet: bool
    ) -> None:
        self.writer, self.config, self.quiet = writer, config, quiet
        self.resume, self.progress = resume, progress
        self.begun, self.facts = False, {}
        self.seen: Seen | None = None  # once data is read
        self.epoch = 0  # the one under way
        self.judgements: list[Judgements] = []
        self.bar = tqdm(desc="reading data", unit="image", disable=quiet, dynamic_ncols=True)
        self.pace = Pace(writer, lambda line: self.bar.write(line, file=sys.stderr))

    def __enter__(self) -> _Job:
        return self

    def __exit__(self, *_: Any) -> None:
        self.bar.close()  # before anything is said about an error

    def begin(self) -> None:
        """Make the folder this training's own; later calls do nothing."""
        if self.begun:
            return
        self.begun = True
        if self.progress is None:
            _clear(self.writer.path)
            versions = {name: version(name) for name in _VERSIONED} | {"python": platform.python_version()}
            if self.seen is not None:
                write_seen(self.writer, self.seen)
            self.writer.config(self.config.to_dict(), versions=versions, **self.facts)
        else:
            # A kill may have come between an epoch's checkpoint and its line, or in the middle of the line.
            reached = self.progress["epoch"]
            known = [line for line in self.resume.history if line["epoch"] < reached]
            self.writer.history([*known, self.progress])
            keep_checkpoint(self.writer, reached, self.config.keep_weights)
        self.writer.status("running", "reading data")

    def alive(self, message: str) -> None:
        if self.begun:
            self.writer.heartbeat(message)

    def data(self, dataset: FaceDataset | None, went_on: bool) -> FaceDataset:
        """The images, read now unless they were given; says and writes what they are, and that they are trained on.

        Args:
            went_on: some of the images may have been trained on before.
        """

        def progress(done: int, total: int) -> None:
            self.bar.total = total
            self.bar.update(done - self.bar.n)
            self.alive("reading data")

        if dataset is None:
            dataset = load_dataset(self.config, progress)
        for line in dataset.skipped:
            self.bar.write(f"left out: {line}", file=sys.stderr)
        for line in () if self.quiet else describe(dataset):
            self.bar.write(line, file=sys.stderr)
        known = bool((dataset.subjects >= 0).all())
        protocol = PROTOCOLS.get(self.config.data)
        if not known and (protocol is None or protocol.folds):  # a split of its own keeps people apart as it says
            self.bar.write(
                "subjects are unknown: one person may be on both sides of the split, and accuracy then reads too "
                "high; a manifest with a subject column mends that",
                file=sys.stderr,
            )
        for line in () if self.quiet else notes_on(self.config):
            self.bar.write(line, file=sys.stderr)
        self.seen = self._seen(dataset, went_on)
        facts = {
            "images": len(dataset),
            "train": int((~dataset.test).sum()),
            "test": int(dataset.test.sum()),
            "skipped": list(dataset.skipped),
            "subjects": len(np.unique(dataset.subjects)) if known else None,
            "classes": list(dataset.classes),
            "counts": count(dataset),
        }
        self.facts = {"data": facts}
        if self.begun:
            write_seen(self.writer, self.seen)
            written = {k: v for k, v in Run(self.writer.path).config.items() if k != "config"}
            self.writer.config(self.config.to_dict(), **written | self.facts)
        self.bar.reset()
        self.bar.set_description("training")
        self.bar.unit = "step"
        return dataset

    def _seen(self, dataset: FaceDataset, went_on: bool) -> Seen:
        """All that this run will have been trained on at its end."""
        config = self.config
        if not went_on:  # `train` looks whether the starting weights may be used
            return seen_by_weights(config.weights) | Seen.of(dataset, config.data)
        run = Run(self.writer.path)
        if read_seen(run.path) is not None:
            told = f"{run.path}: its data has changed since, and it was trained on"
            check_unseen(seen_by(run), dataset, config, told)
        return seen_by(run, own=dataset) | Seen.of(dataset, config.data)

    def on_step(self, step: Step) -> None:
        self.bar.total = step.total
        self.bar.update(step.done - self.bar.n)
        self.writer.heartbeat(f"epoch {step.epoch} of {self.config.epochs}")
        self.epoch, each = step.epoch, step.total // self.config.epochs
        self.pace.hold(step.epoch - 1, f"in epoch {step.epoch}, at step {(step.done - 1) % each + 1} of {each}")

    def on_images(self) -> None:
        self.alive("measuring")
        if self.epoch > 0:
            self.pace.hold(self.epoch - 1, f"at the end of epoch {self.epoch}")

    def write(self, record: EpochRecord) -> None:
        """Everything of one epoch; its line in the history comes last and means that the rest is there."""
        if not self.judgements:
            self.writer.probe(record.probe)
            if record.epoch > 0:  # a resumed run: keep what was judged before
                self.judgements = [Run(self.writer.path).judgements.until(record.epoch - 1)]
        self.judgements.append(record.judgements)
        self.writer.snapshot(record.snapshot)
        self.writer.judgements(self.judgements)
        save_checkpoint(self.writer, record)
        keep_checkpoint(self.writer, record.epoch, self.config.keep_weights)
        self.writer.record(record.to_json())
        losses = {"cross entropy": record.cross_entropy, "metric loss": record.metric_loss}
        told = "".join(f"{name} {value:.3f}, " for name, value in losses.items() if value is not None)
        self.bar.set_postfix_str(f"{told}head {record.head_accuracy:.1%}, k-NN {record.knn_accuracy:.1%}")
        for line in record.warnings:
            self.bar.write(f"epoch {record.epoch}: {line}", file=sys.stderr)

    def summary(self) -> dict[str, Any]:
        values = Run(self.writer.path).history[-1]
        kept = ("epoch", "head_accuracy", "knn_accuracy", "train_accuracy", "loss", "cross_entropy", "metric_loss")
        kept += ("slices", "warnings")
        left_out = len(Run(self.writer.path).config["data"]["skipped"])
        return {"run": str(self.writer.path), "images_left_out": left_out, **{name: values[name] for name in kept}}


def _clear(folder: Path) -> None:
    """Take away what an earlier run left, and only that."""
    for name in _MADE:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


@contextmanager
def _said_by(job: _Job) -> Iterator[None]:
    """Put the end of the block into the run's status, however it ends; an earlier run keeps its own until `begin`."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    def say(state: str, message: str) -> None:
        if job.begun:
            job.writer.status(state, message)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        alone = count_processes() == 1
        say("cancelled", "stopped by the user" if alone else "stopped by the user, or as another process failed")
        raise
    except TrainingError as error:
        settings = job.writer.path / "config.json"
        message = f"{error}; change it in {settings}, and `muldml resume --run {job.writer.path}` goes on from there"
        say("failed", message)
        raise TrainingError(message) from error
    except (ConfigError, DataError, RunError) as error:
        say("failed", str(error))
        raise
    except BaseException as error:
        say("failed", f"{type(error).__name__}: {error}")
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
