"""A face with all its settings as whole numbers: what a slider moves, a die rolls, and a link can carry."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from muldml_lite.faces.draw import FRONTAL, activate, check_size, paint_face
from muldml_lite.faces.easel import Easel
from muldml_lite.faces.expression import ACTION_UNITS, prototype
from muldml_lite.faces.identity import Identity, sample_identity
from muldml_lite.faces.nuisance import Nuisance, sample_nuisance
from muldml_lite.faces.people import Crowd, person_stream

LAB_EXPRESSIONS = ("neutral", "happiness", "sadness", "surprise", "fear", "anger", "disgust", "contempt")
SHOTS = ("studio", "posed", "wild")  # studio: from the front, evenly lit, nothing left to chance
MOST = 999_999  # of the seeds that dice roll
_SEEDS = {"person": (0, MOST), "take": (0, MOST)}


class Dial(NamedTuple):
    """A setting of the camera, in whole numbers; `scale` times it is what `Nuisance` takes."""

    low: int
    high: int
    step: int  # between the frames that a sweep draws
    unit: str
    scale: float = 1.0


DIALS = {
    "yaw": Dial(-24, 24, 2, "°"),
    "pitch": Dial(-20, 20, 2, "°"),
    "roll": Dial(-20, 20, 2, "°"),
    "gaze_x": Dial(-100, 100, 10, "%", 0.01),
    "gaze_y": Dial(-100, 100, 10, "%", 0.01),
    "light_direction": Dial(-180, 180, 15, "°"),
    "light_strength": Dial(0, 80, 4, "%", 0.01),
}
UNIT_STEP = 5  # per cent, between the frames that a sweep of an action unit draws


@dataclass(frozen=True)
class LabFace:
    """Who (a seed), which action units (per cent), and which shot: the same settings draw the same pixels.

    Raises:
        ValueError: a setting that is not a whole number in its range, or has no such name.
    """

    person: int = 0  # seed of the identity
    units: Mapping[str, int] = field(default_factory=dict)  # action unit → per cent; those left out are 0
    shot: str = "studio"  # one of SHOTS
    take: int = 0  # seed of a posed or wild shot
    camera: Mapping[str, int] = field(default_factory=dict)  # one of DIALS → its value; those left out are the shot's

    def __post_init__(self) -> None:
        for name, (low, high) in _SEEDS.items():
            _check_whole(name, getattr(self, name), low, high)
        if self.shot not in SHOTS:
            raise ValueError(f"shot: got {self.shot!r}, expected one of {', '.join(SHOTS)}")
        _check_named("units", self.units, dict.fromkeys(ACTION_UNITS, (0, 100)))
        _check_named("camera", self.camera, {name: (dial.low, dial.high) for name, dial in DIALS.items()})
        # In one order and without what changes nothing, so that equal faces are written alike.
        units = {name: int(self.units[name]) for name in ACTION_UNITS if self.units.get(name)}
        own = {name: int(self.camera[name]) for name in DIALS if name in self.camera}
        if self.shot == "studio":
            object.__setattr__(self, "take", 0)
        taken = _camera_of(self.shot, self.take)
        object.__setattr__(self, "units", units)
        object.__setattr__(self, "camera", {name: value for name, value in own.items() if value != taken[name]})

    @property
    def identity(self) -> Identity:
        return _person(self.person)

    @property
    def action_units(self) -> np.ndarray:
        """(A,) float32 in 0..1, before the person's resting tone and gain."""
        return np.array([self.units.get(name, 0) / 100 for name in ACTION_UNITS], np.float32)

    @property
    def dials(self) -> dict[str, int]:
        """All settings of the camera, those of the shot included."""
        return {**_camera_of(self.shot, self.take), **self.camera}

    @property
    def nuisance(self) -> Nuisance:
        values = {name: value * DIALS[name].scale for name, value in self.dials.items()}
        return replace(_sampled(self.shot, self.take), **values)

    @property
    def shown(self) -> dict[str, float]:
        """Action units as this person's face shows them, with resting tone and gain: 0..1."""
        return activate(self.identity, self.action_units)

    def draw(self, size: int = 256) -> np.ndarray:
        """(size, size, 3) uint8."""
        return draw_faces([self], size)[0]

    def sweep(self, name: str) -> list[LabFace]:
        """This face at evenly spaced settings of one action unit or dial, from its lowest to its highest."""
        if name in ACTION_UNITS:
            return [replace(self, units={**self.units, name: value}) for value in range(0, 101, UNIT_STEP)]
        if name not in DIALS:
            raise ValueError(f"sweep: got {name!r}, expected an action unit or one of {', '.join(DIALS)}")
        low, high, step, *_ = DIALS[name]
        return [replace(self, camera={**self.camera, name: value}) for value in range(low, high + 1, step)]

    def morph(self, start: str, end: str, frames: int = 25) -> list[LabFace]:
        """This person and shot, from the prototype of one expression to that of another in even steps."""
        first, last = prototype(start), prototype(end)  # (A,), (A,)
        shares = np.linspace(0, 1, frames)[:, None]
        percent = np.rint(100 * (first * (1 - shares) + last * shares)).astype(int)  # (frames, A)
        return [replace(self, units=dict(zip(ACTION_UNITS, row.tolist(), strict=True))) for row in percent]

    def to_link(self) -> dict[str, str]:
        """Short texts for a link, e.g. person=17, au=6-90.12-100, shot=wild-5.yaw12; what is usual is left out."""
        link = {"person": str(self.person)}
        if self.units:
            link["au"] = ".".join(f"{name.removeprefix('AU')}-{value}" for name, value in self.units.items())
        taken = [] if self.shot == "studio" else [f"{self.shot}-{self.take}"]
        own = [f"{name}{value}" for name, value in self.camera.items()]
        if taken or own:
            link["shot"] = ".".join(taken + own)
        return link

    @staticmethod
    def from_link(link: Mapping[str, str]) -> LabFace:
        """The face of a link; texts it lacks mean what is usual.

        Raises:
            ValueError: a text that is not written as `to_link` does.
        """
        units = _read(link.get("au", ""), "au", r"([0-9]{1,2}[LR]?)-([0-9]{1,3})", "6-90.12-100")
        shot, take, camera = "studio", "0", link.get("shot", "")
        found = re.fullmatch(r"(posed|wild)-([0-9]{1,6})(?:\.(.+))?", camera)
        if found:
            shot, take, camera = found[1], found[2], found[3] or ""
        dials = _read(camera, "shot", r"([a-z_]+)(-?[0-9]{1,3})", "wild-5.yaw12")
        person = link.get("person", "0")
        if not (person.isascii() and person.isdecimal() and len(person) < 7):
            raise ValueError(f"person: got {person[:20]!r}, expected a whole number from 0 to {MOST}")
        return LabFace(int(person), {f"AU{name}": value for name, value in units.items()}, shot, int(take), dials)

    @staticmethod
    def from_values(values: Any) -> LabFace:
        """The face of plain values as a view sends them: a mapping of this class's fields."""
        if not isinstance(values, Mapping) or set(values) - set(LabFace.__dataclass_fields__):
            raise ValueError(f"face: expected a mapping of {', '.join(LabFace.__dataclass_fields__)}")
        return LabFace(**values)

    def to_values(self) -> dict[str, Any]:
        """Plain values, every dial of the camera included."""
        return {**{name: getattr(self, name) for name in ("person", "units", "shot", "take")}, "camera": self.dials}


