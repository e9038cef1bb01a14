"""Run folders from anywhere: what stands in one is neither started nor signalled, and holds up nobody."""

import json
import os
import platform
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import psutil
import pytest
from app_page import modules
from fake_run import write_fake_run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from muldml_lite.config import Config
from muldml_lite.runs import Run

queue, jobs, foreign = modules("training_queue", "training_jobs", "training_foreign")
wishes, process = modules("training_wishes", "training_process")
HERE = platform.node()


@contextmanager
def signals():
    """What was signalled meanwhile; nothing is."""
    sent = []
    with pytest.MonkeyPatch.context() as patch:
        for name in ("kill", "killpg"):
            patch.setattr(os, name, lambda pid, signal: sent.append((pid, signal)) if signal else None)
        for name in ("send_signal", "terminate", "kill", "suspend"):
            patch.setattr(psutil.Process, name, lambda self, *_: sent.append(self.pid))
        yield sent


@pytest.fixture
def started(monkeypatch):
    """Folders whose training was started; such a process is gone at once."""
    found = []
    monkeypatch.setattr(queue, "launch", lambda command, folder: found.append(folder.name) or (2**22 + 7, 1.0))
    return found


def planted(path, status=None, **files):
    path.mkdir(parents=True)
    (path / "config.json").write_text(json.dumps({"config": Config().to_dict()}))
    (path / "status.json").write_text(json.dumps(status or {"state": "finished"}))
    for name, text in files.items():
        (path / f"{name}.json").write_text(text)
    return path


@pytest.mark.parametrize("pid", [-1, 0, 1, 2, "own", "5", None, 10**30])
def test_a_job_file_in_a_run_folder_is_no_job(tmp_path, started, pid):
    pid = os.getpid() if pid == "own" else pid
    for place, stop_asked in (("one", 0.0), ("two", 1.0)):
        job = {"visitor": "v", "submitted": 1.0, "pid": pid, "born": "", "stop_asked": stop_asked, "command": "--help"}
        status = {"state": "running", "pid": pid, "host": "x", "heartbeat": time.time(), "paused": 1.0}
        planted(tmp_path / place, status, job=json.dumps(job))
    planted(tmp_path / "waits", {"state": "queued"}, job=json.dumps({"visitor": "v", "submitted": 0.0}))
    with signals() as sent:
        queue.advance(tmp_path)
        queue.stop(tmp_path, "one")
    assert (sent, started, queue.jobs(tmp_path)) == ([], [], [])


@pytest.mark.parametrize("differs", ["born", "folder", "pid"])
def test_only_the_very_process_that_was_started_is_signalled(tmp_path, differs):
    """A pid may be another's by now, and a list may have been tampered with."""
    path = planted(tmp_path / "one")
    words = [sys.executable, "-c", "import time; time.sleep(60)", "--run"]
    innocent = subprocess.Popen([*words, str(path) if differs != "folder" else "elsewhere"])
    try:
        born = process._birth(psutil.Process(innocent.pid))
        job = jobs.Job("v", 1.0, innocent.pid, born - 60 * (differs == "born"), str(path))
        if differs == "pid":
            job = jobs.Job("v", 1.0, 1, process._birth(psutil.Process(1)), psutil.Process(1).cmdline()[0])
        jobs.write_job(path, job)
        with signals() as sent:
            queue.stop(tmp_path, "one")
            queue.advance(tmp_path)
        assert (sent, queue.alive(job), queue.read_job(path).done) == ([], False, True)
    finally:
        innocent.kill()
        innocent.wait()


