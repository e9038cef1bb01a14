"""Exercises: functions for a learner to write, and what to say to what was written. Nothing here raises."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Exercise:
    """A function to write."""

    reference: Callable[..., Any]
    cases: tuple[tuple[Any, ...], ...]
    hints: tuple[str, ...]
    mistakes: tuple[tuple[Callable[..., Any], str], ...]  # a wrong function, and what to say to who wrote it


def verdict(exercise: Exercise, name: str, answer: Callable[..., Any]) -> str:
    """`[ ] not solved yet`, `[!] f(…) gave …, expected …` with the likely reason, or `[x] correct`."""
    given = [_try(answer, case) for case in exercise.cases]
    if all(isinstance(value, _Nothing) for value in given):
        return f'[ ] not solved yet. For a hint: hint("{name}")'
    for case, value in zip(exercise.cases, given, strict=True):
        wanted = exercise.reference(*copy.deepcopy(case))
        if not _same(value, wanted):
            call = f"{name}({', '.join(map(_short, case))})"
            return f"[!] {call} {_told(value)}, expected {_short(wanted)}\n    {_explained(exercise, given)}"
    return "[x] correct"


class _Nothing:
    """What an unsolved stub gives: None or an ellipsis."""


def _try(function: Callable[..., Any], case: tuple[Any, ...]) -> Any:
    try:
        with np.errstate(all="ignore"):
            value = function(*copy.deepcopy(case))
    except Exception as error:
        return error
    return _Nothing() if value is None or value is ... else value


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(value, (_Nothing, Exception)):
        return False
    try:
        found = np.asarray(value.detach() if hasattr(value, "detach") else value)
        expected = np.asarray(wanted)
        if expected.dtype == bool and found.dtype != bool:
            return False
        return found.shape == expected.shape and bool(np.allclose(found.astype(float), expected, 1e-4, 1e-6))
    except Exception:
        return False


def _told(value: Any) -> str:
    if isinstance(value, Exception):
        return f"raised {type(value).__name__}: {value}"
    return "gave nothing" if isinstance(value, _Nothing) else f"gave {_short(value)}"


def _explained(exercise: Exercise, given: list[Any]) -> str:
    for wrong, text in exercise.mistakes:
        made = [_try(wrong, case) for case in exercise.cases]
        if all(_same(value, like) for value, like in zip(given, made, strict=True)):
            return text
    return "The first hint may help."


def _short(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    try:
        array = np.asarray(value.detach() if hasattr(value, "detach") else value)
        if array.ndim == 0 and array.dtype.kind in "fiu":
            return f"{float(array):.4g}"
        if array.ndim == 1 and array.size <= 3:
            return "[" + ", ".join(f"{float(v):.3g}" for v in array) + "]"
        if array.ndim:
            return f"array of shape {array.shape}"
    except Exception:
        pass
    text = repr(value)
    return text if len(text) < 60 else text[:57] + "…"
