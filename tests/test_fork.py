"""A run that is held, stepped and forked: nothing is lost, and a fork without changes is its parent, bit for bit."""

import dataclasses
import json
import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from muldml_lite.__main__ import main
from muldml_lite.commands.pace import Pace
from muldml_lite.config import Config, ConfigError
from muldml_lite.model import EmbeddingNet
from muldml_lite.runs import (
    NEWEST_WEIGHTS,
    Control,
    Run,
    RunError,
    RunWriter,
    fork_config,
    fork_epochs,
    kept_name,
    make_fork,
    one_epoch,
    read_control,
    starts_afresh,
    write_control,
)
from muldml_lite.trainer import read_progress
from muldml_lite.trainer.checkpoint import keep_checkpoint, load_checkpoint, surplus
from muldml_lite.trainer.record import Weights

ROOT = Path(__file__).parents[1]

EPOCHS = 4
SETTINGS = {"subjects": 6, "images-per-subject": 14, "size": 16, "dim": 16, "slices": 4, "probe-images": 28}
SETTINGS |= {"epochs": EPOCHS, "warmup-epochs": 1, "images-per-class": 3, "precision": "fp32", "device": "cpu"}
WORDS = [word for name, value in SETTINGS.items() for word in (f"--{name}", str(value))]
TIMED = ("seconds", "seconds_left", "images_per_second")


