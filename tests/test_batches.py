"""Batches: the same from the device and from the host, changed per image, and where images are held."""

import dataclasses
import random

import numpy as np
import pytest
import torch

from muldml_lite.config import Config, ConfigError
from muldml_lite.data import load_dataset
from muldml_lite.model import to_float
from muldml_lite.trainer import Session, images, train
from muldml_lite.trainer.images import DeviceImages, HostImages

TINY = Config(
    subjects=6,
    images_per_subject=14,
    size=16,
    dim=16,
    slices=4,
    epochs=2,
    warmup_epochs=1,
    images_per_class=3,
    probe_images=28,
    device="cpu",
    precision="fp32",
)


@pytest.fixture(scope="module")
def dataset():
    return load_dataset(TINY)


class Lazy:
    """Images that are made when they are asked for, as a reader of files would."""

    def __init__(self, array):
        self._array, self.asked = array, 0

    def __getitem__(self, rows):
        assert not (isinstance(rows, slice) and rows == slice(None)), "all images at once"
        found = self._array[rows]
        self.asked = max(self.asked, len(found))
        return found


def outcome(config, dataset):
    *_, last = train(config, dataset)
    return last.loss, last.weights.network.state_dict()


@pytest.mark.parametrize("workers", [0, 2])
def test_host_and_device_give_the_same_training_bit_for_bit(dataset, workers):
    loss, weights = outcome(dataclasses.replace(TINY, image_store="device"), dataset)
    host_loss, host_weights = outcome(dataclasses.replace(TINY, image_store="host", image_workers=workers), dataset)
    assert loss == host_loss
    assert all(torch.equal(value, host_weights[name]) for name, value in weights.items())


def test_images_that_are_decoded_on_access_stay_on_the_host(dataset, monkeypatch):
    monkeypatch.setattr("muldml_lite.trainer.evaluate._BATCH", 32)
    lazy = Lazy(dataset.images)
    loss, weights = outcome(TINY, dataclasses.replace(dataset, images=lazy))
    assert 0 < lazy.asked < len(dataset)
    kept_loss, kept_weights = outcome(TINY, dataset)
    assert loss == kept_loss
    assert all(torch.equal(value, kept_weights[name]) for name, value in weights.items())


def test_a_batch_holds_the_sampler_s_training_images(dataset):
    session = Session(dataclasses.replace(TINY, augment=False), dataset)
    training = np.flatnonzero(~dataset.test)
    session.batches.sampler.set_epoch(2)
    drawn = list(session.batches.draw(2))
    assert len(drawn) == len(session.batches)
    for batch, rows in zip(drawn, session.batches.sampler, strict=True):
        np.testing.assert_array_equal(batch.images.numpy(), dataset.images[training[rows]])
        np.testing.assert_array_equal(batch.labels.numpy(), dataset.labels[training[rows]])
        assert torch.equal(session.batches.network_input(batch), to_float(batch.images))


def test_changes_depend_on_the_epoch_and_not_on_what_ran_before(dataset):
    session = Session(TINY, dataset)

    def first(epoch):
        batch = next(session.batches.draw(epoch))
        return session.batches.network_input(batch)

    one = first(1)
    assert not torch.equal(one, to_float(next(session.batches.draw(1)).images))
    first(2)
    torch.rand(7)
    assert torch.equal(first(1), one)


def test_where_images_are_held(monkeypatch):
    array, cuda = np.zeros((4, 2, 2, 3), np.uint8), torch.device("cuda")  # 48 bytes
    for free, expected in ((95, False), (96, True)):
        monkeypatch.setattr(images, "free_memory", lambda _, free=free: free)
        assert images.fits(array, cuda) is expected
    monkeypatch.undo()
    cpu = torch.device("cpu")
    assert images.fits(array, cpu)
    assert not images.fits(Lazy(array), cpu)
    for store, kind in (("auto", DeviceImages), ("device", DeviceImages), ("host", HostImages)):
        assert isinstance(images.make_store(dataclasses.replace(TINY, image_store=store), array, cpu), kind)
    monkeypatch.setattr(images, "free_memory", lambda _: 0)
    assert isinstance(images.make_store(TINY, array, cpu), HostImages)


def test_the_caller_s_random_numbers_do_not_move_the_host_s_batches(dataset):
    store = HostImages(dataset.images, torch.device("cpu"), 0)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    rows = torch.tensor([random.Random(3).sample(range(len(dataset)), 5)])
    (batch,) = store.batches(rows)
    np.testing.assert_array_equal(batch.numpy(), dataset.images[rows[0].numpy()])
    assert torch.equal(torch.get_rng_state(), before)


def test_settings_of_the_store_are_checked():
    with pytest.raises(ConfigError, match="image_store: 'tape' given, expected one of auto, device, host, disk"):
        Config(image_store="tape")
    with pytest.raises(ConfigError, match="image_workers: -1 given, expected 0 to 128"):
        Config(image_workers=-1)


def test_training_images_of_one_class_are_refused(dataset):
    labels = np.where(dataset.test, dataset.labels, 3)
    with pytest.raises(ConfigError, match=r"^data: drawn:posed given, whose \d+ training images are all of one class$"):
        Session(TINY, dataclasses.replace(dataset, labels=labels))
