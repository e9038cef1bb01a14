"""bench app: a real server with few visitors, what it says when something is missing, and its arithmetic."""

import asyncio
import contextlib
import json
import random
import sys

import pytest
from app_server import ROOT
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from muldml_lite.__main__ import main
from muldml_lite.bench import app, app_browser, app_frames, app_server, app_visitor
from muldml_lite.bench.plan import BenchError


def test_a_few_visitors_are_served_and_timed(capsys):
    assert main(["bench", "app", "--no-browser", "--visitors", "2", "--seconds", "9", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["bench"] == "app"
    without, total, *single = said["rows"]
    assert without["skipped"] == "left out (--no-browser)"
    assert total["case"] == "all interactions"
    assert total["times"] == sum(row["times"] for row in single) >= 4
    assert {row["visitors"] for row in (total, *single)} == {2}
    assert "tour: the app opened" in [row["case"] for row in single]
    for row in (total, *single):
        assert 0 < row["median_ms"] <= row["p90_ms"] <= row["worst_ms"]
        assert row["kept"] == ("yes" if row["median_ms"] <= row["target_ms"] else "NO")


def test_a_missing_browser_is_told_and_the_rest_is_measured(monkeypatch, tmp_path):
    monkeypatch.setattr(app_browser, "find_browser", lambda: None)
    monkeypatch.setattr(app, "_crowd", lambda *_: [{"case": "crowd"}])
    monkeypatch.setattr(app, "serve", lambda runs, log: contextlib.nullcontext("http://localhost:1"))
    first, second = app.measure_app(app.AppBench(), print)
    assert "no Chromium or Chrome was found" in first[0]["skipped"]
    assert second == [{"case": "crowd"}]


def test_missing_playwright_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "playwright", None)
    assert "Playwright is not installed" in app_browser.missing()


@pytest.mark.parametrize("visitors", [0, -1, 201])
def test_too_few_and_too_many_visitors_are_refused(visitors, capsys):
    assert main(["bench", "app", "--visitors", str(visitors)]) == 2
    assert f"--visitors {visitors}: expected 1 to 200" in capsys.readouterr().err


def test_without_the_app_s_files_it_says_where_the_app_comes_from(monkeypatch, tmp_path):
    monkeypatch.setattr(app_server, "ROOT", tmp_path)
    with pytest.raises(BenchError, match="comes with the repository"), app_server.serve(tmp_path, tmp_path / "log"):
        pass


def test_an_app_that_does_not_start_is_told_in_a_line(monkeypatch, tmp_path):
    (tmp_path / "streamlit_app").mkdir()
    (tmp_path / "streamlit_app" / "main.py").touch()
    monkeypatch.setattr(app_server, "ROOT", tmp_path)
    monkeypatch.setattr(app_server.sys, "executable", "false")
    with (
        pytest.raises(BenchError, match="did not start: it said nothing"),
        app_server.serve(tmp_path, tmp_path / "log"),
    ):
        pass


def test_a_visitor_who_is_not_served_is_one_line_with_the_server_s_last_error(tmp_path):
    (tmp_path / "log").write_text("one\nValueError: two\nKeyError: three\nfour\n")

    def broken():
        raise RuntimeError("KeyError on the page train")

    with pytest.raises(BenchError, match="not served: KeyError on the page train; KeyError: three"):
        app._served(tmp_path / "log", broken)


def test_rows_hold_quantiles_in_milliseconds_and_whether_the_median_keeps_its_target():
    row = app._row({"visitors": 1}, "x", [0.1, 0.2, 0.3, 0.4, 2.0], 0.3)
    assert (row["median_ms"], row["worst_ms"], row["times"], row["kept"]) == (300, 2000, 5, "yes")
    assert row["p90_ms"] == 1360  # between 0.4 and 2.0
    assert app._row({}, "x", [0.31], 0.3)["kept"] == "NO"


def told(**fields):
    return ForwardMsg(**fields).SerializeToString()


def test_a_visitor_reads_pages_widgets_large_messages_and_the_end():
    visitor = app_visitor.Visitor(socket=None)
    message = ForwardMsg()
    for name, default in (("tour", True), ("train", False)):
        message.navigation.app_pages.add(page_script_hash=f"#{name}", url_pathname=name, is_default=default)
    assert not visitor._take(message.SerializeToString())
    assert visitor.pages == {"": "#tour", "train": "#train"}

    large = ForwardMsg(hash="h1")
    large.metadata.cacheable = True
    large.delta.new_element.button.id = "$$ID-abc-open_1a"
    large.delta.fragment_id = "f"
    visitor._take(large.SerializeToString())
    assert visitor.find("button", "open_")[::2] == ("$$ID-abc-open_1a", "f")
    visitor.elements = {}
    visitor._take(told(ref_hash="h1"))  # the server counts on what was sent before
    assert visitor.find("button", "open_1a")
    with pytest.raises(LookupError, match="no button 'other'"):
        visitor.find("button", "other")

    assert visitor._take(told(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY))
    assert visitor._take(told(script_finished=ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY))
    assert not visitor._take(told(script_finished=ForwardMsg.FINISHED_EARLY_FOR_RERUN))
    failed = ForwardMsg()
    failed.delta.new_element.exception.type = "KeyError"
    visitor._take(failed.SerializeToString())
    assert visitor.errors == ["KeyError on the page tour"]


def test_the_view_whose_frames_are_timed_is_as_large_as_is_said(monkeypatch, tmp_path):
    from muldml_lite.widgets import slices_payload

    assert (app_frames.SLICES, app_frames.POINTS) == (16, 2_000)
    monkeypatch.setattr(app_frames, "SLICES", 3)
    monkeypatch.setattr(app_frames, "POINTS", 70)
    values = slices_payload(app_frames.large_run(tmp_path / "large"))
    assert (len(values["thresholds"]), len(values["labels"]), len(values["epochs"])) == (3, 70, app_frames.EPOCHS + 1)
    assert len(values["layouts"]["pca"]) == (app_frames.EPOCHS + 1) * 3 * 70 * 2 * 2  # bytes


def test_a_walk_comes_through_all_pages_before_one_comes_again():
    walk = app_visitor._walk(random.Random(1), ["a", "b", "c"])
    assert all({next(walk) for _ in range(3)} == {"a", "b", "c"} for _ in range(4))


def test_a_server_that_is_not_there_is_an_error_of_the_system():
    with pytest.raises(OSError, match=r"."):
        asyncio.run(app_visitor.visit("http://localhost:1", 0.1, 0, pause=(0, 0)))


def test_tests_and_bench_start_the_app_by_the_same_command():
    assert (ROOT / app_server.MAIN).is_file()
