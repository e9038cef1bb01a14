"""What is timed against what, the check that it computes the same, and the rows that come out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from muldml_lite.bench.timing import Times, alternating, ratio

Row = dict[str, Any]
_KINDS = ("ours", "peer", "limit")
_LEAST = 0.25  # of the time that checking took is for timing, even if the budget is gone: one slow peer costs no rounds


class BenchError(ValueError):
    """A bench that cannot be run as asked; the message names the option, its value and what was expected."""


@dataclass(frozen=True)
class Case:
    """One way to do the work of a group.

    name      as it stands in the table
    run       one call; its result is compared with ours before anything is timed
    kind      "ours" | "peer" | "limit"
    compared  False for what by nature does other work (a bare limit): timed, but never called equal
    proof     another call whose result is compared as well, such as the same in float64 on a smaller input
    note      shown beside the row
    extras    further columns
    """

    name: str
    run: Callable[[], Any]
    kind: str = "peer"
    compared: bool = True
    proof: Callable[[], Any] | None = None
    note: str = ""
    extras: Mapping[str, float | str] = field(default_factory=dict)


def _not_comparable(ours: Any, other: Any) -> str:
    return "for all that is known: nothing says how to compare them"


@dataclass(frozen=True)
class Group:
    """Cases that are timed against each other; exactly one is ours.

    settings  columns in front of every row
    differs   (ours' result, another's result) → "" or in one line why they are not the same
    skipped   case → why it is left out, in one line
    measure   result of a case → further columns (quality); called once, untimed
    steady    a first call takes as long as any other (nothing is compiled): of a slow case it may be the only round
    work      how much of what one call does, such as (72, "faces"): adds how many a second
    """

    settings: Mapping[str, int | float | str]
    cases: Sequence[Case]
    differs: Callable[[Any, Any], str] = _not_comparable
    skipped: Mapping[str, str] = field(default_factory=dict)
    measure: Callable[[Any], Mapping[str, float | str]] | None = None
    steady: bool = False
    work: tuple[float, str] | None = None


@dataclass(frozen=True)
class Plan:
    """A group before its data are made. `weight` is its expected share of the time."""

    title: str
    make: Callable[[], Group]
    weight: float = 1.0


def run_plans(
    plans: Sequence[Plan],
    *,
    rounds: int = 30,
    seconds: float | None = None,
    on_progress: Callable[[Plan, float], None] | None = None,
) -> Iterator[list[Row]]:
    """Run plans one after the other; yields the rows of each as it ends.

    `seconds` is the budget of them all: each gets its share of what is left, by weight. `on_progress` gets the
    plan about to run and the seconds expected until the end.
    """
    started, weights = time.perf_counter(), [plan.weight for plan in plans]
    for number, plan in enumerate(plans):
        spent = time.perf_counter() - started
        left = None if seconds is None else max(0.0, seconds - spent)
        if on_progress:
            mean = spent / sum(weights[:number]) if number else 0.0
            on_progress(plan, mean * sum(weights[number:]) if left is None or mean else left)
        share = None if left is None else left * plan.weight / sum(weights[number:])
        yield run_group(plan.make(), rounds=rounds, seconds=share)


def run_group(group: Group, *, rounds: int = 30, seconds: float | None = None) -> list[Row]:
    """Check that all cases do the same, time those that do, and put both into rows."""
    started = time.perf_counter()
    ours = [case for case in group.cases if case.kind == "ours"]
    if len(ours) != 1 or any(case.kind not in _KINDS for case in group.cases):
        raise ValueError("a group needs exactly one case of kind 'ours', and the others of kind 'peer' or 'limit'")
    checked = _check(group, ours[0])
    sound = {case.name: case.run for case in group.cases if not checked[case.name].why}
    spent = time.perf_counter() - started
    left = None if seconds is None else max(seconds - spent, _LEAST * spent)
    known = {name: checked[name].seconds for name in sound}
    times = alternating(sound, rounds=rounds, seconds=left, known=known, known_counts=group.steady)
    rows = []
    for case in group.cases:
        found = checked[case.name]
        row = {**group.settings, "case": case.name, "kind": case.kind, "equal": found.equal}
        if case.name in times:
            row |= _timed(times[case.name], times[ours[0].name], group.work)
        rows.append(row | {"note": found.why or case.note} | dict(case.extras) | dict(found.measured))
    return rows + [{**group.settings, "case": name, "skipped": reason} for name, reason in group.skipped.items()]


class _Checked(NamedTuple):
    equal: bool | None = None  # to ours; None where that is not asked
    why: str = ""  # it is not timed
    seconds: float = 0.0  # of its first call
    measured: Mapping[str, float | str] = {}


def _check(group: Group, ours: Case) -> dict[str, _Checked]:
    """Run every case once and compare it with ours."""
    started = time.perf_counter()
    expected, took = ours.run(), time.perf_counter() - started
    proof = ours.proof() if ours.proof else None
    checked = {}
    for case in group.cases:
        if case is ours:
            checked[case.name] = _Checked(True, "", took, group.measure(expected) if group.measure else {})
            continue
        try:
            checked[case.name] = _compare(group, case, expected, proof)
        except Exception as error:  # a library's trouble, whatever it is, must not cost the other cases
            said = str(error).split("\n")[0]
            checked[case.name] = _Checked(why=f"not timed: it raised {type(error).__name__}: {said}")
    return checked


def _compare(group: Group, case: Case, expected: Any, proof: Any) -> _Checked:
    if case.compared and case.proof:
        difference = group.differs(proof, case.proof())
        if difference:
            return _Checked(False, f"not timed: it differs from ours, {difference}")
    started = time.perf_counter()
    result = case.run()
    took = time.perf_counter() - started
    difference = group.differs(expected, result) if case.compared else ""
    if difference:
        return _Checked(False, f"not timed: it differs from ours, {difference}")
    return _Checked(True if case.compared else None, "", took, group.measure(result) if group.measure else {})


def _timed(times: Times, ours: Times, work: tuple[float, str] | None) -> Row:
    took, ratios = times.spread, ratio(times, ours)
    row = {"rounds": len(times.seconds), "median_s": took.median, "q1_s": took.q1, "q3_s": took.q3}
    row |= {"least_s": times.least, "ratio": ratios.median, "ratio_q1": ratios.q1, "ratio_q3": ratios.q3}
    if work:
        row |= {"per_second": work[0] / took.median, "per_second_of": work[1]}
    return row
