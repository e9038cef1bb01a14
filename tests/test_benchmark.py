"""A data set's protocol: which runs, how numbers are pooled, and a report that is right at every stage."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest
from data_trees import make_sfew
from fake_run import make_stale, write_fake_run
from sklearn.metrics import balanced_accuracy_score, confusion_matrix

from muldml_lite.__main__ import main
from muldml_lite.benchmark import HeldOut, collect, gaps, make_plan, read_held_out, render, summarise, tabulate, to_csv
from muldml_lite.benchmark import runner as runner_module
from muldml_lite.benchmark.differences import checks
from muldml_lite.benchmark.held_out import write_held_out
from muldml_lite.benchmark.plan import BenchmarkError, run_folder
from muldml_lite.benchmark.runner import HELD_OUT, run_all
from muldml_lite.benchmark.tables import MEASURES, confusion, decide, shared
from muldml_lite.commands.benchmark import _relative, _without_places
from muldml_lite.config import ConfigError
from muldml_lite.metrics import paired_difference
from muldml_lite.runs import Run, RunWriter
from muldml_lite.trainer import TrainingError

CLASSES = ("anger", "fear", "joy")


def held(truth, head, knn=None, cases=None, subjects=None, classes=CLASSES):
    """A held-out part whose read-outs say these classes for certain; by default every image is a case of its own."""
    count = len(truth)
    cases = np.arange(count) if cases is None else np.asarray(cases)
    subjects = np.arange(count) if subjects is None else np.asarray(subjects)
    sure = np.eye(len(classes), dtype=np.float32)
    shares = [sure[np.asarray(said)] for said in (head, head if knn is None else knn)]
    return HeldOut(np.arange(count), np.asarray(truth), subjects, cases, *shares, classes)


# -- the plan ----------------------------------------------------------------------------------------------------


def test_a_plan_follows_the_protocol_of_the_data_set():
    plan = make_plan({"data": "ck+", "root": "x", "slices": 4})
    assert (plan.folds, plan.seeds, len(plan.runs)) == (10, 3, 4 * 10 * 3)
    assert plan.methods == ("softmax", "triplet", "dual", "mul-dml")
    # All of the first seed first, and in it all methods of the first fold: early results are comparable.
    assert [run.name for run in plan.runs[:5]] == [
        *("softmax-fold0-seed0", "triplet-fold0-seed0", "dual-fold0-seed0", "mul-dml-fold0-seed0"),
        "softmax-fold1-seed0",
    ]
    assert [run.config.slices for run in plan.runs[:4]] == [1, 1, 1, 4]
    assert {run.config.keep_weights for run in plan.runs} == {0}
    last = plan.runs[-1].config
    assert (last.method, last.folds, last.fold, last.seed) == ("mul-dml", 10, 9, 2)
    assert make_plan({"data": "sfew", "root": "x"}).folds == 0
    assert make_plan({}).data == "drawn:posed"
    assert make_plan({}, folds=5, seeds=1).parts == 5


@pytest.mark.parametrize(
    ("how", "error", "text"),
    [
        ({"methods": ["best"]}, BenchmarkError, "--methods best: expected some of"),
        ({"methods": []}, BenchmarkError, "expected each method once"),
        ({"methods": ["dual", "dual"]}, BenchmarkError, "expected each method once"),
        ({"seeds": 0}, BenchmarkError, "--seeds 0: expected 1 or more"),
        ({"folds": 1}, ConfigError, "folds: 1 given"),
    ],
)
def test_a_plan_that_makes_no_sense(how, error, text):
    with pytest.raises(error, match=re.escape(text)):
        make_plan({}, **how)


# -- tables ------------------------------------------------------------------------------------------------------


def test_frames_of_a_sequence_are_one_case():
    head = np.array([[0.1, 0.9, 0], [0.6, 0.4, 0], [0.6, 0.4, 0], [0, 0, 1]], np.float32)
    part = HeldOut(np.arange(4), np.array([1, 1, 1, 2]), np.array([7, 7, 7, 8]), np.array([40, 40, 40, 12]),
                   head, head, CLASSES)  # fmt: skip
    cases = decide(part, "head")  # 12 comes first; of 40, the mean is (0.43, 0.57, 0) though two frames say 0
    assert [values.tolist() for values in (cases.truth, cases.said, cases.person)] == [[2, 1], [2, 1], [8, 7]]
    assert decide(part, "head", "images").said.tolist() == [1, 0, 0, 2]
    unknown = HeldOut(*[getattr(part, k) if k != "subjects" else np.full(4, -1) for k in HeldOut.__dataclass_fields__])
    assert decide(unknown, "head").person.tolist() == [12, 40]  # nobody knows better than the sequence


def test_folds_are_pooled_before_a_mean_is_taken():
    runs = {
        (0, 0): held([0, 0, 1], [0, 0, 1]),  # 3 of 3
        (0, 1): held([2], [0]),  # 0 of 1: seed 0 has 3 of 4, not the mean of 1 and 0
        (1, 0): held([0, 0, 1], [0, 1, 0]),  # 1 of 3
        (1, 1): held([2], [2]),  # 1 of 1: seed 1 has 2 of 4
    }
    arm = tabulate("dual", runs, folds=2, planned=6)
    accuracy, recall = arm.measures["head_accuracy"], arm.measures["head_recall"]
    assert dict(accuracy.by_seed) == {0: 0.75, 1: 0.5}
    assert accuracy.mean == pytest.approx(0.625)
    assert accuracy.spread == pytest.approx(0.25 / np.sqrt(2))
    assert accuracy.fold_spread == pytest.approx((2 / 3 - 1 / 2) / np.sqrt(2))  # (1 + 1/3) / 2 and (0 + 1) / 2
    assert dict(recall.by_seed) == {0: pytest.approx(2 / 3), 1: pytest.approx((1 / 2 + 0 + 1) / 3)}
    assert arm.confusion["head"] == [[3, 1, 0], [1, 1, 0], [1, 0, 1]]
    assert arm.class_recall["head"] == [0.75, 0.5, 0.5]
    assert arm.held_out == {"cases": 4, "images": 4, "people": 4}
    assert (arm.done, arm.planned, arm.seeds, arm.whole) == (4, 6, (0, 1), True)


def test_a_seed_that_lacks_folds_is_left_out_as_long_as_another_is_whole():
    whole = {(0, 0): held([0, 1], [0, 1]), (0, 1): held([2, 2], [2, 0])}
    arm = tabulate("dual", {**whole, (1, 0): held([0, 1], [1, 0])}, folds=2, planned=4)
    assert (arm.seeds, arm.whole, arm.done) == ((0,), True, 3)
    assert arm.measures["head_accuracy"].mean == 0.75
    assert arm.measures["head_accuracy"].spread is None
    some = tabulate("dual", {(1, 0): held([0, 1], [1, 0])}, folds=2, planned=4)
    assert (some.seeds, some.whole) == ((1,), False)
    assert some.class_recall["head"] == [0.0, 0.0, None]  # no case of class 2 yet
    assert some.measures["head_recall"].fold_spread is None
    assert tabulate("dual", {}, folds=2, planned=4) is None


def test_methods_are_compared_on_what_all_of_them_have():
    part = held([0], [0])
    most = {(0, 0): part, (0, 1): part, (1, 0): part}
    first = {"a": {(0, 0): part, (0, 1): part}, "b": {(0, 0): part}, "c": {}}
    assert {m: set(runs) for m, runs in shared(first, 2).items()} == {"a": {(0, 0)}, "b": {(0, 0)}, "c": set()}
    whole = shared({"a": most, "b": most}, 2)
    assert {m: set(runs) for m, runs in whole.items()} == {m: {(0, 0), (0, 1)} for m in "ab"}
    apart = {"a": {(0, 0): part}, "b": {(0, 1): part}}
    assert shared(apart, 2) == apart


def test_tables_are_scikit_learn_s():
    rng = np.random.default_rng(3)
    truth, said = rng.integers(0, 3, (2, 60))
    arm = tabulate("dual", {(0, 0): held(truth, said)}, folds=1, planned=1)
    assert arm.measures["head_recall"].mean == pytest.approx(balanced_accuracy_score(truth, said))
    parts = [decide(held(truth[rows], said[rows]), "head") for rows in (slice(20), slice(20, None))]
    np.testing.assert_array_equal(confusion(parts, 4), confusion_matrix(truth, said, labels=range(4)))


# -- differences -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two_arms():
    """Thirty people with three cases each; one seed, two folds."""
    rng = np.random.default_rng(5)
    truth, people = rng.integers(0, 3, 90), np.repeat(np.arange(30), 3)
    said = {m: np.where(rng.random(90) < share, truth, (truth + 1) % 3) for m, share in (("a", 0.8), ("b", 0.6))}
    part = people % 2
    arms = {m: {(0, f): held(truth[part == f], s[part == f], subjects=people[part == f]) for f in (0, 1)}
            for m, s in said.items()}  # fmt: skip
    return arms, truth, people, said


def test_intervals_resample_people(two_arms):
    arms, truth, people, said = two_arms
    found = {one.measure: one for one in gaps(arms, "b", drawn=False)}
    assert set(found) == set(MEASURES)
    gap, recall = found["head_accuracy"], found["head_recall"]
    assert gap.mean == pytest.approx(np.mean(said["a"] == truth) - np.mean(said["b"] == truth))
    wanted = balanced_accuracy_score(truth, said["a"]) - balanced_accuracy_score(truth, said["b"])
    assert recall.mean == pytest.approx(wanted)
    assert (gap.people, gap.pairs) == (30, 2)
    rng, drawn, balanced = np.random.default_rng(9), [], []
    for _ in range(1500):  # the same by a plain loop
        rows = np.concatenate([np.flatnonzero(people == p) for p in rng.integers(0, 30, 30)])
        right = [said[m][rows] == truth[rows] for m in "ab"]
        drawn.append(right[0].mean() - right[1].mean())
        balanced.append(
            np.mean([right[0][truth[rows] == c].mean() - right[1][truth[rows] == c].mean() for c in range(3)])
        )
    np.testing.assert_allclose([gap.low, gap.high], np.quantile(drawn, [0.025, 0.975]), atol=0.03)  # 1 / 90 a case
    np.testing.assert_allclose([recall.low, recall.high], np.quantile(balanced, [0.025, 0.975]), atol=0.03)


def test_more_pictures_of_the_same_people_say_nothing_new(two_arms):
    arms, *_ = two_arms
    often = {m: {key: repeated(part, 4) for key, part in runs.items()} for m, runs in arms.items()}
    assert gaps(often, "b", drawn=False) == gaps(arms, "b", drawn=False)


def repeated(part, times):
    columns = {k: np.repeat(getattr(part, k), times, axis=0) for k in ("labels", "subjects", "head", "knn")}
    count = times * len(part.labels)
    return HeldOut(index=np.arange(count), cases=np.arange(count), classes=part.classes, **columns)


def test_drawn_people_are_others_with_each_seed(two_arms):
    arms, *_ = two_arms
    twice = {m: runs | {(1, fold): part for (_, fold), part in runs.items()} for m, runs in arms.items()}
    kept, drawn = (gaps(twice, "b", drawn=drawn)[0] for drawn in (False, True))
    assert (kept.people, drawn.people, kept.pairs) == (30, 60, 4)
    assert drawn.high - drawn.low < kept.high - kept.low


def test_few_people_have_no_interval_and_only_common_runs_are_compared():
    right, wrong = held([0, 1, 2], [0, 1, 2]), held([0, 1, 2], [1, 1, 2])
    arms = {"a": {(0, 0): right, (0, 1): wrong}, "b": {(0, 0): wrong}}
    gap = gaps(arms, "b", drawn=False)[0]
    assert (gap.mean, gap.low, gap.high, gap.people, gap.pairs) == (pytest.approx(1 / 3), None, None, 3, 1)
    assert gaps({"a": {(0, 1): right}, "b": {(0, 0): right}}, "b", drawn=False) == []
    assert gaps({"a": arms["a"], "b": {}}, "b", drawn=False) == []


def test_the_check_is_student_s_t_over_folds_or_over_seeds():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 3, (2, 5, 40))
    said = {m: np.where(rng.random(truth.shape) < p, truth, 0) for m, p in (("a", 0.7), ("b", 0.5))}
    arms = {m: {(s, f): held(truth[s, f], v[s, f]) for s in range(2) for f in range(5)} for m, v in said.items()}
    one = checks(arms, "b")[0]
    right = {m: (v == truth).mean(2).mean(0) for m, v in said.items()}  # (5,) folds, averaged over seeds
    wanted = paired_difference(right["a"], right["b"])
    assert (one.unit, one.units, one.measure) == ("folds", 5, "head_accuracy")
    assert (one.mean, one.low, one.high) == pytest.approx((wanted.mean, wanted.low, wanted.high))
    single = {m: {(s, 0): held(truth[0, s], v[0, s]) for s in range(5)} for m, v in said.items()}
    assert (checks(single, "b")[0].unit, checks(single, "b")[0].units) == ("seeds", 5)
    assert checks({m: {(0, 0): runs[0, 0]} for m, runs in arms.items()}, "b")[0].low is None


# -- running -----------------------------------------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch):
    """Nothing is looked at: what a network would say is made up."""
    monkeypatch.setattr(runner_module, "load_dataset", lambda config: None)
    monkeypatch.setattr(runner_module, "predict", lambda run, dataset: held([0, 1], [0, 0]))


def fake_training(folder, config, state="finished"):
    write_fake_run(folder, state=state, images=14, epochs=1, slices=1)
    RunWriter(folder).config(config.to_dict())


def nothing(planned):
    pass


def test_only_what_is_missing_is_trained(tmp_path, quick):
    plan = make_plan({}, ["softmax", "dual"], seeds=2)
    done, half, measured, new = plan.runs
    fake_training(run_folder(tmp_path, done), done.config)
    write_held_out(tmp_path / HELD_OUT, done.name, held([0], [0]))
    fake_training(run_folder(tmp_path, half), half.config)
    make_stale(run_folder(tmp_path, half))  # killed
    fake_training(run_folder(tmp_path, measured), measured.config)  # trained, but killed before it was measured
    seen, trained = [], []

    def train(folder, config, resume, dataset):
        trained.append((folder.name, None if resume is None else resume.path))
        fake_training(folder, config)

    run_all(tmp_path, plan, train, before=lambda planned: seen.append(planned.name), after=nothing)
    assert trained == [(half.name, run_folder(tmp_path, half)), (new.name, None)]
    assert seen == [half.name, measured.name, new.name]
    assert [one.state for one in collect(tmp_path, plan)] == ["finished"] * 4
    run_all(tmp_path, plan, lambda *_: pytest.fail("trained again"), before=nothing, after=nothing)


@pytest.mark.parametrize(
    ("given", "folds", "loads"),
    [
        ({"data": "manifest", "root": "x"}, 2, [("x", 0), ("x", 1), ("x", 0), ("x", 1)]),  # folds of 2 seeds
        ({"data": "manifest", "root": "x"}, 0, [("x", 0), ("x", 0)]),  # the split follows the seed
        ({"data": "drawn:wild"}, 0, [(None, 0), (None, 0)]),
    ],
)
def test_methods_of_a_fold_and_seed_share_one_data_set(tmp_path, quick, monkeypatch, given, folds, loads):
    loaded, used = [], []

    def load(config):
        loaded.append((config.root, config.fold))
        return object()

    def train(folder, config, resume, dataset):
        used.append(dataset)
        fake_training(folder, config)

    monkeypatch.setattr(runner_module, "load_dataset", load)
    run_all(tmp_path, make_plan(given, ["softmax", "dual"], folds, 2), train, before=nothing, after=nothing)
    assert loaded == loads
    assert all(one is two for one, two in zip(used[::2], used[1::2], strict=True))


def test_an_explosion_stops_one_run_and_control_c_stops_all(tmp_path, quick):
    plan = make_plan({}, ["softmax", "dual"], seeds=2)

    def train(folder, config, resume, dataset):
        if config.method == "dual":
            fake_training(folder, config, "failed" if config.seed == 0 else "cancelled")
            raise TrainingError("too hot") if config.seed == 0 else KeyboardInterrupt
        fake_training(folder, config)

    with pytest.raises(KeyboardInterrupt):
        run_all(tmp_path, plan, train, before=nothing, after=nothing)
    outcomes = collect(tmp_path, plan)
    assert [one.state for one in outcomes] == ["finished", "failed", "finished", "cancelled"]
    page = render(summarise(plan, outcomes, ABOUT))
    assert "dual-fold0-seed0 failed: a message from the trainer" in page


def test_a_folder_of_other_settings_or_under_training_is_left_alone(tmp_path, quick):
    plan = make_plan({"epochs": 5}, ["dual"], seeds=1)
    folder = run_folder(tmp_path, plan.runs[0])
    fake_training(folder, plan.runs[0].config)
    other = make_plan({"epochs": 6, "device": "cpu"}, ["dual"], seeds=1)
    with pytest.raises(BenchmarkError, match="trained with epochs = 5, and 6 is asked for now"):
        run_all(tmp_path, other, pytest.fail, before=nothing, after=nothing)
    RunWriter(folder).status("running")
    moved = make_plan({"epochs": 5, "device": "cpu"}, ["dual"], seeds=1)  # where it is computed may change
    with pytest.raises(BenchmarkError, match="being trained right now by process"):
        run_all(tmp_path, moved, pytest.fail, before=nothing, after=nothing)


# -- the report --------------------------------------------------------------------------------------------------

EVIL = '<script>alert("x")</script>&'
PART = {"images": 6, "train": 4, "test": 2, "subjects": 3, "sequences": None}
COUNTS = {**PART, "classes": dict.fromkeys((*CLASSES[:2], EVIL), PART), "images_per_subject": {EVIL: 2, "S2": 4}}
ABOUT = {
    "command": "muldml benchmark --data ck+ --root …/faces",
    "date": "2026-11-24",
    "machine": {"processor": "a processor"},
    "versions": {"torch": "2.14"},
    "data": {"counts": COUNTS, "notes": [EVIL], "skipped": [f"{EVIL}.png: damaged image"]},
}


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


class Page(HTMLParser):
    """What a browser would make of it: unbalanced tags, scripts, addresses, alternative texts, visible text."""

    EMPTY = ("meta", "br")

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.links, self.alts, self.text = [], set(), [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.seen.add(tag)
        self.links += [v for k, v in attrs if k in ("src", "href", "srcset", "action", "data")]
        self.alts += [values["aria-label"]] if values.get("role") == "img" else []
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def words(self):
        return " ".join(" ".join(self.text).split())


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
    assert f"points, interval +{100 * gap['low']:.1f} to +{100 * gap['high']:.1f}: higher." in words
    assert "98.49 %" in words
    assert "2 folds of people" in words
    assert "Here it is run with 2 folds instead" in words
    assert "Frames of one sequence are one case" in words
    assert "head, accuracy of images" in words
    assert "180 images of 60 sequences of 60 people" in words
    assert "muldml benchmark --data ck+ --root …/faces" in words
    assert any("published for Mul-DML 98.49%" in alt for alt in page.alts)


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
    assert _without_places(words) == ["benchmark", "--root", "…/CK+48", "--out=…/x", *words[4:]]
    assert _relative("faces/a/b.png: damaged image", "faces") == "…/a/b.png: damaged image"
    assert _relative("12 images of faces, in /home/faces/x", "faces") == "12 images of faces, in /home/faces/x"


# -- the command -------------------------------------------------------------------------------------------------

TINY = [
    *("--subjects", "8", "--images-per-subject", "14", "--size", "32", "--dim", "16", "--slices", "4"),
    *(
        "--probe-images",
        "56",
        "--epochs",
        "2",
        "--warmup-epochs",
        "1",
        "--images-per-class",
        "4",
        "--precision",
        "fp32",
    ),
    *("--folds", "2", "--seeds", "1", "--methods", "softmax,mul-dml"),
]


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A benchmark that Ctrl-C stopped in its second run, and that the same command finished."""
    out = tmp_path_factory.mktemp("bench") / "out"
    words = ["benchmark", *TINY, "--out", str(out)]
    with pytest.MonkeyPatch.context() as patch:
        saved = interrupt_at(patch, 6)  # epochs 0 to 2 of the first run, then epoch 2 of the second
        codes = [main(words)]
        stopped = (out / "report.html").read_text(), json.loads((out / "results.json").read_text()), len(saved)
        patch.undo()
    codes.append(main(words))
    return SimpleNamespace(out=out, words=words, codes=codes, stopped=stopped)


