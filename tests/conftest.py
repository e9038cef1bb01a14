"""What holds for every test, and what tests in a real browser share."""

import os

import pytest

# Two test processes share two cores: numerical libraries that each take all of them would only wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def own_state(tmp_path_factory):
    """The queue's list is none of the user's."""
    os.environ["MULDML_STATE"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="module")
def chromium():
    """A browser for all tests of a file."""
    from app_server import browser

    with browser() as program:
        yield program


@pytest.fixture(scope="module")
def address(runs, request):
    """Of the app on the file's own fixture `runs`, a folder."""
    from app_server import ROOT, app_server

    artifacts = ROOT / "test-artifacts"
    artifacts.mkdir(exist_ok=True)
    with app_server(runs, artifacts / f"{request.module.__name__.replace('test_browser', 'server')}.log") as url:
        yield url


@pytest.fixture
def page(chromium, address):
    """Of a visitor who has never been here."""
    from app_server import fresh_visitor

    with fresh_visitor(chromium, address) as page:
        yield page


@pytest.fixture
def app_places(tmp_path, monkeypatch):
    """For the app in this process: a sample run, an empty runs folder, no study, nothing that works by itself."""
    from app_page import modules
    from fake_run import write_fake_run

    run_picker, study_cache, training_queue, visitor = modules("run_picker", "study_cache", "training_queue", "visitor")
    for module in (run_picker, visitor):  # there is no server here that listens anywhere
        monkeypatch.setattr(module, "own_machine", lambda: True)
    monkeypatch.setenv("MULDML_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(run_picker, "SAMPLE", tmp_path / "sample_run")
    monkeypatch.setattr(study_cache, "SHIPPED", tmp_path / "shipped")
    monkeypatch.setattr(training_queue, "keep_going", lambda runs: None)
    write_fake_run(tmp_path / "sample_run")
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"
