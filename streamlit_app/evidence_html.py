"""Chips and lines of the ledger as HTML, and the words that explain it. Every text from a study is escaped here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st
from run_words import html as escape

from muldml_lite.claims import VERDICTS, Claim, Reading, Verdict
from muldml_lite.plots import VERDICT_LOOKS, label_of, shown

STYLE = """<style>
.ev-chip{display:inline-block;padding:1px 10px 2px;border-radius:999px;font-size:.86rem;font-weight:600;line-height:1.5;
 white-space:nowrap;border:1.5px solid transparent}
.ev-chip.ev-open{border-color:light-dark(#66707b,#98a3ae);color:inherit}
.ev-quote{border-left:4px solid light-dark(#0f6b68,#4fb3a9);padding:2px 0 2px 14px;font-size:1.12rem;line-height:1.45}
.ev-quote small{display:block;font-size:.85rem;opacity:.82;margin-top:3px}
.ev-line{line-height:1.45;margin-bottom:.5rem}
.ev-line p{margin:.1rem 0}
[class*="st-key-open_"] p{font-size:1.06rem}
[class*="st-key-open_"] button{text-align:left}
.ev-tally{display:flex;flex-wrap:wrap;gap:8px 10px;align-items:center}
.ev-facts{margin:0!important;padding:0!important}
.ev-facts{display:grid;grid-template-columns:max-content 1fr;gap:5px 16px;font-size:.94rem;line-height:1.4}
.ev-facts dt{font-weight:600}
.ev-facts dd{margin:0;overflow-wrap:anywhere}
.ev-compared td{min-width:6.5rem}.ev-compared td:first-child{min-width:13rem}
.ev-regimes td{vertical-align:top;overflow-wrap:anywhere}
@media(max-width:640px){.ev-compared td{min-width:6.5rem}.ev-compared td:first-child{min-width:13rem}
.ev-regimes td{display:block;border:0;padding:2px 0}.ev-regimes td+td{padding-bottom:10px}
 .ev-facts{grid-template-columns:1fr;gap:0}.ev-facts dd{margin-bottom:7px}}
</style>"""


_BORDERS = {"solid": "solid", "dash": "dashed", "dot": "dotted"}


def chip(verdict: str, words: str = "") -> str:
    """A verdict as sign and word on its colour; `words` in place of the bare verdict."""
    look = VERDICT_LOOKS[verdict]
    words = f"{look.sign} {words or verdict}"
    if look.fill:
        return f'<span class="ev-chip" style="background:{look.fill};color:#fff">{escape(words)}</span>'
    return f'<span class="ev-chip ev-open" style="border-style:{_BORDERS[look.dash]}">{escape(words)}</span>'


def quote(sentence: str, source: str) -> str:
    told = f"The claim, in our words{f' ({source})' if source else ''}"
    return f'<div class="ev-quote">{with_code(sentence)}<small>{escape(told)}</small></div>'


def line(sentence: str, source: str, reason: str) -> str:
    """A claim in the list: what is claimed, what it is about in the paper where that is known, and what came out."""
    about = f' <span class="md-muted">({escape(source)})</span>' if source else ""
    return f'<div class="ev-line"><p>{with_code(sentence)}{about}</p><p class="md-muted">{with_code(reason)}</p></div>'


def short_reason(whole: Verdict, reading: Reading) -> str:
    """The reason in a line: of many regimes only how many said what; the claim's own page names them."""
    told = [verdict for verdict in reading.verdicts if verdict.claim == whole.claim and verdict.cell]
    if len(told) < 2 or whole.verdict == "untestable here":
        return whole.reason[:1].upper() + whole.reason[1:]
    counts = Counter(verdict.verdict for verdict in told)
    words = [f"{word} in {counts[word]}" for word in VERDICTS if counts[word]]
    return f"Of {len(told)} regimes: {', '.join(words)}"


def with_code(text: str) -> str:
    """Escaped text; what stands between backticks as code."""
    return re.sub("`([^`]*)`", r"<code>\1</code>", escape(text))


def regimes(verdicts: Sequence[Verdict], texts: Mapping[str, str]) -> str:
    """The verdict of each regime with its reason, a row each."""
    rows = "".join(
        f"<tr><td>{chip(one.verdict)}</td>"
        f"<td><b>{escape(texts.get(one.cell, one.cell))}</b><br>{escape(one.reason)}</td></tr>"
        for one in verdicts
    )
    return f'<table class="md-table ev-regimes"><tbody>{rows}</tbody></table>'


def comparisons(claim: Claim) -> str:
    """The comparisons that the verdict rests on, a row each."""
    rows = []
    for one in claim.comparisons:
        if one.required:
            control = one.control or (f"the constant {one.value:g}" if one.value is not None else "in the same run")
            claimed = f"{one.expected} the control"
            cells = (label_of(one), one.treatment, control, claimed, shown(one.matters, one.unit))
            rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    heads = ("Compared", "Treatment", "Control", "The claim: treatment lies", "Too small to matter: below")
    head = "".join(f'<th scope="col">{word}</th>' for word in heads)
    return (
        f'<div class="md-scroll"><table class="md-table ev-compared"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def facts(pairs: list[tuple[str, str]]) -> str:
    """Pairs of a word and its explanation."""
    items = "".join(f"<dt>{escape(word)}</dt><dd>{escape(text)}</dd>" for word, text in pairs if text)
    return f'<dl class="ev-facts">{items}</dl>'


def explain_words() -> None:
    """The three words one has to know, at hand wherever numbers are shown."""
    with st.container(horizontal=True, gap="small"):
        for word, text in WORDS.items():
            with st.popover(word, icon=":material/help:", type="tertiary"):
                st.markdown(text)


WORDS = {
    "Interval": (
        "Every comparison is *treatment − control* on the same people with the same seed. It is repeated on several "
        "**draws**: other drawn people, other pictures, another warm-up. Seeds of one draw are averaged first, because "
        "they share its people.\n\nThe interval around the mean (Student's *t* over draws) says where the difference "
        "may well lie. If it leaves out 0, chance alone is a poor explanation. If it contains 0, the "
        "study could not tell; *resolves* says how large a difference it would have found in 4 of 5 cases.\n\n"
        "Outcomes that are 0 or 1 get exact tests and Clopper–Pearson intervals. Other differences that are all the "
        "same have no spread, hence no interval."
    ),
    "Holm": (
        "Who reads a hundred intervals finds five that leave out 0 by chance. So all intervals of a study are "
        "widened together by **Holm's correction**: the chance that even one of them is wrong stays at 5 "
        "%.\n\nIntervals "
        "here are the corrected ones. That is strict: a small effect may stay *not supported*."
    ),
    "Untestable": (
        "If **every hinge is active**, the threshold τ drops out of the gradient, and another τ trains the very same "
        "network. If all images **collapse** onto one point, nothing is left to compare. Where more than half of the "
        "runs of an arm are like that, or fewer than 3 draws were run, or all draws of treatment and control came out "
        "alike, a regime can't test the claim, and the ledger says *untestable here* rather than *no effect*."
    ),
    "Verdicts": (
        "**✓ supported**: every required comparison lies on the claimed side, its corrected interval leaves out 0.\n\n"
        "**✗ contradicted**: one of them lies wholly on the other side. (A mere control there, such as twice the "
        "learning rate, explains the claim away without refuting it: not supported.)\n\n"
        "**○ not supported**: neither; the reason says whether an effect that matters is ruled out or could not have "
        "been seen.\n\n**∅ impossible, proved**: a proof rules the claim out there; the reason gives it.\n\n"
        "**◇ untestable here**, **… needs data**: nothing can be said.\n\n"
        "**◐ in 7 of 8 settings**: a claim as a whole that is supported in some of the regimes that can test it, and "
        "not in others.\n\nStudies that are begun today carry a hash of rules and settings from before the first run; "
        "what was revised later stands beside the study."
    ),
}
