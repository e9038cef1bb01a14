"""Trains the run that the repository ships: with UMAP layout, half-precision weights, no optimiser state (≤ 3 MB)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from muldml_lite.config import Config
from muldml_lite.model import EmbeddingNet
from muldml_lite.runs import NEWEST_WEIGHTS, Run, RunWriter

FOLDER = Path(__file__).parent / "sample_run"
LARGEST = 3_000_000  # bytes


def main() -> None:
    _muldml("train", "--run", str(FOLDER), "--overwrite", "--keep-weights", "0")
    _muldml("layout", "--run", str(FOLDER), "--kind", "umap")
    shrink(Run(FOLDER))
    size = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
    print(f"{FOLDER}: {size / 1e6:.2f} MB")
    if size > LARGEST:
        sys.exit(f"larger than the {LARGEST / 1e6:.0f} MB that the repository ships; give Config fewer probe_images")


def _muldml(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "muldml_lite", *words], check=True)


def shrink(run: Run) -> None:
    """Halve the newest weights and put a fresh optimiser's state in place of theirs, two thirds of a checkpoint.

    So the run can still be forked; `runs.starts_afresh` tells forks that the state is a fresh one.
    """
    path = run.path / NEWEST_WEIGHTS
    with safe_open(path, "pt") as file:
        kept = {name: file.get_tensor(name) for name in file.keys() if name.startswith("model.")}  # noqa: SIM118
        told = file.metadata()
    halved = {name: value.half() if value.is_floating_point() else value for name, value in kept.items()}
    record = next(line for line in run.history if line["epoch"] == int(told["epoch"]))
    metadata = {**told, "record": json.dumps(record), "optimizer": "fresh"}
    RunWriter(run.path).tensors(NEWEST_WEIGHTS, save(halved | fresh_state(run), metadata=metadata))


def fresh_state(run: Run) -> dict[str, Tensor]:
    """State of AdamW before its first step: one zero stands for as many as a weight has."""
    config = Config.from_dict(run.config["config"])
    network = EmbeddingNet(config.backbone, config.dim, len(run.probe.classes))
    state = {"step": torch.tensor(0.0), "exp_avg": torch.zeros(1), "exp_avg_sq": torch.zeros(1)}
    return {
        f"optimizer.{number}.{key}": value.clone()
        for number, _ in enumerate(network.parameters())
        for key, value in state.items()
    }


if __name__ == "__main__":
    main()
