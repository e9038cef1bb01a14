"""The judgement lab: its JavaScript against torch, its pictures against their words, its links, its tables."""

from __future__ import annotations

import base64
import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from app_server import browser
from fake_run import write_fake_run
from lab_cases import STEPS, Case, Course, cases, far_from_edges, follow

from muldml_lite.runs import Run, RunError
from muldml_lite.widgets.judgements import (
    PRESETS,
    Scene,
    SceneError,
    incomplete_rates,
    is_incomplete,
    real_triplets,
    triangle,
)
from muldml_lite.widgets.source import FOLDER

EACH = 250  # of 40 kinds: 10,000 configurations
MATHS = (FOLDER / "judgements" / "maths.js").read_text(encoding="utf-8")
LOAD = """async (text) => { window.maths = await import(URL.createObjectURL(new Blob(
  [text + "\\nexport { Descent, judge, summary };"], { type: "text/javascript" }))); }"""
FOLLOW = """([cases, steps]) => {
  const packed = cases.map(({ classes, points, tau, step, anchor, ...rules }) => {
    const count = tau.length, wide = 2 + 4 * classes.length;
    const out = new Float64Array(count * (steps + 1) * wide);
    for (let i = 0; i < count; i++) {
      const own = { ...rules, tau: tau[i], step: step[i], anchor: anchor[i] };
      const descent = new maths.Descent(points[i].flat(), classes, own);
      descent.upTo(steps).forEach((state, k) => {
        const bad = state.triplets.filter((t) => t.incomplete).length;
        out.set([state.loss, bad, ...state.gradient, ...state.points], (i * (steps + 1) + k) * wide);
      });
    }
    return out;
  });
  const all = new Uint8Array(packed.reduce((sum, part) => sum + part.byteLength, 0));
  let start = 0;
  for (const part of packed) { all.set(new Uint8Array(part.buffer), start); start += part.byteLength; }
  let text = "";
  for (let i = 0; i < all.length; i += 32768) text += String.fromCharCode(...all.subarray(i, i + 32768));
  return btoa(text);
}"""
JUDGE = "([points, classes, rules]) => { const r = maths.judge(Float64Array.from(points), classes, rules);" \
    " return { ...r, gradient: [...r.gradient] }; }"  # fmt: skip


@pytest.fixture(scope="module")
def maths():
    """A page with the view's maths, and nothing else."""
    with browser() as program:
        page = program.new_page()
        page.goto("about:blank")
        page.evaluate(LOAD, MATHS)
        yield page


def clear_cases() -> list[tuple[Case, Course]]:
    """EACH configurations of each kind that never come near a kink, with what torch makes of them."""
    found = []
    for case in cases(EACH + 200):
        course = follow(case)
        keep = np.flatnonzero(course.clear)[:EACH]
        assert len(keep) == EACH
        rows = (part[keep] for part in case[4:])
        found.append((Case(*case[:4], *rows), Course(*(part[keep] for part in course))))
    return found


def test_ten_thousand_configurations_as_torch_has_them(maths):
    """Values, gradients and whole ways, in the plane and on the circle, for both losses and both minings."""
    found = clear_cases()
    assert sum(len(case.tau) for case, _ in found) == 10_000
    given = [{**case._asdict(), **{k: v.tolist() for k, v in case._asdict().items() if isinstance(v, np.ndarray)}}
             for case, _ in found]  # fmt: skip
    numbers = np.frombuffer(base64.b64decode(maths.evaluate(FOLLOW, [given, STEPS])))
    worst, met = np.zeros(3), 0
    for case, course in found:
        size = len(case.classes)
        take = EACH * (STEPS + 1) * (2 + 4 * size)
        mine, numbers = numbers[:take].reshape(EACH, STEPS + 1, -1), numbers[take:]
        loss, bad, gradient, points = np.split(mine, [1, 2, 2 + 2 * size], axis=-1)
        np.testing.assert_array_equal(bad[..., 0], course.incomplete.round(), str(case[:4]))
        met += int(bad.sum())
        for k, (ours, theirs) in enumerate(((loss, course.loss), (gradient, course.gradient), (points, course.points))):
            gap = np.abs(ours.reshape(theirs.shape) - theirs).max()
            worst[k] = max(worst[k], gap)
            assert gap < 1e-9, f"{case[:4]}: {('loss', 'gradient', 'points')[k]} differs by {gap}"
    assert not len(numbers)
    assert met > 1000  # the verdict was put to the test, too
    print("largest difference of loss, gradient, points:", worst)


