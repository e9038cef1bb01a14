"""Who a face belongs to: everything that stays the same from image to image of one person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from muldml_lite.faces import colours
from muldml_lite.faces.colours import Colour
from muldml_lite.faces.difficulty import difficulty_of
from muldml_lite.faces.expression import ACTION_UNITS

HAIR_STYLES = (
    "bald",
    "receding",
    "crop",
    "side part",
    "spiky",
    "curly",
    "afro",
    "bob",
    "fringe",
    "long",
    "wavy",
    "bun",
    "hijab",
    "beanie",
)
BEARDS = ("none", "stubble", "goatee", "full")
# Units that can be slightly active at rest. Not lips part, jaw drop or nose wrinkler: at rest those
# would read as an expression, not as a person's look.
RESTING_UNITS = ("AU1", "AU2", "AU4", "AU5", "AU6", "AU7", "AU12", "AU15", "AU17", "AU23")
_MAY_REST = np.array([name in RESTING_UNITS for name in ACTION_UNITS])  # (A,)


@dataclass(frozen=True)
class Identity:
    """One person. Lengths are relative to the usual (1.0) unless said otherwise."""

    head_width: float  # at the temples
    head_height: float  # crown to chin
    jaw: float  # width of the jaw
    chin: float  # width of the chin; small is pointed
    skin: Colour  # lit skin
    age: float  # 0: young, 1: old; lines around mouth and eyes
    eye_spacing: float  # distance of the eyes from the middle
    eye_size: float  # width of the eyes
    eye_opening: float  # height of the eyes at rest
    eye_tilt: float  # degrees, positive raises the outer corners
    iris: Colour  # of both eyes
    iris_size: float  # radius
    lashes: float  # 0: none, 1: full
    brow_thickness: float  # of the eyebrows
    brow_slant: float  # units of a hundredth of the frame; positive raises the outer ends
    brow_height: float  # units of a hundredth of the frame; positive is higher
    nose_width: float  # at the wings
    nose_length: float  # bridge to tip
    mouth_width: float  # at rest
    lip_fullness: float  # thickness of both lips
    lip: Colour  # of both lips
    ear_size: float  # of both ears
    blush: float  # 0..1, of the cheeks
    freckles: bool  # across nose and cheeks
    hair_style: str  # one of HAIR_STYLES
    hair: Colour  # of hair, brows and beard
    cloth: Colour  # of hijab or beanie
    beard: str  # one of BEARDS
    moustache: bool  # kept thin, so that the mouth stays visible
    glasses: bool  # with thin frames, so that the eyes stay visible
    glasses_round: bool  # round or boxy
    frames: Colour  # of the glasses
    resting: tuple[float, ...]  # (A,) tone of each action unit at rest, 0..1
    gain: tuple[float, ...]  # (A,) how strongly the face follows each action unit


def _sample_hair(rng: np.random.Generator, skin_place: float, age: float, masculine: bool) -> tuple[str, Colour]:
    """Hair style and colour; deep skin mostly goes with dark hair, old age with grey."""
    if masculine:
        shares = (0.10, 0.10, 0.22, 0.18, 0.12, 0.10, 0.06, 0.0, 0.02, 0.02, 0.0, 0.02, 0.0, 0.06)
    else:
        shares = (0.01, 0.0, 0.04, 0.04, 0.03, 0.07, 0.10, 0.15, 0.14, 0.14, 0.12, 0.10, 0.04, 0.02)
    style = str(rng.choice(HAIR_STYLES, p=shares))
    place = rng.random() ** (1 + 4 * skin_place)
    pick = rng.random()
    if age > 0.6 and pick < 0.75:
        return style, colours.blend_along(colours.GREY_HAIR, rng.random())
    if pick > 0.96:
        return style, colours.DYED_HAIR[rng.integers(len(colours.DYED_HAIR))]
    return style, colours.blend_along(colours.HAIR, place)


def _sample_muscles(rng: np.random.Generator, preset: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Resting tone (A,) and gain (A,) of every action unit."""
    how = difficulty_of(preset)
    tone = rng.standard_normal(len(ACTION_UNITS)) * how.resting_spread  # (A,)
    resting = np.where(_MAY_REST, np.clip(tone, 0, 0.6), 0.0)  # (A,)
    low, high = how.gain_range
    gain = low + (high - low) * rng.random(len(ACTION_UNITS))  # (A,)
    return tuple(resting.tolist()), tuple(gain.tolist())


