"""One claim: what was compared and by which rule, its figures, its intervals, and the runs behind each number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import evidence_html
import evidence_pictures
import run_picker
import streamlit as st
import study_cache
from figures import csv_text, plain, show_figure
from glossary import term
from lesson import shows
from reproduce import reproduce
from run_words import literal, shown

from muldml_lite import plots
from muldml_lite.claims import Claim, Interval, Reading, Study

_SHOWN = 15  # lines of a table before it scrolls


def show_claim(study: Study, reading: Reading, claim: Claim) -> None:
    whole = next(v for v in reading.verdicts if (v.claim, v.cell) == (claim.id, ""))
    st.header(f"{literal(claim.id)} · {literal(claim.title)}", anchor=False)
    st.html(evidence_html.quote(claim.sentence, claim.source))
    with st.container(border=True):
        st.html(evidence_html.chip(whole.verdict, whole.badge))
        st.html(evidence_html.with_code(evidence_html.short_reason(whole, reading)))
    for text in (claim.caveat, *(one["what"] for one in study.about.get("revised", []) if claim.id in one["claims"])):
        if text:
            st.info(literal(text), icon=":material/visibility_off:")
    intervals = [(place, one) for place, one in enumerate(reading.intervals) if one.claim == claim.id]
    intervals.sort(key=lambda pair: not pair[1].required)  # those that the verdict rests on first
    told = [verdict for verdict in reading.verdicts if verdict.claim == claim.id and verdict.cell]
    if len(told) > 1:
        with st.expander(f"Regime by regime ({len(told)})", icon=":material/list:"):
            st.html(evidence_html.regimes(told, regime_texts(study)))
    experiment(study, claim, [one for _, one in intervals])
    if intervals:
        pictures(study, reading, claim)
        if shows("table"):
            table(study, claim, intervals)
            runs(study, claim, intervals)
    by_yourself(study, claim, bool(intervals))


def experiment(study: Study, claim: Claim, intervals: list[Interval]) -> None:
    """What was compared with what, and the rule."""
    st.subheader("The experiment", anchor=False)
    if any(one.required for one in claim.comparisons):
        st.html(evidence_html.comparisons(claim))
    st.markdown(f"**The rule.** {literal(claim.rule)}")
    rest = [("Runs", _counts(intervals)), ("Tier", _TIERS.get(claim.tier, claim.tier)), ("Needs", claim.needs)]
    st.html(evidence_html.facts(rest))
    chosen = study.about.get("chosen", {}).get(claim.id, {}).get("why") or []
    if chosen and not isinstance(chosen, str):
        with st.expander("How its regimes were found", icon=":material/search:"):
            st.markdown(literal(study.about.get("search_rule", "")))
            st.markdown("\n".join(f"- {literal(line)}" for line in chosen))


_TIERS = {
    "frozen": "heads on the frozen features of a warmed-up network: seconds a run, hence many runs",
    "end to end": "whole networks, trained end to end: minutes a run, hence fewer runs",
    "both": "heads on frozen features (seconds a run, many runs) and whole networks end to end (fewer runs)",
}


def pictures(study: Study, reading: Reading, claim: Claim) -> None:
    st.subheader("What came out", anchor=False)
    evidence_html.explain_words()
    found = evidence_pictures.pictures_of(claim, reading)
    names = ["Intervals", *(one.name for one in found)]
    chosen = st.segmented_control("Picture", names, default=names[0], key="picture", required=True, bind="query-params")
    cells = list(dict.fromkeys(one.cell for one in reading.intervals if one.claim == claim.id))
    if chosen == "Intervals":
        forest(study, reading, claim)
    else:
        evidence_pictures.show_picture(study, found[names.index(chosen) - 1], claim, cells, regime_texts(study))


def forest(study: Study, reading: Reading, claim: Claim) -> None:
    """The intervals that the verdict rests on."""
    key = f"forest_{claim.id}"
    judged = [one for one in reading.intervals if one.claim == claim.id and one.required]
    show_figure(
        study_cache.figure(study, evidence_pictures.forest, claim),
        key,
        alt="Forest plot: for each regime the mean difference of treatment and control with its interval; the same "
        "numbers stand in the table below.",
        numbers=lambda: columns_of([asdict(one) for one in judged]),
        on_select=lambda: note_click(key, claim),
        selection_mode="points",
        checked=True,
    )
    st.caption(
        "One line a regime: the control is at 0, the bar is the corrected interval of treatment − control, pale points "
        "are single draws. A click on a bar lists its runs below."
    )


def note_click(key: str, claim: Claim) -> None:
    """A figure that gets its own selection back loses it, so it is copied to a key of our own, and to the link."""
    place = clicked(st.session_state.get(key))
    if isinstance(place, int):
        st.session_state[f"interval_{claim.id}"] = place
        st.query_params["interval"] = str(place)


def clicked(state: Any) -> Any:
    """The `customdata` of the point that a chart's selection names; None: none."""
    points = ((state or {}).get("selection") or {}).get("points") or []
    found = next((one["customdata"] for one in points if one.get("customdata") is not None), None)
    return found[0] if isinstance(found, (list, tuple)) else found


