"""The Train page without a browser: its link, its buttons in every state, and the form of a fork."""

import json
import os
import platform
import signal
import sys
import time

import numpy as np
import pytest
from app_page import button, fine, link, modules, open_page, texts
from fake_run import write_fake_run
from safetensors.numpy import save_file
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1.element_tree import ElementTree

from muldml_lite.commands.line import make_parser
from muldml_lite.config import Config, ConfigError
from muldml_lite.runs import Control, Run, read_control, write_control

run_picker, queue, training_link, form = modules("run_picker", "training_queue", "training_link", "training_form")


@pytest.fixture(autouse=True)
def runs(app_places, monkeypatch):
    monkeypatch.setattr(queue, "COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))
    yield app_places
    for _, job in queue.jobs(app_places):
        if queue.alive(job):
            os.kill(job.pid, signal.SIGKILL)


def with_weights(path, *epochs, **facts):
    (path / "checkpoint").mkdir()
    for epoch in epochs:
        file = path / f"checkpoint/{epoch:04d}.safetensors"
        save_file({"optimizer.0.step": np.ones(1)}, file, metadata={"epoch": str(epoch), **facts})
    return path


CHANGES = [
    {},
    {"method": "triplet", "thresholds": (0.3, 0.3), "seed": 3},
    {"method": "softmax", "learning_rate": 1e-4, "augment": False},
    {"slices": 4, "thresholds": (0.05, 1.25), "mining": "batch-all", "squared": True, "dim": 32, "epochs": 40},
]


@pytest.mark.parametrize("changes", CHANGES)
def test_a_link_means_the_same_configuration(changes):
    config = Config(**changes)
    assert training_link.read(training_link.write(config)) == config
    assert training_link.write(Config()) == ""


def test_a_link_tells_no_path():
    assert training_link.write(Config(data="folder", root="/my/faces")) == "data:folder"
    with pytest.raises(ConfigError, match="root: not a setting"):
        training_link.read("data:folder,root:/etc")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("epoch:3", "epoch: not a setting"),
        ("epochs:many", "epochs: 'many' given, expected int"),
        ("epochs:0", "epochs: 0 given"),
        ("thresholds:0.5", "thresholds: '0.5' given"),
        ("augment:1", "augment: '1' given, expected bool"),
        ("learning_rate:nan", "learning_rate: nan given"),
        ("method:best", "method: 'best' given"),
        ("<b>", "<b>: not a setting"),
    ],
)
def test_a_link_that_makes_no_sense_is_one_line(text, problem):
    with pytest.raises(ConfigError) as caught:
        training_link.read(text)
    assert str(caught.value).startswith(problem)


def test_settings_of_the_link_fill_the_form_and_stay_in_it():
    app = open_page("train", set="method:triplet,thresholds:0.3:0.3,epochs:40,augment:false")
    assert app.number_input(key="set_epochs").value == 40
    assert app.slider(key="set_tau").value == 0.3
    assert not app.checkbox(key="set_augment").value
    assert link(app).get("set") == "method:triplet,thresholds:0.3:0.3,epochs:40,augment:false"
    fine(app.number_input(key="set_epochs").set_value(12).run())
    assert link(app).get("set") == "method:triplet,thresholds:0.3:0.3,augment:false"
    assert "make no sense here: epochs: 'x' given" in texts(open_page("train", set="epochs:x"))


@pytest.mark.parametrize("asked", ["thresholds:1e-9:2", "method:dual,thresholds:1e-6:1e-6"])
def test_what_the_form_cannot_show_is_the_nearest_that_it_can(asked):
    app = open_page("train", set=asked)
    fine(app)
    assert not app.warning
    assert "0.01" in texts(app)  # in the command that does the same


def test_what_is_set_is_said_again_to_a_browser_that_has_not_drawn_it(monkeypatch):
    app = open_page("train", set="epochs:40,seed:3")
    # The page runs once more before its first picture, as when the queue moves on a busy machine.
    monkeypatch.setattr(ElementTree, "get_widget_states", lambda tree: WidgetStates())
    fine(app.run())
    for control, value in ((app.number_input(key="set_epochs"), 40), (app.number_input(key="set_seed"), 3)):
        assert control.proto.set_value
        assert control.proto.value == value
    augment = app.checkbox(key="set_augment").proto  # True by default
    assert augment.set_value
    assert augment.value


def test_settings_outlast_a_visit_to_another_page():
    app = open_page("train")
    fine(app.number_input(key="set_epochs").set_value(40).run())
    fine(app.switch_page("views/tour.py").run())
    fine(app.switch_page("views/train.py").run())
    assert app.number_input(key="set_epochs").value == 40


def test_a_run_that_is_being_trained_can_be_held(runs):
    path = write_fake_run(runs / "one", state="running", epochs=2)
    app = open_page("train", run="one")
    assert button(app, "do_play") is None
    fine(button(app, "do_pause").click().run())
    assert read_control(path) == Control("pause")
    assert button(app, "do_pause") is None
    fine(button(app, "do_step").click().run())
    assert read_control(path) == Control("play", 3)
    write_control(path, Control("pause"))
    app.run()
    fine(button(app, "do_play").click().run())
    assert read_control(path) == Control()


