"""The queue of trainings, with a child process that only pretends to train."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_run import make_stale, write_fake_run

from muldml_lite.config import Config
from muldml_lite.runs import Run

sys.path.insert(0, str(Path(__file__).parents[1] / "streamlit_app"))
import training_queue as queue

CHILD = """
import json, pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
def say(state):
    status = {"state": state, "heartbeat": time.time(), "message": ""}
    (folder / "status.json").write_text(json.dumps(status))
"""
ENDS = {
    "works": "say('running'); time.sleep(60)",
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
    assert "loading" in queue.log_tail(path)


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
    """Nothing but the folder tells the queue about a job, so a new process finds what the old one started."""
    path = submit(runs, "one")
    advanced_until(runs, path, "running")
    text = (
        "import sys, pathlib; sys.path[:0] = sys.argv[2:]; import training_queue as q; r = pathlib.Path(sys.argv[1]);"
        "q.advance(r); print(q.running(r).name, q.alive(q.read_job(r / 'one')), len(q.waiting(r)))"
    )
    here = [str(queue.ROOT), str(queue.ROOT / "streamlit_app")]
    done = subprocess.run([sys.executable, "-c", text, runs, *here], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["one", "True", "0"]


def test_a_pid_given_to_another_process_is_not_ours(runs):
    job = queue.Job("ann", 0.0, pid=os.getpid(), born="1")
    assert not queue.alive(job)
    path = submit(runs, "one")
    (path / "job.json").write_text(json.dumps({"visitor": "ann", "submitted": 0, "pid": os.getpid(), "born": "1"}))
    queue.stop(runs, "one")  # must not signal this very process
    advanced_until(runs, path, "failed")


def test_a_broken_job_file_is_passed_over(runs):
    path = submit(runs, "one")
    (path / "job.json").write_text('{"visitor": ')
    assert queue.jobs(runs) == []
    queue.advance(runs)


def test_progress_bars_leave_their_last_state(tmp_path):
    (tmp_path / "train.log").write_bytes(b"one\nbar 1%\rbar 50%\rbar 99%\nlast\r\n")
    assert queue.log_tail(tmp_path) == "one\nbar 99%\nlast"
    assert queue.log_tail(tmp_path / "nowhere") == ""
