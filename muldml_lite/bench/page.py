"""`python -m muldml_lite.bench.page`: run the sweep, write docs/BENCHMARKS.md and its picture.

`--keep FILE` also writes everything measured as JSON, and `--rows FILE` makes the page from such a file.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

from muldml_lite.bench.figure import growth_figure
from muldml_lite.bench.machine import describe_machine, pin_threads
from muldml_lite.bench.page_text import HEAD, SECTIONS
from muldml_lite.bench.plan import Row
from muldml_lite.bench.sections import (
    faces_table,
    growth_table,
    loss_tables,
    memory_table,
    remarks,
    step_summary,
    titled_tables,
)
from muldml_lite.bench.sweep import SECTIONS as MEASURABLE
from muldml_lite.bench.sweep import Sweep, run_sweep

PICTURE = "loss_growth.png"


def write_page(measured: dict[str, Any], page: Path, pictures: Path) -> None:
    """Measured sections → page, and the picture if growth was measured."""
    page.parent.mkdir(parents=True, exist_ok=True)
    sections = {name: [row for group in groups for row in group] for name, groups in measured["sections"].items()}
    if "batch" in sections and "slices" in sections:
        pictures.mkdir(parents=True, exist_ok=True)
        growth_figure(sections["batch"], sections["slices"]).write_image(pictures / PICTURE, scale=1.5)
    link = Path(os.path.relpath(pictures / PICTURE, page.parent)).as_posix()
    machine = "\n".join(f"| {name} | {value} |" for name, value in measured["machine"].items())
    minutes = f"{measured['seconds'] / 60:.0f}"
    head = Template(HEAD).substitute(command=measured["command"], minutes=minutes, machine=machine)
    page.write_text("\n".join([head, *_sections(measured["sections"], sections, link)]), encoding="utf-8")


def _sections(groups: dict[str, Any], rows: dict[str, list[Row]], picture: str) -> list[str]:
    """The sections that were measured, in the page's order."""
    tables = {}
    if "loss" in rows:
        tables["loss"] = [loss_tables(rows["loss"]), remarks(rows["loss"])]
    if "batch" in rows and "slices" in rows:
        tables["growth"] = [growth_table(rows["batch"], "B"), growth_table(rows["slices"], "N")]
    if "memory" in rows:
        tables["memory"] = [memory_table(rows["memory"]), remarks(rows["memory"])]
    if "step" in rows:
        tables["step"] = [step_summary(rows["step"], rows.get("loss", [])), titled_tables(groups["step"])]
    if "faces" in rows:
        tables["faces"] = [faces_table(rows["faces"])]
    if "layout" in rows:
        tables["layout"] = [titled_tables(groups["layout"])]
    dim = rows["loss"][0]["D"] if "loss" in rows else ""
    return [
        Template(SECTIONS[name]).substitute(tables="\n".join(parts), picture=picture, dim=dim)
        for name, parts in tables.items()
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m muldml_lite.bench.page", description=__doc__.split("\n")[0])
    parser.add_argument("--page", type=Path, default=Path("docs/BENCHMARKS.md"), help="default: %(default)s")
    parser.add_argument("--pictures", type=Path, default=Path("data/pictures"), help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=Sweep.seconds, help="of a section (default: %(default)g)")
    parser.add_argument("--sections", nargs="+", choices=MEASURABLE, default=MEASURABLE, help="default: all")
    parser.add_argument("--threads", type=int, default=1, help="default: 1")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="also write what was measured, as JSON")
    parser.add_argument("--rows", type=Path, metavar="FILE", help="measure nothing: make the page from such a file")
    options = parser.parse_args(arguments)
    if options.rows:
        measured = json.loads(options.rows.read_text(encoding="utf-8"))
    else:
        given = sys.argv[1:] if arguments is None else arguments
        command = shlex.join(["python", "-m", "muldml_lite.bench.page", *given])
        sweep = Sweep(sections=tuple(options.sections), seconds=options.seconds, threads=options.threads)
        measured = measure(sweep, command)
    if options.keep:
        options.keep.write_text(json.dumps(measured), encoding="utf-8")
    write_page(measured, options.page, options.pictures)
    return 0


def measure(sweep: Sweep, command: str) -> dict[str, Any]:
    """Run the sweep → command, machine, seconds and sections of rows."""
    pin_threads(sweep.threads)
    started = time.perf_counter()
    sections = run_sweep(sweep, lambda text: print(f"{time.perf_counter() - started:5.0f} s  {text}", file=sys.stderr))
    taken = time.perf_counter() - started
    return {"command": command, "machine": describe_machine(sweep.threads), "seconds": taken, "sections": sections}


if __name__ == "__main__":
    sys.exit(main())
