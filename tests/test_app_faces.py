"""The page Faces in every state, without a browser, and the desk where faces are embedded."""

import json
import threading
import time

import numpy as np
import pytest
from app_page import fine, link, modules, open_page, texts
from fake_run import write_fake_run
from fake_weights import write_fake_weights

from muldml_lite.analysis.embedding_of import Embedded
from muldml_lite.faces.lab import LabFace
from muldml_lite.runs import Run, RunError

run_picker, faces_desk, faces_view, learned = modules("run_picker", "faces_desk", "faces_view", "learned")


@pytest.fixture(autouse=True)
def runs(app_places):
    return app_places


def test_a_first_visit_has_a_face_and_its_five_lines_and_needs_no_link():
    app = open_page("faces")
    words = texts(app)
    assert not {"au", "person", "shot", "morph"} & set(app.query_params)
    assert "LabFace(person=13, units={'AU6': 90, 'AU12': 100, 'AU25': 80})" in words
    assert "zygomaticus major" in words
    assert "60 faces" in words


def test_the_five_lines_draw_the_face_of_the_link(tmp_path, monkeypatch):
    app = open_page("faces", person="5", au="4-70", shot="wild-12.yaw-6")
    code = next(str(item.value) for item in app.get("code") if "LabFace" in str(item.value))
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    from PIL import Image

    expected = LabFace(5, {"AU4": 70}, "wild", 12, {"yaw": -6}).draw(256)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "face.png")), expected)
    assert len(code.splitlines()) <= 5


@pytest.mark.parametrize(
    ("data", "weights", "words", "drawn", "photographs"),
    [
        ("drawn:wild", None, "drawn faces (wild)", True, False),  # a run from before there were starting weights
        ("drawn:wild", "drawn", "drawn faces (wild), after a start on drawn faces", True, False),
        ("ck+", "random", "ck+", False, True),
        ("ck+", "drawn", "ck+, after a start on drawn faces", True, True),
        ("ck+", "/home/me/b.safetensors", "ck+, after a start from b.safetensors", None, True),
        ("drawn:posed", "b.safetensors", "drawn faces (posed), after a start from b.safetensors", True, None),
    ],
)
def test_what_a_run_has_learned_from_includes_its_start(runs, data, weights, words, drawn, photographs):
    path = write_fake_run(runs / "one")
    values = json.loads((path / "config.json").read_text())
    values["config"] |= {"data": data, "root": "faces"} | ({"weights": weights} if weights else {})
    if weights is None:
        del values["config"]["weights"]
    (path / "config.json").write_text(json.dumps(values))
    assert learned.learned_from(Run(path)) == (words, drawn, photographs)


@pytest.mark.parametrize(
    ("key", "value"),
    [("person", "x"), ("au", "6-900"), ("shot", "wild-5.yaw99"), ("morph", "joy-fear"), ("au", "a" * 5000)],
)
def test_a_wrong_link_is_one_friendly_line(key, value):
    app = open_page("faces", **{key: value})
    words = texts(app)
    assert "can't be drawn" in words
    assert value not in words or len(value) < 40
    assert "LabFace(person=13" in texts(app)


def test_a_link_outlives_a_page_change():
    app = open_page("faces", person="77", au="9-100", morph="anger-fear")
    app.switch_page("views/tour.py").run()
    app.query_params.clear()
    app.switch_page("views/faces.py").run()
    fine(app)
    assert [link(app).get(key) for key in ("person", "au", "morph")] == ["77", "9-100", "anger-fear"]


@pytest.mark.parametrize("method", ["triplet", "softmax"])
def test_a_control_run(method, runs):
    write_fake_weights(write_fake_run(runs / "control", slices=1, method=method))
    assert "can't be shown" not in texts(open_page("faces", run="control"))


SPOILS = {
    "no probe": lambda path: (path / "probe.npz").unlink(),
    "bad probe": lambda path: (path / "probe.npz").write_bytes(b"no"),
    "no layout": lambda path: (path / "layout.npz").unlink(),
    "odd history": lambda path: (path / "history.jsonl").write_text("{}\n{}\n"),
    "no history": lambda path: (path / "history.jsonl").unlink(),
    "bad weights": lambda path: (path / "checkpoint" / "last.safetensors").write_bytes(b"no"),
    "torn config": lambda path: (path / "config.json").write_text('{"config": '),
    "no snapshot": lambda path: (path / "snapshots" / "0003.npz").unlink(),
}


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS)
def test_with_a_broken_run_one_can_still_play(spoil, runs):
    write_fake_weights(write_fake_run(runs / "spoilt"))
    spoil(runs / "spoilt")
    app = open_page("faces", run="spoilt")
    assert "LabFace" in texts(app)
    assert "LabFace(person=13" in texts(app)


