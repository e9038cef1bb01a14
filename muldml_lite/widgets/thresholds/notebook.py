"""The threshold view as a Jupyter widget."""

from __future__ import annotations

import os
from collections.abc import Sequence

import anywidget
import traitlets

from muldml_lite.runs import Run
from muldml_lite.widgets.thresholds import SOURCE, thresholds_payload


class ThresholdView(anywidget.AnyWidget):
    """Drag τ over a run's thresholds; `seen` is what is shown: tau, epoch, scale, part, triplets, pinned.

    Raises:
        RunError: a run has no snapshot yet, or its files disagree.
    """

    _esm = SOURCE.module
    _css = SOURCE.style
    data = traitlets.Dict().tag(sync=True)
    pick = traitlets.Dict().tag(sync=True)
    seen = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        run: Run | str | os.PathLike[str],
        others: Sequence[Run | str | os.PathLike[str]] = (),
        tau: float | None = None,
        pinned: float | None = None,
        scale: str = "raw",
        most_epochs: int = 24,
        most_bytes: int = 3_000_000,
    ) -> None:
        """`others`: runs whose thresholds join; `scale`: raw or shape; the rest is as in `thresholds_payload`."""
        if scale not in ("raw", "shape"):
            raise ValueError(f"scale: {scale!r} given, expected raw or shape")
        first, *rest = [one if isinstance(one, Run) else Run(one) for one in (run, *others)]
        wish = {"tau": tau, "pinned": None if pinned is None else f"{pinned:g}", "scale": scale}
        data = thresholds_payload(first, rest, most_epochs, most_bytes)
        super().__init__(data=data, pick={"serial": 0, **wish}, seen=wish)

    def show(
        self,
        tau: float | None = None,
        of: str | None = None,
        epoch: int | None = None,
        scale: str | None = None,
        part: str | None = None,
        triplets: str | None = None,
    ) -> None:
        """Go elsewhere; what is None stays. `of`: a run's name; `part`: training or unseen; `triplets`: a miner."""
        wish = {"tau": tau, "of": of, "epoch": epoch, "scale": scale, "part": part, "triplets": triplets}
        self.pick = {"serial": self.pick["serial"] + 1, **wish}
