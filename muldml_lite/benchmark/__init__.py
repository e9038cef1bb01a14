"""The protocol of a data set, run with several methods and seeds: planned runs, what came out, and a report of it.

Not `bench`, which times code. Nothing here trains: the command does, and hands its trainer to `run_all`.
"""

from muldml_lite.benchmark.against import compare
from muldml_lite.benchmark.differences import Gap, gaps
from muldml_lite.benchmark.held_out import HeldOut, predict, read_held_out, write_held_out
from muldml_lite.benchmark.page import render
from muldml_lite.benchmark.plan import BenchmarkError, Plan, PlannedRun, make_plan
from muldml_lite.benchmark.results import Outcome, collect, summarise, to_csv
from muldml_lite.benchmark.runner import run_all
from muldml_lite.benchmark.tables import Arm, Measure, tabulate

__all__ = [
    "Arm",
    "BenchmarkError",
    "Gap",
    "HeldOut",
    "Measure",
    "Outcome",
    "Plan",
    "PlannedRun",
    "collect",
    "compare",
    "gaps",
    "make_plan",
    "predict",
    "read_held_out",
    "render",
    "run_all",
    "summarise",
    "tabulate",
    "to_csv",
    "write_held_out",
]
