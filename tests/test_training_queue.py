"""The queue of trainings, with a child process that only pretends to train."""

import importlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from fake_run import make_stale, write_fake_run
from safetensors.numpy import save_file

from muldml_lite.config import Config
from muldml_lite.runs import Control, Run, read_control, write_control

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "streamlit_app"))
queue, wishes, process = map(importlib.import_module, ("training_queue", "training_wishes", "training_process"))

CHILD = """
import json, pathlib, sys, time
folder = pathlib.Path(sys.argv[3])  # train --run FOLDER, or resume
(folder / "word").write_text(sys.argv[1])
def say(state, **more):
    status = {"state": state, "heartbeat": time.time(), "message": "", **more}
    (folder / "status.json").write_text(json.dumps(status))
"""
ENDS = {
    "works": "say('running'); time.sleep(60)",
    "pauses": "say('running', paused=time.time()); time.sleep(60)",
    "finishes": "say('running'); say('finished')",
    "crashes": "print('loading'); raise MemoryError('no room for the faces')",
    "is deaf": "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); say('running'); time.sleep(60)",
}


@pytest.fixture
def child(monkeypatch):
    """Choose what the child does; every child that is left over is ended, by its own id."""

    def choose(how):
        monkeypatch.setattr(queue, "COMMAND", (sys.executable, "-c", CHILD + ENDS[how]))

    choose("works")
    return choose


@pytest.fixture
def runs(tmp_path, child):
    yield tmp_path
    for _, job in queue.jobs(tmp_path):
        if queue.alive(job):
            os.kill(job.pid, signal.SIGKILL)


def submit(runs, name, visitor="ann"):
    return queue.submit(runs, Config(), visitor, name)


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def state(path):
    try:
        return Run(path).status["state"]
    except Exception:  # the child writes its status in place, unlike the real one
        return None


def advanced_until(runs, path, wanted):
    def there():
        queue.advance(runs)
        job = queue.read_job(path)
        return state(path) == wanted and (job.done or wanted in ("queued", "running"))

    until(there)


def test_a_training_waits_then_runs_then_ends(runs, child):
    child("finishes")
    path = submit(runs, "one")
    assert state(path) == "queued"
    assert Run(path).config["config"] == Config().to_dict()
    advanced_until(runs, path, "finished")
    assert queue.running(runs) is None


def test_one_at_a_time_in_order(runs):
    first, second = submit(runs, "first"), submit(runs, "second")
    advanced_until(runs, first, "running")
    assert queue.read_job(second).pid == 0
    assert [run.name for run in queue.waiting(runs)] == ["second"]
    queue.stop(runs, "first")
    advanced_until(runs, first, "cancelled")
    advanced_until(runs, second, "running")


def test_a_run_from_the_command_line_counts(runs):
    write_fake_run(runs / "by-hand", state="running")
    path = submit(runs, "mine")
    queue.advance(runs)
    assert queue.running(runs).name == "by-hand"
    assert queue.read_job(path).pid == 0
    make_stale(runs / "by-hand")
    queue.advance(runs)
    assert queue.read_job(path).pid > 0


def test_limits(runs):
    submit(runs, "a1"), submit(runs, "a2")
    with pytest.raises(queue.QueueError, match="2 trainings under way"):
        submit(runs, "a3")
    submit(runs, "b1", "bob"), submit(runs, "b2", "bob"), submit(runs, "c1", "cy")
    with pytest.raises(queue.QueueError, match="5 trainings are waiting"):
        submit(runs, "d1", "dan")


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "sample", "x" * 61, "café", "a b", "A"])
def test_names_that_could_lead_elsewhere(runs, name):
    with pytest.raises(queue.QueueError, match="run's name"):
        submit(runs, name)
    assert [path.name for path in runs.iterdir() if path.is_dir()] == []


def test_a_taken_name(runs):
    submit(runs, "one")
    with pytest.raises(queue.QueueError, match="exists already"):
        submit(runs, "one", "bob")


