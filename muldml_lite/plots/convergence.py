"""Map of convergence: how many runs count as converged, by loss, start, learning rate and mining."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from muldml_lite.claims import Study
from muldml_lite.claims.verdicts import CONFIRMATION
from muldml_lite.plots.grid import Box, draw_grid
from muldml_lite.plots.rows import NoNumbers, Row
from muldml_lite.plots.verdicts import VERDICT_LOOKS, Look, regime_name

_OUTLINE = "exploration: all, some or none"
_LOOKS = {
    "all runs converged": VERDICT_LOOKS["supported"],
    "some converged": Look("◐", "#66707b", "", "solid", ""),
    "none converged": VERDICT_LOOKS["contradicted"],
    _OUTLINE: Look("✓ ◐ ✗", "", "", "dot", ""),
}


def convergence_map(study: Study) -> go.Figure:
    """A row a regime, a column an arm: how many runs ended a fifth below the start, not collapsed.

    Regimes that only the search has seen are outlines.

    Raises:
        NoNumbers: no run of the study says whether it converged.
    """
    rows = [row for row in study.rows if row["measured"].get("converged") is not None]
    if not rows:
        raise NoNumbers("study: no run has the number `converged`, expected some of the experiment `convergence`")
    sure = {row["cell"] for row in rows if row["draw"] >= CONFIRMATION}
    cells = sorted(dict.fromkeys(row["cell"] for row in rows), key=lambda cell: (cell.split("/")[0], cell not in sure))
    arms = list(dict.fromkeys(row["arm"] for row in rows))
    boxes = []
    for y, cell in enumerate(cells):
        for x, arm in enumerate(arms):
            runs = [
                r
                for r in rows
                if (r["cell"], r["arm"]) == (cell, arm) and (r["draw"] >= CONFIRMATION) == (cell in sure)
            ]
            if runs:
                boxes.append(_box(x, y, cell, arm, runs, cell in sure))
    return draw_grid(_LOOKS, boxes, [regime_name(cell) for cell in cells], len(arms), arms, [])


def _box(x: int, y: int, cell: str, arm: str, runs: Sequence[Row], confirmed: bool) -> Box:
    converged = int(sum(row["measured"]["converged"] for row in runs))
    kind = "all runs converged" if converged == len(runs) else "some converged" if converged else "none converged"
    collapsed = sum(row["collapsed"] for row in runs)
    words = [f"<b>{regime_name(cell)}</b>", arm, f"{converged} of {len(runs)} runs converged, {collapsed} collapsed"]
    ends = [row["measured"]["end"] for row in runs if row["measured"].get("end") is not None]
    if ends:
        words.append(f"plain loss at the end: {np.mean(ends):.2f} τ")
    text = f"{_LOOKS[kind].sign} {converged}/{len(runs)}"
    return Box(x, y, kind if confirmed else _OUTLINE, text, "<br>".join(words), None)
