"""Facial expressions as FACS action units: names, EMFACS prototypes, and how they are sampled."""

from __future__ import annotations

import numpy as np

from muldml_lite.faces.difficulty import difficulty_of

EXPRESSIONS = ("neutral", "happiness", "sadness", "surprise", "fear", "anger", "disgust")

# L and R are the person's own left and right (FACS), so L is on the right of the image.
ACTION_UNITS: tuple[str, ...] = (
    "AU1",  # inner brow raiser
    "AU2",  # outer brow raiser
    "AU4",  # brow lowerer
    "AU5",  # upper lid raiser
    "AU6",  # cheek raiser
    "AU7",  # lid tightener
    "AU9",  # nose wrinkler
    "AU12",  # lip corner puller
    "AU14",  # dimpler
    "AU15",  # lip corner depressor
    "AU17",  # chin raiser
    "AU20",  # lip stretcher
    "AU23",  # lip tightener
    "AU25",  # lips part
    "AU26",  # jaw drop
    "AU12L",  # lip corner puller, one-sided
    "AU12R",
    "AU14L",  # dimpler, one-sided
    "AU14R",
)

# Units that make the prototype (EMFACS).
_CORE: dict[str, dict[str, float]] = {
    "neutral": {},
    "happiness": {"AU6": 0.9, "AU12": 1.0},
    "sadness": {"AU1": 1.0, "AU4": 0.7, "AU15": 1.0},
    "surprise": {"AU1": 1.0, "AU2": 1.0, "AU5": 0.9, "AU25": 1.0, "AU26": 1.0},
    "fear": {"AU1": 1.0, "AU2": 0.7, "AU4": 0.7, "AU5": 1.0, "AU20": 1.0, "AU25": 1.0},
    "anger": {"AU4": 1.0, "AU5": 0.7, "AU7": 0.6, "AU23": 1.0},
    "disgust": {"AU9": 1.0, "AU15": 0.8, "AU17": 0.9},
    "contempt": {"AU12L": 0.7, "AU14L": 1.0},
}

# Units that may join the prototype: some people show them, some do not.
_OPTIONAL: dict[str, dict[str, float]] = {
    "happiness": {"AU25": 0.8},
    "sadness": {"AU17": 0.6},
    "fear": {"AU26": 0.35, "AU7": 0.3},
    "disgust": {"AU7": 0.6},
}


def _vector(weights: dict[str, float]) -> np.ndarray:
    return np.array([weights.get(name, 0.0) for name in ACTION_UNITS], dtype=np.float32)  # (A,)


_PROTOTYPES = {name: _vector({**core, **_OPTIONAL.get(name, {})}) for name, core in _CORE.items()}
_IS_OPTIONAL = {name: _vector(_OPTIONAL.get(name, {})) > 0 for name in _CORE}


def prototype(expression: str) -> np.ndarray:
    """EMFACS prototype of `expression`, optional units included: (A,) float32 in 0..1."""
    if expression not in _PROTOTYPES:
        raise ValueError(f"expression: got {expression!r}, expected one of {', '.join(_PROTOTYPES)}")
    return _PROTOTYPES[expression].copy()


def sample_action_units(rng: np.random.Generator, expression: str, preset: str = "posed") -> np.ndarray:
    """One spontaneous variant of an expression: (A,) float32 in 0..1.

    Intensity, the strength of each unit and the optional units vary; unrelated units twitch;
    and, if the preset blends, a second expression is mixed in. `preset` sets how much of each.
    """
    how = difficulty_of(preset)
    weights = prototype(expression)  # (A,)
    chance = rng.random((4, len(ACTION_UNITS)))  # (4, A), always drawn, so that presets stay comparable
    one = rng.random(5)  # (5,)
    weights[_IS_OPTIONAL[expression] & (chance[0] > how.optional_probability)] = 0
    low, high = how.intensity
    units = weights * (low + (high - low) * one[0]) * (1 + how.unit_jitter * (2 * chance[1] - 1))
    if one[1] < how.blend_probability:
        other = EXPRESSIONS[1 + int(one[2] * (len(EXPRESSIONS) - 1))]
        units = np.maximum(units, prototype(other) * how.blend_strength * one[3])
    twitch = chance[2] < how.spontaneous_probability
    units = np.maximum(units, twitch * chance[3] * how.spontaneous_strength)
    return np.minimum(units, 1).astype(np.float32)
