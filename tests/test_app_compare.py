"""The page that puts runs side by side: what it offers, what it says, and links that make no sense."""

import dataclasses
import importlib
import json

import pytest
from app_page import fine, modules, open_page, texts
from fake_run import make_stale, write_fake_run

from muldml_lite import plots
from muldml_lite.plots import Compared

run_picker, training_queue, compare_runs = modules("run_picker", "training_queue", "compare_runs")


@pytest.fixture(autouse=True)
def runs(app_places):
    return app_places


def change(path, forked=None, **settings):
    """Rewrite a fake run's configuration."""
    values = json.loads((path / "config.json").read_text())
    values["config"] |= settings
    if forked:
        values["forked"] = forked
    (path / "config.json").write_text(json.dumps(values))


@pytest.fixture
def family(runs):
    """A parent, its fork after epoch 2, and an unrelated control with other faces."""
    write_fake_run(runs / "parent")
    change(write_fake_run(runs / "child"), {"run": "parent", "epoch": 2}, thresholds=[0.3, 0.5])
    change(write_fake_run(runs / "other", slices=1, images=40, method="triplet"), seed=3)
    return runs


def compare(*names, **query):
    return fine(open_page("compare", **query, **({"runs": list(names)} if names else {})))


def test_a_fork_and_its_parent_are_shown_first(family):
    app = compare()
    assert app.multiselect(key="runs").value == ["parent", "child"]
    words = texts(app)
    assert "0.1 to 0.8" in words
    assert "0.3 to 0.5" in words
    assert "parent, epoch 2" in words
    assert "One run each says nothing about noise" in words
    assert "The metric losses are not comparable" in words
    assert "of 5 same" in words
    assert "A ring on a dotted line" in words


def test_any_runs_of_the_link(family):
    app = compare("other", "parent", "sample")
    assert app.multiselect(key="runs").value == ["other", "parent", "sample"]
    words = texts(app)
    assert "follow different images, so no face is in two of them" in words
    assert "A ring on" not in words


def test_runs_with_other_faces_are_left_out_by_name(family):
    words = texts(compare("parent", "child", "other"))
    assert "Not here, as they follow other images: other." in words


def test_a_suggestion_is_one_click_away(family):
    app = compare("other", "sample")
    app.button(key="pair_child").click().run()
    assert app.multiselect(key="runs").value == ["parent", "child"]


@pytest.mark.parametrize("name", ["gone", "../sample_run", "%2e%2e", "a/b"])
def test_a_run_that_is_not_there_is_told(family, name):
    words = texts(compare("parent", name))
    assert f"The link asks for “{name}”, which is no run" in words
    assert "Choose at least two runs" in words


def test_a_symbolic_link_is_no_run(family):
    write_fake_run(family.parent / "secret")
    (family / "link").symlink_to(family.parent / "secret")
    assert "link" not in compare_runs.members()
    assert "which is no run" in texts(compare("parent", "link"))


@pytest.mark.parametrize("face", ["60", "-1", "x"])
def test_a_face_that_is_not_there_is_told(family, face):
    app = compare("parent", "child", face=face)
    assert f"The link asks for face “{face}”; these runs follow faces 0 to 59." in texts(app)
    assert app.number_input(key="face").value == 0


def test_a_face_of_the_link(family):
    assert compare("parent", "child", face="7").number_input(key="face").value == 7


def test_a_first_visitor_trains_the_control_with_one_click(runs, monkeypatch):
    monkeypatch.setattr(training_queue, "advance", lambda runs: None)
    app = compare()
    assert "So far there is the sample run alone" in texts(app)
    app.button(key="control_equal").click().run()
    assert not app.exception, app.exception[0].message
    assert app.multiselect(key="runs").value == ["sample", "control-equal-1"]
    words = texts(app)
    assert "0.1 to 0.8" in words
    assert "0.45 to 0.45" in words
    assert "They appear when the untrained network of control-equal-1" in words
    assert "can't be shown" not in words
    made = run_picker.resolve("control-equal-1").run
    before = run_picker.resolve("sample").run.config["config"]
    assert made.config["config"] == before | {"thresholds": [0.45, 0.45]}
    assert made.status["state"] == "queued"


