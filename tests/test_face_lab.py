"""The face lab: settings as whole numbers, strips, and where a new face lies among those that a run follows."""

import base64
import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fake_run import write_fake_run
from fake_weights import write_fake_weights
from PIL import Image

from muldml_lite import faces, widgets
from muldml_lite.analysis.embedding_of import Embedder, fit_picture, nearest, pca_picture, weights_epoch
from muldml_lite.faces.anatomy import REGIONS, UNIT_FACTS
from muldml_lite.faces.lab import DIALS, LAB_EXPRESSIONS, LabFace, draw_faces
from muldml_lite.runs import NEWEST_WEIGHTS, Run, RunError, RunWriter
from muldml_lite.widgets.faces import SOURCE, answer, lab_payload, read_surroundings, variants

SAMPLE = Path(__file__).parents[1] / "data" / "sample_run"
SMILE = LabFace(17, {"AU6": 90, "AU12": 100})
TURNED = LabFace(3, {"AU14L": 70}, "wild", 5, {"yaw": -12, "light_strength": 40})


@pytest.fixture
def path(tmp_path):
    return write_fake_run(tmp_path / "fake")


def picture_of(url):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB"))


def unpack(text, kind, *shape):
    return np.frombuffer(base64.b64decode(text), kind).reshape(shape)


def test_a_face_is_drawn_as_the_drawing_functions_do_it():
    person = faces.sample_identity(faces.person_stream(17, 0, crowd=faces.Crowd.LAB), "posed")
    units = np.zeros(len(faces.ACTION_UNITS), np.float32)
    units[faces.ACTION_UNITS.index("AU6")], units[faces.ACTION_UNITS.index("AU12")] = 0.9, 1
    assert np.array_equal(SMILE.draw(64), faces.draw_face(person, units, faces.FRONTAL, 64))


def test_a_wild_shot_is_the_sampled_one_with_the_dials_on_top():
    shot = faces.sample_nuisance(np.random.default_rng(5), "wild")
    taken = TURNED.nuisance
    assert (taken.yaw, taken.light_strength) == (-12, pytest.approx(0.4))
    assert (taken.background, taken.occluder, taken.noise) == (shot.background, shot.occluder, shot.noise)
    assert taken.pitch == round(shot.pitch)
    assert taken.gaze_x == pytest.approx(shot.gaze_x, abs=0.006)


@pytest.mark.parametrize(
    ("face", "link"),
    [
        (LabFace(), {"person": "0"}),
        (SMILE, {"person": "17", "au": "6-90.12-100"}),
        (TURNED, {"person": "3", "au": "14L-70", "shot": "wild-5.yaw-12.light_strength40"}),
        (LabFace(1, camera={"roll": 8}), {"person": "1", "shot": "roll8"}),
    ],
)
def test_a_link_carries_the_whole_face(face, link):
    assert face.to_link() == link
    assert LabFace.from_link(link) == face
    assert LabFace.from_values(face.to_values()) == face


def test_what_changes_nothing_is_not_written():
    assert LabFace(1, {"AU1": 0}, "studio", 99, {"yaw": 0}) == LabFace(1)


@pytest.mark.parametrize(
    "link",
    [
        {"person": "-1"},
        {"person": "1e3"},
        {"person": "1000000"},
        {"person": "١"},
        {"au": "6-101"},
        {"au": "6"},
        {"au": "99-10"},
        {"au": ".".join(["1-1"] * 20)},
        {"shot": "wild"},
        {"shot": "wild-5.yaw200"},
        {"shot": "noise3"},
        {"shot": "../../etc"},
    ],
)
def test_a_link_that_is_no_face_is_one_clear_line(link):
    with pytest.raises(ValueError, match="expected") as caught:
        LabFace.from_link(link)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        None,
        "x",
        {"person": 1.5},
        {"person": True},
        {"units": {"AU1": "100"}},
        {"units": {"AU99": 1}},
        {"units": [1]},
        {"camera": {"yaw": float("nan")}},
        {"shot": ["wild"]},
        {"surprise": 1},
    ],
)
def test_values_from_a_browser_are_checked(values):
    with pytest.raises(ValueError, match="expected"):
        LabFace.from_values(values)


