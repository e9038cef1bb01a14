"""Which figures a claim has, with the words under them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import streamlit as st
import study_cache
from figures import show_figure
from run_words import literal, shown

from muldml_lite import plots
from muldml_lite.claims import Claim, Reading, Study
from muldml_lite.claims.distributions import TWO_THRESHOLDS


@dataclass(frozen=True)
class Picture:
    """A figure by name: how it is made from a study and its reading, and what is to be seen."""

    name: str
    make: Callable[..., go.Figure]
    caption: str
    by_regime: bool = False  # one regime at a time


def forest(study: Study, reading: Reading, claim: Claim) -> go.Figure:
    return plots.forest_plot(study, reading, claim.id, required=True)


def ledger(study: Study, reading: Reading) -> go.Figure:
    return plots.ledger_map(reading, study.claims)


def regimes(study: Study, reading: Reading, claim: Claim) -> go.Figure:
    return plots.claim_map(reading, claim)


def levels(study: Study, reading: Reading, claim: Claim, cell: str) -> go.Figure:
    return plots.levels_plot(study, claim, [cell])


def all_levels(study: Study, reading: Reading, claim: Claim) -> go.Figure:
    return plots.levels_plot(study, claim)


def convergence(study: Study, reading: Reading, claim: Claim) -> go.Figure:
    return plots.convergence_map(study)


def judgements(study: Study, reading: Reading, claim: Claim) -> go.Figure:
    return plots.judgement_rates(study)


def paths(study: Study, reading: Reading, claim: Claim) -> go.Figure:
    return plots.judgement_paths(study)


def thresholds(study: Study, reading: Reading, claim: Claim, cell: str) -> go.Figure:
    return plots.threshold_curves(study, cell)


def distances(study: Study, reading: Reading, claim: Claim, cell: str) -> go.Figure:
    return plots.threshold_distributions(study, cell.removesuffix(TWO_THRESHOLDS), scaled="shape" in claim.title)


def similarities(study: Study, reading: Reading, claim: Claim, cell: str) -> go.Figure:
    return plots.similarity_maps(study, cell)


def others(study: Study, reading: Reading, claim: Claim) -> go.Figure:
    return plots.forest_plot(study, reading, claim.id, required=False)


OTHERS = Picture(
    "Other intervals",
    others,
    "Comparisons that are shown but not judged: other read-outs, other controls. They are corrected together with all "
    "others.",
)
MAP = Picture(
    "Map",
    regimes,
    "A row a regime, a column a read-out. Filled boxes are confirmed, each by its own corrected interval; outlines "
    "come from the search for regimes, on other draws, and carry no verdict. Numbers are mean differences, treatment "
    "− control (percentage points where the read-out is a share).",
)
LEVELS = Picture(
    "All arms",
    levels,
    "What treatment and controls reached, before one is taken from the other: pale points are single draws. Whether "
    "they differ is decided on paired differences, not here.",
    by_regime=True,
)
ALL_LEVELS = Picture("All arms", all_levels, LEVELS.caption)
CONVERGENCE = Picture(
    "Convergence",
    convergence,
    "Start × optimiser and learning rate × mining, and how many runs count as converged there: the plain loss on a "
    "fixed batch ends a fifth below its start, which may still be above τ, and the embedding has not collapsed.",
)
JUDGEMENTS = Picture(
    "Rates",
    judgements,
    "Shares of all judged triplets, for each mining: judged incompletely over the whole training, and those for which "
    "the positive pays nothing elsewhere in the batch either.",
)
PATHS = Picture(
    "On the way",
    paths,
    "The share of judged triplets that are judged incompletely, from the first steps to the last; single draws paler.",
)
THRESHOLDS = Picture(
    "Over τ",
    thresholds,
    "Means over draws, single runs paler. The best single threshold is chosen by the validation curve, never by the "
    "test curve. Where all hinges are active, τ has no influence on the gradient.",
    by_regime=True,
)
DISTANCES = Picture(
    "Distances",
    distances,
    "How far pairs of test images lie apart, a line a threshold, single draws paler: lines of one colour differ by "
    "people and chance alone. Where it is about the shape, each run's distances are divided by their mean.",
    by_regime=True,
)
SIMILARITIES = Picture(
    "Slice by slice",
    similarities,
    "Linear CKA of every two slices, means over draws: 1 is the same up to turning and scale. Left spread thresholds, "
    "right the control, where all are equal.",
    by_regime=True,
)
# By the experiments that hold the numbers, so that a claim of the user's own on the same runs has them, too.
_SPECIAL = {
    "convergence": (CONVERGENCE,),
    "judgements": (JUDGEMENTS, PATHS),
    "thresholds": (THRESHOLDS,),
    "distributions": (DISTANCES,),
}
_MANY = 24  # lines above which one regime is shown at a time


def pictures_of(claim: Claim, reading: Reading) -> list[Picture]:
    """Pictures beside the intervals for which this study has numbers."""
    intervals = [one for one in reading.intervals if one.claim == claim.id]
    found = [MAP] if intervals or any(line["claim"] == claim.id for line in reading.map) else []
    if any(not one.required for one in intervals):
        found.append(OTHERS)
    if intervals:
        found.append(LEVELS if 2 * len(intervals) > _MANY else ALL_LEVELS)
        found += [one for name, pictures in _SPECIAL.items() if name in claim.experiments for one in pictures]
        if any(one.statistic == "cka" for one in intervals):
            found.append(SIMILARITIES)
    return found


def show_picture(study: Study, picture: Picture, claim: Claim, cells: list[str], texts: dict[str, str]) -> None:
    """One figure, with a choice of the regime where there are too many for one picture."""
    words: list[Any] = [claim]
    if picture.by_regime:
        regime = st.selectbox(
            "Regime", cells, format_func=lambda cell: shown(texts.get(cell, cell)), key="regime", bind="query-params"
        )
        words.append(regime)
    try:
        figure = study_cache.figure(study, picture.make, *words)
    except plots.NoNumbers as error:
        st.info(f"This study holds no numbers for it: {literal(error)}.", icon=":material/hide_image:")
        return
    show_figure(figure, f"{picture.name} {claim.id}", f"{picture.name}: {picture.caption}", checked=True)
    st.caption(picture.caption)
