"""A picture of the judgement lab: points, rules and an iteration; checked, and written to a link and back."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

SPACES = ("plane", "circle")
LOSSES = ("triplet", "dual")
MININGS = ("one", "hard")  # one fixed anchor, or Batch Hard with every point an anchor
SPEEDS = ("slow", "medium", "fast")
FEWEST, MOST = 3, 8  # points
CLASSES = 3
REACH = 3.0  # the largest coordinate, either way
TAUS, STEPS = (0.0, 1.0), (0.005, 2.0)
LAST = 1000  # iterations
DIGITS = 4  # of a coordinate, so that a link holds exactly what is seen

_POINT = re.compile(r"([a-c])(-?\d{1,2}(?:\.\d{1,6})?)_(-?\d{1,2}(?:\.\d{1,6})?)")


class SceneError(ValueError):
    """A picture that the lab cannot show; the message names the setting and what was expected."""


@dataclass(frozen=True)
class Scene:
    """Where points start, how they are judged, and at which iteration they are looked at.

    Raises:
        SceneError: a value is out of range, or the points are too few for any triplet.
    """

    points: tuple[tuple[float, float, int], ...]  # (x, y, class) of 3 to 8 points, called A to H
    space: str = "plane"  # "plane" | "circle" (of radius 1)
    loss: str = "triplet"  # "triplet" | "dual"
    mining: str = "one"  # "one": one fixed anchor | "hard": Batch Hard
    tau: float = 0.2  # threshold τ, in units of the distance
    step: float = 0.05  # step size of gradient descent
    anchor: int = 0  # the fixed anchor; with Batch Hard, the anchor whose side is shown
    at: int = 0  # iteration
    speed: str = "medium"  # of playing: "slow" | "medium" | "fast"
    close: bool = False  # whether the view comes close to the triplet
    control: bool = False  # whether the curve of the triplet loss at twice the step size is shown

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", tuple(_point(i, values) for i, values in enumerate(_listed(self.points))))
        if not FEWEST <= len(self.points) <= MOST:
            raise SceneError(f"points: {len(self.points)} given, expected {FEWEST} to {MOST}")
        for key, choices in (("space", SPACES), ("loss", LOSSES), ("mining", MININGS), ("speed", SPEEDS)):
            if getattr(self, key) not in choices:
                raise SceneError(f"{key}: {getattr(self, key)!r} given, expected {' or '.join(choices)}")
        for key, (low, high) in (("tau", TAUS), ("step", STEPS)):
            object.__setattr__(self, key, _within(key, getattr(self, key), low, high))
        for key, most in (("anchor", len(self.points) - 1), ("at", LAST)):
            value = getattr(self, key)
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
                raise SceneError(f"{key}: {value!r} given, expected a whole number from 0 to {most}")

        for key in ("close", "control"):
            if not isinstance(getattr(self, key), bool):
                raise SceneError(f"{key}: {getattr(self, key)!r} given, expected yes or no (1 or 0 in a link)")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Scene:
        """The scene that the view reports."""
        unknown = set(values) - set(cls.__dataclass_fields__)
        if unknown or "points" not in values:
            raise SceneError(
                f"{', '.join(sorted(unknown)) or 'points'}: expected {', '.join(cls.__dataclass_fields__)}"
            )
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "points": [list(point) for point in self.points]}

    @classmethod
    def from_link(cls, query: Mapping[str, str], default: Scene) -> Scene:
        """What a link asks for; what it does not mention is as in `default`."""
        values: dict[str, Any] = {key: query[key] for key in ("space", "loss", "mining", "speed") if key in query}
        if "points" in query:
            values["points"] = _read_points(query["points"])
        for key in ("tau", "step"):
            if key in query:
                values[key] = _number(key, query[key])
        if "anchor" in query:
            values["anchor"] = "ABCDEFGH".find(query["anchor"]) if len(query["anchor"]) == 1 else -1
        if "at" in query:
            values["at"] = int(query["at"]) if re.fullmatch(r"\d{1,6}", query["at"]) else query["at"]
        for key in ("close", "control"):
            if key in query:
                values[key] = {"0": False, "1": True}.get(query[key], query[key])
        return cls(**{**asdict(default), **values})

    def to_link(self) -> dict[str, str]:
        """The whole scene as short values for a link; only letters, digits, dots, hyphens and underscores in them."""
        points = "".join(f"{'abc'[k]}{_short(x)}_{_short(y)}" for x, y, k in self.points)
        words = {"space": self.space, "loss": self.loss, "mining": self.mining}
        looks = {"speed": self.speed, "close": str(int(self.close)), "control": str(int(self.control))}
        numbers = {"tau": _short(self.tau), "step": _short(self.step), "anchor": "ABCDEFGH"[self.anchor]}
        return {"points": points, **words, **numbers, "at": str(self.at), **looks}


def _listed(points: Any) -> Iterable[Any]:
    if not isinstance(points, (list, tuple)):
        raise SceneError(f"points: {points!r} given, expected (x, y, class) of {FEWEST} to {MOST} points")
    return points


def _point(place: int, values: Any) -> tuple[float, float, int]:
    name = f"points[{place}]"
    try:
        x, y, label = values
    except (TypeError, ValueError):
        raise SceneError(f"{name}: {values!r} given, expected (x, y, class)") from None
    if label not in range(CLASSES) or isinstance(label, bool):
        raise SceneError(f"{name}: class {label!r} given, expected 0 to {CLASSES - 1}")
    return _within(name, x, -REACH, REACH), _within(name, y, -REACH, REACH), int(label)


def _within(key: str, value: Any, low: float, high: float) -> float:
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not low <= value <= high:
        raise SceneError(f"{key}: {value!r} given, expected {low:g} to {high:g}")
    return round(float(value), DIGITS)


def _number(key: str, text: str) -> float:
    if not re.fullmatch(r"\d{1,2}(\.\d{1,6})?", text):
        raise SceneError(f"{key}: {text[:20]!r} given, expected a number such as 0.2")
    return float(text)


def _read_points(text: str) -> list[tuple[float, float, int]]:
    found = list(_POINT.finditer(text[:300]))
    if not found or "".join(match[0] for match in found) != text:
        raise SceneError(f"points: {text[:30]!r} given, expected points like a-0.5_0.25, one after the other")
    return [(float(match[2]), float(match[3]), "abc".index(match[1])) for match in found]


def _short(value: float) -> str:
    return f"{value:.{DIGITS}f}".rstrip("0").rstrip(".") or "0"
