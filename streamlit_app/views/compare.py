"""Compare runs: settings that differ, curves over one another, and one face in the slices of each."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import compare_runs
import run_cache
import streamlit as st
import training_queue
from compare_faces import show_faces
from compare_runs import Member
from compare_start import offer_control
from figures import show_figure
from glossary import term
from lesson import shows
from reproduce import reproduce
from run_words import html as escape
from run_words import literal
from training_view import show_progress, state_of

from muldml_lite import plots

LEAST, MOST = 2, plots.MOST_COMPARED
HELP = {
    "cross_entropy": "Of the head on the training batches, mean over an epoch.",
    "metric_loss": f"Mean over the slices and an epoch's batches, without its weight. {term('warm-up')}",
    "knn_accuracy": term("k-NN"),
    "head_accuracy": term("head"),
    "active_fraction": f"{term('active')} Mean over the slices.",
    "incomplete_fraction": f"{term('incomplete judgement')} Mean over the slices.",
}


def choose(known: dict[str, Member]) -> list[Member]:
    """The runs to compare, in the link as `runs`; forks with their parents are offered first."""
    tell_unknown(known)
    suggested = compare_runs.pairs(known)[:4]
    if "runs" in st.session_state:
        st.session_state["runs"] = [name for name in st.session_state["runs"] if name in known]
    elif not st.query_params.get_all("runs"):
        st.session_state["runs"] = compare_runs.first_choice(known)
    # Names as they are: what an option is shown as is also what stands for it in the link.
    chosen = st.multiselect(
        "Runs",
        list(known),
        key="runs",
        max_selections=MOST,
        placeholder=f"Choose {LEAST} to {MOST} runs",
        bind="query-params",
    )
    if suggested and shows("controls"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption("Forks with their parents:", width="content")
            for parent, name in suggested:
                st.button(
                    f"{literal(known[parent].name)} and {literal(name)}",
                    key=f"pair_{name}",
                    type="tertiary",
                    icon=":material/fork_right:",
                    on_click=lambda both=(parent, name): st.session_state.update(runs=list(both)),
                )
    return [known[name] for name in chosen]


def tell_unknown(known: dict[str, Member]) -> None:
    asked = st.query_params.get_all("runs")
    gone = [name for name in asked if name not in known]
    if gone:
        st.info(
            f"The link asks for “{literal(gone[0][:60])}”, which is no run of this app's folder.",
            icon=":material/link_off:",
        )
    elif len(asked) > MOST:
        st.info(f"The link asks for {len(asked)} runs; at most {MOST} can be compared.", icon=":material/link_off:")


def table(rows: dict[str, Sequence[str]], heads: Sequence[str], corner: str) -> str:
    """Rows of texts as a small table, the first column their names."""
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in (corner, *heads))
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'
        for name, cells in rows.items()
    )
    return (
        f'<div class="md-scroll" tabindex="0" role="group" aria-label="{escape(corner)}"><table class="md-table">'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def settings(chosen: Sequence[Member]) -> None:
    st.subheader("What differs")
    rows = {
        name.replace("_", " ").capitalize(): [compare_runs.shown(value) for value in values]
        for name, values in compare_runs.differences(chosen).items()
    }
    if any(one.parent for one in chosen):
        rows["Forked from"] = [f"{one.parent}, epoch {one.fork}" if one.parent else "–" for one in chosen]
    if rows:
        st.html(table(rows, [one.name for one in chosen], "Setting"))
    else:
        st.markdown("Nothing: these runs have the same settings.")


def curves(chosen: Sequence[Member]) -> None:
    """All numbers over epochs; a run that is being trained grows while one looks."""
    histories = [run_cache.history(one.run) for one in chosen]
    st.subheader("Epoch by epoch")
    if any(one.parent in [other.name for other in chosen] for one in chosen):
        st.markdown(
            "A ring on a dotted line marks the epoch after which a fork leaves its parent: before, they are one."
        )
    lines = compare_runs.compared(chosen, histories)
    names = ", ".join(one.name for one in chosen)
    for i, (key, title) in enumerate(plots.COMPARED.items()):
        if i % 2 == 0:
            columns = st.columns(2)  # row by row, so that a phone keeps the order
        with columns[i % 2]:
            show_figure(
                plots.compare_curves(lines, key),
                f"compare_{key}",
                f"Line chart over epochs: {title} of {names}. {HELP[key]}",
            )
    st.markdown("**What to see**")
    st.caption(
        "If all hinges stay active, τ is out of the gradient and runs with other thresholds run alongside one "
        "another. Where the curves part, look at the scale: a few points are within the noise of one seed."
    )
    if not compare_runs.comparable_loss(chosen):
        st.caption("**The metric losses are not comparable**: they are made of other terms or thresholds.")
    numbers(chosen, histories)


def numbers(chosen: Sequence[Member], histories: Sequence[list]) -> None:
    st.subheader("Where they stand")
    st.html(table(compare_runs.last_numbers(histories), [one.name for one in chosen], "Number"))
    st.markdown(
        "**One run each says nothing about noise.** Another seed moves such numbers by a few points; whether a setting "
        "helps needs several draws of people, with a control and an interval."
    )
    if shows("next"):
        st.page_link("views/evidence.py", label="See what held up in the evidence", icon=":material/science:")


def scene(chosen: Sequence[Member]) -> tuple[bool, ...]:
    """What the whole page depends on: who has begun, and whether anything still moves."""
    return (moving(chosen), *(bool(one.run.epochs) for one in chosen))


def follow(chosen: Sequence[Member], before: tuple[bool, ...]) -> None:
    """A fragment on a clock of its own, so it meets trouble by itself."""
    with run_cache.run_problems("Take it out of the comparison."):
        if scene(chosen) != before:
            st.rerun()
        progress(chosen)
        curves(chosen)


def progress(chosen: Sequence[Member]) -> None:
    """How far those are that are being trained."""
    for one in chosen:
        state, message = state_of(one.run, training_queue.read_job(one.run.path))
        if state in ("queued", "running"):
            st.caption(f"**{literal(one.name)}**")
            show_progress(run_cache.history(one.run), state, message, one.config.epochs)


def moving(chosen: Sequence[Member]) -> bool:
    with contextlib.suppress(Exception):  # what is wrong is said where it is shown
        return any(one.run.status["state"] in ("queued", "running") for one in chosen)
    return False


st.title("Compare runs")
st.markdown("Put two to six runs side by side: a fork with its parent, or one setting in several values.")
known = compare_runs.members()
chosen = choose(known) if known else []
if len(chosen) < LEAST:
    if len(known) >= LEAST or not offer_control(known):
        st.info(
            "Choose at least two runs. On the Train page, “Fork” makes a second run out of any epoch of a first one."
            if len(known) >= LEAST
            else "There are not two runs yet: train one, and fork it with another setting on the Train page.",
            icon=":material/compare_arrows:",
        )
    st.page_link("views/train.py", label="To the Train page, for runs of your own", icon=":material/model_training:")
else:
    with run_cache.run_problems("Take it out of the comparison."):
        settings(chosen)
    now = scene(chosen)
    st.fragment(follow, run_every=2.0 if now[0] else None)(chosen, now)
    with run_cache.run_problems("Take it out of the comparison."):
        st.subheader("One face, in every run")
        young = [one.name for one in chosen if not one.run.epochs]
        if young:
            st.caption(f"They appear when the untrained network of {literal(', '.join(young))} has been looked at.")
        else:
            st.markdown("Pick a face and see whom each slice of each run puts next to it.")
            show_faces(chosen)
names = [one.name for one in chosen if one.name != compare_runs.SAMPLE] or ["one", "other"]
reproduce(
    f"muldml fork --run runs/{names[0]} --epoch 4 --out runs/forked --thresholds 0.2 0.4",
    "from muldml_lite.plots import Compared, compare_curves\nfrom muldml_lite.runs import Run\n\n"
    f"runs = [Compared(name, Run(f'runs/{{name}}').history) for name in {names}]\n"
    'compare_curves(runs, "knn_accuracy")',
)
