"""The threshold view: its tables against plain loops and the losses, its JavaScript against NumPy and SciPy."""

import base64
import itertools
import re

import numpy as np
import pytest
import torch
from app_server import ROOT, browser
from fake_run import write_fake_run
from scipy.spatial.distance import pdist
from scipy.stats import ks_2samp

from muldml_lite import analysis, losses, mining, widgets
from muldml_lite.runs import Run, RunError
from muldml_lite.widgets.thresholds import SOURCE, payload, thresholds_payload

SAMPLE = ROOT / "data" / "sample_run"
TAUS = [0.05, 0.1, 0.3, 0.55, 0.8, 1.4]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return Run(write_fake_run(tmp_path_factory.mktemp("runs") / "fake"))


def some_faces(seed, count=60, dim=6, classes=5):
    """Unit vectors that cluster by class, as float16 like a snapshot; class sizes differ, one class has one face."""
    rng = np.random.default_rng(seed)
    labels = np.append(rng.integers(0, classes - 1, count - 1), classes - 1)
    vectors = rng.normal(size=(classes, dim))[labels] + rng.normal(size=(count, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16), labels


# --- tables -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("squared", [False, True])
def test_class_pairs_agree_with_plain_loops(squared):
    vectors, labels = some_faces(1)
    distances = analysis.pairwise(vectors, squared)
    table = analysis.class_pair_means(distances, labels, 6)
    for a, b in itertools.product(range(6), repeat=2):
        pairs = [(i, j) for i in range(60) for j in range(60) if i != j and labels[i] == a and labels[j] == b]
        apart = [np.linalg.norm(vectors[i].astype(float) - vectors[j]) ** (1 + squared) for i, j in pairs]
        assert table[a, b] == pytest.approx(np.mean(apart), rel=1e-9) if pairs else np.isnan(table[a, b])
    within, between = analysis.within_between(distances, labels)
    assert len(within) + len(between) == 60 * 59 / 2
    assert within.mean() < between.mean()


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("miner", ["batch-hard", "semi-hard", "batch-all"])
@pytest.mark.parametrize("loss", ["triplet", "dual"])
def test_active_shares_are_those_of_the_losses(loss, miner, squared):
    """An independent way to the same number: the training's own report."""
    vectors, labels = some_faces(2, count=40)
    distances = analysis.pairwise(vectors, squared)
    margin = analysis.margins(distances, analysis.mine(distances, labels, miner), loss == "dual")
    points = torch.from_numpy(vectors.astype(np.float64))[None]
    for tau in TAUS:
        report = losses.multi_threshold_loss(
            points, torch.from_numpy(labels), [tau], loss=loss, mining=miner, squared=squared, diagnostics=True
        )
        assert analysis.active_share(margin, tau) == pytest.approx(float(report.active_fraction[0]), abs=1e-6)


def test_mined_triplets_are_those_of_the_miners():
    vectors, labels = some_faces(3)
    distances = analysis.pairwise(vectors)
    given = torch.from_numpy(distances)[None], torch.from_numpy(labels)
    for name, miner in (("batch-hard", mining.batch_hard), ("semi-hard", mining.semi_hard)):
        found = miner(*given)
        theirs = {
            tuple(map(int, row))
            for row in zip(*(getattr(found, k)[found.valid] for k in ["anchor", "positive", "negative"]), strict=True)
        }
        assert set(zip(*analysis.mine(distances, labels, name), strict=True)) == theirs
    every = [
        t
        for t in itertools.product(range(60), repeat=3)
        if t[0] != t[1] and labels[t[0]] == labels[t[1]] != labels[t[2]]
    ]
    assert list(zip(*analysis.mine(distances, labels, "batch-all"), strict=True)) == every
    with pytest.raises(ValueError, match="expected batch-hard"):
        analysis.mine(distances, labels, "hard")


def test_triplets_of_the_sample_run_are_the_recorded_ones():
    """judgements.npz was written by the training, from embeddings before they were rounded to float16."""
    run = Run(SAMPLE)
    probe, told = run.probe, run.judgements
    rows = np.flatnonzero(~probe.test)
    for row, epoch in enumerate(told.epochs):
        for s, vectors in enumerate(run.snapshot(int(epoch)).slices[:, rows]):
            distances = analysis.pairwise(vectors)
            mined = analysis.mine(distances, probe.labels[rows], "batch-hard")
            assert np.array_equal(rows[mined.anchor], told.anchor[row, s])
            assert (rows[mined.positive] == told.positive[row, s]).mean() > 0.93
            recorded = told.distances[row, s].astype(float)
            assert analysis.margins(distances, mined) == pytest.approx(recorded[:, 1] - recorded[:, 0], abs=4e-3)


def test_threshold_table_of_the_sample_run_tells_of_its_training():
    run = Run(SAMPLE)
    table = analysis.threshold_table(run)
    trained = run.history[-1]["slices"]
    assert [row["threshold"] for row in table] == [row["threshold"] for row in trained]
    # Other batches than these 154 faces, hence not the same number, but nearly.
    assert [row["active"] for row in table] == pytest.approx([row["active_fraction"] for row in trained], abs=0.04)
    assert all(row["within"] < row["mean"] < row["between"] for row in table)
    unseen = analysis.threshold_table(run, part="unseen")
    assert all(new["within"] > old["within"] for new, old in zip(unseen, table, strict=True))
    with pytest.raises(ValueError, match="training or unseen"):
        analysis.threshold_table(run, part="all")


# --- payload ----------------------------------------------------------------------------------------------------------


def test_payload_holds_the_run(run):
    (one,) = thresholds_payload(run)["runs"]
    assert one["epochs"] == [0, 1, 2, 3]
    assert one["thresholds"] == pytest.approx([0.1, 0.1 + 0.7 / 3, 0.1 + 1.4 / 3, 0.8])
    vectors = np.frombuffer(one["vectors"], np.float16).reshape(4, 4, 60, one["dim"])
    assert np.array_equal(vectors[2].astype(np.float32), run.snapshot(2).slices)
    assert (one["mining"], one["dual"], one["squared"], one["of"]) == ("semi-hard", True, False, 60)
    assert one["trained"][3] == pytest.approx([0.5 + 0.02 * i for i in range(4)])


def test_payload_is_thinned_to_fit_and_keeps_the_last_epoch(tmp_path):
    run = Run(write_fake_run(tmp_path / "long", epochs=40))
    assert thresholds_payload(run, most_epochs=5)["runs"][0]["epochs"] == [0, 10, 20, 30, 40]
    size = 2 * 4 * 60 * 8
    assert thresholds_payload(run, most_bytes=3 * size)["runs"][0]["epochs"] == [0, 20, 40]
    assert thresholds_payload(run, most_bytes=1)["runs"][0]["epochs"] == [40]


def test_many_faces_are_thinned_evenly(tmp_path, monkeypatch):
    run = Run(write_fake_run(tmp_path / "many", images=70, epochs=1))
    monkeypatch.setattr(payload, "MOST_FACES", 35)
    (one,) = thresholds_payload(run)["runs"]
    assert (len(one["labels"]), one["of"]) == (35, 70)
    assert np.bincount(one["labels"]).tolist() == [5] * 7
    vectors = np.frombuffer(one["vectors"], np.float16).reshape(2, 4, 35, one["dim"])
    assert np.array_equal(vectors[-1].astype(np.float32), run.snapshot().slices[:, one["places"]])


def test_other_runs_join_and_share_faces_that_are_the_same(run, tmp_path):
    other = Run(write_fake_run(tmp_path / "single", slices=1, method="triplet"))
    plain = Run(write_fake_run(tmp_path / "plain", slices=1, method="softmax", images=40))
    first, second, third = thresholds_payload(run, [other, plain])["runs"]
    assert first["sprite"] is not None
    assert second["sprite"] is None  # fake runs of one size show the same faces
    assert third["sprite"] is not None
    assert (second["dual"], third["thresholds"]) == (False, [None])
    assert thresholds_payload(run)["token"] != thresholds_payload(run, [other])["token"]
    assert thresholds_payload(run)["token"] == thresholds_payload(run)["token"]


def test_files_that_disagree_say_so(tmp_path):
    path = write_fake_run(tmp_path / "fake")
    write_fake_run(tmp_path / "less", images=40)
    (tmp_path / "less" / "snapshots" / "0001.npz").replace(path / "snapshots" / "0001.npz")
    with pytest.raises(RunError, match=r"0001\.npz: slices: \(4, 40, 8\)"):
        thresholds_payload(Run(path))
    for snapshot in (path / "snapshots").iterdir():
        snapshot.unlink()
    with pytest.raises(RunError, match="no snapshot yet"):
        thresholds_payload(Run(path))


def test_module_asks_nobody_for_anything():
    text = SOURCE.module + SOURCE.style
    assert not re.search(r"https?://|\bimport\b\s*[({'\"]|fetch\(|@import|XMLHttpRequest", text)
    assert text.count("export default") == 1


def test_notebook_view(run):
    view = widgets.ThresholdView(run, tau=0.3, pinned=0.1)
    assert view.pick == {"serial": 0, "tau": 0.3, "pinned": "0.1", "scale": "raw"}
    view.show(epoch=2)
    assert (view.pick["serial"], view.pick["epoch"], view.pick["tau"]) == (1, 2, None)
    with pytest.raises(ValueError, match="raw or shape"):
        widgets.ThresholdView(run, scale="log")


# --- JavaScript -------------------------------------------------------------------------------------------------------

MATHS = """async (text) => {
  const names = ["distancesOf", "summarise", "hingesOf", "activeShares", "marginBins", "exampleTriplets", "ksDistance",
    "sortedBetween", "telling", "unpackHalves", "makeLevels", "nearestLevel", "readPlace", "writePlace", "percent"];
  const module = `${text}\\nglobalThis.maths = { ${names.join()} };`;
  await import(URL.createObjectURL(new Blob([module], { type: "text/javascript" })));
}"""
MEASURE = """({ packed, dim, labels, classes, squared, taus }) => {
  const m = globalThis.maths;
  const rows = labels.map((_, i) => i);
  const matrix = m.distancesOf(m.unpackHalves(packed), dim, dim, rows, squared);  // the first vector is not ours
  const stats = m.summarise(matrix, Uint8Array.from(labels), classes, squared ? 4 : 2);
  const hinges = Object.fromEntries(["batch-hard", "semi-hard", "batch-all"].map((kind) => {
    const found = m.hingesOf(stats, kind);
    return [kind, {
      count: found.count, triplets: [...found.triplets], bins: [...m.marginBins(found, -1, 1, 40)],
      plain: taus.map((tau) => m.activeShares(found, tau, false).all),
      dual: taus.map((tau) => m.activeShares(found, tau, true).all),
      examples: taus.map((tau) => m.exampleTriplets(found, tau).map((k) => (k < 0 ? null : found.margin[k]))),
    }];
  }));
  return {
    matrix: [...matrix], pairs: [...stats.pairs].map((v) => (Number.isNaN(v) ? null : v)), counts: [...stats.counts],
    mean: stats.mean, within: stats.within, between: stats.between, number: stats.number,
    raw: Object.values(stats.raw).map((v) => (v.length ? [...v] : v)),
    shape: Object.values(stats.shape).map((v) => (v.length ? [...v] : v)),
    telling: m.telling(stats, 0, 1), own: m.telling(stats, 0, 0), hinges,
  };
}"""


@pytest.fixture(scope="module")
def page():
    with browser() as program:
        page = program.new_page()
        page.evaluate(MATHS, SOURCE.module)
        yield page


def measure(page, vectors, labels, squared=False):
    padded = np.concatenate([np.full((1, vectors.shape[1]), 9, np.float16), vectors])
    given = {"packed": base64.b64encode(padded.tobytes()).decode(), "dim": vectors.shape[1], "labels": labels.tolist()}
    return page.evaluate(MEASURE, {**given, "classes": 6, "squared": squared, "taus": TAUS})


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_javascript_measures_as_numpy_does(page, seed, squared):
    vectors, labels = some_faces(seed, count=90)
    distances = analysis.pairwise(vectors, squared)
    found = measure(page, vectors, labels, squared)
    assert np.array(found["matrix"]).reshape(90, 90) == pytest.approx(distances, abs=2e-6)
    within, between = analysis.within_between(distances, labels)
    assert found["within"] == pytest.approx(within.mean(), abs=1e-6)
    assert found["between"] == pytest.approx(between.mean(), abs=1e-6)
    assert found["mean"] == pytest.approx(
        pdist(vectors.astype(float), "sqeuclidean" if squared else "euclidean").mean()
    )
    assert found["number"] == {"within": len(within), "between": len(between)}
    pairs = np.array(found["pairs"], float).reshape(6, 6)
    assert pairs == pytest.approx(analysis.class_pair_means(distances, labels, 6), abs=1e-6, nan_ok=True)
    assert sum(found["counts"][k] for k in range(36) if k // 6 <= k % 6) == 90 * 89 / 2
    for (near, far, beyond), unit, top in (
        (found["raw"], 1, 4 if squared else 2),
        (found["shape"], found["mean"], 2.5),
    ):
        edges = np.linspace(0, top, 81)
        for ours, theirs in ((near, within), (far, between)):
            # float32 may put a distance that lies on an edge into the bin beside it
            assert np.abs(np.array(ours) - np.histogram(theirs / unit, edges)[0]).sum() <= 2
        assert beyond == pytest.approx((np.concatenate([within, between]) / unit > top).sum(), abs=1)


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("miner", ["batch-hard", "semi-hard", "batch-all"])
@pytest.mark.parametrize("seed", range(3))
def test_javascript_mines_and_judges_as_numpy_does(page, seed, miner, squared):
    vectors, labels = some_faces(seed + 10)
    distances = analysis.pairwise(vectors, squared).astype(np.float32)
    mined = analysis.mine(distances, labels, miner)
    found = measure(page, vectors, labels, squared)["hinges"][miner]
    assert found["count"] == len(mined.anchor)
    if miner != "batch-all":  # of every triplet only examples are listed
        assert np.array_equal(np.array(found["triplets"]).reshape(-1, 3), np.stack(mined, 1))
    plain, dual = analysis.margins(distances, mined), analysis.margins(distances, mined, dual=True)
    few = 1.5 / len(plain)  # one triplet may lie on τ itself
    assert found["plain"] == pytest.approx([analysis.active_share(plain, tau) for tau in TAUS], abs=few)
    assert found["dual"] == pytest.approx([analysis.active_share(dual, tau) for tau in TAUS], abs=few)
    counts = np.histogram(np.clip(plain, -1, 1 - 1e-6), np.linspace(-1, 1, 41))[0]
    assert np.abs(np.array(found["bins"]) - counts).sum() <= 4


def test_examples_are_what_they_are_called(page):
    vectors, labels = some_faces(5)
    distances = analysis.pairwise(vectors).astype(np.float32)
    margin = np.sort(analysis.margins(distances, analysis.mine(distances, labels, "semi-hard")))
    for tau, (active, just, far) in zip(
        TAUS, measure(page, vectors, labels)["hinges"]["semi-hard"]["examples"], strict=True
    ):
        still, left = margin[margin < tau], margin[margin >= tau]
        assert active == pytest.approx(still[len(still) // 2], abs=1e-5) if len(still) else active is None
        assert just == pytest.approx(left[0], abs=1e-5) if len(left) else just is None
        assert far == pytest.approx(left[-1], abs=1e-5) if len(left) > 1 else far is None


def test_the_faces_behind_a_number_are_the_nearest_a_typical_and_the_farthest(page):
    vectors, labels = some_faces(6)
    distances, found = analysis.pairwise(vectors), measure(page, vectors, labels)
    for told, a, b in ((found["telling"], 0, 1), (found["own"], 0, 0)):
        block = distances[np.ix_(labels == a, labels == b)]
        apart = block[np.triu_indices(len(block), 1)] if a == b else block.ravel()
        middle = apart[np.abs(apart - apart.mean()).argmin()]
        assert [d for *_, d in told] == pytest.approx([apart.min(), middle, apart.max()], abs=1e-5)
        assert all(
            (labels[i], labels[j]) == (a, b) and distances[i, j] == pytest.approx(d, abs=1e-5) for i, j, d in told
        )


def test_kolmogorov_smirnov_distance_is_that_of_scipy(page):
    rng = np.random.default_rng(0)
    for _ in range(20):
        # Few different values: ties within a sample and between both.
        first, second = (np.sort(rng.integers(1, 30, rng.integers(5, 200)) / 16 + rng.uniform(0, 1)) for _ in range(2))
        second[: len(second) // 2] = np.resize(first, len(second) // 2)
        second.sort()
        ours = page.evaluate(
            "([a, b, u, v]) => [maths.ksDistance(a, b), maths.ksDistance(a, b, u, v)]",
            [first.tolist(), second.tolist(), first.mean(), second.mean()],
        )
        scaled = ks_2samp(first / first.mean(), second / second.mean()).statistic
        assert ours == pytest.approx([ks_2samp(first, second).statistic, scaled], abs=1e-12)


@pytest.mark.parametrize(
    "vectors", [np.ones((8, 4)), np.ones((1, 4)), np.eye(4)[[0, 0, 1, 1]]], ids=["collapsed", "one", "apart"]
)
def test_embeddings_without_spread_are_measured_and_compared(page, vectors):
    labels = np.arange(len(vectors)) // 2
    found = measure(page, vectors.astype(np.float16), labels)
    pairs = len(labels) * (len(labels) - 1) // 2
    for near, far, beyond in (found["raw"], found["shape"]):
        assert (sum(near) + sum(far), beyond) == (pairs, 0)
    within, between = analysis.within_between(analysis.pairwise(vectors), labels)
    assert page.evaluate("(b) => maths.ksDistance(b, b)", np.sort(between).tolist()) == 0
    count = found["hinges"]["semi-hard"]["count"]
    assert count == (len(labels) if between.size else 0)
    if count:
        expected = [float(tau > between.min() - within.max()) for tau in TAUS]
        assert found["hinges"]["semi-hard"]["plain"] == expected


def test_the_nearest_threshold(page):
    runs = [{"name": "many", "thresholds": [0.1, 0.3, 0.5]}, {"name": "one", "thresholds": [0.3]}]
    near = "([runs, place]) => { const l = maths.nearestLevel(maths.makeLevels(runs), place); return [l.name, l.tau]; }"
    for place, expected in (
        ({"tau": 0.12}, ["many", 0.1]),
        ({"tau": 0.33}, ["many", 0.3]),
        ({"tau": 0.33, "of": "one"}, ["one", 0.3]),
        ({"tau": 0.45, "of": "one"}, ["many", 0.5]),
        ({"tau": 9}, ["many", 0.5]),
    ):
        assert page.evaluate(near, [runs, place]) == expected
    between = [runs[0], {"name": "one", "thresholds": [0.2]}]  # 0.25 lies in the middle of 0.2 and 0.3
    assert page.evaluate(near, [between, {"tau": 0.25}]) == ["many", 0.3]
    assert page.evaluate(near, [between, {"tau": 0.25, "of": "one"}]) == ["one", 0.2]
    assert page.evaluate("['0.3@one', '.25', '', '0.3@', 'x', null].map(maths.readPlace)") == [
        {"tau": 0.3, "of": "one"}, {"tau": 0.25, "of": None}, None, None, None, None,
    ]  # fmt: skip


def test_shares_never_claim_all_or_nothing_for_nearly(page):
    assert page.evaluate("[1, 0.9999, 0.5, 0.0001, 0, NaN].map(maths.percent)") == [
        "100 %", "> 99 %", "50 %", "< 1 %", "0 %", "–",
    ]  # fmt: skip