def test_a_training_that_no_link_can_name_is_told_without_a_button(runs):
    path = write_fake_run(runs / "caf\udce9\n[x](y)")
    status = {"state": "running", "pid": os.getpid(), "host": platform.node(), "heartbeat": time.time()}
    (path / "status.json").write_text(json.dumps(status))
    app = open_page("train")
    assert "caf? \\[x\\](y) · running" in texts(app)
    assert not app.warning
    assert not [one for one in app.button if (one.key or "").startswith("watch_")]


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_run_that_ended_early_is_resumed_with_one_click(runs, state):
    path = write_fake_run(runs / "one", state=state)
    app = open_page("train", run="one")
    fine(button(app, "do_resume").click().run())
    job = queue.read_job(path)
    assert (job.command, queue.alive(job)) == ("resume", True)
    assert not button(app, "do_resume")


def test_a_run_from_elsewhere_is_not_resumed_here(runs):
    write_fake_run(runs.parent / "sample_run", state="cancelled")
    app = open_page("train", run="sample")
    assert button(app, "do_resume") is None
    fine(button(app, "do_reset").click().run())  # but its settings can be trained anew
    assert link(app).get("run") == "posed-mul-dml-1"


def test_reset_starts_the_same_settings_under_another_name(runs):
    path = write_fake_run(runs / "one", method="triplet", slices=1)
    app = open_page("train", run="one")
    assert button(app, "do_pause").disabled
    fine(button(app, "do_reset").click().run())
    assert link(app).get("run") == "posed-triplet-1"
    made = Run(runs / "posed-triplet-1")
    assert made.config["config"] == Run(path).config["config"]
    assert Run(path).status["state"] == "finished"


def test_a_fork_asks_only_for_what_may_change(runs):
    path = with_weights(write_fake_run(runs / "parent"), 0, 2, 3)
    app = open_page("train", run="parent")
    assert app.selectbox(key="set_data").value == "drawn:posed"
    app.session_state["begin"] = "fork"
    fine(app.run())
    shown = {one.key for kind in ("selectbox", "number_input", "checkbox", "select_slider") for one in app.get(kind)}
    assert not {"set_data", "set_slices", "set_dim", "set_seed", "set_subjects", "set_backbone"} & shown
    assert {"set_method", "set_epochs", "set_learning_rate"} <= shown
    assert app.number_input(key="set_epochs").value == Run(path).config["config"]["epochs"] == 3
    assert "nothing yet; it would repeat its parent exactly" in texts(app)
    fine(app.number_input(key="set_epochs").set_value(7).run())
    assert "Changed from parent: epochs." in texts(app)
    assert link(app).get("fork") == "2"
    start = next(one for one in app.button if one.label == "Start the fork")
    fine(start.click().run())
    made = Run(runs / link(app).get("run"))
    assert made.config["forked"] == {"run": "parent", "epoch": 2}
    assert made.config["config"] == Run(path).config["config"] | {"epochs": 7}
    assert queue.read_job(made.path).command == "resume"


def test_the_sample_run_is_forked_with_a_fresh_optimiser_and_the_form_says_so(runs):
    with_weights(run_picker.SAMPLE, 3, optimizer="fresh")
    app = open_page("train")
    app.session_state["begin"] = "fork"
    fine(app.run())
    assert "without the state of its optimiser" in texts(app)
    assert "it would repeat its parent exactly" not in texts(app)
    assert app.number_input(key="set_epochs").value == 9  # the run ended at 3: there is something left to train
    assert "Changed from the sample run: epochs." in texts(app)
    fine(next(one for one in app.button if one.label == "Start the fork").click().run())
    made = Run(runs / link(app).get("run"))
    assert made.config["forked"] == {"run": "sample_run", "epoch": 3}
    assert (
        "runs=sample&" in next(one for one in app.get("page_link") if "Compare with sample" in one.label).query_string
    )


def test_a_link_to_a_fork(runs):
    with_weights(write_fake_run(runs / "parent"), 0, 2)
    app = open_page("train", run="parent", fork="2", set="slices:4,dim:32,epochs:9")
    assert "Changed from parent: epochs." in texts(app)
    assert "can be forked after epochs 0, 2" in texts(open_page("train", run="parent", fork="7"))


def test_a_fork_from_a_terminal_is_the_same(runs):
    words = form.fork_line({"thresholds": (0.2, 0.4), "augment": False, "epochs": 9}, "runs/a", 4, "runs/b").split()
    options = make_parser().parse_args(words[3:])
    assert (options.run, options.epoch, options.out) == ("runs/a", 4, "runs/b")
    assert (options.thresholds, options.augment, options.epochs) == ([0.2, 0.4], False, 9)


def test_a_run_without_weights_offers_no_fork(runs):
    write_fake_run(runs / "one")
    assert "begin" not in open_page("train", run="one").session_state
    with_weights(write_fake_run(runs / "other"), 2)
    assert "begin" in open_page("train", run="other").session_state
