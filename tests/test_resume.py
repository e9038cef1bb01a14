"""A run killed at any moment and resumed ends like one that was never interrupted, bit for bit."""

import contextlib
import json
import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import forked
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from muldml_lite.__main__ import main
from muldml_lite.runs import Run, RunWriter

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")

EPOCHS = 4
SETTINGS = {"subjects": 6, "images-per-subject": 14, "size": 16, "dim": 16, "slices": 4, "probe-images": 28}
SETTINGS |= {"epochs": EPOCHS, "warmup-epochs": 1, "images-per-class": 3, "precision": "fp32", "device": "cpu"}
WORDS = [word for name, value in SETTINGS.items() for word in (f"--{name}", str(value))]
TIMED = ("seconds", "seconds_left", "images_per_second")  # wall clock: the only numbers that may differ

SEED = 2024
_rng = random.Random(SEED)
FRACTIONS = [(i + _rng.random()) / 20 for i in range(20)]  # of the CPU time that an uninterrupted process takes

# What a process is killed by, one after the other on the same run: epoch, file and moment of its writing.
MOMENTS = [
    (None, "config.json", "after"),
    (None, "status.json", "before"),
    (None, "probe.npz", "before"),
    (None, "probe.npz", "after"),
    (0, "snapshots/0000.npz", "after"),
    (0, "judgements.npz", "after"),
    (0, "checkpoint/last.safetensors", "before"),
    (0, "checkpoint/last.safetensors", "after"),
    (1, "history.jsonl", "torn"),
    (2, "snapshots/0002.npz", "before"),
    (2, "snapshots/0002.npz", "after"),
    (2, "judgements.npz", "before"),
    (2, "judgements.npz", "after"),
    (2, "checkpoint/last.safetensors", "before"),
    (2, "checkpoint/last.safetensors", "after"),
    (2, "checkpoint/0002.safetensors", "before"),
    (2, "checkpoint/0002.safetensors", "after"),
    (3, "history.jsonl", "torn"),
    (EPOCHS, "history.jsonl", "after"),
    (EPOCHS, "layout.npz", "before"),
    (EPOCHS, "layout.npz", "after"),
]


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(epoch, name, moment):
    """Kill this process in the writing of a file; `epoch`: not before that epoch's snapshot is written or being so."""
    replacing, record = RunWriter.replacing, RunWriter.record

    def reached(writer, target):
        written = target == f"snapshots/{epoch:04d}.npz" if epoch is not None else True
        return target == name and (written or (writer.path / f"snapshots/{epoch:04d}.npz").exists())

    @contextlib.contextmanager
    def deadly(writer, target):
        with replacing(writer, target) as path:
            yield path
            if moment == "before" and reached(writer, target):
                die()
        if moment == "after" and reached(writer, target):
            die()

    def deadly_record(writer, values):
        if reached(writer, "history.jsonl"):
            if moment == "after":
                record(writer, values)
            else:
                with open(writer.path / "history.jsonl", "a") as file:
                    file.write('{"epoch": ' + str(epoch))
            die()
        record(writer, values)

    RunWriter.replacing, RunWriter.record = deadly, deadly_record


def work(words, log, moment, seconds):
    """What a child does: one command, as the command line would, and perhaps its own death."""
    torch.set_num_threads(1)
    with open(log, "a") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    if moment:
        die_at(*moment)
    if seconds:
        # CPU time goes with the work done, however busy the machine is. Nobody handles this signal, so the
        # system ends the process at once and wherever it is, as it does for SIGKILL.
        signal.setitimer(signal.ITIMER_PROF, seconds)
    begun = time.process_time()
    code = main(words)
    print(f"\nCPU seconds: {time.process_time() - begun}", flush=True)
    os._exit(code)


@pytest.fixture(scope="module")
def forks():
    return forked.forks(__name__)


def start(forks, folder, *, moment=None, seconds=None):
    """Train anew, or resume if there is a run; the process."""
    begun = (folder / "config.json").exists()
    words = ["resume", "--run", str(folder)] if begun else ["train", "--run", str(folder), *WORDS]
    child = forks.Process(target=work, args=(words, folder.with_suffix(".log"), moment, seconds))
    child.start()
    return child


def end(child):
    """Wait until a process is gone for the system, too; its exit code."""
    child.join()
    with contextlib.suppress(ProcessLookupError):
        while os.kill(child.pid, 0) is None:
            time.sleep(0.005)
    return child.exitcode


def finish(forks, folder):
    """Go on to the end; what the command said if it failed."""
    if (folder / "status.json").exists() and Run(folder).status["state"] == "finished":
        return ""
    return "" if end(start(forks, folder)) == 0 else folder.with_suffix(".log").read_text()


@pytest.fixture(scope="module")
def whole(forks, tmp_path_factory):
    """A run that nothing interrupted, and the CPU time it took."""
    folder = tmp_path_factory.mktemp("resume") / "whole"
    assert finish(forks, folder) == ""
    return folder, float(folder.with_suffix(".log").read_text().rsplit(maxsplit=1)[-1])


@pytest.fixture(scope="module")
def killed(forks, whole):
    """Twenty runs killed at a random moment each and resumed: fraction → run folder, complaint, moment."""
    whole, life = whole

    def one(fraction):
        folder = whole.with_name(f"at {fraction:.4f}")
        code = end(start(forks, folder, seconds=fraction * life))
        moment = f"killed (exit code {code}) after {fraction:.4f} of {life:.2f} s CPU"
        if (folder / "config.json").exists():
            message = json.loads((folder / "status.json").read_text())["message"]
            moment += f": {len(Run(folder).history)} lines of history, {message!r}"
        return folder, finish(forks, folder), moment

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(FRACTIONS, pool.map(one, FRACTIONS), strict=True))


def check_same(run, whole):
    """Every file but the log of wall-clock times is the same."""
    names = {str(path.relative_to(whole)) for path in whole.rglob("*")}
    assert {str(path.relative_to(run)) for path in run.rglob("*")} == names
    assert Run(run).status["state"] == "finished"
    histories = [[{k: v for k, v in e.items() if k not in TIMED} for e in Run(p).history] for p in (run, whole)]
    assert histories[0] == histories[1]
    weights = [load_file(path / "checkpoint/last.safetensors") for path in (run, whole)]
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
    for name in (n for n in names if n.endswith(".npz")):
        with np.load(run / name) as one, np.load(whole / name) as two:
            assert list(one) == list(two), name
            for key in one:
                np.testing.assert_array_equal(one[key], two[key], f"{name} {key}")


@pytest.mark.parametrize("fraction", FRACTIONS, ids=lambda fraction: f"{fraction:.4f}")
def test_killed_at_a_random_moment(killed, whole, fraction):
    folder, complaint, moment = killed[fraction]
    print(f"seed {SEED}, {moment}")
    assert complaint == ""
    check_same(folder, whole[0])


def test_killed_between_any_two_files(forks, whole):
    folder = whole[0].with_name("between")
    for moment in MOMENTS:
        assert end(start(forks, folder, moment=moment)) == -signal.SIGKILL, moment
        assert Run(folder).status["state"] == "failed"
    assert finish(forks, folder) == ""
    check_same(folder, whole[0])
