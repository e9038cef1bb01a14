"""Every page in every state, without a browser: messages instead of tracebacks, and links that lead nowhere else."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading

import pytest
from app_page import APP, fine, link, modules, open_page, texts
from fake_run import make_stale, write_fake_run

from muldml_lite.config import Config
from muldml_lite.runs import Run, RunWriter

run_picker, training_form, training_queue, visitor = modules("run_picker", "training_form", "training_queue", "visitor")

PAGES = ("tour", "train", "slices", "evidence")
ALL_PAGES = sorted(path.stem for path in (APP / "views").glob("*.py"))  # the others' own tests go deeper


@pytest.fixture(autouse=True)
def runs(app_places, monkeypatch):
    monkeypatch.setattr(training_queue, "COMMAND", (sys.executable, "-c", "import time; time.sleep(30)"))
    yield app_places
    for _, job in training_queue.jobs(app_places):
        if training_queue.alive(job):
            os.kill(job.pid, signal.SIGKILL)


@pytest.mark.parametrize("page", ALL_PAGES)
def test_sample_run(page):
    words = texts(open_page(page))
    assert "can't be shown" not in words
    assert "don't fit" not in words


@pytest.mark.parametrize("page", ALL_PAGES)
@pytest.mark.parametrize("method", ["triplet", "softmax"])
def test_a_control_run(page, method, runs):
    write_fake_run(runs / "control", slices=1, method=method)
    assert "can't be shown" not in texts(open_page(page, run="control"))


@pytest.mark.parametrize("page", ALL_PAGES)
def test_no_runs_at_all(page, runs, monkeypatch):
    monkeypatch.setattr(run_picker, "SAMPLE", runs / "nowhere")
    assert "make sample-run" in texts(open_page(page))


def other_probe(path):
    write_fake_run(path.parent / "other", images=40)
    (path.parent / "other" / "probe.npz").replace(path / "probe.npz")


def no_snapshots(path):
    for snapshot in (path / "snapshots").iterdir():
        snapshot.unlink()


def respell(path, name, value):
    values = json.loads((path / "config.json").read_text())
    values["config"][name] = value
    (path / "config.json").write_text(json.dumps(values))


def flat_probe(path):
    probe = Run(path).probe
    RunWriter(path).probe(dataclasses.replace(probe, thumbnails=probe.thumbnails.reshape(len(probe), -1)))


SPOILS = {
    "no probe": lambda path: (path / "probe.npz").unlink(),
    "bad probe": lambda path: (path / "probe.npz").write_bytes(b"not a zip file"),
    "torn config": lambda path: (path / "config.json").write_text('{"config": '),
    "empty config": lambda path: (path / "config.json").write_text('{"config": {}}'),
    "no status": lambda path: (path / "status.json").unlink(),
    "odd status": lambda path: (path / "status.json").write_text('{"state": "asleep"}'),
    "odd history": lambda path: (path / "history.jsonl").write_text("{}\n{}\n"),
    "bad history": lambda path: (path / "history.jsonl").write_text("no json\n{}\n"),
    "no history": lambda path: (path / "history.jsonl").unlink(),
    "no layout": lambda path: (path / "layout.npz").unlink(),
    "no snapshots": no_snapshots,
    "other probe": other_probe,
    "dead trainer": make_stale,
    "heartbeat of a text": lambda path: (path / "status.json").write_text('{"state": "running", "heartbeat": "x"}'),
    "history of lists": lambda path: (path / "history.jsonl").write_text("[]\n[1]\n"),
    "history of texts": lambda path: (path / "history.jsonl").write_text('{"epoch": "x", "slices": "y"}\n'),
    "deep status": lambda path: (path / "status.json").write_text("[" * 100_000),
    "config of numbers": lambda path: (path / "config.json").write_text('{"config": {"slices": "8", "data": 5}}'),
    "epochs of text": lambda path: respell(path, "epochs", "many"),
    "no numbers in slices": lambda path: (path / "history.jsonl").write_text('{"epoch": 1, "slices": [{}, {}]}\n'),
    "flat probe": flat_probe,
}
# What the tour can do without, or says in another way.
DISPENSABLE = ("empty config", "no status", "odd status", "dead trainer", "heartbeat of a text", "deep status",
               "torn config", "config of numbers", "epochs of text", "no numbers in slices")  # fmt: skip


@pytest.mark.parametrize("page", ALL_PAGES)
def test_a_broken_run_is_a_message(page, runs):
    """And the choice of another run stays, by which one visitor goes from each to the next."""
    write_fake_run(runs / "whole")
    app = open_page(page, run="whole")
    for name, spoil in SPOILS.items():
        spoil(write_fake_run(runs / name.replace(" ", "-")))
        app.query_params["run"] = name.replace(" ", "-")
        words = texts(app.run())
        assert app.selectbox(key="run_choice").value == name.replace(" ", "-")
        if page == "tour" and name not in DISPENSABLE:
            assert any(part in words for part in ("can't be shown", "don't fit together")), name
        if page == "train" and name in ("no status", "dead trainer"):
            assert "The training failed" in words
    app.query_params["run"] = "whole"
    assert "can't be shown" not in texts(app.run())


def test_a_keeper_that_died_is_replaced(monkeypatch):
    dead, made = threading.Thread(target=int), []
    dead.start()
    dead.join()
    monkeypatch.setattr(training_queue, "keep_going", lambda runs: made.append(runs) or dead)
    open_page("tour")
    assert len(made) > 2


@pytest.mark.parametrize("where", ["page", "side bar"])
def test_whatever_goes_wrong_is_a_message_and_stands_in_the_log(monkeypatch, caplog, where):
    def fall(*_):
        raise RuntimeError("nobody thought of this <b>![](http://127.0.0.1:9)")

    monkeypatch.setattr(run_picker, "_names" if where == "side bar" else "short_path", fall)
    words = texts(open_page("tour"))
    assert r"RuntimeError: nobody thought of this \<b\>!\[\](http" in words
    assert "Many thresholds, one embedding" in words
    assert any(line.exc_info for line in caplog.records)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("epochs", [0, 1, 2])
def test_a_run_in_the_middle_of_training(page, epochs, runs):
    path = write_fake_run(runs / "young", state="running", epochs=epochs)
    (path / "layout.npz").unlink()
    with open(path / "history.jsonl", "a") as file:
        file.write('{"epoch": 3, "lo')
    words = texts(open_page(page, run="young"))
    assert page in ("train", "evidence") or "no layout yet" in words


def test_the_first_visitor_by_a_direct_link_meets_the_whole_app():
    """With a folder called pages, Streamlit would run the page without main.py: no side bar, no navigation."""
    assert not (APP / "pages").exists()
    assert "run_choice" in [box.key for box in open_page("train").sidebar.selectbox]


@pytest.mark.parametrize("name", ["../sample_run", "..", ".", "a/b", "%2e%2e", "\\\\", "gone", "opened-123", "~", ".x"])
def test_a_link_never_leads_out_of_the_runs_folder(name, runs):
    write_fake_run(runs.parent / "secret")
    choice = run_picker.resolve(name)
    assert choice.run is None
    assert choice.problem


def test_a_symbolic_link_in_the_runs_folder_is_not_followed(runs):
    write_fake_run(runs.parent / "secret")
    (runs / "link").symlink_to(runs.parent / "secret")
    assert run_picker.resolve("link").run is None


def test_choosing_a_run_is_in_the_link_and_outlives_a_page_change(runs):
    write_fake_run(runs / "mine", slices=2)
    app = open_page("tour")
    app.selectbox(key="run_choice").set_value("mine").run()
    assert link(app)["run"] == "mine"
    app.query_params.clear()
    app.switch_page("views/slices.py").run()
    fine(app)
    assert link(app)["run"] == "mine"
    assert app.selectbox(key="run_choice").value == "mine"


def test_on_a_server_for_others_nobody_opens_folders_by_their_path(monkeypatch):
    monkeypatch.setattr(run_picker, "own_machine", lambda: False)
    app = open_page("tour")
    fine(app)
    assert "open_path" not in [field.key for field in app.text_input]


@pytest.mark.parametrize(
    ("address", "own"), [("localhost", True), ("127.0.0.1", True), ("0.0.0.0", False), ("", False)]
)
def test_whose_machine_it_is(address, own, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(run_picker.st, "get_option", lambda name: {"server.address": address}[name])
    assert run_picker.own_machine() is own


def test_opening_a_folder_by_its_path(runs):
    path = write_fake_run(runs.parent / "elsewhere" / "deep")
    app = open_page("tour")
    app.text_input(key="open_path").set_value(str(path)).run()
    fine(app)
    token = link(app)["run"]
    assert token.startswith("opened-")
    assert str(path) not in token
    app.text_input(key="open_path").set_value(str(path / "nothing")).run()
    assert "no such folder" in texts(app)


def test_a_point_in_the_link_shows_its_face():
    words = texts(open_page("slices", run="sample", point="5"))
    assert "point 5" in words
    assert "The head says" in words


@pytest.mark.parametrize("point", ["999", "-1", "x", "1e3", "99999999999999999999"])
def test_a_nonsense_point_is_told_or_passed_over(point):
    words = texts(open_page("slices", run="sample", point=point))
    assert "Pick a face" in words


@pytest.mark.parametrize(("word", "text"), [("colour", "smell"), ("zoom", "9~9~9"), ("lasso", "z"), ("kind", "x")])
def test_a_wrong_word_of_the_view_is_named(word, text):
    words = texts(open_page("slices", run="sample", point="5", **{word: text}))
    assert f"The link has `{word}={text}`" in words
    assert "point 5" in words


def test_surprise_puts_the_point_into_the_link():
    app = open_page("slices", run="sample")
    next(b for b in app.button if b.label == "Surprise me").click().run()
    assert "The head says" in texts(app)
    assert 0 <= int(link(app)["point"]) < 60


def test_warnings_and_failures_are_said(runs):
    write_fake_run(runs / "flat", warnings=("slice 2 (τ = 0.33): collapse",))
    assert "collapse" in texts(open_page("train", run="flat"))
    path = write_fake_run(runs / "fell", state="failed")
    (path / "train.log").write_text("step 1\nstep 2\nMemoryError: no room\n")
    words = texts(open_page("train", run="fell"))
    assert "a message from the trainer" in words
    assert "MemoryError: no room" in words


def test_starting_and_stopping_a_training(runs):
    app = open_page("train")
    app.number_input(key="set_epochs").set_value(4).run()
    start = next(b for b in app.button if b.label == "Start training")
    start.click().run()
    fine(app)
    assert link(app)["run"] == "posed-mul-dml-1"
    assert json.loads((runs / "posed-mul-dml-1" / "config.json").read_text())["config"]["epochs"] == 4
    assert training_queue.alive(training_queue.read_job(runs / "posed-mul-dml-1"))
    app.button(key="stop").click().run()
    fine(app)
    assert training_queue.read_job(runs / "posed-mul-dml-1").stop_asked


def test_a_third_training_of_one_visitor_is_refused():
    app = open_page("train")
    for _ in range(3):
        next(b for b in app.button if b.label == "Start training").click().run()
    assert "2 trainings under way" in texts(app)


def test_a_setting_that_cannot_be_run_is_said_at_the_form():
    app = open_page("train")
    app.number_input(key="set_dim").set_value(30).run()
    assert "divisor of dim" in texts(app)
    assert next(b for b in app.button if b.label == "Start training").disabled
    app.selectbox(key="set_data").set_value("folder").run()
    app.number_input(key="set_dim").set_value(64).run()
    assert "Path on this machine" in texts(app)


def test_settings_outlive_a_page_change():
    app = open_page("train")
    app.number_input(key="set_seed").set_value(7).run()
    app.switch_page("views/tour.py").run()
    app.switch_page("views/train.py").run()
    assert app.number_input(key="set_seed").value == 7


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"method": "triplet", "thresholds": (0.3, 0.3), "seed": 3},
        {"data": "folder", "root": "/my faces", "skip_bad": True, "augment": False, "learning_rate": 1e-4},
        {"slices": 4, "thresholds": (0.05, 1.25), "mining": "batch-all", "squared": True, "dim": 32},
    ],
)
def test_the_command_line_means_the_same_configuration(changes):
    import shlex

    from muldml_lite.commands.line import make_parser

    config = Config(**changes)
    words = shlex.split(training_form.command_line(config, "runs/x"))
    assert words[:3] == ["python", "-m", "muldml_lite"]
    options = make_parser().parse_args(words[3:])
    given = {item.name: getattr(options, item.name) for item in dataclasses.fields(Config)}
    assert Config.from_dict({k: v for k, v in given.items() if v is not None}) == config


def test_the_form_knows_every_setting():
    shown = {name for names in training_form.MORE.values() for name in names}
    main = {"data", "root", "method", "slices", "thresholds", "mining", "epochs", "seed"}
    assert shown | main == set(training_form.FIELDS)
    assert not shown & main


def test_a_visitor_is_the_same_under_every_mask():
    token = bytes(range(16))
    masks = (b"\x01\x02\x03\x04", b"\xff\x00\x10\x77")
    cookies = [f"2|{m.hex()}|{bytes(b ^ m[i % 4] for i, b in enumerate(token)).hex()}|1700000000" for m in masks]
    assert [visitor.unmasked(cookie) for cookie in cookies] == [token, token]
    assert visitor.unmasked("nonsense") == visitor.unmasked("2|zz|zz|1") == b""


def test_no_page_loads_what_only_training_needs(runs):
    """torch takes seconds to import, and a page has no use for it."""
    text = (
        "import sys, pathlib\n"
        "from streamlit.testing.v1 import AppTest\n"
        "app = AppTest.from_file(sys.argv[1], default_timeout=60).run()\n"
        "for page in sys.argv[2:]:\n"
        "    app.switch_page(f'views/{page}.py').run()\n"
        "    assert not app.exception, app.exception\n"
        "print([m for m in ('torch', 'torchvision', 'umap', 'sklearn', 'numba', 'accelerate') if m in sys.modules])\n"
    )
    command = [sys.executable, "-c", text, str(APP / "main.py"), *PAGES]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "[]"
