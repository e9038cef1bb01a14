"""The ledger at a glance: each claim with its verdict and the reason in a line, then the map over regimes."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict

import evidence_html
import evidence_pictures
import streamlit as st
import study_cache
from evidence_detail import clicked, columns_of, short_path
from figures import show_figure
from reproduce import reproduce
from run_words import literal

from muldml_lite.claims import VERDICTS, Claim, Reading, Study, Verdict


def show_overview(study: Study, reading: Reading, choose: Callable[[str], None]) -> None:
    whole = {verdict.claim: verdict for verdict in reading.verdicts if not verdict.cell}
    counts = Counter(verdict.verdict for verdict in whole.values())
    chips = "".join(evidence_html.chip(word, f"{counts[word]} {word}") for word in VERDICTS if counts[word])
    st.html(f'<div class="ev-tally">{chips}</div>')
    evidence_html.explain_words()
    for _, parts in grouped(study.claims):
        with st.container(border=True, gap=None):
            for claim in parts:
                one_claim(claim, whole[claim.id], evidence_html.short_reason(whole[claim.id], reading), choose)
    if any(verdict.cell for verdict in reading.verdicts):
        the_map(study, reading, choose)
    reproduce(
        str(study.about.get("command") or "muldml claims"),
        f'from muldml_lite.claims import Study, read_study\nreading = read_study(Study("{short_path(study)}"))\n'
        "for one in reading.verdicts:\n    print(one.claim, one.cell, one.verdict, one.reason)",
    )


def grouped(claims: tuple[Claim, ...]) -> Iterator[tuple[str, list[Claim]]]:
    """Parts of one claim of the paper share its number: 4a, 4b, 4c."""
    for number, parts in itertools.groupby(claims, key=number_of):
        yield number, list(parts)


def number_of(claim: Claim) -> str:
    bare = claim.id.rstrip("abcdefgh")
    return bare if bare.isdigit() else claim.id


def one_claim(claim: Claim, verdict: Verdict, reason: str, choose: Callable[[str], None]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        label = f"**{literal(claim.id)} · {literal(claim.title)}**"
        st.button(label, key=f"open_{claim.id}", type="tertiary", wrap=True, on_click=choose, args=(claim.id,))
        st.html(evidence_html.chip(verdict.verdict, verdict.badge), width="content")
    st.html(evidence_html.line(claim.sentence, claim.source, reason))


def the_map(study: Study, reading: Reading, choose: Callable[[str], None]) -> None:
    st.header("Where it holds, and where not", anchor=False)
    st.markdown(
        "A claim is rarely true or false as such: it holds under some circumstances and by some read-outs. One box a "
        "**regime** (data, mining, how trained) on fresh draws of people; hover or tap to read which, click to open "
        "the claim."
    )

    def go_there() -> None:
        wanted = clicked(st.session_state.get("ledger_map"))
        if isinstance(wanted, str):
            choose(wanted)

    show_figure(
        study_cache.figure(study, evidence_pictures.ledger),
        "ledger_map",
        alt="Map of verdicts: a row a claim, a box a regime; the pages of the claims name every regime.",
        numbers=lambda: columns_of([asdict(one) for one in reading.verdicts]),
        on_select=go_there,
        selection_mode="points",
        checked=True,
    )
