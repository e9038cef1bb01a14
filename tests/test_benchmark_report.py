"""The report: what it says, at every stage, and that it stands alone."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from fake_benchmark import ABOUT, CLASSES, EVIL, Page, fake_training, held

from muldml_lite.benchmark import collect, make_plan, render, summarise, to_csv
from muldml_lite.benchmark.held_out import write_held_out
from muldml_lite.benchmark.plan import run_folder
from muldml_lite.benchmark.runner import HELD_OUT
from muldml_lite.benchmark.words import findings
from muldml_lite.commands.benchmark import _relative
from muldml_lite.commands.facts import without_places


def reported(tmp_path, count, data="ck+", frames=1):
    """Results of a benchmark of two methods, two folds and two seeds, `count` of its eight runs finished."""
    plan = make_plan({"data": data, "root": "x"}, ["softmax", "mul-dml"], folds=2, seeds=2)
    rng = np.random.default_rng(2)
    truth, people = np.repeat(rng.integers(0, 3, 60), frames), np.repeat(np.arange(60), frames)
    for planned in plan.runs[:count]:
        fake_training(run_folder(tmp_path, planned), planned.config)
        mine = people % 2 == planned.fold
        good = rng.random(mine.sum()) < (0.9 if planned.method == "mul-dml" else 0.4)
        said = np.where(good, truth[mine], (truth[mine] + 1) % 3)
        part = held(truth[mine], said, cases=people[mine], subjects=people[mine], classes=(*CLASSES[:2], EVIL))
        write_held_out(tmp_path / HELD_OUT, planned.name, part)
    return summarise(plan, collect(tmp_path, plan), ABOUT)


@pytest.mark.parametrize("count", [0, 1, 3, 8])
def test_the_page_stands_alone_at_every_stage(tmp_path, count):
    results = reported(tmp_path, count)
    means = {arm["method"]: arm["measures"]["head_accuracy"]["mean"] for arm in results["methods"]}
    gap = next((one["mean"] for one in results["differences"] if one["measure"] == "head_accuracy"), None)
    assert gap is None or gap == pytest.approx(means["mul-dml"] - means["softmax"])  # also after three runs
    json.loads(json.dumps(results, allow_nan=False))  # plain values, and none that is no number
    text = render(results)
    page = Page(text)
    assert not {"script", "img", "link", "iframe"} & page.seen
    assert len(page.links) == 1
    assert page.links[0].startswith("data:text/csv")
    assert "url(" not in text
    assert "@import" not in text
    assert len(text) < 200_000
    assert EVIL in page.words()  # shown as it is written, not run
    begun = f"{count} of 8 runs are finished ({8 - count} waiting)" if count < 8 else "All 8 runs are finished."
    assert begun in page.words()
    assert ("Not every fold has been held out yet" in page.words()) == (0 < count < 4)
    assert len(page.alts) == {0: 0, 1: 6}.get(count, 10)  # two figures of four panels, and one of two


def test_the_page_says_what_was_done_and_what_came_out(tmp_path):
    results = reported(tmp_path, 8, frames=3)
    page = Page(render(results))
    words, arm = page.words(), results["methods"][1]
    gap = next(one for one in results["differences"] if one["measure"] == "head_accuracy")
    assert gap["low"] > 0
    assert f"{100 * arm['measures']['head_accuracy']['mean']:.1f} %" in words
    interval = f"interval +{100 * gap['low']:.1f} to +{100 * gap['high']:.1f}"
    assert f"points, {interval}: higher, but not by the check over 2 folds." in words
    assert "98.49 %" in words
    assert "2 folds of people" in words
    assert "Here it is run with 2 folds instead" in words
    assert "Frames of one sequence are one case" in words
    assert "head, accuracy of images" in words
    assert "180 images of 60 sequences of 60 people" in words
    assert "muldml benchmark --data ck+ --root …/faces" in words
    assert any("published for Mul-DML 98.49%" in alt for alt in page.alts)


def test_only_what_the_check_does_not_confirm_is_qualified(tmp_path):
    results = reported(tmp_path, 8)
    check = next(one for one in results["checks"] if one["measure"] == "head_accuracy")
    for low, high, qualified in ((0.1, 0.8, False), (-0.1, 0.8, True), (None, None, True)):
        check.update(low=low, high=high)
        line = findings(results)[1]
        assert ": higher" in line
        assert ("but not by the check over 2 folds" in line) == qualified


@pytest.mark.parametrize(("data", "note"), [("mmi", "the figure is not known here"), ("fer2013", "reports nothing on")])
def test_a_figure_that_is_not_known_is_not_shown(tmp_path, data, note):
    results = reported(tmp_path, 8, data)
    page = Page(render(results))
    assert note in page.words()
    assert "98.49" not in page.words()
    assert results["published"]["accuracy"] is None


def test_the_table_for_spreadsheets(tmp_path):
    results = reported(tmp_path, 8)
    rows = list(csv.DictReader(io.StringIO(to_csv(results))))
    assert [row["method"] for row in rows] == ["softmax"] * 4 + ["mul-dml"] * 4 + ["mul-dml as published"]
    row, gap = rows[4], results["differences"][0]
    assert float(row["mean"]) == pytest.approx(results["methods"][1]["measures"]["head_accuracy"]["mean"], rel=1e-5)
    assert float(row["low"]) == pytest.approx(gap["low"], rel=1e-5)
    assert rows[0]["difference"] == ""
    assert float(rows[-1]["mean"]) == 0.9849


def test_places_on_this_machine_stay_here():
    words = ["benchmark", "--root", "/home/me/CK+48/", "--out=/tmp/x", "--seeds", "3", "--data", "ck+"]
    assert without_places(words) == ["benchmark", "--root", "…/CK+48", "--out=…/x", *words[4:]]
    assert _relative("faces/a/b.png: damaged image", "faces") == "…/a/b.png: damaged image"
    assert _relative("12 images of faces, in /home/faces/x", "faces") == "12 images of faces, in /home/faces/x"
