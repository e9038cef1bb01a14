"""The page Thresholds in every state, without a browser; and its link."""

import dataclasses
import json
import subprocess
import sys

import pytest
from app_page import APP, fine, link, modules, open_page, texts
from fake_run import make_stale, write_fake_run
from fake_study import TOY, write_fake_study

from muldml_lite.runs import Run

run_picker, study_cache, thresholds_link, thresholds_view = modules(
    "run_picker", "study_cache", "thresholds_link", "thresholds_view"
)
SCOPE = {"epochs": [0, 1, 2, 3], "parts": ["training", "unseen"], "names": ["fake", "single-0.3"]}


@pytest.fixture(autouse=True)
def runs(app_places):
    return app_places


def test_a_first_visit():
    app = open_page("thresholds")
    words = texts(app)
    assert "Drag τ" in words
    assert "What to see" in words
    assert 'threshold_table(Run("data/sample_run"))' in words
    assert "can't be shown" not in words
    assert "The link has" not in words


def test_the_five_lines_run(runs, monkeypatch):
    """What the page says reproduces it does so."""
    path = write_fake_run(runs / "mine")
    app = open_page("thresholds", run="mine")
    fine(app)
    lines = next(block.value for block in app.code if "ThresholdView" in block.value)
    assert len(lines.splitlines()) <= 5
    monkeypatch.chdir(runs.parent)
    rows = []
    exec(lines, {"print": lambda *values, **_: rows.extend(values)})
    assert [row["slice"] for row in rows] == [1, 2, 3, 4]
    assert rows[0]["threshold"] == pytest.approx(0.1)
    assert Run(path).history[-1]["slices"][3]["threshold"] == pytest.approx(rows[3]["threshold"])


def no_snapshots(path):
    for snapshot in (path / "snapshots").iterdir():
        snapshot.unlink()


def other_probe(path):
    write_fake_run(path.parent.parent / "other", images=40)
    (path.parent.parent / "other" / "probe.npz").replace(path / "probe.npz")


SPOILS = {
    "no probe": (lambda path: (path / "probe.npz").unlink(), "probe.npz"),
    "bad probe": (lambda path: (path / "probe.npz").write_bytes(b"not a zip file"), "probe.npz"),
    "torn config": (lambda path: (path / "config.json").write_text('{"config": '), "config.json"),
    "bad history": (lambda path: (path / "history.jsonl").write_text("no json\n{}\n"), "history.jsonl"),
    "no snapshots": (no_snapshots, "no snapshot yet"),
    "other probe": (other_probe, "slices: (4, 60, 8)"),
    "bad snapshot": (lambda path: (path / "snapshots" / "0002.npz").write_bytes(b"PK"), "0002.npz"),
}


@pytest.mark.parametrize(("spoil", "said"), SPOILS.values(), ids=SPOILS)
def test_a_broken_run_is_a_message(spoil, said, runs):
    spoil(write_fake_run(runs / "spoilt"))
    words = texts(open_page("thresholds", run="spoilt"))
    assert said in words
    assert "Traceback" not in words


@pytest.mark.parametrize("state", ["no layout", "no judgements", "no history", "dead trainer"])
def test_what_the_page_does_not_need_may_be_missing(state, runs):
    path = write_fake_run(runs / "young")
    if state == "dead trainer":
        make_stale(path)
    else:
        (
            path / {"no layout": "layout.npz", "no judgements": "judgements.npz", "no history": "history.jsonl"}[state]
        ).unlink()
    assert "can't be shown" not in texts(open_page("thresholds", run="young"))


def test_no_run_at_all(runs, monkeypatch):
    monkeypatch.setattr(run_picker, "SAMPLE", runs / "nowhere")
    assert "make sample-run" in texts(open_page("thresholds"))


def test_a_run_without_thresholds_is_a_question(runs):
    write_fake_run(runs / "plain", slices=1, method="softmax")
    assert "cross entropy alone" in texts(open_page("thresholds", run="plain"))


def test_runs_that_can_stand_beside(runs):
    write_fake_run(runs / "single", slices=1, method="triplet")
    write_fake_run(runs / "many", method="dual")
    write_fake_run(runs / "plain", slices=1, method="softmax")
    broken = write_fake_run(runs / "broken")
    (broken / "config.json").write_text('{"config": {}}')
    (runs / "link").symlink_to(write_fake_run(runs.parent / "secret"))
    app = open_page("thresholds", run="many")
    assert app.multiselect(key="beside_choice").options[0] == "single: triplet, τ = 0.45"
    known = thresholds_view.other_runs(Run(runs / "many"))
    assert list(known) == ["single", "sample"]
    app.multiselect(key="beside_choice").set_value(["single", "sample"]).run()
    assert "can't be shown" not in texts(app)
    assert link(app).get("beside") == "single~sample"
    shared = open_page("thresholds", run="many", beside="single")
    fine(shared)
    assert shared.multiselect(key="beside_choice").value == ["single"]