def draw_faces(faces: Sequence[LabFace], size: int) -> np.ndarray:
    """Several faces at one size: (T, size, size, 3) uint8."""
    check_size(size)
    easel = Easel(size)
    images = np.empty((len(faces), size, size, 3), np.uint8)
    for i, face in enumerate(faces):
        images[i] = paint_face(easel, face.identity, face.action_units, face.nuisance)
    return images


@lru_cache(maxsize=256)
def _person(seed: int) -> Identity:
    return sample_identity(person_stream(seed, 0, crowd=Crowd.LAB), "posed")


@lru_cache(maxsize=256)
def _sampled(shot: str, take: int) -> Nuisance:
    return FRONTAL if shot == "studio" else sample_nuisance(np.random.default_rng(take), shot)


@lru_cache(maxsize=256)
def _camera_of(shot: str, take: int) -> dict[str, int]:
    """A shot's own settings, rounded to what a slider can be set to."""
    nuisance = _sampled(shot, take)
    rounded = {name: round(getattr(nuisance, name) / dial.scale) for name, dial in DIALS.items()}
    rounded["light_direction"] = (rounded["light_direction"] + 180) % 360 - 180
    return {name: min(max(value, DIALS[name].low), DIALS[name].high) for name, value in rounded.items()}


def _check_whole(name: str, value: Any, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
        raise ValueError(f"{name}: got {str(value)[:40]!r}, expected a whole number from {low} to {high}")


def _check_named(what: str, values: Any, ranges: Mapping[str, tuple[int, int]]) -> None:
    if not isinstance(values, Mapping):
        raise ValueError(f"{what}: got {str(values)[:40]!r}, expected a mapping of names to whole numbers")
    for name, value in values.items():
        if name not in ranges:
            raise ValueError(f"{what}: got {str(name)[:40]!r}, expected some of {', '.join(ranges)}")
        _check_whole(f"{what}[{name!r}]", value, *ranges[name])


def _read(text: str, what: str, pattern: str, example: str) -> dict[str, int]:
    found = [re.fullmatch(pattern, part) for part in text.split(".")] if text else []
    if len(found) > len(ACTION_UNITS) or not all(found):
        raise ValueError(f"{what}: got {text[:40]!r}, expected something like {example}")
    return {part[1]: int(part[2]) for part in found if part}
