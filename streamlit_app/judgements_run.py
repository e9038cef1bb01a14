"""How often incomplete judgements happened in the chosen run, and a few of them as faces."""

from __future__ import annotations

import os

import numpy as np
import plotly.graph_objects as go
import run_cache
import streamlit as st
from face_html import face
from figures import show_figure
from glossary import term
from judgements_view import show_scene
from run_words import literal

from muldml_lite.plots import slice_colours, slice_name
from muldml_lite.plots.style import finish
from muldml_lite.runs import Run, RunError
from muldml_lite.widgets.judgements import (
    IncompleteRates,
    RealTriplets,
    Scene,
    SceneError,
    incomplete_rates,
    real_triplets,
    triangle,
)

SHOWN = 3  # triplets of faces
_SYMBOLS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "triangle-down", "star")
MINED, HARDEST = "As the training mined", "Batch Hard"


def in_this_run(run: Run) -> None:
    with run_cache.run_problems("The lab above needs no run; for real triplets, choose another one."):
        rates = _rates(os.fsencode(run.path), run_cache.stamp(run))
        _over_epochs(run, rates)
        _faces(run, rates.thresholds)


def _over_epochs(run: Run, rates: IncompleteRates) -> None:
    mining = str(run.config["config"].get("mining", ""))
    kind = st.segmented_control(
        "Triplets",
        [MINED, HARDEST],
        key="rates",
        default=MINED,
        required=True,
        help=f"What the training judged, by its own mining ({literal(mining)}), or the hardest triplet of every "
        f"training image that this run follows ({rates.judged} triplets). {term('Batch Hard')}",
        bind="query-params",
    )
    epochs, shares = (rates.epochs, rates.trained) if kind == MINED else (rates.recorded, rates.hardest)
    show_figure(
        rates_figure(epochs, shares, rates.thresholds),
        "incomplete-per-epoch",
        "Line chart over epochs, one line a slice: share of triplets judged incompletely. " + summary(epochs, shares),
        lambda: _columns(epochs, shares, rates.thresholds),
    )
    st.caption(summary(epochs, shares) + _why_none(kind, shares))


def rates_figure(epochs: np.ndarray, shares: np.ndarray, thresholds: np.ndarray) -> go.Figure:
    """Epochs (E,), shares (E, N) and thresholds (N,) → one line a slice."""
    figure = go.Figure()
    for i, colour in enumerate(slice_colours(len(thresholds))):
        name = slice_name(i, float(thresholds[i]))
        figure.add_scatter(
            x=epochs,
            y=shares[:, i],
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 2.2},
            marker={"size": 8, "symbol": _SYMBOLS[i % len(_SYMBOLS)]},
            hovertemplate=f"epoch %{{x}}: %{{y:.2%}}<extra>{name}</extra>",
        )
    most = float(np.nanmax(shares)) if np.isfinite(shares).any() else 0.0
    figure.update_yaxes(range=[-0.03 * max(most, 0.01), 1.12 * max(most, 0.01)], tickformat=".1%")
    figure.update_layout(title="Judged incompletely")
    return finish(figure, 330, x="epoch")


def summary(epochs: np.ndarray, shares: np.ndarray) -> str:
    if not np.isfinite(shares).any():
        return "No triplets were judged in this run yet."
    if not np.nansum(shares):
        return "Not one triplet was judged incompletely, at any epoch, in any slice."
    e, s = np.unravel_index(np.nanargmax(shares), shares.shape)
    return f"At most {shares[e, s]:.1%} of a slice's triplets: slice {s + 1} in epoch {epochs[e]}."


def _why_none(kind: str, shares: np.ndarray) -> str:
    if kind != HARDEST or np.nansum(shares):
        return ""
    return (
        " No wonder: Batch Hard pairs the farthest positive with the nearest negative, and among this many images the "
        "nearest negative is rarely beyond the farthest positive. Other triplets of the same faces do, see below."
    )


