"""Figures of walkthrough 2, and what the ledger says in a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from muldml_lite.claims import Reading
from muldml_lite.plots import slice_colours

TEAL, RUST, INK = "#2b8a9e", "#c2603e", "#7b8794"


def cumulative(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Share of values (n,) that are at most each of `at` (m,) → (m,)."""
    return np.searchsorted(np.sort(values), at, side="right") / len(values)


def gap_figure(first: np.ndarray, second: np.ndarray, names: tuple[str, str], x: str) -> go.Figure:
    """Two cumulative distributions and their largest vertical gap, which is the Kolmogorov–Smirnov distance."""
    at = np.linspace(0, max(first.max(), second.max()), 161)
    shares = [cumulative(values, at) for values in (first, second)]
    widest = int(np.abs(shares[0] - shares[1]).argmax())
    figure = go.Figure()
    for share, name, colour, dash in zip(shares, names, (TEAL, RUST), ("solid", "dash"), strict=True):
        figure.add_scatter(x=at.round(3), y=share.round(4), name=name, line={"color": colour, "dash": dash})
    ends = [share[widest] for share in shares]
    figure.add_scatter(
        x=[at[widest]] * 2, y=ends, mode="lines+markers", name=f"largest gap {abs(ends[0] - ends[1]):.2f}",
        line={"color": "#2a3440", "width": 4},
    )  # fmt: skip
    figure.update_yaxes(title="share of pairs that are nearer", tickformat=".0%").update_xaxes(title=x)
    return figure.update_layout(height=400, title="Distances between classes", margin={"t": 50})


def density_figure(groups: Mapping[float, Sequence[np.ndarray]], title: str, x: str) -> go.Figure:
    """A curve a threshold, pale ones for other seeds: how often which distance occurs, as shares of 60 bins."""
    top = max(values.max() for several in groups.values() for values in several)
    edges = np.linspace(0, top, 61)
    figure = go.Figure()
    for (tau, several), colour in zip(groups.items(), slice_colours(len(groups)), strict=True):
        for place, values in enumerate(several):
            figure.add_scatter(
                x=((edges[1:] + edges[:-1]) / 2).round(3), y=(np.histogram(values, edges)[0] / len(values)).round(5),
                name=f"τ = {tau:.1f}", showlegend=place == 0, legendgroup=f"{tau}", mode="lines",
                line={"color": colour, "width": 2.2 if place == 0 else 1, "dash": "solid" if place == 0 else "dot"},
            )  # fmt: skip
    figure.update_yaxes(title="share of pairs", tickformat=".0%").update_xaxes(title=x)
    return figure.update_layout(height=400, title=title, margin={"t": 50})


def gaps_by_threshold(taus: Sequence[float], rows: Mapping[str, Sequence[float]], title: str) -> go.Figure:
    """Kolmogorov–Smirnov distances over τ, one line a row of the table."""
    figure = go.Figure()
    looks = zip((TEAL, INK, RUST, "#7d5ba6"), ("solid", "dot", "dash", "dashdot"), strict=True)
    for (name, values), (colour, dash) in zip(rows.items(), looks, strict=False):
        figure.add_scatter(
            x=taus, y=np.round(values, 4), name=name, mode="lines+markers", line={"color": colour, "dash": dash}
        )
    figure.update_yaxes(title="KS distance", rangemode="tozero").update_xaxes(title="τ")
    return figure.update_layout(height=400, title=title, margin={"t": 50})


def fan_figure(epochs: Sequence[int], means: np.ndarray, thresholds: np.ndarray, warm: int) -> go.Figure:
    """Mean distance (E, N) of each slice over the epochs; the first `warm` ones are shaded."""
    figure = go.Figure()
    for i, colour in enumerate(slice_colours(len(thresholds))):
        figure.add_scatter(
            x=list(epochs), y=means[:, i].round(4), name=f"τ = {thresholds[i]:.1f}", mode="lines+markers",
            line={"color": colour}, marker={"size": 5},
        )  # fmt: skip
    if warm:
        figure.add_vrect(0, warm, fillcolor=INK, opacity=0.15, line_width=0)
    figure.update_yaxes(title="mean distance between classes", rangemode="tozero").update_xaxes(title="epoch")
    return figure.update_layout(height=440, title="Eight slices (shaded: cross entropy alone)", margin={"t": 50})


