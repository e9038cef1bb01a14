"""What all pages share: words, lessons, first steps, charts with downloads, lean imports, a server for this machine."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
import streamlit as st
from app_page import APP, ROOT, modules
from app_server import app_server
from fake_run import write_fake_run
from streamlit.testing.v1 import AppTest

from muldml_lite.runs import Run, RunWriter
from muldml_lite.widgets.faces import lab_payload, read_surroundings

figures, glossary, guide, lesson, reproduce, warm = modules(
    "figures", "glossary", "guide", "lesson", "reproduce", "warm"
)
PAGES = sorted(path.stem for path in (APP / "views").glob("*.py"))


def script(text, **query):
    app = AppTest.from_string(text, default_timeout=30)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


# -- words -------------------------------------------------------------------------------------------------------


def test_a_word_has_its_definition_and_other_names_lead_to_it():
    assert glossary.term("margin") == glossary.term("τ") == glossary.GLOSSARY["threshold"]
    assert "D(p,n) < D(a,p)" in glossary.term("incomplete judgement")
    with pytest.raises(KeyError, match="no 'marginn'"):
        glossary.term("marginn")


def test_every_word_is_short_and_every_other_name_leads_somewhere():
    assert len(glossary.GLOSSARY) >= 40
    for word, text in glossary.GLOSSARY.items():
        assert 20 < len(text) < 260, word
        assert text.endswith((".", "₊.")), word
        assert glossary.term(word) == text
    assert set(glossary._ALSO.values()) <= set(glossary.GLOSSARY)


def test_searching_finds_beginnings_first():
    assert next(iter(glossary.search("Margin"))) == "threshold"
    assert list(glossary.search("s"))[:3] == ["saturated", "seed", "semi-hard"]
    assert "incomplete judgement" in glossary.search("punish")
    assert glossary.search("") == glossary.GLOSSARY
    assert glossary.search("qwertz") == {}


def test_the_page_of_words_is_what_the_app_shows():
    assert (ROOT / "docs" / "GLOSSARY.md").read_text(encoding="utf-8") == glossary.page()


# -- lessons and first steps -------------------------------------------------------------------------------------

ASKS = """
import lesson
import streamlit as st
lesson.keep_in_link()
st.write(" ".join(block for block in lesson.BLOCKS if lesson.shows(block)))
st.write(" ".join(page for page in lesson.PAGES if lesson.shows_page(page)))
"""


def test_without_a_lesson_everything_is_shown():
    app = script(ASKS)
    assert app.markdown[0].value.split() == list(lesson.BLOCKS)
    assert app.markdown[1].value.split() == list(lesson.PAGES)
    assert "lesson" not in app.query_params


@pytest.mark.parametrize("number", sorted(lesson.LESSONS))
def test_a_lesson_shows_its_pages_and_hides_its_blocks(number):
    app = script(ASKS, lesson=str(number))
    wanted = lesson.LESSONS[number]
    assert set(app.markdown[0].value.split()) == set(lesson.BLOCKS) - wanted.hides
    assert app.markdown[1].value.split() == [page for page in lesson.PAGES if page in wanted.pages]
    app.query_params.pop("lesson")  # as a change of pages does
    app.run()
    assert app.query_params["lesson"] in (str(number), [str(number)])


@pytest.mark.parametrize("name", ["0", "9", "x", "", "1e3", "../1", "9" * 5000, "②", "1\0"])
def test_a_lesson_that_is_not_there_is_told(name):
    app = script(ASKS, lesson=name)
    assert not app.exception
    assert "there are lessons 1 to 8" in app.info[0].value
    assert app.markdown[1].value.split() == list(lesson.PAGES)


def test_lessons_name_only_blocks_and_pages_that_there_are():
    assert sorted(lesson.LESSONS) == list(range(1, 9))
    for one in lesson.LESSONS.values():
        assert one.hides <= set(lesson.BLOCKS)
        assert set(one.pages) <= set(PAGES)
    assert set(lesson.PAGES) == set(PAGES)
    with pytest.raises(ValueError, match=r"shows\('contrls'\)"):
        lesson.shows("contrls")


def test_steps_go_through_pages_that_there_are():
    assert len(guide.STEPS) == 4
    assert {step.page for step in guide.STEPS} <= set(PAGES)


PLACE = "import guide\nimport streamlit as st\nguide.keep_in_link()\nst.write(guide.place())"


@pytest.mark.parametrize(("asked", "place"), [(None, "1"), ("3", "3"), ("off", "off"), ("5", "1"), ("../x", "1")])
def test_where_a_visitor_is(asked, place):
    app = script(PLACE, **({"guide": asked} if asked else {}))
    assert app.markdown[0].value == place


# -- charts and how to get the same elsewhere --------------------------------------------------------------------


def test_the_numbers_of_a_chart_are_what_it_draws():
    figure = go.Figure(
        [
            go.Scatter(x=np.arange(2), y=[1, 2], name="a", error_x={"array": [0.1, 0.2]}),
            go.Heatmap(z=[[1, 2], [3, 4]], x=["p", "q"], y=["r", "s"]),
        ]
    )
    lines = list(csv.reader(io.StringIO(figures.csv_text(figures.numbers_of(figure)))))
    assert lines[0] == ["trace", "x", "y", "error_x", "z"]
    assert lines[1:3] == [["a", "0", "1", "0.1", ""], ["a", "1", "2", "0.2", ""]]
    assert lines[3:] == [["trace 2", x, y, "", z] for x, y, z in ("pr1", "qr2", "ps3", "qs4")]


def test_csv_keeps_commas_quotes_lines_and_short_columns():
    columns = {"a,b": ["x\ny", 'say "no"'], "τ": [0.1]}
    assert list(csv.reader(io.StringIO(figures.csv_text(columns)))) == [
        ["a,b", "τ"], ["x\ny", "0.1"], ['say "no"', ""],
    ]  # fmt: skip


@pytest.mark.parametrize("host", ["python", "browser"])
def test_no_text_of_a_csv_is_a_formula(host):
    cells = ["=cmd|' /C calc'!A0", "@sum(1)", "+1+1", "-2+3", "-", "\t=1", "-0.25", "+4", -0.5, "a=1", "", "=5"]
    if host == "python":
        text = figures.csv_text({"=name": cells})
    else:
        source = (ROOT / "muldml_lite/widgets/download.js").read_text()
        code = f"{source}\nprocess.stdout.write(csvText({json.dumps({'=name': cells})}))"
        node = shutil.which("node") or pytest.skip("needs node")
        text = subprocess.run([node, "-e", code], capture_output=True, check=True, encoding="utf-8").stdout
    head, *told = [line[0] if line else "" for line in csv.reader(io.StringIO(text))]
    assert head == "'=name"
    kept = ("-0.25", "+4", -0.5, "a=1", "")
    assert told == [str(cell) if cell in kept else f"'{cell}" for cell in cells]


def test_numbers_are_made_only_when_they_are_asked_for():
    text = """
