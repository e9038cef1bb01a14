"""Several processes train as one: same loss, gradients and weights as a single process with the whole batch."""

import datetime
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
import torch
from accelerate import Accelerator
from torch import nn

from muldml_lite.commands.pace import Follower, Pace
from muldml_lite.config import Config, ConfigError
from muldml_lite.data import load_dataset
from muldml_lite.runs import Control, Run, RunWriter, write_control
from muldml_lite.trainer import Session, batches, session
from muldml_lite.trainer.augment import change
from muldml_lite.trainer.distributed import share

PROCESSES = 2
STEPS = 20
PATIENCE = 3  # seconds
BASE = {"subjects": 8, "images_per_subject": 14, "size": 16, "dim": 16, "slices": 4, "probe_images": 28}
BASE |= {"epochs": 7, "warmup_epochs": 0, "images_per_class": 3, "augment": False, "device": "cpu", "precision": "fp32"}
# 7 × 3 = 21 images are 11 and 10 for two processes, 7 × 4 = 28 are 14 and 14.
CASES = {
    "batch-hard": {"mining": "batch-hard"},
    "semi-hard": {"mining": "semi-hard"},
    "batch-all": {"mining": "batch-all", "reduction": "mean-nonzero"},
    "even": {"images_per_class": 4, "metric_weight": 0.5},
    "cross entropy": {"method": "softmax", "slices": 1},
    "augmented": {"augment": True},
}


def mine_locally(patch):
    """Each process with the rows and labels it has, as plain DDP would."""
    step = Session.step
    patch.setattr(session, "gather_rows", lambda rows, *_: rows)
    patch.setattr(Session, "step", lambda s, b, *a: step(s, b._replace(labels=b.labels[s.batches.share]), *a))


def forget_the_number_of_processes(patch):
    backward = Accelerator.backward
    patch.setattr(Accelerator, "backward", lambda a, loss: backward(a, loss / a.num_processes))


def normalise_locally(patch):
    patch.setattr(session, "synchronise_batch_norm", lambda network, _: network)


MISTAKES = {f.__name__: f for f in (mine_locally, forget_the_number_of_processes, normalise_locally)}


def run_steps(dataset, changes, mistake=None):
    """Loss of every step, gradients of the first and the last, weights and running statistics at the end."""
    config = Config(**BASE | changes)
    with pytest.MonkeyPatch.context() as patch:
        # In float32, an image's changed pixels differ in the last digit with its place in memory.
        patch.setattr(batches, "change", lambda *all_: change(*(one.double() for one in all_)))
        if mistake:
            MISTAKES[mistake](patch)
        one = Session(config, dataset)
        found, network = {"loss": []}, one.weights.network
        one.network.train()
        drawn = itertools.chain.from_iterable(map(one.batches.draw, range(1, config.epochs + 1)))
        for number, batch in zip(range(1, STEPS + 1), drawn, strict=False):
            found["loss"].append(one.step(batch, config.method != "softmax").loss.item())
            if number in (1, STEPS):
                names = dict(network.named_parameters()).items()
                found |= {f"gradient {number} {name}": weight.grad.numpy().copy() for name, weight in names}
    assert any(isinstance(m, nn.BatchNorm2d) for m in network.modules())
    return found | {f"weight {k}": v.numpy() for k, v in network.state_dict().items()}


def run_all(process, port, folder):
    """What every process does; float64 throughout, so that only mistakes and not rounding can show."""
    alone = process == PROCESSES  # the last one started is not one of the group
    if not alone:
        os.environ |= {"RANK": str(process), "LOCAL_RANK": str(process), "WORLD_SIZE": str(PROCESSES)}
        os.environ |= {"LOCAL_WORLD_SIZE": str(PROCESSES), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    dataset = load_dataset(Config(**BASE))
    name = "alone" if alone else str(process)
    for case, changes in CASES.items():
        np.savez(folder / f"{case} {name}.npz", **run_steps(dataset, changes))
    for mistake in () if alone else MISTAKES:
        np.savez(folder / f"{mistake} {name}.npz", **run_steps(dataset, CASES["semi-hard"], mistake))
    if alone:
        let_go_on(folder / "paused")
        return
    total = stand_still(process, folder / "paused")
    np.save(folder / f"total {process}.npy", total.numpy())
    torch.distributed.destroy_process_group()


def stand_still(process, path):
    """A pause that lasts longer than the processes wait for each other, and then what both of them have to come to."""
    limit = datetime.timedelta(seconds=PATIENCE)
    torch.distributed.distributed_c10d._set_pg_timeout(limit, torch.distributed.group.WORLD)
    if process == 0:
        Pace(RunWriter(path), print).hold(1, "in the test")
    else:
        Follower().hold()
    total = torch.ones(1)
    torch.distributed.all_reduce(total)
    return total


def let_go_on(path):
    """What a person does who lets a paused training go on."""
    wait_for(lambda: (status := Run(path).status).get("paused") and time.time() - status["paused"] > 1.5 * PATIENCE)
    write_control(path, Control("play"))


def wait_for(condition):
    end = time.monotonic() + 100
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("steps")
    write_control(queued(folder / "paused"), Control("pause"))
    torch.multiprocessing.spawn(run_all, (free_port(), folder), PROCESSES + 1)
    return folder


def read(folder, case, name):
    with np.load(folder / f"{case} {name}.npz") as file:
        return dict(file)


def largest_differences(one, two):
    """Largest relative difference of losses, gradients and weights: three numbers."""
    assert one.keys() == two.keys()
    worst = dict.fromkeys(("loss", "gradient", "weight"), 0.0)
    for name, value in one.items():
        scale = max(np.abs(value).max(), 1e-6)  # below that a gradient is rounding
        kind = name.split()[0]
        worst[kind] = max(worst[kind], float(np.abs(value - two[name]).max() / scale))
    return worst


@pytest.mark.parametrize("name", CASES)
def test_two_processes_train_as_one(folder, name):
    alone = read(folder, name, "alone")
    assert len(alone["loss"]) == STEPS
    assert max(largest_differences(alone, read(folder, name, 0)).values()) < 1e-8


def test_all_processes_end_with_the_same_numbers(folder):
    for name in CASES:
        assert max(largest_differences(read(folder, name, 0), read(folder, name, 1)).values()) == 0


def test_a_pause_may_be_longer_than_processes_wait_for_each_other(folder):
    assert [np.load(folder / f"total {process}.npy").tolist() for process in range(PROCESSES)] == [[2], [2]]


@pytest.mark.parametrize("name", MISTAKES)
def test_the_comparison_notices_mistakes(folder, name):
    worst = largest_differences(read(folder, "semi-hard", "alone"), read(folder, name, 0))
    assert worst["gradient"] > 1e-2


@pytest.mark.parametrize(("count", "processes"), [(126, 4), (21, 2), (8, 8), (7, 1), (9, 4)])
def test_shares_cover_the_batch_evenly(count, processes):
    parts = [range(count)[share(count, process, processes)] for process in range(processes)]
    assert [row for part in parts for row in part] == list(range(count))
    sizes = [len(part) for part in parts]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] - sizes[-1] <= 1