def test_the_list_is_this_users_own_and_outside_of_the_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("MULDML_STATE", str(tmp_path / "state"))
    (tmp_path / "runs").mkdir()
    queue.submit(tmp_path / "runs", Config(), "me", "mine")
    (tmp_path / "by another way").symlink_to(tmp_path / "runs")
    assert queue.read_job(tmp_path / "by another way" / "mine").visitor == "me"
    folder = tmp_path / "state" / "muldml_lite"
    assert [folder.stat().st_mode & 0o777, *{one.stat().st_mode & 0o077 for one in folder.glob("*.json")}] == [0o700, 0]
    assert sorted(one.name for one in (tmp_path / "runs" / "mine").iterdir()) == ["config.json", "status.json"]
    folder.chmod(0o755)
    queue.advance(tmp_path / "runs")
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_name_in_the_list_leads_nowhere_else(tmp_path, started):
    queue.submit(tmp_path / "runs", Config(), "me", "mine")
    planted(tmp_path / "elsewhere")
    path = jobs._file(tmp_path / "runs")
    values = json.loads(path.read_text())
    values["jobs"]["../elsewhere"] = {**values["jobs"]["mine"], "submitted": 1.0}
    path.write_text(json.dumps(values))
    queue.advance(tmp_path / "runs")
    assert started == ["mine"]


