"""Where weights lie in a run folder, and of which epochs; reading the weights themselves is the trainer's."""

from __future__ import annotations

from pathlib import Path

from muldml_lite.runs.contents import RunError
from muldml_lite.runs.files import epoch_files
from muldml_lite.runs.tensors import TensorHeader, read_tensor_header
from muldml_lite.text import printable

NEWEST_WEIGHTS = "checkpoint/last.safetensors"


def kept_name(epoch: int) -> str:
    """The file of an earlier epoch's weights, inside the run folder."""
    return f"checkpoint/{epoch:04d}.safetensors"


def kept_checkpoints(folder: Path) -> dict[int, Path]:
    """Weights kept of single epochs: epoch → file. The newest checkpoint is there whether or not it is in here."""
    return epoch_files((folder / kept_name(0)).parent, ".safetensors")


def epoch_of(path: Path) -> int | None:
    """The epoch that a checkpoint was saved after; None: without its optimiser's state, training can't go on from it.

    Reads a few bytes only, and needs no torch.

    Raises:
        RunError: not a readable checkpoint.
    """
    header = read_tensor_header(path)
    epoch = epoch_in(header, path)
    return epoch if epoch == 0 or any(name.startswith("optimizer.") for name in header.tensors) else None


def epoch_in(header: TensorHeader, path: Path) -> int:
    """The epoch that a checkpoint says it is of, whether or not training can go on from it."""
    said = header.metadata.get("epoch", "")
    if not (said.isascii() and said.isdecimal() and len(said) < 10):
        raise RunError(f"{printable(path)}: not a readable checkpoint (epoch {printable(said, 20)!r})")
    return int(said)
