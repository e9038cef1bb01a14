"""The ledger's experiments against oracles and hand-placed cases; study folder, command, and what is shipped."""

import dataclasses
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

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
from muldml_lite.claims.beds import PARTS, Draw, Scale, Source, _reduced, load_bed
from muldml_lite.claims.derived import BEST_EQUAL, BEST_SINGLE, ONE_FOR_ALL, OTHER_DATA, PER_CLASS, with_derived
from muldml_lite.claims.distributions import between_classes, class_pairs, compare
from muldml_lite.claims.heads import Recipe, batches, read_out, train_head
from muldml_lite.claims.judgements import SMALLEST, cycle_shares, judge_batch, recurrences
from muldml_lite.claims.plan import arms_of, cells_of, choose, confirmation, exploration
from muldml_lite.claims.thresholds import THRESHOLDS, recipe

OWN = str(Path(__file__).with_name("own_claim.py"))
SHIPPED = Path(__file__).parents[1] / "data/claims"
TINY = Scale(warmup=6, train=6, validation=4, test=6, images=7, size=32, warmup_epochs=2, steps=12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="module")
def bed(folder):
    return load_bed(folder, Source("posed"), 3, TINY)


# Beds and heads


def test_parts_share_no_person_and_the_same_draw_is_the_same(bed, folder, tmp_path):
    counts = [len(np.unique(bed.subjects[bed.rows(part)])) for part in PARTS]
    assert counts == [0, 6, 4, 6]  # those of the warm-up leave no images behind
    assert len(np.unique(bed.subjects)) == 16
    again = load_bed(tmp_path, Source("posed"), 3, TINY)
    np.testing.assert_array_equal(again.features["warm-up"], bed.features["warm-up"])
    other = load_bed(tmp_path, Source("posed"), 4, TINY)
    assert not np.array_equal(other.pixels, bed.pixels)
    assert not np.allclose(bed.features["warm-up"], bed.features["untrained"])


def test_features_are_scaled_by_the_training_part(bed):
    train = bed.features["warm-up"][bed.rows("train")]
    np.testing.assert_allclose(train.mean(0), 0, atol=1e-5)
    assert np.square(train).sum(1).mean() == pytest.approx(1, rel=1e-4)
    raw, own = np.random.default_rng(0).normal(size=(50, 20)), np.arange(50) < 30
    other = np.where(own[:, None], raw, 7 * raw + 3)
    np.testing.assert_allclose(_reduced(raw, own)[own], _reduced(other, own)[own], atol=1e-6)


def test_heads_never_train_on_validation_or_test(bed):
    seen = {row for batch in batches(bed, bed.rows("train"), 0, 30, 5) for row in batch}
    assert seen == set(bed.rows("train").tolist())
    changed = bed.features["warm-up"].copy()
    changed[np.r_[bed.rows("validation"), bed.rows("test")]] = 0
    other = dataclasses.replace(bed, features={"warm-up": changed})
    train = bed.rows("train")
    kept = [train_head(one, Recipe(), 0).embeddings[train] for one in (bed, other)]
    np.testing.assert_array_equal(*kept)


def test_arms_differ_in_their_thresholds_only(bed):
    """Spread thresholds that are all the same are equal ones, to the last bit: same start, batches and steps."""
    spread, equal = (train_head(bed, Recipe((0.4,) * 4, dim=16), 5) for _ in range(2))
    np.testing.assert_array_equal(spread.embeddings, equal.embeddings)
    assert not np.array_equal(spread.embeddings, train_head(bed, Recipe((0.1, 0.4, 0.4, 0.4), dim=16), 5).embeddings)
    assert not np.array_equal(spread.embeddings, train_head(bed, Recipe((0.4,) * 4, dim=16), 6).embeddings)
    starts = [train_head(bed, how, 5, order=[]).embeddings for how in (Recipe((0.1,)), Recipe((0.8,), loss="triplet"))]
    np.testing.assert_array_equal(*starts)