@pytest.mark.parametrize("name", ["../secret", "secret", "many", "%2e%2e", "link"])
def test_a_link_adds_no_run_from_elsewhere(name, runs):
    write_fake_run(runs / "many")
    write_fake_run(runs / "single", slices=1, method="triplet")
    write_fake_run(runs.parent / "secret")
    (runs / "link").symlink_to(runs.parent / "secret")
    app = open_page("thresholds", run="many", beside=f"{name}~single")
    assert ("is no such run" in texts(app)) == (name != "many")  # itself is no mistake: it was beside another run
    assert app.multiselect(key="beside_choice").value == ["single"]
    assert link(app).get("beside") == "single"


NONSENSE = {
    "tau": ("x", "-1", "9", "1e3", "nan"),
    "epoch": ("7", "-1", "²", "99999999999"),
    "scale": ("log",),
    "part": ("test",),
    "triplets": ("hard",),
    "pinned": ("0.1@elsewhere", "9", "@", "0.1@"),
    "of": ("elsewhere",),
}


@pytest.mark.parametrize(("key", "text"), [(key, text) for key, texts in NONSENSE.items() for text in texts])
def test_nonsense_in_the_link_is_one_friendly_line(key, text):
    _, problems = thresholds_link.read({key: text, "run": "x"}, SCOPE)
    assert len(problems) == 1
    assert problems[0].startswith(f"The link has `{key}={text}`; expected ")


def test_nonsense_in_the_link_is_said_on_the_page_and_leaves_it():
    app = open_page("thresholds", tau="much", scale="shape", pinned="<b>`[x](y)")
    words = texts(app)
    assert "The link has `tau=much`; expected a threshold" in words
    assert "The link has `pinned=<b>[x](y)`" in words
    assert link(app).get("tau") is None
    assert link(app).get("scale") == "shape"


def test_a_link_says_again_what_it_said():
    words = {
        "tau": "0.37", "of": "single-0.3", "epoch": "2", "scale": "shape", "part": "unseen", "triplets": "batch-all",
        "pinned": "0.1@single-0.3",
    }  # fmt: skip
    asked, problems = thresholds_link.read(words, SCOPE)
    assert not problems
    assert (asked["tau"], asked["epoch"]) == (0.37, 2)
    assert thresholds_link.write(asked) == words
    assert set(thresholds_link.write({"tau": 1}).values()) == {"1", None}


def test_a_link_is_kept_over_a_page_change():
    app = open_page("thresholds", tau="0.37", pinned="0.1")
    fine(app)
    app.query_params.clear()
    app.switch_page("views/tour.py").run()
    app.query_params.clear()
    app.switch_page("views/thresholds.py").run()
    assert (link(app).get("tau"), link(app).get("pinned")) == ("0.37", "0.1")


def test_another_run_keeps_the_threshold_and_is_no_mistake(runs):
    write_fake_run(runs / "long", epochs=9)
    app = open_page("thresholds", tau="0.37", run="long", epoch="8", pinned="0.1@long")
    fine(app)
    app.selectbox(key="run_choice").set_value("sample").run()
    assert "The link has" not in texts(app)
    assert link(app).get("tau") == "0.37"
    assert link(app).get("epoch") is None
    assert link(app).get("pinned") is None


def chips(app):
    return [str(item.proto.body) for item in app.get("html")]


def test_the_verdicts_of_the_ledger_stand_below(runs):
    app = open_page("thresholds")
    assert "One run is one draw" not in texts(app)  # there is no study
    claims = [dataclasses.replace(TOY, id=name, sentence=f"Sentence {name}.") for name in ("2a", "2b")]
    write_fake_study(runs.parent / "shipped", claims)
    app = open_page("thresholds")
    assert "One run is one draw of chance" in texts(app)
    verdicts = {
        v.claim: v.badge for v in study_cache.reading(study_cache.resolve("shipped").study).verdicts if not v.cell
    }
    assert set(verdicts) == {"2a", "2b"}
    shown = [body for body in chips(app) if body.startswith('<span class="ev-chip"')]
    assert len(shown) == 2
    for body, claim in zip(shown, ("2a", "2b"), strict=True):
        assert verdicts[claim] in body
    assert "One run is one draw" not in texts(open_page("thresholds", lesson="3"))  # a lesson without verdicts


def test_the_page_loads_nothing_that_only_training_needs():
    text = (
        "import sys\n"
        "from streamlit.testing.v1 import AppTest\n"
        "app = AppTest.from_file(sys.argv[1], default_timeout=60).run()\n"
        "app.switch_page('views/thresholds.py').run()\n"
        "assert not app.exception, app.exception\n"
        "print([m for m in ('torch', 'torchvision', 'umap', 'sklearn', 'anywidget') if m in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", text, str(APP / "main.py")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.strip().replace("'", '"')) == []
