"""Pictures of the slices, against umap-learn, plain loops and small cases with known answers."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors
from test_analysis import write_run

from muldml_lite.analysis import KINDS, make_layout
from muldml_lite.analysis.layouts import lay_out, pca_pictures
from muldml_lite.analysis.layouts.graph import neighbour_graph
from muldml_lite.analysis.layouts.joint_umap import A, B, Forces, springs, umap_frames
from muldml_lite.runs import Run, RunError, RunWriter, Snapshot, in_one_frame, residuals


def drifting(epochs=4, points=150, classes=3, seed=0):
    """Unit vectors (E, n, 8) that go from one blob to one blob a class, and their labels."""
    rng = np.random.default_rng(seed)
    labels, own = rng.integers(classes, size=points), rng.normal(size=(points, 8))
    frames = []
    for share in np.linspace(0, 1, epochs):
        vectors = 2.2 * share * np.eye(8)[labels] + (1 - 0.4 * share) * own + 0.1 * rng.normal(size=own.shape)
        frames.append(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    return np.stack(frames).astype(np.float32), labels


def jumps(places):
    """How far each point goes from epoch to epoch (E - 1, n), in standard deviations of a coordinate."""
    spread = places.std(axis=1, keepdims=True).mean(axis=-1)
    return np.linalg.norm(np.diff(places, axis=0), axis=-1) / spread[1:]


def trust(vectors, places):
    return np.mean([trustworthiness(v, p, n_neighbors=15) for v, p in zip(vectors, places, strict=True)])


@pytest.fixture(scope="module")
def umap_learn():
    return pytest.importorskip("umap", reason="umap-learn is what the pictures are compared with")


def test_graph_is_that_of_umap_learn(umap_learn):
    vectors = drifting(epochs=2, points=80)[0]
    vectors[1, :3] = vectors[1, 3]  # twins
    vectors[1, 10:40] = vectors[1, 10]  # more of them than a point has neighbours
    graph = neighbour_graph(vectors, 15).toarray()
    assert not graph[:80, 80:].any()
    np.testing.assert_array_equal(graph, graph.T)
    for epoch, part in ((0, graph[:80, :80]), (1, graph[80:, 80:])):
        distances, indices = NearestNeighbors(n_neighbors=14, algorithm="brute").fit(vectors[epoch]).kneighbors()
        selves = np.arange(80)[:, None]
        expected, _, _ = umap_learn.umap_.fuzzy_simplicial_set(
            vectors[epoch],
            15,
            None,
            "euclidean",
            knn_indices=np.hstack([selves, indices]),
            knn_dists=np.hstack([0.0 * selves, distances]),
        )
        np.testing.assert_allclose(part, expected.toarray(), atol=1e-4)  # umap-learn halves until within 1e-5


def test_curve_is_that_of_umap_learn(umap_learn):
    np.testing.assert_allclose((A, B), umap_learn.umap_.find_ab_params(spread=1.0, min_dist=0.1), rtol=1e-4)


def test_forces_are_those_of_a_plain_loop():
    vectors, rng = drifting(epochs=2, points=20)[0], np.random.default_rng(1)
    places = (rng.normal(size=(2, 20)) + 1j * rng.normal(size=(2, 20))).astype(np.complex64)
    graph = neighbour_graph(vectors).toarray()
    attraction, repulsion = np.zeros((2, 20), complex), np.zeros((2, 20), complex)
    for e in range(2):
        weights = graph[20 * e : 20 * e + 20, 20 * e : 20 * e + 20]
        for i in range(20):
            for j in range(20):
                gap = complex(places[e, j] - places[e, i])
                r = abs(gap)
                if i == j:
                    continue
                attraction[e, i] += 2 * weights[i, j] * 2 * A * B * r ** (2 * B - 2) / (1 + A * r ** (2 * B)) * gap
                push = -gap * 2 * B / ((0.001 + r**2) * (1 + A * r ** (2 * B)))
                push = complex(np.clip(push.real, -4, 4), np.clip(push.imag, -4, 4))
                repulsion[e, i] += 5 * weights[i].sum() * push / 19  # 5 others an edge, from 19
    forces = Forces(vectors)
    np.testing.assert_allclose(forces.attraction(places), attraction, rtol=2e-3, atol=1e-3)
    np.testing.assert_allclose(forces.repulsion(places, rng), repulsion, rtol=2e-3, atol=1e-3)


def test_springs_pull_to_both_epochs_and_yield():
    places = np.array([[0, 0], [0.1, 100], [0.3j, 100]], np.complex64)
    pull = springs(places, stiffness=2.0)
    expected = [2 * 0.1 / 1.04, -2 * 0.1 / 1.04 + 2 * (0.3j - 0.1) / 1.4, -2 * (0.3j - 0.1) / 1.4]  # 1 + (stretch/½)²
    np.testing.assert_allclose(pull[:, 0], expected, rtol=1e-5)
    assert 0 < pull[0, 1].real < pull[0, 0].real  # a hundred away: let go
    assert pull[2, 1] == 0


def test_as_true_as_umap_learn_and_calmer_than_pca(umap_learn):
    vectors = drifting(epochs=6, points=300)[0]
    places = umap_frames(vectors)
    alone = [umap_learn.UMAP(random_state=0, n_jobs=1).fit_transform(epoch) for epoch in vectors]
    assert trust(vectors, places) > trust(vectors, alone) - 0.01
    assert np.median(jumps(places)) < 0.6 * np.median(jumps(lay_out(vectors[:, None])[:, 0]))


def test_what_does_not_change_does_not_move():
    still = np.repeat(drifting(epochs=2)[0][1:], 4, axis=0)
    assert np.quantile(jumps(umap_frames(still)), 0.95) < 0.05


def test_who_changes_sides_is_let_go():
    vectors, labels = drifting(epochs=2)
    vectors, turncoats = np.repeat(vectors[1:], 4, axis=0), np.flatnonzero(labels == 0)[:5]
    vectors[2:, turncoats] = vectors[2:, np.flatnonzero(labels == 1)[:5]]
    places = umap_frames(vectors)
    moved = jumps(places)
    assert moved[1, turncoats].min() > 10 * np.median(moved)
    centres = [places[3, labels == c].mean(axis=0) for c in (0, 1)]
    to_old, to_new = (np.linalg.norm(places[3, turncoats] - centre, axis=1) for centre in centres)
    assert (to_new < to_old).all()


@pytest.mark.parametrize("kind", KINDS)
def test_layout_of_a_run(tmp_path, kind):
    run, seen = write_run(tmp_path / "run"), []
    (run.path / "snapshots" / "0001.npz").rename(run.path / "snapshots" / "0007.npz")
    epochs, placed = make_layout(run, kind, lambda done, total: seen.append((done, total)))
    assert epochs.tolist() == [0, 2, 7]
    assert placed.shape == (3, 2, 30, 2)
    assert placed.dtype == np.float32
    assert np.isfinite(placed).all()
    assert seen == sorted(seen)
    assert seen[-1] == (6, 6)
    for number in range(2):
        assert np.median(jumps(placed[:, number])) < 0.7 * np.median(jumps(placed[:, number] * [[[1]], [[-1]], [[1]]]))
    np.testing.assert_array_equal(make_layout(run, kind)[1], placed)


def test_umap_fills_the_square():
    placed = lay_out(drifting()[0][:, None], "umap")
    assert np.abs(placed).max() == 1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "shape", [(1, 1, 1, 8), (2, 1, 2, 8), (3, 2, 3, 2), (2, 1, 10, 2), (2, 1, 20, 1), (1, 1, 40, 8)]
)
def test_few_points_dimensions_and_epochs(kind, shape):
    slices = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    placed = lay_out(slices, kind)
    assert placed.shape == (*shape[:3], 2)
    assert np.isfinite(placed).all()
    np.testing.assert_array_equal(lay_out(slices, kind), placed)


@pytest.mark.filterwarnings("error")
def test_a_collapsed_slice_is_one_point():
    slices = np.repeat(drifting()[0][:, None], 3, axis=1)
    slices[:, 1] = slices[:, 1].mean(axis=1, keepdims=True)  # in every epoch
    slices[2, 2] = slices[2, 2, :1]  # in one
    for kind in KINDS:
        placed = lay_out(slices, kind)
        assert np.abs(placed[:, 1]).max() < 1e-5
        assert np.isfinite(placed).all()
    assert np.abs(lay_out(slices)[2, 2]).max() < 1e-5


def test_pca_keeps_the_scale_of_a_collapsed_slice(tmp_path):
    run = write_run(tmp_path / "run", epochs=1)
    slices = run.snapshot(0).slices.copy()
    slices[1] = slices[1].mean(0) + 0.01 * (slices[1] - slices[1].mean(0))
    RunWriter(run.path).snapshot(Snapshot(0, slices, np.zeros(30), np.ones(30)))
    _, placed = make_layout(run)
    assert np.abs(placed[0, 1]).max() < 0.05 * np.abs(placed[0, 0]).max()


def turns(shape, seed=0):
    """Random rotations, every other one mirrored as well, (*shape, 2, 2)."""
    angle = np.random.default_rng(seed).uniform(0, 2 * np.pi, shape)
    turn = np.stack([np.cos(angle), np.sin(angle), -np.sin(angle), np.cos(angle)], axis=-1).reshape(*shape, 2, 2)
    turn[..., ::2, :, 1] *= -1
    return turn


def test_copies_of_one_cloud_lie_upon_one_another():
    cloud = np.random.default_rng(1).normal(size=(40, 2)) * [3, 1]
    placed = in_one_frame(cloud @ turns((3, 5)) + 7)
    np.testing.assert_allclose(placed, np.broadcast_to(placed[0, 0], placed.shape), atol=1e-9)
    np.testing.assert_allclose(placed[0, 0].std(axis=0), cloud.std(axis=0), rtol=0.1)  # along its main direction
    np.testing.assert_allclose(residuals(placed), 0, atol=1e-9)
    np.testing.assert_allclose(in_one_frame(placed), placed, atol=1e-9)
    np.testing.assert_allclose(in_one_frame(cloud @ turns((3, 5), seed=2)), placed, atol=1e-9)  # a frame of the points


@pytest.mark.parametrize("scale", [1, 0.3, 0])
def test_the_residual_of_an_unrelated_cloud_is_that_of_its_best_turn(scale):
    one, other = np.random.default_rng(3).normal(size=(2, 30, 2))
    one, other = one - one.mean(0), scale * (other - other.mean(0))
    tried = [
        other @ [[np.cos(a), np.sin(a)], [-side * np.sin(a), side * np.cos(a)]]
        for a in np.linspace(0, 2 * np.pi, 2001)
        for side in (1, -1)
    ]
    least = min(np.square(one - there).sum(1).mean() for there in tried)
    radius = (np.square(one).sum(1).mean() + np.square(other).sum(1).mean()) / 2
    placed = in_one_frame(np.stack([one, other])[None])
    assert residuals(placed)[0] == pytest.approx([0, np.sqrt(least / radius)], abs=1e-4)
    assert residuals(placed)[0, 1] > 0.9
    np.testing.assert_allclose(np.square(placed[0, 1]).sum(), np.square(other).sum())  # its size is kept


def test_no_epoch_depends_on_a_later_one():
    slices = np.stack([drifting(epochs=6, seed=seed)[0] for seed in (1, 1, 2)], axis=1)
    whole = lay_out(slices)
    for count in (1, 2, 5):
        np.testing.assert_array_equal(lay_out(slices[:count]), whole[:count])
    first = in_one_frame(pca_pictures(slices[:3]))
    np.testing.assert_allclose(in_one_frame(pca_pictures(slices[3:]), first[-1]), whole[3:], atol=1e-6)


def test_points_of_the_sample_run_glide_nearly_as_if_each_slice_had_a_frame_of_its_own():
    _, placed = make_layout(Run(Path(__file__).parents[1] / "data" / "sample_run"))
    alone = np.stack([in_one_frame(placed[:, [i]])[:, 0] for i in range(placed.shape[1])], axis=1)
    together, least = (
        np.mean([np.sqrt((jumps(one[:, i]) ** 2).mean(axis=1)) for i in range(one.shape[1])]) for one in (placed, alone)
    )
    assert together < 1.12 * least
    assert residuals(placed).mean() < 0.6 * residuals(alone).mean()


def test_both_kinds_show_a_face_at_the_same_side():
    vectors = drifting(epochs=3, points=60)[0]
    other = vectors @ np.linalg.qr(np.random.default_rng(4).normal(size=(8, 8)))[0].astype(np.float32)
    pca, umap = (lay_out(np.stack([vectors, other], axis=1), kind) for kind in KINDS)
    assert residuals(pca).max() < 1e-3  # a turned embedding is the same embedding
    assert residuals(umap).max() < 0.5
    assert np.corrcoef(pca.ravel(), umap.ravel())[0, 1] > 0.7


def test_a_layout_of_an_older_version_is_turned_when_it_is_read(tmp_path):
    run = write_run(tmp_path / "run")
    epochs, placed = make_layout(run)
    own = placed @ turns(placed.shape[:2])
    np.savez(run.path / "layout.npz", epochs=epochs, pca=own.astype(np.float16), umap=2 * own[..., ::-1])
    np.testing.assert_allclose(run.layout()[1], placed, atol=3e-3)
    np.testing.assert_allclose(run.residuals(), residuals(placed), atol=3e-3)
    np.testing.assert_allclose(run.layout("umap")[1], 2 * placed, atol=6e-3)  # in the frame of PCA
    RunWriter(run.path).layout("umap", epochs, placed)
    assert Run(run.path).layouts == ("pca", "umap")
    np.testing.assert_allclose(run.layout()[1], placed, atol=3e-3)
    np.testing.assert_allclose(run.layout("umap")[1], placed, atol=3e-3)


@pytest.mark.parametrize(
    "pca", [np.zeros((2, 2, 5)), np.zeros((3, 2, 5, 2)), np.full((2, 2, 5, 2), np.nan), ["a"], np.zeros((2, 0, 5, 2))]
)
def test_a_broken_layout_is_named(tmp_path, pca):
    run = write_run(tmp_path / "run")
    np.savez(run.path / "layout.npz", epochs=[0, 1], pca=pca)
    with pytest.raises(RunError, match=r"layout\.npz: pca: "):
        run.layout()


def test_what_cannot_be_laid_out_is_named(tmp_path):
    run = write_run(tmp_path / "run")
    slices = run.snapshot(1).slices.copy()
    slices[1, 3, 2] = np.nan
    RunWriter(run.path).snapshot(Snapshot(1, slices, np.zeros(30), np.ones(30)))
    with pytest.raises(RunError, match=r"snapshots.0001\.npz: slices: expected finite numbers"):
        make_layout(run)
    RunWriter(run.path).snapshot(Snapshot(1, slices[:, :20], np.zeros(20), np.ones(20)))
    with pytest.raises(RunError, match=r"0001\.npz: slices: \(2, 20, 8\), but the run's other files have \(2, 30, 8\)"):
        make_layout(run)
    with pytest.raises(ValueError, match="kind: 'tsne' given, expected one of pca, umap"):
        lay_out(slices[None], "tsne")
    for file in (run.path / "snapshots").iterdir():
        file.unlink()
    with pytest.raises(RunError, match="no snapshot yet"):
        make_layout(run)
