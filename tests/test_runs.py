"""The run folder: what is written is read back, half of it is noticed, and nothing is unpickled."""

import json
import time

import numpy as np
import pytest
from fake_run import fake_record

from muldml_lite.config import Config
from muldml_lite.runs import STALE_SECONDS, Judgements, Probe, Run, RunError, RunWriter, Snapshot, list_runs


def make_probe(count=6):
    return Probe(
        thumbnails=np.random.default_rng(0).integers(0, 256, (count, 8, 8, 3), np.uint8),
        labels=np.arange(count) % 3,
        subjects=np.arange(count) // 3,
        test=np.arange(count) % 2 == 0,
        index=np.arange(count) + 10,
        classes=("fear", "joy", "zen"),
        names=np.array([f"face {i}" for i in range(count)]),
    )


@pytest.fixture
def writer(tmp_path):
    writer = RunWriter(tmp_path / "run")
    writer.config(Config(slices=2, dim=8).to_dict(), device="cpu")
    writer.status("running", "epoch 1")
    return writer


def test_round_trip(writer):
    probe, slices = make_probe(), np.random.default_rng(1).normal(size=(2, 6, 4))
    slices /= np.linalg.norm(slices, axis=-1, keepdims=True)
    writer.probe(probe)
    writer.snapshot(Snapshot(3, slices, np.arange(6) % 3, np.full(6, 0.5)))
    writer.record(fake_record(3, 4, 2))
    rows = np.zeros((1, 2, 4), np.int32)
    judged = [Judgements(np.array([epoch]), rows, rows, rows, np.ones((1, 2, 4, 3))) for epoch in (1, 2)]
    writer.judgements(judged)
    writer.layout("pca", np.array([3]), np.zeros((1, 2, 6, 2)))
    writer.layout("umap", np.array([3]), np.tile([[-1.0], [1.0]], (1, 2, 3, 2)))
    run = Run(writer.path)
    assert Config.from_dict(run.config["config"]) == Config(slices=2, dim=8)
    for name in ("thumbnails", "labels", "subjects", "test", "index", "names"):
        np.testing.assert_array_equal(getattr(run.probe, name), getattr(probe, name))
    assert run.probe.classes == probe.classes
    np.testing.assert_allclose(run.snapshot().slices, slices, atol=1e-3)  # float16 on disk
    assert run.snapshot().slices.dtype == np.float32
    assert run.epochs == [3]
    assert run.history == [fake_record(3, 4, 2)]
    assert run.judgements.epochs.tolist() == [1, 2]
    assert run.judgements.until(1).anchor.shape == (1, 2, 4)
    assert run.layouts == ("pca", "umap")
    assert run.layout("umap")[1].max() == 1


def test_layout_of_other_epochs_replaces_both_kinds(writer):
    writer.layout("umap", np.array([1]), np.zeros((1, 1, 6, 2)))
    writer.layout("pca", np.array([1, 2]), np.zeros((2, 1, 6, 2)))
    assert Run(writer.path).layouts == ("pca",)


def test_torn_last_line_is_left_out_but_a_torn_middle_is_an_error(writer):
    writer.record(fake_record(1, 4, 2))
    path = writer.path / "history.jsonl"
    path.write_text(path.read_text() + '{"epoch": 2, "lo')
    assert Run(writer.path).history == [fake_record(1, 4, 2)]
    path.write_text('{"epoch"\n{"epoch": 2}\n')
    with pytest.raises(RunError, match=r"history.jsonl: line 1 is not JSON"):
        _ = Run(writer.path).history


def test_a_writer_that_dies_leaves_the_old_file(writer):
    writer.status("running", "old")

    def dies():
        with writer.replacing("status.json") as path:
            path.write_text('{"state": ')
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        dies()
    assert Run(writer.path).status["message"] == "old"
    assert not list(writer.path.glob(".status*"))


def test_silent_trainer_reads_as_failed(writer):
    status = json.loads((writer.path / "status.json").read_text())
    assert Run(writer.path).status["state"] == "running"
    status["heartbeat"] = time.time() - STALE_SECONDS - 1
    (writer.path / "status.json").write_text(json.dumps(status))
    assert Run(writer.path).status["state"] == "failed"


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"heartbeat": time.time() + 10 * STALE_SECONDS}, "failed"),  # from a clock that is wrong
        ({"pid": None}, "running"),  # nobody to ask
        ({"pid": None, "heartbeat": time.time() - STALE_SECONDS - 1}, "failed"),
        ({"pid": 2**22 + 1}, "failed"),  # more than Linux gives out
        ({"pid": 1, "host": "elsewhere"}, "running"),
        ({"heartbeat": None}, "failed"),
    ],
)
def test_what_says_running_is_asked_for_a_sign_of_life(writer, changes, state):
    status = json.loads((writer.path / "status.json").read_text()) | changes
    (writer.path / "status.json").write_text(json.dumps(status))
    assert Run(writer.path).status["state"] == state


@pytest.mark.parametrize("changes", [{"heartbeat": "x"}, {"pid": 10**30}, {"pid": True}, {"message": 3}, {"state": []}])
def test_a_status_of_wrong_types_is_named(writer, changes):
    (writer.path / "status.json").write_text(json.dumps({"state": "running", **changes}))
    with pytest.raises(RunError, match=rf"status.json: {next(iter(changes))} "):
        _ = Run(writer.path).status


@pytest.mark.parametrize(
    ("spoil", "read", "message"),
    [
        (lambda p: (p / "config.json").write_text("{"), lambda r: r.config, "config.json: not readable as JSON"),
        (lambda p: (p / "config.json").write_text("{}"), lambda r: r.config, "config.json: the key config is missing"),
        (lambda p: (p / "config.json").unlink(), lambda r: r.config, "config.json: missing"),
        (lambda p: (p / "status.json").write_text('{"state": "odd"}'), lambda r: r.status, "state 'odd', expected"),
        (lambda p: (p / "probe.npz").write_bytes(b"PK\3\4junk"), lambda r: r.probe, "probe.npz: not a readable npz"),
        (lambda p: None, lambda r: r.probe, "probe.npz: missing"),
        (lambda p: np.savez(p / "probe.npz", labels=[1]), lambda r: r.probe, "probe.npz: thumbnails is missing"),
        (lambda p: None, lambda r: r.snapshot(), "snapshots: no snapshot yet"),
        (lambda p: np.savez(p / "layout.npz", epochs=[1]), lambda r: r.layout("umap"), "muldml layout --run"),
    ],
)
def test_broken_files_are_named(writer, spoil, read, message):
    run = Run(writer.path)
    spoil(writer.path)
    with pytest.raises(RunError) as caught:
        read(run)
    assert message in str(caught.value)


def test_pickled_arrays_are_refused(writer):
    np.savez(writer.path / "probe.npz", labels=np.array([{"a": 1}], dtype=object))
    with pytest.raises(RunError, match=r"probe.npz: not a readable npz"):
        _ = Run(writer.path).probe


def test_other_folders_are_no_runs(tmp_path, writer):
    with pytest.raises(RunError, match="no such folder"):
        Run(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunError, match=r"config.json is missing"):
        Run(tmp_path / "empty")
    assert [run.name for run in list_runs(tmp_path)] == ["run"]
    assert list_runs(tmp_path / "nowhere") == []


def test_reading_needs_no_torch():
    import subprocess
    import sys

    code = "import sys, muldml_lite.runs, muldml_lite.analysis; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
