"""Forest plot: a claim's intervals over its regimes, the control at 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from muldml_lite.claims import Interval, Reading, Study
from muldml_lite.plots.rows import NoNumbers, comparison_of, confirmation_rows, single_draws
from muldml_lite.plots.strips import Panel, StripFigure, fits, wrap
from muldml_lite.plots.style import INK
from muldml_lite.plots.verdicts import VERDICT_LOOKS, axis_words, in_unit, regime_name, signed, verdict_of

_CLAIMED, _BAND = "rgba(46,131,179,0.12)", "rgba(128,128,128,0.22)"


def forest_plot(study: Study, reading: Reading, claim: str, *, required: bool | None = None) -> go.Figure:
    """One panel a comparison, one line a regime: mean, Holm-corrected interval, and the single draws.

    Each interval's `customdata` is its place in `reading.intervals`.

    Args:
        claim: id of a claim, such as "7".
        required: only comparisons that are part of the verdict, or only those that are not; None: all.

    Raises:
        NoNumbers: the study has no such intervals.
    """
    panels: dict[str, list[tuple[int, Interval]]] = {}
    for place, one in sorted(enumerate(reading.intervals), key=lambda pair: not pair[1].required):
        if one.claim == claim and required in (None, one.required):
            panels.setdefault(one.label, []).append((place, one))
    if not panels:
        raise NoNumbers(f"claim: {claim!r} given, but the study has no such intervals; see reading.intervals")
    figure = StripFigure([_panel(label, lines) for label, lines in panels.items()])
    rows, claims = confirmation_rows(study), study.claims
    for row, lines in enumerate(panels.values(), 1):
        draws = [single_draws(rows, one.cell, comparison_of(claims, one)) for _, one in lines]
        _ground(figure, row, lines[0][1], _reach([one for _, one in lines], draws))
        for i, ((place, one), own) in enumerate(zip(lines, draws, strict=True)):
            _line(figure, row, -i, place, one, own)
        names = [regime_name(one.cell) for _, one in lines]
        for i, (name, numbers) in enumerate(zip(names, _numbers([one for _, one in lines], names), strict=True)):
            figure.write(row, -i, name, numbers)
    return figure.figure(_key())


def _panel(label: str, lines: Sequence[tuple[int, Interval]]) -> Panel:
    one = lines[0][1]
    note = f"the claim: {one.expected} 0"
    if not one.required:
        note += "; shown only, no part of the verdict"
    elif not one.refutes:
        note += "; a mere control: it can explain the claim away, not refute it"
    return Panel(label, note, len(lines), axis_words(one.unit))


def _reach(intervals: Sequence[Interval], draws: Sequence[Mapping[int, float]]) -> tuple[float, float]:
    """Range of a panel's axis: everything drawn, 0 included."""
    ends = [v for one in intervals for v in (one.low, one.high, one.mean) if v is not None]
    ends += [v for own in draws for v in own.values()] + [0.0, intervals[0].matters, -intervals[0].matters]
    low, high = min(ends), max(ends)
    room = 0.06 * (high - low)
    return in_unit(low - room, intervals[0].unit), in_unit(high + room, intervals[0].unit)


def _ground(figure: StripFigure, row: int, one: Interval, reach: tuple[float, float]) -> None:
    """The claimed side, the band of differences too small to matter, and the control at 0."""
    matters = in_unit(one.matters, one.unit)
    figure.ground(row, *((0, reach[1]) if one.expected == "above" else (reach[0], 0)), _CLAIMED)
    figure.ground(row, -matters, matters, _BAND)
    figure.rule(row, 0, {"color": INK, "width": 1.5})
    figure.reach(row, *reach)


def _line(figure: StripFigure, row: int, y: float, place: int, one: Interval, draws: Mapping[int, float]) -> None:
    """One regime: the single draws faintly, the interval over them."""
    kind = verdict_of(one)
    look, unit = VERDICT_LOOKS[kind], one.unit
    figure.mark(
        row, [in_unit(v, unit) for v in draws.values()], y, mode="markers",
        marker={"color": INK, "size": 6, "opacity": 0.45}, unselected={"marker": {"opacity": 0.45}},
        text=[f"draw {draw}" for draw in draws], hovertemplate="%{text}: %{x:.3g}<extra></extra>",
    )  # fmt: skip
    ends = [] if one.low is None else [in_unit(one.low, unit), in_unit(one.high, unit)]
    figure.mark(
        row, [*ends[:1], in_unit(one.mean, unit), *ends[1:]], y, mode="lines+markers",
        line={"color": look.line, "width": 3, "dash": "dot" if kind == "untestable here" else "solid"},
        marker={"symbol": ["line-ns", look.marker, "line-ns"] if ends else [look.marker], "color": look.line,
                "size": 11, "line": {"color": look.line, "width": 2}},
        unselected={"marker": {"opacity": 1}}, customdata=[place] * (1 + len(ends)),
        hovertext=_words(one, kind), hoverinfo="text", name=f"{one.label}, {one.cell}",
    )  # fmt: skip


def _numbers(intervals: Sequence[Interval], names: Sequence[str]) -> list[str]:
    """Sign and mean of each line, with its interval where all of a panel's have room for one on a phone."""
    means = [f"{VERDICT_LOOKS[verdict_of(one)].sign} {signed(one.mean, one.unit)}" for one in intervals]
    full = [
        mean if one.low is None else f"{mean} [{signed(one.low, one.unit)}, {signed(one.high, one.unit)}]"
        for mean, one in zip(means, intervals, strict=True)
    ]
    return full if all(fits(*pair) for pair in zip(names, full, strict=True)) else means


def _words(one: Interval, kind: str) -> str:
    """What hovering over an interval says."""
    scale = " points" if one.unit == "points" else ""
    lines = [f"<b>{regime_name(one.cell)}</b>", f"{wrap(one.label)}", f"{signed(one.mean, one.unit)}{scale}"]
    lines.append(f"treatment, {one.treatment}: {in_unit(one.treatment_mean, one.unit):.3g}")
    lines.append(f"control, {one.control}: {in_unit(one.control_mean, one.unit):.3g}")
    if one.low is not None:
        lines.append(f"interval at {one.level:.2%} (Holm), p = {one.p_holm:.2g}")
        told = f"resolve {signed(one.resolvable, one.unit)[1:]}{scale}" if one.resolvable is not None else one.counted
        lines.append(f"{one.draws} draws, {one.seeds} seeds, {told}")
    else:
        lines.append(f"{one.draws} draws: too few for an interval")
    return "<br>".join([*lines, f"<b>{kind}</b>" + (f": {wrap(one.untestable)}" if one.untestable else "")])


def _key() -> list[go.Scatter]:
    """The legend: traces without points."""
    marks = (
        ("mean, interval (Holm)", "lines", {"line": {"color": INK, "width": 3}}),
        ("a single draw", "markers", {"marker": {"color": INK, "size": 6, "opacity": 0.45}}),
        ("claimed side", "markers", {"marker": {"color": "rgba(46,131,179,0.4)", "size": 12, "symbol": "square"}}),
        ("too small to matter", "markers", {"marker": {"color": INK, "opacity": 0.5, "size": 12, "symbol": "square"}}),
    )
    return [go.Scatter(x=[None], y=[None], name=name, mode=mode, hoverinfo="skip", **how) for name, mode, how in marks]
