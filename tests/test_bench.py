"""What is timed computes the same, rows say what they must, bad input is one line. No verdict hangs on a time."""

import itertools
import json
import sys
from types import SimpleNamespace

import pytest
import torch

from muldml_lite.__main__ import main
from muldml_lite.bench import BenchError, cases, peers, turns
from muldml_lite.losses import MultiThresholdLoss
from muldml_lite.losses.thresholds import CHOICES

SETTINGS = list(itertools.product(CHOICES["mining"], CHOICES["loss"], CHOICES["reduction"]))
THRESHOLDS = (0.25, 0.5, 0.75, 1.0)  # exact in float32


def ours(mining="batch-hard", loss="triplet", reduction="mean", thresholds=THRESHOLDS):
    return MultiThresholdLoss(thresholds, mining=mining, loss=loss, reduction=reduction)


# -- equality ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mining", "loss", "reduction"), SETTINGS)
def test_all_that_is_timed_has_our_value_and_gradient(mining, loss, reduction):
    made, skipped = cases.loss_cases(ours(mining, loss, reduction), 50, 16, 1.0)
    expected = [run() for run in made[peers.OURS]]
    assert [value.dtype for value, _ in expected] == [torch.float64, torch.float32]
    assert float(expected[0][0]) > 0
    compared = [name for name in made if name not in (peers.OURS, peers.LIMIT)]
    assert {*compared, *skipped} == {*peers.PEERS}
    assert "plain PyTorch" in compared
    for name in compared:
        assert turns.difference(made[name], expected) == "", name


class _PullTwice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, values):
        return values.clone()

    @staticmethod
    def backward(ctx, gradient):
        return 2 * gradient


def _raises(embeddings, labels):
    raise AttributeError("no such method\nlong story")


right = peers.plain_loss(ours())


@pytest.mark.parametrize(
    ("loss", "note"),
    [
        (lambda embeddings, labels: right(2 * embeddings, labels), None),  # of unit slices: the same
        (peers.plain_loss(ours(thresholds=(0.25, 0.5, 0.75, 1.0001))), "not timed: its value is off ours by "),
        (lambda embeddings, labels: right(_PullTwice.apply(embeddings), labels), "not timed: its gradient is off ours"),
        (lambda embeddings, labels: right(embeddings, labels) * torch.nan, "not timed: its value is off ours by nan"),
        (_raises, "not timed: it raised AttributeError: no such method"),
    ],
)
def test_a_library_that_is_entered_is_timed_only_if_it_is_right(loss, note, monkeypatch):
    monkeypatch.setattr(peers, "PEERS", {"mine": lambda ours: loss})
    made, _ = cases.loss_cases(ours(), 32, 16, 1.0)
    rows = turns.compare(made, peers.LIMIT, rounds=2, seconds=1.0, threads=1)
    assert [row["case"] for row in rows] == ["ours", "mine", "distances alone"]
    assert [row["equal"] for row in rows] == [True, note is None, None]
    assert ["median_s" in row for row in rows] == [True, note is None, True]
    assert rows[1].get("note", "").startswith(note or "")
    assert "\n" not in rows[1].get("note", "")


@pytest.mark.parametrize(
    ("seconds", "order"), [(9.0, ["ours", "slow", "slow", "ours", "ours", "slow"]), (0.0, ["ours", "slow"])]
)
def test_rounds_begin_with_another_case_and_ratios_are_of_one_round(seconds, order, monkeypatch):
    """The machine is busy in the second round: that doubles times, and no ratio."""
    measured = {"ours": [1.0, 20.0, 3.0], "slow": [2.0, 40.0, 9.0]}
    calls = []

    class Timer:
        def __init__(self, stmt, timer, globals, num_threads):
            self.name = globals["run"]()

        def blocked_autorange(self, min_run_time):
            calls.append(self.name)
            return SimpleNamespace(median=measured[self.name][calls.count(self.name) - 1])

    monkeypatch.setattr("torch.utils.benchmark.Timer", Timer)
    monkeypatch.setattr(turns, "difference", lambda runs, expected: "")
    cases_ = {name: (lambda name=name: name,) for name in measured}
    _, slow = turns.compare(cases_, "", rounds=3, seconds=seconds, threads=1)
    assert calls == order
    assert (slow["ratio"], slow["rounds"]) == (2.0, len(order) / 2)


# -- what is left out, and why -----------------------------------------------------------------------------------


