"""`muldml benchmark` itself, on a few drawn faces."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from data_trees import make_sfew
from fake_benchmark import Page

from muldml_lite.__main__ import main
from muldml_lite.benchmark import read_held_out
from muldml_lite.benchmark.runner import HELD_OUT
from muldml_lite.runs import Run

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
        (["--epochs", "2", "--warmup-epochs", "2", *out], "warmup_epochs: 2 given"),
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