def test_a_triangle_by_hand(maths):
    """A = (0, 0), B = (3, 4), C = (6, 8) halved: distances 2.5, 5 and 2.5."""
    points, classes = [0, 0, 1.5, 2, 3, 4], [0, 0, 1]
    rules = {"space": "plane", "loss": "dual", "mining": "one", "tau": 0.5, "step": 1, "anchor": 0}
    said = maths.evaluate(JUDGE, [points, classes, rules])
    (t,) = said["triplets"]
    assert (t["ap"], t["an"], t["pn"]) == (2.5, 5, 2.5)
    assert t["terms"] == [0, 0.5]
    assert said["loss"] == 0.5
    # From the positive's side: A and C move towards and away along (0.6, 0.8), B takes both.
    assert said["gradient"] == pytest.approx([-0.6, -0.8, 1.2, 1.6, -0.6, -0.8])
    plain = maths.evaluate(JUDGE, [points, classes, {**rules, "loss": "triplet"}])
    assert plain["loss"] == 0
    assert not any(plain["gradient"])


def test_points_on_one_spot_have_a_loss_and_no_gradient(maths):
    rules = {"space": "plane", "loss": "dual", "mining": "hard", "tau": 0.2, "step": 1, "anchor": 0}
    said = maths.evaluate(JUDGE, [[0.3] * 8, [0, 0, 1, 1], rules])
    assert said["loss"] == pytest.approx(0.4)
    assert not any(said["gradient"])


# --- what presets say of themselves, by torch


def run_of(scene: Scene, steps: int) -> list[dict]:
    """Every state of a scene, by torch: triplets judged incompletely, loss, points."""
    import torch

    from muldml_lite.losses import multi_threshold_loss, pairwise_distances
    from muldml_lite.mining import batch_hard

    points = torch.tensor([[x, y] for x, y, _ in scene.points], dtype=torch.float64)
    labels = torch.tensor([k for *_, k in scene.points])
    on_circle = scene.space == "circle"
    points = points / points.norm(dim=1, keepdim=True) if on_circle else points
    states = []
    for _ in range(steps + 1):
        points.requires_grad_()
        slices = (points / points.norm(dim=1, keepdim=True) if on_circle else points)[None]
        distances = pairwise_distances(slices.detach())[0]
        mined = batch_hard(distances[None], labels)
        anchors = [scene.anchor] if scene.mining == "one" else [i for i in range(len(labels)) if mined.valid[0, i]]
        triplets = [(a, int(mined.positive[0, a]), int(mined.negative[0, a])) for a in anchors]
        if scene.mining == "hard":
            loss = multi_threshold_loss(slices, labels, (scene.tau,), loss=scene.loss).total
        else:
            ((a, p, n),) = triplets
            apart = [(slices[0, i] - slices[0, j]).norm() for i, j in ((a, p), (a, n), (p, n))]
            hinges = [apart[0] - other + scene.tau for other in apart[1:]][: 1 + (scene.loss == "dual")]
            loss = sum(hinge.clamp_min(0) for hinge in hinges)
        bad = {(a, p, n) for a, p, n in triplets
               if distances[a, p] + scene.tau <= distances[a, n] and distances[p, n] < distances[a, p]}  # fmt: skip
        states.append({"bad": bad, "loss": float(loss.detach()), "width": float(distances.max())})
        (gradient,) = torch.autograd.grad(loss, points, allow_unused=True)
        points = points.detach() - scene.step * (0 if gradient is None else gradient)
        points = points / points.norm(dim=1, keepdim=True) if on_circle else points
    return states


def returns(states: list[dict]) -> int:
    """(A, B, C) judged incompletely, and (B, A, C) at the next iteration."""
    return sum((b, a, c) in now["bad"] for then, now in itertools.pairwise(states) for a, b, c in then["bad"])


SCENES = {preset.name: preset.scene for preset in PRESETS}


def test_an_incomplete_judgement_stays_with_one_anchor_and_plain_loss_only():
    scene = SCENES["An incomplete judgement"]
    for loss, mining in itertools.product(("triplet", "dual"), ("one", "hard")):
        states = run_of(replace(scene, loss=loss, mining=mining), 60)
        assert states[0]["bad"] == {(0, 1, 2)}
        assert bool(states[-1]["bad"]) == ((loss, mining) == ("triplet", "one")), (loss, mining)


