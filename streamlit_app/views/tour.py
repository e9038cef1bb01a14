"""Tour: what Mul-DML is, in one picture with a run's own numbers, and where to go next."""

from __future__ import annotations

import os
import shlex
from typing import Any

import lesson
import numpy as np
import run_cache
import run_picker
import streamlit as st
from face_html import face, relation
from reproduce import reproduce
from run_words import literal
from tour_picture import method_picture, show_picture

from muldml_lite import analysis
from muldml_lite.metrics import SATURATED, is_saturated
from muldml_lite.runs import Probe, Run, RunError

NEAREST = 4  # faces shown beside the anchor


def picture(run: Run) -> None:
    with run_cache.run_problems("Its training may still be under way: watch it on the Train page."):
        probe = run_cache.probe(run)
        record = record_of(run, layout(run)[0][-1])
        anchor = int(np.flatnonzero(probe.labels == min(1, len(probe.classes) - 1))[0])
        show_picture(drawn(run, anchor), record)
        counts = run.config.get("data") or {}
        st.caption(
            f"Numbers and points are those of the run chosen in the side bar, after epoch {literal(record['epoch'])}: "
            f"{literal(counts.get('train', '?'))} training images, "
            f"{literal(counts.get('test', '?'))} held out"
            f"{' (other subjects)' if counts.get('subjects') else ''}; {len(probe)} of them are followed and drawn."
        )


def drawn(run: Run, anchor: int) -> str:
    return _drawn(os.fsencode(run.path), run_cache.stamp(run), anchor)


@st.cache_data(show_spinner=False, max_entries=8)
def _drawn(path: bytes, changed: tuple[int, ...], anchor: int) -> str:
    run = Run(os.fsdecode(path))
    epochs, coordinates = layout(run)
    apart = run.residuals(run.layouts[0])[-1]
    return method_picture(run_cache.probe(run), anchor, coordinates[-1], apart, record_of(run, epochs[-1]))


def record_of(run: Run, epoch: int) -> dict[str, Any]:
    """The line of this epoch in the history, or the last one.

    Raises:
        RunError: no epoch is finished.
    """
    history = run_cache.history(run)
    if not history:
        raise RunError(f"{run.path}: no finished epoch yet")
    return next((record for record in reversed(history) if record["epoch"] == epoch), history[-1])