FOREIGN = {  # heartbeats are seconds from now
    "another machine, its clock ahead": {"host": "other", "pid": 1, "heartbeat": 1e6},
    "another machine": {"host": "other", "pid": os.getpid(), "heartbeat": 0.0},
    "ahead": {"host": HERE, "pid": os.getpid(), "heartbeat": 3600},
    "pid of init": {"host": HERE, "pid": 1, "heartbeat": 0.0},
    "no pid": {"host": HERE, "heartbeat": 0.0},
    "pid a text": {"host": HERE, "pid": "7", "heartbeat": 0.0},
    "no number": {"host": HERE, "pid": os.getpid(), "heartbeat": "soon"},
    "not a number": {"host": HERE, "pid": os.getpid(), "heartbeat": float("nan")},
    "long silent": {"host": HERE, "pid": os.getpid(), "heartbeat": -100_000},
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_folder_that_says_running_holds_up_nobody(tmp_path, started, caplog, name):
    status = {"state": "running", **FOREIGN[name]}
    if isinstance(status["heartbeat"], (int, float)):
        status["heartbeat"] += time.time()
    planted(tmp_path / "foreign", status)
    queue.submit(tmp_path, Config(), "me", "mine")
    queue.advance(tmp_path)
    queue.running(tmp_path)
    assert started == ["mine"]
    told = [line for line in caplog.messages if "passed over" in line]
    stale = name == "long silent"  # it has failed, which is no trouble
    assert len(told) == len(foreign.passed_over(tmp_path)) == (0 if stale else 1)


def test_links_and_pipes_are_not_trained_into(tmp_path, started):
    (tmp_path / "secret").write_text("kept")
    for name, make in (("train.log", os.symlink), ("status.json", os.symlink), ("pipe", lambda _, to: os.mkfifo(to))):
        path = write_fake_run(tmp_path / "runs" / f"{name}.run", state="cancelled")
        (path / name).unlink(missing_ok=True)
        make(tmp_path / "secret", path / name)
        with pytest.raises(queue.QueueError, match="or a link, or no plain file"):
            wishes.resume(tmp_path / "runs", path.name, queue.HOST)
        jobs.write_job(path, jobs.Job("me", 1.0))
        queue.advance(tmp_path / "runs")
        assert queue.read_job(path).done
    assert (started, (tmp_path / "secret").read_text()) == ([], "kept")
    assert process.log_tail(tmp_path / "runs" / "train.log.run") == ""


def test_a_job_that_cannot_be_started_makes_room_for_the_next(tmp_path, monkeypatch):
    def launch(command, folder):
        if folder.name == "first":
            raise OSError("no more processes")
        return 2**22 + 7, 1.0

    monkeypatch.setattr(queue, "launch", launch)
    for name in ("first", "second"):
        queue.submit(tmp_path, Config(), "me", name)
    queue.advance(tmp_path)
    assert "no more processes" in Run(tmp_path / "first").status["message"]
    assert queue.read_job(tmp_path / "second").pid


def test_the_keeper_survives_what_comes_and_tells_it_once(tmp_path, monkeypatch, caplog):
    seen = iter([OSError("disk full"), OSError("disk full"), RecursionError("deep"), None, SystemExit()])

    def advance(runs):
        trouble = next(seen)
        if trouble:
            raise trouble

    monkeypatch.setattr(queue, "advance", advance)
    monkeypatch.setattr(threading, "excepthook", lambda facts: None)
    queue.keep_going(tmp_path, 0.0).join(20)
    assert next(seen, "all") == "all"
    assert len([line for line in caplog.messages if "keeps trying" in line]) == 2


def test_who_did_not_start_a_training_does_not_steer_it(tmp_path):
    queue.submit(tmp_path, Config(), "ann", "anns")
    write_fake_run(tmp_path / "by-hand", state="cancelled")
    for name in ("anns", "by-hand"):
        run = Run(tmp_path / name)
        before = {one.name: one.read_bytes() for one in run.path.iterdir() if one.is_file()}
        for act in (
            lambda run=run: wishes.ask(run, "pause", "bob"),
            lambda run=run: queue.stop(tmp_path, run.name, "bob"),
            lambda run=run: wishes.resume(tmp_path, run.name, "bob"),
            lambda run=run: wishes.reset(tmp_path, run, "bob", "new"),
            lambda run=run: queue.submit(tmp_path, Config(), "bob", "new", instead_of=run.name),
        ):
            with pytest.raises(queue.QueueError, match="another visitor's training; its buttons are theirs"):
                act()
        assert before == {one.name: one.read_bytes() for one in run.path.iterdir() if one.is_file()}
    assert not (tmp_path / "new").exists()
    wishes.ask(Run(tmp_path / "anns"), "pause", "ann")
    queue.stop(tmp_path, "anns", queue.HOST)  # on one's own machine, all are one's own
    assert queue.read_job(tmp_path / "anns").done


odd = some.one_of(
    some.none(), some.booleans(), some.text(max_size=4), some.floats(), some.integers(-2, 2), some.just(10**40),
    some.just(os.getpid()), some.just([]), some.just({}), some.just(time.time()), some.just(time.time() + 1e7),
)  # fmt: skip
words = some.sampled_from(["queued", "running", "finished", "failed", "cancelled", "asleep", HERE, "train", "x/../y"])
STATUS = ("state", "pid", "host", "heartbeat", "message", "paused")
JOB = tuple(jobs.Job.__dataclass_fields__)


def file_of(keys):
    values = some.dictionaries(some.sampled_from(keys), some.one_of(odd, words))
    return some.one_of(values.map(json.dumps), values.map(json.dumps), some.just("[" * 5000), some.text(max_size=9))


folders = some.lists(some.tuples(file_of(STATUS), file_of(JOB), some.one_of(file_of(JOB), some.none())), max_size=6)


@settings(max_examples=int(os.environ.get("FUZZ", "12")), deadline=None, suppress_health_check=list(HealthCheck))
@given(folders)
def test_whatever_lies_in_the_runs_folder_an_honest_training_is_started(tmp_path_factory, found):
    runs = tmp_path_factory.mktemp("fuzz")
    listed = {}
    for i, (status, job, known) in enumerate(found):
        path = planted(runs / f"r{i}", job=job)
        (path / "status.json").write_text(status, encoding="utf-8", errors="surrogatepass")
        if known is not None:
            listed[path.name] = known
    if listed:
        text = ",".join(f"{json.dumps(name)}: {job}" for name, job in listed.items())
        jobs._file(runs).write_text(f'{{"jobs": {{{text}}}}}', encoding="utf-8", errors="surrogatepass")
    started, ahead, clock = [], [0.0], time.time
    with pytest.MonkeyPatch.context() as patch, signals() as sent:
        patch.setattr(time, "time", lambda: clock() + ahead[0])
        patch.setattr(queue, "launch", lambda command, folder: started.append(folder) or (2**22 + 7, 1.0))
        queue.submit(runs, Config(), "me", "honest")
        for _ in range(len(found) + 2):
            queue.advance(runs)
            assert all(isinstance(why, str) for why in foreign.passed_over(runs).values())
            ahead[0] += 200  # what says it is at work here, and is not, falls silent
    assert runs / "honest" in started
    assert not sent