def test_the_cycle_cycles_and_half_the_step_size_ends_it():
    scene = SCENES["A cycle"]
    states = run_of(scene, 120)
    assert returns(states) == 23
    turns = [state["bad"] & {(0, 1, 2), (1, 0, 2)} for state in states[60:72]]
    assert turns == [{(0, 1, 2)}, {(1, 0, 2)}] * 6
    assert scene.at < 60
    assert returns(run_of(replace(scene, step=scene.step / 2), 240)) == 0


def test_the_collapse_comes_to_a_knot_whose_loss_is_the_threshold():
    scene = SCENES["Collapse"]
    states = run_of(scene, 300)
    knot = min(states, key=lambda state: state["width"])
    assert knot["width"] < 0.05
    assert knot["loss"] == pytest.approx(scene.tau, abs=0.02)
    assert states[-1]["loss"] == 0  # eight free points get out of it


def test_all_satisfied_is():
    (state,) = run_of(SCENES["All satisfied"], 0)
    assert state["loss"] == 0
    assert not state["bad"]
    assert run_of(replace(SCENES["All satisfied"], tau=1.0), 0)[0]["loss"] > 0  # raised, τ wakes it up


def test_twice_the_step_size_makes_up_for_the_second_term_in_the_smallest_case():
    scene = replace(SCENES["An incomplete judgement"], mining="hard")
    ways = ({"loss": "dual"}, {"loss": "triplet", "step": 2 * scene.step}, {"loss": "triplet"})
    states = [run_of(replace(scene, **way), 60) for way in ways]
    dual, twice, plain = (next(k for k, state in enumerate(one) if state["loss"] == 0) for one in states)
    assert dual == twice < plain


# --- scenes and links

FIRST = PRESETS[0].scene


@pytest.mark.parametrize(
    "scene",
    [
        *SCENES.values(),
        replace(FIRST, points=((-3, 3, 2), (0, 0, 2), (1e-4, 1, 1)), at=17, speed="fast", close=True, control=True),
    ],
)
def test_a_scene_survives_the_link_and_the_view(scene):
    link = scene.to_link()
    assert Scene.from_link(link, FIRST) == scene
    assert Scene.from_dict(json.loads(json.dumps(scene.to_dict()))) == scene
    assert all(c.isalnum() or c in "._-" for value in link.values() for c in value)


def test_a_link_may_be_partial():
    assert Scene.from_link({"tau": "0.35", "loss": "dual"}, FIRST) == replace(FIRST, tau=0.35, loss="dual")


BAD_LINKS = {
    "space": ("torus", "plane or circle"),
    "loss": ("hinge", "triplet or dual"),
    "mining": ("all", "one or hard"),
    "tau": ("1.5", "expected 0 to 1"),
    "step": ("fast", "a number"),
    "anchor": ("D", "from 0 to 2"),
    "at": ("9999", "from 0 to 1000"),
    "speed": ("warp", "slow or medium or fast"),
    "close": ("yes", "1 or 0"),
    "control": ("2", "1 or 0"),
    "points": ("a0_0b1_1", "expected 3 to 8"),
}


@pytest.mark.parametrize(("key", "value", "words"), [(k, *v) for k, v in BAD_LINKS.items()])
def test_a_bad_word_in_a_link_is_named(key, value, words):
    with pytest.raises(SceneError, match=rf"^{key}.*{words}"):
        Scene.from_link({key: value}, FIRST)


@pytest.mark.parametrize("text", ["", "nonsense", "a0_0;b1_1", "a0_0a1_1d1_0", "a9_0a1_1b1_0", "a1e3_0a1_1b1_0"])
def test_bad_points_are_named(text):
    with pytest.raises(SceneError, match="points"):
        Scene.from_link({"points": text}, FIRST)


@pytest.mark.parametrize("change", [{"tau": True}, {"at": 1.5}, {"points": 3}, {"points": [[0, 0]] * 3}, {"colour": 1},
                                    {"points": [[0, float("nan"), 0]] * 3}, {"points": [["x", 0, 0]] * 3}])  # fmt: skip
def test_what_no_view_sends_is_refused(change):
    with pytest.raises(SceneError, match=next(iter(change))):
        Scene.from_dict({**FIRST.to_dict(), **change})


# --- tables of a run


