"""The face lab as a Jupyter widget."""

from __future__ import annotations

import os
from typing import Any

import anywidget
import traitlets

from muldml_lite.analysis.embedding_of import Embedder
from muldml_lite.faces.lab import LabFace, draw_faces
from muldml_lite.runs import Run, RunError
from muldml_lite.widgets.faces import SOURCE, answer, lab_payload, read_surroundings, variants


class FaceLab(anywidget.AnyWidget):
    """A drawn face to play with, and where a run puts it; `face` is the present one, a `LabFace`.

    Raises:
        RunError: the run has no probe set.
    """

    _esm = SOURCE.module
    _css = SOURCE.style
    data = traitlets.Dict().tag(sync=True)
    pick = traitlets.Dict().tag(sync=True)
    ask = traitlets.Dict(None, allow_none=True).tag(sync=True)

    def __init__(self, run: Run | str | os.PathLike[str] | None = None, face: LabFace | None = None) -> None:
        run = Run(run) if run is not None and not isinstance(run, Run) else run
        self.face = face or LabFace()
        self._around = read_surroundings(run) if run else None
        self._embedder: Embedder | None = None
        self._problem = self._around.problem if self._around else ""
        super().__init__(data=lab_payload(self._around), pick=self._first())
        self.observe(self._answer, "ask")

    def _first(self) -> dict[str, Any]:
        """The face before the view has asked anything."""
        return {
            "serial": 0,
            **answer(self.face, around=self._around),
            "waiting": "",
            "problem": self._problem,
            "morph": "neutral-happiness",
        }

    def _answer(self, change: dict[str, Any]) -> None:
        """The face at once; its places in the slices follow, since torch takes seconds the first time."""
        ask = change["new"]
        try:
            face, vary = LabFace.from_values(ask["face"]), str(ask["vary"])
            strip = variants(face, vary)
        except (KeyError, TypeError, ValueError) as error:
            self.pick = {**self.pick, "serial": ask.get("serial", 0), "problem": str(error)}
            return
        self.face = face
        said = {"serial": ask.get("serial", 0), "waiting": "", "problem": self._problem, "morph": "neutral-happiness"}
        if self._around is None or self._problem:
            self.pick = {**answer(face, vary, self._around, held=ask.get("held")), **said}
            return
        if self._embedder is None:
            self.pick = {**answer(face, vary, self._around, held=ask.get("held")), **said}
        try:
            self._embedder = self._embedder or Embedder(self._around.run)
        except RunError as error:
            self._problem = str(error)
            self.pick = {**self.pick, "problem": self._problem}
            return
        embedded = self._embedder.embed(draw_faces([face, *strip], self._embedder.size))
        self.pick = {**answer(face, vary, self._around, embedded, ask.get("held")), **said}
