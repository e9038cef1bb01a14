"""The judgement lab as a Jupyter widget."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anywidget
import traitlets

from muldml_lite.widgets.judgements import PRESETS, SOURCE, Scene, SceneError, lab_payload


class JudgementLab(anywidget.AnyWidget):
    """Points to drag, judged by triplet or dual triplet loss; `scene` is the picture as it is now.

    Args:
        start: a `Scene`, or the name of a preset ("An incomplete judgement", "A cycle", "Collapse", "All satisfied").
        settings: changes to it: points, space, loss, mining, tau, step, anchor, at.

    Raises:
        SceneError: no preset has this name, or a setting is out of range.
    """

    _esm = SOURCE.module
    _css = SOURCE.style
    data = traitlets.Dict().tag(sync=True)
    pick = traitlets.Dict().tag(sync=True)
    scene = traitlets.Dict().tag(sync=True)

    def __init__(self, start: Scene | str = PRESETS[0].name, **settings: Any) -> None:
        scene = self._changed(start, settings)
        super().__init__(data=lab_payload(), pick={"serial": 0, "scene": scene.to_dict()}, scene=scene.to_dict())

    def show(self, start: Scene | str | None = None, **settings: Any) -> None:
        """Show another picture, or the present one with other settings."""
        scene = self._changed(Scene.from_dict(self.scene) if start is None else start, settings)
        self.scene = scene.to_dict()
        self.pick = {"serial": self.pick["serial"] + 1, "scene": scene.to_dict()}

    @staticmethod
    def _changed(start: Scene | str, settings: dict[str, Any]) -> Scene:
        if isinstance(start, str):
            named = {preset.name: preset.scene for preset in PRESETS}
            if start not in named:
                raise SceneError(f"start: {start!r} given, expected a Scene or one of {', '.join(named)}")
            start = named[start]
        unknown = set(settings) - set(Scene.__dataclass_fields__)
        if unknown:
            raise SceneError(f"{sorted(unknown)[0]}: unknown, expected {', '.join(Scene.__dataclass_fields__)}")
        return replace(start, **settings)
