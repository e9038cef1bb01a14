"""A second run that begins with the first epochs of another and goes on with other settings."""

from __future__ import annotations

import dataclasses
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from muldml_lite.config import Config, automatic_warmup
from muldml_lite.runs.contents import RunError
from muldml_lite.runs.reader import Run
from muldml_lite.runs.seen import SEEN
from muldml_lite.runs.tensors import read_sound_tensors, read_tensor_header
from muldml_lite.runs.weights import NEWEST_WEIGHTS, epoch_of, kept_checkpoints, kept_name
from muldml_lite.runs.writer import RunWriter

# Other images, or another network: there is no going on from the parent's weights, or no comparing with its numbers.
IMAGE_SETTINGS = (
    "data",
    "root",
    "size",
    "subjects",
    "images_per_subject",
    "test_fraction",
    "folds",
    "fold",
    "split_seed",
    "labelled",
)
IMAGE_SETTINGS += ("neutral_frames", "find_faces", "skip_bad", "seed")
_NETWORK = ("slices", "dim", "backbone")
_START = ("weights",)
_MEASURES = ("probe_images", "neighbours")
FIXED = {
    **dict.fromkeys(IMAGE_SETTINGS, "images, split and batches"),
    **dict.fromkeys(_NETWORK, "the shapes of the weights"),
    **dict.fromkeys(_START, "where the network once started"),
    **dict.fromkeys(_MEASURES, "what is measured"),
}


def fork_epochs(run: Run) -> list[int]:
    """Epochs from which a run can be forked: finished ones whose weights and optimiser state are kept, ascending."""
    finished = {record["epoch"] for record in run.history}
    have = set(kept_checkpoints(run.path))
    newest = run.path / NEWEST_WEIGHTS
    if os.path.exists(newest):
        have.add(epoch_of(newest))
    return sorted(finished & have)


def starts_afresh(run: Run, epoch: int) -> bool:
    """Whether a fork after this epoch has an optimiser without memory, since the parent's own state was not kept.

    Such a fork does not repeat its parent exactly: AdamW's averages of past gradients begin anew, and weights may be
    rounded.

    Raises:
        RunError: no weights of that epoch.
    """
    _need_weights(run, epoch)
    return read_tensor_header(_weights(run, epoch)).metadata.get("optimizer") == "fresh"


def fork_config(run: Run, epoch: int, changes: dict[str, Any]) -> Config:
    """The parent's configuration with other values for some settings.

    Raises:
        RunError: no weights of that epoch, a setting that a fork has to share with its parent, or no epoch left.
        ConfigError: a value out of range.
    """
    _need_weights(run, epoch)
    parent = Config.from_dict(run.config["config"])
    if parent.warmup_epochs == automatic_warmup(parent.epochs):
        changes = {"warmup_epochs": None, **changes}  # nobody has set it, so it goes with the fork's epochs
    config = dataclasses.replace(parent, **changes)
    for name, what in FIXED.items():
        old, new = getattr(parent, name), getattr(config, name)
        if old != new:
            raise RunError(
                f"{name}: {new!r} given, but {run.name} has {old!r}, and a fork shares {what} with its parent; "
                "train a new run for that"
            )
    if config.epochs <= epoch:
        raise RunError(f"epochs: {config.epochs} given, but a fork from epoch {epoch} needs {epoch + 1} or more")
    return config


def make_fork(run: Run, epoch: int, config: Config, folder: str | os.PathLike[str]) -> Run:
    """Make a queued run of the parent's epochs up to `epoch`; training goes on from there as after a pause.

    The learning rate follows the fork's own schedule: with other epochs or another highest rate it jumps at the fork.

    Raises:
        RunError: the folder is in use, or the parent does not have that epoch or its weights any more.
    """
    folder = Path(folder)
    if os.path.lexists(folder) and (not folder.is_dir() or any(folder.iterdir())):
        raise RunError(f"{folder}: exists already; choose another folder for the fork")
    _need_weights(run, epoch)
    read_sound_tensors(_weights(run, epoch))
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.fork."))
    try:
        _fill(RunWriter(made), run, epoch, config)
        os.chmod(made, 0o755)  # mkdtemp makes folders that only their owner may read
        if folder.exists():
            folder.rmdir()
        os.rename(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return Run(folder)


def _weights(run: Run, epoch: int) -> Path:
    """Their file: that of a kept epoch, else the newest."""
    kept = run.path / kept_name(epoch)
    return kept if kept.exists() else run.path / NEWEST_WEIGHTS


def _need_weights(run: Run, epoch: int) -> None:
    have = fork_epochs(run)
    if epoch not in have:
        kept = ", ".join(map(str, have)) or "none"
        raise RunError(
            f"{run.path / 'checkpoint'}: no weights of epoch {epoch} to go on from; there are such of epochs: {kept}"
        )


def _fill(writer: RunWriter, run: Run, epoch: int, config: Config) -> None:
    """Everything up to the epoch; config.json, which makes it a run folder, last."""
    newest = writer.path / NEWEST_WEIGHTS
    newest.parent.mkdir()
    shutil.copyfile(_weights(run, epoch), newest)
    if epoch_of(newest) != epoch:  # the parent is being trained, and has gone on in this moment
        raise RunError(f"{run.path / NEWEST_WEIGHTS}: no longer that of epoch {epoch}; fork from a later one")
    for one in (e for e in run.epochs if e <= epoch):
        name = f"snapshots/{one:04d}.npz"
        (writer.path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(run.path / name, writer.path / name)
    shutil.copyfile(run.path / "probe.npz", writer.path / "probe.npz")
    if (run.path / SEEN).exists():
        shutil.copyfile(run.path / SEEN, writer.path / SEEN)
    writer.judgements([run.judgements.until(epoch)])
    writer.history([record for record in run.history if record["epoch"] <= epoch])
    facts = {name: value for name, value in run.config.items() if name not in ("config", "forked")}
    forked = {"run": run.path.resolve().name, "epoch": epoch}
    writer.status("queued", f"forked from {forked['run']} after epoch {epoch}")
    writer.config(config.to_dict(), **facts, forked=forked)
