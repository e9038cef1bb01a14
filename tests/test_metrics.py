"""Measures against their definitions."""

import numpy as np
import pytest
from scipy import stats

from muldml_lite.metrics import join_slices, knn_accuracy, mean_distance, paired_difference


def test_knn_on_hand_placed_points():
    gallery = np.array([[0.0], [0.1], [1.0], [1.1], [1.2]])
    labels = np.array([0, 0, 1, 1, 1])
    queries = np.array([[0.04], [1.06], [0.2]])
    assert knn_accuracy(gallery, labels, queries, np.array([0, 1, 1]), k=1) == pytest.approx(2 / 3)
    assert knn_accuracy(gallery, labels, queries, np.array([0, 1, 1]), k=50) == pytest.approx(2 / 3)  # all: class 1


def test_joined_distance_is_the_mean_of_the_slices():
    slices = np.random.default_rng(0).normal(size=(3, 5, 4))
    slices /= np.linalg.norm(slices, axis=-1, keepdims=True)
    joined = join_slices(slices)
    np.testing.assert_allclose(np.linalg.norm(joined, axis=1), 1)
    expected = np.mean([np.sum((s[0] - s[3]) ** 2) for s in slices])
    assert np.sum((joined[0] - joined[3]) ** 2) == pytest.approx(expected)


def test_mean_distance_by_a_double_loop():
    points = np.random.default_rng(1).normal(size=(7, 3))
    pairs = [np.linalg.norm(points[i] - points[j]) for i in range(7) for j in range(i)]
    assert mean_distance(points) == pytest.approx(np.mean(pairs))


def test_paired_difference_is_student_s():
    a, b = np.array([0.9, 0.8, 0.85, 0.7]), np.array([0.85, 0.8, 0.75, 0.72])
    found = paired_difference(a, b)
    d = a - b
    half = stats.t.ppf(0.975, 3) * d.std(ddof=1) / 2
    assert found.mean == pytest.approx(d.mean())
    assert (found.low, found.high) == pytest.approx((d.mean() - half, d.mean() + half))
    with pytest.raises(ValueError, match="r of 2 or more"):
        paired_difference(a[:1], b[:1])
    same = paired_difference(a, a)
    assert same.low == same.high == 0
