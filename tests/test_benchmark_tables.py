"""From predictions to tables, differences and their intervals, by hand-made cases and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from fake_benchmark import CLASSES, held
from sklearn.metrics import balanced_accuracy_score, confusion_matrix

from muldml_lite.benchmark import HeldOut, gaps, tabulate
from muldml_lite.benchmark.differences import checks
from muldml_lite.benchmark.tables import MEASURES, confusion, decide, shared
from muldml_lite.metrics import paired_difference


def test_frames_of_a_sequence_are_one_case():
    head = np.array([[0.1, 0.9, 0], [0.6, 0.4, 0], [0.6, 0.4, 0], [0, 0, 1]], np.float32)
    part = HeldOut(np.arange(4), np.array([1, 1, 1, 2]), np.array([7, 7, 7, 8]), np.array([40, 40, 40, 12]),
                   head, head, CLASSES)  # fmt: skip
    cases = decide(part, "head")  # 12 comes first; of 40, the mean is (0.43, 0.57, 0) though two frames say 0
    assert [values.tolist() for values in (cases.truth, cases.said, cases.person)] == [[2, 1], [2, 1], [8, 7]]
    assert decide(part, "head", "images").said.tolist() == [1, 0, 0, 2]
    unknown = HeldOut(*[getattr(part, k) if k != "subjects" else np.full(4, -1) for k in HeldOut.__dataclass_fields__])
    assert decide(unknown, "head").person.tolist() == [12, 40]  # nobody knows better than the sequence


def test_folds_are_pooled_before_a_mean_is_taken():
    runs = {
        (0, 0): held([0, 0, 1], [0, 0, 1]),  # 3 of 3
        (0, 1): held([2], [0]),  # 0 of 1: seed 0 has 3 of 4, not the mean of 1 and 0
        (1, 0): held([0, 0, 1], [0, 1, 0]),  # 1 of 3
        (1, 1): held([2], [2]),  # 1 of 1: seed 1 has 2 of 4
    }
    arm = tabulate("dual", runs, folds=2, planned=6)
    accuracy, recall = arm.measures["head_accuracy"], arm.measures["head_recall"]
    assert dict(accuracy.by_seed) == {0: 0.75, 1: 0.5}
    assert accuracy.mean == pytest.approx(0.625)
    assert accuracy.spread == pytest.approx(0.25 / np.sqrt(2))
    assert accuracy.fold_spread == pytest.approx((2 / 3 - 1 / 2) / np.sqrt(2))  # (1 + 1/3) / 2 and (0 + 1) / 2
    assert dict(recall.by_seed) == {0: pytest.approx(2 / 3), 1: pytest.approx((1 / 2 + 0 + 1) / 3)}
    assert arm.confusion["head"] == [[3, 1, 0], [1, 1, 0], [1, 0, 1]]
    assert arm.class_recall["head"] == [0.75, 0.5, 0.5]
    assert arm.held_out == {"cases": 4, "images": 4, "people": 4}
    assert (arm.done, arm.planned, arm.seeds, arm.whole) == (4, 6, (0, 1), True)


def test_a_seed_that_lacks_folds_is_left_out_as_long_as_another_is_whole():
    whole = {(0, 0): held([0, 1], [0, 1]), (0, 1): held([2, 2], [2, 0])}
    arm = tabulate("dual", {**whole, (1, 0): held([0, 1], [1, 0])}, folds=2, planned=4)
    assert (arm.seeds, arm.whole, arm.done) == ((0,), True, 3)
    assert arm.measures["head_accuracy"].mean == 0.75
    assert arm.measures["head_accuracy"].spread is None
    some = tabulate("dual", {(1, 0): held([0, 1], [1, 0])}, folds=2, planned=4)
    assert (some.seeds, some.whole) == ((1,), False)
    assert some.class_recall["head"] == [0.0, 0.0, None]  # no case of class 2 yet
    assert some.measures["head_recall"].fold_spread is None
    assert tabulate("dual", {}, folds=2, planned=4) is None


def test_methods_are_compared_on_what_all_of_them_have():
    part = held([0], [0])
    most = {(0, 0): part, (0, 1): part, (1, 0): part}
    first = {"a": {(0, 0): part, (0, 1): part}, "b": {(0, 0): part}, "c": {}}
    assert {m: set(runs) for m, runs in shared(first, 2).items()} == {"a": {(0, 0)}, "b": {(0, 0)}, "c": set()}
    whole = shared({"a": most, "b": most}, 2)
    assert {m: set(runs) for m, runs in whole.items()} == {m: {(0, 0), (0, 1)} for m in "ab"}
    apart = {"a": {(0, 0): part}, "b": {(0, 1): part}}
    assert shared(apart, 2) == apart


def test_tables_are_scikit_learn_s():
    rng = np.random.default_rng(3)
    truth, said = rng.integers(0, 3, (2, 60))
    arm = tabulate("dual", {(0, 0): held(truth, said)}, folds=1, planned=1)
    assert arm.measures["head_recall"].mean == pytest.approx(balanced_accuracy_score(truth, said))
    parts = [decide(held(truth[rows], said[rows]), "head") for rows in (slice(20), slice(20, None))]
    np.testing.assert_array_equal(confusion(parts, 4), confusion_matrix(truth, said, labels=range(4)))


@pytest.fixture(scope="module")
def two_arms():
    """Thirty people with three cases each; one seed, two folds."""
    rng = np.random.default_rng(5)
    truth, people = rng.integers(0, 3, 90), np.repeat(np.arange(30), 3)
    said = {m: np.where(rng.random(90) < share, truth, (truth + 1) % 3) for m, share in (("a", 0.8), ("b", 0.6))}
    part = people % 2
    arms = {m: {(0, f): held(truth[part == f], s[part == f], subjects=people[part == f]) for f in (0, 1)}
            for m, s in said.items()}  # fmt: skip
    return arms, truth, people, said


def test_intervals_resample_people(two_arms):
    arms, truth, people, said = two_arms
    found = {one.measure: one for one in gaps(arms, "b", drawn=False)}
    assert set(found) == set(MEASURES)
    gap, recall = found["head_accuracy"], found["head_recall"]
    assert gap.mean == pytest.approx(np.mean(said["a"] == truth) - np.mean(said["b"] == truth))
    wanted = balanced_accuracy_score(truth, said["a"]) - balanced_accuracy_score(truth, said["b"])
    assert recall.mean == pytest.approx(wanted)
    assert (gap.people, gap.pairs) == (30, 2)
    rng, drawn, balanced = np.random.default_rng(9), [], []
    for _ in range(1500):  # the same by a plain loop
        rows = np.concatenate([np.flatnonzero(people == p) for p in rng.integers(0, 30, 30)])
        right = [said[m][rows] == truth[rows] for m in "ab"]
        drawn.append(right[0].mean() - right[1].mean())
        balanced.append(
            np.mean([right[0][truth[rows] == c].mean() - right[1][truth[rows] == c].mean() for c in range(3)])
        )
    np.testing.assert_allclose([gap.low, gap.high], np.quantile(drawn, [0.025, 0.975]), atol=0.03)  # 1 / 90 a case
    np.testing.assert_allclose([recall.low, recall.high], np.quantile(balanced, [0.025, 0.975]), atol=0.03)


def test_more_pictures_of_the_same_people_say_nothing_new(two_arms):
    arms, *_ = two_arms
    often = {m: {key: repeated(part, 4) for key, part in runs.items()} for m, runs in arms.items()}
    assert gaps(often, "b", drawn=False) == gaps(arms, "b", drawn=False)


def repeated(part, times):
    columns = {k: np.repeat(getattr(part, k), times, axis=0) for k in ("labels", "subjects", "head", "knn")}
    count = times * len(part.labels)
    return HeldOut(index=np.arange(count), cases=np.arange(count), classes=part.classes, **columns)


def test_drawn_people_are_others_with_each_seed(two_arms):
    arms, *_ = two_arms
    twice = {m: runs | {(1, fold): part for (_, fold), part in runs.items()} for m, runs in arms.items()}
    kept, drawn = (gaps(twice, "b", drawn=drawn)[0] for drawn in (False, True))
    assert (kept.people, drawn.people, kept.pairs) == (30, 60, 4)
    assert drawn.high - drawn.low < kept.high - kept.low


def test_few_people_have_no_interval_and_only_common_runs_are_compared():
    right, wrong = held([0, 1, 2], [0, 1, 2]), held([0, 1, 2], [1, 1, 2])
    arms = {"a": {(0, 0): right, (0, 1): wrong}, "b": {(0, 0): wrong}}
    gap = gaps(arms, "b", drawn=False)[0]
    assert (gap.mean, gap.low, gap.high, gap.people, gap.pairs) == (pytest.approx(1 / 3), None, None, 3, 1)
    assert gaps({"a": {(0, 1): right}, "b": {(0, 0): right}}, "b", drawn=False) == []
    assert gaps({"a": arms["a"], "b": {}}, "b", drawn=False) == []


def test_the_check_is_student_s_t_over_folds_or_over_seeds():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 3, (2, 5, 40))
    said = {m: np.where(rng.random(truth.shape) < p, truth, 0) for m, p in (("a", 0.7), ("b", 0.5))}
    arms = {m: {(s, f): held(truth[s, f], v[s, f]) for s in range(2) for f in range(5)} for m, v in said.items()}
    one = checks(arms, "b")[0]
    right = {m: (v == truth).mean(2).mean(0) for m, v in said.items()}  # (5,) folds, averaged over seeds
    wanted = paired_difference(right["a"], right["b"])
    assert (one.unit, one.units, one.measure) == ("folds", 5, "head_accuracy")
    assert (one.mean, one.low, one.high) == pytest.approx((wanted.mean, wanted.low, wanted.high))
    single = {m: {(s, 0): held(truth[0, s], v[0, s]) for s in range(5)} for m, v in said.items()}
    assert (checks(single, "b")[0].unit, checks(single, "b")[0].units) == ("seeds", 5)
    assert checks({m: {(0, 0): runs[0, 0]} for m, runs in arms.items()}, "b")[0].low is None
