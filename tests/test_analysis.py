"""Tables of a run, on small runs with known answers."""

import numpy as np
import pytest
from fake_run import fake_record
from test_runs import make_probe

from muldml_lite.analysis import confusion, nearest_share, neighbours, pair_distances, slice_table
from muldml_lite.config import Config
from muldml_lite.runs import Run, RunError, RunWriter, Snapshot


def circle(angles):
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def test_neighbours_in_one_slice_and_in_all():
    first, second = np.array([0, 0.1, 0.3, 2.0]), np.array([0, 2.0, 1.0, 0.1])
    snapshot = Snapshot(1, np.stack([circle(first), circle(second)]), np.zeros(4), np.ones(4))
    nearest, distances = neighbours(snapshot, 0, 3, slice=0)
    assert nearest.tolist() == [1, 2, 3]
    np.testing.assert_allclose(distances, 2 * np.sin(first[1:] / 2))  # chord of an angle
    assert neighbours(snapshot, 0, 2, slice=1)[0].tolist() == [3, 2]
    joined = np.sqrt((4 * np.sin(first / 2) ** 2 + 4 * np.sin(second / 2) ** 2) / 2)
    nearest, distances = neighbours(snapshot, 0, 10)
    assert nearest.tolist() == list(np.argsort(joined)[1:])
    np.testing.assert_allclose(distances, np.sort(joined)[1:])
    with pytest.raises(ValueError, match="expected 0 to 3"):
        neighbours(snapshot, 4, 1)


def test_pairs_and_shares_tell_identity_from_expression():
    labels, subjects = np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])
    by_person = np.array([[0.0], [0.1], [5.0], [5.1]])
    by_expression = np.array([[0.0], [5.0], [0.1], [5.1]])
    assert nearest_share(by_person, labels, subjects)["same_subject"] == 1
    assert nearest_share(by_expression, labels, subjects)["same_label"] == 1
    pairs = pair_distances(by_person, labels, subjects)
    np.testing.assert_allclose(np.sort(pairs["same_subject"]), [0.1, 0.1])
    np.testing.assert_allclose(np.sort(pairs["same_label"]), [5, 5])
    np.testing.assert_allclose(np.sort(pairs["neither"]), [4.9, 5.1])


def write_run(path, epochs=3, count=30):
    rng = np.random.default_rng(0)
    writer, probe = RunWriter(path), make_probe(count)
    writer.config(Config(slices=2, dim=16).to_dict())
    writer.probe(probe)
    base = rng.normal(size=(2, count, 8)) + 3 * np.eye(8)[probe.labels]
    for epoch in range(epochs):
        turn = np.linalg.qr(rng.normal(size=(8, 8)))[0]  # each epoch turned at random: only shape carries over
        slices = (base + 0.05 * rng.normal(size=base.shape)) @ turn
        slices /= np.linalg.norm(slices, axis=-1, keepdims=True)
        predictions = (probe.labels + (epoch == 0)) % 3
        writer.snapshot(Snapshot(epoch, slices, predictions, np.ones(count)))
        record = fake_record(epoch, epochs, 2)
        record["slices"][1]["threshold"] = 0.2 + epoch
        writer.record(record)
    return Run(path)


def test_tables(tmp_path):
    run = write_run(tmp_path / "run")
    assert slice_table(run)[1] == {**run.history[-1]["slices"][1], "slice": 2, "threshold": 2.2}
    assert slice_table(run, 0)[1]["threshold"] == 0.2
    with pytest.raises(RunError, match="no record of epoch 7"):
        slice_table(run, 7)
    assert confusion(run).tolist() == [[5, 0, 0], [0, 5, 0], [0, 0, 5]]
    assert confusion(run, 0).tolist() == [[0, 5, 0], [0, 0, 5], [5, 0, 0]]
