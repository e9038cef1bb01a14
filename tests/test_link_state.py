"""A link that is followed, or the way back, counts more than what a view held before."""

import importlib
import sys
from pathlib import Path

import pytest
from fake_run import write_fake_run
from streamlit.testing.v1 import AppTest

from muldml_lite.widgets.judgements import Scene

APP = Path(__file__).parents[1] / "streamlit_app"
sys.path.insert(0, str(APP))
run_picker, training_queue = importlib.import_module("run_picker"), importlib.import_module("training_queue")
TURNED = Scene(((-1, 0.5, 0), (0.25, 0, 0), (1, 1, 2)), "circle", "dual", "hard", 0.35)
# Page → what holds its state, a first link, another, and what of the state tells them apart.
PAGES = {
    "slices": (
        "pick",
        {"point": "3", "colour": "subject"},
        {"point": "5"},
        lambda s: (s["index"], s["look"]["colour"]),
    ),
    "thresholds": ("threshold_pick", {"tau": "0.2"}, {"tau": "0.6", "scale": "shape"}, lambda s: s["seen"]["tau"]),
    "judgements": ("judgement_scene", {"tau": "0.45"}, TURNED.to_link(), lambda s: s["scene"]),
    "faces": ("lab", {"person": "4", "au": "12-50"}, {"person": "9"}, lambda s: s["face"].person),
}


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("MULDML_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(run_picker, "SAMPLE", tmp_path / "sample_run")
    monkeypatch.setattr(training_queue, "keep_going", lambda runs: None)
    write_fake_run(tmp_path / "sample_run")


def follow(app, words, known):
    """As a browser does: the link's words, and no others of the view."""
    for word in known:
        if word in app.query_params:
            del app.query_params[word]
    app.query_params.update(words)
    app.run()
    assert not app.exception, app.exception[0].message


@pytest.mark.parametrize("page", PAGES)
def test_link_and_view_stay_one(page):
    key, first, second, told = PAGES[page]
    app = AppTest.from_file(str(APP / "main.py"), default_timeout=60)
    app.switch_page(f"views/{page}.py")
    known = {*first, *second, "colour", "shot", "au", "scale"}
    seen, serials = [], []
    for words in (first, second, first, {}):
        follow(app, words, known)
        state = app.session_state[key]
        seen.append(told(state))
        serials.append(state.get("serial", state.get("wish")))
    assert seen[0] == seen[2] != seen[1]
    assert seen[3] not in seen[:3]  # back at the page without words: as on a first visit
    assert serials == sorted(set(serials))  # the browser takes each for a new wish
    app.run()
    assert (told(app.session_state[key]), app.session_state[key].get("serial")) == (seen[3], state.get("serial"))


@pytest.mark.parametrize("page", PAGES)
def test_coming_from_another_page_changes_nothing(page):
    key, first, second, told = PAGES[page]
    app = AppTest.from_file(str(APP / "main.py"), default_timeout=60)
    app.switch_page(f"views/{page}.py")
    follow(app, first, ())
    before = told(app.session_state[key])
    app.switch_page("views/compare.py").run()
    app.switch_page(f"views/{page}.py")
    follow(app, {}, {*first, *second})
    assert told(app.session_state[key]) == before
    link = {word: value if isinstance(value, str) else value[0] for word, value in app.query_params.items()}
    assert first.items() <= link.items()