import figures, plotly.graph_objects as go, streamlit as st
def numbers():
    raise AssertionError("asked for too early")
figures.show_figure(go.Figure(go.Scatter(x=[1], y=[2])), "Over τ/../7", "A point.", numbers)
"""
    app = script(text)
    assert not app.exception
    [chart] = app.get("plotly_chart")
    assert chart.proto.alt == "A point."
    assert script(text, lesson="1").get("download_button") == []


@pytest.mark.parametrize("key", ["Over τ/../7", "a b", "..", "τ", "x" * 300])
def test_a_chart_s_name_is_fit_for_a_file(key):
    assert re.fullmatch(r"[A-Za-z0-9_-]+", figures.plain(key))


def test_the_same_elsewhere_is_short_or_refused():
    app = script("from reproduce import reproduce\nreproduce('muldml bench app', 'a = 1\\nb = 2')")
    assert [block.value for block in app.code] == ["muldml bench app", "a = 1\nb = 2"]
    with pytest.raises(ValueError, match="at most 5 lines, got 6"):
        reproduce.reproduce(None, "x\n" * 6)
    with pytest.raises(ValueError, match="needs a command"):
        reproduce.reproduce()


# -- lean, and for this machine only -----------------------------------------------------------------------------

HEAVY = ("torch", "torchvision", "umap", "numba", "sklearn", "kaleido", "skia")
LOADS = f"""
import pathlib, sys
from streamlit.testing.v1 import AppTest
sys.path.insert(0, str(pathlib.Path(sys.argv[1]).parent))
import warm
warm._fetch = lambda: None  # what is read ahead in the background is no page's own
app = AppTest.from_file(sys.argv[1], default_timeout=60).run()
if sys.argv[2] != "tour":
    app.switch_page("views/" + sys.argv[2] + ".py").run()
