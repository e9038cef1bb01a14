"""What a threshold does to distances, and what thresholds do to one another's slices; controls in the same picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from muldml_lite.claims import Study
from muldml_lite.plots.rows import NoNumbers, Row, confirmation_rows
from muldml_lite.plots.style import DASHES, finish, slice_colours


def threshold_distributions(study: Study, cell: str, scaled: bool = False) -> go.Figure:
    """Cumulative distances between classes and within them, a line a threshold; pale: single draws (figure 3).

    The spread of the pale lines of one colour is the control: what changes without a change of τ.

    Args:
        scaled: divide the distances of each run by their mean, so that only the shape is left.

    Raises:
        NoNumbers: the study has no confirmation runs with single thresholds in this regime.
    """
    # Not arms that were chosen from others: their runs are there already.
    rows = [r for r in _of_regime(study, cell) if r["arm"].startswith("single ") and "between" in r["measured"]]
    if not rows:
        raise NoNumbers(f"cell: {cell!r} given, but the study has no distances of single thresholds there")
    thresholds = sorted({row["measured"]["thresholds"][0] for row in rows})
    figure = make_subplots(2, 1, shared_xaxes=True, vertical_spacing=0.13)
    for tau, colour, dash in zip(thresholds, slice_colours(len(thresholds)), DASHES, strict=False):
        own = [row for row in rows if row["measured"]["thresholds"][0] == tau]
        for place, part in enumerate(("between", "within"), 1):
            curves = np.array([row["measured"][part] for row in own])  # (r, quantiles)
            curves = curves / curves.mean(1, keepdims=True) if scaled else curves
            share = np.linspace(0, 1, curves.shape[1])
            for curve in curves:
                figure.add_scatter(
                    x=curve, y=share, mode="lines", line={"color": colour, "width": 1}, opacity=0.18,
                    showlegend=False, hoverinfo="skip", row=place, col=1,
                )  # fmt: skip
            figure.add_scatter(
                x=curves.mean(0), y=share, mode="lines", line={"color": colour, "width": 2.6, "dash": dash},
                name=f"τ = {tau:.2f}", legendgroup=str(tau), showlegend=place == 1, row=place, col=1,
                hovertemplate=f"%{{y:.0%}} below %{{x:.2f}}<extra>τ = {tau:.2f}, {part} classes</extra>",
            )  # fmt: skip
    for place, part in enumerate(("between classes", "within a class"), 1):
        title = {"text": f"share of pairs {part}", "font": {"size": 12}}
        figure.update_yaxes(tickformat=".0%", range=[-0.03, 1.03], title=title, row=place, col=1)
    what = "distance over the run's mean distance" if scaled else "distance D (0 to 2)"
    figure.update_xaxes(title={"text": what, "font": {"size": 12}}, row=2, col=1)
    return finish(figure, 560).update_layout(legend={"y": -0.14})


def similarity_maps(study: Study, cell: str, slices: int = 8) -> go.Figure:
    """Linear CKA of every two slices: spread thresholds beside equal ones, the control. Means over draws.

    Raises:
        NoNumbers: the study has no confirmation runs with so many slices in this regime.
    """
    rows = _of_regime(study, cell)
    arms = (f"spread {slices}", f"equal {slices} (3)")
    tables = [_table([row for row in rows if row["arm"] == arm], slices) for arm in arms]
    if any(table is None for table in tables):
        raise NoNumbers(f"cell: {cell!r} given, but the study has no runs of {arms[0]} and {arms[1]} there")
    lowest = min(table.min() for table in tables)
    figure = make_subplots(1, 2, subplot_titles=("spread thresholds", "equal thresholds"), horizontal_spacing=0.09)
    names = [str(i + 1) for i in range(slices)]
    for place, (table, arm) in enumerate(zip(tables, arms, strict=True), 1):
        text = [[f"{value:.2f}".lstrip("0") for value in row] for row in table]
        figure.add_heatmap(
            z=table, x=names, y=names, text=text, texttemplate="%{text}", textfont={"size": 10},
            zmin=lowest, zmax=1, colorscale="Cividis", showscale=False, row=1, col=place,
            hovertemplate=f"slices %{{y}} and %{{x}}: CKA %{{z:.3f}}<extra>{arm}</extra>",
        )  # fmt: skip
    finish(figure, 380)
    figure.update_yaxes(autorange="reversed", constrain="domain", showgrid=False)
    figure.update_xaxes(showgrid=False, title={"text": "slice", "font": {"size": 12}})
    return figure


def _of_regime(study: Study, cell: str) -> list[Row]:
    return [row for row in confirmation_rows(study, ("thresholds",)) if row["cell"] == cell]


def _table(rows: Sequence[Row], slices: int) -> np.ndarray | None:
    """Mean over runs of the pairs' similarities, (N, N); None: no run holds them."""
    pairs = [row["measured"]["cka_pairs"] for row in rows if "cka_pairs" in row["measured"]]
    if not pairs:
        return None
    table = np.eye(slices)
    table[np.triu_indices(slices, 1)] = np.mean(pairs, 0)
    return np.maximum(table, table.T)
