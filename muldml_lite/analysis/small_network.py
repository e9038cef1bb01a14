"""The small network's forward pass in NumPy, to look at a few faces: torch takes seconds and 300 MB until it is loaded.

`model.EmbeddingNet` is the network; a test holds this against it.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from safetensors.numpy import load

from muldml_lite.runs import NEWEST_WEIGHTS, Run, RunError
from muldml_lite.runs.files import reading
from muldml_lite.runs.tensors import read_sound_tensors

_MEAN = np.array((0.485, 0.456, 0.406), np.float32)  # as in `model`, which imports torch
_STD = np.array((0.229, 0.224, 0.225), np.float32)
_STAGES = ((0, 2, False), (3, 1, True), (7, 1, True), (11, 1, False))  # place in the backbone, stride, pooled
_GRID = 3
_EPSILON = 1e-5  # of batch normalisation


class SmallNetwork:
    """A run's trained small network on the CPU, in evaluation mode.

    Args:
        dim, classes: D and C, as the run's configuration and probe set have them.

    Raises:
        RunError: no readable weights, or those of another network.
    """

    def __init__(self, run: Run, dim: int, classes: int) -> None:
        path = run.path / NEWEST_WEIGHTS
        content, _ = read_sound_tensors(path)
        with reading(path, "a readable safetensors file", RunError):
            weights = load(content)
        try:
            read = {name: weights[f"model.{name}"].astype(np.float32) for name in _names()}
        except KeyError as error:
            raise RunError(f"{path}: weights of another network than config.json describes ({error})") from error
        self._stages = [_folded(read, place) for place, _, _ in _STAGES]
        self._embedding, self._head, self._bias = read["embedding.weight"], read["head.weight"], read["head.bias"]
        features = self._stages[-1][0].shape[0] * _GRID**2
        shapes = {"embedding.weight": (dim, features), "head.weight": (classes, dim), "head.bias": (classes,)}
        for name, shape in shapes.items():
            if read[name].shape != shape:
                raise RunError(
                    f"{path}: weights of another network than config.json describes ({name}: shape "
                    f"{read[name].shape}, expected {shape})"
                )

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Images (T, S, S, 3) uint8 to embedding (T, D) and logits (T, C), float32."""
        from threadpoolctl import threadpool_limits  # comes with scikit-learn

        with threadpool_limits(1, "blas"):  # threads that a training uses as well would be waited for
            values = (images.astype(np.float32) / 255 - _MEAN) / _STD  # (T, S, S, 3)
            for (_, stride, pooled), (kernel, bias) in zip(_STAGES, self._stages, strict=True):
                values = np.maximum(_convolve(values, kernel, stride) + bias, 0)
                values = _pool(values) if pooled else values
            features = _grid(values, _GRID).transpose(0, 3, 1, 2).reshape(len(images), -1)  # (T, F)
            embedding = features @ self._embedding.T  # (T, D)
            return embedding, embedding @ self._head.T + self._bias


def _names() -> list[str]:
    layers = [f"backbone.{place}.weight" for place, _, _ in _STAGES]
    kinds = ("weight", "bias", "running_mean", "running_var")
    layers += [f"backbone.{place + 1}.{kind}" for place, _, _ in _STAGES for kind in kinds]
    return [*layers, "embedding.weight", "head.weight", "head.bias"]


def _folded(read: dict[str, np.ndarray], place: int) -> tuple[np.ndarray, np.ndarray]:
    """A convolution and the batch normalisation after it as one: kernel (O, I, 3, 3) and bias (O,)."""
    norm = {kind: read[f"backbone.{place + 1}.{kind}"] for kind in ("weight", "bias", "running_mean", "running_var")}
    scale = norm["weight"] / np.sqrt(norm["running_var"] + _EPSILON)  # (O,)
    kernel = read[f"backbone.{place}.weight"] * scale[:, None, None, None]
    return kernel, norm["bias"] - norm["running_mean"] * scale


def _convolve(values: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """Values (T, H, W, I) and kernel (O, I, 3, 3) to (T, H', W', O), with a border of zeros one wide."""
    padded = np.pad(values, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = sliding_window_view(padded, (3, 3), axis=(1, 2))[:, ::stride, ::stride]  # (T, H', W', I, 3, 3)
    # Channels last, so that rows are copied in pieces that lie together.
    rows = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, kernel[0].size)
    return (rows @ kernel.transpose(2, 3, 1, 0).reshape(-1, len(kernel))).reshape(*windows.shape[:3], -1)


def _pool(values: np.ndarray) -> np.ndarray:
    """The largest of each 2 × 2; an odd last row or column is left out."""
    count, high, wide, channels = values.shape
    even = values[:, : high // 2 * 2, : wide // 2 * 2]
    return even.reshape(count, high // 2, 2, wide // 2, 2, channels).max((2, 4))


def _grid(values: np.ndarray, cells: int) -> np.ndarray:
    """Means over a grid of cells, which overlap where the size is no multiple: (T, H, W, C) to (T, cells, cells, C)."""
    for axis in (1, 2):
        size = values.shape[axis]
        parts = [
            values.take(range(i * size // cells, -(-(i + 1) * size // cells)), axis).mean(axis) for i in range(cells)
        ]
        values = np.stack(parts, axis)
    return values