def words(folder, **changes):
    values = BASE | {"epochs": 2, "warmup_epochs": 1} | changes
    values["augment"] = None
    given = [w for k, v in values.items() if v is not None for w in (f"--{k.replace('_', '-')}", str(v))]
    return ["--run", str(folder), *given]


def queued(path, **changes):
    """A run folder that waits for its training."""
    writer = RunWriter(path)
    writer.config(Config(**BASE | changes).to_dict())
    writer.status("queued")
    return path


def start(*words):
    """The user's way: every word after `accelerate launch` on the command line."""
    setup = ["--multi_gpu", "--num_processes", str(PROCESSES), "--num_machines", "1", "--mixed_precision", "no"]
    setup += ["--dynamo_backend", "no", "--main_process_port", str(free_port())]
    command = [sys.executable, "-m", "accelerate.commands.launch", *setup, "-m", "muldml_lite", *words]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def launch(*words):
    """The same until its end."""
    process = start(*words)
    stdout, stderr = process.communicate(timeout=120)
    return subprocess.CompletedProcess(words, process.returncode, stdout, stderr)


@pytest.fixture(scope="module")
def launched(tmp_path_factory):
    runs = tmp_path_factory.mktemp("launched")
    done = launch("train", *words(runs / "two"))
    assert done.returncode == 0, done.stderr
    return Run(runs / "two"), done


def test_accelerate_launch_trains_one_run(launched, tmp_path):
    run, done = launched
    assert done.stdout.count("head accuracy") == 1  # one process speaks
    assert run.status["state"] == "finished"
    assert [line["epoch"] for line in run.history] == [0, 1, 2] == run.epochs
    command = [sys.executable, "-m", "muldml_lite", "train", *words(tmp_path / "one")]
    subprocess.run(command, capture_output=True, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    alone = Run(tmp_path / "one").history
    assert run.history[0]["slices"] == alone[0]["slices"]
    # float32 and augmentation: the first epoch's four steps still agree closely
    assert run.history[1]["loss"] == pytest.approx(alone[1]["loss"], rel=2e-3)
    assert run.history[1]["metric_loss"] == pytest.approx(alone[1]["metric_loss"], rel=2e-2)


def test_a_launched_run_is_resumed(launched):
    run, _ = launched
    before = run.history
    settings = json.loads((run.path / "config.json").read_text())
    settings["config"]["epochs"] = 3
    (run.path / "config.json").write_text(json.dumps(settings))
    (run.path / "status.json").unlink()
    done = launch("resume", "--run", str(run.path))
    assert done.returncode == 0, done.stderr
    assert [line["epoch"] for line in run.history] == [0, 1, 2, 3]
    assert run.history[:3] == before


def test_a_paused_training_goes_on_and_is_stopped(tmp_path):
    path = queued(tmp_path / "run", epochs=20)
    write_control(path, Control("play", 0))
    process = start("train", "--run", str(path))
    try:
        wait_for(lambda: Run(path).status.get("paused") or process.poll() is not None)
        write_control(path, Control("play", 1))
        wait_for(lambda: (Run(path).status.get("paused") and Run(path).epochs == [0, 1]) or process.poll() is not None)
        worker = Run(path).status["pid"]
        process.send_signal(signal.SIGTERM)  # to the launcher, which passes it on
        _, stderr = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode != 0
    assert Run(path).status["state"] == "cancelled", stderr
    assert not psutil.pid_exists(worker)


def test_a_process_that_fails_ends_all(tmp_path):
    done = launch("train", *words(tmp_path / "r", images_per_class=2, classes_per_batch=2, device="mps"))
    assert done.returncode != 0
    assert "device: 'mps' given, but PyTorch sees none here" in done.stderr
    assert not (tmp_path / "r").exists()


def test_a_batch_needs_an_image_for_every_process(monkeypatch):
    config = Config(**BASE | {"classes_per_batch": 2, "images_per_class": 2})
    dataset = load_dataset(config)
    monkeypatch.setattr(Accelerator, "num_processes", 5)
    monkeypatch.setattr(session, "synchronise_batch_norm", lambda network, _: network)
    with pytest.raises(ConfigError, match="batches of 4 images; expected one or more for each of the 5 processes"):
        Session(config, dataset)