def margins_figure(margins: Mapping[str, np.ndarray], taus: np.ndarray) -> go.Figure:
    """Share of hinges that still pull, over τ: a curve for each way of mining."""
    figure = go.Figure()
    looks = zip((RUST, TEAL, INK), ("solid", "dash", "dot"), strict=True)
    for (name, values), (colour, dash) in zip(margins.items(), looks, strict=True):
        active = cumulative(values, taus - 1e-12)
        figure.add_scatter(x=taus.round(3), y=active.round(4), name=name, line={"color": colour, "dash": dash})
    figure.update_yaxes(title="active hinges", tickformat=".0%", range=[0, 1.02]).update_xaxes(title="τ")
    return figure.update_layout(height=400, title="Which thresholds leave something to do?", margin={"t": 50})


def choice_figure(taus: Sequence[float], validation: np.ndarray, test: np.ndarray, wins: np.ndarray) -> go.Figure:
    """Above: accuracy over τ on validation and test subjects. Below: how often each τ wins a resampled validation.

    Args:
        validation: (T, R) accuracies in R resamples; test (T,); wins (T,) shares.
    """
    figure = make_subplots(2, 1, shared_xaxes=True, vertical_spacing=0.12, row_heights=[0.6, 0.4])
    middle, low, high = validation.mean(1), *np.quantile(validation, (0.05, 0.95), axis=1)
    figure.add_scatter(
        x=taus, y=middle, name="validation, 90 % of resamples", mode="lines+markers",
        line={"color": TEAL}, error_y={"array": high - middle, "arrayminus": middle - low}, row=1, col=1,
    )  # fmt: skip
    figure.add_scatter(
        x=taus, y=test, name="test", mode="lines+markers", line={"color": RUST, "dash": "dash"}, row=1, col=1
    )
    figure.add_bar(x=taus, y=wins, marker_color=TEAL, showlegend=False, row=2, col=1)
    figure.update_yaxes(tickformat=".0%").update_yaxes(title="k-NN accuracy", row=1).update_yaxes(title="wins", row=2)
    figure.update_xaxes(title="τ", row=2, col=1)
    return figure.update_layout(height=520, title="Choosing τ on validation subjects", margin={"t": 50})


def choices(rows: Sequence[Mapping[str, Any]], cell: str) -> list[dict[str, Any]]:
    """One line a draw of the ledger: which single threshold validation chose, and what that was worth on test subjects.

    Arms are `single 1`, `single 2`, … from the lowest τ to the highest; seeds of a draw are averaged.
    """
    found: dict[int, dict[str, list[tuple[float, float]]]] = {}
    for row in rows:
        if row["cell"] == cell and row["phase"] == "confirmation" and row["arm"].startswith("single "):
            pair = row["measured"]["val_knn"], row["measured"]["knn"]
            found.setdefault(row["draw"], {}).setdefault(row["arm"], []).append(pair)
    lines = []
    for draw, arms in sorted(found.items()):
        names = sorted(arms, key=lambda arm: int(arm.split()[1]))
        validated, tested = np.array([np.mean(arms[name], 0) for name in names]).T  # (T,), (T,)
        chosen = int(validated.argmax())
        lines.append({
            "draw": draw, "chosen": names[chosen], "best": names[int(tested.argmax())],
            "test at chosen": tested[chosen], "test at best": tested.max(),
            "test at middle": tested[names.index("single 3")],
        })  # fmt: skip
    return lines


def ledger_words(reading: Reading, claim: str) -> str:
    """The verdict on a claim, in how many regimes, and what its required intervals rule out."""
    whole = next(v for v in reading.verdicts if v.claim == claim and not v.cell)
    regimes = Counter(v.verdict for v in reading.verdicts if v.claim == claim and v.cell)
    asked = [i for i in reading.intervals if i.claim == claim and i.required and i.low is not None and not i.untestable]
    claimed = sum(i.side > 0 for i in asked)
    against = sum(i.side < 0 for i in asked)
    too_small = sum(i.high < i.matters if i.expected == "above" else i.low > -i.matters for i in asked)
    counted = ", ".join(f"{word} in {count}" for word, count in regimes.items())
    return (
        f"**{whole.badge}** (of {regimes.total()} regimes: {counted}). "
        f"Of {len(asked)} intervals {claimed} lie wholly on the claimed side of 0 and {against} wholly on the other; "
        f"{too_small} rule out an effect large enough to matter."
    )
