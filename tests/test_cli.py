"""The command line as a person or a program uses it, each command in a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from fake_run import fake_record
from forked import muldml
from PIL import Image

from muldml_lite.__main__ import main
from muldml_lite.commands.line import make_parser
from muldml_lite.config import Config
from muldml_lite.runs import Run, RunWriter

SIZES = {"subjects": 8, "images-per-subject": 14, "size": 32, "dim": 16, "slices": 4, "probe-images": 56}
PACE = {"epochs": 2, "warmup-epochs": 1, "images-per-class": 4, "precision": "fp32"}
MULDML = [sys.executable, "-m", "muldml_lite"]
TINY = [word for name, value in (SIZES | PACE).items() for word in (f"--{name}", str(value))]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "one"
    words = ["train", "--run", folder, *TINY, "--json"]
    done = subprocess.run([*MULDML, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Run(folder), done


def test_train_writes_the_whole_run_folder(run):
    run, done = run
    result = json.loads(done.stdout)  # nothing but JSON there
    assert result["loss"] == pytest.approx(result["cross_entropy"] + result["metric_loss"], rel=1e-4)
    assert result["epoch"] == 2
    assert all("collapse" in line or "saturation" in line for line in done.stderr.splitlines())
    assert run.status["state"] == "finished"
    assert Config.from_dict(run.config["config"]).epochs == 2
    assert run.config["data"]["train"] + run.config["data"]["test"] == 112
    assert [r["epoch"] for r in run.history] == [0, 1, 2] == run.epochs
    assert run.judgements.epochs.tolist() == [0, 1, 2]
    assert run.layout()[1].shape == (3, 4, 56, 2)
    assert (run.path / "checkpoint/last.safetensors").exists()
    assert [path.name for path in run.path.rglob(".*")] == [".lock"]  # no temporary files left


def test_evaluate_agrees_with_the_last_epoch(run, tmp_path):
    run, _ = run
    result = json.loads(muldml("evaluate", "--run", run.path, "--json").stdout)
    assert result["head_accuracy"] == pytest.approx(run.history[-1]["head_accuracy"], abs=1e-5)
    assert result["knn_accuracy"] == pytest.approx(run.history[-1]["knn_accuracy"], abs=1e-5)
    table = np.array(result["confusion"])
    assert np.trace(table) / table.sum() == pytest.approx(result["head_accuracy"])
    assert result["mean_class_recall"] == pytest.approx(np.mean(np.diag(table) / table.sum(1)))
    out = tmp_path / "faces"
    made = muldml("faces", "--subjects", 4, "--images-per-subject", 7, "--size", 32, "--seed", 1, "--out", out)
    assert made.returncode == 0
    other = muldml("evaluate", "--run", run.path, "--data", "manifest", "--root", out, "--json")
    assert json.loads(other.stdout)["images"] > 0, other.stderr
    drawn = muldml("evaluate", "--run", run.path, "--find-faces")
    assert drawn.returncode == 2
    assert "find_faces: True given, expected images on disk" in drawn.stderr


def test_faces_are_read_back_by_manifest(tmp_path):
    out = tmp_path / "faces"
    done = muldml("faces", "--preset", "wild", "--subjects", 4, "--images-per-subject", 7, "--size", 32, "--out", out)
    assert done.returncode == 0, done.stderr
    assert len(list(out.glob("*/*.png"))) == 28
    assert muldml("faces", "--out", out).returncode == 2  # never draws into a folder that holds something


def test_progress_line_shows_loss_accuracy_and_time_left(tmp_path):
    done = muldml("train", "--run", tmp_path / "r", *TINY)
    assert done.returncode == 0
    last = done.stderr.replace("\r", "\n").strip().splitlines()[-1]
    assert re.search(r"cross entropy \d\.\d+, metric loss \d\.\d+", last)
    assert "head" in last
    assert "<00:00" in last  # tqdm: elapsed<left
    assert "head accuracy: " in done.stdout


def test_a_queued_folder_is_trained_as_its_config_says(tmp_path):
    writer = RunWriter(tmp_path / "q")
    writer.config(Config.from_dict(vars_of(TINY)).to_dict())
    writer.status("queued")
    assert "give no others" in muldml("train", "--run", writer.path, "--epochs", 9).stderr
    assert muldml("train", "--run", writer.path, "--json").returncode == 0
    assert len(Run(writer.path).history) == 3


def vars_of(words):
    options = make_parser().parse_args(["train", "--run", "x", *words])
    return {k: v for k, v in vars(options).items() if k in Config.__dataclass_fields__ and v is not None}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_training_is_resumed(tmp_path, how):
    folder = tmp_path / "r"
    words = ["train", "--run", folder, *TINY, "--epochs", "500"]
    process = subprocess.Popen([*MULDML, *map(str, words)], stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    wait_for(lambda: (folder / "history.jsonl").exists() and len(Run(folder).history) >= 3)
    assert "being trained right now" in muldml("resume", "--run", folder).stderr
    assert "being trained right now" in muldml("train", "--run", folder, "--overwrite").stderr
    os.kill(process.pid, how)
    process.communicate()
    assert Run(folder).status["state"] == ("cancelled" if how == signal.SIGTERM else "failed")
    reached = len(Run(folder).history)
    config = json.loads((folder / "config.json").read_text())
    config["config"]["epochs"] = reached + 1  # enough is enough
    (folder / "config.json").write_text(json.dumps(config))
    done = muldml("resume", "--run", folder)
    assert done.returncode == 0, done.stderr
    assert [r["epoch"] for r in Run(folder).history] == list(range(reached + 2))
    assert Run(folder).judgements.epochs.tolist() == list(range(reached + 2))
    assert "already finished" in muldml("resume", "--run", folder).stderr


def wait_for(ready, seconds=120):
    end = time.time() + seconds
    while not ready():
        assert time.time() < end, "nothing happened in time"
        time.sleep(0.05)


def test_failures_are_kept_in_the_folder(tmp_path):
    root = tmp_path / "data"
    for label in ("joy", "fear"):
        (root / label).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(root / label / "1.png")
    done = muldml("train", "--run", tmp_path / "r", "--data", "folder", "--root", root)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("muldml train: ")  # on a line of its own
    assert "1.png: the only image of class" in done.stderr
    status = Run(tmp_path / "r").status
    assert status["state"] == "failed"
    assert "the only image of class" in status["message"]
    again = muldml("train", "--run", tmp_path / "r", *TINY, "--json")  # nothing was learnt, so nothing is in the way
    assert again.returncode == 0, again.stderr


def test_skip_bad_trains_on_and_counts(tmp_path):
    drawn = tmp_path / "faces"
    assert muldml("faces", "--subjects", 8, "--images-per-subject", 14, "--size", 32, "--out", drawn).returncode == 0
    victim = next(drawn.glob("*/*.png"))
    victim.write_bytes(victim.read_bytes()[:60])
    words = ["train", "--run", tmp_path / "r", *TINY, "--data", "manifest", "--root", drawn, "--json"]
    assert f"{victim}: damaged image" in muldml(*words).stderr
    done = muldml(*words, "--skip-bad")
    assert json.loads(done.stdout)["images_left_out"] == 1
    assert victim.name in done.stderr
    assert len(Run(tmp_path / "r").config["data"]["skipped"]) == 1


def test_layout_of_a_run_that_has_no_snapshot(tmp_path):
    writer = RunWriter(tmp_path / "r")
    writer.config(Config().to_dict())
    done = muldml("layout", "--run", writer.path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("no snapshot yet, so there is nothing to lay out")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["train"], "required: --run"),
        (["train", "--run", "{r}", "--method", "best"], "invalid choice: 'best'"),
        (["train", "--run", "{r}", "--slices", "7"], "slices: 7 given, expected a divisor"),
        (["train", "--run", "{r}", "--thresholds", "1"], "expected 2 arguments"),
        (["train", "--run", "{r}", "--data", "folder"], "root: None given, expected the path"),
        (["train", "--run", "{r}", "--device", "tpu"], "invalid choice: 'tpu'"),
        (["train", "--run", "{full}"], "not empty and not a run folder"),
        (["layout", "--run", "{r}"], "no such folder"),
        (["evaluate", "--run", "{full}"], "config.json is missing"),
        (["faces", "--out", "{full}"], "is not empty"),
        (["faces", "--out", "{r}", "--size", "5"], "size"),
        (["fork", "--run", "{full}", "--out", "{r}"], "required: --epoch"),
        (["fork", "--run", "{full}", "--epoch", "2", "--out", "{r}"], "config.json is missing"),
        (["fork", "--run", "{full}", "--epoch", "two", "--out", "{r}"], "invalid int value: 'two'"),
        (["control", "pause", "--run", "{full}"], "config.json is missing"),
        (["control", "stop", "--run", "{full}"], "invalid choice: 'stop'"),
        (["dance"], "invalid choice: 'dance'"),
    ],
)
def test_bad_words_get_one_line_and_code_2(tmp_path, capsys, words, line):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/letter.txt").write_text("hello")
    filled = [word.format(r=tmp_path / "r", full=tmp_path / "full") for word in words]
    try:
        code = main(filled)
    except SystemExit as end:
        code = end.code
    error = capsys.readouterr().err
    assert code == 2
    assert line in error
    assert error.count("\n") == 1
    assert (tmp_path / "full/letter.txt").exists()
    assert not (tmp_path / "r").exists()


def test_a_run_is_not_overwritten_by_accident(run):
    run, _ = run
    assert "already holds a run" in muldml("train", "--run", run.path, *TINY).stderr
    assert len(run.history) == 3


def test_overwrite_replaces_only_what_a_run_is_made_of(tmp_path):
    writer = RunWriter(tmp_path / "r")
    writer.config(Config().to_dict())
    writer.status("failed", "for a test")
    writer.record(fake_record(77, 80, 8))
    (writer.path / "notes.txt").write_text("mine")
    assert muldml("train", "--run", writer.path, *TINY, "--overwrite", "--json").returncode == 0
    assert [r["epoch"] for r in Run(writer.path).history] == [0, 1, 2]
    assert (writer.path / "notes.txt").read_text() == "mine"


def test_help_tells_defaults_and_units(capsys):
    for command in ("train", "resume", "fork", "control", "evaluate", "layout", "faces"):
        with pytest.raises(SystemExit, match="0"):
            main([command, "--help"])
    text = capsys.readouterr().out
    assert "default: 12" in text
    assert "pixels" in text
    assert "(default: the parent's)" in text


WEAK = ("import pickle", "torch.load(", "torch.save(", "allow_pickle=True", "load_state_dict_from_url")


def test_package_has_no_weak_spots():
    """No pickle, no unsafe loading, nothing fetched: the words for it do not occur."""
    root = Path(__file__).parents[1]
    for folder in ("muldml_lite", "streamlit_app"):
        for path in (root / folder).rglob("*.py"):
            text = path.read_text()
            for word in WEAK:
                assert word not in text, f"{path}: {word}"
