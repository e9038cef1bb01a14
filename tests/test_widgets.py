"""The slices view: what it is given, and that one module serves both hosts."""

import base64
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from fake_run import write_fake_run

from muldml_lite import analysis, widgets
from muldml_lite.runs import Run, RunError, residuals
from muldml_lite.widgets.packed import pack
from muldml_lite.widgets.source import FEEDER

NODE = shutil.which("node")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return Run(write_fake_run(tmp_path_factory.mktemp("runs") / "fake", umap=True))


def as_json(data):
    """Bytes as base64 text, which the view reads as well."""
    return json.dumps(data, default=lambda value: base64.b64encode(value).decode())


def test_payload_holds_the_run(run):
    data = widgets.slices_payload(run)
    assert data["epochs"] == [0, 1, 2, 3]
    assert data["thresholds"] == pytest.approx([0.1, 0.1 + 0.7 / 3, 0.1 + 1.4 / 3, 0.8])
    vectors = np.frombuffer(data["vectors"], np.float16).reshape(4, 4, 60, data["dim"])
    assert np.array_equal(vectors[-1].astype(np.float32), run.snapshot().slices)
    assert np.array_equal(np.frombuffer(data["predictions"], np.uint8).reshape(4, 60)[2], run.snapshot(2).predictions)
    assert set(data["layouts"]) == {"pca", "umap"}
    assert all(len(np.frombuffer(packed, np.int16)) == 4 * 4 * 60 * 2 for packed in data["layouts"].values())
    for kind, told in data["residuals"].items():
        np.testing.assert_allclose(told, residuals(run.layout(kind)[1]), atol=2e-3)


def test_payload_says_who_and_how_sure(run):
    data, probe = widgets.slices_payload(run), run.probe
    assert data["subjects"] == probe.subjects.tolist()
    sure = np.frombuffer(data["confidence"], np.uint8).reshape(4, 60) / 255
    assert sure[1] == pytest.approx(run.snapshot(1).confidence, abs=0.003)


def test_payload_is_small_and_thinned(tmp_path):
    run = Run(write_fake_run(tmp_path / "long", epochs=40))
    data = widgets.slices_payload(run, most_epochs=10)
    assert len(data["epochs"]) == 10
    assert data["epochs"][0] == 0
    assert data["epochs"][-1] == 40
    assert data["epochs_trained"] == 41
    assert len(pack(data)) < 400_000


def test_a_budget_thins_layouts_and_embeddings_and_keeps_the_ends(tmp_path):
    run = Run(write_fake_run(tmp_path / "long", epochs=11, umap=True))
    a_layout, a_snapshot = 2 * 4 * 60 * 2 * 2, 4 * 60 * 8 * 2  # bytes: both kinds, x and y; float16
    data = widgets.slices_payload(run, most_bytes=6 * a_layout)
    assert data["epochs"] == [0, 2, 4, 7, 9, 11]
    assert sum(map(len, data["layouts"].values())) == 6 * a_layout
    assert data["vector_frames"] == [0, 2, 5]
    assert len(data["vectors"]) == 3 * a_snapshot <= 6 * a_layout
    assert data["epochs"][data["vector_frames"][-1]] == 11
    kept = np.frombuffer(data["vectors"], np.float16).reshape(3, 4, 60, 8)
    assert np.array_equal(kept[1].astype(np.float32), run.snapshot(4).slices)
    least = widgets.slices_payload(run, most_bytes=1)
    assert least["epochs"] == [0, 11]
    assert least["vector_frames"] == [1]


def test_sixteen_slices_of_two_thousand_faces_are_bounded(tmp_path):
    run = Run(write_fake_run(tmp_path / "large", slices=16, images=2000, epochs=2, umap=True))
    data = widgets.slices_payload(run, most_bytes=600_000)
    assert len(data["epochs"]) == 2
    assert len(data["vector_frames"]) == 1
    assert data["sprite"]["columns"] * data["sprite"]["side"] <= 4096  # what every browser can show
    assert len(pack(data)) < 3_000_000


def test_token_changes_with_the_run(run, tmp_path):
    other = Run(write_fake_run(tmp_path / "fake", slices=2))
    assert widgets.slices_payload(run)["token"] == widgets.slices_payload(run)["token"]
    assert widgets.slices_payload(run)["token"] != widgets.slices_payload(other)["token"]


