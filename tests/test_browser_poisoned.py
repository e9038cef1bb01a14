"""Folders from anywhere on a server for others: nothing in them is fetched or run, and no path of it is told."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from app_server import ROOT, settle
from fake_run import write_fake_run
from poisoned import POISON, SERVER, poison_run, poison_study

ARTIFACTS = ROOT / "test-artifacts"
CAUGHT = f"[href*='{SERVER}'], [src*='{SERVER}'], [style*='{SERVER}'], [href*='evil'], [href^=javascript]"
PAGES = {
    "": "Whose face, or which face?",
    "faces": "All action units",
    "train": "The training failed.",
    "slices?point=3": "The head says",
    "thresholds?beside=other": "What to see",
    "judgements": "would be judged incompletely",
    "compare?runs=poisoned&runs=other": "One face, in every run",
    "your_face": "Try a drawn face",
    "evidence?study=study": "Where it holds",
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = Path(os.fsdecode(os.fsencode(tmp_path_factory.mktemp("of")) + b"/r\xe9sultats"))  # no UTF-8
    write_fake_run(folder / "other")
    poison_run(folder / "poisoned")
    poison_study(folder / "study")
    write_fake_run(folder / "caf\udce9")
    os.environ["STREAMLIT_SERVER_ADDRESS"] = "0.0.0.0"
    yield folder
    del os.environ["STREAMLIT_SERVER_ADDRESS"]


def look(page, runs):
    """What is on the page now is literal: no trap has been sprung, and no path is told."""
    settle(page)
    assert page.locator(CAUGHT).count() == 0
    assert page.evaluate("window.ran") is None
    words = page.locator("body").inner_text()
    assert "Traceback" not in words
    assert "don't fit together" not in words
    for path in (runs.parent, ROOT, "/secret"):
        assert str(path) not in words
    return words


def test_texts_of_a_folder_are_only_texts(page, runs):
    """One visitor goes through all pages: each new one would fetch the whole app anew."""
    for place, shown in PAGES.items():
        page.goto(f"/{place}{'&' if '?' in place else '?'}run=poisoned&guide=off")
        settle(page)
        page.get_by_text(shown).first.wait_for()
        words = look(page, runs)
        if place == "train":
            assert "![](http" in words
            assert "another visitor's training; its buttons are theirs" in words
            assert page.get_by_role("button", name=re.compile("Resume|Reset|Pause")).count() == 0
        page.screenshot(path=ARTIFACTS / f"poisoned_{re.sub('[^a-z]', '_', place)[:12]}.png", full_page=True)
    page.locator("[class*=st-key-open_] button").first.click()
    page.get_by_text("The experiment").wait_for()
    for name in ("Map", "Other intervals", "All arms"):
        page.get_by_text(name, exact=True).first.click()
        look(page, runs)
    page.locator(".js-plotly-plot").first.hover()
    look(page, runs)
    # What a link says comes from anybody, too.
    page.goto(f"/?run=sample&lesson=![](http://{SERVER})&person={POISON[:60]}&guide=![](http://{SERVER})")
    look(page, runs)
    page.goto(f"/train?run=![](http://{SERVER})&set=data:folder,epochs:![](http://{SERVER})&fork=![](http://{SERVER})")
    assert "The link's settings make no sense here" in look(page, runs)
    assert page.get_by_label("Path on this machine").count() == 0
    page.goto(f"/thresholds?run=sample&tau=%0A%0A![](http://{SERVER})&beside=%0A%0A![](http://{SERVER})")
    look(page, runs)
