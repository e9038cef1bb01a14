"""Images that stay on disk: the same ones as in memory, few of them at a time, and nothing read that is not needed."""

import copy
import dataclasses
import multiprocessing
import weakref
from typing import ClassVar

import numpy as np
import pytest
import torch
from data_trees import make_sfew
from PIL import Image

from muldml_lite.config import Config
from muldml_lite.data import DataError, LazyImages, load, load_dataset, memory
from muldml_lite.data.dataset import Faults, Found, Row
from muldml_lite.data.pictures import File, Pixels, read_all
from muldml_lite.trainer import Session, train

TINY = {
    "dim": 16,
    "slices": 4,
    "epochs": 2,
    "warmup_epochs": 1,
    "images_per_class": 2,
    "classes_per_batch": 3,
    "probe_images": 20,
    "device": "cpu",
    "precision": "fp32",
}


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return Config(
        data="sfew", root=str(make_sfew(tmp_path_factory.mktemp("lazy"))), size=16, image_store="disk", **TINY
    )


@pytest.fixture(scope="module")
def both(config):
    return load_dataset(config), load_dataset(dataclasses.replace(config, image_store="host"))


@pytest.mark.parametrize("rows", [3, -1, slice(5, 9), slice(None, None, 7), [4, 4, 0], np.arange(42) % 5 == 0, []])
def test_rows_are_what_an_array_would_give(both, rows):
    lazy, held = both
    assert isinstance(lazy.images, LazyImages)
    assert lazy.images.shape == held.images.shape == (42, 16, 16, 3)
    rows = np.array(rows, int) if isinstance(rows, list) else rows
    given = lazy.images[rows]
    assert given.dtype == np.uint8
    np.testing.assert_array_equal(given, held.images[rows])


def test_everything_but_the_place_of_images_is_the_same(both):
    lazy, held = both
    for item in dataclasses.fields(lazy):
        if item.name != "images":
            np.testing.assert_array_equal(getattr(lazy, item.name), getattr(held, item.name), item.name)
    with pytest.raises(IndexError):
        lazy.images[42]


@pytest.mark.parametrize("workers", [0, 2])
def test_training_from_disk_and_from_memory_is_the_same_bit_for_bit(config, both, workers):
    ends = []
    for store, dataset in zip(("disk", "host"), both, strict=True):
        *_, last = train(dataclasses.replace(config, image_store=store, image_workers=workers), dataset)
        ends.append((last.loss, last.weights.network.state_dict()))
    (loss, weights), (other_loss, other_weights) = ends
    assert loss == other_loss
    assert all(torch.equal(value, other_weights[name]) for name, value in weights.items())


def test_auto_decides_by_what_the_images_would_take(config, monkeypatch):
    auto = dataclasses.replace(config, image_store="auto")
    for free, kind in ((2 * 42 * 16 * 16 * 3, np.ndarray), (2 * 42 * 16 * 16 * 3 - 2, LazyImages)):
        monkeypatch.setattr(memory, "free_memory", lambda free=free: free)
        assert type(load_dataset(auto).images) is kind
        assert type(load_dataset(dataclasses.replace(auto, image_store="disk")).images) is LazyImages
        for store in ("host", "device"):
            assert type(load_dataset(dataclasses.replace(auto, image_store=store)).images) is np.ndarray


def test_free_memory_is_that_of_this_machine():
    assert 2**26 < memory.free_memory() < 2**50


class Counted:
    """A picture that knows how many of its kind were read, and how many decoded images are alive."""

    read_ones: ClassVar[list[int]] = []
    alive = most = 0

    def __init__(self, number):
        self.number, self.name = number, f"picture {number}"

    def read(self, size):
        kind = type(self)
        image = np.full((size, size, 3), self.number, np.uint16).astype(np.uint8)
        image[0, 0, :2] = divmod(self.number, 256)  # no two are copies
        kind.read_ones.append(self.number)
        kind.alive += 1
        kind.most = max(kind.most, kind.alive)
        weakref.finalize(image, self.gone)
        return image

    @classmethod
    def gone(cls):
        cls.alive -= 1


@pytest.fixture
def counted(monkeypatch):
    """A set of 3,000 counted pictures in three classes, read by `--data folder`."""
    monkeypatch.setattr(Counted, "read_ones", [])
    monkeypatch.setattr(Counted, "alive", 0)
    monkeypatch.setattr(Counted, "most", 0)

    def reader(root, config, faults):
        return Found([Row(Counted(i), "abc"[i % 3], f"S{i % 50}") for i in range(3000)])

    monkeypatch.setitem(load._READERS, "folder", reader)
    return Config(data="folder", root=".", size=16, image_store="disk", **TINY)


def test_few_images_are_in_memory_at_a_time(counted):
    data = load_dataset(counted)
    assert sorted(Counted.read_ones) == list(range(3000))  # each once, to find damaged ones and copies
    assert Counted.most < 600
    assert Counted.alive < 10
    assert len(data) == 3000


def test_a_batch_reads_its_own_images_only(counted):
    data = load_dataset(counted)
    session = Session(counted, data)
    Counted.read_ones.clear()
    batches = session.batches.draw(1)
    batch = next(batches)
    assert sorted(Counted.read_ones) == sorted(batch.images[:, 0, 0, :2].double().numpy() @ [256, 1])
    assert len(Counted.read_ones) == 6
    assert sorted(n % 3 for n in Counted.read_ones) == [0, 0, 1, 1, 2, 2]  # P = 3 classes of K = 2
    assert not set(Counted.read_ones) & set(np.flatnonzero(data.test))


def test_an_image_that_vanishes_is_named(tmp_path):
    Image.new("RGB", (16, 16)).save(tmp_path / "a.png")
    images = LazyImages([File(str(tmp_path / "a.png"))], 16)
    assert images[0].shape == (16, 16, 3)
    (tmp_path / "a.png").unlink()
    with pytest.raises(DataError, match=r"a\.png: no such image"):
        images[[0]]


def test_worker_processes_may_hold_a_copy(both):
    lazy, held = both
    lazy.images[:]  # all threads have been at work in this process; none lives on in a forked one
    here, there = multiprocessing.Pipe()
    worker = multiprocessing.get_context("fork").Process(target=lambda: there.send(lazy.images[[5, 1, 5]]))
    worker.start()
    came = here.poll(60)
    worker.kill()
    assert came
    np.testing.assert_array_equal(here.recv(), held.images[[5, 1, 5]])
    twin = copy.deepcopy(lazy.images)  # taken apart and put together as for a spawned one
    np.testing.assert_array_equal(twin[2:4], held.images[2:4])


def test_unreadable_ones_are_told_apart_from_read_ones(tmp_path):
    pictures = [Pixels("grey", np.full((9, 9), 7, np.uint8)), File(str(tmp_path / "none.png"))]
    read, told = read_all(pictures, 16)
    assert (read == 7).all()
    assert told.endswith("none.png: no such image")
    with pytest.raises(DataError, match=r"^it; mend or remove it, or leave such out with --skip-bad$"):
        Faults(skip=False).add("it")
