"""`train` and `resume`: iterate over the trainer and write the run folder."""

from __future__ import annotations

import platform
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from muldml_lite.analysis import make_layout
from muldml_lite.commands.pace import Pace
from muldml_lite.config import Config, ConfigError
from muldml_lite.data import PROTOCOLS, DataError, FaceDataset, count, describe, load_dataset
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

    `dataset` is what `load_dataset(config)` gives, where a caller has it already.

    Whatever ends the training, the folder's status says it: finished, failed with the reason, or cancelled. A run that
    was stopped before its first checkpoint is resumed by starting anew. Under `accelerate launch` one process
    writes and returns the numbers; the others train along and return nothing.
    """
    progress = read_progress(resume) if resume else None  # of the last epoch that is safe
    wait_for_all(config)  # nobody writes before all have looked at what is in the folder
    if not is_main_process():
        for _ in train(config, resume=resume if progress else None):
            pass
        part()
        return {}
    writer = RunWriter(folder)
    writer.sweep()
    if progress is None:
        _clear(folder)
        versions = {name: version(name) for name in _VERSIONED} | {"python": platform.python_version()}
        writer.config(config.to_dict(), versions=versions)
    else:
        # A kill may have come between an epoch's checkpoint and its line, or in the middle of the line.
        writer.history([line for line in resume.history if line["epoch"] < progress["epoch"]] + [progress])
        keep_checkpoint(writer, progress["epoch"], config.keep_weights)
    writer.status("running", "reading data")
    with _said_in(writer), _Job(writer, config, quiet) as job:
        calls = {"on_step": job.on_step, "on_images": job.on_images, "clock": job.pace.clock}
        for record in train(
            config, job.data(dataset, went_on=progress is not None), resume=resume if progress else None, **calls
        ):
            job.write(record)
            if record.epoch < config.epochs:
                job.pace.hold(record.epoch, f"after epoch {record.epoch}")
        part()
        writer.status("running", "layout")
        writer.layout("pca", *make_layout(Run(folder)))
        writer.status("finished")
    return job.summary()


class _Job:
    """The writing side of one training."""

    def __init__(self, writer: RunWriter, config: Config, quiet: bool) -> None:
        self.writer, self.config, self.quiet = writer, config, quiet
        self.epoch = 0  # the one under way
        self.judgements: list[Judgements] = []
        self.bar = tqdm(desc="reading data", unit="image", disable=quiet, dynamic_ncols=True)
        self.pace = Pace(writer, lambda line: self.bar.write(line, file=sys.stderr))

    def __enter__(self) -> _Job:
        return self

    def __exit__(self, *_: Any) -> None:
        self.bar.close()  # before anything is said about an error

    def data(self, dataset: FaceDataset | None, went_on: bool) -> FaceDataset:
        """The images, read now unless they were given; says and writes what they are, and that they are trained on.

        Args:
            went_on: some of the images may have been trained on before.
        """

        def progress(done: int, total: int) -> None:
            self.bar.total = total
            self.bar.update(done - self.bar.n)
            self.writer.heartbeat("reading data")

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
        write_seen(self.writer, self._seen(dataset, went_on))
        facts = {
            "images": len(dataset),
            "train": int((~dataset.test).sum()),
            "test": int(dataset.test.sum()),
            "skipped": list(dataset.skipped),
            "subjects": len(np.unique(dataset.subjects)) if known else None,
            "classes": list(dataset.classes),
            "counts": count(dataset),
        }
        written = {k: v for k, v in Run(self.writer.path).config.items() if k != "config"}
        self.writer.config(self.config.to_dict(), **written | {"data": facts})
        self.bar.reset()
        self.bar.set_description("training")
        self.bar.unit = "step"
        return dataset

    def _seen(self, dataset: FaceDataset, went_on: bool) -> Seen:
        """All that this run will have been trained on at its end."""
        run, config = Run(self.writer.path), self.config
        if not went_on:  # `train` looks whether the starting weights may be used
            return seen_by_weights(config.weights) | Seen.of(dataset, config.data)
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
        self.writer.heartbeat("measuring")
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
        loss = "" if record.loss is None else f"loss {record.loss:.3f}, "
        self.bar.set_postfix_str(f"{loss}head {record.head_accuracy:.1%}, k-NN {record.knn_accuracy:.1%}")
        for line in record.warnings:
            self.bar.write(f"epoch {record.epoch}: {line}", file=sys.stderr)

    def summary(self) -> dict[str, Any]:
        values = Run(self.writer.path).history[-1]
        kept = ("epoch", "head_accuracy", "knn_accuracy", "train_accuracy", "loss", "slices", "warnings")
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
def _said_in(writer: RunWriter) -> Iterator[None]:
    """Put the end of the block into the run's status, however it ends."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        alone = count_processes() == 1
        writer.status(
            "cancelled", "stopped by the user" if alone else "stopped by the user, or as another process failed"
        )
        raise
    except TrainingError as error:
        settings = writer.path / "config.json"
        message = f"{error}; change it in {settings}, and `muldml resume --run {writer.path}` goes on from there"
        writer.status("failed", message)
        raise TrainingError(message) from error
    except (ConfigError, DataError, RunError) as error:
        writer.status("failed", str(error))
        raise
    except BaseException as error:
        writer.status("failed", f"{type(error).__name__}: {error}")
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
