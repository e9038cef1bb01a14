"""Incomplete judgements on the way through a training."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from muldml_lite.claims import Study
from muldml_lite.plots.rows import NoNumbers, confirmation_rows
from muldml_lite.plots.style import DASHES, LINES, finish
from muldml_lite.plots.verdicts import regime_name


def judgement_paths(study: Study) -> go.Figure:
    """Share of judged triplets that are judged incompletely, from the first tenth of the steps to the last.

    A line a regime, mean over draws, with single draws paler.

    Raises:
        NoNumbers: the study has no confirmation runs of the experiment `judgements`.
    """
    rows = [row for row in confirmation_rows(study, ("judgements",)) if "incomplete_path" in row["measured"]]
    if not rows:
        raise NoNumbers("study: no confirmation runs of the experiment `judgements`, expected some")
    figure = go.Figure()
    cells = list(dict.fromkeys(row["cell"] for row in rows))
    for place, cell in enumerate(cells):
        paths = np.array([row["measured"]["incomplete_path"] for row in rows if row["cell"] == cell])  # (r, 10)
        share = (np.arange(paths.shape[1]) + 0.5) / paths.shape[1]
        look = {"color": LINES[place % len(LINES)], "dash": DASHES[place % len(DASHES)]}
        for path in paths:
            figure.add_scatter(
                x=share, y=path, mode="lines", line={**look, "width": 1}, opacity=0.15, showlegend=False,
                hoverinfo="skip",
            )  # fmt: skip
        figure.add_scatter(
            x=share, y=paths.mean(0), mode="lines", line={**look, "width": 2.6}, name=regime_name(cell),
            hovertemplate="%{x:.0%} of the steps: %{y:.2%}<extra>" + regime_name(cell) + "</extra>",
        )  # fmt: skip
    figure.update_yaxes(
        tickformat=".1%", rangemode="tozero", title={"text": "judged incompletely", "font": {"size": 12}}
    )
    figure.update_xaxes(tickformat=".0%")
    return finish(figure, 420, "part of the training").update_layout(legend={"y": -0.22})
