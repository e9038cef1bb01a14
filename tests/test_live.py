"""The live view: what it is given from a growing run folder, and what its buttons write there."""

import asyncio
import base64
import json
import re
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from fake_run import fake_probe, fake_record, fake_snapshot, write_fake_run
from scipy.spatial.distance import pdist
from sklearn.decomposition import PCA

from muldml_lite.analysis import make_layout
from muldml_lite.config import Config, ConfigError
from muldml_lite.runs import Control, Run, RunError, RunWriter, Snapshot, read_control, residuals
from muldml_lite.widgets.live import SOURCE, Frames, live_payload, payload, process
from muldml_lite.widgets.live.notebook import LiveTraining

REACH = payload.REACH


def random_slices(seed, n=30, d=8, count=3):
    values = np.random.default_rng(seed).normal(size=(count, n, d)) * np.linspace(1, 0.2, d)
    return (values / np.linalg.norm(values, axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture
def young(tmp_path):
    """A run that has begun: status and settings, nothing finished yet."""
    path = write_fake_run(tmp_path / "young", state="running", epochs=0)
    for name in ("history.jsonl", "probe.npz", "layout.npz", "snapshots/0000.npz"):
        (path / name).unlink()
    return path


def grow(path, epoch, epochs=3):
    """What a trainer writes after an epoch."""
    rng, writer = np.random.default_rng(epoch), RunWriter(path)
    probe = fake_probe(60, np.random.default_rng(7))
    if epoch == 0:
        writer.probe(probe)
    writer.snapshot(fake_snapshot(probe, epoch, epochs, 4, rng))
    writer.record(fake_record(epoch, epochs, 4))


def positions(data, points=60):
    raw = np.frombuffer(base64.b64decode(data["frame"]["places"]), np.int16)
    return raw.reshape(data["frame"]["slices"], points, 2) / 32_000 * REACH


def test_a_picture_is_the_plane_of_pca(tmp_path):
    writer, slices = RunWriter(tmp_path), random_slices(0)
    writer.config({})
    writer.snapshot(Snapshot(4, slices, np.zeros(30), np.zeros(30)))
    epoch, placed = Frames().newest(Run(tmp_path))
    assert epoch == 4
    for one, found in zip(Run(tmp_path).snapshot(4).slices, placed / 32_000 * REACH, strict=True):
        np.testing.assert_allclose(pdist(found), pdist(PCA(2).fit_transform(one)), atol=2e-4)


def test_each_epoch_is_shown_as_the_finished_run_shows_it(tmp_path):
    writer, slices, frames, seen = RunWriter(tmp_path), random_slices(0), Frames(), []
    writer.config({})
    for epoch in range(4):
        slices = 0.7 * slices + 0.3 * random_slices(epoch)
        writer.snapshot(Snapshot(epoch, slices, np.zeros(30), np.zeros(30)))
        seen.append(frames.newest(Run(tmp_path))[1])
        assert np.array_equal(Frames().newest(Run(tmp_path))[1], seen[-1])  # who comes later sees the same
    finished = make_layout(Run(tmp_path))
    np.testing.assert_allclose(np.array(seen) / 32_000 * REACH, finished[1], atol=1e-4)
    writer.layout("pca", *finished)
    np.testing.assert_allclose(Run(tmp_path).layout()[1], finished[1], atol=1e-3)


def test_one_number_a_point_has_a_picture_too(tmp_path):
    writer = RunWriter(tmp_path)
    writer.config({})
    writer.snapshot(Snapshot(0, np.ones((2, 5, 1)), np.zeros(5), np.zeros(5)))
    assert not Frames().newest(Run(tmp_path))[1].any()


def test_only_what_is_new_is_read(tmp_path, monkeypatch):
    run, frames, read = Run(write_fake_run(tmp_path / "run", epochs=9)), Frames(), []
    snapshot = Run.snapshot
    monkeypatch.setattr(Run, "snapshot", lambda one, epoch: read.append(epoch) or snapshot(one, epoch))
    first = frames.newest(run)
    assert read == list(range(10))
    assert np.array_equal(frames.newest(run)[1], first[1])
    assert read == list(range(10))
    for path in (run.path / "snapshots").iterdir():
        path.unlink()
    grow(run.path, 2)
    assert frames.newest(run)[0] == 2  # another run in the same folder
    assert read == [*range(10), 2]


def test_a_run_grows_into_the_view(young):
    frames = Frames()
    data = live_payload(Run(young), frames)
    assert (data["state"], data["frame"], data["faces"], data["epochs"]) == ("running", None, None, [])
    for epoch in range(3):
        grow(young, epoch)
        data = live_payload(Run(young), frames)
        assert data["epochs"] == list(range(epoch + 1))
        assert data["frame"]["epoch"] == epoch
    assert data["curves"]["cross_entropy"] == [None, *(1.9 - e / 3 for e in (1, 2))]
    assert "loss" not in data["curves"]  # what is minimised changes its meaning after the warm-up: no series
    assert data["slices"]["active_fraction"][3][1] == fake_record(1, 3, 4)["slices"][3]["active_fraction"]
    assert len(data["colours"]) == len(data["thresholds"]) == 4
    assert np.abs(positions(data)).max() <= REACH
    np.testing.assert_allclose(data["frame"]["residuals"], residuals(positions(data)[None])[0], atol=1e-3)
    assert data["frame"]["residuals"][0] == 0 < data["frame"]["residuals"][1]
    json.dumps(data)


def test_thresholds_of_a_fork_are_its_own(tmp_path):
    path = write_fake_run(tmp_path / "run")
    lines = [json.loads(line) for line in (path / "history.jsonl").read_text().splitlines()]
    lines[-1]["slices"][0]["threshold"] = 0.42
    RunWriter(path).history(lines)
    config = json.loads((path / "config.json").read_text())
    RunWriter(path).config(config["config"], forked={"run": "parent", "epoch": 2})
    data = live_payload(Run(path), Frames())
    assert (data["thresholds"][0], data["fork"]) == (0.42, 2)


def test_files_that_disagree_are_named(tmp_path):
    path = write_fake_run(tmp_path / "run")
    other = write_fake_run(tmp_path / "other", images=40)
    (other / "probe.npz").replace(path / "probe.npz")
    with pytest.raises(RunError, match=r"slices: \(4, 60, 8\), but the run's other files have \(4, 40, 8\)"):
        live_payload(Run(path), Frames())


def test_a_method_without_threshold(tmp_path):
    data = live_payload(Run(write_fake_run(tmp_path / "run", slices=1, method="softmax")), Frames(), controls=False)
    assert len(data["thresholds"]) == 1
    assert not data["controls"]


def test_buttons_write_what_the_trainer_reads(young):
    grow(young, 0)
    grow(young, 1)
    view = LiveTraining(young)
    assert not view.data["held"]
    view.pause()
    assert read_control(young) == Control("pause")
    assert view.data["held"]
    view.wish = {"serial": "1", "wish": "step"}
    assert read_control(young) == Control("play", 2)
    assert not view.data["held"]
    grow(young, 2)
    view.refresh()
    assert view.data["held"]  # the one epoch is finished
    view.wish = {"serial": "2", "wish": "play"}
    assert read_control(young) == Control()
    view.wish = {"serial": "3", "wish": "explode"}
    assert read_control(young) == Control()


def test_the_widget_follows_until_the_training_is_over(young):
    async def watch():
        view = LiveTraining(young, seconds=0.01)
        for epoch in range(3):
            grow(young, epoch)
            while len(view.data["epochs"]) <= epoch:
                await asyncio.sleep(0.01)
        (young / "snapshots" / "0003.npz").write_bytes(b"half a fi")
        while "not a readable npz" not in view.data["message"]:
            await asyncio.sleep(0.01)  # told, and asked again
        (young / "snapshots" / "0003.npz").unlink()
        RunWriter(young).status("finished")
        await asyncio.wait_for(view._task, 20)
        return view

    view = asyncio.run(asyncio.wait_for(watch(), 60))
    assert (view.data["state"], view.data["frame"]["epoch"]) == ("finished", 2)


def test_without_an_event_loop_it_is_refreshed_by_hand(young):
    view = LiveTraining(young)
    grow(young, 0)
    time.sleep(0.05)
    assert view.data["epochs"] == []
    view.refresh()
    assert view.data["epochs"] == [0]


FAKE = """
import pathlib, sys, time
sys.path[:0] = [{root!r}, {tests!r}]
import numpy as np
from fake_run import fake_probe, fake_record, fake_snapshot
from muldml_lite.runs import RunWriter
writer = RunWriter(sys.argv[1])
probe = fake_probe(60, np.random.default_rng(7))
writer.probe(probe)
writer.snapshot(fake_snapshot(probe, 0, 3, 4, np.random.default_rng(0)))
writer.record(fake_record(0, 3, 4))
writer.status("running")
time.sleep(60)
"""


def test_a_training_is_started_and_reset_from_a_notebook(tmp_path, monkeypatch):
    here = Path(__file__).parent
    code = FAKE.format(root=str(here.parent), tests=str(here))
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", code))
    view = LiveTraining.train(tmp_path / "run", epochs=7, slices=4, dim=32, thresholds=(0.2, 0.4))
    children = [view._process]
    try:
        assert view.data["resets"]
        while not view.data["epochs"]:
            time.sleep(0.05)
            view.refresh()
        view.wish = {"serial": "1", "wish": "reset"}
        children.append(view._process)
        assert children[0].poll() is not None
        assert view.run.path == tmp_path / "run-2"
        assert (view.data["epochs"], view.data["frame"]) == ([], None)
        configs = [Run(tmp_path / name).config["config"] for name in ("run", "run-2")]
        assert configs[0] == configs[1] == Config(epochs=7, slices=4, dim=32, thresholds=(0.2, 0.4)).to_dict()
        assert Run(tmp_path / "run").history  # it is kept
        view.stop()
        assert children[1].poll() is not None
    finally:
        for child in children:
            child.kill()
            child.wait()


def test_what_cannot_be_started(tmp_path):
    write_fake_run(tmp_path / "run")
    with pytest.raises(RunError, match="exists already"):
        LiveTraining.train(tmp_path / "run")
    with pytest.raises(ConfigError, match="epoch: not a known setting; did you mean epochs"):
        LiveTraining.train(tmp_path / "other", epoch=3)
    assert not (tmp_path / "other").exists()
    view = LiveTraining(tmp_path / "run")
    assert not view.data["resets"]
    view.reset()  # started elsewhere, so not ours to stop
    assert view.run.name == "run"


def test_names_of_resets(tmp_path):
    names = [tmp_path / "run"]
    for _ in range(3):
        names[-1].mkdir()
        names.append(process.next_folder(names[-1]))
    assert [path.name for path in names] == ["run", "run-2", "run-3", "run-4"]
    assert process.next_folder(tmp_path / "run").name == "run-4"  # the next free one
    assert process.next_folder(tmp_path / "posed-7").name == "posed-8"


def test_the_module_asks_nobody_for_anything():
    assert not re.findall(r"fetch\(|XMLHttpRequest|import\s*\(|https?://(?!www\.w3\.org/2000/svg)", SOURCE.module)
    assert SOURCE.module.count("export default") == 1
