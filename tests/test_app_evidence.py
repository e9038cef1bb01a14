"""The page Evidence without a browser: the list, single claims, links, and studies that are missing or broken."""

import contextlib
import csv
import io
import json
import os
import re
import subprocess
import sys
import time
from html import escape

import plotly.graph_objects as go
import pytest
from app_page import APP, fine, link, modules, open_page, texts
from fake_run import write_fake_run
from fake_study import EFFECTS, NEEDY, TOY, rich_study, write_fake_study

from muldml_lite.claims import CLAIMS, Study, read_study

study_cache, evidence_detail, evidence_html = modules("study_cache", "evidence_detail", "evidence_html")


@pytest.fixture(autouse=True)
def runs(app_places, tmp_path):
    write_fake_study(tmp_path / "shipped")
    return app_places


def html(item):
    return item.proto.body


def with_needs(text):
    """Claim 10 says what it lacks, up to the command in it; the first letter may have grown."""
    return escape(NEEDY.needs[1:].split("`")[0]) in text


def charts(app):
    return [go.Figure(json.loads(item.proto.spec)) for item in app.get("plotly_chart")]


def tables(app):
    return [item.value for item in app.dataframe]


def test_the_list_has_every_claim_with_verdict_sentence_source_and_reason():
    app = open_page("evidence")
    text = texts(app)
    for claim in (TOY, NEEDY):
        assert f"**{claim.id} · {claim.title}**" in [button.label for button in app.button]
        assert claim.sentence in text
        assert not claim.source or f"({claim.source})" in text
    assert "Of 4 regimes: supported in 1, contradicted in 1, not supported in 1, untestable here in 1" in text
    assert with_needs(text)
    for chip in ("◐ in 1 of 3 settings", "… needs data", "◐ 1 in some settings"):
        assert chip in text
    assert link(app).get("study") == "shipped"
    assert len(charts(app)) == 1


def test_a_claim_opens_is_in_the_link_and_closes():
    app = open_page("evidence")
    app.button(key=f"open_{TOY.id}").click().run()
    assert link(app).get("claim") == TOY.id
    assert TOY.title in texts(app)
    app.button(key="claim_after").click().run()
    assert link(app).get("claim") == "10"
    assert "98.49" in texts(app)
    app.button(key="all_claims").click().run()
    assert link(app).get("claim") is None
    assert app.button(key=f"open_{TOY.id}")


def test_a_claim_in_full():
    app = open_page("evidence", claim=TOY.id)
    text = texts(app)
    for part in (TOY.sentence, TOY.rule, "k-NN: green against red", "above the control", "0.5 points"):
        assert part in text
    assert "4 regimes, 8 draws of people with 2 seeds each, paired" in text
    assert "saturated in 16 of 16 runs of green" in text
    assert "The claim, in our words (nowhere)" in text
    assert "The paper," not in text
    assert f"muldml claims {TOY.id} --quick" in text
    for word in ("Interval", "Holm", "Untestable"):
        assert evidence_html.WORDS[word] in text


def test_the_interval_table_and_its_csv_hold_the_reading(runs):
    app = open_page("evidence", claim=TOY.id)
    table = tables(app)[0]
    intervals = read_study(Study(runs.parent / "shipped")).intervals
    judged = [one for one in intervals if one.required]
    assert list(table["regime"][:4]) == [one.cell for one in judged]
    assert list(table["difference"][:4]) == pytest.approx([3, -4, 0, 5])
    assert list(table["low"][:4]) == pytest.approx([100 * one.low for one in judged])
    assert list(table["says"][:4]) == ["✓ supported", "✗ contradicted", "○ not supported", "◇ untestable here"]


def test_every_number_leads_to_its_runs():
    app = open_page("evidence", claim=TOY.id)
    box = app.selectbox(key=f"interval_{TOY.id}")
    assert len(box.options) == 8
    for place, (cell, (_, _, saturated)) in enumerate(EFFECTS.items()):
        box = app.selectbox(key=f"interval_{TOY.id}")
        wanted = next(option for option in box.options if cell.replace("/", " · ") in option and "k-NN" in option)
        box.select(wanted).run()
        table = tables(app)[1]
        assert len(table) == 32, place  # 8 draws, 2 seeds, 2 arms
        assert set(table["arm"]) == {"green", "red"}
        assert set(table["draw"]) == set(range(1000, 1008))
        assert set(table["seed"]) == {0, 1}
        assert set(table["saturated"]) == {saturated}
        assert table["seconds"].iloc[0] == 0.61
        green, red = (table[table["arm"] == arm]["knn"].mean() for arm in ("green", "red"))
        assert f"{100 * (green - red):.1f}"[-3:] in texts(app)


