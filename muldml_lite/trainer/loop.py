"""The training loop: a generator with one record an epoch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from muldml_lite.config import Config
from muldml_lite.data import FaceDataset, load_dataset
from muldml_lite.runs import Run
from muldml_lite.trainer.checkpoint import load_checkpoint
from muldml_lite.trainer.record import EpochRecord
from muldml_lite.trainer.seen import check_unseen, seen_by_weights
from muldml_lite.trainer.session import Clock, OnStep, Session
from muldml_lite.trainer.start import start_from


def train(
    config: Config,
    dataset: FaceDataset | None = None,
    *,
    resume: Run | None = None,
    on_step: OnStep | None = None,
    on_images: Callable[[], None] | None = None,
    clock: Clock = time.perf_counter,
) -> Iterator[EpochRecord]:
    """Train as `config` says; yields a record before the first epoch and one after each.

    Every epoch starts from a seed of its own, so a resumed training repeats an uninterrupted one. The
    global random state of torch is set on the way. Under `accelerate launch` every process iterates, and all
    get the same records.

    Args:
        dataset: the data, if at hand; by default what `config` names is loaded.
        resume: go on after the epoch of this run's checkpoint instead of starting anew.
        on_step: called after every optimisation step.
        on_images: called between batches of images while the network is measured.
        clock: what speed and time left are measured by; whoever holds the training stops it meanwhile.

    Raises:
        ConfigError: the machine or the data does not have what `config` asks for, or the starting weights were taught
            on people who are held out here.
        TrainingError: the loss is no longer finite, or has exploded.
    """
    dataset = load_dataset(config) if dataset is None else dataset
    session = Session(config, dataset, clock=clock, on_images=on_images)
    first = 0
    if resume is not None:
        first = load_checkpoint(resume, session.weights)
        session.skip_to(first)
    else:
        start_from(session.weights.network, config)
        if config.weights != "random":
            taught = seen_by_weights(config.weights)
            check_unseen(taught, dataset, config, f"weights: {config.weights} was trained on")
        yield session.record_start()
    for epoch in range(first + 1, config.epochs + 1):
        yield session.run_epoch(epoch, on_step)
