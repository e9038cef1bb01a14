"""The words of the command line, and what each command does with them."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any, NoReturn

from muldml_lite.commands.bench import add_bench, run_bench
from muldml_lite.commands.benchmark import OWN, add_benchmark, add_compare, run_benchmark, run_compare
from muldml_lite.commands.claims import add_claims, run_claims
from muldml_lite.commands.steering import add_control, run_control
from muldml_lite.config import BACKBONES, Config
from muldml_lite.runs import Run, clear_control, fork_config, holder, is_bare, locked, make_fork
from muldml_lite.text import printable


class Parser(argparse.ArgumentParser):
    """argparse, with one line and exit code 2 for bad input."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {printable(message, 800)}; see {self.prog} --help\n")


class UsageError(Exception):
    """A command that contradicts itself or what is on disk; the message says what to do instead."""


def make_parser() -> Parser:
    parser = Parser(prog="muldml", description="See, train and question multi-threshold deep metric learning.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)

    one = _add(commands, "train", _train, "train a network and write a run folder")
    _add_run(one, "run folder to make; if it holds a queued run, that run is trained as its config.json says")
    _add_config(one)
    one.add_argument("--overwrite", action="store_true", help="replace a run that is already in the folder")
    _add_json(one)

    one = _add(commands, "resume", _resume, "go on with an interrupted run after its last finished epoch")
    _add_run(one, "run folder to go on with")
    _add_json(one)

    one = _add(commands, "fork", _fork, "train on from an epoch of another run, with other settings")
    _add_run(one, "run folder to fork; it stays as it is")
    one.add_argument("--epoch", required=True, type=int, metavar="E", help="epoch to go on after; its weights are kept")
    one.add_argument("--out", required=True, metavar="DIR", help="run folder to make")
    _add_config(one, "the parent's")
    _add_json(one)

    add_control(_add(commands, "control", run_control, "let a training stand still, go on, or do one more epoch"))

    _add_evaluate(_add(commands, "evaluate", _evaluate, "measure a trained run on held-out images"))

    one = _add(commands, "layout", _layout, "lay out every slice of every epoch in two dimensions")
    _add_run(one, "run folder to add the layout to")
    one.add_argument("--kind", choices=("pca", "umap"), default="pca", help="default: pca")

    one = _add(commands, "faces", _faces, "draw faces: images and manifest.csv")
    one.add_argument("--preset", choices=("posed", "wild"), default="posed", help="default: posed")
    one.add_argument("--subjects", type=int, default=12, help="number of identities (default: 12)")
    one.add_argument("--images-per-subject", type=int, default=14, help="images of each (default: 14)")
    one.add_argument("--size", type=int, default=64, metavar="PX", help="side of an image, pixels (default: 64)")
    one.add_argument("--seed", type=int, default=0, help="same seed, same faces (default: 0)")
    one.add_argument("--out", required=True, metavar="DIR", help="folder to make")

    one = _add(commands, "pretrain", _pretrain, "teach a network on drawn faces, to start from with --weights")
    one.add_argument("--out", required=True, metavar="FILE", help="safetensors file to write")
    one.add_argument("--subjects", type=int, default=860, help="drawn identities, 14 images each (default: 860)")
    one.add_argument("--epochs", type=int, default=12, help="passes over the images (default: 12)")
    one.add_argument("--size", type=int, default=48, metavar="PX", help="side of an image, pixels (default: 48)")
    one.add_argument("--backbone", choices=BACKBONES, default="small", help="default: small")
    one.add_argument("--seed", type=int, default=0, help="of people, images and weights (default: 0)")
    _add_json(one)

    add_claims(_add(commands, "claims", run_claims, "run the paper's claims as experiments that can fail"))
    one = _add(commands, "benchmark", run_benchmark, "run a data set's protocol with several methods, and report it")
    add_benchmark(one)
    _add_config(one, leave_out=OWN)
    _add_json(one)
    one = _add(commands, "compare", run_compare, "say what two benchmarks that differ in a setting differ by")
    add_compare(one)
    _add_json(one)

    add_bench(_add(commands, "bench", run_bench, "time the losses, a training step and the app"))
    return parser


def _add_evaluate(parser: Parser) -> None:
    _add_run(parser, "run folder with a checkpoint")
    parser.add_argument("--data", help="another data set than the run's own; classes are matched by name")
    parser.add_argument("--root", help="its image folder or manifest")
    parser.add_argument("--seed", type=int, metavar="N", help="another seed of the split, and of drawn people")
    parser.add_argument("--find-faces", action="store_true", help="cut its images around their faces; needs OpenCV")
    _add_json(parser)


def _add(commands: Any, name: str, function: Any, text: str) -> Parser:
    parser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    parser.set_defaults(run_command=function)
    return parser


def _add_run(parser: Parser, text: str) -> None:
    parser.add_argument("--run", required=True, metavar="DIR", help=text)


def _add_json(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="results as JSON on standard output, nothing else there")


def _add_config(parser: Parser, otherwise: str | None = None, leave_out: tuple[str, ...] = ()) -> None:
    """One option for every setting, with its own explanation and default (`otherwise`: what is taken instead)."""
    for item in (item for item in dataclasses.fields(Config) if item.name not in leave_out):
        flag, kind = "--" + item.name.replace("_", "-"), str(item.type).removesuffix(" | None")
        shown = item.default if not isinstance(item.default, tuple) else " ".join(map(str, item.default))
        text = item.metadata["help"].replace("%", "%%")
        text += "" if item.default is None and not otherwise else f" (default: {otherwise or shown})"
        extra: dict[str, Any] = {"dest": item.name, "default": None, "help": text}
        if kind == "bool":
            extra["action"] = argparse.BooleanOptionalAction
        elif kind.startswith("tuple"):
            extra |= {"nargs": 2, "type": float, "metavar": ("LOW", "HIGH")}
        else:
            extra |= {"type": {"int": int, "float": float, "str": str}[kind], "choices": item.metadata["choices"]}
            if not item.metadata["choices"]:
                extra["metavar"] = {"int": "N", "float": "X", "str": "PATH"}[kind]
        parser.add_argument(flag, **extra)


def _train(options: argparse.Namespace) -> None:
    from muldml_lite.commands.training import run_training

    folder = Path(options.run)
    _settings(folder, options)  # so that a refusal makes no folder
    with _held(folder):
        config, queued = _settings(folder, options)
        if not queued:  # whoever put it into a queue may have asked for a pause already
            clear_control(folder)
        _show(run_training(folder, config, quiet=options.json), options)


def _settings(folder: Path, options: argparse.Namespace) -> tuple[Config, bool]:
    """What to train into a folder, and whether that is what was queued there."""
    given, queued = _given(options), False
    if (folder / "config.json").exists():
        run = Run(folder)
        state = run.status["state"]
        queued = state == "queued"
        if queued and given:
            raise UsageError(f"{folder}: holds a queued run with settings of its own; give no others")
        if queued and run.history:
            raise UsageError(f"{folder}: holds a run to go on with; use `muldml resume --run {folder}`")
        if queued:
            given = run.config["config"]
        else:
            _check_replaceable(run, state, options.overwrite)
    elif not is_bare(folder):
        raise UsageError(f"{folder}: not empty and not a run folder; choose another")
    return Config.from_dict(given), queued


def _held(folder: Path) -> contextlib.AbstractContextManager[None]:
    """The run folder's lock; of `accelerate launch`, only the process that writes needs it."""
    from muldml_lite.trainer import is_main_process

    return locked(folder, what="trained") if is_main_process() else contextlib.nullcontext()


def _given(options: argparse.Namespace) -> dict[str, Any]:
    """The settings that were said; all others are None."""
    values = {item.name: getattr(options, item.name) for item in dataclasses.fields(Config)}
    return {name: value for name, value in values.items() if value is not None}


def _check_replaceable(run: Run, state: str, overwrite: bool) -> None:
    """A run that is being trained is never replaced, one that has learnt something only if asked for."""
    if state == "running":
        raise UsageError(f"{run.path}: being trained right now by {holder(run.status)}; stop that first")
    if run.history and not overwrite:
        raise UsageError(f"{run.path}: already holds a run; choose another folder, or replace it with --overwrite")


def _resume(options: argparse.Namespace) -> None:
    from muldml_lite.commands.training import run_training

    run = Run(options.run)
    with _held(run.path):
        state = run.status["state"]
        if state == "running":
            raise UsageError(f"{run.path}: being trained right now by {holder(run.status)}; stop that first")
        if state == "finished":
            raise UsageError(f"{run.path}: already finished; there is nothing to go on with")
        if state != "queued":  # whoever put it into a queue may have asked for a pause already
            clear_control(run.path)
        config = Config.from_dict(run.config["config"])
        _show(run_training(run.path, config, resume=run, quiet=options.json), options)


def _fork(options: argparse.Namespace) -> None:
    from muldml_lite.commands.training import run_training
    from muldml_lite.trainer import is_main_process, wait_for_all

    parent = Run(options.run)
    config = fork_config(parent, options.epoch, _given(options))
    if is_main_process():
        make_fork(parent, options.epoch, config, options.out)
    wait_for_all(config)  # of `accelerate launch`, one process makes the folder
    run = Run(options.out)
    with _held(run.path):
        _show(run_training(run.path, config, resume=run, quiet=options.json), options)


def _evaluate(options: argparse.Namespace) -> None:
    from muldml_lite.commands.evaluation import evaluate_run

    measured = evaluate_run(
        Run(options.run), options.data, options.root, find_faces=options.find_faces, seed=options.seed
    )
    for line in measured["notes"]:
        print(line, file=sys.stderr)
    _show(measured, options)


def _layout(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from muldml_lite.analysis import make_layout
    from muldml_lite.runs import RunWriter

    run = Run(options.run)
    with tqdm(desc=f"{options.kind} layout", unit="picture") as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        epochs, coordinates = make_layout(run, options.kind, progress)
    RunWriter(run.path).layout(options.kind, epochs, coordinates)


def _faces(options: argparse.Namespace) -> None:
    from muldml_lite.commands.drawing import write_faces

    try:
        count = write_faces(
            Path(options.out),
            options.preset,
            subjects=options.subjects,
            images_per_subject=options.images_per_subject,
            size=options.size,
            seed=options.seed,
        )
    except ValueError as error:
        raise UsageError(str(error)) from error
    print(f"{count} faces and manifest.csv in {options.out}")


def _pretrain(options: argparse.Namespace) -> None:
    from muldml_lite.commands.pretraining import pretrain

    names = ("subjects", "epochs", "size", "seed", "backbone")
    values = {name: getattr(options, name) for name in names}
    _show(pretrain(Path(options.out), **values, quiet=options.json), options)


def _show(result: dict[str, Any], options: argparse.Namespace) -> None:
    """Results for a program, or for a person; none of a process that only helps another."""
    if not result:
        return
    if options.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        shown = f"{value:.1%}" if isinstance(value, float) and name.endswith(("accuracy", "recall")) else value
        if not isinstance(value, (list, dict)):
            print(f"{name.replace('_', ' ')}: {shown}")