def test_a_sweep_goes_from_end_to_end_and_changes_nothing_else():
    strip = TURNED.sweep("AU12")
    assert [face.units.get("AU12", 0) for face in strip] == list(range(0, 101, 5))
    assert {face.camera["yaw"] for face in strip} == {-12}
    for name, dial in DIALS.items():
        values = [face.dials[name] for face in SMILE.sweep(name)]
        assert (values[0], values[-1]) == (dial.low, dial.high)
        assert set(np.diff(values)) == {dial.step}


def test_a_morph_ends_at_the_prototypes():
    strip = LabFace(4, {"AU2": 30}).morph("sadness", "contempt", 5)
    assert strip[0].action_units == pytest.approx(faces.prototype("sadness"))
    assert strip[-1].action_units == pytest.approx(faces.prototype("contempt"))
    middle = (faces.prototype("sadness") + faces.prototype("contempt")) / 2
    assert strip[2].action_units == pytest.approx(middle, abs=0.0051)
    with pytest.raises(ValueError, match="joy"):
        variants(SMILE, "morph:joy:fear")
    with pytest.raises(ValueError, match="AU99"):
        variants(SMILE, "AU99")


def test_every_action_unit_is_explained():
    assert set(UNIT_FACTS) == set(faces.ACTION_UNITS)
    assert {facts.region for facts in UNIT_FACTS.values()} == set(REGIONS)
    assert all(all(facts) for facts in UNIT_FACTS.values())


def test_a_linear_picture_is_found_again_and_takes_new_points():
    from sklearn.decomposition import PCA

    rng = np.random.default_rng(0)
    known, new = rng.normal(size=(40, 6)) * [5, 3, 1, 1, 1, 1], rng.normal(size=(7, 6))
    pca = PCA(2).fit(known)
    turn = np.array([[0, 1], [-1, 0]])  # as a layout turns its frames
    found = fit_picture(known, pca.transform(known) @ turn)
    assert found.place(known) == pytest.approx(found.points)
    assert found.place(new) == pytest.approx(pca.transform(new) @ turn)


def test_main_directions_agree_with_scikit_learn():
    from sklearn.decomposition import PCA

    vectors = np.random.default_rng(1).normal(size=(30, 50)).astype(np.float32) * np.linspace(
        9, 1, 50, dtype=np.float32
    )
    ours, theirs = pca_picture(vectors), PCA(2, svd_solver="full").fit_transform(vectors.astype(np.float64))
    assert np.abs(ours.points) == pytest.approx(np.abs(theirs), abs=1e-3)
    assert ours.place(vectors[:3]) == pytest.approx(ours.points[:3])
    assert not pca_picture(vectors[:2]).points.any()


def test_nearest_of_hand_placed_points():
    vectors = np.array([[0, 0], [3, 0], [0, 4], [10, 0]], float)
    near, apart = nearest(vectors, np.array([[0, 0], [9, 0]], float), 3)
    assert near.tolist() == [[0, 1, 2], [3, 1, 0]]
    assert apart.tolist() == [[0, 3, 4], [1, 6, 9]]


def test_a_followed_face_is_its_own_nearest_and_lies_on_its_own_point(path):
    write_fake_weights(path)
    run = Run(path)
    around = read_surroundings(run)
    assert (around.epoch, around.problem) == (3, "")
    which = [3, 41]
    from muldml_lite.analysis.embedding_of import Embedded

    known = Embedded(run.snapshot().slices[:, which], np.full((2, 7), 1 / 7, np.float32))
    near, apart, places = around.find(run.probe.thumbnails[which], known)
    assert near.shape == (2, 5, 5)  # raw pixels and four slices
    assert (near[:, :, 0] == np.array(which)[:, None]).all()
    assert apart[:, :, 0] == pytest.approx(np.zeros((2, 5)), abs=1e-6)
    payload = lab_payload(around)["around"]
    points = unpack(payload["points"], np.int16, 5, 60, 2) / 32_000
    assert places == pytest.approx(points[:, which].transpose(1, 0, 2), abs=2e-3)
    assert np.abs(points).max() <= 1
    assert payload["spaces"][:2] == ["raw pixels", "τ = 0.10"]


def test_the_sample_run_sees_its_own_faces_where_it_saw_them_in_training():
    """Through pixels, network, slices and picture: the points of the layout come out again."""
    around = read_surroundings(Run(SAMPLE))
    embedder = Embedder(around.run)
    images = around.probe.thumbnails[:12]
    embedded = embedder.embed(images)
    near, apart, places = around.find(images, embedded)
    assert np.linalg.norm(embedded.slices, axis=2) == pytest.approx(np.ones((8, 12)), abs=1e-5)
    assert apart[:, 1:, 0].max() < 0.05  # training looked in bfloat16
    assert (near[:, 0, 0] == np.arange(12)).all()
    points = np.stack([around.placed(row, space.picture.points[:12]) for row, space in enumerate(around.spaces)], 1)
    assert np.abs(places - points).max() < 0.03
    assert (embedded.probabilities.argmax(1) == Run(SAMPLE).snapshot().predictions[:12]).mean() > 0.9


