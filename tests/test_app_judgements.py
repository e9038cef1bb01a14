"""The page Judgements without a browser: links, runs of every kind, and the way of real triplets into the lab."""

import dataclasses
import json
import sys

import numpy as np
import pytest
from app_page import APP, button, fine, link, modules, open_page, texts
from fake_run import write_fake_run
from fake_study import TOY, write_fake_study

from muldml_lite.runs import Run
from muldml_lite.widgets.judgements import PRESETS, Scene, incomplete_rates

run_picker, judgements_view, judgements_run = modules("run_picker", "judgements_view", "judgements_run")


@pytest.fixture(autouse=True)
def runs(app_places):
    return app_places


def scene(app):
    return app.session_state["judgement_scene"]["scene"]


def test_the_first_picture_needs_no_link():
    app = open_page("judgements")
    said = texts(app)
    assert "can't be shown" not in said
    assert scene(app) == PRESETS[0].scene
    assert not set(link(app)) & set(judgements_view.LINK)


def test_a_link_holds_the_whole_picture():
    wanted = Scene(
        ((-1, 0.5, 0), (0.25, 0, 0), (1, 1, 2), (0, -1, 1)),
        "circle",
        "dual",
        "hard",
        0.35,
        0.5,
        1,
        7,
        "slow",
        True,
        True,
    )
    app = open_page("judgements", **wanted.to_link())
    fine(app)
    assert scene(app) == wanted
    assert {key: link(app)[key] for key in judgements_view.LINK} == wanted.to_link()
    code = next(item.value for item in app.get("code") if "JudgementLab" in item.value)
    made = {}
    exec(code.replace("JudgementLab(", "lab = dict(scene="), made)  # the lines it gives are this very picture
    assert made["lab"]["scene"] == wanted


@pytest.mark.parametrize(("key", "value"), [("points", "../../etc"), ("tau", "7"), ("at", "-1"), ("space", "<b>")])
def test_a_bad_link_gets_a_line_and_the_first_picture(key, value):
    app = open_page("judgements", **{key: value})
    said = texts(app)
    assert f"can't be shown ({key}" in said
    assert scene(app) == PRESETS[0].scene


def test_the_picture_outlives_a_page_change():
    app = open_page("judgements", tau="0.45")
    app.switch_page("views/tour.py").run()
    app.switch_page("views/judgements.py").run()
    fine(app)
    assert scene(app).tau == 0.45
    assert link(app)["tau"] == "0.45"


def test_what_the_view_sends_is_checked(monkeypatch):
    state = {"serial": 1, "scene": PRESETS[0].scene, "problem": ""}
    fake = {"judgement_scene": state, "judgement_lab": {"scene": {"points": "none"}}}
    monkeypatch.setattr(judgements_view.st, "session_state", fake)
    for bad in ({"points": "none"}, None, {"scene": 1}, {**PRESETS[0].scene.to_dict(), "tau": "x"}):
        fake["judgement_lab"] = {"scene": bad}
        judgements_view._note_change()
        assert state["scene"] == PRESETS[0].scene
    fake["judgement_lab"] = {"scene": {**PRESETS[0].scene.to_dict(), "tau": 0.6}}
    judgements_view._note_change()
    assert state["scene"].tau == 0.6


def test_rates_of_the_run(runs):
    app = open_page("judgements", rates="Batch Hard")
    rates = incomplete_rates(Run(run_picker.SAMPLE))
    e, s = np.unravel_index(rates.hardest.argmax(), rates.hardest.shape)
    assert f"At most {rates.hardest[e, s]:.1%}" in texts(app)
    (chart,) = [json.loads(item.proto.spec) for item in app.get("plotly_chart")]
    assert [trace["name"] for trace in chart["data"]] == ["τ = 0.10", "τ = 0.33", "τ = 0.57", "τ = 0.80"]
    assert len({trace["marker"]["symbol"] for trace in chart["data"]}) == 4  # nothing by colour alone


def test_no_incomplete_judgement_is_said_plainly():
    epochs, none = np.arange(3), np.zeros((3, 2))
    assert judgements_run.summary(epochs, none).startswith("Not one triplet")
    assert judgements_run.summary(epochs, np.full((3, 2), np.nan)) == "No triplets were judged in this run yet."
    shares = np.array([[0, np.nan], [0.25, 0], [0, 0.1]])
    assert judgements_run.summary(epochs, shares) == "At most 25.0% of a slice's triplets: slice 1 in epoch 1."


