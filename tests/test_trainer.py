"""Training: what a record holds, that it repeats, resumes and learns, and that trouble is noticed."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from muldml_lite.config import Config, ConfigError
from muldml_lite.data import load_dataset
from muldml_lite.losses import multi_threshold_loss, split_slices
from muldml_lite.model import EmbeddingNet, to_float
from muldml_lite.runs import NEWEST_WEIGHTS, Run, RunError, RunWriter
from muldml_lite.sampler import PKSampler
from muldml_lite.trainer import SliceRecord, TrainingError, find_problems, save_checkpoint, train
from muldml_lite.trainer.checkpoint import load_network
from muldml_lite.trainer.probe import choose_probe
from muldml_lite.trainer.session import make_loss

SMALL = Config(
    subjects=8,
    images_per_subject=14,
    size=32,
    dim=16,
    slices=4,
    epochs=3,
    warmup_epochs=1,
    images_per_class=4,
    probe_images=56,
    device="cpu",
    precision="fp32",
)


@pytest.fixture(scope="module")
def dataset():
    return load_dataset(SMALL)


@pytest.fixture(scope="module")
def records(dataset):
    return [dataclasses.replace(r, weights=None) for r in train(SMALL, dataset)]


def test_one_record_an_epoch_with_everything_in_it(records, dataset):
    assert [r.epoch for r in records] == [0, 1, 2, 3]
    assert [r.phase for r in records] == ["start", "warm-up", "joint", "joint"]
    last = records[-1]
    assert [s.threshold for s in last.slices] == pytest.approx(np.linspace(0.1, 0.8, 4))
    assert last.loss == pytest.approx(last.cross_entropy + last.metric_loss, rel=1e-5)
    assert last.metric_loss == pytest.approx(np.mean([s.loss for s in last.slices]), rel=1e-4)
    assert records[1].loss == records[1].cross_entropy
    assert records[0].loss is None
    # The warm-up mines and measures what it does not learn from.
    assert all(s.loss > 0 and 0 < s.active_fraction <= 1 for r in records[1:] for s in r.slices)
    assert records[1].metric_loss == pytest.approx(np.mean([s.loss for s in records[1].slices]), rel=1e-4)
    assert all(0 <= s.active_fraction <= 1 and 0 < s.mean_distance < 2 for s in last.slices)
    assert last.snapshot.slices.shape == (4, len(last.probe), 4)
    np.testing.assert_allclose(np.linalg.norm(last.snapshot.slices, axis=-1), 1, rtol=1e-5)
    assert last.to_json()["slices"][0]["threshold"] == pytest.approx(0.1)


def test_same_seed_same_training(records, dataset):
    again = [r.to_json() for r in train(SMALL, dataset)]
    timed = ("seconds", "seconds_left", "images_per_second")
    for record, two in zip(records, again, strict=True):
        one = record.to_json()
        assert {k: v for k, v in one.items() if k not in timed} == {k: v for k, v in two.items() if k not in timed}


def test_every_epoch_draws_batches_of_its_own(dataset, monkeypatch):
    drawn = []
    draw = PKSampler.__iter__
    monkeypatch.setattr(PKSampler, "__iter__", lambda sampler: drawn.append(list(draw(sampler))) or iter(drawn[-1]))
    list(train(SMALL, dataset))
    assert len(drawn) == 3
    assert drawn[0] != drawn[1] != drawn[2]


def test_a_resumed_training_repeats_an_uninterrupted_one(records, dataset, tmp_path):
    writer = RunWriter(tmp_path / "run")
    writer.config(SMALL.to_dict())
    for record in train(SMALL, dataset):
        if record.epoch == 2:
            save_checkpoint(writer, record)
            break
    resumed = list(train(SMALL, dataset, resume=Run(writer.path)))
    assert [r.epoch for r in resumed] == [3]
    np.testing.assert_array_equal(resumed[0].snapshot.slices, records[3].snapshot.slices)
    assert resumed[0].loss == records[3].loss


def test_it_learns_what_it_is_shown(dataset):
    config = dataclasses.replace(SMALL, epochs=12, augment=False, learning_rate=5e-3)
    *_, last = train(config, dataset)
    assert last.train_accuracy > 0.8  # chance: 0.14
    assert last.slices[0].loss < 0.95 * 2 * 0.1  # stuck at 2 τ it would be 0.2


@pytest.mark.parametrize("images_per_class", [2, 4, 9, 18])
def test_very_few_steps_are_enough_for_the_schedule(dataset, images_per_class):
    config = dataclasses.replace(SMALL, epochs=1, warmup_epochs=0, images_per_class=images_per_class)
    first, last = train(config, dataset)
    assert first.learning_rate < config.learning_rate
    assert last.learning_rate < 1e-3 * config.learning_rate
    assert math.isfinite(last.loss)


def test_softmax_leaves_the_metric_loss_out(dataset):
    config = dataclasses.replace(SMALL, method="softmax", slices=1)
    last = list(train(config, dataset))[-1]
    assert last.loss == last.cross_entropy
    assert last.metric_loss is None
    assert (last.slices[0].threshold, last.slices[0].loss, last.slices[0].active_fraction) == (None, None, None)
    assert 0 < last.slices[0].mean_distance < 2  # the embedding is measured all the same
    assert last.warnings == ()


def test_checkpoint_gives_back_the_network(dataset, tmp_path):
    writer = RunWriter(tmp_path / "run")
    writer.config(SMALL.to_dict())
    for record in train(dataclasses.replace(SMALL, epochs=2), dataset):
        last = record
    writer.probe(last.probe)
    save_checkpoint(writer, last)
    network = load_network(Run(writer.path))
    with torch.no_grad():
        embedding, logits = network(to_float(torch.from_numpy(dataset.images[last.probe.index])))
    np.testing.assert_allclose(split_slices(embedding, 4).numpy(), last.snapshot.slices, atol=1e-5)
    assert (logits.argmax(1).numpy() == last.snapshot.predictions).all()
    (writer.path / NEWEST_WEIGHTS).write_bytes(b"half a fi")
    with pytest.raises(RunError, match=r"last.safetensors: not a readable safetensors file"):
        load_network(Run(writer.path))
    (writer.path / NEWEST_WEIGHTS).unlink()
    with pytest.raises(RunError, match="the run has no weights"):
        load_network(Run(writer.path))


def test_weights_of_another_network_are_refused(dataset, tmp_path):
    writer = RunWriter(tmp_path / "run")
    writer.config({**SMALL.to_dict(), "dim": 32})
    first = next(train(SMALL, dataset))
    writer.probe(first.probe)
    save_checkpoint(writer, first)
    with pytest.raises(RunError, match=r"another network than config.json describes"):
        load_network(Run(writer.path))


def test_a_loss_that_is_no_number_stops_with_the_reason(dataset, monkeypatch):
    forward = EmbeddingNet.forward

    def spoilt(network, images):
        embedding, logits = forward(network, images)
        return embedding, logits * (math.nan if network.training else 1)

    monkeypatch.setattr(EmbeddingNet, "forward", spoilt)
    session = train(SMALL, dataset)
    assert next(session).epoch == 0
    expected = r"epoch 1, step 1 of 3: the loss is nan; lower learning_rate \(now 0.005\)"
    with pytest.raises(TrainingError, match=expected):
        next(session)


def test_a_device_that_is_not_there_is_named(dataset):
    missing = "mps" if not torch.backends.mps.is_available() else "cuda"
    with pytest.raises(ConfigError, match=f"device: '{missing}' given, but PyTorch sees none here"):
        next(train(dataclasses.replace(SMALL, device=missing), dataset))


def test_probe_is_balanced_fixed_and_holds_people_in_several_expressions(dataset):
    probe = choose_probe(dataset, 56, seed=0)
    assert probe.test.sum() == 28
    assert np.bincount(probe.labels).tolist() == [8] * 7
    np.testing.assert_array_equal(dataset.images[probe.index], probe.thumbnails)
    np.testing.assert_array_equal(dataset.test[probe.index], probe.test)
    people = {s: set(probe.labels[probe.subjects == s]) for s in np.unique(probe.subjects)}
    assert max(len(shown) for shown in people.values()) >= 5
    np.testing.assert_array_equal(choose_probe(dataset, 56, seed=0).index, probe.index)


def test_judgements_are_batch_hard_of_the_training_probe(records):
    last = records[-1]
    probe, rows = last.probe, last.judgements
    train_places = np.flatnonzero(~probe.test)
    assert rows.anchor.shape == (1, 4, len(train_places))
    report = multi_threshold_loss(
        torch.from_numpy(last.snapshot.slices[:, train_places]),
        torch.from_numpy(probe.labels[train_places]),
        [s.threshold for s in last.slices],
        loss="triplet",
        mining="batch-hard",
    )
    hinge = rows.distances[0, ..., 0] - rows.distances[0, ..., 1] + np.linspace(0.1, 0.8, 4)[:, None]
    np.testing.assert_allclose(np.maximum(hinge, 0).mean(1), report.per_slice.numpy(), atol=2e-3)
    labels = probe.labels
    assert (labels[rows.anchor] == labels[rows.positive]).all()
    assert (labels[rows.anchor] != labels[rows.negative]).all()
    assert (rows.anchor != rows.positive).all()


def slice_record(**changes):
    base = SliceRecord(0.2, 0.1, 0.5, 0.01, 0.3, 0.6, 0.9, 0.8)
    return dataclasses.replace(base, **changes)


@pytest.mark.parametrize(
    ("changes", "hinges", "said"),
    [
        ({}, 2, None),
        ({"mean_distance": 0.03, "loss": 0.398}, 2, "collapse"),
        ({"mean_distance": 0.03, "loss": 0.199}, 1, "collapse"),
        ({"mean_distance": 0.03, "loss": 0.1}, 1, None),  # near, but the loss is not stuck
        ({"mean_distance": 0.5, "loss": 0.398}, 2, None),  # loss at 2 τ by chance
        ({"active_fraction": 1.0}, 2, "saturation"),
        ({"active_fraction": 0.98}, 2, "saturation"),
        ({"active_fraction": 0.979}, 2, None),
        ({"mean_distance": 0.03, "loss": 0.398, "active_fraction": 1.0}, 2, "collapse"),
        ({"loss": None, "active_fraction": None, "mean_distance": 0.01}, 2, None),
    ],
)
def test_collapse_and_saturation_are_said(changes, hinges, said):
    lines = find_problems([slice_record(), slice_record(**changes)], hinges)
    assert [line.split()[0] for line in lines] == ([said] if said else [])
    if said:
        assert "slice 2 (τ = 0.20)" in lines[0]
        assert "try" in lines[0]


def test_loss_of_each_method():
    assert make_loss(Config()).loss == "dual"
    assert make_loss(Config(method="softmax")) is None
    assert len(make_loss(Config()).thresholds) == 8
    assert make_loss(Config(method="triplet")).loss == "triplet"
    assert make_loss(Config(method="triplet")).thresholds.tolist() == pytest.approx([0.45])


def test_network_shapes_of_both_backbones():
    for backbone in ("small", "resnet18"):
        network = EmbeddingNet(backbone, 16, 5).eval()
        embedding, logits = network(torch.rand(3, 3, 48, 48))
        assert embedding.shape == (3, 16)
        assert logits.shape == (3, 5)
        # the embedding layer is one matrix M: linear, without a constant
        assert torch.allclose(network.embedding(torch.zeros(1, network.embedding.in_features)), torch.zeros(1, 16))


def test_to_float_keeps_pixels_in_place():
    images = torch.arange(2 * 4 * 4 * 3, dtype=torch.uint8).view(2, 4, 4, 3)
    floats = to_float(images)
    assert floats.shape == (2, 3, 4, 4)
    assert math.isclose(floats[1, 2, 3, 0].item(), images[1, 3, 0, 2].item() / 255, rel_tol=1e-6)