def interrupt_at(patch, number):
    from muldml_lite.commands import training

    saved, save = [], training.save_checkpoint

    def count_and_save(*args):
        saved.append(args)
        if len(saved) == number:
            raise KeyboardInterrupt
        save(*args)

    patch.setattr(training, "save_checkpoint", count_and_save)
    return saved


def test_a_benchmark_that_was_stopped_goes_on(done):
    assert done.codes == [130, 0]
    page, results, saved = done.stopped
    assert saved == 6
    assert [run["state"] for run in results["runs"]] == ["finished", "cancelled", "waiting", "waiting"]
    assert "1 of 4 runs are finished (1 cancelled, 2 waiting)" in Page(page).words()
    for name in ("softmax-fold0-seed0", "mul-dml-fold0-seed0", "softmax-fold1-seed0", "mul-dml-fold1-seed0"):
        run = Run(done.out / "runs" / name)  # ordinary run folders
        assert run.status["state"] == "finished"
        assert [record["epoch"] for record in run.history] == [0, 1, 2]
        assert run.layouts == ("pca",)
    assert "All 4 runs are finished." in Page((done.out / "report.html").read_text()).words()
    assert "softmax-fold0-seed0:" in (done.out / "messages.txt").read_text()


def test_what_is_kept_agrees_with_what_training_measured(done):
    results = json.loads((done.out / "results.json").read_text())
    parts = []
    for run in results["runs"]:
        part, last = (
            read_held_out(done.out / HELD_OUT / f"{run['name']}.npz"),
            Run(done.out / "runs" / run["name"]).history[-1],
        )
        for read_out in ("head", "knn"):
            right = (getattr(part, read_out).argmax(1) == part.labels).mean()
            assert right == pytest.approx(last[f"{read_out}_accuracy"], abs=1e-5)
        parts.append(part)
    # The two folds are all images, once each, and share no person.
    assert sorted(np.concatenate([parts[0].index, parts[2].index])) == list(range(112))
    assert not set(parts[0].subjects) & set(parts[2].subjects)
    arm = results["methods"][0]
    pooled = np.concatenate([(part.head.argmax(1) == part.labels) for part in parts[::2]]).mean()
    assert arm["measures"]["head_accuracy"]["mean"] == pytest.approx(pooled)
    assert np.sum(arm["confusion"]["head"]) == 112
    assert results["data"]["counts"]["subjects"] == 8


