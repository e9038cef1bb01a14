"""Trains the run that the repository ships: with UMAP layout, half-precision weights, no optimiser state (≤ 3 MB)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file

FOLDER = Path(__file__).parent / "sample_run"
LARGEST = 3_000_000  # bytes


def main() -> None:
    _muldml("train", "--run", str(FOLDER), "--overwrite", "--probe-images", "308")
    _muldml("layout", "--run", str(FOLDER), "--kind", "umap")
    _shrink(FOLDER / "checkpoint" / "last.safetensors")
    size = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
    print(f"{FOLDER}: {size / 1e6:.2f} MB")
    if size > LARGEST:
        sys.exit(f"larger than the {LARGEST / 1e6:.0f} MB that the repository ships; use fewer probe images")


def _muldml(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "muldml_lite", *words], check=True)


def _shrink(path: Path) -> None:
    """Optimiser state is two thirds of a checkpoint, of use only to go on with a training that is finished."""
    with safe_open(path, "pt") as file:
        kept = {name: file.get_tensor(name) for name in file.keys() if name.startswith("model.")}  # noqa: SIM118
        epoch = file.metadata()["epoch"]
    halved = {name: value.half() if value.is_floating_point() else value for name, value in kept.items()}
    save_file(halved, path, metadata={"epoch": epoch})
    path.chmod(0o644)


if __name__ == "__main__":
    main()
