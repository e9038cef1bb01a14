"""The report: one HTML page that holds everything it shows and asks nobody for anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from muldml_lite.benchmark.charts import accuracy_panels, class_panels, difference_panels
from muldml_lite.benchmark.results import to_csv
from muldml_lite.benchmark.style import STYLE
from muldml_lite.benchmark.template import PAGE
from muldml_lite.benchmark.words import (
    MEASURE_NAMES,
    NAMES,
    READ_OUT_NAMES,
    findings,
    held_out,
    percent,
    points,
    protocol,
    remarks,
    size,
    state_line,
)


def render(results: Mapping[str, Any]) -> str:
    """The page of what `summarise` found, finished or not. Whatever comes from the data is escaped."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"percent": percent, "points": points}
    table = to_csv(results)
    said = (size, state_line, findings, protocol, remarks, held_out, accuracy_panels, difference_panels, class_panels)
    return environment.from_string(PAGE).render(
        {one.__name__.removesuffix("_line"): one(results) for one in said},
        style=Markup(STYLE),
        r=results,
        plan=results["plan"],
        counts=results["data"]["counts"],
        settings={name: _plain(value) for name, value in results["settings"].items()},
        names=NAMES,
        read_outs=READ_OUT_NAMES,
        measures=MEASURE_NAMES,
        unit="sequences" if results["sequences"] else "images",
        done=sum(run["state"] == "finished" for run in results["runs"]),
        confusions=_confusions(results),
        csv=table,
        csv_link="data:text/csv;charset=utf-8," + quote(table),
    )


def _plain(value: Any) -> str:
    return " to ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _confusions(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Tables of per cent of each true class, with the counts behind them."""
    made = []
    for read_out, shown in READ_OUT_NAMES.items():
        for arm in results["methods"]:
            rows = zip(results["classes"], arm["confusion"][read_out], strict=True)
            made.append(
                {
                    "title": f"{NAMES[arm['method']]}, {shown}",
                    "read_out": read_out,
                    "rows": [_confusion_row(label, counts) for label, counts in rows],
                    "seeds": len(arm["seeds"]),
                }
            )
    return made


def _confusion_row(label: str, counts: list[int]) -> dict[str, Any]:
    cases = sum(counts)
    cells = [{"count": n, "share": n / max(cases, 1), "text": _cell_text(n, cases)} for n in counts]
    return {"label": label, "cases": cases, "cells": cells}


def _cell_text(count: int, cases: int) -> str:
    if count == 0:
        return "·"
    return "<1" if count / cases < 0.005 else f"{100 * count / cases:.0f}"