assert not app.exception, app.exception
assert app.title, "the page shows nothing"
print([name for name in {HEAVY} if name in sys.modules])
"""
ALLOWED = {"faces": {"skia"}}  # it draws


@pytest.mark.parametrize("page", PAGES)
def test_no_page_loads_what_only_training_needs(page, tmp_path):
    write_fake_run(tmp_path / "runs" / "fake")
    environment = {**os.environ, "MULDML_RUNS": str(tmp_path / "runs")}
    command = [sys.executable, "-c", LOADS, str(APP / "main.py"), page]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    assert set(re.findall(r"'(\w+)'", done.stdout.splitlines()[-1])) <= ALLOWED.get(page, set())


def test_the_documented_command_listens_on_this_machine_only_and_tells_nobody(tmp_path):
    with app_server(tmp_path, tmp_path / "log") as address:
        port = int(address.rsplit(":", 1)[1])
        listening = {line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if " 0A " in line}
        assert {one for one in listening if one.endswith(f":{port:04X}")} == {f"0100007F:{port:04X}"}
        with urllib.request.urlopen(address) as answer:
            assert answer.status == 200
    said = (tmp_path / "log").read_text()
    assert "Network URL" not in said
    assert "External URL" not in said
    config = (APP / ".streamlit" / "config.toml").read_text()
    assert re.search(r"^gatherUsageStats = false", config, re.M)
    assert re.search(r"^maxUploadSize = [1-5]\b", config, re.M)


def test_the_part_that_draws_charts_is_found_for_fetching_ahead():
    charts, tables = warm.large_chunks()
    assert re.fullmatch(r"PlotlyChart\.[\w-]+\.js", charts)
    assert re.fullmatch(r"DataFrame\.[\w-]+\.js", tables)


def test_nothing_is_read_ahead_where_nobody_is_served(monkeypatch):
    monkeypatch.setattr(st.runtime, "exists", lambda: False)  # a test before may have left a server's runtime
    warm.warm_up.clear()
    assert warm.warm_up() is None


def test_views_are_given_no_path_of_a_server_for_others(tmp_path, monkeypatch):
    run_cache, visitor, thresholds_view, faces_view = modules("run_cache", "visitor", "thresholds_view", "faces_view")
    monkeypatch.setattr(visitor, "own_machine", lambda: False)
    path = write_fake_run(tmp_path / "mine")
    probe = Run(path).probe
    names = np.array([f"/srv/people/{name}.png" for name in probe.names])  # as of a manifest outside of its root
    RunWriter(path).probe(type(probe)(**{**vars(probe), "names": names}))
    faces = faces_view.followed(lab_payload(read_surroundings(Run(path)), downloads=True))
    packs = [run_cache.packed(Run(path)), thresholds_view.payload(Run(path), [])[1], json.dumps(faces).encode()]
    for packed in packs:
        assert b"subject" in packed
        assert b"/srv" not in packed
        assert os.fsencode(tmp_path) not in packed