def _columns(epochs: np.ndarray, shares: np.ndarray, thresholds: np.ndarray) -> dict[str, list]:
    count = len(thresholds)
    return {
        "epoch": np.repeat(epochs, count).tolist(),
        "slice": np.tile(np.arange(1, count + 1), len(epochs)).tolist(),
        "threshold": np.tile(thresholds, len(epochs)).tolist(),
        "judged_incompletely": shares.ravel().tolist(),
    }


def _faces(run: Run, thresholds: np.ndarray) -> None:
    epochs = run.epochs
    if not epochs:
        raise RunError(f"{run.path / 'snapshots'}: no snapshot yet")
    left, right = st.columns(2)
    # A link from another run may name an epoch or slice that this one lacks; Streamlit then takes the default.
    epoch = epochs[-1]
    if len(epochs) > 1:
        epoch = left.select_slider(
            "Epoch", epochs, epochs[-1], key="run_epoch", help=term("epoch"), bind="query-params"
        )
    number = 1
    if len(thresholds) > 1:
        words = f"Slice (1: τ = {thresholds[0]:.2f} … {len(thresholds)}: τ = {thresholds[-1]:.2f})"
        number = right.select_slider(
            words, list(range(1, len(thresholds) + 1)), key="run_slice", help=term("threshold"), bind="query-params"
        )
    probe, tau = run_cache.probe(run), float(thresholds[number - 1])
    where = f"at {slice_name(number - 1, tau)} after epoch {epoch}"
    found = _triplets(os.fsencode(run.path), run_cache.stamp(run), epoch, number - 1, tau)
    if not found.count:
        st.markdown(f"Of all triplets of these faces, none is judged incompletely {where}.")
        return
    st.markdown(
        f"Of **all** triplets of the training faces that this run follows, mined or not, **{found.share:.2%}** "
        f"({found.count:,}) would be judged incompletely {where}. The clearest:"
    )
    for column, triplet, sides in zip(st.columns(SHOWN), found.examples, found.distances, strict=False):
        with column, st.container(border=True):
            _triplet(probe, triplet, sides, tau)


def _triplet(probe, triplet: np.ndarray, sides: np.ndarray, tau: float) -> None:
    """One triplet: three faces, their distances, and the way into the lab."""
    ap, an, pn = map(float, sides)
    roles = ("A: anchor", "B: positive", "C: negative")
    pictures = "".join(
        face(probe, int(i), 0, [role, str(probe.classes[probe.labels[i]])])
        for i, role in zip(triplet, roles, strict=True)
    )
    st.html(
        f'<div class="md-four" style="grid-template-columns:repeat(3,minmax(0,1fr));max-width:300px">{pictures}</div>'
    )
    st.markdown(
        f"D(A,B) = {ap:.2f}  \nD(A,C) = {an:.2f} ≥ {ap:.2f} + {tau:.2f}: A is content  \n"
        f"D(B,C) = {pn:.2f} < {ap:.2f}: B is nearer to C"
    )
    key = f"into_lab_{'_'.join(map(str, triplet))}"
    if st.button("Put it into the lab", key=key, icon=":material/science:", width="stretch"):
        try:
            corners = triangle(ap, an, pn)
            points = tuple((x, y, k) for (x, y), k in zip(corners, (0, 0, 1), strict=True))
            show_scene(Scene(points, tau=tau, step=0.02))
        except SceneError as error:
            st.warning(f"The lab cannot show this triplet: {error}")
        else:
            st.rerun()


@st.cache_resource(show_spinner=False, max_entries=8)
def _rates(path: bytes, changed: tuple[int, ...]) -> IncompleteRates:
    return incomplete_rates(Run(os.fsdecode(path)))


@st.cache_resource(show_spinner=False, max_entries=64)
def _triplets(path: bytes, changed: tuple[int, ...], epoch: int, slice: int, tau: float) -> RealTriplets:
    run = Run(os.fsdecode(path))
    probe = run_cache.probe(run)
    return real_triplets(run_cache.snapshot(run, epoch), probe.labels, ~probe.test, slice, tau, SHOWN)
