"""`bench faces`: faces drawn in a second, by preset and size, on one core."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from muldml_lite.bench.plan import BenchError, Case, Group, Plan
from muldml_lite.faces import PRESETS, draw_dataset

SIZES = (48, 64, 128)
_SUBJECTS, _IMAGES = 6, 7  # faces of one call: enough people that no one's hair or glasses decide


def plans(sizes: Sequence[int] = SIZES, presets: Sequence[str] = tuple(PRESETS)) -> list[Plan]:
    """One plan for every preset and size, pixels."""
    for size in sizes:
        if size < 16:
            raise BenchError(f"--size {size}: expected 16 pixels or more")
    return [
        Plan(f"{preset}, {size} px", lambda preset=preset, size=size: _group(preset, size), size)
        for preset in presets
        for size in sizes
    ]


def _group(preset: str, size: int) -> Group:
    def draw() -> np.ndarray:
        return draw_dataset(preset, subjects=_SUBJECTS, images_per_subject=_IMAGES, size=size).images

    work = _SUBJECTS * _IMAGES, "faces"
    return Group({"preset": preset, "size": size}, [Case("ours", draw, "ours")], work=work)
