"""Fewer labelled people: which training images stay, and that nothing else changes."""

import numpy as np
import pytest
from test_data import make_folder

from muldml_lite.config import Config
from muldml_lite.data import describe, load_dataset
from muldml_lite.data.labelled import labelled
from muldml_lite.runs import IMAGE_SETTINGS


def crowd(people=40, classes=3, seed=0):
    """Each person shows some classes in three images of one sequence each; class 2 is shown by four people only."""
    rng = np.random.default_rng(seed)
    rows = [(p, c, 3 * p + c) for p in range(people) for c in range(classes) for _ in range(3) if c < 2 or p % 10 == 9]
    subjects, labels, sequences = np.array(rows).T
    return labels, subjects, np.isin(subjects, rng.permutation(people)[: people // 4]), sequences


def people_of(kept, subjects, test):
    return set(subjects[kept & ~test])


def test_a_share_of_the_people_stays_and_all_that_is_tested():
    labels, subjects, test, sequences = crowd()
    trained = set(subjects[~test])
    before = set()
    for share in (0.1, 0.3, 0.6, 1.0):
        kept = labelled(share, labels, subjects, test, 5, sequences)
        here = people_of(kept, subjects, test)
        assert kept[test].all()
        assert len(here) == max(2, round(share * len(trained)))
        assert before <= here  # a small share is part of a larger one
        assert kept[~test].sum() == np.isin(subjects[~test], list(here)).sum()  # people are whole
        before = here


def test_chance_decides_and_its_seed_repeats_it():
    labels, subjects, test, sequences = crowd()
    chosen = [people_of(labelled(0.5, labels, subjects, test, s, sequences), subjects, test) for s in (0, 0, 1, 2)]
    assert chosen[0] == chosen[1]
    assert len({frozenset(people) for people in chosen}) == 3


def test_a_rare_class_is_not_lost():
    labels, subjects, test, _ = crowd()
    for seed in range(20):
        kept = labelled(0.01, labels, subjects, test, seed)
        assert (np.bincount(labels[kept & ~test], minlength=3) >= 2).all()
        assert len(people_of(kept, subjects, test)) <= 2  # whoever shows the rare class shows the others, too


def test_without_subjects_sequences_stay_whole_and_without_them_images_are_chosen():
    labels, subjects, test, sequences = crowd()
    unknown = np.full_like(subjects, -1)
    kept = labelled(0.3, labels, unknown, test, 0, sequences)
    for sequence in set(sequences):
        assert len(set(kept[sequences == sequence])) == 1
    assert len(people_of(kept, sequences, test)) == round(0.3 * len(set(sequences[~test])))
    kept = labelled(0.3, labels, unknown, test, 0)
    assert kept[~test].sum() == round(0.3 * (~test).sum())
    assert (np.bincount(labels[kept & ~test]) >= 2).all()


@pytest.mark.parametrize("store", ["host", "disk"])
def test_a_data_set_on_disk_with_fewer_labels(tmp_path, store):
    root = make_folder(tmp_path, count=20)
    settings = {"data": "folder", "root": str(root), "size": 16, "image_store": store, "test_fraction": 0.5}
    whole, few = (load_dataset(Config(**settings, labelled=share)) for share in (1.0, 0.25))
    assert few.test.sum() == whole.test.sum() == 20
    assert (~few.test).sum() == 5
    place = {name: row for row, name in enumerate(whole.names)}
    rows = [place[name] for name in few.names]
    np.testing.assert_array_equal(few.images[:], whole.images[rows])
    np.testing.assert_array_equal(few.labels, whole.labels[rows])
    np.testing.assert_array_equal(few.test, whole.test[rows])
    assert describe(few)[-1] == "labelled: 5 of 20 training images are used, as 0.25 asks"
    assert not any("labelled" in line for line in describe(whole))


def test_drawn_people_too():
    shared = {"subjects": 20, "images_per_subject": 7, "size": 16}
    whole, few = (load_dataset(Config(**shared, labelled=share)) for share in (1.0, 0.4))
    assert len(set(few.subjects[~few.test])) == 6  # of fifteen
    np.testing.assert_array_equal(few.images[few.test], whole.images[whole.test])


def test_a_fork_cannot_change_it():
    assert "labelled" in IMAGE_SETTINGS
