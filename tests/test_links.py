"""Links are typed, shared and forged: whatever they say, a page answers with words, and nothing outside is read."""

import importlib
import sys
from pathlib import Path

import pytest
from fake_run import write_fake_run
from fake_study import TOY, write_fake_study
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

APP = Path(__file__).parents[1] / "streamlit_app"
sys.path.insert(0, str(APP))
run_picker, study_cache, training_queue = map(importlib.import_module, ("run_picker", "study_cache", "training_queue"))
PAGES = sorted(path.stem for path in (APP / "views").glob("*.py"))
KEYS = (
    *("run", "study", "claim", "interval", "picture", "regime", "expression", "person", "lesson", "guide", "point"),
    *("epoch", "tau", "kind", "colour", "a", "b", "runs", "selected", "seed", "au", "who"),
    *("face", "slice", "mining", "loss", "speed", "view", "fork", "beside", "rates", "look", "word"),
)
EVIL = (
    "../secret",
    "..",
    "/etc/passwd",
    "a\0b",
    "x" * 20_000,
    "１２",
    "-1",
    "1e999",
    "nan",
    "<b>",
    "%2e%2e%2f",
    "𝔯𝔲𝔫",
    "[]",
    "{}",
)


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("MULDML_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(run_picker, "SAMPLE", tmp_path / "sample_run")
    monkeypatch.setattr(study_cache, "SHIPPED", tmp_path / "shipped")
    monkeypatch.setattr(training_queue, "keep_going", lambda runs: None)
    write_fake_run(tmp_path / "sample_run")
    write_fake_study(tmp_path / "shipped")
    write_fake_run(tmp_path / "secret")
    write_fake_study(tmp_path / "secret_study")
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


odd = some.text(max_size=80) | some.sampled_from(EVIL) | some.text("./\\~%0\0", max_size=12)


@example("../secret")
@example("../../secret")
@example("secret/")
@example("/")
@example("a/../../secret")
@example("x" * 100_000)
@example("\0")
@example("..\\secret")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400, deadline=None)
@given(odd)
def test_no_name_leads_out_of_the_runs_folder(runs, name):
    secret = [str(runs.parent / "secret"), name] if name else [name]
    for asked in (name, *secret, f"../{name}", f"{name}/../../secret", str(runs / name) if "\0" not in name else name):
        for found in (run_picker.resolve(asked).run, study_cache.resolve(asked).study):
            if found is not None:
                place = found.path.resolve()
                assert place.parent == runs or place in (run_picker.SAMPLE, study_cache.SHIPPED)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("turn", range(3))
def test_whatever_a_link_says_a_page_answers_with_words(page, turn):
    """Each key with another odd value; three turns give each key three of them."""
    app = AppTest.from_file(str(APP / "main.py"), default_timeout=60).run()
    app.switch_page(f"views/{page}.py")
    for place, key in enumerate(KEYS):
        app.query_params[key] = EVIL[(place + 5 * turn) % len(EVIL)]
    app.query_params["run"], app.query_params["study"] = "sample", "shipped"  # there is something to show
    app.run()
    assert not app.exception, app.exception[0].message
    assert app.title


@pytest.mark.parametrize("value", EVIL[:5])
def test_a_run_that_a_link_may_not_name_is_told(value):
    app = AppTest.from_file(str(APP / "main.py"), default_timeout=60)
    app.query_params["run"] = value
    app.run()
    assert not app.exception
    assert any("run" in one.value for one in (*app.info, *app.warning))


@pytest.mark.parametrize("value", ["99", "-1", "x", "１２", "9" * 30])
def test_an_interval_that_a_claim_does_not_have_is_told(value):
    app = AppTest.from_file(str(APP / "main.py"), default_timeout=60).run()
    app.switch_page("views/evidence.py")
    app.query_params["claim"], app.query_params["interval"] = TOY.id, value
    app.run()
    assert not app.exception
    assert any("which is none of this claim" in one.value for one in app.info)


def test_the_view_of_the_tour_is_in_the_link_and_comes_back(runs):
    app = AppTest.from_file(str(APP / "main.py"), default_timeout=60).run()
    app.get("button_group")[0].set_value("surprise").run()
    next(button for button in app.button if button.label == "Another person").click().run()
    link = {key: app.query_params[key] for key in app.query_params} | {"expression": "surprise"}  # as a browser adds it
    assert {"person", "run"} <= set(link)
    again = AppTest.from_file(str(APP / "main.py"), default_timeout=60)
    for key, value in link.items():
        again.query_params[key] = value
    again.run()
    assert faces(again) == faces(app)
    for key in ("expression", "person"):  # each of them counts
        again.query_params.update(link)
        del again.query_params[key]
        again.session_state["tour_person"] = "1" if key == "person" else "2"
        if key == "expression":
            again.get("button_group")[0].set_value("anger")
        again.run()
        assert faces(again) != faces(app)


def faces(app):
    return [one.proto.body for one in app.get("html") if "<img" in one.proto.body]
