"""Two benchmarks that differ in a setting: paired by seed, fold and person, and refused where they are no pair."""

import dataclasses
import json

import numpy as np
import pytest

from muldml_lite.__main__ import main
from muldml_lite.benchmark import HeldOut, compare, write_held_out
from muldml_lite.benchmark.against import RESULTS
from muldml_lite.benchmark.plan import BenchmarkError

CLASSES = ("anger", "joy")
PEOPLE, FOLDS = 30, 3


def part(fold, mistakes):
    """Ten people of a fold, an image of either class each; the joy of those in `mistakes` is taken for anger."""
    people = np.repeat(np.arange(10) + 10 * fold, 2)
    truth = np.tile([0, 1], 10)
    said = np.where(np.isin(people, mistakes) & (truth == 1), 0, truth)
    sure = np.eye(2, dtype=np.float32)
    return HeldOut(np.arange(20), truth, people, np.arange(20), sure[said], sure[truth], CLASSES)


def make(folder, mistakes, folds=FOLDS, seeds=2, data="ck+", **settings):
    folder.mkdir()
    plan = {"data": data, "methods": ["softmax", "mul-dml"], "folds": FOLDS, "seeds": seeds}
    (folder / RESULTS).write_text(json.dumps({"plan": plan, "settings": {"epochs": 3, **settings}}))
    for seed in range(seeds):
        for fold in range(folds):
            write_held_out(folder / "held-out", f"mul-dml-fold{fold}-seed{seed}", part(fold, mistakes))
    return folder


def test_what_a_setting_is_worth(tmp_path):
    ours = make(tmp_path / "drawn", mistakes=(0,), weights="drawn")
    theirs = make(tmp_path / "random", mistakes=(0, 1, 11, 12, 13, 21), weights="random")
    found = compare(ours, theirs)
    assert found["settings"] == {"weights": ["drawn", "random"]}
    assert found["folders"] == ["drawn", "random"]
    (arm,) = found["methods"]  # softmax has no finished run
    assert (arm["method"], arm["runs"]) == ("mul-dml", 6)
    assert arm["measures"]["head_accuracy"] == pytest.approx([59 / 60, 54 / 60])
    assert arm["measures"]["head_recall"] == pytest.approx([(1 + 29 / 30) / 2, (1 + 24 / 30) / 2])
    assert arm["measures"]["knn_accuracy"] == [1, 1]
    gap = arm["differences"][0]
    assert (gap["measure"], gap["people"], gap["pairs"]) == ("head_accuracy", PEOPLE, 6)
    assert gap["mean"] == pytest.approx(5 / 60)
    # Five people of thirty gain one image of two: the bootstrap's standard error is that of their mean.
    error = np.std([0.5] * 5 + [0.0] * 25) / np.sqrt(PEOPLE)
    assert gap["high"] - gap["low"] == pytest.approx(2 * 1.96 * error, rel=0.15)
    check = arm["checks"][0]
    assert (check["unit"], check["units"]) == ("folds", FOLDS)
    assert check["mean"] == pytest.approx(np.mean([1 / 20, 3 / 20, 1 / 20]))
    back = compare(theirs, ours)["methods"][0]
    assert back["differences"][0]["mean"] == pytest.approx(-gap["mean"])


def test_only_runs_that_both_have_count(tmp_path):
    ours = make(tmp_path / "a", mistakes=(0,))
    theirs = make(tmp_path / "b", mistakes=(0, 1), seeds=1)
    assert compare(ours, theirs)["methods"][0]["runs"] == 3
    # A seed that lacks a fold is left out as long as another is whole.
    write_held_out(theirs / "held-out", "mul-dml-fold0-seed1", part(0, ()))
    assert compare(ours, theirs)["methods"][0]["runs"] == 3


def test_cases_may_be_numbered_otherwise(tmp_path):
    """With fewer training images the held-out ones have other places, but are the same ones."""
    ours, theirs = (make(tmp_path / name, mistakes=(1,)) for name in "ab")
    moved = part(0, (1,))
    moved = dataclasses.replace(moved, index=moved.index + 7, cases=moved.cases[::-1] + 100)
    write_held_out(theirs / "held-out", "mul-dml-fold0-seed0", moved)
    assert compare(ours, theirs)["methods"][0]["differences"][0]["mean"] == 0


@pytest.mark.parametrize("broken", ["labels", "subjects", "cases", "classes"])
def test_other_held_out_images_are_no_pair(tmp_path, broken):
    ours, theirs = (make(tmp_path / name, mistakes=()) for name in "ab")
    other = part(0, ())
    changed = {
        "labels": 1 - other.labels,
        "subjects": np.roll(other.subjects, 1),
        "cases": np.repeat(other.cases[::2], 2),
        "classes": ("anger", "fear"),
    }
    write_held_out(theirs / "held-out", "mul-dml-fold0-seed0", dataclasses.replace(other, **{broken: changed[broken]}))
    with pytest.raises(BenchmarkError, match=r"b: mul-dml-fold0-seed0 held other images out than in .*a; expected the"):
        compare(ours, theirs)


def test_the_command(tmp_path, capsys):
    ours = make(tmp_path / "drawn", mistakes=(0,), weights="drawn")
    theirs = make(tmp_path / "random", mistakes=(0, 1, 11, 12, 13, 21), weights="random")
    assert main(["compare", str(ours), str(theirs)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["ck+: drawn against random", "weights: drawn against random", "Mul-DML, 6 runs of each:"]
    assert lines[3].startswith("  head, accuracy: 98.3 % against 90.0 %, +8.3 points, interval +")
    assert lines[3].endswith(": higher")
    assert lines[7].startswith("  check, head: Student's t over 3 folds: +8.3, interval ")
    assert main(["compare", str(ours), str(theirs), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["methods"][0]["runs"] == 6


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"data": "mmi"}, "b: a benchmark of mmi, expected ck+ as in"),
        ({"seeds": 0}, "b: no method, seed and fold that is finished here and in"),
    ],
)
def test_what_cannot_be_compared_gets_one_line(tmp_path, capsys, change, text):
    ours, theirs = make(tmp_path / "a", mistakes=()), make(tmp_path / "b", mistakes=(), **change)
    assert main(["compare", str(ours), str(theirs)]) == 2
    said = capsys.readouterr().err
    assert text in said
    assert said.count("\n") == 1
    assert main(["compare", str(ours), str(tmp_path)]) == 2
    assert "no benchmark's folder; expected results.json in it" in capsys.readouterr().err