@st.cache_resource(show_spinner=False, max_entries=4)
def _layout(path: bytes, changed: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    run = Run(os.fsdecode(path))
    return run.layout(run.layouts[0])


def layout(run: Run) -> tuple[np.ndarray, np.ndarray]:
    if not run.layouts:
        raise RunError(f"{run.path}: no layout yet; it is made when training ends")
    return _layout(os.fsencode(run.path), run_cache.stamp(run))


def identity_section(run: Run) -> None:
    """Raw pixels follow the person; does the trained embedding follow the expression?"""
    st.header("Whose face, or which face?")
    st.markdown(
        "Two photographs of *one person* share the hair, the skin, the nose. Two *smiles* share a few pixels round the "
        "mouth and the eyes. So whoever compares pixels mostly finds the person again. Metric learning is there to "
        "change what counts as near."
    )
    with run_cache.run_problems():
        probe, snap, facts = run_cache.probe(run), run_cache.snapshot(run), run_cache.contrast(run)
        anchor = choose_anchor(probe)
        spaces = {"raw pixels": facts["pixels"], "trained embedding": run_cache.joined(snap)}
        columns = st.columns([2, 5, 5], gap="medium")
        with columns[0]:
            st.markdown("**The face**")
            seen = "unseen in training" if probe.test[anchor] else "trained on"
            st.html(face(probe, anchor, 112, [probe.classes[probe.labels[anchor]], person(probe, anchor), seen]))
        for column, (name, vectors) in zip(columns[1:], spaces.items(), strict=True):
            with column:
                st.markdown(f"**Nearest in {name}**")
                st.html(nearest_row(probe, vectors, anchor))
                if facts["shares"]:
                    st.html(share_bar(facts["shares"][name]))
        st.caption(
            "Solid frame: the same expression. Dashed frame: the same person with another expression. The bars go over "
            "all faces that are followed: is the nearest image of the same person with another expression nearer than "
            "the nearest image of the same expression on another person, or the other way round?"
        )


def choose_anchor(probe: Probe) -> int:
    """Any expression, any person: the reader picks, so that nobody has to trust a picked example."""
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    label = left.pills(
        "Expression of the face", probe.classes, default=probe.classes[-1], key="expression", required=True,
        bind="query-params", format_func=literal,
    )  # fmt: skip
    wanted = probe.classes.index(label) if label in probe.classes else 0
    those = np.flatnonzero(probe.test & (probe.labels == wanted))
    if not len(those):
        those = np.flatnonzero(probe.labels == wanted) if (probe.labels == wanted).any() else np.arange(len(probe))
    turn = turn_of(len(those))
    right.button("Another person", icon=":material/person_search:", on_click=take_turn, args=((turn + 1) % len(those),))
    return int(those[turn])


def turn_of(count: int) -> int:
    """Which of `count` people the link asks for; the first one where it asks for none that there is."""
    asked = st.query_params.get("person") or st.session_state.get("tour_person") or "1"
    turn = int(asked) - 1 if asked.isdecimal() and len(asked) < 6 else -1
    if not 0 <= turn < count:
        if st.query_params.get("person"):
            st.info(f"The link asks for person “{literal(asked[:20])}”; of this expression there are 1 to {count}.")
        turn = 0
    take_turn(turn)
    return turn


def take_turn(turn: int) -> None:
    st.session_state["tour_person"] = str(turn + 1)
    if turn:
        st.query_params["person"] = str(turn + 1)
    else:
        st.query_params.pop("person", None)


def nearest_row(probe: Probe, vectors: np.ndarray, anchor: int) -> str:
    distances = np.linalg.norm(vectors - vectors[anchor], axis=1)
    distances[anchor] = np.inf
    cells = []
    for j in np.argsort(distances, kind="stable")[:NEAREST]:
        kind, words = relation(probe, anchor, j)
        cells.append(face(probe, int(j), 0, [probe.classes[probe.labels[j]], words], kind))
    return f'<div class="md-four">{"".join(cells)}</div>'


def share_bar(share: dict[str, Any]) -> str:
    person, expression = share["same_subject"], share["same_label"]
    if not share["images"]:
        return ""
    return (
        f'<div style="font-size:.9rem;margin-top:4px">Nearest is the person <b>{person:.0%}</b>, the expression '
        f'<b>{expression:.0%}</b></div><div aria-hidden="true" style="display:flex;height:11px;border-radius:6px;'
        f'overflow:hidden;gap:2px"><span style="flex:{person:.4f} 1 0;background:repeating-linear-gradient(45deg,'
        'light-dark(#b87400,#f0ab2e) 0 6px,light-dark(#d69a3a,#c98a1f) 6px 9px)"></span>'
        f'<span style="flex:{expression:.4f} 1 0;background:light-dark(#0f6b68,#4fb3a9)"></span></div>'
    )


def person(probe: Probe, i: int) -> str:
    return f"subject {probe.subjects[i]}" if probe.subjects[i] >= 0 else str(probe.names[i])


def question_section(run: Run) -> None:
    """Not a sales pitch: what is claimed, and what this run can and cannot say."""
    st.header("Is it better? That is the question, not the premise")
    with run_cache.run_problems():
        st.markdown(
            "The paper behind this (Yang et al., *Pattern Recognition* 156, 2024, arXiv 2406.16434) argues that each "
            "threshold gives its own kind of embedding, that the best one differs between data sets, and that many at "
            "once spare the choice. Whether that beats one good threshold, equal thresholds, or plain cross entropy "
            "has to be *shown*, with controls, on several seeds, and it can fail."
        )
        history = run_cache.history(run)
        if history:
            st.markdown(own_numbers(analysis.slice_table(run), history))


def own_numbers(slices: list[dict[str, Any]], history: list[dict[str, Any]]) -> str:
    """What the chosen run says about itself, in words."""
    lines = []
    scores = [s["knn_accuracy"] for s in slices if s.get("knn_accuracy") is not None]
    if len(scores) > 1:
        lines.append(
            f"- Its slices' k-NN accuracies on unseen subjects lie between **{min(scores):.0%}** and "
            f"**{max(scores):.0%}**; the whole embedding reaches **{history[-1]['knn_accuracy']:.0%}**, the untrained "
            f"network **{history[0]['knn_accuracy']:.0%}**."
        )
    active = [s["active_fraction"] for s in slices if s.get("active_fraction") is not None]
    full = sum(is_saturated(share) for share in active)
    if active and full:
        lines.append(
            f"- In **{full} of {len(active)}** slices at least {SATURATED:.0%} of the hinges are active at the end: "
            "τ has (almost) dropped out of the gradient there, and another one would have changed (almost) nothing."
        )
    elif active:
        lines.append(
            f"- Between **{min(active):.0%}** and **{max(active):.0%}** of a slice's hinges are active at the end: "
            "τ does shape the gradient in this run."
        )
    if history[-1].get("warnings"):
        lines.append("- Its trainer warned: " + " ".join(f"“{literal(line)}”" for line in history[-1]["warnings"]))
    lines.append("- One run has no error bar. To compare, train the controls with the same seed on the Train page.")
    return "**What the chosen run says:**\n\n" + "\n".join(lines)


def next_steps(run_name: str) -> None:
    st.header("Where to go next")
    steps = (
        ("views/slices.py", "Walk through the slices", "Pick a face, see whom each slice puts next to it."),
        ("views/judgements.py", "Drag three points", "See when a triplet is left alone that should not be."),
        ("views/train.py", "Train your own", "Other thresholds, other mining, your own images; watch it live."),
        ("views/evidence.py", "Ask whether it helps", "Every claim as an experiment that can fail, and what came out."),
    )
    for column, (page, title, text) in zip(st.columns(len(steps), gap="medium"), steps, strict=True):
        with column.container(border=True, height="stretch"):
            st.page_link(page, label=f"**{title}**", icon=":material/arrow_forward:", query_params={"run": run_name})
            st.markdown(text)
    st.markdown(
        ":material/school: Or by hand: `notebooks/01_triplets_and_identity.ipynb` builds the loss from three points."
    )


def by_yourself(run: Run) -> None:
    path = run_picker.short_path(run)
    reproduce(
        f"muldml evaluate --run {shlex.quote(str(path))}",
        "from muldml_lite import analysis\nfrom muldml_lite.runs import Run\n"
        f"run = Run({str(path)!r})\n"
        'print(*analysis.slice_table(run), sep="\\n")\n'
        "print(analysis.nearest_share(analysis.pixel_vectors(run.probe), run.probe.labels, run.probe.subjects))",
    )


st.title("Many thresholds, one embedding")
st.markdown(
    "A *triplet loss* pulls an anchor to a positive and pushes a negative away, until they differ by a "
    "**threshold τ**. Which τ? *Multi-threshold deep metric learning* doesn't choose: it cuts the embedding into "
    "N slices and trains each with a τ of its own, all at once."
)
choice = run_picker.chosen()
if choice.run is None:
    st.info(literal(choice.problem) or "Choose a run in the side bar.", icon=":material/folder_off:")
else:
    picture(choice.run)
    identity_section(choice.run)
    if lesson.shows("verdict"):
        question_section(choice.run)
if lesson.shows("next"):
    next_steps(choice.name or "sample")
if choice.run is not None:
    by_yourself(choice.run)
