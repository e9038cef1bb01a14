"""Times of several cases that run in turn, and ratios of neighbours in time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

_SHORTEST = 0.01  # s a measurement: shorter calls are repeated, or the clock's and the machine's jitter would show
_FEWEST = 3  # rounds of a slow case
_CHEAP = 2.5  # s: that many rounds are had at any rate if they take no longer than this
_LONG = 20.0  # s a call: too long to be made twice for a single round
_SLOW = 0.5  # s a call: what is this slow and has run already needs no other warm-up


class Spread(NamedTuple):
    """Median and quartiles."""

    median: float
    q1: float
    q3: float


class Times(NamedTuple):
    """Seconds a call, one number a round; round i of all cases of a group ran next to each other."""

    seconds: tuple[float, ...]

    @property
    def spread(self) -> Spread:
        return spread(self.seconds)

    @property
    def least(self) -> float:
        return min(self.seconds)


def alternating(
    cases: Mapping[str, Callable[[], object]],
    *,
    rounds: int = 30,
    seconds: float | None = None,
    known: Mapping[str, float] | None = None,
    known_counts: bool = False,
) -> dict[str, Times]:
    """Time `cases` in turn: every round runs each once, beginning with another one.

    Args:
        cases: name → one call of it. A call before the first round warms up and tells what it costs; calls under
            10 ms are repeated within a measurement.
        rounds: at most so many rounds.
        seconds: budget of all rounds together. A case too slow for its share of it gets fewer rounds, at least 3, or
            1 if three would take too long; its rounds are the first ones.
        known: seconds that a call of a case has taken already. Over half a second, it is not warmed up again.
        known_counts: if one round is all there is time for and takes over 20 s, that earlier call is it. Not for what
            compiles at first.

    Returns:
        name → times.
    """
    known = known or {}
    slow = {name: known[name] for name in cases if known.get(name, 0.0) > _SLOW}
    cost = {name: slow.get(name) or _time_calls(run, 1) for name, run in cases.items()}
    repeats = {name: max(1, round(_SHORTEST / max(cost[name], 1e-7))) for name in cases}
    most = share_rounds({name: cost[name] * repeats[name] for name in cases}, rounds, seconds)
    taken: dict[str, list[float]] = {name: [] for name in cases}
    if known_counts:
        taken |= {
            name: [seconds_taken] for name, seconds_taken in slow.items() if most[name] == 1 and seconds_taken > _LONG
        }
    for turn in range(max(most.values(), default=0)):
        active = [name for name in cases if len(taken[name]) == turn < most[name]]
        if not active:
            break
        first = turn % len(active)
        for name in active[first:] + active[:first]:
            taken[name].append(_time_calls(cases[name], repeats[name]) / repeats[name])
    return {name: Times(tuple(measured)) for name, measured in taken.items()}


def ratio(times: Times, to: Times) -> Spread:
    """Time of a case over that of another, round by round, over the rounds that both ran."""
    return spread([a / b for a, b in zip(times.seconds, to.seconds, strict=False)])


def spread(values: tuple[float, ...] | list[float]) -> Spread:
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    q1, median, q3 = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, q1, q3)


def share_rounds(cost: Mapping[str, float], rounds: int, seconds: float | None) -> dict[str, int]:
    """Rounds of each case within the budget; what quick cases leave over goes to the slow ones."""
    if seconds is None:
        return dict.fromkeys(cost, rounds)
    shares, left = {}, seconds
    for number, name in enumerate(sorted(cost, key=lambda name: cost[name])):
        price = max(cost[name], 1e-9)
        share = left / (len(cost) - number)
        fewest = _FEWEST if _FEWEST * price <= max(share, _CHEAP) else 1
        shares[name] = min(rounds, max(fewest, int(share / price)))
        left = max(0.0, left - shares[name] * price)
    return shares


def _time_calls(run: Callable[[], object], calls: int) -> float:
    started = time.perf_counter()
    for _ in range(calls):
        run()
    return time.perf_counter() - started
