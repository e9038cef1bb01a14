"""Weights and optimiser state as one safetensors file, so that neither is ever newer than the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from muldml_lite.config import Config
from muldml_lite.model import EmbeddingNet
from muldml_lite.runs import Run, RunError, RunWriter
from muldml_lite.trainer.record import EpochRecord, Weights

FILE = "checkpoint/last.safetensors"


def save_checkpoint(writer: RunWriter, record: EpochRecord) -> None:
    """Replace the run's checkpoint by this epoch's; the one before survives until the new one is whole.

    The epoch's record goes with it: whoever resumes can write the history's line that a kill came before.
    """
    weights = record.weights
    tensors = {f"model.{k}": v.detach().cpu().contiguous() for k, v in weights.network.state_dict().items()}
    for number, state in weights.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{key}": value.detach().cpu().contiguous() for key, value in state.items()}
    with writer.replacing(FILE) as path:
        save_file(tensors, path, metadata={"epoch": str(record.epoch), "record": json.dumps(record.to_json())})


def read_progress(run: Run) -> dict[str, Any] | None:
    """The record of the epoch that the run's checkpoint was saved after; None: there is no checkpoint yet.

    Raises:
        RunError: not a readable checkpoint.
    """
    if not (run.path / FILE).exists():
        return None
    with _opened(run.path / FILE) as file:
        return json.loads(file.metadata()["record"])


def load_checkpoint(run: Run, weights: Weights) -> int:
    """Put the saved state into a network and its optimiser; returns the epoch it was saved after."""
    tensors, epoch = _read(run.path / FILE)
    _load_network(weights.network, tensors, run.path / FILE)
    parameters = [parameter for group in weights.optimizer.param_groups for parameter in group["params"]]
    states: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("optimizer."):
            _, number, key = name.split(".", 2)
            # Saved row by row, but the optimiser wants the memory layout of the weights; its counter is a scalar.
            like = torch.empty_like(parameters[int(number)] if value.ndim else value)
            states.setdefault(int(number), {})[key] = like.copy_(value)
    if epoch > 0 and not states:
        raise RunError(f"{run.path / FILE}: holds no optimiser state, so training cannot go on from it")
    current = weights.optimizer.state_dict()
    weights.optimizer.load_state_dict({"state": states, "param_groups": current["param_groups"]})
    return epoch


def load_network(run: Run) -> EmbeddingNet:
    """The trained network of a run, on the CPU, in evaluation mode."""
    config = Config.from_dict(run.config["config"])
    network = EmbeddingNet(config.backbone, config.dim, len(run.probe.classes))
    tensors, _ = _read(run.path / FILE)
    _load_network(network, tensors, run.path / FILE)
    return network.eval()


def _load_network(network: nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    state = {k.removeprefix("model."): v for k, v in tensors.items() if k.startswith("model.")}
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise RunError(f"{path}: weights of another network than config.json describes ({error})") from error


def _read(path: Path) -> tuple[dict[str, Tensor], int]:
    with _opened(path) as file:
        return {k: file.get_tensor(k) for k in file.keys()}, int(file.metadata()["epoch"])  # noqa: SIM118


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    if not path.exists():
        raise RunError(f"{path}: missing; the run has no weights")
    try:
        with safe_open(path, "pt") as file:
            yield file
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{path}: not a readable checkpoint ({error})") from error