@pytest.fixture(scope="module")
def parent(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "parent"
    assert main(["train", "--run", str(folder), *WORDS, "--json"]) == 0
    return Run(folder)


def fork(parent, epoch, *words):
    folder = parent.path.with_name(f"fork-{epoch}-{len(list(parent.path.parent.iterdir()))}")
    assert main(["fork", "--run", str(parent.path), "--epoch", str(epoch), "--out", str(folder), "--json", *words]) == 0
    return Run(folder)


def timeless(history):
    return [{k: v for k, v in line.items() if k not in TIMED} for line in history]


def same_arrays(one, other, name):
    with np.load(one.path / name) as a, np.load(other.path / name) as b:
        assert list(a) == list(b)
        return all(np.array_equal(a[key], b[key]) for key in a)


@pytest.mark.parametrize("epoch", range(EPOCHS))
def test_a_fork_without_changes_repeats_its_parent_bit_for_bit(parent, epoch):
    one = fork(parent, epoch)
    assert one.status["state"] == "finished"
    assert timeless(one.history) == timeless(parent.history)
    assert one.history[: epoch + 1] == parent.history[: epoch + 1]  # the common past, its times included
    weights = [load_file(run.path / "checkpoint/last.safetensors") for run in (one, parent)]
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
    names = {str(path.relative_to(parent.path)) for path in parent.path.rglob("*.npz")}
    assert {str(path.relative_to(one.path)) for path in one.path.rglob("*.npz")} == names
    assert all(same_arrays(one, parent, name) for name in names)
    assert one.config["forked"] == {"run": "parent", "epoch": epoch}
    assert one.config["config"] == parent.config["config"]


def test_a_fork_with_other_settings_differs_from_the_fork_on(parent):
    before = sorted((p, p.stat().st_mtime_ns) for p in parent.path.rglob("*"))
    one = fork(parent, 2, "--thresholds", "0.3", "0.4", "--mining", "batch-hard", "--epochs", "5")
    assert timeless(one.history[:3]) == timeless(parent.history[:3])
    assert one.history[3]["loss"] != parent.history[3]["loss"]
    assert [line["epoch"] for line in one.history] == list(range(6)) == one.epochs
    assert one.judgements.epochs.tolist() == list(range(6))
    assert one.history[3]["slices"][0]["threshold"] == pytest.approx(0.3)
    assert one.config["config"] == parent.config["config"] | {
        "thresholds": [0.3, 0.4],
        "mining": "batch-hard",
        "epochs": 5,
    }
    assert sorted((p, p.stat().st_mtime_ns) for p in parent.path.rglob("*")) == before  # it stays as it is


def test_a_finished_run_goes_on_from_its_last_epoch(parent):
    one = fork(parent, EPOCHS, "--epochs", str(EPOCHS + 1))
    assert len(one.history) == EPOCHS + 2


@pytest.mark.parametrize(
    ("epoch", "changes", "line"),
    [
        (2, {"slices": 2}, "slices: 2 given, but parent has 4, and a fork shares the shapes of the weights"),
        (2, {"dim": 32}, "dim: 32 given, but parent has 16"),
        (2, {"backbone": "resnet18"}, "backbone: 'resnet18' given, but parent has 'small'"),
        (2, {"seed": 5}, "seed: 5 given, but parent has 0, and a fork shares images, split and batches"),
        (2, {"probe_images": 40}, "probe_images: 40 given, but parent has 28, and a fork shares what is measured"),
        (2, {"epochs": 2}, "epochs: 2 given, but a fork from epoch 2 needs 3 or more"),
        (9, {}, "no weights of epoch 9 to go on from; there are such of epochs: 0, 1, 2, 3, 4"),
    ],
)
def test_what_cannot_be_forked_gets_one_line(parent, epoch, changes, line):
    with pytest.raises(RunError, match=line):
        fork_config(parent, epoch, changes)


def test_a_value_out_of_range_is_named(parent):
    with pytest.raises(ConfigError, match=r"learning_rate: 50\.0 given"):
        fork_config(parent, 2, {"learning_rate": 50.0})


def test_a_warm_up_that_nobody_set_follows_the_epochs_of_the_fork(parent, tmp_path):
    run = Run(shutil.copytree(parent.path, tmp_path / "run"))
    known = json.loads((run.path / "config.json").read_text())
    for warmup in (2, 3):  # 2 is what a run of 4 epochs has by itself
        known["config"]["warmup_epochs"] = warmup
        (run.path / "config.json").write_text(json.dumps(known))
        assert fork_config(Run(run.path), 1, {}).warmup_epochs == warmup
        if warmup == 2:
            assert fork_config(Run(run.path), 1, {"epochs": 2}).warmup_epochs == 1
        else:
            with pytest.raises(ConfigError, match="warmup_epochs: 3 given"):
                fork_config(Run(run.path), 1, {"epochs": 2})


def test_a_fork_never_fills_a_folder_that_holds_something(parent, tmp_path):
    (tmp_path / "letter.txt").write_text("hello")
    with pytest.raises(RunError, match="exists already"):
        make_fork(parent, 1, fork_config(parent, 1, {}), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_fork_that_fails_half_way_leaves_nothing(parent, tmp_path, monkeypatch):
    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(RunWriter, "history", full)
    with pytest.raises(OSError, match="disk full"):
        make_fork(parent, 1, fork_config(parent, 1, {}), tmp_path / "fork")
    assert list(tmp_path.iterdir()) == []


def test_a_fork_that_waits_is_not_trained_from_scratch(parent, tmp_path, capsys):
    made = make_fork(parent, 1, fork_config(parent, 1, {}), tmp_path / "fork")
    assert made.status["state"] == "queued"
    assert main(["train", "--run", str(made.path)]) == 2
    assert "holds a run to go on with; use `muldml resume" in capsys.readouterr().err
    assert len(made.history) == 2


def test_which_epochs_weights_are_given_up():
    assert surplus([0, 1, 2, 3], 9) == []
    assert surplus([0, 1, 2, 3, 4], 3) == [1, 3]  # evenly spread, first and newest stay
    assert surplus([0, 4, 8, 9], 3) == [8]
    assert surplus([0, 7, 8], 1) == [7, 0]  # the newest is the last to go
    assert surplus([5], 0) == [5]


def test_kept_weights_stay_within_their_room_on_disk(parent, tmp_path):
    made = make_fork(parent, 1, fork_config(parent, 1, {}), tmp_path / "fork")
    writer, newest = RunWriter(made.path), made.path / "checkpoint/last.safetensors"
    size = newest.stat().st_size
    megabytes = 4 * size // 1_000_000 + 1  # room for four, or for five of a tiny network's
    for epoch in range(2, 13):
        keep_checkpoint(writer, epoch, megabytes)
    kept = sorted(int(path.stem) for path in newest.parent.glob("0*.safetensors"))
    assert len(kept) in (4, 5)
    assert len(kept) * size <= megabytes * 1_000_000
    assert kept[0] == 2
    assert kept[-1] == 12
    assert max(np.diff(kept)) <= 8
    keep_checkpoint(writer, 13, 0)
    assert [path.name for path in newest.parent.iterdir()] == ["last.safetensors"]


def test_the_newest_weights_can_be_forked_even_if_no_others_are_kept(parent, tmp_path):
    made = make_fork(parent, 3, fork_config(parent, 3, {}), tmp_path / "fork")
    assert fork_epochs(made) == [3]
    assert main(["fork", "--run", str(made.path), "--epoch", "3", "--out", str(tmp_path / "next"), "--json"]) == 0


def test_weights_without_their_optimiser_are_no_place_to_fork(parent, tmp_path):
    made = make_fork(parent, 3, fork_config(parent, 3, {}), tmp_path / "fork")
    newest = made.path / "checkpoint/last.safetensors"
    network = {name: value for name, value in load_file(newest).items() if name.startswith("model.")}
    save_file(network, newest, metadata={"epoch": "3", "record": "{}"})
    assert fork_epochs(made) == []
    with pytest.raises(RunError, match="no weights of epoch 3 to go on from; there are such of epochs: none"):
        fork_config(made, 3, {})


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"mode": "pase"}', "mode 'pase', expected one of play, pause"),
        ('{"mode": "play", "until": -1}', "until -1, expected an epoch"),
        ('{"until": true}', "until True, expected an epoch"),
        ('{"til": 3}', 'expected {"mode": "play" or "pause"'),
        ("[1]", "expected a JSON object"),
        ("{", "not readable as JSON"),
    ],
)
def test_a_control_file_that_means_nothing_is_named(tmp_path, text, line):
    assert read_control(tmp_path) == Control()
    (tmp_path / "control.json").write_text(text)
    with pytest.raises(RunError, match=r"control\.json: .*") as caught:
        read_control(tmp_path)
    assert line in str(caught.value)