def test_finished_runs_are_not_repeated_and_json_stands_alone(done, capsys, monkeypatch):
    monkeypatch.setattr("muldml_lite.commands.training.run_training", lambda *_, **__: pytest.fail("trained again"))
    (done.out / HELD_OUT / "mul-dml-fold1-seed0.npz").unlink()  # measured again, not trained again
    assert main([*done.words, "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["plan"] == {
        "data": "drawn:posed",
        "methods": ["softmax", "mul-dml"],
        "folds": 2,
        "seeds": 1,
    }
    assert main(done.words) == 0
    assert "Mul-DML: " in capsys.readouterr().out


def test_bad_words_get_one_line_and_code_2(done, tmp_path, capsys):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/letter.txt").write_text("hello")
    make_sfew(tmp_path / "sfew")
    out = ["--out", str(tmp_path / "out")]
    sfew = ["--data", "sfew", "--root", str(tmp_path / "sfew"), "--size", "32"]
    for words, line in (
        (["--methods", "softmax,best", *out], "--methods best: expected some of softmax,triplet,dual,mul-dml"),
        (["--data", "ck+", *out], "root: None given"),
        (["--data", "ck+", "--root", str(tmp_path / "none"), *out], "none"),
        (["--epochs", "2", *out], "warmup_epochs: 2 given"),
        (["--folds", "two", *out], "invalid int value: 'two'"),
        (["--seed", "3", *out], "unrecognized arguments: --seed 3"),
        ([*sfew, "--folds", "3", *out], "has a split of its own"),
        (["--out", str(tmp_path / "full")], "not empty and not a benchmark's folder"),
        ([*TINY, "--epochs", "3", "--out", str(done.out)], "trained with epochs = 2, and 3 is asked for now"),
    ):
        try:
            code = main(["benchmark", *words])
        except SystemExit as end:
            code = end.code
        error = capsys.readouterr().err
        assert code == 2, words
        assert line in error
        assert error.count("\n") == 1
        assert not (tmp_path / "out").exists()
