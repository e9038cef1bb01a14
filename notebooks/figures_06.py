"""Figures of walkthrough 6, the people it trains on, and how it sorts the ledger's intervals."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from muldml_lite.claims import Claim, Interval, Reading, Study
from muldml_lite.claims.beds import Bed, Scale, features_of, small_grey
from muldml_lite.metrics import Difference
from muldml_lite.runs import Run

TEAL, RUST, INK, GREY = "#2b8a9e", "#c2603e", "#2a3440", "#7b8794"
COUNTS = {"train": 16, "validation": 8, "test": 16}  # people of a draw
OUTCOMES = {
    "as claimed": "#1b6f9c",
    "the other way": "#b3410c",
    "too small to matter": "#8d97a3",
    "undecided": "#d5dae0",
    "cannot be tested": "#ffffff",
}


def make_beds(run: Run, draws: int, seed: int = 606) -> list[Bed]:
    """Draws of 40 people each, 7 faces a person, as features (n, 64) of a run's backbone; draws share nobody."""
    from muldml_lite.faces import draw_dataset
    from muldml_lite.trainer import load_network

    people = sum(COUNTS.values())
    faces = draw_dataset("posed", subjects=draws * people, images_per_subject=7, size=48, seed=seed)
    features = features_of(load_network(run), faces.images)  # (n, 1152)
    pixels, scale = small_grey(faces.images), Scale(warmup=0, **COUNTS, steps=30)
    beds = []
    for draw in range(draws):
        rows = np.flatnonzero(faces.subjects // people == draw)
        whose = faces.subjects[rows] - draw * people
        part = np.repeat([1, 2, 3], list(COUNTS.values()))[whose]
        own = features[rows]
        _, _, directions = np.linalg.svd(own[part == 1], full_matrices=False)
        own = own @ directions[:64].T
        own /= np.sqrt((own[part == 1] ** 2).sum(1).mean())  # lengths of about 1
        beds.append(Bed(draw, {"warm-up": own}, pixels[rows], faces.labels[rows], whose, part, 7, scale))
    return beds


def draws_figure(table: np.ndarray, title: str) -> go.Figure:
    """Accuracies (draws, seeds) as dots, a column for each draw, its mean as a bar; the mean of all is dashed."""
    figure = go.Figure()
    for seed, column in enumerate(table.T, 1):
        marker = {"size": 9, "color": TEAL, "symbol": ("circle", "square")[seed % 2]}
        figure.add_scatter(
            x=np.arange(1, len(column) + 1), y=column, mode="markers", marker=marker, name=f"seed {seed}"
        )
    means = table.mean(1)
    marker = {"symbol": "line-ew", "size": 26, "line": {"width": 3, "color": RUST}}
    figure.add_scatter(x=np.arange(1, len(means) + 1), y=means, mode="markers", marker=marker, name="mean of a draw")
    figure.add_hline(float(means.mean()), line_dash="dash", line_color=GREY)
    figure.update_xaxes(title="draw of people", dtick=1).update_yaxes(title="k-NN, test people", tickformat=".0%")
    return figure.update_layout(height=380, title=title, margin={"t": 60})


def pairs_figure(treatment: np.ndarray, control: np.ndarray, names: tuple[str, str]) -> go.Figure:
    """A line for each draw from the control (d,) to the treatment (d,)."""
    figure = go.Figure()
    for high, low in zip(treatment, control, strict=True):
        colour, dash = (TEAL, "solid") if high >= low else (RUST, "dash")
        figure.add_scatter(
            x=[names[1], names[0]],
            y=[low, high],
            mode="lines+markers",
            line={"color": colour, "dash": dash},
            marker_size=8,
            showlegend=False,
        )
    figure.update_yaxes(title="k-NN, test people", tickformat=".0%").update_xaxes(range=[-0.25, 1.25])
    return figure.update_layout(height=380, width=520, title="Each line is one draw of people", margin={"t": 60})


def intervals_figure(
    rows: Mapping[str, Difference], title: str, matters: float = 0.01, judged: Sequence[str] = ()
) -> go.Figure:
    """Differences with their intervals, in points; the band is too small to matter; `judged` ones are filled."""
    figure, names = go.Figure(), list(rows)
    figure.add_vrect(-100 * matters, 100 * matters, fillcolor=GREY, opacity=0.15, line_width=0)
    figure.add_vline(0, line_color=GREY)
    for name, one in rows.items():
        filled = name in judged
        bars = {"array": [100 * (one.high - one.mean)], "arrayminus": [100 * (one.mean - one.low)], "thickness": 2.5}
        marker = {"size": 11, "color": RUST if filled else TEAL, "symbol": "square" if filled else "circle-open"}
        figure.add_scatter(
            x=[100 * one.mean], y=[name], mode="markers", error_x=bars, marker=marker, showlegend=False
        )  # fmt: skip
    figure.update_yaxes(autorange="reversed", categoryorder="array", categoryarray=names)
    figure.update_xaxes(title="difference of k-NN, percentage points")
    return figure.update_layout(height=140 + 46 * len(rows), title=title, margin={"t": 60, "l": 250})


def power_figure(draws: Sequence[int], shares: Mapping[str, Sequence[float]], title: str) -> go.Figure:
    """How often a difference is found, over the number of draws; a line for each true difference."""
    figure = go.Figure()
    looks = zip((GREY, TEAL, RUST, INK), ("dot", "dash", "solid", "dashdot"), strict=True)
    for (name, values), (colour, dash) in zip(shares.items(), looks, strict=False):
        line = {"color": colour, "dash": dash, "width": 2.5}
        figure.add_scatter(x=list(draws), y=list(values), mode="lines+markers", name=name, line=line)
    figure.add_hline(0.8, line_dash="dot", line_color=GREY, annotation_text="80 %", annotation_position="top left")
    figure.update_yaxes(range=[0, 1.03], tickformat=".0%", title="studies that find it")
    figure.update_xaxes(title="draws of people", type="log", tickvals=list(draws), ticktext=[str(n) for n in draws])
    return figure.update_layout(height=400, title=title, margin={"t": 60})


def noise_figure(lows: np.ndarray, highs: np.ndarray, title: str) -> go.Figure:
    """Intervals (m,) beside one another in order of their middle; those that leave out 0 stand out."""
    order = np.argsort(lows + highs)
    figure, out = go.Figure(), ((lows > 0) | (highs < 0))[order]
    base, height = lows[order].round(2), (highs - lows)[order].round(2)
    for name, chosen, colour in (("holds 0", ~out, "#b9c0c8"), ("leaves out 0", out, RUST)):
        places = np.flatnonzero(chosen)
        figure.add_bar(x=places, y=height[places], base=base[places], width=0.8, marker_color=colour, name=name)
    figure.add_hline(0, line_color=GREY)
    figure.update_xaxes(title="comparisons, sorted", showgrid=False).update_yaxes(title="difference (spread = 1)")
    return figure.update_layout(height=360, title=title, margin={"t": 60})


def searched(study: Study, reading: Reading) -> list[dict[str, object]]:
    """What a search chose, and what became of it: one entry a claim and chosen regime.

    `explored` and `confirmed` are the weakest required comparison of the search on either side, on the claimed side and
    in units of what would matter. Comparisons that are 0 in both are left out: they say nothing.
    """
    chosen = {
        (claim, line.rsplit(": ", 1)[0]) for claim, found in study.about["chosen"].items() for line in found["why"]
    }
    told = {(i.claim, i.cell, i.label): i for i in reading.intervals if i.required}
    weakest: dict[tuple[str, str], dict[str, object]] = {}
    for line in reading.map:
        place, one = (line["claim"], line["cell"]), told.get((line["claim"], line["cell"], line["label"]))
        if place not in chosen or one is None:
            continue
        sign = 1 if one.expected == "above" else -1
        made = {
            "claim": one.claim,
            "cell": one.cell,
            "unit": one.unit,
            "explored": sign * line["mean"] / one.matters,
            "confirmed": sign * one.mean / one.matters,
        }
        if place not in weakest or made["explored"] < weakest[place]["explored"]:
            weakest[place] = made
    return [one for one in weakest.values() if one["explored"] or one["confirmed"]]


def searched_figure(found: Sequence[Mapping[str, object]]) -> go.Figure:
    """An arrow for each chosen regime, from the search to the confirmation."""
    figure = go.Figure()
    for one in found:
        points = one["unit"] == "points"
        name = f"<b>{one['claim']}</b> {str(one['cell']).replace('/', ' · ')}"
        figure.add_scatter(
            x=[one["explored"], one["confirmed"]],
            y=[name, name],
            mode="lines+markers",
            line={"color": RUST if points else TEAL, "width": 2},
            marker={"size": 11, "symbol": ["circle-open", "circle"], "color": RUST if points else TEAL},
            showlegend=False,
        )
    for name, symbol in (("search", "circle-open"), ("confirmation", "circle")):
        marker = {"size": 11, "symbol": symbol, "color": INK}
        figure.add_scatter(x=[None], y=[None], mode="markers", marker=marker, name=name)
    figure.add_vline(0, line_color=GREY)
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(title="on the claimed side, 1 = just large enough to matter")
    figure.update_layout(legend={"orientation": "h", "y": 1.08, "x": 0.5})
    title = "The regimes that the search liked best (red: accuracies)"
    return figure.update_layout(height=180 + 30 * len(found), title=title, margin={"t": 90, "l": 330})


def outcome(one: Interval) -> str:
    """A word of OUTCOMES for an interval: what it shows, what it rules out, or that it does neither."""
    if one.untestable or one.low is None or one.mute:
        return "cannot be tested"
    if one.side:
        return "as claimed" if one.side > 0 else "the other way"
    farthest = one.high if one.expected == "above" else -one.low  # on the claimed side
    return "too small to matter" if farthest < one.matters else "undecided"


def outcomes_figure(counts: Mapping[Claim, Mapping[str, int]]) -> go.Figure:
    """A bar for each claim that has intervals, cut into their outcomes."""
    counts = {claim: one for claim, one in counts.items() if one}
    figure = go.Figure()
    names = [f"<b>{claim.id}</b> {textwrap.shorten(claim.title, 44, placeholder=' …')}" for claim in counts]
    for word, colour in OUTCOMES.items():
        values = [one.get(word, 0) for one in counts.values()]
        text = [str(v) if v else "" for v in values]
        dark = word in ("as claimed", "the other way")
        figure.add_bar(
            x=values,
            y=names,
            orientation="h",
            name=word,
            text=text,
            marker={"color": colour, "line": {"color": GREY, "width": 1}},
            textfont_color="white" if dark else INK,
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            constraintext="none",
        )
    figure.update_yaxes(autorange="reversed").update_xaxes(title="required intervals", showgrid=False)
    figure.update_layout(barmode="stack", legend={"orientation": "h", "y": -0.12, "x": -0.4, "traceorder": "normal"})
    title = "What the required intervals say"
    return figure.update_layout(height=180 + 26 * len(counts), title=title, margin={"t": 60, "l": 330})