def test_embedding_agrees_with_the_network_by_hand(path):
    import torch

    network = write_fake_weights(path)
    images = draw_faces([SMILE, TURNED], 48)
    embedded = Embedder(Run(path)).embed(images)
    with torch.no_grad():
        vectors, logits = network(torch.tensor(images.transpose(0, 3, 1, 2) / 255, dtype=torch.float32))
    vectors = vectors.numpy().reshape(2, 4, 8)  # four slices of eight
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    assert embedded.slices == pytest.approx(vectors.transpose(1, 0, 2), abs=1e-4)
    odds = np.exp(logits.numpy().astype(float))
    assert embedded.probabilities == pytest.approx(odds / odds.sum(1, keepdims=True), abs=1e-4)
    with pytest.raises(ValueError, match=r"\(T, 48, 48, 3\)"):
        Embedder(Run(path)).embed(images[:, :40])


@pytest.mark.parametrize("size", [32, 45, 48])
def test_the_small_network_without_torch_is_the_one_that_was_trained(path, size):
    import torch
    from safetensors.torch import save_file

    from muldml_lite.analysis.small_network import SmallNetwork

    network = write_fake_weights(path)
    random = torch.Generator().manual_seed(size)
    with torch.no_grad():  # as after training: nothing is 0 or 1 any more
        for value in network.state_dict().values():
            if value.ndim == 1:
                value.copy_(torch.rand(value.shape, generator=random) + 0.5)
    save_file({f"model.{k}": v.contiguous() for k, v in network.state_dict().items()}, path / NEWEST_WEIGHTS)
    images = np.random.default_rng(size).integers(0, 256, (3, size, size, 3)).astype(np.uint8)
    with torch.no_grad():
        embedding, logits = network(torch.tensor(images.transpose(0, 3, 1, 2) / 255, dtype=torch.float32))
    ours = SmallNetwork(Run(path), 32, 7)(images)
    scale = embedding.abs().max().item()
    assert ours[0] == pytest.approx(embedding.numpy(), abs=1e-5 * scale)
    assert ours[1] == pytest.approx(logits.numpy(), abs=1e-5 * scale)
    with pytest.raises(RunError, match=r"embedding.weight: shape \(32, 1152\), expected \(16, 1152\)"):
        SmallNetwork(Run(path), 16, 7)