def table(study: Study, claim: Claim, intervals: list[tuple[int, Interval]]) -> None:
    st.subheader("Every interval", anchor=False)
    lines = [
        {
            "regime": one.cell,
            "comparison": one.label,
            "says": f"{plots.VERDICT_LOOKS[plots.verdict_of(one)].sign} {plots.verdict_of(one)}",
            "difference": _scaled(one.mean, one.unit),
            "low": _scaled(one.low, one.unit),
            "high": _scaled(one.high, one.unit),
            "unit": one.unit,
            "p (Holm)": one.p_holm,
            "resolves": _scaled(one.resolvable, one.unit),
            "treatment": _scaled(one.treatment_mean, one.unit),
            "control": _scaled(one.control_mean, one.unit),
            "draws": one.draws,
            "seeds": one.seeds,
            "judged": one.required,
        }
        for _, one in intervals
    ]
    number = st.column_config.NumberColumn(format="%.3g")
    numbers = ("difference", "low", "high", "p (Holm)", "resolves", "treatment", "control")
    st.dataframe(
        lines, hide_index=True, column_config=dict.fromkeys(numbers, number),
        height=min(len(lines), _SHOWN) * 35 + 40, alt=f"Intervals of claim {claim.id}",
    )  # fmt: skip
    download("Intervals as CSV", lambda: [asdict(one) for _, one in intervals], f"claim-{claim.id}-intervals")


def runs(study: Study, claim: Claim, intervals: list[tuple[int, Interval]]) -> None:
    """The runs an interval was made of, one line each."""
    st.subheader("The runs behind a number", anchor=False)
    places = dict(intervals)
    place = chosen_interval(claim, places)
    one = places[place]
    lines = [run_line(row, one) for row in study_cache.behind(study, one)]
    st.markdown(
        f"{literal(one.label)}: **{plots.signed(one.mean, one.unit)}{' points' if one.unit == 'points' else ''}** "
        f"in *{literal(regime_texts(study).get(one.cell, one.cell))}*, from these {len(lines)} runs:"
    )
    st.dataframe(lines, hide_index=True, height=min(len(lines), _SHOWN) * 35 + 40, alt="Runs behind the interval")
    download("Runs as CSV", lambda: lines, f"claim-{claim.id}-runs")


def chosen_interval(claim: Claim, places: dict[int, Interval]) -> int:
    """The link's wish first, then the one that was clicked, then the first; a choice goes into the link."""
    key, first = f"interval_{claim.id}", next(iter(places))
    asked = st.query_params.get("interval")
    if asked is not None:
        wanted = int(asked) if asked.isdecimal() and len(asked) < 6 else -1
        if wanted in places:
            st.session_state[key] = wanted
        else:
            st.info(
                f"The link asks for interval “{literal(asked[:20])}”, which is none of this claim; the first is shown."
            )
            st.query_params.pop("interval", None)
    if st.session_state.get(key) not in places:
        st.session_state[key] = first
    return st.selectbox(
        "Interval",
        list(places),
        key=key,
        format_func=lambda place: shown(f"{plots.regime_name(places[place].cell)} · {places[place].label}"),
        help=term("interval"),
        on_change=lambda: st.query_params.update(interval=str(st.session_state[key])),
    )


def run_line(row: dict[str, Any], one: Interval) -> dict[str, Any]:
    """A run in a table: which it is, what it measured for this interval, and whether it can be trusted to test."""
    numbers = [name for name in (one.statistic, one.control) if name in row["measured"]]
    return {
        "draw": row["draw"],
        "seed": row["seed"],
        "arm": row["arm"],
        **{name: row["measured"][name] for name in numbers},
        "active hinges": row["active"],
        "saturated": row["saturated"],
        "collapsed": row["collapsed"],
        "seconds": row.get("seconds"),
        "tier": row.get("tier", ""),
    }


def by_yourself(study: Study, claim: Claim, drawn: bool) -> None:
    folder = f"runs/claim-{claim.id}"
    reproduce(f"muldml claims {claim.id} --quick --out {folder}", python_lines(study, claim, drawn))


def python_lines(study: Study, claim: Claim, drawn: bool) -> str:
    """At most five lines that show the claim outside of this page."""
    lines = ["from muldml_lite.claims import Study, read_study"]
    if drawn:
        lines.append("from muldml_lite.plots import forest_plot")
    lines += [f'study = Study("{short_path(study)}")', "reading = read_study(study)"]
    if drawn:
        return "\n".join([*lines, f'forest_plot(study, reading, "{claim.id}").show()'])
    return "\n".join([*lines, f'print([one for one in reading.verdicts if one.claim == "{claim.id}"])'])


def short_path(study: Study) -> str:
    """Where the study is, from the repository if it is in there."""
    path = study.path
    return (path.relative_to(run_picker.ROOT) if path.is_relative_to(run_picker.ROOT) else path).as_posix()


def download(label: str, lines: Callable[[], list[dict[str, Any]]], name: str) -> None:
    """A button for a table that is made when it is pressed."""
    if shows("downloads"):
        st.download_button(
            label, lambda: csv_text(columns_of(lines())), f"{plain(name)}.csv", "text/csv", icon=":material/download:",
            on_click="ignore", key=name,
        )  # fmt: skip


def columns_of(lines: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Lines with different keys as columns of one length."""
    names = dict.fromkeys(key for line in lines for key in line)
    return {name: [line.get(name, "") for line in lines] for name in names}


def regime_texts(study: Study) -> dict[str, str]:
    return {name: str(cell.get("text", name)) for name, cell in study.about.get("cells", {}).items()}


def _scaled(value: float | None, unit: str) -> float | None:
    return None if value is None else plots.in_unit(value, unit)


def _counts(intervals: list[Interval]) -> str:
    if not intervals:
        return "none in this study"
    cells = len({one.cell for one in intervals})
    draws = sorted({one.draws for one in intervals})
    span = f"{draws[0]} to {draws[-1]}" if len(draws) > 1 else str(draws[0])
    seeds = max(one.seeds for one in intervals)
    return (
        f"{cells} regime{'s' * (cells != 1)}, {span} draws of people with {seeds} seed{'s' * (seeds != 1)} each, paired"
    )
