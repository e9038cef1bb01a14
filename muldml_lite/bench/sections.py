"""The benchmark page's tables: rows in, Markdown out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from muldml_lite.bench.figure import fit_growth, series
from muldml_lite.bench.libraries import PML
from muldml_lite.bench.loss import LIMIT, OURS
from muldml_lite.bench.plan import Row
from muldml_lite.bench.report import bytes_text, markdown_table, seconds_text, title_of
from muldml_lite.bench.step import NO_METRIC


def loss_tables(rows: Sequence[Row]) -> str:
    """For each mining, loss and reduction a table: a line for each B and N, a column for each case."""
    parts = []
    for key in dict.fromkeys((row["mining"], row["loss"], row["reduction"]) for row in rows):
        chosen = [row for row in rows if (row["mining"], row["loss"], row["reduction"]) == key]
        cases = _cases(chosen)
        head = ["B = P × K", "N", "ours", *(f"{case} ×" for case in cases if case != OURS)]
        lines = []
        for place in dict.fromkeys((row["B"], row["K"], row["N"]) for row in chosen):
            here = {row["case"]: row for row in chosen if (row["B"], row["K"], row["N"]) == place}
            size, per_class, count = place
            line = [f"{size} = {size // per_class} × {per_class}", str(count), _own_time(here[OURS])]
            lines.append(line + [_times_ours(here.get(case, {})) for case in cases if case != OURS])
        parts += ["**{}, {}, {}**".format(*key), "", _table(head, lines)]
    return "\n".join(parts)


def growth_table(rows: Sequence[Row], axis: str) -> str:
    """Exponents of time over the column `axis`: a line for each mining, a column for each case."""
    cases = _cases(rows)
    lines = []
    for mining in dict.fromkeys(row["mining"] for row in rows):
        found = series(rows, mining, axis)
        lines.append([mining, *(_growth(*found.get(case, ((), ()))) for case in cases)])
    return _table([f"over {axis}", *cases], lines)


def memory_table(rows: Sequence[Row]) -> str:
    """Extra memory of a pass: a line for each setting, a column for each case."""
    return _matrix(rows, lambda row: bytes_text(row["extra_bytes"]) if "extra_bytes" in row else "–")


def step_summary(rows: Sequence[Row], losses: Sequence[Row]) -> str:
    """What share of a step the loss is, ours and pytorch-metric-learning's, and what a faster loss saves of it."""
    lines = []
    for bare in (row for row in rows if row["case"] == NO_METRIC):
        same = [row for row in rows if all(row.get(key) == bare[key] for key in ("backbone", "mining", "loss"))]
        whole = next((row for row in same if row["case"] == PML and "ratio" in row), None)
        alone = [_loss_alone(losses, bare, case) for case in (OURS, PML)]
        if whole is None or None in alone:
            continue
        step = bare["median_s"]
        shares = [f"{seconds_text(value)} = {value / (step + value):.1%}" for value in alone]
        predicted = (step + alone[1]) / (step + alone[0])
        measured = f"{whole['ratio']:.2f} ({whole['ratio_q1']:.2f}–{whole['ratio_q3']:.2f})"
        lines.append([bare["backbone"], bare["mining"], seconds_text(step), *shares, f"{predicted:.2f}", measured])
    if not lines:
        return ""
    head = ["backbone", "mining", NO_METRIC, "our loss", f"{PML}'s", "predicted × ours", "measured × ours (quartiles)"]
    return _table(head, lines)


def _loss_alone(losses: Sequence[Row], step: Row, case: str) -> float | None:
    """Median seconds of the loss of a step, measured by itself."""
    wanted = {key: step[key] for key in ("mining", "loss", "B", "N", "D")} | {"reduction": "mean", "case": case}
    found = (row for row in losses if all(row.get(key) == value for key, value in wanted.items()))
    return next((row["median_s"] for row in found if "median_s" in row), None)


def titled_tables(groups: Sequence[Sequence[Row]]) -> str:
    return "\n".join(f"**{title_of(rows)}**\n\n{markdown_table(rows)}" for rows in groups)


def faces_table(rows: Sequence[Row]) -> str:
    """A line for each preset and size."""
    lines = []
    for row in rows:
        faces = row["per_second"] * row["median_s"]  # of one call
        a_face = [seconds_text(row[key] / faces) for key in ("median_s", "q1_s", "q3_s")]
        place = [row["preset"], str(row["size"]), f"{row['per_second']:.0f}"]
        lines.append([*place, a_face[0], f"{a_face[1]}–{a_face[2]}", str(row["rounds"])])
    return _table(["preset", "pixels", "faces/s", "a face", "quartiles", "rounds"], lines)


def remarks(rows: Sequence[Row]) -> str:
    """Why cells are empty, each reason once."""
    said: dict[str, list[str]] = {}
    for row in rows:
        text = row.get("skipped") or row.get("note")
        if text:
            place = f"{row['mining']} {row['loss']}, B = {row['B']}, N = {row['N']}"
            said.setdefault(f"{row['case']}: {text}", []).append(place)
    return "\n".join(f"* {text} ({_few(places)})" for text, places in said.items()) + "\n"


def _few(places: list[str]) -> str:
    unique = list(dict.fromkeys(places))
    return "; ".join(unique) if len(unique) <= 2 else f"{len(unique)} settings"


def _cases(rows: Sequence[Row]) -> list[str]:
    """Ours first, the limit last; what was measured nowhere is left out."""
    names = list(dict.fromkeys(row["case"] for row in rows if "median_s" in row or "extra_bytes" in row))
    return sorted(names, key=lambda name: (name != OURS, name == LIMIT))


def _matrix(rows: Sequence[Row], cell: Callable[[Row], str]) -> str:
    cases = _cases(rows)
    lines = []
    for place in dict.fromkeys((row["mining"], row["loss"], row["B"], row["N"]) for row in rows):
        here = {r["case"]: r for r in rows if (r["mining"], r["loss"], r["B"], r["N"]) == place}
        lines.append([*map(str, place), *(cell(here.get(case, {})) for case in cases)])
    return _table(["mining", "loss", "B", "N", *cases], lines)


def _own_time(row: Row) -> str:
    return seconds_text(row["median_s"])


def _times_ours(row: Row) -> str:
    if "ratio" not in row:
        return "differs" if row.get("equal") is False else "–"
    return f"{row['ratio']:.2f}" + ("" if row["rounds"] > 1 else " (one round)")


def _growth(sizes: Sequence[float], seconds: Sequence[float]) -> str:
    if len(sizes) < 3:
        return "–"
    fit = fit_growth(sizes, seconds)
    return f"{fit.exponent:.2f} ± {fit.error:.2f} ({fit.low}–{fit.high})"


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, rule, *lines)) + "\n"