def test_a_typing_error_does_not_change_what_was_asked_before(tmp_path):
    said = []
    pace = Pace(RunWriter(tmp_path), said.append)
    (tmp_path / "control.json").write_text('{"mode": "pase"}')
    pace.hold(3, "here")
    pace.hold(4, "here")
    assert len(said) == 1
    assert said[0].endswith("expected one of play, pause; passed over")


def test_what_holds():
    assert Control("pause").holds(0)
    assert not Control("play").holds(10**6)
    assert [Control("play", 3).holds(epoch) for epoch in (2, 3, 4)] == [False, True, True]


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_a_pause_is_said_kept_alive_and_not_counted_as_work(tmp_path):
    writer = RunWriter(tmp_path)
    pace = Pace(writer, print)
    write_control(tmp_path, Control("pause"))
    before = pace.clock()
    worker = threading.Thread(target=pace.hold, args=(7, "after epoch 7"))
    worker.start()
    status = tmp_path / "status.json"
    until(status.exists)
    first = json.loads(status.read_text())
    assert (first["state"], first["message"]) == ("running", "paused after epoch 7")
    assert first["paused"] == pytest.approx(first["heartbeat"], abs=1)
    until(lambda: json.loads(status.read_text())["heartbeat"] > first["heartbeat"])
    assert json.loads(status.read_text())["paused"] == first["paused"]
    write_control(tmp_path, Control("play", 7))  # the epoch is reached already: no reason to go on
    time.sleep(0.3)
    assert worker.is_alive()
    write_control(tmp_path, Control("play", 8))
    worker.join(10)
    assert not worker.is_alive()
    assert "paused" not in json.loads(status.read_text())
    assert pace.stood > 2  # a heartbeat took so long
    assert pace.clock() - before < 1.5


@pytest.fixture
def in_thread(monkeypatch):
    """Signals can be handled in the main thread only, and here the training is in another."""
    monkeypatch.setattr("muldml_lite.commands.training.signal.signal", lambda *_: None)


def test_step_by_step_and_to_the_end_like_an_undisturbed_run(parent, tmp_path, in_thread):
    folder = tmp_path / "run"
    writer = RunWriter(folder)
    writer.config(parent.config["config"])
    writer.status("queued")
    write_control(folder, Control("pause"))  # asked for before the start
    words = ["train", "--run", str(folder), "--json"]
    code = []
    worker = threading.Thread(target=lambda: code.append(main(words)))
    worker.start()

    def said():
        return Run(folder).status["message"]

    until(lambda: said() == "paused after epoch 0")
    run = Run(folder)
    for epoch in (1, 2):
        assert main(["control", "step", "--run", str(folder)]) == 0
        until(lambda epoch=epoch: said() == f"paused after epoch {epoch}")
        assert [line["epoch"] for line in run.history] == list(range(epoch + 1))
        assert one_epoch(run) == Control("play", epoch + 1)
    assert main(["control", "play", "--run", str(folder), "--until", "3"]) == 0
    until(lambda: said() == "paused after epoch 3")
    assert main(["control", "play", "--run", str(folder)]) == 0
    worker.join(60)
    assert code == [0]
    assert run.status["state"] == "finished"
    assert timeless(run.history) == timeless(parent.history)
    assert same_arrays(run, parent, "snapshots/0004.npz")


