"""How hard each preset is. This is the one place to tune."""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True)
class Difficulty:
    """Everything that makes drawn expressions easier or harder to recognise."""

    intensity: Range  # strength of the expression's units, drawn uniformly
    unit_jitter: float  # relative spread of each unit around that strength
    optional_probability: float  # chance that an optional unit of the prototype joins
    spontaneous_probability: float  # chance per unit of a twitch unrelated to the expression
    spontaneous_strength: float  # strongest such twitch
    blend_probability: float  # chance that a second expression is mixed in
    blend_strength: float  # strongest second expression
    resting_spread: float  # standard deviation of the resting tone of a person's units
    gain_range: Range  # how strongly a person's face follows an action unit
    class_weights: tuple[float, ...] | None  # share of each of EXPRESSIONS; None: in turn, balanced
    wrong_label_share: float  # share of given labels that are wrong
    yaw: float  # degrees, most to either side
    pitch: float  # degrees, most up or down
    roll: float  # degrees, most to either side
    scale: Range  # size of the head relative to the usual
    shift: float  # hundredths of the frame, most in x and y
    light_strength: Range  # 0: even light, 1: hard light from one side
    contrast: Range  # 1: as drawn
    brightness: float  # grey levels, most up or down
    noise: Range  # standard deviation of the grain in grey levels
    occluder_probability: float  # chance of something in front of the face
    gaze: float  # how far the eyes wander, 1: to the corner
    background_saturation: Range  # of the background's colour
    background_value: Range  # of the background's colour


DIFFICULTIES = {
    "posed": Difficulty(
        intensity=(0.45, 1.0),
        unit_jitter=0.3,
        optional_probability=0.6,
        spontaneous_probability=0.06,
        spontaneous_strength=0.4,
        blend_probability=0.0,
        blend_strength=0.0,
        resting_spread=0.16,
        gain_range=(0.65, 1.15),
        class_weights=None,
        wrong_label_share=0.0,
        yaw=4.0,
        pitch=3.0,
        roll=3.0,
        scale=(0.96, 1.04),
        shift=1.5,
        light_strength=(0.0, 0.2),
        contrast=(0.95, 1.05),
        brightness=4.0,
        noise=(0.0, 0.0),
        occluder_probability=0.0,
        gaze=0.15,
        background_saturation=(0.10, 0.35),
        background_value=(0.75, 0.95),
    ),
    "wild": Difficulty(
        intensity=(0.6, 1.0),
        unit_jitter=0.35,
        optional_probability=0.5,
        spontaneous_probability=0.06,
        spontaneous_strength=0.4,
        blend_probability=0.15,
        blend_strength=0.4,
        resting_spread=0.16,
        gain_range=(0.65, 1.15),
        # Shares as in RAF-DB's training set.
        class_weights=(0.21, 0.39, 0.16, 0.105, 0.025, 0.06, 0.06),
        wrong_label_share=0.04,
        yaw=20.0,
        pitch=10.0,
        roll=12.0,
        scale=(0.88, 1.06),
        shift=4.0,
        light_strength=(0.1, 0.6),
        contrast=(0.7, 1.15),
        brightness=25.0,
        noise=(0.0, 8.0),
        occluder_probability=0.15,
        gaze=0.7,
        background_saturation=(0.15, 0.75),
        background_value=(0.30, 0.95),
    ),
}

PRESETS = tuple(DIFFICULTIES)


def difficulty_of(preset: str) -> Difficulty:
    """The difficulty of a preset; an unknown one raises, naming it."""
    if preset not in DIFFICULTIES:
        raise ValueError(f"preset: got {preset!r}, expected one of {', '.join(PRESETS)}")
    return DIFFICULTIES[preset]
