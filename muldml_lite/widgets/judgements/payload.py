"""What the judgement lab is given: limits and pictures to begin with. It then works without Python."""

from __future__ import annotations

from typing import Any

from muldml_lite.widgets.judgements import scene
from muldml_lite.widgets.judgements.presets import PRESETS


def lab_payload() -> dict[str, Any]:
    """The same for everybody; which picture is shown is the host's wish."""
    return {
        "presets": [{"name": p.name, "sentence": p.sentence, "scene": p.scene.to_dict()} for p in PRESETS],
        "limits": {
            "fewest": scene.FEWEST,
            "most": scene.MOST,
            "classes": scene.CLASSES,
            "reach": scene.REACH,
            "tau": scene.TAUS,
            "step": scene.STEPS,
            "last": scene.LAST,
            "digits": scene.DIGITS,
        },
    }
