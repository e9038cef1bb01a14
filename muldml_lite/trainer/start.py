"""Where a network starts from: random weights, or what other images have taught it."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load
from torch import Tensor

from muldml_lite.config import Config, ConfigError
from muldml_lite.model import EmbeddingNet
from muldml_lite.runs import RunError
from muldml_lite.runs.tensors import read_sound_tensors
from muldml_lite.trainer.seen import DRAWN


def start_from(network: EmbeddingNet, config: Config) -> None:
    """Give a new network the weights that `config.weights` names: backbone, and embedding matrix M if its shape fits.

    The head starts anew, as the classes of two data sets are seldom the same. A file may be a checkpoint of a run, what
    `muldml pretrain` writes, or the backbone alone under torchvision's names.

    Raises:
        ConfigError: no such file, not safetensors, or weights of another backbone.
    """
    if config.weights == "random":
        return
    path = DRAWN if config.weights == "drawn" else Path(config.weights).expanduser()
    known = _named(_read(path))
    # Counts of batches say nothing to a network that starts anew, and some files lack them.
    wanted = {
        k: v
        for k, v in network.state_dict().items()
        if k.startswith("backbone.") and not k.endswith("num_batches_tracked")
    }
    missing = [k for k, v in wanted.items() if _shape(known, k) != v.shape]
    if missing:
        raise ConfigError(
            f"weights: {config.weights} is not of backbone {config.backbone}, {len(missing)} of {len(wanted)} tensors "
            f"are missing or of another shape, first {missing[0].removeprefix('backbone.')}"
        )
    taken = {k: v for k, v in known.items() if k in wanted}
    if _shape(known, "embedding.weight") == network.embedding.weight.shape:
        taken["embedding.weight"] = known["embedding.weight"]
    network.load_state_dict(taken, strict=False)


def _shape(tensors: dict[str, Tensor], name: str) -> object:
    return tensors[name].shape if name in tensors else None


def _read(path: Path) -> dict[str, Tensor]:
    if path.suffix in (".pth", ".pt", ".bin", ".ckpt"):
        raise ConfigError(f"weights: {path} is a pickle, which is never read here; data/README.md tells what to do")
    if not path.is_file():
        raise ConfigError(f"weights: {path}: no such file; expected random, drawn, or a safetensors file")
    try:
        return load(read_sound_tensors(path)[0])
    except RunError as error:
        raise ConfigError(f"weights: {error}") from None


def _named(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Under the names of `EmbeddingNet`, whichever of three kinds of files they come from."""
    if any(name.startswith("model.") for name in tensors):  # a checkpoint of a run
        return {k.removeprefix("model."): v for k, v in tensors.items() if k.startswith("model.")}
    if any(name.startswith("backbone.") for name in tensors):
        return tensors
    return {f"backbone.{k}": v for k, v in tensors.items() if not k.startswith("fc.")}  # torchvision's