def test_rates_of_a_run(tmp_path):
    run = Run(write_fake_run(tmp_path / "run", slices=3))
    rates = incomplete_rates(run)
    judgements = run.judgements
    for e, s in np.ndindex(*rates.hardest.shape):
        ap, an, pn = judgements.distances[e, s].astype(np.float32).T
        bad = [x + np.float32(rates.thresholds[s]) <= y and z < x for x, y, z in zip(ap, an, pn, strict=True)]
        assert rates.hardest[e, s] == pytest.approx(np.mean(bad))
    assert 0 < rates.hardest.mean() < 1
    told = {r["epoch"]: [s["incomplete_fraction"] for s in r["slices"]] for r in run.history}
    assert np.isnan(rates.trained[0]).all()  # untrained: no batch was seen
    assert rates.trained[1:].tolist() == [told[1], told[2], told[3]]  # the warm-up mines, too


def test_a_run_without_thresholds_says_so(tmp_path):
    run = Run(write_fake_run(tmp_path / "run", slices=1))
    lines = [json.loads(line) for line in (run.path / "history.jsonl").read_text().splitlines()]
    lines[-1]["slices"][0]["threshold"] = None
    (run.path / "history.jsonl").write_text("\n".join(map(json.dumps, lines)))
    with pytest.raises(RunError, match="without thresholds"):
        incomplete_rates(run)


def test_real_triplets_against_three_loops(tmp_path):
    run = Run(write_fake_run(tmp_path / "run", images=30))
    snapshot, labels, chosen, tau = run.snapshot(2), run.probe.labels, ~run.probe.test, 0.1
    found = real_triplets(snapshot, labels, chosen, 1, tau, k=3)
    v = snapshot.slices[1]
    judged, bad = 0, []
    for a, p, n in itertools.permutations(np.flatnonzero(chosen), 3):
        if labels[a] != labels[p] or labels[a] == labels[n]:
            continue
        judged += 1
        ap, an, pn = (float(np.linalg.norm(v[i] - v[j])) for i, j in ((a, p), (a, n), (p, n)))
        if ap + tau <= an and pn < ap:
            bad.append((ap - pn, (a, p, n), (ap, an, pn)))
    assert 0 < len(bad) == found.count < judged
    assert found.share == pytest.approx(len(bad) / judged)
    assert tuple(found.examples[0]) == max(bad)[1]
    for triplet, sides in zip(found.examples, found.distances, strict=True):
        assert next(s for _, t, s in bad if t == tuple(triplet)) == pytest.approx(tuple(sides))
    assert len(set(found.examples.ravel().tolist())) == found.examples.size  # each with faces of its own


def test_the_definition_counts_equality_on_one_side_only():
    from muldml_lite.runs import Judgements

    sides = [[1, 1.5, 0.9], [1, 1.5, 1], [1, 1.49, 0.9], [1, 1.6, 0.5]]  # τ = 0.5
    index = np.zeros((1, 1, 4), int)
    judged = Judgements(np.array([0]), index, index, index, np.array(sides, np.float32)[None, None])
    assert is_incomplete(judged, np.array([0.5]))[0, 0].tolist() == [True, False, False, True]


@pytest.mark.parametrize("sides", [(0.9, 1.2, 0.4), (1, 1, 1), (0.5, 1.5, 1.0)])
def test_a_triangle_has_the_distances_it_was_made_of(sides):
    a, p, n = np.array(triangle(*sides))
    measured = [np.linalg.norm(x - y) for x, y in ((a, p), (a, n), (p, n))]
    assert measured == pytest.approx(sides, abs=1e-9)


def test_kinks_are_recognised():
    import torch

    points = torch.tensor([[[0, 0], [1, 0], [1.5, 0]], [[0, 0], [1, 0], [1.4, 0.2]]], dtype=torch.float64)
    assert far_from_edges(points, torch.tensor([0, 0, 1]), torch.tensor([0.5, 0.5])).tolist() == [False, True]


def test_the_notebook_widget():
    from muldml_lite.widgets import JudgementLab

    lab = JudgementLab("A cycle", tau=0.1)
    assert lab.scene["tau"] == lab.pick["scene"]["tau"] == 0.1
    assert lab.scene["points"] == SCENES["A cycle"].to_dict()["points"]
    serial = lab.pick["serial"]
    lab.show(loss="dual")
    assert lab.pick["serial"] == serial + 1
    assert (lab.scene["loss"], lab.scene["tau"]) == ("dual", 0.1)
    with pytest.raises(SceneError, match="start"):
        JudgementLab("a circle")
    with pytest.raises(SceneError, match="margin"):
        JudgementLab(margin=0.3)
    with pytest.raises(SceneError, match="tau"):
        lab.show(tau=3)