@pytest.mark.parametrize(("optimizer", "rate"), [("adam", 0.03), ("sgd", 3.0)])
def test_what_twice_the_weight_controls_for(bed, optimizer, rate):
    """With SGD it is twice the rate; Adam takes no notice of it, unless there is cross entropy beside it."""
    base = Recipe((0.3,), loss="triplet", optimizer=optimizer, rate=rate)
    plain, weight, double = (
        train_head(bed, dataclasses.replace(base, **change), 0).embeddings
        for change in ({}, {"weight": 2.0}, {"rate": 2 * rate})
    )
    same, other = (double, plain) if optimizer == "sgd" else (plain, double)
    np.testing.assert_allclose(weight, same, atol=2e-3)
    assert np.abs(weight - other).max() > 0.05
    joint = [train_head(bed, dataclasses.replace(base, joint=True, weight=w), 0).embeddings for w in (1.0, 2.0)]
    assert np.abs(joint[0] - joint[1]).max() > 0.01


def test_saturation_and_collapse_are_seen(bed):
    assert train_head(bed, Recipe((1.9,)), 0).saturated
    assert not train_head(bed, Recipe((0.05,), mining="batch-all"), 0).saturated
    flat = dataclasses.replace(bed, features={"warm-up": np.ones_like(bed.features["warm-up"])})
    assert train_head(flat, Recipe(), 0).collapsed
    assert not train_head(bed, Recipe(), 0).collapsed


def test_read_outs_of_an_embedding_that_knows_the_label(bed):
    known = dataclasses.replace(bed, features={"warm-up": np.eye(7, dtype=np.float32)[bed.labels]})
    how = Recipe(joint=True)
    measured = read_out(known, train_head(known, how, 0), how, validate=True)
    assert measured == {"knn": 1, "probe": 1, "head": 1, "val_knn": 1}


def test_fewer_people_are_people_not_images(bed):
    from muldml_lite.claims.heads import training_rows

    rows = training_rows(bed, 1 / 3)
    assert len(np.unique(bed.subjects[rows])) == 2
    assert len(rows) == 14


# Judgements and cycles


def test_judgements_by_a_triple_loop():
    rng = np.random.default_rng(0)
    labels, tau = torch.tensor([0, 0, 0, 1, 1, 1, 2, 2, 2]), 0.1
    points = torch.from_numpy(rng.normal(size=(9, 2)))
    distances = torch.cdist(points, points)
    d, y = distances.numpy(), labels.numpy()
    triplets = [(a, p, n) for a, p, n in itertools.product(range(9), repeat=3) if a != p and y[a] == y[p] != y[n]]
    pays = {a for a, p, n in triplets if d[a, p] - d[a, n] + tau > 0}
    incomplete = [(a, p, n) for a, p, n in triplets if d[a, p] + tau <= d[a, n] and d[p, n] < d[a, p]]
    unpunished = [t for t in incomplete if t[1] not in pays]
    assert incomplete
    assert judge_batch(distances, labels, tau, "batch-all") == (len(triplets), len(incomplete), len(unpunished))


def test_batch_hard_punishes_every_incomplete_judgement():
    """B's own hardest triplet is at least as bad as (B, A, C), which has a loss."""
    rng = np.random.default_rng(1)
    labels, found = torch.arange(6) % 3, 0
    for _ in range(400):
        points = torch.from_numpy(rng.normal(size=(6, 2)))
        _, incomplete, unpunished = judge_batch(torch.cdist(points, points), labels, 0.05, "batch-hard")
        found += incomplete
        assert unpunished == 0
    assert found > 20


