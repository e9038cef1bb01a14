"""`bench layout`: what it measures, on pictures with known answers."""

import numpy as np
import pytest

from muldml_lite.bench import layout
from muldml_lite.bench.plan import run_group


def test_jumps_are_in_standard_deviations_of_a_coordinate():
    square = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])  # standard deviation 1 a coordinate
    shift = np.array([3, 4])
    placed = np.stack([square, square + shift, 10 * square + shift])
    np.testing.assert_allclose(layout.jumps(placed)[0], 5)
    np.testing.assert_allclose(layout.jumps(placed)[1], 0.9 * np.sqrt(2))


def test_quality_of_what_is_known():
    plane = np.random.default_rng(0).normal(size=(3, 1, 60, 2))
    plane[1:] = plane[0]
    assert layout.quality(plane, plane) == {"trustworthiness": 1, "jump": 0, "jump_90": 0}
    shuffled = plane[:, :, np.random.default_rng(1).permutation(60)]
    assert layout.quality(plane, shuffled)["trustworthiness"] < 0.6


def test_drifting_points_become_a_blob_a_class():
    vectors = layout.drifting(5, 2, 300, seed=1)
    assert vectors.shape == (5, 2, 300, 8)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=-1), 1, rtol=1e-5)
    similar = np.einsum("esid,esjd->esij", vectors, vectors)[:, :, np.triu(np.ones((300, 300), bool), 1)]
    near = (similar > 0.8).mean(axis=-1)  # share of pairs
    assert (near[0] < 0.03).all()
    assert (near[-1] > 3 * near[0]).all()
    np.testing.assert_array_equal(layout.drifting(5, 2, 300, seed=1), vectors)


def test_pca_is_timed_because_it_is_the_same_up_to_turning():
    plan = layout.plans(sizes=[40], slices=[2], full=False)[0]
    rows = run_group(plan.make(), rounds=1)
    assert [(row["case"], row["equal"]) for row in rows] == [("ours", True), (layout.PCA_ALONE, True)]
    assert rows[0]["layout"] == "pca"
    assert rows[0]["trustworthiness"] == pytest.approx(rows[1]["trustworthiness"])
    ours = np.random.default_rng(0).normal(size=(1, 1, 10, 2))
    assert layout._differs(ours, ours @ [[0, 1], [-1, 0]]) == ""
    other = ours.copy()
    other[0, 0, 3] += 0.1
    assert "slice 1" in layout._differs(ours, other)


def test_umap_rows_say_what_is_left_out(monkeypatch):
    monkeypatch.setattr(layout, "_MOST", dict.fromkeys(layout._MOST, 10))
    plan = layout.plans(sizes=[40], slices=[1], full=False)[1]
    ours, *others = run_group(plan.make(), rounds=1)
    assert ours["trustworthiness"] > 0.8
    assert [row["case"] for row in others] == [layout.ALONE, layout.STARTED, layout.ALIGNED]
    assert all("240 points × pictures" in row["skipped"] for row in others)


def test_pictures_are_turned_onto_the_next_epoch():
    turns = np.stack([np.eye(2), [[0, 1], [-1, 0]], [[-1, 0], [0, 1]]])
    plane = np.random.default_rng(0).normal(size=(30, 2))
    vectors = (plane @ turns)[:, None]  # (3, 1, 30, 2): the same picture, turned and mirrored
    placed = layout._one_by_one(vectors, lambda picture, following: picture)
    np.testing.assert_allclose(placed, np.repeat(placed[-1:], 3, axis=0), atol=1e-5)


@pytest.mark.parametrize(("sizes", "slices"), [([10], [1]), ([500], [0])])
def test_too_little_is_named(sizes, slices):
    option = "--points 10" if sizes == [10] else "--slices 0"
    with pytest.raises(ValueError, match=option):
        layout.plans(sizes=sizes, slices=slices, full=False)
