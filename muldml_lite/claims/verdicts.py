"""Rows of a study → intervals → verdicts. Pure, and without torch: the same rows always give the same verdicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from muldml_lite.claims.derived import with_derived
from muldml_lite.claims.ledger import VERDICTS, Claim, Comparison
from muldml_lite.claims.statistics import FEWEST, Estimate, draws_needed, estimates
from muldml_lite.claims.tables import Pairs, Row, Table

CONFIRMATION = 1000  # draws from this number on; those below only search for regimes


@dataclass(frozen=True)
class Interval:
    """One comparison in one regime: the numbers below a verdict."""

    claim: str
    cell: str
    phase: str
    statistic: str
    treatment: str
    control: str
    label: str
    expected: str
    matters: float
    unit: str
    required: bool
    refutes: bool
    mean: float  # treatment − control
    low: float | None
    high: float | None
    p: float
    p_holm: float
    level: float
    resolvable: float | None
    spread: float | None  # standard deviation between draws
    draws: int
    seeds: int
    treatment_mean: float
    control_mean: float
    untestable: str  # why this comparison cannot test the claim; "" if it can
    counted: str  # how often, where outcomes are 0 or 1, or held against never; "" elsewhere

    @property
    def mute(self) -> str:
        """Why resamples that all say the same tell nothing; "" if they differ, or differ from the control's."""
        if self.spread != 0:
            return ""
        if self.low is None and not (self.treatment_mean or self.control_mean):
            return f"nothing but 0 in {self.draws} resamples: no spread, could not tell"
        if self.low is None:
            return f"{_shown(self.mean, self)} in each of {self.draws}: no spread between resamples, no interval"
        return f"{self.counted}: could not tell" if self.mean == 0 else ""

    @property
    def side(self) -> int:
        """1: shown on the claimed side; −1: on the other one; 0: neither."""
        if self.low is None or self.low <= 0 <= self.high:
            return 0
        return 1 if (self.mean > 0) == (self.expected == "above") else -1


@dataclass(frozen=True)
class Verdict:
    """What a study says about a claim in one regime; `cell` is empty for the claim as a whole."""

    claim: str
    cell: str
    verdict: str
    reason: str
    draws: int
    badge: str  # the verdict in full: in how many settings


@dataclass(frozen=True)
class Reading:
    """Everything that a study's rows say."""

    verdicts: list[Verdict]
    intervals: list[Interval]
    map: list[dict[str, Any]]  # exploration: differences without a verdict


def read_rows(rows: Iterable[Row], claims: Sequence[Claim], chosen: dict[str, Any]) -> Reading:
    """Read all claims at once: the correction is for every interval of the study.

    Args:
        chosen: {claim id: {"cells": [...]}} where a search chose the regimes; only these get a verdict.
    """
    rows = with_derived(list(rows))
    tables = {False: Table(r for r in rows if r["draw"] < CONFIRMATION)}
    tables[True] = Table(r for r in rows if r["draw"] >= CONFIRMATION)
    listed = [
        (claim, cell, one, pairs)
        for claim in claims
        for cell in tables[True].cells(claim)
        if claim.id not in chosen or cell in chosen[claim.id]["cells"]
        for one in claim.comparisons
        if (pairs := tables[True].pairs(claim, cell, one)) is not None
    ]
    differences = [pairs.differences() for *_, pairs in listed]
    found = estimates(differences, counts=[pairs.zero_one() for *_, pairs in listed])
    intervals = [_interval(*one, estimate) for one, estimate in zip(listed, found, strict=True)]
    by_claim = defaultdict(list)
    for interval in intervals:
        by_claim[interval.claim].append(interval)
    verdicts = [verdict for claim in claims for verdict in judge_claim(claim, by_claim[claim.id])]
    return Reading(verdicts, intervals, _map(tables[False], claims, chosen))


def _interval(claim: Claim, cell: str, one: Comparison, pairs: Pairs, estimate: Estimate) -> Interval:
    return Interval(
        claim=claim.id,
        cell=cell,
        phase="confirmation",
        statistic=one.statistic,
        treatment=one.treatment,
        control=one.control_text(),
        label=one.label or f"{one.statistic}: {one.treatment} against {one.control_text()}",
        expected=one.expected,
        matters=one.matters,
        unit=one.unit,
        required=one.required,
        refutes=one.refutes,
        mean=estimate.mean,
        low=estimate.low,
        high=estimate.high,
        p=estimate.p,
        p_holm=estimate.p_holm,
        level=estimate.level,
        resolvable=estimate.resolvable,
        spread=estimate.spread,
        draws=estimate.draws,
        seeds=len(pairs.seeds),
        treatment_mean=float(np.mean(pairs.treatment)),
        control_mean=float(np.mean(pairs.control)),
        untestable=pairs.untestable,
        counted=pairs.counted(),
    )


def judge_claim(claim: Claim, intervals: Sequence[Interval]) -> list[Verdict]:
    """A verdict for each regime, then the one of the whole claim."""
    cells = list(dict.fromkeys(interval.cell for interval in intervals))
    verdicts = [_judge_cell(claim, cell, [i for i in intervals if i.cell == cell]) for cell in cells]
    return [*verdicts, _judge_whole(claim, verdicts)]