def test_semi_hard_may_let_one_go():
    # A = 0, B = 1, C = 1.5, E = 9 on a line, τ = 0.4: (A, B, C) and (E, C, B) are content. C pays, with E so far away;
    # B's semi-hard negative is E, which costs nothing, but its hardest is C.
    places, labels = torch.tensor([0.0, 1.0, 1.5, 9.0]), torch.tensor([0, 0, 1, 1])
    distances = (places[:, None] - places).abs()
    assert judge_batch(distances, labels, 0.4, "semi-hard")[1:] == (2, 1)
    assert judge_batch(distances, labels, 0.4, "batch-hard")[1:] == (2, 0)


def test_three_points_need_dual_or_a_second_anchor():
    cell = SMALLEST.cells[0]
    for draw in range(5):
        plain, dual, both = (SMALLEST.measure(Draw(draw), cell, arm, 0).measured for arm in SMALLEST.arms)
        assert (plain["repaired"], plain["first_gradient"]) == (0, 0)
        assert dual["repaired"] == both["repaired"] == 1
        assert dual["first_gradient"] > 0


def test_recurrences_by_hand():
    """Anchors 0 and 1 are each other's positive; at step 0 only (0, 1, 2) counts, at step 1 its mirror is new."""
    positive = np.array([[1, 0], [1, 0], [1, 0]])
    negative = np.array([[2, 3], [2, 2], [2, 3]])
    incomplete = np.array([[True, False], [False, True], [True, False]])
    recurs, possible = recurrences(positive, negative, incomplete)
    np.testing.assert_array_equal(possible, [1, 1, 1])
    # From step 0 and 2 the mirror (1, 0, 2) is there at step 1 only; from step 1 the mirror (0, 1, 2) is there already.
    np.testing.assert_array_equal(recurs, [[0, 1, 0], [0, 0, 0], [0, 1, 0]])


