"""Reads and checks class labels in every form that callers pass."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

Labels = Tensor | np.ndarray | Sequence[Any]  # also a pandas Series

_EXPECTED = "expected whole numbers of 0 or more, or text"


class NoTripletsWarning(UserWarning):
    """No image of a batch has both a positive and a negative, so a triplet loss learns nothing from it."""


def read_labels(labels: Labels) -> np.ndarray:
    """Class of every image (n,), int64 or text, of a list, tuple, array, Series or tensor of shape (n,) or (n, 1).

    Raises:
        ValueError: another shape, a missing or negative label, or one that is neither a whole number nor text.
    """
    if isinstance(labels, Tensor):
        labels = labels.detach().cpu()
        labels = labels.double() if labels.is_floating_point() else labels  # NumPy has no bfloat16
    try:
        array = np.asarray(labels)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"labels: {type(labels).__name__} that NumPy cannot read as (n,); {_EXPECTED}") from error
    array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if array.ndim != 1 or len(array) == 0:
        raise ValueError(f"labels has shape {array.shape}; expected (n,) with n of at least 1{_one_hot(array)}")
    if array.dtype.kind == "O":
        array = _unpacked(array)
    elif array.dtype.kind == "U" and isinstance(labels, list | tuple):  # NumPy makes text of numbers and NaN beside it
        array = _unpacked(np.array(labels, object).reshape(-1))
    if array.dtype.kind in "UT":
        return array.astype(str)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"labels has type {array.dtype}; {_EXPECTED}")
    with np.errstate(invalid="ignore"):
        whole = array.astype(np.int64)
    wrong = np.flatnonzero((whole < 0) | (whole != array))  # the conversion changes NaN, fractions and large values
    if len(wrong):
        raise ValueError(f"labels: {array[wrong[0]]} at place {wrong[0]}; {_EXPECTED}")
    return whole


def _unpacked(array: np.ndarray) -> np.ndarray:
    """An array (n,) of Python objects as one of numbers or of text: the same kind of object all through."""
    for kind, dtype in ((str, str), (numbers.Integral, np.int64), (numbers.Real, np.float64)):
        other = next((place for place, label in enumerate(array) if not isinstance(label, kind)), None)
        if other is None:
            try:
                return array.astype(dtype)
            except OverflowError:
                raise ValueError(f"labels: a whole number of more than 64 bits; {_EXPECTED}") from None
        if other > 0:
            break
    raise ValueError(f"labels: {array[other]!r} at place {other}; {_EXPECTED}, of one kind")


def as_integers(labels: Labels, count: int, device: torch.device) -> Tensor:
    """Labels (count,) as int64 on the device; a tensor of integers on a GPU is not waited for.

    Raises:
        ValueError: another shape, or no integers. Negative ones are found on the CPU only.
    """
    if not isinstance(labels, Tensor):
        array = read_labels(labels)
        if array.dtype.kind == "U":
            hint = "pass numpy.unique(labels, return_inverse=True)[1]"
            raise ValueError(f"labels: got text, expected {count} integers; {hint}")
        labels = torch.from_numpy(array)
    labels = labels.squeeze(1) if labels.shape == (count, 1) else labels
    if labels.shape != (count,) or labels.is_floating_point() or labels.is_complex():
        hint = _one_hot(labels) or ("; pass labels.long()" if labels.is_floating_point() else "")
        raise ValueError(
            f"labels has shape {tuple(labels.shape)} and type {labels.dtype}; expected {count} integers{hint}"
        )
    labels = labels.to(torch.int64)
    if can_read(labels) and labels.numpy().min(initial=0) < 0:  # or a uint64 beyond int64
        raise ValueError(f"labels: got {labels.min()}, expected {count} integers from 0 to 2**63 - 1")
    return labels.to(device)


def _one_hot(labels: np.ndarray | Tensor) -> str:
    return "; for one-hot rows pass labels.argmax(1)" if labels.ndim == 2 else ""


def can_read(tensor: Tensor) -> bool:
    """Whether Python may look at a tensor's values: on the CPU that costs nothing, on a GPU it has to wait.

    Tensors that stand for others (fake ones, those of a compiler) have no values, and shapes must not depend on
    values. So they are treated like tensors on a GPU.
    """
    return tensor.device.type == "cpu" and type(tensor) is Tensor and not torch.compiler.is_compiling()
