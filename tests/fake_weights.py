"""Weights for a fake run: an untrained network, so that new faces can be embedded."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file

from muldml_lite.config import Config
from muldml_lite.model import EmbeddingNet
from muldml_lite.runs import NEWEST_WEIGHTS, Run


def write_fake_weights(path: Path, epoch: int = 3) -> EmbeddingNet:
    """Save a network as its run's newest checkpoint, and give it back."""
    run = Run(path)
    config = Config.from_dict(run.config["config"])
    torch.manual_seed(0)
    network = EmbeddingNet(config.backbone, config.dim, len(run.probe.classes)).eval()
    (path / NEWEST_WEIGHTS).parent.mkdir(exist_ok=True)
    tensors = {f"model.{name}": value.contiguous() for name, value in network.state_dict().items()}
    save_file(tensors, path / NEWEST_WEIGHTS, metadata={"epoch": str(epoch), "record": "{}"})
    return network
