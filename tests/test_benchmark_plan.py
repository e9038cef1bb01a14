"""What a benchmark is to run, and running it: only what is missing, each data set loaded once."""

from __future__ import annotations

import re

import pytest
from fake_benchmark import ABOUT, fake_training, held
from fake_run import make_stale

from muldml_lite.benchmark import collect, make_plan, render, summarise
from muldml_lite.benchmark import runner as runner_module
from muldml_lite.benchmark.held_out import write_held_out
from muldml_lite.benchmark.plan import BenchmarkError, run_folder
from muldml_lite.benchmark.runner import HELD_OUT, run_all
from muldml_lite.config import ConfigError
from muldml_lite.runs import RunWriter
from muldml_lite.trainer import TrainingError


def test_a_plan_follows_the_protocol_of_the_data_set():
    plan = make_plan({"data": "ck+", "root": "x", "slices": 4})
    assert (plan.folds, plan.seeds, len(plan.runs)) == (10, 3, 4 * 10 * 3)
    assert plan.methods == ("softmax", "triplet", "dual", "mul-dml")
    # All of the first seed first, and in it all methods of the first fold: early results are comparable.
    assert [run.name for run in plan.runs[:5]] == [
        *("softmax-fold0-seed0", "triplet-fold0-seed0", "dual-fold0-seed0", "mul-dml-fold0-seed0"),
        "softmax-fold1-seed0",
    ]
    assert [run.config.slices for run in plan.runs[:4]] == [1, 1, 1, 4]
    assert {run.config.keep_weights for run in plan.runs} == {0}
    last = plan.runs[-1].config
    assert (last.method, last.folds, last.fold, last.seed) == ("mul-dml", 10, 9, 2)
    assert make_plan({"data": "sfew", "root": "x"}).folds == 0
    assert make_plan({}).data == "drawn:posed"
    assert make_plan({}, folds=5, seeds=1).parts == 5


@pytest.mark.parametrize(
    ("how", "error", "text"),
    [
        ({"methods": ["best"]}, BenchmarkError, "--methods best: expected some of"),
        ({"methods": []}, BenchmarkError, "expected each method once"),
        ({"methods": ["dual", "dual"]}, BenchmarkError, "expected each method once"),
        ({"seeds": 0}, BenchmarkError, "--seeds 0: expected 1 or more"),
        ({"folds": 1}, ConfigError, "folds: 1 given"),
    ],
)
def test_a_plan_that_makes_no_sense(how, error, text):
    with pytest.raises(error, match=re.escape(text)):
        make_plan({}, **how)


@pytest.fixture
def quick(monkeypatch):
    """Nothing is looked at: what a network would say is made up."""
    monkeypatch.setattr(runner_module, "load_dataset", lambda config: None)
    monkeypatch.setattr(runner_module, "predict", lambda run, dataset: held([0, 1], [0, 0]))


def nothing(planned):
    pass


def test_only_what_is_missing_is_trained(tmp_path, quick):
    plan = make_plan({}, ["softmax", "dual"], seeds=2)
    done, half, measured, new = plan.runs
    fake_training(run_folder(tmp_path, done), done.config)
    write_held_out(tmp_path / HELD_OUT, done.name, held([0], [0]))
    fake_training(run_folder(tmp_path, half), half.config)
    make_stale(run_folder(tmp_path, half))  # killed
    fake_training(run_folder(tmp_path, measured), measured.config)  # trained, but killed before it was measured
    seen, trained = [], []

    def train(folder, config, resume, dataset):
        trained.append((folder.name, None if resume is None else resume.path))
        fake_training(folder, config)

    run_all(tmp_path, plan, train, before=lambda planned: seen.append(planned.name), after=nothing)
    assert trained == [(half.name, run_folder(tmp_path, half)), (new.name, None)]
    assert seen == [half.name, measured.name, new.name]
    assert [one.state for one in collect(tmp_path, plan)] == ["finished"] * 4
    run_all(tmp_path, plan, lambda *_: pytest.fail("trained again"), before=nothing, after=nothing)


@pytest.mark.parametrize(
    ("given", "folds", "loads"),
    [
        ({"data": "manifest", "root": "x"}, 2, [("x", 0), ("x", 1), ("x", 0), ("x", 1)]),  # folds of 2 seeds
        ({"data": "manifest", "root": "x"}, 0, [("x", 0), ("x", 0)]),  # the split follows the seed
        ({"data": "drawn:wild"}, 0, [(None, 0), (None, 0)]),
    ],
)
def test_methods_of_a_fold_and_seed_share_one_data_set(tmp_path, quick, monkeypatch, given, folds, loads):
    loaded, used = [], []

    def load(config):
        loaded.append((config.root, config.fold))
        return object()

    def train(folder, config, resume, dataset):
        used.append(dataset)
        fake_training(folder, config)

    monkeypatch.setattr(runner_module, "load_dataset", load)
    run_all(tmp_path, make_plan(given, ["softmax", "dual"], folds, 2), train, before=nothing, after=nothing)
    assert loaded == loads
    assert all(one is two for one, two in zip(used[::2], used[1::2], strict=True))


def test_an_explosion_stops_one_run_and_control_c_stops_all(tmp_path, quick):
    plan = make_plan({}, ["softmax", "dual"], seeds=2)

    def train(folder, config, resume, dataset):
        if config.method == "dual":
            fake_training(folder, config, "failed" if config.seed == 0 else "cancelled")
            raise TrainingError("too hot") if config.seed == 0 else KeyboardInterrupt
        fake_training(folder, config)

    with pytest.raises(KeyboardInterrupt):
        run_all(tmp_path, plan, train, before=nothing, after=nothing)
    outcomes = collect(tmp_path, plan)
    assert [one.state for one in outcomes] == ["finished", "failed", "finished", "cancelled"]
    page = render(summarise(plan, outcomes, ABOUT))
    assert "dual-fold0-seed0 failed: a message from the trainer" in page


def test_a_folder_of_other_settings_or_under_training_is_left_alone(tmp_path, quick):
    plan = make_plan({"epochs": 5}, ["dual"], seeds=1)
    folder = run_folder(tmp_path, plan.runs[0])
    fake_training(folder, plan.runs[0].config)
    other = make_plan({"epochs": 6, "device": "cpu"}, ["dual"], seeds=1)
    with pytest.raises(BenchmarkError, match="trained with epochs = 5, and 6 is asked for now"):
        run_all(tmp_path, other, pytest.fail, before=nothing, after=nothing)
    RunWriter(folder).status("running")
    moved = make_plan({"epochs": 5, "device": "cpu"}, ["dual"], seeds=1)  # where it is computed may change
    with pytest.raises(BenchmarkError, match="being trained right now by process"):
        run_all(tmp_path, moved, pytest.fail, before=nothing, after=nothing)
