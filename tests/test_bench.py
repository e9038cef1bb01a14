"""What is timed computes the same, rows say what they must, bad input is one line. No verdict hangs on a time."""

import dataclasses
import itertools
import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from muldml_lite.__main__ import main
from muldml_lite.bench import faces, libraries, loss, machine, sections, step, timing
from muldml_lite.bench.figure import fit_growth, growth_figure
from muldml_lite.bench.page import write_page
from muldml_lite.bench.peak import measure_peaks
from muldml_lite.bench.plain import Setting, plain_loss
from muldml_lite.bench.plan import BenchError, Case, Group, Plan, run_group, run_plans
from muldml_lite.bench.report import bytes_text, markdown_table, seconds_text, text_table
from muldml_lite.bench.timing import Times, alternating, ratio, share_rounds
from muldml_lite.losses.thresholds import CHOICES

SMALL = loss.LossBench(batch=(32,), slices=(4,), dim=16, per_class=4, cubic=True)
SETTINGS = list(itertools.product(CHOICES["mining"], CHOICES["loss"], CHOICES["reduction"]))


def setting(mining="batch-hard", kind="triplet", reduction="mean"):
    return Setting((0.25, 0.5, 0.75, 1.0), kind, mining, reduction)  # exact in float32


# -- timing ------------------------------------------------------------------------------------------------------


class Clock:
    """Time that passes only when a case says so."""

    def __init__(self):
        self.now, self.calls = 0.0, ""

    def perf_counter(self):
        return self.now

    def case(self, name, seconds):
        def run():
            self.now += seconds
            self.calls += name

        return run


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(timing, "time", clock)
    return clock


def test_every_round_runs_every_case_once_from_another_start(clock):
    times = alternating({name: clock.case(name, 1.0) for name in "abc"}, rounds=4)
    assert clock.calls == "abc" + "abc" + "bca" + "cab" + "abc"  # the first ones warm up
    assert times["b"].seconds == (1.0, 1.0, 1.0, 1.0)


def test_short_calls_are_repeated_within_a_measurement(clock):
    times = alternating({"s": clock.case("s", 0.001), "l": clock.case("l", 0.02)}, rounds=1)
    assert clock.calls == "sl" + "s" * 10 + "l"
    assert times["s"].seconds == pytest.approx((0.001,))


def test_slow_cases_drop_out_of_later_rounds(clock):
    times = alternating({"q": clock.case("q", 0.1), "s": clock.case("s", 2.0)}, rounds=9, seconds=8.0)
    assert len(times["q"].seconds) == 9
    assert len(times["s"].seconds) == 3
    assert clock.calls == "qs" + "qs" + "sq" + "qs" + "q" * 6


def test_ratios_are_taken_round_by_round():
    slow, quick = Times((2.0, 40.0, 9.0)), Times((1.0, 20.0, 3.0, 3.0))  # the machine was busy in round two
    assert ratio(slow, to=quick) == (2.0, 2.0, 2.5)
    assert slow.spread.median == 9.0
    assert quick.least == 1.0


def test_quick_cases_leave_their_time_to_slow_ones():
    shares = share_rounds({"quick": 0.01, "slow": 2.0, "endless": 500.0}, rounds=20, seconds=30.0)
    assert shares == {"quick": 20, "slow": 7, "endless": 1}
    assert share_rounds({"slow": 2.0}, 20, None) == {"slow": 20}


def test_the_only_round_of_a_slow_case_may_be_the_call_that_was_made_already(clock):
    slow = {"s": clock.case("s", 50.0)}
    assert alternating(slow, seconds=1.0, known={"s": 61.0}, known_counts=True)["s"].seconds == (61.0,)
    assert clock.calls == ""
    assert alternating(slow, seconds=1.0, known={"s": 61.0})["s"].seconds == (50.0,)  # the first one compiled
    assert clock.calls == "s"
    brief = {"b": clock.case("b", 5.0)}
    assert alternating(brief, seconds=1.0, known={"b": 9.0}, known_counts=True)["b"].seconds == (5.0,)


