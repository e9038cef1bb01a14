"""Rows as text for a terminal and as Markdown for a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from muldml_lite.bench.plan import Row

_TIMING = ("rounds", "median_s", "q1_s", "q3_s", "least_s", "ratio", "ratio_q1", "ratio_q3")
_KNOWN = {"case", "kind", "equal", "note", "skipped", "per_second", "per_second_of", "extra_bytes", *_TIMING}
_EQUAL = {True: "yes", False: "NO", None: "–"}


def settings_of(rows: Sequence[Row]) -> dict[str, Any]:
    """What all rows of a group share: the columns that stand in front of `case`."""
    keys = list(rows[0])
    return {key: rows[0][key] for key in keys[: keys.index("case")]}


def title_of(rows: Sequence[Row]) -> str:
    """`mining batch-hard, loss dual, B 126, …`."""
    return ", ".join(f"{name} {value}" for name, value in settings_of(rows).items())


def text_table(rows: Sequence[Row]) -> str:
    """A group's rows with aligned columns, under what they share."""
    head, *body = _cells(rows)
    widths = [max(len(row[i]) for row in (head, *body)) for i in range(len(head))]
    lines = []
    for name, *numbers in (head, *body):
        aligned = [cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True)]
        lines.append("  ".join([name.ljust(widths[0]), *aligned]))
    return "\n".join([title_of(rows), *("  " + line.rstrip() for line in lines), *_remarks(rows, "  "), ""])


def markdown_table(rows: Sequence[Row]) -> str:
    """The same for a page, without the title."""
    head, *body = _cells(rows)
    table = ["| " + " | ".join(row) + " |" for row in (head, ["---", *["---:"] * (len(head) - 1)], *body)]
    return "\n".join([*table, "", *(f"* {remark}" for remark in _remarks(rows, "")), ""])


def seconds_text(value: float) -> str:
    """0.00412 → `4.12 ms`: three figures and a unit."""
    for unit, scale in (("s", 1.0), ("ms", 1e3)):
        if value * scale >= 1:
            return f"{_three(value * scale)} {unit}"
    return f"{_three(value * 1e6)} µs"


def bytes_text(value: float) -> str:
    return f"{value / 2**30:.2f} GiB" if value >= 2**30 else f"{value / 2**20:.0f} MiB"


def machine_text(machine: dict[str, Any]) -> str:
    """One line of facts."""
    return ", ".join(f"{name} {value}" for name, value in machine.items())


def _cells(rows: Sequence[Row]) -> list[list[str]]:
    extras = [key for key in dict.fromkeys(key for row in rows for key in row) if key not in _KNOWN]
    extras = [key for key in extras if key not in settings_of(rows)]
    rated = next((row["per_second_of"] for row in rows if "per_second_of" in row), "")
    sized = any("extra_bytes" in row for row in rows)
    timed = any("median_s" in row for row in rows)
    alone = sum("skipped" not in row for row in rows) == 1
    first, last = (2, 4) if alone else (1, 7)  # a single case has nothing to be compared with
    columns = ("case", "equal", "median", "quartiles", "× ours", "quartiles", "rounds")
    head = ["case", *(columns[first:last] if timed else ())]
    head += [f"{rated}/s"] * bool(rated) + ["extra memory"] * sized + [key.replace("_", " ") for key in extras]
    table = [head]
    for row in rows:
        if "skipped" in row:
            continue
        cells = [row["case"], *(_time_cells(row)[first - 1 : last - 1] if timed else [])]
        cells += [f"{row['per_second']:.0f}" if "per_second" in row else ""] * bool(rated)
        cells += [bytes_text(row["extra_bytes"]) if "extra_bytes" in row else ""] * sized
        table.append(cells + [_value(row.get(key, "")) for key in extras])
    return table


def _time_cells(row: Row) -> list[str]:
    equal = _EQUAL[row["equal"]]
    if "median_s" not in row:
        return [equal, *[""] * 5]
    apart, ratios = "?", "?"  # one round tells nothing about the spread
    if row["rounds"] > 1:
        apart = "–".join(seconds_text(row[key]) for key in ("q1_s", "q3_s"))
        ratios = f"{row['ratio_q1']:.2f}–{row['ratio_q3']:.2f}"
    return [equal, seconds_text(row["median_s"]), apart, f"{row['ratio']:.2f}", ratios, str(row["rounds"])]


def _remarks(rows: Iterable[Row], indent: str) -> list[str]:
    noted = [f"{indent}{row['case']}: {row['note']}" for row in rows if row.get("note")]
    return noted + [f"{indent}{row['case']}: skipped, {row['skipped']}" for row in rows if "skipped" in row]


def _value(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _three(value: float) -> str:
    return f"{value:.{max(0, 2 - len(str(int(value))) + 1)}f}"
