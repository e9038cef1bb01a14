"""`control`: what the buttons of the app do, from a terminal."""

from __future__ import annotations

import argparse

from muldml_lite.runs import Control, Run, RunError, one_epoch, write_control


def add_control(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("wish", choices=("play", "pause", "step"), help="step: one epoch, then stand still")
    parser.add_argument("--run", required=True, metavar="DIR", help="run folder that is being trained")
    parser.add_argument("--until", type=int, metavar="E", help="with play: stand still once epoch E is finished")


def run_control(options: argparse.Namespace) -> None:
    """Write the wish into the run folder.

    Raises:
        RunError: nobody is training there, or the words contradict each other.
    """
    run, until = Run(options.run), options.until
    if until is not None and (options.wish != "play" or until < 0):
        raise RunError(f"--until: {until} given with {options.wish}; expected an epoch (0 or more), with play")
    state = run.status["state"]
    if state not in ("queued", "running"):
        raise RunError(f"{run.path}: {state}, not being trained, so there is nothing to control")
    write_control(run.path, one_epoch(run) if options.wish == "step" else Control(options.wish, until))