def test_a_pause_comes_between_two_steps_of_an_epoch(parent, tmp_path, monkeypatch, in_thread):
    folder, asked = tmp_path / "run", []
    hold = Pace.hold

    def ask(pace, finished, where):
        if where == "in epoch 2, at step 1 of 3":
            write_control(folder, Control("pause"))
            asked.append(threading.Timer(0.3, write_control, (folder, Control())))
            asked[0].start()
        hold(pace, finished, where)
        if asked and asked[0].finished.is_set():
            asked.append(where)

    monkeypatch.setattr(Pace, "hold", ask)
    assert main(["train", "--run", str(folder), *WORDS, "--json"]) == 0
    assert asked[1] == "in epoch 2, at step 1 of 3"  # it came out of the very step in which it went in
    assert timeless(Run(folder).history) == timeless(parent.history)


def test_control_needs_somebody_who_trains(parent, capsys):
    assert main(["control", "pause", "--run", str(parent.path)]) == 2
    assert "finished, not being trained" in capsys.readouterr().err
    assert main(["control", "pause", "--until", "3", "--run", str(parent.path)]) == 2
    assert "--until: 3 given with pause" in capsys.readouterr().err
    assert not (parent.path / "control.json").exists()


def test_an_old_pause_does_not_hold_a_resumed_run(parent, tmp_path):
    made = make_fork(parent, 3, fork_config(parent, 3, {}), tmp_path / "fork")
    RunWriter(made.path).status("cancelled", "stopped by the user")
    write_control(made.path, Control("pause"))
    assert main(["resume", "--run", str(made.path), "--json"]) == 0
    assert made.status["state"] == "finished"


def test_settings_that_every_fork_may_change_are_settings():
    from muldml_lite.runs import FIXED

    assert set(FIXED) < {field.name for field in dataclasses.fields(Config)}


def test_a_run_shipped_without_its_optimiser_is_forked_with_a_fresh_one(parent, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "data"))
    from make_sample_run import shrink

    small, by_hand = (Run(shutil.copytree(parent.path, tmp_path / name)) for name in ("small", "by_hand"))
    newest = NEWEST_WEIGHTS
    for run in (small, by_hand):
        (run.path / kept_name(EPOCHS)).unlink()
    before = load_file(parent.path / newest)
    shrink(small)
    assert (small.path / newest).stat().st_size < (parent.path / newest).stat().st_size / 5
    # By hand: weights rounded to half precision, and every state of the optimiser zero, in full.
    rounded = {
        name: v.half().float() if name.startswith("model.") and v.is_floating_point() else v
        for name, v in before.items()
    }
    rounded |= {name: torch.zeros_like(value) for name, value in before.items() if name.startswith("optimizer.")}
    metadata = {"epoch": str(EPOCHS), "record": json.dumps(parent.history[-1])}
    save_file(rounded, by_hand.path / newest, metadata=metadata)
    assert [starts_afresh(run, EPOCHS) for run in (small, by_hand, parent)] == [True, False, False]
    one, other = (fork(run, EPOCHS, "--epochs", str(EPOCHS + 1)) for run in (small, by_hand))
    assert timeless(one.history) == timeless(other.history)
    assert one.history[:-1] == parent.history
    weights = [load_file(run.path / newest) for run in (one, other)]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
    assert any(not torch.equal(value, before[name]) for name, value in weights[0].items())
    assert starts_afresh(one, EPOCHS)
    assert not starts_afresh(one, EPOCHS + 1)


def test_the_shipped_run_can_be_forked():
    run = Run(ROOT / "data" / "sample_run")
    assert fork_epochs(run) == [12]
    assert starts_afresh(run, 12)
    assert read_progress(run) == run.history[-1]
    config = Config.from_dict(run.config["config"])
    network = EmbeddingNet(config.backbone, config.dim, len(run.probe.classes))
    optimizer = torch.optim.AdamW(network.parameters())
    assert load_checkpoint(run, Weights(network, optimizer)) == 12
    states = optimizer.state_dict()["state"]
    assert [states[i]["exp_avg"].shape for i in range(len(states))] == [p.shape for p in network.parameters()]
    assert not any(value.any() for state in states.values() for value in state.values())
