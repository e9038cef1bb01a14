"""The slices view as a Jupyter widget."""

from __future__ import annotations

import os

import anywidget
import traitlets

from muldml_lite.runs import Run
from muldml_lite.widgets.slices import SOURCE, slices_payload


class SlicesView(anywidget.AnyWidget):
    """Every slice's embedding of a run, side by side.

    `picked` is the picked image's place in the probe set, `selected` the places of what the lasso went round, `epoch`
    the shown epoch, `look` what else was set: colour, kind, only, zoom.

    Raises:
        RunError: the run has no snapshot or no layout yet.
    """

    _esm = SOURCE.module
    _css = SOURCE.style
    data = traitlets.Dict().tag(sync=True)
    pick = traitlets.Dict().tag(sync=True)
    picked = traitlets.Int(None, allow_none=True).tag(sync=True)
    selected = traitlets.List(traitlets.Int()).tag(sync=True)
    epoch = traitlets.Int(None, allow_none=True).tag(sync=True)
    look = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        run: Run | str | os.PathLike[str],
        picked: int | None = None,
        neighbours: int = 5,
        most_epochs: int = 24,
        most_bytes: int = 8_000_000,
    ) -> None:
        """`picked`: the face picked at the start; the rest is as in `slices_payload`."""
        run = run if isinstance(run, Run) else Run(run)
        payload = slices_payload(run, neighbours, most_epochs, most_bytes)
        super().__init__(data=payload, pick={"serial": 0, "index": picked}, picked=picked, epoch=payload["epochs"][-1])
