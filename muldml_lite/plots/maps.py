"""Maps of the ledger: where a claim holds, where it fails, where it cannot be tested."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from muldml_lite.claims import Claim, Interval, Reading, Verdict
from muldml_lite.plots.grid import Box, draw_grid
from muldml_lite.plots.rows import NoNumbers, label_of
from muldml_lite.plots.strips import wrap
from muldml_lite.plots.verdicts import EXPLORATION, VERDICT_LOOKS, regime_name, signed, verdict_of

_GAP = 0.5  # boxes between data sets


def ledger_map(reading: Reading, claims: Sequence[Claim]) -> go.Figure:
    """A row a claim, a box a confirmed regime; regimes of one data set share a column. `customdata`: the claim's id."""
    told: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in reading.verdicts:
        if verdict.cell:
            told.setdefault((verdict.claim, verdict.cell.split("/")[0]), []).append(verdict)
    data = list(dict.fromkeys(name for _, name in told))
    widths = [max(len(told.get((claim.id, name), ())) for claim in claims) for name in data]
    starts = [place + _GAP * i for i, place in enumerate(itertools.accumulate([0, *widths]))]
    boxes = [
        Box(
            starts[data.index(name)] + i,
            y,
            verdict.verdict,
            VERDICT_LOOKS[verdict.verdict].sign,
            _told(verdict),
            claim.id,
        )
        for y, claim in enumerate(claims)
        for name in data
        for i, verdict in enumerate(told.get((claim.id, name), ()))
    ]
    boxes += [
        Box(0, y, verdict.verdict, VERDICT_LOOKS[verdict.verdict].sign, _told(verdict), claim.id)
        for y, claim in enumerate(claims)
        for verdict in reading.verdicts
        if (verdict.claim, verdict.cell) == (claim.id, "") and not any(key[0] == claim.id for key in told)
    ]
    names = [_shortened(f"<b>{claim.id}</b> {claim.title}", 62) for claim in claims]
    groups = [(name, start, width) for name, start, width in zip(data, starts, widths, strict=False)]
    return draw_grid(VERDICT_LOOKS, boxes, names, starts[-1] - _GAP, [], groups)


def claim_map(reading: Reading, claim: Claim) -> go.Figure:
    """One claim over regimes and read-outs: what its verdict rests on, and the same contrasts by other read-outs.

    Regimes that only the search has seen are outlines with their mean difference, without a verdict. The intervals'
    `customdata` are their places in `reading.intervals`.

    Raises:
        NoNumbers: the study has neither intervals nor exploration of the claim.
    """
    judged = {(c.treatment, c.control_text()) for c in claim.comparisons if c.required}
    shown = {label_of(c): c for c in claim.comparisons if (c.treatment, c.control_text()) in judged}
    fields: dict[tuple[str, str], tuple[str, str, str, int | None]] = {}
    for place, one in enumerate(reading.intervals):
        if one.claim == claim.id and one.label in shown:
            fields[one.cell, one.label] = (*_judged(one), place)
    for line in reading.map:
        if line["claim"] == claim.id and line["label"] in shown:
            fields.setdefault((line["cell"], line["label"]), (*_explored(line), None))
    if not fields:
        raise NoNumbers(f"claim: {claim.id!r} given, but the study has no runs of it")
    cells = _by_data(cell for cell, _ in fields)
    columns = [(label, *_parted(label)) for label in shown if any(label == key[1] for key in fields)]
    contrasts = [contrast for *_, contrast in columns]
    columns.sort(key=lambda column: contrasts.index(column[2]))  # read-outs of one contrast side by side
    keys = [key for key, *_ in columns]
    boxes = [Box(keys.index(label), cells.index(cell), *field) for (cell, label), field in fields.items()]
    lengths = [(name, len(list(one))) for name, one in itertools.groupby(contrast for *_, contrast in columns)]
    starts = itertools.accumulate([0] + [count for _, count in lengths])
    groups = [(name, start, count) for (name, count), start in zip(lengths, starts, strict=False)]
    return draw_grid(
        VERDICT_LOOKS,
        boxes,
        [regime_name(cell) for cell in cells],
        len(columns),
        [head for _, head, _ in columns],
        groups,
    )


def _told(verdict: Verdict) -> str:
    where = f", {regime_name(verdict.cell)}" if verdict.cell else ""
    return f"<b>claim {verdict.claim}{where}</b><br>{verdict.verdict}<br>{wrap(verdict.reason)}"


def _judged(one: Interval) -> tuple[str, str, str]:
    """Kind, text and words of a confirmed comparison."""
    kind = verdict_of(one)
    words = f"<b>{regime_name(one.cell)}</b><br>{wrap(one.label)}<br>{kind}"
    words += f"<br>{wrap(one.untestable)}" if one.untestable else ""
    return kind, f"{VERDICT_LOOKS[kind].sign} {signed(one.mean, one.unit)}", words


def _explored(line: Mapping[str, Any]) -> tuple[str, str, str]:
    """The same of one that only the search has seen."""
    words = [f"<b>{regime_name(line['cell'])}</b>", wrap(line["label"])]
    words.append(f"exploration on {line['draws']} draws, no verdict")
    if line["active"] is not None:
        words.append(f"{line['active']:.0%} of the hinges active")
    kind = EXPLORATION if line["testable"] else "untestable here"
    return kind, f"{VERDICT_LOOKS[kind].sign} {signed(line['mean'], line['unit'])}", "<br>".join(words)


def _by_data(cells: Any) -> list[str]:
    """Regimes without repetition, those of one data set together, in the order they came."""
    cells = list(dict.fromkeys(cells))
    data = [cell.split("/")[0] for cell in cells]
    return [cell for _, cell in sorted(zip(data, cells, strict=True), key=lambda pair: data.index(pair[0]))]


def _parted(label: str) -> tuple[str, str]:
    """`k-NN: a against b` → k-NN, a against b."""
    head, colon, rest = label.partition(": ")
    return (head, rest) if colon else (label, "")


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
