"""A loss that blows up stops the run, says why, and leaves the last good weights to go on from."""

import dataclasses
import json
import math

import numpy as np
import pytest
import torch

from muldml_lite.__main__ import main
from muldml_lite.config import Config
from muldml_lite.data import load_dataset
from muldml_lite.losses import LossReport
from muldml_lite.model import EmbeddingNet
from muldml_lite.runs import Run
from muldml_lite.trainer import Session, TrainingError, session, train
from muldml_lite.trainer.health import find_blow_up
from muldml_lite.trainer.sums import EpochSums, StepResult

TINY = {"subjects": 6, "images_per_subject": 14, "size": 16, "dim": 16, "slices": 4, "probe_images": 28}
TINY |= {"epochs": 3, "warmup_epochs": 1, "images_per_class": 3, "device": "cpu", "precision": "fp32"}
WORDS = [word for name, value in TINY.items() for word in (f"--{name.replace('_', '-')}", str(value))]


@pytest.fixture(scope="module")
def dataset():
    return load_dataset(Config(**TINY))


def steps(*cross_entropies):
    return np.array([[value + 1, value] for value in cross_entropies])


def test_what_counts_as_a_blow_up():
    guessing = math.log(7)
    assert find_blow_up(steps(2.0, 300.0, 2.0, *[2.0] * 47), 7) is None  # one wild step, as a first one may be
    assert find_blow_up(steps(*[19.9 * guessing] * 3), 7) is None
    step, reason = find_blow_up(steps(*[20.1 * guessing] * 3), 7)
    assert step == 3
    assert reason == "the loss explodes: cross entropy 39.1 in the mean of 3 steps; blind guessing costs 1.95"
    assert find_blow_up(steps(2.0, math.nan, math.inf), 7) == (2, "the loss is nan")
    assert find_blow_up(steps(2.0, 2.0, -math.inf), 7) == (3, "the loss is -inf")


def test_a_huge_learning_rate_stops_the_run(dataset):
    config = Config(**TINY | {"learning_rate": 10.0, "epochs": 12})
    with pytest.raises(TrainingError, match=r"epoch \d+, step \d of 3: the loss (explodes|is nan).*now 10\)"):
        list(train(config, dataset))


def test_the_first_bad_step_of_a_long_epoch_is_named(dataset, monkeypatch):
    one = Session(dataclasses.replace(Config(**TINY), images_per_class=2), dataset)
    monkeypatch.setattr(session, "WATCHED", 2)
    taken, step = [], one.step

    def spoilt(batch, joint, diagnostics=True):
        result = step(batch, joint, diagnostics)
        taken.append(result)
        return result._replace(loss=result.loss * (math.nan if len(taken) >= 3 else 1))

    monkeypatch.setattr(one, "step", spoilt)
    assert len(one.batches) == 4
    with pytest.raises(TrainingError, match=r"^epoch 1, step 3 of 4: the loss is nan;"):
        one.run_epoch(1)
    assert len(taken) == 4  # looked at after every second step


def test_weights_spoilt_by_the_last_step_are_noticed(dataset):
    one = Session(Config(**TINY), dataset)
    one.run_epoch(1)
    with torch.no_grad():
        one.weights.network.embedding.weight.fill_(math.inf)
    with pytest.raises(TrainingError, match=r"^epoch 2, after the last step: the embeddings are not finite"):
        one._record(2, "joint", {}, None, 0.0, None)


def test_a_stopped_run_keeps_its_weights_and_goes_on_from_them(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "run"
    forward, calls = EmbeddingNet.forward, []

    def spoilt(network, images):
        calls.extend([1] if network.training else [])
        embedding, logits = forward(network, images)
        return embedding, logits * (math.nan if len(calls) == 5 else 1)  # step 2 of epoch 2

    monkeypatch.setattr(EmbeddingNet, "forward", spoilt)
    assert main(["train", "--run", str(folder), *WORDS]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    run = Run(folder)
    for text in (said, run.status["message"]):
        assert "epoch 2, step 2 of 3: the loss is nan; lower learning_rate (now 0.005)" in text
        assert f"the last good weights are those after epoch 1; change it in {folder / 'config.json'}" in text
        assert text.endswith(f"`muldml resume --run {folder}` goes on from there")
    assert run.status["state"] == "failed"
    assert [line["epoch"] for line in run.history] == [0, 1]
    settings = json.loads((folder / "config.json").read_text())
    settings["config"]["learning_rate"] = 1e-3
    (folder / "config.json").write_text(json.dumps(settings))
    assert main(["resume", "--run", str(folder)]) == 0
    assert [line["epoch"] for line in run.history] == [0, 1, 2, 3]
    assert run.status["state"] == "finished"


def test_reading_the_loss_is_rare(dataset, monkeypatch):
    read, reads = EpochSums.read, []
    monkeypatch.setattr(EpochSums, "read", lambda sums: reads.append(sums.steps) or read(sums))
    monkeypatch.setattr(session, "WATCHED", 3)
    one = Session(dataclasses.replace(Config(**TINY), images_per_class=2), dataset)
    one.run_epoch(1)
    assert reads == [3, 4]


def report(incomplete):
    numbers = torch.tensor([1.0, 2.0])
    return LossReport(numbers.mean(), numbers, numbers / 4, torch.tensor(incomplete), numbers, numbers, None)


def test_sums_give_means_over_the_steps_that_measured():
    sums, one = EpochSums(), torch.tensor(1.0)
    sums.add(StepResult(one * 3, one * 2, torch.tensor(6), report([0.5, 0.0]), 10))
    sums.read()
    sums.add(StepResult(one * 5, one * 4, torch.tensor(9), report([math.nan, math.nan]), 10))
    sums.add(StepResult(one * 4, one * 3, torch.tensor(9), report([0.25, 0.5]), 10))
    read = sums.read()
    np.testing.assert_array_equal(read, [[5, 4], [4, 3]])
    means = {"loss": 4.0, "cross_entropy": 3.0, "metric_loss": 1.5, "train_accuracy": 0.8}
    assert sums.means() == pytest.approx(means)
    assert sums.report()["incomplete_fraction"] == [0.375, 0.25]
    assert sums.report()["active_fraction"] == [0.25, 0.5]


def test_batch_all_is_judged_in_some_steps_only(dataset, monkeypatch):
    monkeypatch.setattr(session, "DIAGNOSED", 2)
    for mining, expected in (("batch-all", [True, False, True]), ("semi-hard", [True] * 3)):
        one, asked = Session(Config(**TINY | {"mining": mining}), dataset), []
        loss_report = one.loss.report
        monkeypatch.setattr(
            one.loss,
            "report",
            lambda e, y, diagnostics, f=loss_report, a=asked: a.append(diagnostics) or f(e, y, diagnostics=diagnostics),
        )
        record = one.run_epoch(2)
        assert asked == expected
        assert all(0 <= s.incomplete_fraction <= 1 for s in record.slices)
