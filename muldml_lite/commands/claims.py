"""`claims`: run the ledger, all of it or some claims, and say what came out."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from muldml_lite.claims import QUICK, SEARCH_RULE, Settings, Study, StudyError, load_registry, read_study, run_study
from muldml_lite.commands.facts import command_facts
from muldml_lite.config import DATASETS
from muldml_lite.runs import is_bare, locked
from muldml_lite.text import without_home

_COUNTS = ("draws", "seeds", "explore")
_MOST = {"draws": 10_000, "seeds": 1_000, "explore": 999, "workers": 256}
_MACHINE = ("processor", "cores", "system", "device", "threads")


def add_claims(parser: argparse.ArgumentParser) -> None:
    """The words of `claims`."""
    full = Settings()
    parser.add_argument("ids", nargs="*", metavar="ID", help="claims, as 7 or 4b; a number takes all its parts")
    parser.add_argument("--list", action="store_true", help="say what the claims are and when each is supported")
    parser.add_argument("--quick", action="store_true", help="fewer regimes and draws: minutes instead of hours")
    parser.add_argument("--data", choices=DATASETS, help="one data set only (default: both kinds of drawn faces)")
    parser.add_argument("--root", help="its folder or manifest; frozen-feature claims only")
    parser.add_argument(
        "--draws", type=int, metavar="K", help=f"data draws (default: {full.draws}, quick {QUICK.draws})"
    )
    parser.add_argument(
        "--explore", type=int, metavar="K", help=f"draws of the search for regimes (default: {full.explore}, quick 0)"
    )
    parser.add_argument(
        "--seeds", type=int, metavar="K", help=f"seeds on each (default: {full.seeds}, quick {QUICK.seeds})"
    )
    parser.add_argument("--out", metavar="DIR", help="study folder; goes on with what is there (default: runs/claims…)")
    parser.add_argument("--workers", type=int, metavar="N", help="processes of one thread each (default: all cores)")
    parser.add_argument("--file", metavar="PY", help="a Python file with CLAIMS and EXPERIMENTS of your own")
    parser.add_argument("--json", action="store_true", help="results as JSON on standard output, nothing else there")


def run_claims(options: argparse.Namespace) -> None:
    """List claims, or run their study and print the verdicts."""
    if options.list:
        _list(options)
        return
    for name, most in _MOST.items():
        least, given = 0 if name == "explore" else 1, getattr(options, name)
        if given is not None and not least <= given <= most:
            raise StudyError(f"--{name} {given}: expected {least} or more, at most {most:,}")
    load_registry(options.file).chosen(options.ids)  # what is wrong with them is told before a folder is made
    settings = _settings(options)
    folder = Path(options.out or ("runs/claims-quick" if options.quick else "runs/claims"))
    if not is_bare(folder) and not (folder / "study.json").exists():
        raise StudyError(f"{folder}: not empty and not a study folder; choose another")
    with locked(folder, StudyError), _ProgressLine(options.json) as progress:
        study = run_study(
            folder,
            settings,
            ids=options.ids,
            file=options.file,
            workers=options.workers or os.cpu_count() or 1,
            facts={**command_facts(_MACHINE), "search_rule": SEARCH_RULE},
            progress=progress,
        )
    _show(study, options.json)


def _settings(options: argparse.Namespace) -> Settings:
    settings = QUICK if options.quick else Settings()
    given = {name: getattr(options, name) for name in _COUNTS if getattr(options, name) is not None}
    if options.data and not options.data.startswith("drawn:"):
        if options.root is None:
            raise StudyError(f"--root: needed with --data {options.data}, the path of the images")
        given |= {"data": (options.data,), "root": without_home(options.root)}
    elif options.root is not None:
        raise StudyError("--root: only for --data folder or manifest, or a data set on disk")
    elif options.data:
        given["data"] = (options.data.removeprefix("drawn:"),)
    return dataclasses.replace(settings, **given)


def _list(options: argparse.Namespace) -> None:
    claims = load_registry(options.file).chosen(options.ids)
    if options.json:
        print(json.dumps([claim.to_json() for claim in claims]))
        return
    for claim in claims:
        print(f"{claim.id:>3}  {claim.title}  [{'; '.join(filter(None, (claim.source, claim.tier)))}]")
        proofs = (f"Impossible with {part}: {proof}" for part, proof in claim.impossible)
        for text in (claim.sentence, claim.rule, *proofs, claim.caveat, claim.needs and f"Needs data: {claim.needs}."):
            print(textwrap.indent(textwrap.fill(text, 100), "     ")) if text else None
        for one in claim.comparisons:
            side = "above" if one.expected == "above" else "below"
            print(f"     {'*' if one.required else ' '} {one.label}: expected {side}")
        print()
    print("* decides the verdict; the others are shown")


class _ProgressLine:
    """A progress line with time left, on standard error; nothing before there is progress."""

    def __init__(self, quiet: bool) -> None:
        self.quiet, self.bar = quiet, None

    def __enter__(self) -> Callable[[str, int, int, float], None]:
        return self._show

    def _show(self, what: str, done: int, total: int, seconds: float) -> None:
        from tqdm import tqdm

        if self.bar is None:
            form = "{desc} {bar:20} {n_fmt}/{total_fmt} runs{postfix}"
            self.bar = tqdm(disable=self.quiet, bar_format=form, dynamic_ncols=True)
        self.bar.set_description_str(what, refresh=False)
        self.bar.total = total
        self.bar.set_postfix_str(f"about {seconds / 60:.1f} min left", refresh=False)
        self.bar.update(done - self.bar.n)
        self.bar.refresh()

    def __exit__(self, *_: Any) -> None:
        if self.bar is not None:
            self.bar.close()


def _show(study: Study, as_json: bool) -> None:
    reading = read_study(study)
    if as_json:
        keys = ("command", "date", "machine", "versions", "settings", "plan", "revised", "chosen", "seconds")
        about = {key: study.about[key] for key in keys if key in study.about}
        shown = {
            name: [dataclasses.asdict(one) for one in getattr(reading, name)] for name in ("verdicts", "intervals")
        }
        print(json.dumps({"study": str(study.path), **about, **shown}))
        return
    titles = {claim.id: claim.title for claim in study.claims}
    for claim, title in titles.items():
        whole = next(v for v in reading.verdicts if v.claim == claim and not v.cell)
        print(f"{claim:>3}  {title}: {whole.badge.upper()}")
        print(f"     {whole.reason}")
        for verdict in (v for v in reading.verdicts if v.claim == claim and v.cell):
            print(f"       {verdict.cell}: {verdict.verdict}; {verdict.reason}")
    print(f"\n{len(study.rows)} runs, {len(reading.intervals)} intervals, in {study.path}")
