"""`bench`: what the losses, a training step, drawing and layouts cost, side by side with what else one could take."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from muldml_lite.bench.plan import BenchError, Plan, Row, run_plans

_MINING = ("batch-hard", "semi-hard", "batch-all")
_FULL_SECONDS = 900.0


def add_bench(parser: argparse.ArgumentParser) -> None:
    """The words of `bench` and of what can be benched."""
    kinds = parser.add_subparsers(dest="bench", required=True, metavar="loss|step|faces|layout|app")
    one = _add(kinds, "loss", _loss, "the losses, forward and backward, against libraries and plain PyTorch", 70)
    _add_grid(one, batch=(126, 512), slices=(8,))
    _many(one, "--reduction", ("mean", "mean-nonzero"), ("mean",))
    one.add_argument("--per-class", type=int, metavar="K", help="images a class (default: 16 if it divides B, or 18)")
    one.add_argument("--memory", type=float, default=4.0, metavar="GIB", help="leave out what needs more (default: 4)")
    one.add_argument("--peak-memory", action="store_true", help="measure memory instead, each case in its own process")

    one = _add(kinds, "step", _step, "a whole training step, and the trainer against a bare loop", 90)
    _many(one, "--backbone", ("small", "resnet18"), ("small",))
    _add_grid(one, batch=None, slices=None, losses=("triplet",))
    one.add_argument("--batch", type=int, default=126, metavar="B", help="images, a multiple of 7 (default: 126)")
    one.add_argument("--slices", type=int, default=8, metavar="N", help="slices (default: 8)")
    one.add_argument("--size", type=int, default=48, metavar="PX", help="side of an image, pixels (default: 48)")
    one.add_argument("--no-trainer", action="store_true", help="leave out the trainer against a bare loop")

    one = _add(kinds, "faces", _faces, "faces drawn in a second, by preset and size", 30)
    one.add_argument("--size", type=int, nargs="+", metavar="PX", help="sides of an image, pixels (default: 48 64 128)")

    one = _add(kinds, "layout", _layout, "layouts of slices against the libraries alone", 90)
    one.add_argument("--points", type=int, nargs="+", metavar="N", help="points of a layout")
    one.add_argument("--slices", type=int, nargs="+", metavar="N", help="slices")

    one = kinds.add_parser("app", help="how long visitors of the app wait, alone and twenty at once")
    one.description = "How long visitors of the app wait: one with a browser, many at once by the websocket protocol."
    one.set_defaults(run_bench=_app, rounds=1, threads=1)
    one.add_argument("--seconds", type=float, default=75.0, metavar="S", help="about so long (default: 75)")
    one.add_argument("--visitors", type=int, default=20, metavar="N", help="visitors at once (default: 20)")
    one.add_argument("--no-browser", action="store_true", help="leave out the visitor with a browser")
    one.add_argument("--json", action="store_true", help="results as JSON on standard output, nothing else there")


def _add(kinds: Any, name: str, function: Callable, text: str, seconds: float) -> argparse.ArgumentParser:
    parser = kinds.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    parser.set_defaults(run_bench=function)
    parser.add_argument(
        "--full", action="store_true", help=f"the whole grid; --seconds is then {_FULL_SECONDS:g} by default"
    )
    parser.add_argument("--seconds", type=float, metavar="S", help=f"about so long, seconds (default: {seconds:g})")
    parser.set_defaults(default_seconds=seconds)
    parser.add_argument("--rounds", type=int, default=30, metavar="N", help="rounds at most (default: 30)")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads of every library (default: 1)")
    parser.add_argument("--json", action="store_true", help="results as JSON on standard output, nothing else there")
    return parser


def _add_grid(parser: argparse.ArgumentParser, batch: Any, slices: Any, losses: Any = ("triplet", "dual")) -> None:
    if batch:
        _numbers(parser, "--batch", batch, "batch sizes B")
        _numbers(parser, "--slices", slices, "numbers of slices N")
    _many(parser, "--mining", _MINING, _MINING)
    _many(parser, "--loss", ("triplet", "dual"), losses)
    parser.add_argument("--dim", type=int, default=512, metavar="D", help="size of the embedding (default: 512)")
    parser.add_argument("--device", choices=("cpu", "cuda", "mps"), default="cpu", help="default: cpu")


def _many(parser: argparse.ArgumentParser, flag: str, choices: Sequence[str], default: Sequence[str]) -> None:
    shown = " ".join(default)
    parser.add_argument(flag, nargs="+", choices=choices, default=default, help=f"one or more (default: {shown})")


def _numbers(parser: argparse.ArgumentParser, flag: str, default: Sequence[int], text: str) -> None:
    shown = " ".join(map(str, default))
    parser.add_argument(flag, type=int, nargs="+", metavar="N", help=f"{text} (default: {shown})")
    parser.set_defaults(**{f"default_{flag[2:]}": default})


def run_bench(options: argparse.Namespace) -> None:
    """Run one bench and show what came out."""
    for name, least in (("rounds", 1), ("threads", 1)):
        if getattr(options, name) < least:
            raise BenchError(f"--{name} {getattr(options, name)}: expected {least} or more")
    if options.seconds is not None and not options.seconds > 0:
        raise BenchError(f"--seconds {options.seconds:g}: expected more than 0")
    from muldml_lite.bench.machine import describe_machine, pin_threads

    if options.bench != "app":  # the app is another process, and this one has no arithmetic to do
        pin_threads(options.threads)
    machine = describe_machine(options.threads, getattr(options, "device", "cpu"))
    groups = options.run_bench(options)
    if not options.json:
        print(", ".join(f"{name} {value}" for name, value in machine.items()), end="\n\n")
    rows = []
    for group in groups:
        rows += group
        if not options.json:
            _print_table(group)
    if options.json:
        print(json.dumps({"bench": options.bench, "machine": machine, "rows": rows}))


def _print_table(group: Sequence[Row]) -> None:
    from tqdm import tqdm

    from muldml_lite.bench.report import text_table

    tqdm.write(text_table(group), file=sys.stdout)


def _loss(options: argparse.Namespace) -> Any:
    from muldml_lite.bench import loss

    full = {"batch": (126, 512, 1024), "slices": (8, 32)} if options.full else {}
    bench = loss.LossBench(
        batch=_chosen(options, "batch", full),
        slices=_chosen(options, "slices", full),
        mining=tuple(options.mining),
        loss=tuple(options.loss),
        reduction=tuple(options.reduction),
        dim=options.dim,
        per_class=options.per_class,
        device=options.device,
        memory=options.memory,
        cubic=options.full,
    )
    if options.peak_memory:
        from muldml_lite.bench.peak import measure_peaks

        return measure_peaks(bench, options.threads, lambda text: print(f"measuring {text}", file=sys.stderr))
    return _timed(loss.plans(bench), options)


def _step(options: argparse.Namespace) -> Any:
    from muldml_lite.bench import step

    bench = step.StepBench(
        backbone=("small", "resnet18") if options.full else tuple(options.backbone),
        mining=tuple(options.mining),
        loss=("triplet", "dual") if options.full else tuple(options.loss),
        slices=options.slices,
        dim=options.dim,
        batch=options.batch,
        size=options.size,
        device=options.device,
        trainer=not options.no_trainer,
    )
    return _timed(step.plans(bench), options)


def _faces(options: argparse.Namespace) -> Any:
    from muldml_lite.bench import faces

    sizes = options.size or (32, 48, 64, 96, 128, 256) if options.full else options.size or faces.SIZES
    return _timed(faces.plans(sizes), options)


def _layout(options: argparse.Namespace) -> Any:
    from muldml_lite.bench import layout

    try:
        listed = layout.plans(sizes=options.points, slices=options.slices, full=options.full)
    except ValueError as error:
        raise BenchError(str(error)) from error
    return _timed(listed, options)


def _app(options: argparse.Namespace) -> Any:
    from muldml_lite.bench.app import AppBench, measure_app

    bench = AppBench(options.seconds, options.visitors, not options.no_browser)
    return measure_app(bench, lambda text: print(f"measuring {text}", file=sys.stderr))


def _chosen(options: argparse.Namespace, name: str, full: dict[str, tuple[int, ...]]) -> tuple[int, ...]:
    """What was given, else the whole grid if asked for, else the default."""
    return tuple(getattr(options, name) or full.get(name) or getattr(options, f"default_{name}"))


def _timed(plans: Sequence[Plan], options: argparse.Namespace) -> Any:
    """Rows of every plan, with a progress line of what runs and how long it will still take."""
    from tqdm import tqdm

    seconds = options.seconds or (_FULL_SECONDS if options.full else options.default_seconds)
    with tqdm(total=len(plans), unit="table", bar_format="{n}/{total} {bar:16} {desc}") as bar:
        started = time.perf_counter()

        def progress(plan: Plan, left: float) -> None:
            spent = time.perf_counter() - started
            bar.set_description_str(f"{spent:.0f} s, about {left:.0f} s left: {plan.title}")

        for rows in run_plans(plans, rounds=options.rounds, seconds=seconds, on_progress=progress):
            yield rows
            bar.update()
        bar.set_description_str(f"done in {time.perf_counter() - started:.0f} s")
