"""Cases that must compute the same, and then are timed in turn by `torch.utils.benchmark`."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from torch import Tensor

Row = dict[str, Any]
Run = Callable[[], tuple[Tensor, Tensor]]  # → value (), gradient
_BLOCK = 0.02  # seconds a measurement: shorter calls are repeated


def compare(
    cases: Mapping[str, tuple[Run, ...]], limit: str, *, rounds: int, seconds: float, threads: int
) -> list[Row]:
    """A row for each case; the first one is ours.

    All runs of a case must give what ours give, and the last one is timed; `limit` computes something else. Every
    round measures each case once, beginning with another one, so that what else the machine does meets all alike.
    A case that took `seconds` already runs no further round. Ratios are taken within a round. Seconds of one thread
    are the processor's, in which other programs do not count; those of several threads are the clock's.
    """
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)  # it misses a GPU that nobody asked for
    from torch.utils.benchmark import Timer

    ours, *_ = cases
    expected = [run() for run in cases[ours]]
    rows: dict[str, Row] = {}
    times: dict[str, list[float]] = {}
    for name, runs in cases.items():
        why = difference(runs, expected) if name not in (ours, limit) else ""
        rows[name] = {"case": name, "equal": None if name == limit else not why}
        if why:
            rows[name]["note"] = f"not timed: {why}"
        else:
            times[name] = []
    clock = time.process_time if threads == 1 else time.perf_counter
    timers = {
        name: Timer("run()", timer=clock, globals={"run": cases[name][-1]}, num_threads=threads) for name in times
    }
    spent = dict.fromkeys(times, 0.0)
    for turn in range(rounds):
        due = [name for name in times if not turn or spent[name] < seconds]
        first = turn % len(due) if due else 0
        for name in due[first:] + due[:first]:
            started = clock()
            times[name].append(timers[name].blocked_autorange(min_run_time=_BLOCK).median)
            spent[name] += clock() - started
    for name, taken in times.items():
        ratios = [a / b for a, b in zip(taken, times[ours], strict=False)]
        for keys, values in ((("q1_s", "median_s", "q3_s"), taken), (("ratio_q1", "ratio", "ratio_q3"), ratios)):
            rows[name] |= dict(zip(keys, np.quantile(values, (0.25, 0.5, 0.75)).tolist(), strict=True))
        rows[name]["rounds"] = len(taken)
    return list(rows.values())


def difference(runs: tuple[Run, ...], expected: list[tuple[Tensor, Tensor]]) -> str:
    """ "" or why a case is not timed.

    Value and gradient must agree to 1e-6 in float64; in float32, where a tie may fall either way, to 1e-4 and 0.05.
    """
    try:
        results = [run() for run in runs]
    except Exception as error:  # a library's trouble, whatever it is, must not cost the other cases
        return f"it raised {type(error).__name__}: {str(error).strip()}".splitlines()[0]
    for mine, its in zip(expected, results, strict=True):
        limits = (1e-6, 1e-6) if mine[0].element_size() == 8 else (1e-4, 0.05)
        for name, limit, a, b in zip(("value", "gradient"), limits, mine, its, strict=True):
            apart = float((b.double() - a.double()).norm() / a.double().norm().clamp_min(1e-12))
            if not apart <= limit:  # asked this way round, NaN is a difference
                return f"its {name} is off ours by {apart:.1e} of its size in {str(a.dtype).removeprefix('torch.')}"
    return ""