@pytest.mark.parametrize("picture", ["Map", "Other intervals", "All arms"])
def test_pictures_of_a_claim(picture):
    app = open_page("evidence", claim=TOY.id)
    before = charts(app)
    control = app.get("segmented_control") or app.get("button_group")
    control[0].set_value(picture).run()
    fine(app)
    assert len(charts(app)) == 1
    assert charts(app)[0] != before[0]


def test_a_click_on_an_interval_is_copied_to_a_key_of_our_own():
    assert evidence_detail.clicked({"selection": {"points": [{"x": 1}, {"customdata": 5}]}}) == 5
    assert evidence_detail.clicked({"selection": {"points": [{"customdata": [7]}]}}) == 7
    for nothing in (None, {}, {"selection": {"points": []}}, {"selection": {"points": [{"customdata": None}]}}):
        assert evidence_detail.clicked(nothing) is None


def test_the_five_lines_run_and_show_the_page_s_figure(runs, monkeypatch):
    app = open_page("evidence", claim=TOY.id)
    code = next(item.value for item in app.code if item.value.startswith("from muldml_lite"))
    assert len(code.splitlines()) <= 5
    shown = []

    def show(figure):
        shown.append(figure)

    monkeypatch.setattr(go.Figure, "show", show)
    exec(code, {})
    (figure,) = shown
    judged = [trace for trace in figure.data if trace.name and "k-NN" in trace.name]
    drawn = [trace for trace in charts(app)[0].data if trace.name and "k-NN" in trace.name]
    assert [list(trace.x) for trace in judged] == [list(trace.x) for trace in drawn]
    assert len(judged) == 4


def test_a_claim_without_data_shows_its_sentence_and_what_it_needs():
    app = open_page("evidence", claim="10")
    text = texts(app)
    assert "… needs data" in text
    assert with_needs(text)
    assert not charts(app)
    code = next(item.value for item in app.code if item.value.startswith("from muldml_lite"))
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    assert "needs data" in out.getvalue()


def test_a_number_in_the_link_means_its_first_part(runs):
    rich_study(runs / "rich", draws=3)
    assert "4a · Incomplete judgements happen" in texts(open_page("evidence", claim="4", study="rich"))


@pytest.mark.parametrize("claim", ["99", "../x", "<b>"])
def test_a_nonsense_claim_is_told(claim):
    app = open_page("evidence", claim=claim)
    assert f"this study has {TOY.id}, {NEEDY.id}" in texts(app)
    assert app.button(key=f"open_{TOY.id}")


def test_studies_of_the_runs_folder_can_be_chosen(runs):
    write_fake_study(runs / "mine", claims=(TOY,))
    write_fake_run(runs / "no-study")
    app = open_page("evidence")
    box = app.selectbox(key="study_choice")
    assert box.options == ["Shipped study", "mine"]
    box.select("mine").run()
    assert link(app).get("study") == "mine"
    assert f"open_{NEEDY.id}" not in [button.key for button in app.button]
    assert TOY.title in texts(open_page("evidence", study="mine", claim=TOY.id))


@pytest.mark.parametrize("name", ["../shipped", "..", "a/b", "gone", ".x", "~"])
def test_a_link_never_leads_out_of_the_runs_folder(name, runs):
    choice = study_cache.resolve(name)
    assert choice.study is None
    assert choice.problem
    assert "claims --quick" in texts(open_page("evidence", study=name))


def test_a_symbolic_link_is_not_followed(runs):
    (runs / "link").symlink_to(runs.parent / "shipped")
    assert study_cache.resolve("link").study is None
    assert "link" not in study_cache.names()


def test_no_study_at_all(monkeypatch, runs):
    monkeypatch.setattr(study_cache, "SHIPPED", runs / "nowhere")
    text = texts(open_page("evidence"))
    assert "python -m muldml_lite claims --quick" in text
    assert "can't be shown" not in text


def spoil_json(path, **changes):
    about = json.loads((path / "study.json").read_text())
    about.update(changes)
    (path / "study.json").write_text(json.dumps(about))


SPOILS = {
    "torn study.json": lambda path: (path / "study.json").write_text('{"format": 1,'),
    "other format": lambda path: spoil_json(path, format=7),
    "no claims": lambda path: spoil_json(path, claims=3),
    "odd claims": lambda path: spoil_json(path, claims=[{"id": "1"}]),
    "odd rows": lambda path: (path / "rows.jsonl").write_text("{}\n{}\n"),
    "bad rows": lambda path: (path / "rows.jsonl").write_text("no json\n{}\n"),
    "odd numbers": lambda path: (path / "rows.jsonl").write_text(
        (path / "rows.jsonl").read_text().replace('"measured": {', '"measured": 3, "was": {')
    ),
    "odd facts": lambda path: spoil_json(path, settings=4, machine=None),
}