def _judge_cell(claim: Claim, cell: str, intervals: Sequence[Interval]) -> Verdict:
    """Every required comparison has to hold; one that is clearly the other way round refutes."""
    required = [i for i in intervals if i.required]
    draws = min((i.draws for i in intervals), default=0)

    def say(verdict: str, reason: str) -> Verdict:
        return Verdict(claim.id, cell, verdict, reason, draws, verdict)

    proof = next((text for part, text in claim.impossible if part in cell.split("/")), "")
    if proof and required and not any(i.treatment_mean for i in required):
        return say("impossible, proved", f"{proof} Seen: {required[0].counted or 'never'}")
    out = _why_untestable(claim, required, draws)
    if out:
        return say("untestable here", out)
    against = [i for i in required if i.side < 0 and i.refutes]
    if against:
        return say("contradicted", _said(against[0]))
    mute = next((i for i in required if i.mute), None)
    if mute:
        return say("untestable here", f"{mute.label}: {mute.mute}")
    open_ = [i for i in required if i.side <= 0]
    if not open_:
        return say("supported", _said(min(required, key=lambda i: abs(i.mean) / i.matters)))
    return say("not supported", _undecided(max(open_, key=lambda i: abs(i.mean) / i.matters)))


def _why_untestable(claim: Claim, required: Sequence[Interval], draws: int) -> str:
    if len(required) < sum(c.required for c in claim.comparisons):
        return next((i.untestable for i in required if i.untestable), "a required control was not run here")
    few = f"{draws} draws, expected {FEWEST} or more" if draws < FEWEST else ""
    return next((i.untestable for i in required if i.untestable), few)


def _judge_whole(claim: Claim, verdicts: Sequence[Verdict]) -> Verdict:
    tested = [v for v in verdicts if v.verdict != "untestable here"]
    draws = min((v.draws for v in tested), default=0)

    def say(verdict: str, reason: str, badge: str = "") -> Verdict:
        return Verdict(claim.id, "", verdict, reason, draws, badge or verdict)

    if not verdicts:
        return say("needs data", claim.needs or "no confirmation run measured it: not part of this study")
    if not tested:
        return say("untestable here", f"in none of {len(verdicts)} regimes: {verdicts[0].reason}")
    said = {word: [v.cell for v in tested if v.verdict == word] for word in VERDICTS}
    for word in ("supported", "contradicted", "impossible, proved"):
        if len(said[word]) == len(tested):
            return say(word, f"in all {len(tested)} regimes that can test it" if len(tested) > 1 else tested[0].reason)
    if len(tested) == 1:
        return say("not supported", tested[0].reason)
    counts = [f"{word} in {len(cells)} ({', '.join(cells)})" for word, cells in said.items() if cells]
    reason = f"of {len(tested)} regimes: " + "; ".join(counts)
    for word, start, verdict in (
        ("supported", "", "in some settings"),
        ("impossible, proved", "impossible, proved, ", "impossible, proved"),
    ):
        if said[word]:
            return say(verdict, reason, f"{start}in {len(said[word])} of {len(tested)} settings")
    return say("not supported", reason)


def _said(i: Interval) -> str:
    low, high = (_shown(end, i).removesuffix(" points") for end in (i.low, i.high))
    return f"{i.label}: {_shown(i.mean, i)} [{low}, {high}]" + (f", {i.counted}" if i.counted else "")


def _undecided(i: Interval) -> str:
    """Whether an effect that matters is ruled out or could not have been seen."""
    claimed = i.high if i.expected == "above" else -i.low
    if claimed < i.matters:
        return f"{_said(i)}: no effect as large as {_shown(i.matters, i, False)}"
    if i.resolvable is None:
        return f"{_said(i)}: undecided"
    enough = draws_needed(i.spread, i.matters, alpha=1 - i.level)
    needed = f", {_shown(i.matters, i, False)} would take {enough}" if enough > i.draws else ""
    return f"{_said(i)}: undecided, {i.draws} draws resolve {_shown(i.resolvable, i, False)}{needed}"


def _shown(value: float, interval: Interval, signed: bool = True) -> str:
    sign = "+" if signed else ""
    if interval.unit == "points":
        return f"{100 * value:{sign}.1f} points"
    return f"{value:{sign}.3g}"


def _map(table: Table, claims: Sequence[Claim], chosen: dict[str, Any]) -> list[dict[str, Any]]:
    """Exploration, comparison by comparison: where effects are, without a verdict."""
    lines = []
    for claim in claims:
        for cell in table.cells(claim):
            for one in claim.comparisons:
                pairs = table.pairs(claim, cell, one)
                if pairs is None:
                    continue
                differences = pairs.differences()
                rows = list(table.runs[cell, one.treatment].values())
                active = [row["active"] for row in rows if row["active"] is not None]
                error = differences.std(ddof=1) / len(differences) ** 0.5 if len(differences) > 1 else None
                lines.append(
                    {
                        "claim": claim.id,
                        "cell": cell,
                        "label": one.label or f"{one.statistic}: {one.treatment} against {one.control_text()}",
                        "statistic": one.statistic,
                        "expected": one.expected,
                        "unit": one.unit,
                        "required": one.required,
                        "mean": float(differences.mean()),
                        "error": None if error is None else float(error),
                        "draws": len(differences),
                        "active": float(np.mean(active)) if active else None,
                        "testable": not pairs.untestable,
                        "chosen": cell in chosen.get(claim.id, {}).get("cells", ()),
                    }
                )
    return lines
