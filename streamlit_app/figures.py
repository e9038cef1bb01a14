"""A chart with its description, and a small menu that gives it away: as PNG, as SVG, and its numbers as CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import zip_longest
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from lesson import shows
from run_words import shown as as_text

Columns = Mapping[str, Sequence[Any]]
# A sign of HTML that is none of those our own plots write.
_FOREIGN = re.compile(r"<(?!/?(?:b|i|br|sub|sup|extra|span)>|span style='font-size:\d+px'>)")
_COORDINATES = ("x", "y", "z", "text", "error_x", "error_y")
# Plotly's own button makes the picture; it must exist to be pressed, and STYLE keeps it out of sight.
_QUIET = {"displaylogo": False, "displayModeBar": True, "modeBarButtons": [["toImage"]]}
STYLE = """<style>
[class*="st-key-figure_"] .modebar{visibility:hidden!important}
[class*="st-key-figure_"]{gap:.1rem}
.plotly-notifier{display:none}
/* Streamlit writes axes in a grey that is too faint for the numbers on them. */
.js-plotly-plot :is(.xtick,.ytick,.x2tick,.y2tick,.legend) text,.js-plotly-plot :is(.xtitle,.ytitle,.x2title,.y2title){
 fill:light-dark(#24282d,#e9e7e2)!important}
</style>"""

_save_picture = st.components.v2.component(
    "muldml_save_picture",
    html="""<div role="group" aria-label="Picture">
<button type="button" data-format="png">Picture (PNG)</button>
<button type="button" data-format="svg">Picture (SVG)</button><p role="status"></p></div>""",
    css="""div{display:flex;flex-direction:column;gap:8px;font-family:var(--st-font)}
button{font:inherit;font-size:.875rem;color:var(--st-text-color);background:none;
 border:1px solid var(--st-border-color);
 border-radius:var(--st-base-radius);padding:7px 14px;cursor:pointer;text-align:center;min-height:40px}
button:hover,button:focus-visible{border-color:var(--st-primary-color);color:var(--st-primary-color)}
p{margin:0;font-size:.85rem}p:empty{display:none}""",
    js="""export default function ({ parentElement, data }) {
  const said = parentElement.querySelector("p");
  for (const button of parentElement.querySelectorAll("button")) {
    button.onclick = () => {
      const chart = document.querySelector(`.st-key-${data.place} .js-plotly-plot`);
      const camera = chart?.querySelector(".modebar-btn");
      said.textContent = camera ? "" : "The chart is not there yet; try again in a moment.";
      if (!camera) return;
      chart._context.toImageButtonOptions = { format: button.dataset.format, filename: data.name, scale: 2 };
      // On the page a chart has no ground of its own; alone, light words need their dark one.
      const before = chart.layout.paper_bgcolor;
      chart.layout.paper_bgcolor = getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor;
      camera.click();
      chart.layout.paper_bgcolor = before;
    };
  }
}""",
)


def show_figure(
    figure: go.Figure,
    key: str,
    alt: str,
    numbers: Callable[[], Columns] | None = None,
    config: Mapping[str, Any] | None = None,
    *,
    on_select: Literal["rerun", "ignore"] | Callable[[], None] = "ignore",
    selection_mode: str | Iterable[str] = ("points", "box", "lasso"),
    checked: bool = False,
) -> Any:
    """Show a plotly figure with a menu to take it home.

    Args:
        key: the chart's key, and the name of saved files.
        alt: what there is to be seen, for those who don't see it.
        numbers: makes the columns of the CSV when it is asked for; without it, what the figure draws.
        config: more of plotly's settings.
        on_select, selection_mode: as in `st.plotly_chart`.
        checked: whether `harmless` has been over it, which takes up to 30 ms: once, where figures are kept.

    Returns:
        What `st.plotly_chart` returns.
    """
    place = f"figure_{plain(key)}"
    with st.container(key=place):
        shown = st.plotly_chart(
            figure if checked else harmless(figure),
            key=key,
            alt=as_text(alt),
            config={**_QUIET, **(config or {})},
            on_select=on_select,
            selection_mode=selection_mode,
        )
        if shows("downloads"):
            _menu(place, plain(key), numbers or partial(numbers_of, figure))
    return shown


def harmless(figure: go.Figure) -> go.Figure:
    """The figure, with no more HTML in its words than our own plots write.

    plotly reads links and styles in titles, names and hover texts, and a style may fetch a picture.
    """
    text = figure.to_json().replace("\\u003c", "<").replace("\\u003e", ">").replace("\\u002f", "/")
    return go.Figure(json.loads(_FOREIGN.sub("&lt;", text))) if _FOREIGN.search(text) else figure


def _menu(place: str, name: str, numbers: Callable[[], Columns]) -> None:
    right = st.container(horizontal=True, horizontal_alignment="right")
    with right.popover("Download", icon=":material/download:", type="tertiary", key=f"menu_{place}"):
        _save_picture(data={"place": place, "name": name}, key=f"save_{place}")
        st.download_button(
            "Numbers (CSV)",
            lambda: csv_text(numbers()),
            f"{name}.csv",
            "text/csv",
            key=f"csv_{place}",
            on_click="ignore",
            width="stretch",
        )


def plain(key: str) -> str:
    """A key as it may stand in a file's name and in a class of the page."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", key).strip("-") or "figure"


def csv_text(columns: Columns) -> str:
    """Columns, by name, as lines; a short column is filled up with empty cells. No text is a spreadsheet's formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_inert(one) for one in row] for row in (columns, *zip_longest(*columns.values(), fillvalue="")))
    return text.getvalue()


def _inert(cell: Any) -> Any:
    """A spreadsheet computes what begins with one of these signs, unless an apostrophe stands before it."""
    return f"'{cell}" if isinstance(cell, str) and re.match(r"[=@\t\r]|[+-](?!\d*\.?\d+$)", cell) else cell


def numbers_of(figure: go.Figure) -> dict[str, list[Any]]:
    """What a figure draws, one line a point: its trace, and each coordinate that any trace has."""
    lines: list[dict[str, Any]] = []
    for place, trace in enumerate(figure.data):
        found = {key: values for key in _COORDINATES if (values := _values(trace, key))}
        if "z" in found and trace.type in ("heatmap", "contour"):
            found = _grid(found)
        name = trace.name or f"trace {place + 1}"
        lines += [{"trace": name, **dict(zip(found, point, strict=True))} for point in zip_longest(*found.values())]
    names = list(dict.fromkeys(key for line in lines for key in line))
    return {key: [line.get(key, "") for line in lines] for key in names}


def _values(trace: Any, key: str) -> list[Any]:
    values = getattr(trace, key, None)
    if key.startswith("error_"):
        values = values.array if values is not None else None
    if values is None or isinstance(values, str):
        return []
    return np.asarray(values).tolist()


def _grid(found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """A map's rows as one line a box."""
    rows = found["z"]
    xs = found.get("x") or list(range(len(rows[0])))
    ys = found.get("y") or list(range(len(rows)))
    cells = [(x, y, z) for y, row in zip(ys, rows, strict=True) for x, z in zip(xs, row, strict=True)]
    return dict(zip("xyz", map(list, zip(*cells, strict=True)), strict=True))
