"""The views as Jupyter widgets."""

from __future__ import annotations

import os
from typing import Any

import anywidget
import traitlets

from muldml_lite.runs import Run
from muldml_lite.widgets import SLICES_PARTS, module_text, style_text
from muldml_lite.widgets.slices import slices_payload


class SlicesView(anywidget.AnyWidget):
    """Every slice's embedding of a run, side by side; `picked` is the picked image's place in the probe set.

    Raises:
        RunError: the run has no snapshot or no layout yet.
    """

    _esm = module_text(*SLICES_PARTS)
    _css = style_text("slices.css")
    data = traitlets.Dict().tag(sync=True)
    pick = traitlets.Dict().tag(sync=True)
    picked = traitlets.Int(None, allow_none=True).tag(sync=True)
    epoch = traitlets.Int(None, allow_none=True).tag(sync=True)

    def __init__(self, run: Run | str | os.PathLike[str], picked: int | None = None, **options: Any) -> None:
        """`options` are those of `slices_payload`: neighbours, most_epochs."""
        run = run if isinstance(run, Run) else Run(run)
        payload = slices_payload(run, **options)
        super().__init__(data=payload, pick={"serial": 0, "index": picked}, picked=picked, epoch=payload["epochs"][-1])
