"""bench app: a real server with few visitors, and what it says when something is missing."""

import json
import sys
from random import Random

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from muldml_lite.__main__ import main
from muldml_lite.bench import BenchError, app, app_browser
from muldml_lite.bench.app_visitor import Visitor


def test_a_few_visitors_are_served_and_timed(capsys):
    assert main(["bench", "app", "--no-browser", "--visitors", "2", "--seconds", "9", "--json"]) == 0
    total, *single = json.loads(capsys.readouterr().out)["rows"]
    assert total["case"] == "all interactions"
    assert total["times"] == sum(row["times"] for row in single) >= 4
    assert {row["visitors"] for row in (total, *single)} == {2}
    assert "tour: the app opened" in [row["case"] for row in single]
    for row in (total, *single):
        assert 0 < row["median_ms"] <= row["p90_ms"] <= row["worst_ms"]


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ({"playwright.sync_api": None}, "Playwright is not installed (pip install playwright)"),
        ({"websockets.asyncio.client": None}, "websockets is not installed (pip install websockets)"),
    ],
)
def test_a_missing_library_is_one_line(lacking, said, monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "muldml_lite.bench.app_visitor", raising=False)
    for name, module in lacking.items():
        monkeypatch.setitem(sys.modules, name, module)
    assert main(["bench", "app", "--json"]) == 2
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_a_missing_browser_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr(app_browser, "find_browser", lambda: None)
    assert main(["bench", "app"]) == 2
    assert "no Chromium or Chrome was found" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(("files", "said"), [((), "comes with the repository"), (("main.py",), "it said nothing")])
def test_an_app_that_is_not_there_or_does_not_start_is_one_line(files, said, monkeypatch, tmp_path):
    (tmp_path / "streamlit_app").mkdir()
    for name in files:
        (tmp_path / "streamlit_app" / name).touch()
    monkeypatch.setattr(app_browser, "ROOT", tmp_path)
    monkeypatch.setattr(app_browser.sys, "executable", "false")
    with pytest.raises(BenchError, match=said), app_browser.serve(tmp_path, tmp_path / "log"):
        pass


def test_a_visitor_who_is_not_served_is_one_line_with_the_server_s_last_error(monkeypatch):
    def broken(seconds, runs, log):
        log.write_text("one\nValueError: two\nKeyError: three\nfour\n")
        raise RuntimeError("KeyError on the page train\nlong story")

    monkeypatch.setattr(app, "_alone", broken)
    with pytest.raises(BenchError, match=r"^a visitor was not served: KeyError on the page train; KeyError: three$"):
        next(app.measure_app(1.0, 1, True))


def test_a_visitor_reads_pages_widgets_large_messages_and_the_end():
    visitor = Visitor(None, Random(0))
    message = ForwardMsg()
    for name, default in (("tour", True), ("train", False)):
        message.navigation.app_pages.add(page_script_hash=f"#{name}", url_pathname=name, is_default=default)
    assert not visitor.take(message.SerializeToString())
    assert visitor.pages == {"": "#tour", "train": "#train"}

    large = ForwardMsg(hash="h1")
    large.metadata.cacheable = True
    large.delta.new_element.button.id, large.delta.new_element.button.label = "$$ID-abc-open_1a", "Open"
    large.delta.fragment_id = "f"
    visitor.take(large.SerializeToString())
    visitor.elements = {}
    visitor.take(ForwardMsg(ref_hash="h1").SerializeToString())  # the server counts on what was sent before
    assert visitor.find("open_") == visitor.find("Open") == "$$ID-abc-open_1a"
    assert visitor.elements["$$ID-abc-open_1a"][1] == "f"
    with pytest.raises(LookupError, match="the page tour shows no 'other'"):
        visitor.find("other")

    for status, last in (("FINISHED_SUCCESSFULLY", True), ("FINISHED_EARLY_FOR_RERUN", False)):
        assert visitor.take(ForwardMsg(script_finished=getattr(ForwardMsg, status)).SerializeToString()) == last
    visitor.page = "#train"
    failed = ForwardMsg()
    failed.delta.new_element.exception.type = "KeyError"
    with pytest.raises(RuntimeError, match="KeyError on the page train"):
        visitor.take(failed.SerializeToString())


def test_the_view_whose_frames_are_timed_can_be_opened(tmp_path):
    from muldml_lite.runs import Run
    from muldml_lite.widgets import slices_payload

    app.large_run(tmp_path / "large", slices=3, points=70, epochs=2)
    values = slices_payload(Run(tmp_path / "large"))
    assert (len(values["thresholds"]), len(values["labels"]), len(values["epochs"])) == (3, 70, 3)
    assert len(values["layouts"]["pca"]) == 3 * 3 * 70 * 2 * 2  # bytes
