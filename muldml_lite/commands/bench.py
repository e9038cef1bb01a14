"""`bench`: what losses and a training step cost beside other ways to the same, and what the app's visitors wait for."""

from __future__ import annotations

import argparse
import itertools
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

from muldml_lite.bench import BenchError

_MINING, _LOSSES = ("batch-hard", "semi-hard", "batch-all"), ("triplet", "dual")
_CLASSES = 7  # expressions of drawn faces
Groups = Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]  # what rows share, rows


def add_bench(parser: argparse.ArgumentParser) -> None:
    """The words of `bench` and of what can be benched."""
    kinds = parser.add_subparsers(dest="bench", required=True, metavar="loss|step|app")
    one = _kind(kinds, "loss", _loss, "the losses, forward and backward, against libraries and plain PyTorch")
    _number(one, "--batch", (4, 1_000_000), (126, 512), "images B")
    _timed(one, _LOSSES)
    _number(one, "--memory", (0.01, 1e4), 4.0, "GiB; what needs more is left out")
    one.add_argument("--peak-memory", action="store_true", help="measure memory instead, each loss in its own process")

    one = _kind(kinds, "step", _step, "a whole training step, with our loss and with others")
    one.add_argument("--backbone", nargs="+", choices=("small", "resnet18"), default=("small",), help="default: small")
    _number(one, "--batch", (2 * _CLASSES, 146 * _CLASSES), (126,), f"images B, a multiple of {_CLASSES}")
    _timed(one, _LOSSES[:1])
    _number(one, "--size", (32, 256), 48, "side of an image, pixels")

    one = _kind(kinds, "app", _app, "how long visitors of the app wait, one with a browser and many at once")
    _number(one, "--seconds", (1.0, 86_400.0), 75.0, "about so long")
    _number(one, "--visitors", (1, 200), 20, "visitors at once")
    one.add_argument("--no-browser", action="store_true", help="leave out the visitor with a browser")


def _kind(kinds: Any, name: str, measure: Callable[..., Groups], text: str) -> argparse.ArgumentParser:
    parser = kinds.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    parser.set_defaults(measure=measure, threads=1)
    parser.add_argument("--json", action="store_true", help="results as JSON on standard output, nothing else there")
    return parser


def _timed(parser: argparse.ArgumentParser, losses: tuple[str, ...]) -> None:
    for flag, choices, default in (("--mining", _MINING, _MINING), ("--loss", _LOSSES, losses)):
        shown = f"one or more (default: {' '.join(default)})"
        parser.add_argument(flag, nargs="+", choices=choices, default=default, help=shown)
    parser.add_argument("--reduction", choices=("mean", "mean-nonzero"), default="mean", help="default: mean")
    _number(parser, "--slices", (1, 4_096), (8,), "slices N")
    _number(parser, "--dim", (1, 65_536), 512, "size of the embedding")
    _number(parser, "--rounds", (1, 1_000), 7, "rounds at most")
    _number(parser, "--seconds", (0.0, 86_400.0), 4.0, "what took so long runs no further round")
    _number(parser, "--threads", (1, os.cpu_count() or 1), 1, "threads of PyTorch")


def _number(parser: argparse.ArgumentParser, flag: str, limits: tuple, default: Any, text: str) -> None:
    """An option that takes a number, or several where the default is a tuple, within limits."""
    least, most = limits
    kind, several = type(least), isinstance(default, tuple)

    def read(said: str) -> float:
        try:
            value = kind(said)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            whole = "a whole number" if kind is int else "a number"
            raise argparse.ArgumentTypeError(f"{said}: expected {whole} from {least:,.9g} to {most:,.9g}")
        return value

    shown = " ".join(map(str, default)) if several else f"{default:g}"
    nargs = {"nargs": "+"} if several else {}
    parser.add_argument(flag, type=read, default=default, metavar="N", help=f"{text} (default: {shown})", **nargs)


def run_bench(options: argparse.Namespace) -> None:
    """Run one bench and show what came out."""
    from muldml_lite.bench.machine import describe_machine

    machine, rows = describe_machine(options.threads), []
    for shared, group in options.measure(options):
        rows += [shared | row for row in group]
        if not options.json:
            print(", ".join(f"{name} {value}" for name, value in shared.items()))
            print(*(f"  {row['case']:50}  {_words(row)}" for row in group), sep="\n", end="\n\n", flush=True)
    if options.json:
        print(json.dumps({"bench": options.bench, "machine": machine, "rows": rows}))
    else:
        print(", ".join(f"{name} {value}" for name, value in machine.items()))


def _words(row: dict[str, Any]) -> str:
    if "median_ms" in row:
        return "{median_ms:8} ms; nine of ten: {p90_ms}, worst: {worst_ms}, times: {times}".format(**row)
    if "median_s" in row:
        spread = "({ratio_q1:.2f}–{ratio_q3:.2f} in {rounds} rounds)".format(**row)
        return f"{1000 * row['median_s']:8.2f} ms, {row['ratio']:.2f} × ours {spread}"
    return row.get("skipped") or row.get("note") or f"{row['extra_bytes'] / 2**20:8.0f} MiB"


def _loss(options: argparse.Namespace) -> Groups:
    from muldml_lite.bench.cases import LIMIT, loss_cases, measure_memory

    for shared, ours in _settings(options, {"B": "batch", "N": "slices"}):
        place = ours, shared["B"], options.dim, options.memory
        yield shared, measure_memory(*place) if options.peak_memory else _compare(options, LIMIT, *loss_cases(*place))


def _step(options: argparse.Namespace) -> Groups:
    from muldml_lite.bench.cases import NO_METRIC, step_cases

    for size in options.batch:
        if size % _CLASSES:
            raise BenchError(f"--batch {size}: expected a multiple of {_CLASSES}, the expressions")
    for shared, ours in _settings(options, {"backbone": "backbone", "B": "batch", "N": "slices"}):
        cases = step_cases(ours, shared["backbone"], shared["B"], options.dim, options.size)
        yield shared, _compare(options, NO_METRIC, *cases)


def _app(options: argparse.Namespace) -> Groups:
    from muldml_lite.bench.app import measure_app

    return measure_app(options.seconds, options.visitors, not options.no_browser)


def _settings(options: argparse.Namespace, columns: dict[str, str]) -> Iterator[tuple[dict[str, Any], Any]]:
    """What rows share (column → option), and our loss, of all that was asked for; progress on standard error."""
    for count in options.slices:
        if options.dim % count:
            raise BenchError(f"--slices {count}: does not divide --dim {options.dim} into equal slices")
    from tqdm import tqdm

    from muldml_lite.losses import MultiThresholdLoss, sample_thresholds

    columns = {"mining": "mining", "loss": "loss", **columns}
    asked = list(itertools.product(*(getattr(options, name) for name in columns.values())))
    for values in tqdm(asked, unit="table"):
        shared = dict(zip(columns, values, strict=True)) | {"D": options.dim, "reduction": options.reduction}
        kind = {name: shared[name] for name in ("mining", "loss", "reduction")}
        yield kind | shared, MultiThresholdLoss(sample_thresholds(shared["N"], 0.1, 0.8), **kind)


def _compare(options: argparse.Namespace, limit: str, cases: dict, skipped: dict[str, str]) -> list[dict[str, Any]]:
    from muldml_lite.bench.turns import compare

    rows = compare(cases, limit, rounds=options.rounds, seconds=options.seconds, threads=options.threads)
    return rows + [{"case": name, "skipped": why} for name, why in skipped.items()]