def test_the_other_control_has_one_threshold_and_the_same_loss(runs):
    sample = compare_runs.members()["sample"]
    _, single = importlib.import_module("compare_start").controls(sample.config)["single"]
    found = compare_runs.differences([sample, dataclasses.replace(sample, config=single)])
    assert found == {"method": ["mul-dml", "dual"], "slices": [4, 1], "thresholds": [(0.1, 0.8), (0.45, 0.45)]}


def test_a_full_queue_is_told(runs, monkeypatch):
    monkeypatch.setattr(training_queue, "MAX_PER_VISITOR", 0)
    app = compare()
    app.button(key="control_single").click().run()
    assert "It could not be started: you have 0 trainings under way" in texts(app)
    assert "So far there is the sample run alone" in texts(app)


def test_too_few_runs_say_what_to_do(runs):
    change(runs.parent / "sample_run", method="triplet", slices=1)
    assert "There are not two runs yet" in texts(compare())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: (path / "probe.npz").unlink(),
        lambda path: (path / "history.jsonl").unlink(),
        lambda path: (path / "history.jsonl").write_text("no json\n{}\n"),
        lambda path: [p.unlink() for p in (path / "snapshots").iterdir()],
        lambda path: (path / "status.json").write_text('{"state": "odd"}'),
        lambda path: change(path, {"run": ["x"], "epoch": "y"}),
        lambda path: change(path, {"run": "child", "epoch": 1}),
        lambda path: change(path, epochs="many"),
        make_stale,
    ],
)
def test_a_broken_run_is_a_message(family, spoil):
    spoil(family / "child")
    assert "parent" in texts(compare("parent", "child"))


def test_a_running_run_is_followed(family):
    write_fake_run(family / "young", state="running", epochs=1)
    words = texts(compare("parent", "young"))
    assert "Where they stand" in words


def test_six_at_most(family):
    for i in range(6):
        write_fake_run(family / f"run{i}")
    compare(*[f"run{i}" for i in range(6)])
    assert "at most 6 can be compared" in texts(compare("parent", *[f"run{i}" for i in range(6)]))


def record(epoch, loss, active):
    slices = [{"active_fraction": a, "incomplete_fraction": None} for a in active]
    return {"epoch": epoch, "metric_loss": loss, "slices": slices}


def test_a_fork_begins_where_it_leaves_its_parent():
    past = [record(e, 3.0 - e, [0.2, 0.6]) for e in range(3)]
    parent = Compared("parent", [*past, record(3, 0.5, [0.1, 0.3])])
    child = Compared("child", [*past, record(3, 0.7, [0.4, 1.0])], "parent", 2)
    figure = plots.compare_curves([parent, child], "active_fraction")
    lines = [trace for trace in figure.data if trace.showlegend is not False]
    assert [list(line.x) for line in lines] == [[0, 1, 2, 3], [2, 3]]
    assert list(lines[0].y) == pytest.approx([0.4, 0.4, 0.4, 0.2])
    assert list(lines[1].y) == pytest.approx([0.4, 0.7])
    ring = next(trace for trace in figure.data if trace.showlegend is False)
    assert (list(ring.x), list(ring.y)) == ([2], pytest.approx([0.4]))
    assert [shape.x0 for shape in figure.layout.shapes] == [2]
    alone = plots.compare_curves([child, child], "incomplete_fraction")
    assert list(alone.data[0].y) == [None, None]  # not measured is a gap, not a zero
    alone = plots.compare_curves([Compared("child", child.history)], "metric_loss")
    assert list(alone.data[0].x) == [0, 1, 2, 3]
    assert not alone.layout.shapes


def test_what_differs_is_all_that_differs(family):
    known = compare_runs.members()
    both = [known["parent"], known["child"]]
    assert compare_runs.differences(both) == {"thresholds": [(0.1, 0.8), (0.3, 0.5)]}
    assert compare_runs.differences([both[0], both[0]]) == {}
    assert compare_runs.pairs(known) == [("parent", "child")]
    assert not compare_runs.comparable_loss(both)
    assert compare_runs.comparable_loss([both[0], known["sample"]])