@pytest.mark.parametrize("claim", [None, TOY.id])
@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS)
def test_a_broken_study_is_one_clear_line(spoil, claim, runs):
    spoil(write_fake_study(runs / "spoilt"))
    query = {"study": "spoilt"} | ({"claim": claim} if claim else {})
    app = open_page("evidence", **query)
    fine(app)
    assert any("can't be shown" in item.value or "don't fit" in item.value for item in app.warning)


@pytest.mark.parametrize("name", ["rows.jsonl", "status.json", "verdicts.json"])
def test_a_study_that_lacks_a_file_is_still_shown(name, runs):
    (write_fake_study(runs / "young") / name).unlink()
    app = open_page("evidence", study="young")
    fine(app)
    assert not app.warning
    assert app.button(key=f"open_{TOY.id}")


def test_a_pipe_for_a_status_is_not_waited_for(runs):
    path = write_fake_study(runs / "young")
    (path / "status.json").unlink()
    os.mkfifo(path / "status.json")
    assert study_cache.status(study_cache.Study(path)) == {}


def test_a_study_under_way_says_how_far_it_is(runs):
    path = write_fake_study(runs / "young")
    with open(path / "rows.jsonl", "a") as file:
        file.write('{"experiment": "t')  # a torn last line
    state = {"state": "running", "done": 140, "total": 400, "seconds_left": 95.0, "heartbeat": time.time()}
    (path / "status.json").write_text(json.dumps(state))
    app = open_page("evidence", study="young")
    fine(app)
    assert "140 of 400 runs, about 95 s left" in app.get("progress")[0].proto.text
    (path / "status.json").write_text(json.dumps(state | {"heartbeat": time.time() - 3600}))
    assert "goes on where it was" in texts(open_page("evidence", study="young"))


def test_a_study_that_grows_is_read_anew(runs):
    path = write_fake_study(runs / "young", draws=2)
    assert "2 draws, expected 3 or more" in texts(open_page("evidence", study="young"))
    write_fake_study(runs / "other", draws=8)
    (runs / "other" / "rows.jsonl").replace(path / "rows.jsonl")
    assert "supported in 1, contradicted in 1" in texts(open_page("evidence", study="young"))


def test_text_of_a_study_is_never_markup(runs):
    import dataclasses

    claim = dataclasses.replace(TOY, sentence="<img src=x onerror=alert(1)> is *bold*", source="<script>")
    write_fake_study(runs / "odd", claims=(claim,))
    text = texts(open_page("evidence", study="odd")) + texts(open_page("evidence", study="odd", claim=TOY.id))
    assert "<img" not in text.replace("&lt;img", "")
    assert "<script>" not in text


def test_csv_of_runs_can_be_read_back(monkeypatch):
    taken = {}
    monkeypatch.setattr(
        evidence_detail.st, "download_button", lambda label, data, name, *_, **__: taken.update({name: data()})
    )
    evidence_detail.download("x", lambda: [{"draw": 1, "knn": 0.5}, {"draw": 2, "arm": "a,b"}], "/x")
    lines = list(csv.DictReader(io.StringIO(taken["x.csv"])))
    assert lines == [{"draw": "1", "knn": "0.5", "arm": ""}, {"draw": "2", "knn": "", "arm": "a,b"}]


@pytest.mark.parametrize("claim", [claim.id for claim in CLAIMS])
def test_every_claim_of_the_ledger_has_a_page(claim, tmp_path_factory, runs):
    """On random numbers: every picture that the page offers can be drawn."""
    path = tmp_path_factory.getbasetemp() / "ledger" / "rich"
    if not path.exists():
        rich_study(path, draws=3)
    (runs / "rich").mkdir()
    for name in ("study.json", "rows.jsonl"):
        os.link(path / name, runs / "rich" / name)
    app = open_page("evidence", study="rich", claim=claim)
    fine(app)
    for control in app.get("segmented_control") or app.get("button_group"):
        for option in control.options:
            name = option if isinstance(option, str) else option.content
            control.set_value(name).run()
            assert "holds no numbers" not in texts(app), name
            assert len(charts(app)) == 1


def test_the_page_loads_no_torch(runs):
    text = (
        "import sys\n"
        "from streamlit.testing.v1 import AppTest\n"
        "app = AppTest.from_file(sys.argv[1], default_timeout=60).run()\n"
        "for claim in ('', '11'):\n"
        "    app.switch_page('views/evidence.py')\n"
        "    app.query_params['study'] = 'mine'\n"
        "    app.query_params['claim'] = claim\n"
        "    app.run()\n"
        "    assert not app.exception, app.exception\n"
        "    assert app.get('plotly_chart')\n"
        "print([m for m in ('torch', 'torchvision', 'umap', 'sklearn', 'numba', 'accelerate') if m in sys.modules])\n"
    )
    write_fake_study(runs / "mine")
    command = [sys.executable, "-c", text, str(APP / "main.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.search(r"\[\]\s*$", done.stdout)
