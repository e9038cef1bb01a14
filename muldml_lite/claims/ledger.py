"""What a claim of the ledger is: a sentence, the comparisons that can refute it, and the rule of its verdict."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

VERDICTS = (
    "supported",
    "in some settings",  # supported in some regimes and not in others: of a claim as a whole only
    "contradicted",
    "impossible, proved",
    "not supported",
    "untestable here",
    "needs data",
)

RULE = (
    "Supported: every required comparison lies on the claimed side and its interval, corrected for all intervals of "
    "the reading (Holm), leaves out 0. Contradicted: one of them lies wholly on the other side. Not supported: "
    "neither. A mere control on the other side explains the claim away, which is not supported; it does not refute it."
)


@dataclass(frozen=True)
class Comparison:
    """One measured number of one arm against that of another, paired by regime, draw and seed."""

    statistic: str  # a key of a run's `measured`
    treatment: str  # arm
    control: str = ""  # arm; "": the treatment's runs are held against `control_statistic` or `value`
    control_statistic: str = ""  # of the control; "": the same
    value: float | None = None  # a constant in place of a control
    expected: str = "above"  # where the claim says treatment − control lies: above | below 0
    matters: float = 0.01  # smallest difference that would matter
    unit: str = ""  # points: a share, shown per cent
    required: bool = True  # False: shown only
    refutes: bool = True  # False: a mere control; on the other side it explains the claim away
    label: str = ""  # for an axis

    def control_text(self) -> str:
        if self.control:
            return self.control
        return self.control_statistic or f"{self.value:g}"


@dataclass(frozen=True)
class Claim:
    """A claim in our words, that can fail."""

    id: str  # number of the claim, with a letter if it has parts that can fail on their own
    title: str
    sentence: str
    source: str  # what it is about in the paper, where that is known; "" if not
    experiments: tuple[str, ...]  # whose runs are read
    comparisons: tuple[Comparison, ...]
    tier: str = "frozen"  # frozen | end to end | both
    rule: str = RULE
    guards: tuple[str, ...] = ("saturated", "collapsed")  # flags that make a run unable to test it
    needs: str = ""  # what has to be given before it can be tested
    cells: tuple[str, ...] = ()  # beginnings of the regimes it is about; none: all of its experiments
    impossible: tuple[tuple[str, str], ...] = ()  # (part of a regime's name, proof that the claim cannot hold there)
    caveat: str = ""  # what the instrument cannot see; shown beside the verdict

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Claim:
        made = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        made["comparisons"] = tuple(Comparison(**one) for one in values["comparisons"])
        made["impossible"] = tuple(tuple(pair) for pair in values.get("impossible", ()))
        return cls(**made)


@dataclass(frozen=True)
class Cell:
    """A regime: under which circumstances the arms are compared."""

    name: str  # data/mining/… as shown
    text: str  # the same in words
    settings: Mapping[str, Any]  # what `measure` reads; "data" is posed | wild, or a data set of the user's
    quick: bool = False  # part of a quick study
    search: bool = False  # only confirmed if the search for regimes chooses it
    arms: tuple[str, ...] = ()  # what is run here; none: all arms of the experiment


class Outcome(NamedTuple):
    """What one run gave."""

    measured: dict[str, float | list[float]]  # lists are for `derived` only
    active: float | None = None  # share of active hinges, last quarter of the training, mean of the slices
    saturated: bool = False  # every hinge active: τ is out of the gradient
    collapsed: bool = False  # all images nearly on one point
    untestable: str = ""  # any other reason why this run can't test its claim


Measure = Callable[[Any, Cell, str, int], Outcome]  # (bed, cell, arm, seed)


@dataclass(frozen=True)
class Experiment:
    """Runs that one or more claims read: each arm in each regime, on each draw with each seed."""

    name: str
    arms: tuple[str, ...]
    cells: tuple[Cell, ...]
    measure: Measure
    tier: str = "frozen"
    seconds: float = 1.0  # about, one run; for the time left
    quick_arms: tuple[str, ...] = field(default=())  # of a quick study; none: all
    most_draws: int | None = None  # confirmed on at most so many draws and
    most_seeds: int | None = None  # so many seeds; None: as many as asked for
