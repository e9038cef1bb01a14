"""The ledger's plan, study folder and command, and what is shipped."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from data_trees import make_ck48

from muldml_lite.__main__ import main
from muldml_lite.claims import (
    CLAIMS,
    EXPERIMENTS,
    QUICK,
    Settings,
    Study,
    StudyError,
    load_registry,
    read_study,
    run_study,
    runs_behind,
)
from muldml_lite.claims.beds import PARTS, Draw, Scale, Source, load_bed
from muldml_lite.claims.derived import BEST_EQUAL, BEST_SINGLE, ONE_FOR_ALL, OTHER_DATA, PER_CLASS
from muldml_lite.claims.plan import arms_of, cells_of, choose, confirmation, exploration, plan_hash, plan_of
from muldml_lite.claims.published import PUBLISHED
from muldml_lite.claims.thresholds import THRESHOLDS
from muldml_lite.claims.verdicts import CONFIRMATION, read_rows

OWN = str(Path(__file__).with_name("own_claim.py"))
SHIPPED = Path(__file__).parents[1] / "data/claims"
TINY = Scale(warmup=6, train=6, validation=4, test=6, images=7, size=32, warmup_epochs=2, steps=12)


def _threshold_row(cell, arm, val, **measured):
    flags = {"active": 0.5, "saturated": False, "collapsed": False}
    return {
        "experiment": "thresholds",
        "cell": cell,
        "arm": arm,
        "draw": 1000,
        "seed": 0,
        "measured": {"val_knn": val, **measured},
        **flags,
    }


# The plan


def test_every_comparison_names_arms_that_are_run():
    made = {BEST_SINGLE, BEST_EQUAL, OTHER_DATA, PER_CLASS, ONE_FOR_ALL, ""}
    experiments = {one.name: one for one in EXPERIMENTS}
    for claim in CLAIMS:
        arms = {arm for name in claim.experiments for arm in experiments[name].arms} | made
        for one in claim.comparisons:
            assert {one.treatment, one.control} <= arms, claim.id
            assert bool(one.control) + bool(one.control_statistic) + (one.value is not None) == 1, one.label
        assert claim.id == "10" or any(one.required for one in claim.comparisons)


def test_names_are_used_once():
    registry = load_registry()
    names = [cell.name for one in registry.experiments.values() for cell in one.cells]
    assert len(set(names)) == len(names)
    assert [claim.id for claim in registry.chosen(["4", "7"])] == ["4a", "4b", "4c", "4d", "7"]


def test_draws_of_the_search_are_never_confirmed_on():
    settings = Settings()
    found, confirmed = (
        exploration(EXPERIMENTS, CLAIMS, settings),
        confirmation(EXPERIMENTS, CLAIMS, settings, {"7": {"cells": ["posed/batch-all/alone"]}}),
    )
    assert {job.draw for job in found} == {0, 1}
    assert min(job.draw for job in confirmed) == 1000
    cells = {job.cell for job in confirmed}
    assert "posed/batch-all/alone" in cells
    assert "wild/batch-all/alone" not in cells
    assert "posed/batch-hard/alone" in cells


def test_a_claim_runs_only_the_arms_that_it_compares():
    (eight,) = (claim for claim in CLAIMS if claim.id == "8")
    cell = next(cell for cell in THRESHOLDS.cells if cell.name == "posed/batch-hard/alone")
    assert arms_of(THRESHOLDS, cell, [eight], Settings()) == ["equal 8 (3)", "spread 8"]
    (three,) = (claim for claim in CLAIMS if claim.id == "3b")
    assert arms_of(THRESHOLDS, cell, [three], Settings()) == [f"single {i}" for i in range(1, 6)]


def test_the_search_takes_the_testable_regime_that_speaks_most_for_the_claim():
    (eight,) = (claim for claim in CLAIMS if claim.id == "8")
    rows = []
    gaps = {
        "batch-all/alone": (0.05, 0.04),
        "semi-hard/alone/squared": (0.01, 0.09),
        "semi-hard/alone/fast": (0.3, 0.3),
    }
    for name, by_draw in gaps.items():
        for draw, gap in enumerate(by_draw):
            for arm, cka in (("spread 8", 0.9 - gap), ("equal 8 (3)", 0.9)):
                row = _threshold_row(f"posed/{name}", arm, 0.5, cka=cka)
                rows.append({**row, "draw": draw, "saturated": name.endswith("fast")})
    chosen = choose(rows, [THRESHOLDS], [eight], Settings(data=("posed",)))["8"]
    assert chosen["cells"][-1] == "posed/batch-all/alone"
    assert [line.split(":")[0] for line in chosen["why"]] == ["posed/batch-all/alone"]
    fixed = [c.name for c in cells_of(THRESHOLDS, Settings(data=("posed",))) if not c.search]
    assert chosen["cells"][:-1] == fixed


def test_data_on_disk_take_the_place_of_posed_faces():
    settings = dataclasses.replace(QUICK, data=("folder",), root="somewhere")
    names = [cell.name for one in EXPERIMENTS for cell in cells_of(one, settings)]
    assert "folder/semi-hard/alone" in names
    assert not any(name.startswith(("posed", "wild")) for name in names)


# Studies


def small(**more):
    return dataclasses.replace(QUICK, draws=4, scale=TINY, **more)


def test_a_user_s_own_claim_runs_and_goes_on(tmp_path):
    study = run_study(tmp_path / "s", small(), ids=["coin", "larger"], file=OWN)
    assert {row["experiment"] for row in study.rows} == {"size", "coin"}
    verdicts = {v.claim: v.verdict for v in read_study(study).verdicts if not v.cell}
    assert verdicts["coin"] == "supported"
    assert json.loads(json.dumps(study.stored["verdicts"])) == [
        dataclasses.asdict(v) for v in read_study(study).verdicts
    ]
    (interval,) = (i for i in read_study(study).intervals if i.claim == "coin")
    behind = runs_behind(study, interval)
    assert [row["arm"] for row in behind] == ["loaded"] * 4 + ["fair"] * 4
    assert np.mean([row["measured"]["heads"] for row in behind[:4]]) == pytest.approx(interval.treatment_mean)

    before = study.rows
    path = study.path / "rows.jsonl"
    path.write_text(path.read_text()[:-7])  # killed in the middle of the last line
    assert len(Study(study.path).rows) == len(before) - 1
    again = run_study(study.path, dataclasses.replace(small(), draws=5), ids=["coin", "larger"], file=OWN)
    strip = lambda rows: [{k: v for k, v in r.items() if k != "seconds"} for r in rows]  # noqa: E731
    assert strip(again.rows)[: len(before) - 1] == strip(before)[:-1]
    keys = [tuple(row[k] for k in ("experiment", "cell", "arm", "draw", "seed")) for row in again.rows]
    assert len(set(keys)) == len(keys) == 20
    # The run that was cut off came out the same.
    assert sorted(map(str, strip(r for r in again.rows if r["draw"] < 1004))) == sorted(map(str, strip(before)))

    with pytest.raises(StudyError, match="claim larger is missing, expected the plan of the first run"):
        run_study(study.path, small(), ids=["coin"], file=OWN)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"heads", "loaded", "fair"', '"heads", "loaded", "fair", matters=0.5', "claim coin: comparisons differs"),
        (
            'label="heads: loaded against fair"),),\n',
            'label="heads: loaded against fair"),), rule="r"\n',
            "coin: rule differs",
        ),
        ('"pause": 0.0', '"pause": 0.001', "regime table/quick: pause differs"),
        ('"The coin is loaded"', '"Loaded"', ""),  # a title is no part of the plan
    ],
)
def test_no_rule_changes_after_the_first_run(tmp_path, old, new, expected):
    text = Path(OWN).read_text(encoding="utf-8")
    changed = text.replace(old, new)
    assert changed != text
    (file := tmp_path / "own.py").write_text(text, encoding="utf-8")
    run_study(tmp_path / "s", small(), ids=["coin"], file=str(file))
    before = (tmp_path / "s/study.json").read_bytes(), (tmp_path / "s/rows.jsonl").read_bytes()
    file.write_text(changed, encoding="utf-8")
    if not expected:
        run_study(tmp_path / "s", small(), ids=["coin"], file=str(file))
        return
    with pytest.raises(StudyError, match=expected) as told:
        run_study(tmp_path / "s", small(), ids=["coin"], file=str(file))
    assert "\n" not in str(told.value)
    assert before == ((tmp_path / "s/study.json").read_bytes(), (tmp_path / "s/rows.jsonl").read_bytes())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda about: about.pop("plan"), "without a hash of its plan can be read, but not continued"),
        (lambda about: about["claims"][0]["comparisons"][0].update(matters=0.7), "not the one whose hash was written"),
        (lambda about: about["settings"]["scale"].update(steps=5), "not the one whose hash was written"),
    ],
)
def test_a_study_whose_plan_is_not_known_is_read_only(tmp_path, change, expected):
    study = run_study(tmp_path, small(), ids=["coin"], file=OWN)
    about = json.loads((tmp_path / "study.json").read_text())
    assert about["plan"] == plan_hash(about)
    change(about)
    (tmp_path / "study.json").write_text(json.dumps(about))
    with pytest.raises(StudyError, match=expected):
        run_study(tmp_path, small(), ids=["coin"], file=OWN)
    assert len(read_study(Study(tmp_path)).verdicts) == 2
    assert len(study.rows) == 8


def test_the_shipped_study_is_not_gone_on_with(tmp_path):
    shutil.copytree(SHIPPED, tmp_path / "s")
    with pytest.raises(StudyError, match="packed"):
        run_study(tmp_path / "s", Settings(draws=8))


def test_a_data_set_on_disk_is_dealt_anew_for_each_draw(tmp_path):
    from muldml_lite.commands.drawing import write_faces

    write_faces(tmp_path / "faces", "posed", subjects=20, images_per_subject=7, size=32, seed=1)
    settings = small(data=("manifest",), root=str(tmp_path / "faces"))
    study = run_study(tmp_path / "s", dataclasses.replace(settings, draws=3), ids=["9"])
    assert {row["cell"] for row in study.rows} == {"manifest/semi-hard/with classification"}
    assert {v.cell for v in read_study(study).verdicts} == {"manifest/semi-hard/with classification", ""}
    beds = [load_bed(tmp_path / "s", Source("manifest", settings.root), draw, TINY) for draw in (1000, 1001)]
    people = [set(bed.subjects[bed.rows("test")]) for bed in beds]
    assert people[0] != people[1]
    for bed in beds:
        parts = [set(bed.subjects[bed.rows(part)]) for part in PARTS[1:]]
        assert not parts[0] & parts[1] | parts[1] & parts[2] | parts[0] & parts[2]
        assert len(set.union(*parts)) < 20  # the rest were warmed up on


def test_several_processes_give_the_same_rows(tmp_path):
    rows = []
    for workers in (1, 2):
        study = run_study(tmp_path / str(workers), small(), ids=["larger"], file=OWN, workers=workers)
        rows.append(sorted(str({k: v for k, v in row.items() if k != "seconds"}) for row in study.rows))
    assert rows[0] == rows[1]


def test_ctrl_c_leaves_a_study_that_goes_on(tmp_path):
    words = [sys.executable, "-m", "muldml_lite", "claims", "coin", "--file", OWN, "--draws", "12", "--seeds", "3"]
    words += ["--workers", "2", "--out", str(tmp_path / "s")]
    # Whoever runs these tests in the background may have had Ctrl-C ignored, and children inherit that.
    heed = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731
    child = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=heed)  # noqa: PLW1509
    rows = tmp_path / "s/rows.jsonl"
    deadline = time.time() + 120
    while not (rows.exists() and rows.stat().st_size) and time.time() < deadline:
        time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=120)
    assert child.returncode == 130, said
    assert "stopped" in said.splitlines()[-1]
    assert json.loads((tmp_path / "s/status.json").read_text())["state"] == "stopped"
    done = len(Study(tmp_path / "s").rows)
    assert 0 < done < 144
    result = subprocess.run([*words, "--json"], capture_output=True, text=True, check=True)
    told = json.loads(result.stdout)
    assert len(Study(tmp_path / "s").rows) == 144
    assert [v["verdict"] for v in told["verdicts"] if v["claim"] == "coin" and not v["cell"]] == ["supported"]


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(StudyError, match="not empty and not a study folder"):
        run_study(tmp_path, small(), ids=["coin"], file=OWN)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["99"], "99: no such claim"),
        (["7", "--draws", "0"], "--draws 0: expected 1 or more"),
        (["7", "--data", "folder"], "--root: needed with --data folder"),
        (["7", "--root", "x"], "--root: only for --data folder or manifest"),
        (["7", "--file", "nowhere.py"], "nowhere.py: no such file"),
    ],
)
def test_bad_input_is_one_line(words, expected, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["claims", *words]) == 2
    said = capsys.readouterr().err.strip()
    assert expected in said
    assert "\n" not in said
    assert not list(tmp_path.iterdir())


def test_list_says_what_each_claim_is_and_when_it_is_supported(capsys):
    assert main(["claims", "--list"]) == 0
    said = capsys.readouterr().out
    for claim in CLAIMS:
        assert f"{claim.id:>3}  {claim.title}" in said
    assert main(["claims", "10", "--list", "--json"]) == 0
    (ten,) = json.loads(capsys.readouterr().out)
    assert "CK+" in ten["needs"]


def test_claim_ten_needs_data(tmp_path):
    study = run_study(tmp_path / "s", small(), ids=["10"])
    (verdict,) = read_study(study).verdicts
    assert verdict.verdict == "needs data"
    assert "CK+" in verdict.reason


def test_claim_ten_runs_the_protocol_where_the_data_is(tmp_path):
    root = make_ck48(tmp_path / "CK+48", people=11)
    settings = dataclasses.replace(small(), data=("ck+",), root=str(root))
    (cell,) = cells_of(PUBLISHED, settings)
    tried = dataclasses.replace(cell, settings={**cell.settings, "epochs": 3})
    found = [PUBLISHED.measure(Draw(CONFIRMATION + fold), tried, "cross entropy alone", 0) for fold in (0, 3)]
    assert all(0 <= one.measured["head"] <= 1 for one in found)
    assert cells_of(PUBLISHED, small()) == []
    rows = [
        {"experiment": "published", "cell": cell.name, "arm": arm, "draw": CONFIRMATION + fold, "seed": 0}
        | {
            "active": None,
            "saturated": False,
            "collapsed": False,
            "measured": {"head": level + fold / 1000, "knn": 1.0},
        }
        for arm, level in (("mul-dml", 0.985), ("cross entropy alone", 0.97))
        for fold in range(10)
    ]
    (claim,) = load_registry().chosen(["10"])
    for shift, verdict in ((0, "supported"), (-0.05, "contradicted")):
        moved = [{**row, "measured": {k: v + shift for k, v in row["measured"].items()}} for row in rows]
        assert read_rows(moved, [claim], {}).verdicts[-1].verdict == verdict


@pytest.mark.parametrize(
    ("content", "expected"),
    [('{"a": 1}\n{"b": 2}\n', "line 1 lacks experiment"), ("nonsense\n{}\n", "line 1 is not JSON")],
)
def test_broken_rows_are_named(tmp_path, content, expected):
    (tmp_path / "study.json").write_text('{"format": 1, "claims": []}')
    (tmp_path / "rows.jsonl").write_text(content)
    with pytest.raises(StudyError, match=expected):
        _ = Study(tmp_path).rows


def test_reading_needs_no_torch():
    code = "import sys; from muldml_lite.claims import Study, read_study; read_study(Study(sys.argv[1])); "
    code += "sys.exit('torch' in sys.modules or 'sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, str(SHIPPED)], check=False, env={**os.environ})
    assert done.returncode == 0


# What is shipped


def test_every_verdict_follows_from_the_shipped_rows():
    study = Study(SHIPPED)
    reading = read_study(study)
    assert study.stored["verdicts"] == [dataclasses.asdict(v) for v in reading.verdicts]
    for stored, found in zip(study.stored["intervals"], reading.intervals, strict=True):
        for name, value in stored.items():
            close = pytest.approx(value, rel=1e-6, abs=1e-12) if isinstance(value, float) else value
            assert getattr(found, name) == close, (found.claim, found.cell, name)


def test_the_shipped_study_says_how_it_was_made():
    about = Study(SHIPPED).about
    for key in ("command", "date", "machine", "versions", "settings", "seconds", "claims", "cells"):
        assert about[key], key
    assert {claim["id"] for claim in about["claims"]} == {claim.id for claim in CLAIMS}
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 1.5e6


def test_the_shipped_plan_is_today_s():
    """A changed rule or comparison asks for new runs, not for another reading of old ones."""
    about = Study(SHIPPED).about
    assert about["plan"] == plan_hash(about)
    today = json.loads(json.dumps({**about, "claims": [claim.to_json() for claim in CLAIMS]}))
    assert plan_of(about) == plan_of(today)
    assert Study(SHIPPED).claims == CLAIMS
    assert all(one["date"] and one["what"] for one in about["revised"])
    assert {claim for one in about["revised"] for claim in one["claims"]} <= {claim.id for claim in CLAIMS}
    assert [one["versions"]["torch"] for one in about["revised"] if "versions" in one]  # what was run later says so