# -- equality ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mining", "kind", "reduction"), SETTINGS)
def test_all_cases_compute_the_same_loss_and_gradient(mining, kind, reduction):
    group = loss.make_group(SMALL, setting(mining, kind, reduction), 32)
    ours = next(case for case in group.cases if case.kind == "ours")
    peers = [case for case in group.cases if case.compared and case is not ours]
    assert {case.name for case in peers} >= {loss.PLAIN}
    expected = ours.proof()
    assert expected[0].dtype == torch.float64
    assert float(expected[0]) > 0
    for case in peers:
        assert group.differs(expected, case.proof()) == "", case.name


def test_a_wrong_loss_is_refused_and_never_timed():
    wrong = dataclasses.replace(setting(), thresholds=(0.25, 0.5, 0.75, 1.0001))
    row = _with_peer(plain_loss(wrong))
    assert row["equal"] is False
    assert "median_s" not in row
    assert row["note"].startswith("not timed: it differs from ours, loss by ")


def test_a_right_loss_with_a_wrong_gradient_is_refused():
    right = plain_loss(setting())
    row = _with_peer(lambda embeddings, labels: right(2 * embeddings, labels))  # unit slices: half the gradient …
    assert row["equal"] is True  # … times two is the same again
    row = _with_peer(lambda embeddings, labels: right(_pull_twice(embeddings), labels))
    assert row["equal"] is False
    assert "gradient by 1.0e+00 of its size in float64" in row["note"]


def test_nan_is_a_difference():
    right = plain_loss(setting())
    assert _with_peer(lambda embeddings, labels: right(embeddings, labels) * torch.nan)["equal"] is False


def test_a_peer_that_raises_costs_the_others_nothing():
    def broken(embeddings, labels):
        raise AttributeError("no such method\nlong story")

    row = _with_peer(broken)
    assert row["note"] == "not timed: it raised AttributeError: no such method"
    assert "median_s" not in row


def test_other_work_is_timed_but_not_called_equal():
    rows = run_group(loss.make_group(SMALL, setting("semi-hard"), 32), rounds=1)
    limit = next(row for row in rows if row["case"] == loss.LIMIT)
    assert limit["equal"] is None
    assert limit["median_s"] > 0


def test_without_a_comparison_nothing_counts_as_equal():
    rows = run_group(Group({"n": 1}, [Case("ours", int, "ours"), Case("other", int)]), rounds=1)
    assert [row["equal"] for row in rows] == [True, False]
    with pytest.raises(ValueError, match="exactly one case of kind 'ours'"):
        run_group(Group({"n": 1}, [Case("other", int)]))


def _with_peer(peer):
    """The row of a peer beside our batch-hard loss."""
    group = loss.make_group(SMALL, setting(), 32)
    exact = loss.make_batch(32, 4, 16, torch.float64, "cpu")
    timed = loss.make_batch(32, 4, 16, torch.float32, "cpu")
    ours = next(case for case in group.cases if case.kind == "ours")
    case = Case("peer", loss.one_step(peer, timed), proof=loss.one_step(peer, exact))
    rows = run_group(dataclasses.replace(group, cases=[ours, case]), rounds=2)
    assert rows[0]["median_s"] > 0
    return rows[1]


class _PullTwice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, values):
        return values.clone()

    @staticmethod
    def backward(ctx, gradient):
        return 2 * gradient


_pull_twice = _PullTwice.apply


# -- what is left out, and why -----------------------------------------------------------------------------------


def test_a_missing_library_is_said_and_skipped(monkeypatch):
    monkeypatch.setattr(libraries, "installed_version", lambda name: None)
    rows = run_group(loss.make_group(SMALL, setting(), 32), rounds=1)
    skipped = {row["case"]: row["skipped"] for row in rows if "skipped" in row}
    assert skipped[libraries.PML] == "not installed (pip install pytorch-metric-learning)"
    assert skipped[libraries.SENTENCE] == "not installed (pip install sentence-transformers)"
    assert {row["case"] for row in rows if "median_s" in row} == {loss.OURS, loss.PLAIN, loss.LIMIT}


def test_an_old_library_is_said_and_skipped(monkeypatch):
    monkeypatch.setattr(libraries, "installed_version", lambda name: "1.9.3")
    makers, missing = libraries.library_cases(setting())
    assert not makers
    assert missing[libraries.SENTENCE] == "1.9.3 is installed; 6 or newer is needed"


