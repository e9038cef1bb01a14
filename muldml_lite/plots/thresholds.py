"""One regime over its thresholds: accuracy of single, equal and spread ones, and how many hinges stay active."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from muldml_lite.claims import Study
from muldml_lite.plots.rows import NoNumbers, Row, confirmation_rows
from muldml_lite.plots.style import INK, RUST, TEAL, finish

_SINGLE, _EQUAL = "single ", "equal 8 "
_VIOLET = "#8f6bb8"
_SERIES = (
    ("one threshold, test", _SINGLE, "knn", {"color": TEAL, "dash": "solid"}, "circle"),
    ("one threshold, validation", _SINGLE, "val_knn", {"color": INK, "dash": "dot"}, "diamond-open"),
    ("eight equal ones, test", _EQUAL, "knn", {"color": RUST, "dash": "dash"}, "square-open"),
)


def threshold_curves(study: Study, cell: str) -> go.Figure:
    """k-NN accuracy over the threshold, spread thresholds as a level beside; below, the share of active hinges.

    Raises:
        NoNumbers: the study has no confirmation runs of thresholds in this regime.
    """
    rows = [row for row in confirmation_rows(study, ("thresholds",)) if row["cell"] == cell]
    if not _over_thresholds(rows, _SINGLE, "knn"):
        raise NoNumbers(f"cell: {cell!r} given, but the study has no runs with single thresholds there")
    figure = make_subplots(2, 1, shared_xaxes=True, vertical_spacing=0.12, row_heights=[0.62, 0.38])
    for name, arms, statistic, line, symbol in _SERIES:
        for tau, values in _over_thresholds(rows, arms, statistic).items():
            figure.add_scatter(
                x=[tau] * len(values), y=values, mode="markers", showlegend=False, hoverinfo="skip",
                marker={"color": line["color"], "size": 5, "opacity": 0.3, "symbol": symbol}, row=1, col=1,
            )  # fmt: skip
        _curve(figure, 1, name, _over_thresholds(rows, arms, statistic), line, symbol)
    spread = [row["measured"]["knn"] for row in rows if row["arm"] == "spread 8"]
    if spread:
        ends = list(_over_thresholds(rows, _SINGLE, "knn"))
        figure.add_scatter(
            x=[ends[0], ends[-1]], y=[float(np.mean(spread))] * 2, mode="lines", name="eight spread ones, test",
            line={"color": _VIOLET, "dash": "longdash", "width": 2.4}, row=1, col=1,
            hovertemplate="%{y:.1%}<extra>eight spread thresholds</extra>",
        )  # fmt: skip
    active = _over_thresholds(rows, _SINGLE, "active")
    _curve(figure, 2, "active hinges, one threshold", active, {"color": TEAL, "dash": "dashdot"}, "triangle-up")
    finish(figure, 520).update_layout(legend={"y": -0.17})
    figure.update_yaxes(tickformat=".0%")
    figure.update_yaxes(title={"text": "k-NN accuracy", "font": {"size": 12}}, row=1, col=1)
    figure.update_yaxes(title={"text": "active", "font": {"size": 12}}, range=[-0.06, 1.06], row=2, col=1)
    return figure.update_xaxes(title={"text": "threshold τ, a distance", "font": {"size": 12}}, row=2, col=1)


def _over_thresholds(rows: Sequence[Row], arms: str, statistic: str) -> dict[float, list[float]]:
    """Threshold → one value a run, of arms whose names begin so."""
    found: dict[float, list[float]] = {}
    for row in rows:
        value = row["active"] if statistic == "active" else row["measured"].get(statistic)
        if row["arm"].startswith(arms) and value is not None and "thresholds" in row["measured"]:
            found.setdefault(row["measured"]["thresholds"][0], []).append(value)
    return dict(sorted(found.items()))


def _curve(
    figure: go.Figure, row: int, name: str, values: dict[float, list[float]], line: dict[str, str], symbol: str
) -> None:
    figure.add_scatter(
        x=list(values), y=[float(np.mean(own)) for own in values.values()], name=name, mode="lines+markers",
        line={**line, "width": 2.2}, marker={"symbol": symbol, "size": 9}, row=row, col=1,
        hovertemplate=f"τ = %{{x:.2f}}: %{{y:.1%}}<extra>{name}</extra>",
    )  # fmt: skip
