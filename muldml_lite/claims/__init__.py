"""The ledger: each claim of the paper as an experiment with controls, draws, seeds, an interval and a verdict.

A claim names comparisons between arms; its hash is written before the first run. `run_study` does the runs,
`read_study` recomputes every verdict from a study's rows, without torch.
"""

from muldml_lite.claims.ledger import VERDICTS, Cell, Claim, Comparison, Experiment, Outcome
from muldml_lite.claims.plan import QUICK, SEARCH_RULE, Settings
from muldml_lite.claims.registry import CLAIMS, EXPERIMENTS, load_registry
from muldml_lite.claims.runner import read_study, run_study, runs_behind
from muldml_lite.claims.study import Study, StudyError
from muldml_lite.claims.verdicts import Interval, Reading, Verdict

__all__ = [
    "CLAIMS",
    "EXPERIMENTS",
    "QUICK",
    "SEARCH_RULE",
    "VERDICTS",
    "Cell",
    "Claim",
    "Comparison",
    "Experiment",
    "Interval",
    "Outcome",
    "Reading",
    "Settings",
    "Study",
    "StudyError",
    "Verdict",
    "load_registry",
    "read_study",
    "run_study",
    "runs_behind",
]