def test_a_real_triplet_goes_into_the_lab():
    app = open_page("judgements", run_slice="1", run_epoch="1")
    fine(app)
    old = app.session_state["judgement_scene"]["serial"]
    button(app, "Put it into the lab").click().run()
    fine(app)
    shown = scene(app)
    assert app.session_state["judgement_scene"]["serial"] == old + 1
    a, p, n = (np.array(point[:2]) for point in shown.points)
    ap, an, pn = (np.linalg.norm(x - y) for x, y in ((a, p), (a, n), (p, n)))
    assert ap + shown.tau <= an + 1e-3
    assert pn < ap
    assert shown.tau == 0.1
    assert link(app)["points"] == shown.to_link()["points"]


def test_a_slice_without_any(runs):
    path = run_picker.SAMPLE / "snapshots" / "0003.npz"
    with np.load(path) as data:
        arrays = dict(data)
    arrays["slices"] = np.zeros_like(arrays["slices"])  # all on one spot: nobody is content
    np.savez(path, **arrays)
    assert "none is judged incompletely at τ = 0.80 after epoch 3" in texts(
        open_page("judgements", run_slice="4", run_epoch="3")
    )
    assert "would be judged incompletely at τ = 0.33 after epoch 1" in texts(
        open_page("judgements", run_slice="2", run_epoch="1")
    )


SPOILS = {
    "no judgements": lambda path: (path / "judgements.npz").unlink(),
    "bad judgements": lambda path: (path / "judgements.npz").write_bytes(b"no zip"),
    "no history": lambda path: (path / "history.jsonl").unlink(),
    "no snapshots": lambda path: [one.unlink() for one in (path / "snapshots").iterdir()],
    "no probe": lambda path: (path / "probe.npz").unlink(),
    "bad history": lambda path: (path / "history.jsonl").write_text('{"epoch": 1}\n{}\n'),
}


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS)
def test_a_broken_run_leaves_the_lab_alone(spoil, runs):
    spoil(write_fake_run(runs / "broken"))
    app = open_page("judgements", run="broken")
    said = texts(app)
    assert "can't be shown here" in said or "don't fit together" in said
    assert "needs no run" in said
    assert scene(app) == PRESETS[0].scene


def test_no_run_at_all(runs, monkeypatch):
    monkeypatch.setattr(run_picker, "SAMPLE", runs / "nowhere")
    assert "make sample-run" in texts(open_page("judgements"))


def test_other_runs(runs):
    write_fake_run(runs / "single", slices=1, method="triplet")
    write_fake_run(runs / "early", epochs=0)
    for name in ("single", "early"):
        assert "can't be shown" not in texts(open_page("judgements", run=name))
    path = write_fake_run(runs / "plain", slices=1, method="softmax")
    lines = [json.loads(line) for line in (path / "history.jsonl").read_text().splitlines()]
    for line in lines:
        line["slices"][0]["threshold"] = None
    (path / "history.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    assert "without thresholds" in texts(open_page("judgements", run="plain"))


def test_a_lesson_without_evidence_shows_the_lab_alone():
    app = open_page("judgements", lesson="3")
    said = texts(app)
    assert "In a training" not in said
    assert "What to see" in said


def test_the_verdicts_of_the_ledger_stand_below(runs):
    assert "What the ledger says" not in texts(open_page("judgements"))  # there is no study
    claims = [dataclasses.replace(TOY, id=name, sentence=f"Sentence {name}.") for name in ("4a", "4c", "5a", "7")]
    write_fake_study(runs.parent / "shipped", claims)
    app = open_page("judgements")
    assert "What the ledger says after many draws of people" in texts(app)
    told = [str(item.proto.body) for item in app.get("html")]
    assert [n for n in ("4a", "4b", "4c", "5a", "7") if any(f"Sentence {n}." in one for one in told)] == [
        "4a",
        "4c",
        "5a",
    ]
    assert sum(one.startswith('<span class="ev-chip"') for one in told) == 3
    assert "What the ledger says" not in texts(open_page("judgements", lesson="3"))  # a lesson without verdicts


def test_the_page_loads_no_torch():
    import subprocess

    text = (
        "import sys\nfrom streamlit.testing.v1 import AppTest\n"
        "app = AppTest.from_file(sys.argv[1], default_timeout=60).run()\n"
        "app.switch_page('views/judgements.py').run()\nassert not app.exception, app.exception\n"
        "print([m for m in ('torch', 'umap', 'sklearn', 'anywidget') if m in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", text, str(APP / "main.py")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "[]"
