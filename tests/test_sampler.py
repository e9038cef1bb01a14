"""PKSampler: what a batch and an epoch look like."""

import math
import random
import re
import warnings
from collections import Counter

import numpy as np
import pandas
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from muldml_lite.losses import NoTripletsWarning
from muldml_lite.sampler import PKSampler, RepeatedImagesWarning

pytestmark = [
    pytest.mark.filterwarnings("ignore::muldml_lite.sampler.RepeatedImagesWarning"),
    pytest.mark.filterwarnings("ignore::muldml_lite.losses.NoTripletsWarning"),
]

LABELS = [0] * 40 + [1] * 12 + [2] * 5 + [3] * 3 + [7] * 1  # common, rare and single


def counts(batch):
    return Counter(LABELS[index] for index in batch)


def test_every_batch_holds_distinct_classes_with_k_images_each():
    sampler = PKSampler(LABELS, classes_per_batch=3, images_per_class=4)
    batches = list(sampler)
    assert len(batches) == len(sampler) == 6  # ceil(61 / 12)
    for batch in batches:
        assert list(counts(batch).values()) == [4, 4, 4]


def test_images_repeat_within_a_batch_only_as_often_as_needed():
    sampler = PKSampler(LABELS, classes_per_batch=5, images_per_class=7, batches_per_epoch=30)
    for batch in sampler:
        for label in set(LABELS):
            size = LABELS.count(label)
            times = Counter(index for index in batch if LABELS[index] == label)
            assert set(times.values()) <= {7 // size, -(-7 // size)} - {0}
            assert len(times) == min(size, 7)


def test_a_class_shows_all_its_images_before_any_comes_again():
    sampler = PKSampler(LABELS, classes_per_batch=5, images_per_class=3, batches_per_epoch=13)
    seen = Counter(index for batch in sampler for index in batch)
    for label in set(LABELS):
        times = [seen[index] for index, other in enumerate(LABELS) if other == label]
        assert max(times) - min(times) <= 1


def test_rare_classes_are_drawn_as_often_as_common_ones():
    sampler = PKSampler(LABELS, classes_per_batch=2, images_per_class=2, batches_per_epoch=101)
    drawn = Counter(label for batch in sampler for label in counts(batch))
    assert max(drawn.values()) - min(drawn.values()) <= 1
    assert len(drawn) == 5


def test_which_classes_meet_is_left_to_chance():
    sampler = PKSampler(LABELS, classes_per_batch=2, images_per_class=1, batches_per_epoch=200)
    pairs = Counter(tuple(sorted(counts(batch))) for batch in sampler)
    assert len(pairs) == 10
    assert min(pairs.values()) > 5  # 20 expected


def test_seed_and_epoch_fix_the_batches():
    def draw(seed, epoch):
        sampler = PKSampler(LABELS, classes_per_batch=3, images_per_class=4, seed=seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert draw(1, 5) == draw(1, 5)
    different = [draw(1, 5), draw(1, 6), draw(2, 5), draw(5, 1), draw(0, 0)]
    assert all(a != b for i, a in enumerate(different) for b in different[:i])
    sampler = PKSampler(LABELS, classes_per_batch=3, images_per_class=4)
    assert list(sampler) == list(sampler)  # iterating does not move the epoch on


def test_the_draw_does_not_depend_on_the_process():
    sampler = PKSampler([0, 0, 0, 1, 1, 1, 2, 2, 2], classes_per_batch=2, images_per_class=2, seed=3)
    assert list(sampler) == [[7, 6, 3, 5], [1, 0, 8, 6], [4, 3, 2, 0]]


def test_works_as_batch_sampler_of_a_data_loader():
    labels = torch.tensor(LABELS)
    sampler = PKSampler(labels, classes_per_batch=4, images_per_class=2)
    loader = DataLoader(TensorDataset(labels), batch_sampler=sampler)
    batches = [batch for (batch,) in loader]
    assert len(batches) == len(loader) == 8
    assert all(sorted(Counter(batch.tolist()).values()) == [2, 2, 2, 2] for batch in batches)


WORDS = np.array(["joy", "anger", "fear"])[np.array(LABELS) % 3]


@pytest.mark.parametrize(
    "labels",
    [
        tuple(LABELS),
        pandas.Series(LABELS, index=random.Random(0).sample(range(len(LABELS)), len(LABELS))),
        pandas.Series(LABELS, dtype="category"),
        np.array(LABELS, np.uint8),
        np.array(LABELS, np.float16)[:, None],
        torch.tensor(LABELS, dtype=torch.int16),
        torch.tensor(LABELS, dtype=torch.bfloat16)[:, None],
    ],
    ids=lambda labels: f"{type(labels).__name__} {getattr(labels, 'dtype', '')}",
)
def test_labels_are_taken_in_every_form(labels):
    given = {"classes_per_batch": 3, "images_per_class": 4}
    assert list(PKSampler(labels, **given)) == list(PKSampler(LABELS, **given))


@pytest.mark.parametrize(
    "labels", [WORDS, WORDS.tolist(), WORDS.astype(object), pandas.Series(WORDS), WORDS[:, None], WORDS == "joy"]
)
def test_classes_may_have_names(labels):
    names = np.asarray(labels).ravel()
    for batch in PKSampler(labels, classes_per_batch=2, images_per_class=3):
        assert sorted(Counter(names[batch].tolist()).values()) == [3, 3]


@pytest.mark.parametrize(
    ("labels", "classes", "images", "kind", "message"),
    [
        ([0, 0, 1, 1], 2, 1, NoTripletsWarning, "images_per_class is 1, so no image has a positive"),
        ([0, 0, 1, 1], 1, 2, NoTripletsWarning, "classes_per_batch is 1, so no image has a negative"),
        (["a", "a"], 1, 2, NoTripletsWarning, "classes_per_batch is 1"),
        ([0, 0, 0, 1, 1, 2], 3, 3, RepeatedImagesWarning, "2 of 3 classes have fewer images .* = 3 .class 2: 1."),
        ([0, 0, 1, 1], 2, 2, None, ""),
    ],
)
def test_batches_that_lack_something_are_told_once(labels, classes, images, kind, message):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for seed in range(3):
            list(PKSampler(labels, classes_per_batch=classes, images_per_class=images, seed=seed))
    assert [one.category for one in caught] == ([kind] if kind else [])
    assert all(re.search(message, str(one.message)) and one.filename == __file__ for one in caught)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"classes_per_batch": 6}, "classes_per_batch is 6; expected .* at most 5, the number of classes"),
        ({"classes_per_batch": 0}, "classes_per_batch is 0; expected a whole number of at least 1"),
        ({"images_per_class": 0}, "images_per_class is 0"),
        ({"images_per_class": 2.5}, "images_per_class is 2.5"),
        ({"batches_per_epoch": -1}, "batches_per_epoch is -1"),
        ({"labels": []}, r"labels has shape \(0,\)"),
        ({"labels": np.eye(6)}, r"labels has shape \(6, 6\); .* one-hot rows"),
        ({"labels": [0, 1, 2, -1]}, "labels: -1 at place 3"),
        ({"labels": [0.0, 1.0, math.nan]}, "labels: nan at place 2"),
        ({"labels": torch.tensor([0.0, 1.0, 1.5])}, "labels: 1.5 at place 2"),
        ({"labels": ["a", "b", None]}, "labels: None at place 2"),
        ({"labels": pandas.Series(["a", "b", None])}, "labels: .* at place 2"),
        ({"labels": [0, 1, 2j]}, "labels has type complex128; expected whole numbers of 0 or more, or text"),
        ({"labels": [[0], [1, 2]]}, "labels: list that NumPy cannot read"),
        ({"labels": [0, "a"]}, "labels: 'a' at place 1"),
        ({"labels": [2**70, 1]}, "labels: a whole number of more than 64 bits"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    arguments = {"labels": LABELS, "classes_per_batch": 3, "images_per_class": 4} | arguments
    with pytest.raises(ValueError, match=message) as error:
        PKSampler(**arguments)
    assert "\n" not in str(error.value)