def test_what_needs_more_memory_is_skipped_but_ours_runs():
    tight = dataclasses.replace(SMALL, memory=1e-9)
    group = loss.make_group(tight, setting("batch-all"), 32)
    assert [case.name for case in group.cases] == [loss.OURS]
    assert "GiB, more than --memory 1e-09" in group.skipped[loss.PLAIN]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_peak_memory_of_a_child_process():
    tight = loss.LossBench((256,), (1,), ("batch-all",), ("triplet",), dim=16, memory=1e-9)
    [rows] = measure_peaks(tight, 1, lambda text: None)
    ours = next(row for row in rows if row["case"] == loss.OURS)
    assert 0 <= ours["extra_bytes"] < 2**30, ours
    assert "skipped" in next(row for row in rows if row["case"] == loss.PLAIN)


# -- the other benches -------------------------------------------------------------------------------------------


def test_step_compares_whole_steps():
    bench = step.StepBench(mining=("batch-hard",), slices=2, dim=16, batch=28, size=32, trainer=False)
    [plan] = step.plans(bench)
    rows = run_group(plan.make(), rounds=2)
    kinds = {row["case"]: row["equal"] for row in rows if "median_s" in row}
    assert kinds[loss.OURS] is True
    assert kinds[loss.PLAIN] is True
    assert kinds[step.NO_METRIC] is None
    assert all(row["per_second"] > 0 for row in rows if "median_s" in row)


def test_step_runs_the_real_trainer():
    bench = step.StepBench(mining=(), slices=2, dim=16, batch=14, size=32)
    [plan] = step.plans(bench)
    rows = run_group(plan.make(), rounds=1)
    assert [row["kind"] for row in rows] == ["ours", "limit", "limit"]
    assert all(row["per_second_of"] == "images" for row in rows)


def test_faces_counts_faces():
    [rows] = run_plans(faces.plans((32,), ("posed",)), rounds=2)
    assert rows[0]["per_second"] == pytest.approx(42 / rows[0]["median_s"])
    assert "× ours" not in text_table(rows)  # nothing to compare with
    drawn = {"preset": "posed", "size": 32, "rounds": 3, "median_s": 0.042, "q1_s": 0.021, "q3_s": 0.084}
    drawn["per_second"] = 1000.0
    assert "| posed | 32 | 1000 | 1.00 ms | 500 µs–2.00 ms | 3 |" in sections.faces_table(
        [drawn | {"per_second": 1000.0}]
    )


def test_progress_tells_plan_and_time_left():
    told = []
    plans = [Plan(name, lambda: Group({"n": 1}, [Case("ours", int, "ours")])) for name in "ab"]
    list(run_plans(plans, rounds=1, seconds=5.0, on_progress=lambda plan, left: told.append((plan.title, left))))
    assert [title for title, _ in told] == ["a", "b"]
    assert all(left >= 0 for _, left in told)


# -- words and pictures ------------------------------------------------------------------------------------------


def test_numbers_for_people():
    assert [seconds_text(value) for value in (0.00412, 12.3, 2.5e-5)] == ["4.12 ms", "12.3 s", "25.0 µs"]
    assert [bytes_text(value) for value in (5 * 2**20, 3 * 2**29)] == ["5 MiB", "1.50 GiB"]


def test_growth_of_a_power_law_is_its_exponent():
    sizes = np.array([10, 20, 40, 80])
    fit = fit_growth(sizes, 3e-4 * sizes**1.7)
    assert fit.exponent == pytest.approx(1.7)
    assert fit.error < 1e-6
    assert (fit.low, fit.high, fit.points) == (10, 80, 4)
    noisy = fit_growth(sizes, 3e-4 * sizes**1.7 * np.array([1.1, 0.9, 1.1, 0.9]))
    assert noisy.error > 0.05
    with pytest.raises(ValueError, match="need three"):
        fit_growth([1, 2], [1.0, 2.0])