def test_a_missing_library_is_told_with_how_to_install_it(monkeypatch):
    for name in ("pytorch_metric_learning", "sentence_transformers"):
        monkeypatch.setitem(sys.modules, name, None)
    losses, skipped = peers.make_losses(ours())
    assert list(losses) == ["ours", "plain PyTorch", "distances alone"]
    assert skipped["pytorch-metric-learning"].startswith("needs `pip install --upgrade pytorch-metric-learning` (")
    assert skipped["sentence-transformers"].startswith("needs `pip install --upgrade sentence-transformers` (")


def test_what_needs_more_memory_is_left_out_and_without_ours_there_is_nothing():
    made, skipped = cases.loss_cases(ours("batch-all"), 64, 16, 0.002)
    assert list(made) == ["ours"]
    assert "GiB, more than --memory 0.002" in skipped["plain PyTorch"]
    with pytest.raises(BenchError, match=r"--batch 500000: needs about 9,\d+\.\d GiB, more than --memory 4"):
        cases.loss_cases(ours("batch-all"), 500_000, 16, 4.0)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_peak_memory_holds_at_least_the_distances_that_autograd_keeps():
    assert cases.extra_bytes("plain PyTorch", ours(), 1500, 16) >= 4 * 1500**2 * 4


def test_a_step_is_compared_whole():
    made, _ = cases.step_cases(ours(thresholds=(0.2, 0.4)), "small", 28, 16, 32)
    *_, limit = made
    rows = turns.compare(made, limit, rounds=1, seconds=0.0, threads=1)
    assert {row["case"]: row["equal"] for row in rows} == {name: name != limit or None for name in made}
    assert limit == cases.NO_METRIC
    assert rows[0]["median_s"] > 0


# -- command line ------------------------------------------------------------------------------------------------

WORDS = "bench loss --batch 32 --slices 4 --dim 16 --mining batch-all --loss dual --rounds 2 --seconds 1"


def test_json_and_nothing_else_on_standard_output(capsys):
    assert main([*WORDS.split(), "--json"]) == 0
    shown = capsys.readouterr()
    result = json.loads(shown.out)
    assert (result["bench"], result["machine"]["threads"]) == ("loss", 1)
    assert {"processor", "cores", "system", "device", "date", "torch"} <= set(result["machine"])
    first, *_, skipped = result["rows"]
    said = {"mining": "batch-all", "loss": "dual", "B": 32, "N": 4, "D": 16, "case": "ours", "ratio": 1.0}
    assert said.items() <= first.items()
    assert first["q1_s"] <= first["median_s"] <= first["q3_s"]
    assert (skipped["case"], "skipped" in skipped) == ("sentence-transformers", True)
    assert "1/1" in shown.err  # progress


def test_a_table_for_people(capsys):
    assert main(WORDS.split()) == 0
    shown = capsys.readouterr().out
    assert "mining batch-all, loss dual, reduction mean, B 32, N 4, D 16\n  ours " in shown
    assert "1.00 × ours (1.00–1.00 in " in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("loss --batch 3", "argument --batch: 3: expected a whole number from 4 to 1,000,000"),
        ("loss --batch 126 x", "argument --batch: x: expected a whole number from 4"),
        ("loss --slices 7", "--slices 7: does not divide --dim 512"),
        ("loss --slices -1", "argument --slices: -1: expected a whole number from 1"),
        ("loss --memory nan", "argument --memory: nan: expected a number from 0.01"),
        ("loss --rounds 0", "argument --rounds: 0: expected a whole number from 1 to 1,000"),
        ("loss --threads 9999", "argument --threads: 9999: expected a whole number from 1 to "),
        ("loss --batch 1000000", "--batch 1000000: needs about "),
        ("step --batch 100", "--batch 100: expected a multiple of 7"),
        ("step --size 2", "argument --size: 2: expected a whole number from 32 to 256"),
        ("app --visitors 201", "argument --visitors: 201: expected a whole number from 1 to 200"),
        ("layout", "argument loss|step|app: invalid choice: 'layout'"),
    ],
)
def test_bad_input_is_one_line(words, said, capsys):
    assert _code(["bench", *words.split()]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    [line] = [line for line in shown.err.splitlines() if line.strip() and "?table/s]" not in line]
    assert said in line


def _code(words):
    try:
        return main(words)
    except SystemExit as stopped:
        return stopped.code
