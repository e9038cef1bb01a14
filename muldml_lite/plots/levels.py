"""What treatment and control reached, before one is taken from the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from muldml_lite.claims import Claim, Comparison, Study
from muldml_lite.plots.rows import NoNumbers, Row, by_draw, confirmation_rows
from muldml_lite.plots.strips import Panel, StripFigure
from muldml_lite.plots.style import INK, RUST, TEAL
from muldml_lite.plots.verdicts import in_unit, regime_name

_HEAD = 0.55  # of a line: the name of a regime over its arms
_AXES = {"points": "per cent"}
_CONSTANT = {"color": INK, "width": 1.5, "dash": "dash"}


@dataclass(frozen=True)
class _Mark:
    """One statistic of one arm."""

    arm: str
    statistic: str
    text: str
    treatment: bool


_Arm = tuple[str, _Mark, Mapping[int, float]]  # regime, what is shown of it, and its means by draw


def levels_plot(study: Study, claim: Claim, cells: Sequence[str] = ()) -> go.Figure:
    """Every arm of a claim's comparisons in absolute numbers: mean over draws and the single draws.

    Args:
        cells: only these regimes; none: all that were confirmed.

    Raises:
        NoNumbers: the study has no confirmation runs of it.
    """
    rows = [row for row in confirmation_rows(study, claim.experiments) if not cells or row["cell"] in cells]
    panels: dict[tuple[str, str], list[Comparison]] = {}
    for one in sorted(claim.comparisons, key=lambda one: not one.required):
        panels.setdefault((one.statistic, one.control_statistic), []).append(one)
    groups = [(_title(group[0]), group[0].unit, _marks(group), _constant(group)) for group in panels.values()]
    figure = _figure(rows, groups)
    if figure is None:
        raise NoNumbers(f"claim: {claim.id!r} given, but the study has no confirmation runs of it in such regimes")
    return figure


def judgement_rates(study: Study) -> go.Figure:
    """Incomplete judgements for each mining over the whole training, and how many go unpunished.

    Raises:
        NoNumbers: the study has no confirmation runs of the experiment `judgements`.
    """
    marks = [
        _Mark("triplet", "incomplete", "incomplete", True),
        _Mark("triplet", "unpunished_rate", "incomplete and unpunished", True),
    ]
    figure = _figure(confirmation_rows(study, ("judgements",)), [("Of all judged triplets", "points", marks, None)])
    if figure is None:
        raise NoNumbers("study: no confirmation runs of the experiment `judgements`, expected some")
    return figure


def _title(one: Comparison) -> str:
    return (one.label or one.statistic).partition(": ")[0]


def _constant(group: Sequence[Comparison]) -> float | None:
    return next((one.value for one in group if one.value is not None), None)


def _marks(group: Sequence[Comparison]) -> list[_Mark]:
    """Treatments and controls without repetition. Statistics of one run are named by the label's two sides."""
    marks: dict[tuple[str, str], _Mark] = {}
    for one in group:
        sides = one.label.partition(": ")[2].partition(" against ")
        own = sides[0] if one.control_statistic and sides[2] else one.treatment
        marks.setdefault((one.treatment, one.statistic), _Mark(one.treatment, one.statistic, own, True))
        if one.value is None:
            arm, statistic = one.control or one.treatment, one.control_statistic or one.statistic
            other = sides[2] if one.control_statistic and sides[2] else arm
            marks.setdefault((arm, statistic), _Mark(arm, statistic, other, False))
    return list(marks.values())


def _figure(rows: Sequence[Row], panels: Sequence[tuple[str, str, list[_Mark], float | None]]) -> go.Figure | None:
    """A panel each of (heading, unit, marks, constant to hold against); None: no rows for any of them."""
    cells = list(dict.fromkeys(row["cell"] for row in rows))
    filled = []
    for heading, unit, marks, constant in panels:
        found = [(cell, mark, by_draw(rows, cell, mark.arm, mark.statistic)) for cell in cells for mark in marks]
        if lines := [one for one in found if one[2]]:
            filled.append((heading, unit, lines, constant))
    if not filled:
        return None
    several = len({cell for *_, lines, _ in filled for cell, *_ in lines}) > 1
    figure = StripFigure([
        Panel(heading, "", _HEAD * several * len({c for c, *_ in lines}) + len(lines), _AXES.get(unit, "value"))
        for heading, unit, lines, _ in filled
    ])  # fmt: skip
    for row, (_, unit, lines, constant) in enumerate(filled, 1):
        _fill(figure, row, unit, lines, constant, several)
    constants = any(constant is not None for *_, constant in filled)
    return figure.figure(_key([mark for _, _, lines, _ in filled for _, mark, _ in lines], constants))


def _fill(
    figure: StripFigure, row: int, unit: str, lines: Sequence[_Arm], constant: float | None, several: bool
) -> None:
    """A panel: its arms, regime by regime, and the constant they are held against."""
    values = [in_unit(v, unit) for *_, means in lines for v in means.values()]
    values += [] if constant is None else [in_unit(constant, unit)]
    room = 0.06 * (max(values) - min(values)) or 1.0
    figure.reach(row, min(values) - room, max(values) + room)
    if constant is not None:
        figure.rule(row, in_unit(constant, unit), _CONSTANT)
    y, before = 0.0, ""
    for cell, mark, means in lines:
        if several and cell != before:
            figure.write(row, y, f"<b>{regime_name(cell)}</b>")
            y, before = y - _HEAD, cell
        _line(figure, row, y, mark, means, unit)
        y -= 1


def _line(figure: StripFigure, row: int, y: float, mark: _Mark, means: Mapping[int, float], unit: str) -> None:
    """One arm: the single draws faintly, their mean over them."""
    values = [in_unit(v, unit) for v in means.values()]
    figure.mark(
        row, values, y, mode="markers", marker={"color": INK, "size": 6, "opacity": 0.45},
        text=[f"draw {draw}" for draw in means], hovertemplate="%{text}: %{x:.3g}<extra></extra>",
    )  # fmt: skip
    mean = float(np.mean(values))
    figure.mark(
        row, [mean], y, mode="markers", marker=_look(mark.treatment), name=mark.text,
        hovertemplate=f"{mark.text}: %{{x:.3g}}<extra></extra>",
    )  # fmt: skip
    figure.write(row, y, mark.text, f"{mean:.1f} %" if unit == "points" else f"{mean:.3g}")


def _look(treatment: bool) -> dict[str, Any]:
    if treatment:
        return {"symbol": "circle", "size": 12, "color": TEAL}
    return {"symbol": "square-open", "size": 12, "color": RUST, "line": {"width": 2.5}}


def _key(marks: Sequence[_Mark], constant: bool) -> list[go.Scatter]:
    nothing = {"x": [None], "y": [None], "hoverinfo": "skip"}
    kinds = ((True, "treatment, mean over draws"), (False, "control, mean over draws"))
    key = [go.Scatter(name=name, mode="markers", marker=_look(kind), **nothing) for kind, name in kinds
           if any(mark.treatment == kind for mark in marks)]  # fmt: skip
    key.append(go.Scatter(name="a single draw", mode="markers", marker={"color": INK, "opacity": 0.45}, **nothing))
    if constant:
        key.append(go.Scatter(name="control, a constant", mode="lines", line=_CONSTANT, **nothing))
    return key