def _pick(rng: np.random.Generator, palette: tuple[Colour, ...]) -> Colour:
    return palette[int(rng.integers(len(palette)))]


def _around(rng: np.random.Generator, spread: float, shift: float = 0.0) -> float:
    """About 1, at most `spread` to either side, then shifted."""
    return 1 + shift + spread * float(rng.uniform(-1, 1))


def _sample_head(rng: np.random.Generator, masculine: bool) -> dict[str, float]:
    """Fields of the head's shape."""
    return {
        "head_width": _around(rng, 0.09),
        "head_height": _around(rng, 0.05),
        "jaw": _around(rng, 0.08, 0.05 if masculine else -0.05),
        "chin": _around(rng, 0.25, 0.12 if masculine else -0.12),
        "ear_size": _around(rng, 0.15),
        "nose_width": _around(rng, 0.2),
        "nose_length": _around(rng, 0.12),
        "mouth_width": _around(rng, 0.12),
    }


def _sample_eyes(rng: np.random.Generator, masculine: bool) -> dict[str, float]:
    """Fields of eyes and brows."""
    return {
        "eye_spacing": _around(rng, 0.07),
        "eye_size": _around(rng, 0.12),
        "eye_opening": _around(rng, 0.14),
        "eye_tilt": float(rng.uniform(-4, 7)),
        "iris_size": _around(rng, 0.1),
        "lashes": float(rng.uniform(0, 0.3) if masculine else rng.uniform(0.4, 1)),
        "brow_thickness": _around(rng, 0.3, 0.15 if masculine else -0.2),
        "brow_slant": float(rng.uniform(-0.9, 0.9)),
        "brow_height": float(rng.uniform(-0.8, 1.0)),
    }


def sample_identity(rng: np.random.Generator, preset: str = "posed") -> Identity:
    """One person; `preset` only sets the spread of resting tone and gain."""
    masculine = bool(rng.random() < 0.5)
    skin_place, age = rng.random(), rng.random()
    skin = colours.blend_along(colours.SKIN, skin_place)
    hair_style, hair = _sample_hair(rng, skin_place, age, masculine)
    lipstick = colours.mix((176, 52, 62), (200, 84, 92), rng.random())
    reddish = rng.uniform(0.2, 0.4) if masculine else rng.uniform(0.35, 0.75)
    resting, gain = _sample_muscles(rng, preset)
    return Identity(
        **_sample_head(rng, masculine),
        **_sample_eyes(rng, masculine),
        skin=skin,
        age=age,
        iris=_pick(rng, colours.IRIS[: 3 if skin_place > 0.6 else None]),
        lip_fullness=_around(rng, 0.25, 0.15 * skin_place + (-0.1 if masculine else 0.1)),
        lip=colours.mix(colours.mix(skin, (120, 40, 40), 0.15), lipstick, reddish),
        blush=float(rng.uniform(0.15, 0.6)),
        freckles=bool(rng.random() < 0.25 and skin_place < 0.45),
        hair_style=hair_style,
        hair=hair,
        cloth=_pick(rng, colours.CLOTH),
        beard=str(rng.choice(BEARDS, p=(0.5, 0.16, 0.14, 0.2))) if masculine else "none",
        moustache=bool(masculine and rng.random() < 0.25),
        glasses=bool(rng.random() < 0.25),
        glasses_round=bool(rng.random() < 0.5),
        frames=_pick(rng, colours.FRAMES),
        resting=resting,
        gain=gain,
    )