def test_a_crash_shows_the_last_words(runs, child):
    child("crashes")
    path = submit(runs, "one")
    advanced_until(runs, path, "failed")
    assert "no room for the faces" in Run(path).status["message"]
    assert "loading" in process.log_tail(path)


def test_a_killed_child_is_noticed(runs):
    path = submit(runs, "one")
    advanced_until(runs, path, "running")
    os.kill(queue.read_job(path).pid, signal.SIGKILL)
    advanced_until(runs, path, "failed")


def test_withdrawing_before_the_start(runs):
    path = submit(runs, "one")
    queue.stop(runs, "one")
    assert state(path) == "cancelled"
    queue.advance(runs)
    assert queue.read_job(path).pid == 0


def test_a_child_that_does_not_listen_is_ended(runs, child, monkeypatch):
    child("is deaf")
    monkeypatch.setattr(queue, "PATIENCE", 0.1)
    path = submit(runs, "one")
    advanced_until(runs, path, "running")
    queue.stop(runs, "one")
    advanced_until(runs, path, "cancelled")


def test_another_app_process_adopts_the_child(runs):
    """The queue's list is on disk, so a new process finds what the old one started."""
    path = submit(runs, "one")
    advanced_until(runs, path, "running")
    text = (
        "import sys, pathlib; sys.path[:0] = sys.argv[2:]; import training_queue as q; r = pathlib.Path(sys.argv[1]);"
        "q.advance(r); print(q.running(r).name, q.alive(q.read_job(r / 'one')), len(q.waiting(r)))"
    )
    here = [str(ROOT), str(ROOT / "streamlit_app")]
    done = subprocess.run([sys.executable, "-c", text, runs, *here], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["one", "True", "0"]


@pytest.mark.parametrize(("alone", "others", "waits"), [(0.3, 99.0, False), (99.0, 0.3, True)])
def test_a_paused_training_does_not_keep_its_place_for_ever(runs, child, monkeypatch, alone, others, waits):
    monkeypatch.setattr(queue, "PAUSE_ALONE", alone)
    monkeypatch.setattr(queue, "PAUSE_WHILE_OTHERS_WAIT", others)
    child("pauses")
    path = submit(runs, "one")
    if waits:
        submit(runs, "two", "bob")
    advanced_until(runs, path, "cancelled")
    assert "so it made room" in queue.read_job(path).reason
    if waits:
        advanced_until(runs, runs / "two", "running")


@pytest.mark.parametrize(("alone", "others", "waits"), [(0.0, 99.0, True), (99.0, 0.0, False)])
def test_the_other_bound_does_not_count(runs, child, monkeypatch, alone, others, waits):
    monkeypatch.setattr(queue, "PAUSE_ALONE", alone)
    monkeypatch.setattr(queue, "PAUSE_WHILE_OTHERS_WAIT", others)
    child("pauses")
    path = submit(runs, "one")
    if waits:
        submit(runs, "two", "bob")
    advanced_until(runs, path, "running")
    queue.advance(runs)
    assert not queue.read_job(path).stop_asked


def test_a_stopped_training_is_resumed_through_the_queue(runs):
    path = write_fake_run(runs / "one", state="cancelled")  # not made by the queue: that makes no difference
    write_control(path, Control("pause"))
    wishes.resume(runs, "one", queue.HOST)
    assert Run(path).status["message"] == "waiting to go on after epoch 3"
    assert not wishes.pause_asked(Run(path))
    advanced_until(runs, path, "running")
    assert (path / "word").read_text() == "resume"
    with pytest.raises(queue.QueueError, match="one is running: only a run that was stopped"):
        wishes.resume(runs, "one", queue.HOST)


def test_a_run_that_waits_in_nobodys_queue_is_resumed(runs):
    """As `muldml fork` leaves one, or an app whose list is gone."""
    path = write_fake_run(runs / "one", state="queued")
    wishes.resume(runs, "one", "")
    advanced_until(runs, path, "running")


def test_what_cannot_be_resumed(runs):
    write_fake_run(runs / "done")
    with pytest.raises(queue.QueueError, match="done is finished"):
        wishes.resume(runs, "done", queue.HOST)
    outside = write_fake_run(runs.parent / "elsewhere", state="cancelled")
    (runs / "link").symlink_to(outside)
    for name in ("link", "gone"):
        with pytest.raises(queue.QueueError, match="no run of this app's folder"):
            wishes.resume(runs, name, queue.HOST)
    with pytest.raises(queue.QueueError, match="run's name"):
        wishes.resume(runs, "../elsewhere", queue.HOST)
    submit(runs, "a1", queue.HOST), submit(runs, "a2", queue.HOST)
    write_fake_run(runs / "one", state="failed")
    with pytest.raises(queue.QueueError, match="2 trainings under way"):
        wishes.resume(runs, "one", queue.HOST)
    assert Run(runs / "one").status["state"] == "failed"


def test_reset_keeps_the_old_run_and_starts_its_settings_again(runs):
    one = submit(runs, "one")
    advanced_until(runs, one, "running")
    submit(runs, "two")
    new = wishes.reset(runs, Run(one), "ann", "again")  # one of the two allowed makes room for it
    assert Run(new).config["config"] == Run(one).config["config"]
    advanced_until(runs, one, "cancelled")
    advanced_until(runs, runs / "two", "running")
    assert [run.name for run in queue.waiting(runs)] == ["again"]


def test_a_reset_that_is_refused_stops_nothing(runs):
    one = submit(runs, "one")
    advanced_until(runs, one, "running")
    with pytest.raises(queue.QueueError, match="exists already"):
        wishes.reset(runs, Run(one), "ann", "one")
    assert not queue.read_job(one).stop_asked


def test_a_reset_of_a_run_from_elsewhere_stops_none_of_the_same_name(runs, tmp_path_factory):
    one = submit(runs, "one")
    advanced_until(runs, one, "running")
    other = write_fake_run(tmp_path_factory.mktemp("other") / "one")
    wishes.reset(runs, Run(other), "ann", "again")
    assert not queue.read_job(one).stop_asked


def test_wishes_reach_the_run_folder(runs):
    path = write_fake_run(runs / "one", state="running", epochs=3)
    run = Run(path)
    for wish, expected in {
        "pause": Control("pause"),
        "step": Control("play", 4),
        "play": Control("play"),
    }.items():
        wishes.ask(run, wish)
        assert read_control(path) == expected
        assert wishes.pause_asked(run) == (wish == "pause")
    write_control(path, Control("play", 3))
    assert wishes.pause_asked(run)


def test_a_fork_waits_in_the_queue_and_is_resumed(runs):
    parent = write_fake_run(runs / "parent")
    (parent / "checkpoint").mkdir()
    save_file(
        {"model.x": np.zeros(2), "optimizer.0.step": np.ones(1)},
        parent / "checkpoint/0002.safetensors",
        metadata={"epoch": "2"},
    )
    path = wishes.fork(runs, Run(parent), 2, {"thresholds": (0.2, 0.4), "epochs": 6}, "ann", "child")
    made = Run(path)
    assert (made.config["forked"], made.status["state"]) == ({"run": "parent", "epoch": 2}, "queued")
    assert [line["epoch"] for line in made.history] == [0, 1, 2] == made.epochs
    advanced_until(runs, path, "running")
    assert (path / "word").read_text() == "resume"
    for name, epoch, changes, line in (
        ("child", 2, {}, "exists already"),
        ("next", 1, {}, "no weights of epoch 1"),
        ("next", 2, {"slices": 2}, "slices: 2 given"),
        ("next", 2, {"epochs": 0}, "epochs: 0 given"),
        ("../next", 2, {}, "run's name"),
    ):
        with pytest.raises(queue.QueueError, match=line):
            wishes.fork(runs, Run(parent), epoch, changes, "ann", name)
    assert not (runs / "next").exists()


def test_progress_bars_leave_their_last_state(tmp_path):
    (tmp_path / "train.log").write_bytes(b"one\nbar 1%\rbar 50%\rbar 99%\nlast\r\n")
    assert process.log_tail(tmp_path) == "one\nbar 99%\nlast"
    assert process.log_tail(tmp_path / "nowhere") == ""
