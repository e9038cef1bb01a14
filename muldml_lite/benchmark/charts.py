"""Figures as places on a line: HTML and CSS draw them at any width, in light and in dark, without a script."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from muldml_lite.benchmark.words import MEASURE_NAMES, NAMES, READ_OUT_NAMES, percent, points

_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_TICKS = 6


@dataclass(frozen=True)
class Mark:
    """Something on a row, from `left` to `left + width`, in per cent of the row."""

    kind: str  # dot | mean | bar
    left: float
    width: float = 0.0
    look: str = ""  # method, which has a colour and a shape
    title: str = ""


@dataclass(frozen=True)
class Line:
    """One row of a panel."""

    label: str
    numbers: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Panel:
    """A small figure."""

    title: str
    alt: str
    lines: tuple[Line, ...]
    ticks: tuple[tuple[float, str], ...]  # place in per cent, and what stands there
    rule: float | None = None  # place of an upright line: 0, or the published figure
    rule_text: str = ""


class Axis:
    """From numbers to places."""

    def __init__(self, values: Sequence[float], lowest: float = -math.inf, highest: float = math.inf) -> None:
        low, high = min(values), max(values)
        room = max(0.1 * (high - low), 0.005)
        span = (high - low) + 2 * room
        self.step = next((step for step in _STEPS if span / step <= _TICKS), _STEPS[-1])
        self.low = max(lowest, math.floor((low - room) / self.step) * self.step)
        self.high = min(highest, math.ceil((high + room) / self.step) * self.step)

    def at(self, value: float) -> float:
        return 100 * (value - self.low) / (self.high - self.low)

    def ticks(self, write) -> tuple[tuple[float, str], ...]:
        count = round((self.high - self.low) / self.step)
        return tuple((self.at(v), write(v)) for v in (self.low + i * self.step for i in range(count + 1)))


def accuracy_panels(results: Mapping[str, Any]) -> list[Panel]:
    """One panel a measure, one row a method: seeds as dots, their mean as a bar, the published figure as a line."""
    arms, figure = results["methods"], results["published"]["accuracy"]
    seen = [v for arm in arms for name in MEASURE_NAMES for v in arm["measures"][name]["by_seed"].values()]
    if not seen:
        return []
    axis = Axis(seen if figure is None else [*seen, figure], 0, 1)
    panels = []
    for name, title in MEASURE_NAMES.items():
        lines = [_method_line(arm, arm["measures"][name], axis) for arm in arms]
        shown = figure if name == "head_accuracy" else None
        alt = f"{title}: " + "; ".join(f"{line.label} {line.numbers}" for line in lines)
        alt += "" if shown is None else f"; published for Mul-DML {shown:.2%}"
        rule = None if shown is None else axis.at(shown)
        text = "" if shown is None else f"published: {100 * shown:.2f} %"
        panels.append(Panel(title, alt, tuple(lines), axis.ticks(_whole), rule, text))
    return panels


def _method_line(arm: Mapping[str, Any], measure: Mapping[str, Any], axis: Axis) -> Line:
    method, mean, spread = arm["method"], measure["mean"], measure["spread"]
    marks = [
        Mark("dot", axis.at(v), look=method, title=f"seed {s}: {percent(v)}") for s, v in measure["by_seed"].items()
    ]
    numbers = percent(mean) if spread is None else f"{100 * mean:.1f} ± {100 * spread:.1f} %"
    return Line(NAMES[method], numbers, (*marks, Mark("mean", axis.at(mean), look=method, title=f"mean {numbers}")))


def difference_panels(results: Mapping[str, Any]) -> list[Panel]:
    """One panel a measure, one row a method: difference from the control with its interval, and a line at 0."""
    found = results["differences"]
    ends = [v for one in found for v in (one["low"], one["high"], one["mean"]) if v is not None]
    if not ends:
        return []
    axis = Axis([*ends, 0.0])
    panels = []
    for name, title in MEASURE_NAMES.items():
        lines = [_gap_line(one, axis) for one in found if one["measure"] == name]
        alt = f"{title}, difference from {NAMES[results['control']]} in points: "
        alt += "; ".join(f"{line.label} {line.numbers}" for line in lines)
        panels.append(Panel(title, alt, tuple(lines), axis.ticks(_signed), axis.at(0)))
    return panels


def _gap_line(one: Mapping[str, Any], axis: Axis) -> Line:
    numbers, marks = points(one["mean"]), []
    if one["low"] is not None:
        numbers += f" [{points(one['low'])}, {points(one['high'])}]"
        left = axis.at(one["low"])
        marks.append(Mark("bar", left, axis.at(one["high"]) - left, one["method"], "95 % over people"))
    marks.append(Mark("dot", axis.at(one["mean"]), look=one["method"], title=points(one["mean"])))
    return Line(NAMES[one["method"]], numbers, tuple(marks))


def class_panels(results: Mapping[str, Any]) -> list[Panel]:
    """One panel a read-out, one row a class: how much of it each method recognises."""
    panels, axis = [], Axis([0.05, 0.95], 0, 1)
    for read_out, title in READ_OUT_NAMES.items() if results["methods"] else ():
        lines = []
        for place, label in enumerate(results["classes"]):
            shares = {arm["method"]: arm["class_recall"][read_out][place] for arm in results["methods"]}
            shares = {method: share for method, share in shares.items() if share is not None}
            marks = [
                Mark("dot", axis.at(v), look=method, title=f"{NAMES[method]}: {percent(v)}")
                for method, v in shares.items()
            ]
            numbers = " · ".join(f"{100 * v:.0f}" for v in shares.values())
            lines.append(Line(label, numbers, tuple(marks)))
        order = ", ".join(NAMES[arm["method"]] for arm in results["methods"])
        alt = f"{title}, recall of each class in per cent ({order}): "
        alt += "; ".join(f"{line.label} {line.numbers}" for line in lines)
        panels.append(Panel(f"{title}, recall of each class", alt, tuple(lines), axis.ticks(_whole)))
    return panels


def _whole(value: float) -> str:
    return f"{100 * value:.4g} %"


def _signed(value: float) -> str:
    return "0" if abs(value) < 1e-9 else f"{100 * value:+.4g}".replace("-", "−")