def test_page_and_figure_show_what_was_measured(tmp_path):
    rows = [_row("batch-all", size, 8, size**2 * 1e-6) for size in (64, 128, 256)]
    by_slices = [_row("batch-all", 64, count, count * 1e-3) for count in (1, 2, 4)]
    assert "| batch-all | 2.00 ± 0.00 (64–256) |" in sections.growth_table(rows, "B")
    figure = growth_figure(rows, by_slices)
    assert [list(trace.x) for trace in figure.data] == [[64, 128, 256], [1, 2, 4]]
    assert [trace.name for trace in figure.data] == ["ours", "ours"]
    refused = _row("batch-all", 64, 8, None) | {"case": loss.PLAIN, "equal": False, "note": "not timed: it differs"}
    measured = {"command": "bench", "machine": {"threads": 1}, "seconds": 60, "sections": {"loss": [[*rows, refused]]}}
    write_page(measured, tmp_path / "docs" / "BENCHMARKS.md", tmp_path)
    page = (tmp_path / "docs" / "BENCHMARKS.md").read_text(encoding="utf-8")
    assert "| 64 = 4 × 16 | 8 | 4.10 ms |" in page
    assert "not timed: it differs" in page
    assert "$" not in page
    assert "| ours | yes | 4.10 ms |" in markdown_table([rows[0], refused])


def _row(mining, size, count, seconds):
    row = {"mining": mining, "loss": "triplet", "reduction": "mean", "B": size, "K": 16, "N": count, "D": 64}
    row |= {"case": "ours", "kind": "ours", "equal": True}
    if seconds:
        row |= dict.fromkeys(("median_s", "q1_s", "q3_s", "least_s"), seconds)
        row |= {"rounds": 3, "ratio": 1.0, "ratio_q1": 1.0, "ratio_q3": 1.0}
    return row


# -- command line ------------------------------------------------------------------------------------------------


def test_json_and_nothing_else_on_standard_output():
    words = "bench loss --batch 32 --slices 4 --dim 16 --mining batch-all --loss triplet --rounds 2 --seconds 2 --json"
    done = subprocess.run(
        [sys.executable, "-m", "muldml_lite", *words.split()], capture_output=True, text=True, check=True
    )
    result = json.loads(done.stdout)
    assert result["machine"]["threads"] == 1
    assert {"torch", "processor", "date"} <= set(result["machine"])
    ours = result["rows"][0]
    assert (ours["case"], ours["B"], ours["K"], ours["N"], ours["ratio"]) == ("ours", 32, 16, 4, 1.0)
    assert ours["q1_s"] <= ours["median_s"] <= ours["q3_s"]
    assert "left: batch-all" in done.stderr  # progress


@pytest.fixture
def own_threads(monkeypatch):
    """Pinning threads ends with the test."""
    for pool in machine.POOLS:
        monkeypatch.setenv(pool, "1")
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("own_threads")
def test_a_table_for_people(capsys):
    words = "bench loss --batch 32 --slices 4 --dim 16 --mining batch-hard --loss dual --rounds 2 --seconds 2"
    assert main(words.split()) == 0
    shown = capsys.readouterr().out
    assert "mining batch-hard, loss dual, reduction mean, B 32, K 16, N 4, D 16" in shown
    assert "sentence-transformers: skipped, " in shown


@pytest.mark.usefixtures("own_threads")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("loss --batch 130", "--batch 130: not two or more classes of K images each"),
        ("loss --batch 64 --per-class 5", "--batch 64: not two or more classes of K images each; K is --per-class 5"),
        ("loss --slices 7", "--slices 7: does not divide --dim 512"),
        ("loss --memory 0", "--memory 0: expected more than 0 GiB"),
        ("loss --rounds 0", "--rounds 0: expected 1 or more"),
        ("loss --threads 0", "--threads 0: expected 1 or more"),
        ("loss --seconds -1", "--seconds -1: expected more than 0"),
        ("step --batch 100", "--batch 100: expected a multiple of 7"),
        ("faces --size 2", "--size 2: expected 16 pixels or more"),
    ],
)
def test_bad_input_is_one_line(words, said, capsys):
    assert main(["bench", *words.split()]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    [line] = shown.err.strip().splitlines()
    assert line.startswith("muldml bench: " + said)


def test_an_unknown_device_is_named():
    if torch.cuda.is_available():
        pytest.skip("has one")
    with pytest.raises(BenchError, match="--device cuda: PyTorch sees no such device"):
        loss.LossBench(device="cuda")