def test_without_any_run_one_can_still_play(runs, monkeypatch):
    monkeypatch.setattr(run_picker, "SAMPLE", runs / "nowhere")
    words = texts(open_page("faces"))
    assert "make sample-run" in words
    assert "LabFace" in words


def test_a_lesson_leaves_out_what_it_does_not_need():
    words = texts(open_page("faces", lesson="7"))
    assert "LabFace" not in words


class Slow:
    """A network that waits to be let go, and counts."""

    gate, made, size, epoch = threading.Event(), 0, 48, 3

    def __init__(self, run):
        type(self).made += 1

    def embed(self, images):
        assert self.gate.wait(20)
        return Embedded(np.zeros((1, len(images), 8), np.float32), np.zeros((len(images), 7), np.float32))


@pytest.fixture
def desk(monkeypatch):
    monkeypatch.setattr(faces_desk, "Embedder", Slow)
    Slow.gate, Slow.made = threading.Event(), 0
    yield faces_desk.Desk()
    Slow.gate.set()


def until(found):
    for _ in range(200):
        if found():
            return
        time.sleep(0.05)
    raise AssertionError("it never came")


def test_a_slow_network_keeps_nobody_waiting_and_is_loaded_once(desk, runs):
    write_fake_weights(write_fake_run(runs / "slow"))
    run, one, other = Run(runs / "slow"), [LabFace(1)], [LabFace(2)]
    nothing, key = desk.ask(run, 3, one)
    assert nothing is None
    assert desk.ask(run, 3, one) == (None, key)
    assert desk.ask(run, 3, other)[0] is None
    Slow.gate.set()
    until(lambda: desk.ask(run, 3, one)[0] is not None)
    until(lambda: desk.ask(run, 3, other)[0] is not None)
    assert Slow.made == 1


def test_a_question_nobody_waits_for_is_dropped(desk, runs):
    write_fake_weights(write_fake_run(runs / "slow"))
    run = Run(runs / "slow")
    _, begun = desk.ask(run, 3, [LabFace(1)])
    until(lambda: Slow.made)
    key = begun
    for person in range(2, 8):  # one visitor, who moves on
        _, key = desk.ask(run, 3, [LabFace(person)], before=key)
    assert set(desk._answers) == {begun, key}
    Slow.gate.set()
    until(lambda: desk.ask(run, 3, [LabFace(7)])[0] is not None)


def test_a_run_that_has_gone_on_is_not_mixed_up_with_the_one_on_the_page(desk, runs):
    write_fake_weights(write_fake_run(runs / "slow"))
    Slow.gate.set()
    with pytest.raises(RunError, match="now those of epoch 3"):
        until(lambda: desk.ask(Run(runs / "slow"), 2, [LabFace(1)])[0])


@pytest.mark.parametrize(
    "ask",
    [
        {},
        {"face": "x", "vary": 5, "serial": "y"},
        {"face": {"person": 1}, "vary": "AU99"},
        {"face": {"person": 1}, "vary": "morph:a:b"},
        {"face": {"person": 1}, "vary": "", "morph": "<b>"},
        {"face": {"person": 10**9}, "vary": "yaw"},
    ],
)
def test_what_a_browser_sends_is_checked(ask):
    kept = {"face": LabFace(16), "morph": "neutral-fear", "ask": {}}
    faces_view.take(kept, ask)
    assert kept["face"] == LabFace(16)
    assert set(kept["ask"]) <= {"serial"}


def test_new_weights_are_read_anew(desk, runs):
    path = write_fake_run(runs / "slow")
    write_fake_weights(path)
    Slow.gate.set()
    until(lambda: desk.ask(Run(path), 3, [LabFace(1)])[0] is not None)
    time.sleep(0.02)
    write_fake_weights(path)
    until(lambda: desk.ask(Run(path), 3, [LabFace(1)])[0] is not None)
    assert Slow.made == 2