def _history(kind, steps=48, size=60):
    """Pairs of anchors: 2k and 2k + 1 are each other's positive and share the negative when mirrored."""
    rng = np.random.default_rng(0)
    own = np.arange(size)
    positive = np.tile(own ^ 1, (steps, 1))
    negative, incomplete = np.empty((steps, size), int), np.zeros((steps, size), bool)
    since = rng.integers(0, steps, size // 2)
    for t in range(steps):
        flip = {"cycle": np.full(size // 2, t % 2), "drift": (t > since).astype(int)}[kind]
        turn = np.repeat(flip, 2) == own % 2  # whose turn it is
        negative[t] = np.where(turn, 1000 + own // 2, 2000 + own)
        incomplete[t] = turn
    return positive, negative, incomplete


def test_a_planted_cycle_is_found_and_slow_change_is_none():
    cycle = cycle_shares(*_history("cycle"), seed=0)
    assert cycle["cycle_odd"] == pytest.approx(1)
    assert cycle["cycle_even"] == pytest.approx(0)
    assert cycle["cycle_in_order"] > cycle["cycle_shuffled"]
    drift = cycle_shares(*_history("drift"), seed=0)
    assert drift["cycle_even"] > 0
    assert drift["cycle_odd"] == pytest.approx(drift["cycle_even"], rel=0.1)
    # What the shuffled order would say of mere drift is why it does not judge.
    assert drift["cycle_in_order"] < drift["cycle_shuffled"]


# Thresholds and distributions


def test_recipes_are_what_their_arms_say():
    cell = THRESHOLDS.cells[0]
    assert cell.name == "posed/batch-hard/alone"
    assert recipe(cell, "single 1").thresholds == (0.1,)
    assert recipe(cell, "equal 8 (3)").thresholds == pytest.approx((0.45,) * 8)
    spread = recipe(cell, "spread 8").thresholds
    assert (spread[0], spread[-1], len(spread), np.mean(spread)) == pytest.approx((0.1, 0.8, 8, 0.45))
    for one in THRESHOLDS.cells:
        hows = [recipe(one, arm) for arm in THRESHOLDS.arms]
        assert len({dataclasses.replace(how, thresholds=(1.0,)) for how in hows}) == 1


def test_distances_between_and_within_classes_by_hand():
    points, labels = np.array([0.0, 1, 4, 6]), np.array([0, 0, 1, 1])
    distances = np.abs(points[:, None] - points)
    np.testing.assert_array_equal(np.sort(between_classes(distances, labels)), [3, 4, 5, 6])
    spread, ratio = class_pairs(distances, labels)
    assert (spread, ratio) == pytest.approx((0, 4.5 / 1.5))


def test_scale_is_told_from_shape():
    """τ that only scales: far apart as they are, the same when divided by their mean."""
    rng, labels = np.random.default_rng(0), np.arange(60) % 3
    low = [rng.normal(size=(60, 4)) for _ in range(2)]
    measured = compare([low, [3 * one for one in low]], labels)
    assert measured["ks_thresholds"] > 0.5 > measured["ks_seeds"]
    assert measured["ks_shape_thresholds"] == pytest.approx(measured["ks_shape_seeds"], abs=0.02)


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


def test_derived_arms_choose_by_validation_only():
    rows = [
        _threshold_row("posed/x", "single 1", 0.9, knn=0.1, val_f1=[0.9, 0.0], test_f1=[0.3, 0.2]),
        _threshold_row("posed/x", "single 2", 0.8, knn=0.7, val_f1=[0.1, 0.6], test_f1=[0.8, 0.5]),
        _threshold_row("wild/x", "single 1", 0.2, knn=0.3, val_f1=[0.1, 0.1], test_f1=[0.1, 0.1]),
        _threshold_row("wild/x", "single 2", 0.4, knn=0.2, val_f1=[0.2, 0.2], test_f1=[0.1, 0.1]),
        _threshold_row("posed/x", "equal 8 (1)", 0.3, knn=0.9),
        _threshold_row("posed/x", "equal 8 (3)", 0.5, knn=0.4),
    ]
    made = {r["arm"]: r["measured"] for r in with_derived(rows)[len(rows) :] if r["cell"] == "posed/x"}
    assert made[BEST_SINGLE]["knn"] == 0.1
    assert made[BEST_EQUAL]["knn"] == 0.4
    assert made[OTHER_DATA]["knn"] == 0.7  # wild validates best at the second threshold
    assert made[PER_CLASS]["class_f1"] == pytest.approx((0.3 + 0.5) / 2)
    assert made[ONE_FOR_ALL]["class_f1"] == pytest.approx((0.3 + 0.2) / 2)  # validated mean F1: 0.45 against 0.35


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
    assert len(study.rows) == len(before) - 1
    again = run_study(study.path, dataclasses.replace(small(), draws=5), ids=["coin", "larger"], file=OWN)
    strip = lambda rows: [{k: v for k, v in r.items() if k != "seconds"} for r in rows]  # noqa: E731
    assert strip(again.rows)[: len(before) - 1] == strip(before)[:-1]
    keys = [tuple(row[k] for k in ("experiment", "cell", "arm", "draw", "seed")) for row in again.rows]
    assert len(set(keys)) == len(keys) == 20
    # The run that was cut off came out the same.
    assert sorted(map(str, strip(r for r in again.rows if r["draw"] < 1004))) == sorted(map(str, strip(before)))

    with pytest.raises(StudyError, match="other claims, data or scale"):
        run_study(study.path, small(), ids=["coin"], file=OWN)


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
    child = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
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


@pytest.mark.parametrize(
    ("content", "expected"),
    [('{"a": 1}\n{"b": 2}\n', "line 1 lacks experiment"), ("nonsense\n{}\n", "line 1 is not a run")],
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


def test_the_shipped_claims_are_today_s():
    """A changed rule or comparison asks for new runs, not for another reading of old ones."""
    shipped = {claim.id: claim for claim in Study(SHIPPED).claims}
    for claim in CLAIMS:
        assert shipped[claim.id].comparisons == claim.comparisons, claim.id
        assert shipped[claim.id].rule == claim.rule, claim.id
