"""Weights and optimiser state as one safetensors file, so that neither is ever newer than the other."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from muldml_lite.config import Config
from muldml_lite.model import EmbeddingNet
from muldml_lite.runs import NEWEST_WEIGHTS, Run, RunError, RunWriter, kept_checkpoints, kept_name, read_seen
from muldml_lite.runs.checked import check_record
from muldml_lite.runs.files import parse_json, reading
from muldml_lite.runs.tensors import TensorHeader, read_sound_tensors
from muldml_lite.runs.weights import epoch_in
from muldml_lite.text import printable
from muldml_lite.trainer.record import EpochRecord, Weights


def save_checkpoint(writer: RunWriter, record: EpochRecord) -> None:
    """Replace the run's checkpoint by this epoch's; the one before survives until the new one is whole.

    The epoch's record goes with it: whoever resumes can write the history's line that a kill came before.
    """
    weights = record.weights
    tensors = {f"model.{k}": v.detach().cpu().contiguous() for k, v in weights.network.state_dict().items()}
    for number, state in weights.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{key}": value.detach().cpu().contiguous() for key, value in state.items()}
    metadata = {"epoch": str(record.epoch), "record": json.dumps(record.to_json())}
    seen = read_seen(writer.path)
    if seen is not None:  # the weights may be taken elsewhere, to start another run from
        metadata["seen"] = seen.to_text()
    writer.tensors(NEWEST_WEIGHTS, save(tensors, metadata=metadata))


def keep_checkpoint(writer: RunWriter, epoch: int, megabytes: int) -> None:
    """Keep this epoch's weights beside the newest ones, and thin out what is kept down to a size on disk.

    The first and the newest stay longest, and what lies between them stays evenly spread. The file is a second name of
    the newest checkpoint's where the file system can do that, and takes no room until the next epoch.
    """
    newest = writer.path / NEWEST_WEIGHTS
    with writer.replacing(kept_name(epoch)) as path:
        path.unlink()
        try:
            os.link(newest, path)
        except OSError:  # a file system without links
            shutil.copyfile(newest, path)
    kept = kept_checkpoints(writer.path)
    for one in surplus(sorted(kept), megabytes * 1_000_000 // newest.stat().st_size):
        kept[one].unlink(missing_ok=True)


def surplus(epochs: Sequence[int], most: int) -> list[int]:
    """Which of ascending epochs to give up so that `most` are left, each time the one that leaves the least gap."""
    left, gone = list(epochs), []
    while len(left) > most:
        gaps = [after - before for before, after in zip(left, left[2:], strict=False)]
        gone.append(left.pop(1 + gaps.index(min(gaps)) if gaps else 0))
    return gone


def read_progress(run: Run) -> dict[str, Any] | None:
    """The record of the epoch that the run's checkpoint was saved after; None: there is no checkpoint yet.

    Raises:
        RunError: not a readable checkpoint.
    """
    path = run.path / NEWEST_WEIGHTS
    if not os.path.exists(path):
        return None
    _, header = _read(path)
    try:
        record = parse_json(header.metadata.get("record", ""))
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise RunError(f"{path}: not a readable checkpoint (it has no record of its epoch)")
    return check_record(record, f"{path}, record", run.config["config"].get("slices"))


def load_checkpoint(run: Run, weights: Weights) -> int:
    """Put the saved state into a network and its optimiser; returns the epoch it was saved after."""
    path = run.path / NEWEST_WEIGHTS
    tensors, header = _read(path)
    epoch = epoch_in(header, path)
    _load_network(weights.network, tensors, path)
    parameters = [parameter for group in weights.optimizer.param_groups for parameter in group["params"]]
    states: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        kind, _, rest = name.partition(".")
        number, _, key = rest.partition(".")
        if kind == "optimizer":
            if not number.isdecimal() or int(number) >= len(parameters):
                raise RunError(f"{path}: {name}: not of the network that config.json describes")
            # Saved row by row, but the optimiser wants the memory layout of the weights; its counter is a scalar.
            like = torch.empty_like(parameters[int(number)] if value.ndim else value)
            if value.ndim and value.shape not in (like.shape, (1,)):
                raise RunError(f"{path}: {name}: shape {tuple(value.shape)}, expected {tuple(like.shape)}")
            states.setdefault(int(number), {})[key] = like.copy_(value)
    if epoch > 0 and not states:
        raise RunError(f"{path}: holds no optimiser state, so training cannot go on from it")
    current = weights.optimizer.state_dict()
    weights.optimizer.load_state_dict({"state": states, "param_groups": current["param_groups"]})
    return epoch


def load_network(run: Run) -> EmbeddingNet:
    """The trained network of a run, on the CPU, in evaluation mode."""
    config = Config.from_dict(run.config["config"])
    network = EmbeddingNet(config.backbone, config.dim, len(run.probe.classes))
    tensors, _ = _read(run.path / NEWEST_WEIGHTS)
    _load_network(network, tensors, run.path / NEWEST_WEIGHTS)
    return network.eval()


def _load_network(network: nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    state = {k.removeprefix("model."): v for k, v in tensors.items() if k.startswith("model.")}
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        said = printable(error, 300)
        raise RunError(f"{path}: weights of another network than config.json describes ({said})") from error


def _read(path: Path) -> tuple[dict[str, Tensor], TensorHeader]:
    if not os.path.exists(path):
        raise RunError(f"{path}: missing; the run has no weights")
    content, header = read_sound_tensors(path)
    with reading(path, "a readable safetensors file", RunError):
        return load(content), header