def test_layouts_fill_the_square_and_keep_proportions():
    points = np.random.default_rng(0).normal(size=(3, 2, 50, 2)) * np.array([1, 0.1])[:, None, None] + 5
    together = widgets.slices.fit_square(points, together=True).astype(int)
    assert np.abs(together).max() == 32_000
    assert np.ptp(together[:, 1]) < 0.3 * np.ptp(together[:, 0])
    apart = widgets.slices.fit_square(points, together=False).astype(int)
    assert np.abs(apart).max(axis=(0, 2, 3)).tolist() == [32_000, 32_000]
    assert not widgets.slices.fit_square(np.zeros((1, 1, 4, 2)), together=True).any()


def test_slices_share_one_middle():
    cross = np.array([[-1, 0], [1, 0], [0, -1], [0, 1]], float)
    apart = np.array([[[0, 0]], [[2, 0]]])  # of two slices
    square = widgets.slices.fit_square((cross + apart)[None], together=True)[0] / 32_000
    np.testing.assert_allclose(square, (cross + apart - apart[1] / 2) / 2, atol=1e-4)


def test_missing_layout_and_torn_layout_say_so(tmp_path):
    path = write_fake_run(tmp_path / "fake")
    (path / "layout.npz").write_bytes((path / "layout.npz").read_bytes()[:100])
    with pytest.raises(RunError, match=r"layout\.npz"):
        widgets.slices_payload(Run(path))
    (path / "layout.npz").unlink()
    with pytest.raises(RunError, match="no layout yet"):
        widgets.slices_payload(Run(path))


def test_sprites_are_scaled_down_and_in_order():
    faces = np.zeros((5, 128, 128, 3), np.uint8)
    sheet = widgets.slices.sprite_sheet(faces)
    assert (sheet["side"], sheet["columns"], sheet["rows"]) == (64, 3, 2)
    assert sheet["url"].startswith("data:image/webp;base64,")


def test_module_asks_nobody_for_anything():
    for source in (widgets.slices.SOURCE, FEEDER):
        text = source.module + source.style
        assert not re.search(r"https?://|\bimport\b\s*[({'\"]|fetch\(|@import|XMLHttpRequest", text)
        assert text.count("export default") == 1


SHAPE = """
const host = (await import(process.argv[2])).default;
const shape = host();  // as anywidget calls it
if (typeof host !== "function" || Object.keys(shape).join() !== "render" || typeof shape.render !== "function")
  throw new Error("not the shape that both hosts want");
"""


@pytest.mark.skipif(NODE is None, reason="no node here; the browser test loads the module for real")
def test_one_module_has_the_shape_of_both_hosts(tmp_path):
    (tmp_path / "view.mjs").write_text(widgets.slices.SOURCE.module, encoding="utf-8")
    (tmp_path / "shape.mjs").write_text(SHAPE, encoding="utf-8")
    subprocess.run([NODE, tmp_path / "shape.mjs", tmp_path / "view.mjs"], check=True)


ORACLE = """
import fs from "node:fs";
const data = JSON.parse(fs.readFileSync(process.argv[2]));
const view = Object.create(SlicesView.prototype);
Object.assign(view, { data, count: data.labels.length, frame: data.epochs.length - 1 });
view.vectors = shortsOf(data.vectors, Uint16Array);
const found = data.thresholds.map((_, s) => [3, 17, 59].map((i) => neighboursOf(view, s, i)));
process.stdout.write(JSON.stringify(found));
"""


@pytest.mark.skipif(NODE is None, reason="no node here; the browser test compares one face's neighbours")
def test_neighbours_agree_with_python(run, tmp_path):
    data = widgets.slices_payload(run)
    (tmp_path / "data.json").write_text(as_json(data), encoding="utf-8")
    text = widgets.slices.SOURCE.module
    (tmp_path / "oracle.mjs").write_text(text + ORACLE, encoding="utf-8")
    command = [NODE, tmp_path / "oracle.mjs", tmp_path / "data.json"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    for s in range(4):
        for place, i in enumerate((3, 17, 59)):
            near, apart = analysis.neighbours(run.snapshot(), i, data["k"], slice=s)
            assert [item["index"] for item in found[s][place]] == near.tolist()
            assert [item["distance"] for item in found[s][place]] == pytest.approx(apart.tolist(), abs=1e-5)


def test_notebook_view(run):
    view = widgets.SlicesView(run, picked=4)
    assert view.pick == {"serial": 0, "index": 4}
    assert view.epoch == 3
    assert "meetHosts" in view._esm
