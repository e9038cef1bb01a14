"""Where weights lie in a run folder, and of which epochs; reading the weights themselves is the trainer's."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError, safe_open

from muldml_lite.runs.contents import RunError

NEWEST_WEIGHTS = "checkpoint/last.safetensors"


def kept_name(epoch: int) -> str:
    """The file of an earlier epoch's weights, inside the run folder."""
    return f"checkpoint/{epoch:04d}.safetensors"


def kept_checkpoints(folder: Path) -> dict[int, Path]:
    """Weights kept of single epochs: epoch → file. The newest checkpoint is there whether or not it is in here."""
    files = (folder / kept_name(0)).parent.glob("*.safetensors")
    return {int(path.stem): path for path in files if path.stem.isdecimal()}


def epoch_of(path: Path) -> int | None:
    """The epoch that a checkpoint was saved after; None: without its optimiser's state, training can't go on from it.

    Reads a few bytes only, and needs no torch.

    Raises:
        RunError: not a readable checkpoint.
    """
    try:
        with safe_open(path, "numpy") as file:
            epoch = int(file.metadata()["epoch"])
            whole = epoch == 0 or any(name.startswith("optimizer.") for name in file.keys())  # noqa: SIM118
            return epoch if whole else None
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{path}: not a readable checkpoint ({error})") from error