def test_a_face_is_embedded_without_torch():
    code = (
        "import sys\nimport numpy as np\nfrom muldml_lite.analysis.embedding_of import Embedder\n"
        "from muldml_lite.runs import Run\n"
        f"print(Embedder(Run({str(SAMPLE)!r})).embed(np.zeros((1, 48, 48, 3), np.uint8)).slices.shape)\n"
        "assert not {'torch', 'torchvision'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "(8, 1, 8)\n"), done.stderr


def test_a_collapsed_slice_looks_collapsed_beside_the_others(path):
    epochs, points = Run(path).layout("pca")
    points = points * np.array([1, 0.02, 3, 1])[:, None, None]
    RunWriter(path).layout("pca", epochs, points)
    shown = unpack(lab_payload(read_surroundings(Run(path)))["around"]["points"], np.int16, 5, 60, 2)
    widths = np.ptp(shown.astype(int), axis=1).max(axis=1) / 64_000  # of the square
    assert widths[[0, 3]] == pytest.approx([1, 1], abs=0.01)
    assert widths[2] < 0.02
    assert widths[1] == pytest.approx(1 / 3, abs=0.1)


def test_what_is_missing_is_said(path):
    run = Run(path)
    assert weights_epoch(run) is None
    assert "no weights" in read_surroundings(run).problem
    write_fake_weights(path, epoch=9)
    assert "epoch 9" in read_surroundings(run).problem
    assert read_surroundings(run).epoch == 3
    (path / NEWEST_WEIGHTS).write_bytes(b"not tensors at all")
    with pytest.raises(RunError, match="not a readable safetensors file"):
        read_surroundings(run)
    (path / "layout.npz").unlink()
    around = read_surroundings(run)
    assert (len(around.spaces), around.epoch) == (1, -1)
    assert "no layout" in around.problem
    assert len(answer(SMILE, "", around)["places"]["near"]) > 0


def test_an_answer_holds_the_face_and_its_strip(path):
    around = read_surroundings(Run(path))
    told = answer(SMILE, "AU1", around)
    assert np.array_equal(picture_of(told["file"]), SMILE.draw(256))
    strip = picture_of(told["strip"]["url"]).reshape(21, 256, 256, 3).astype(int)
    assert told["strip"]["steps"] == list(range(0, 101, 5))
    for step in (0, 7, 20):
        exact = LabFace(17, {"AU6": 90, "AU12": 100, "AU1": 5 * step}).draw(256)
        others = [np.abs(piece - exact).mean() for piece in strip]
        assert int(np.argmin(others)) == step
        assert others[step] < 3  # JPEG
    rows = draw_faces([SMILE, *SMILE.sweep("AU1")], 24)  # the face itself first, then the strip
    grey = rows.astype(float) @ [0.299, 0.587, 0.114] / 255
    known = around.probe.thumbnails.astype(float) @ [0.299, 0.587, 0.114] / 255
    apart = np.sqrt(((grey[:, None] - known) ** 2).sum((2, 3)))  # (22, 60)
    assert unpack(told["places"]["apart"], np.float32, 22, 5) == pytest.approx(np.sort(apart)[:, :5], abs=1e-3)
    assert np.abs(apart[0] - apart[-1]).max() > 0.01
    again = answer(SMILE, "AU1", held=told["key"])
    assert again["strip"]["url"] is None
    assert again["key"] == told["key"] != answer(SMILE, "AU2")["key"]


def test_the_truth_is_resting_tone_plus_gain_times_unit():
    person = faces.sample_identity(faces.person_stream(17, 0, crowd=faces.Crowd.LAB), "posed")
    rows = {row["name"]: row for row in answer(SMILE)["truth"]["units"]}
    place = faces.ACTION_UNITS.index("AU6")
    assert rows["AU6"]["shown"] == pytest.approx(min(1, person.resting[place] + person.gain[place] * 0.9))
    assert {"AU6", "AU12"} <= set(rows)
    assert set(rows) - {"AU6", "AU12"} == {
        name
        for name, tone in zip(faces.ACTION_UNITS, person.resting, strict=True)
        if tone > 0.005 and name not in ("AU6", "AU12")
    }


def test_the_payload_knows_all_controls():
    data = lab_payload(None)
    assert [unit["name"] for unit in data["units"]] == list(faces.ACTION_UNITS)
    assert {unit["region"] for unit in data["units"]} | {dial["region"] for dial in data["dials"]} == set(
        data["regions"]
    )
    prototypes = {item["name"]: item["units"] for item in data["expressions"]}
    assert tuple(prototypes) == LAB_EXPRESSIONS
    assert prototypes["contempt"] == {"AU12L": 70, "AU14L": 100}
    assert data["around"] is None


def test_module_asks_nobody_for_anything():
    text = SOURCE.module + SOURCE.style
    assert not re.search(r"https?://|\bimport\b\s*[({'\"]|fetch\(|@import|XMLHttpRequest", text)
    assert text.count("export default") == 1


def test_notebook_lab_answers_the_browser(path):
    write_fake_weights(path)
    lab = widgets.FaceLab(path, face=SMILE)
    assert lab.pick["face"]["units"] == {"AU6": 90, "AU12": 100}
    lab.ask = {"serial": 5, "face": {"person": 8, "units": {"AU4": 100}}, "vary": "AU4"}
    assert lab.face == LabFace(8, {"AU4": 100})
    assert (lab.pick["serial"], lab.pick["problem"], lab.pick["places"]["rows"]) == (5, "", 5)
    assert unpack(lab.pick["places"]["said"], np.float32, 22, 7).sum(1) == pytest.approx(np.ones(22))
    lab.ask = {"serial": 6, "face": {"person": -8}, "vary": ""}
    assert lab.face == LabFace(8, {"AU4": 100})
    assert "person" in lab.pick["problem"]


def test_notebook_lab_without_a_run():
    lab = widgets.FaceLab()
    assert lab.data["around"] is None
    lab.ask = {"serial": 1, "face": {"person": 2}, "vary": "morph:neutral:fear"}
    assert len(lab.pick["strip"]["steps"]) == lab.data["frames"]
