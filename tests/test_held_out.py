"""Nobody whom a network was trained on is measured as held out, by whatever way: other data, weights, forks, copies."""

import dataclasses
import itertools
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file

from muldml_lite import faces
from muldml_lite.benchmark.held_out import predict
from muldml_lite.commands.drawing import write_faces
from muldml_lite.commands.evaluation import evaluate_run
from muldml_lite.commands.pretraining import varied_faces
from muldml_lite.commands.training import run_training
from muldml_lite.config import LARGEST_SEED, Config, ConfigError
from muldml_lite.data import DataError, FaceDataset, load_dataset
from muldml_lite.faces import Crowd, person_stream
from muldml_lite.faces.lab import LabFace
from muldml_lite.runs import NEWEST_WEIGHTS, SEEN, Run, RunError, Seen, fork_config, make_fork, read_seen
from muldml_lite.trainer.probe import choose_probe
from muldml_lite.trainer.seen import DRAWN, notes_on, seen_by, seen_by_weights

SAMPLE = Path(__file__).parents[1] / "data" / "sample_run"
TINY = Config(
    subjects=12, images_per_subject=7, size=16, dim=16, slices=4, epochs=2, warmup_epochs=1, images_per_class=3,
    probe_images=20, neighbours=1, device="cpu", precision="fp32",
)  # fmt: skip


def trained(folder, **changes):
    run_training(folder, dataclasses.replace(TINY, **changes), quiet=True)
    return Run(folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("runs") / "first")


def people_of(held_out, **changes):
    """(seed, number) of the people in one part of a drawn data set, counted here."""
    config = dataclasses.replace(TINY, **changes)
    dataset = load_dataset(config)
    return {(config.seed, int(number)) for number in dataset.subjects[dataset.test == held_out]}


def written(run):
    """(seed, number) of the people that the run's file names."""
    names = json.loads((run.path / SEEN).read_text())["people"]["drawn"]
    return {tuple(map(int, name.split("-")[1:])) for name in names}


# Streams


def test_no_two_streams_are_the_same():
    edges = (0, 1, 147, 2**31, LARGEST_SEED)
    keys = list(itertools.product(edges, edges, (-1, 0, 1), Crowd))
    assert len({tuple(person_stream(*key).bit_generator.state["state"].values()) for key in keys}) == len(keys)
    assert person_stream(7, 3).random() == np.random.default_rng([7, 3, 0]).random()  # as it always was


@pytest.mark.parametrize("seed", [-1, 2**32, 2**64, 1.0, True])
def test_seeds_beyond_a_word_are_refused(seed, tmp_path):
    with pytest.raises(ValueError, match="seed"):
        faces.draw_dataset("posed", subjects=1, images_per_subject=1, size=16, seed=seed)
    for name in ("seed", "split_seed"):
        with pytest.raises(ConfigError, match=name):
            Config(**{name: seed})


def test_whom_pretraining_and_the_lab_draw_nobody_else_draws():
    taught = seen_by_weights("drawn")
    assert len(taught.people) == json.loads(_metadata(DRAWN)["pretrained"])["subjects"]
    assert not Seen(taught.people).among(load_dataset(TINY), TINY.data).any()
    assert all(name.startswith("drawn-pretraining-0-") for _, name in taught.people)
    anyone = faces.draw_dataset("posed", subjects=9, images_per_subject=1, size=16, seed=3).identities
    assert LabFace(3).identity not in anyone
    half = varied_faces(8, 16, 3)
    looks = {half.images[half.subjects == person][0].tobytes() for person in range(8)}
    assert len(looks) == 8


def _metadata(path):
    from safetensors import safe_open

    with safe_open(path, "numpy") as file:
        return file.metadata()


# Other data


def test_a_run_names_whom_it_was_trained_on(run):
    assert written(run) == people_of(False)
    assert str(run.path) not in (run.path / SEEN).read_text()


@pytest.mark.parametrize(("data", "seed"), [("drawn:wild", 0), ("drawn:wild", 5), ("drawn:posed", 5)])
def test_other_data_is_measured_on_people_never_seen(run, data, seed):
    told = evaluate_run(run, data, seed=seed)
    met = people_of(True, data=data, seed=seed) & people_of(False)
    assert (told["people_left_out"], told["images_left_out"]) == (len(met), 7 * len(met))
    assert told["images"] == 21 - 7 * len(met)
    assert len(told["notes"]) == bool(met)
    assert np.sum(told["confusion"]) == told["images"]
    if seed == TINY.seed:
        assert met  # else this test shows nothing


def test_nothing_left_is_one_line(run, tmp_path):
    write_faces(tmp_path / "drawn", "wild", subjects=12, images_per_subject=7, size=16, seed=0)
    lines = (tmp_path / "drawn/manifest.csv").read_text().splitlines()
    known = {f"drawn-{seed}-{number}" for seed, number in written(run)}
    kept = [line for line in lines[1:] if line.split(",")[2] in known]
    (tmp_path / "drawn/manifest.csv").write_text("\n".join([lines[0], *kept]))
    with pytest.raises(DataError, match=r"first was trained on.*nothing is left to measure") as error:
        evaluate_run(run, "manifest", str(tmp_path / "drawn"))
    assert "\n" not in str(error.value)


def test_copies_under_other_names_are_recognised(run, tmp_path):
    mine, other = load_dataset(TINY), load_dataset(dataclasses.replace(TINY, seed=9))
    rows = ["path,label,subject,split"]
    # Test part: 5 pictures that were trained on, each somebody else's by name, and 14 that nobody was trained on.
    chosen = [(mine, i, "test") for i in np.flatnonzero(~mine.test)[:5]]
    chosen += [(other, i, "test") for i in range(14)] + [(other, i, "train") for i in range(14, 56)]
    for number, (source, i, part) in enumerate(chosen):
        Image.fromarray(source.images[i]).save(tmp_path / f"{number}.png")
        subject = f"somebody {number}" if source is mine else f"other {source.subjects[i]}"
        rows.append(f"{number}.png,{source.classes[source.labels[i]].title()},{subject},{part}")
    (tmp_path / "manifest.csv").write_text("\n".join(rows))
    told = evaluate_run(run, "manifest", str(tmp_path))
    assert (told["images"], told["images_left_out"], told["people_left_out"]) == (14, 5, 5)


@pytest.mark.parametrize(
    ("trained_on", "shown", "same"),
    [
        ("ck+", "ck+", True),
        ("ck+", "mmi", False),  # two published sets may both have an S010
        ("ck+", "manifest", True),  # whoever wrote the manifest may have kept the set's names
        ("manifest", "mmi", True),
        ("manifest", "folder", True),
        ("drawn:posed", "drawn:wild", True),
    ],
)
def test_whose_names_mean_the_same_person(trained_on, shown, same):
    def dataset(names, test, shade):
        images = (
            np.full((len(names), 4, 4, 3), shade, np.uint8) + np.arange(len(names), dtype=np.uint8)[:, None, None, None]
        )
        numbers = np.arange(len(names))
        return FaceDataset(images, numbers, numbers, np.array(test), tuple("abc"), ("",) * 3, subject_names=names)

    seen = Seen.of(dataset(("S010", "S011", "S012"), [False, True, False], 10), trained_on)
    met = seen.among(dataset(("S009", " s010 ", "S011"), [True, True, True], 100), shown)  # however it is spelt
    assert met.tolist() == [False, same, False]


# Starting weights and forks


def test_what_weights_were_taught_on_belongs_to_what_a_run_has_seen(run, tmp_path):
    second = trained(tmp_path / "second", seed=5, weights=str(run.path / NEWEST_WEIGHTS))
    both = people_of(False) | people_of(False, seed=5)
    assert written(second) == both
    make_fork(second, 1, fork_config(second, 1, {"learning_rate": 0.001}), tmp_path / "fork")
    assert written(Run(tmp_path / "fork")) == both
    run_training(
        tmp_path / "fork",
        Config.from_dict(Run(tmp_path / "fork").config["config"]),
        resume=Run(tmp_path / "fork"),
        quiet=True,
    )
    fork = Run(tmp_path / "fork")
    assert written(fork) == both
    shutil.copy(fork.path / NEWEST_WEIGHTS, tmp_path / "elsewhere.safetensors")
    third = trained(tmp_path / "third", seed=6, weights=str(tmp_path / "elsewhere.safetensors"))
    assert written(third) == both | people_of(False, seed=6)
    told = evaluate_run(third, "drawn:wild", seed=5)
    assert told["people_left_out"] == len(people_of(True, data="drawn:wild", seed=5) & people_of(False, seed=5))


@pytest.mark.parametrize("copied", [False, True])
def test_weights_that_saw_the_held_out_people_are_refused(run, tmp_path, copied):
    weights = run.path / NEWEST_WEIGHTS
    if copied:
        weights = shutil.copy(weights, tmp_path / "copy.safetensors")
    with pytest.raises(
        ConfigError, match=r"weights: .*\.safetensors was trained on .* drawn:wild here.*drawn-0-"
    ) as error:
        trained(tmp_path / "run", data="drawn:wild", weights=str(weights))
    assert "\n" not in str(error.value)
    assert Run(tmp_path / "run").status["state"] == "failed"
    assert not Run(tmp_path / "run").history


@pytest.mark.parametrize(("seed", "overlap"), [(0, True), (1, False)])
def test_files_of_the_older_pretraining_are_recognised(run, tmp_path, seed, overlap):
    from safetensors.numpy import load_file

    tensors = {k.removeprefix("model."): v for k, v in load_file(run.path / NEWEST_WEIGHTS).items() if "model." in k}
    told = json.dumps({"images": 336, "subjects": 24, "epochs": 1, "size": 16, "seed": 0, "backbone": "small"})
    save_file(tensors, tmp_path / "old.safetensors", metadata={"pretrained": told})
    train = lambda: trained(tmp_path / "run", seed=seed, weights=str(tmp_path / "old.safetensors"))  # noqa: E731
    if overlap:
        with pytest.raises(ConfigError, match=r"old\.safetensors was trained on 21 of the 21 images"):
            train()
    else:
        assert written(train()) == {(0, number) for number in range(12)} | people_of(False, seed=1)


def test_weights_of_unknown_origin_are_said_once_and_remembered(run, tmp_path, capsys):
    from safetensors.numpy import load_file

    save_file(load_file(run.path / NEWEST_WEIGHTS), tmp_path / "found.safetensors")
    assert notes_on(TINY) == notes_on(dataclasses.replace(TINY, weights="drawn")) == []
    config = dataclasses.replace(TINY, seed=3, weights=str(tmp_path / "found.safetensors"))
    run_training(tmp_path / "run", config)
    assert capsys.readouterr().err.count("found.safetensors has no record of its training people") == 1
    (note,) = evaluate_run(Run(tmp_path / "run"))["notes"]
    assert "found.safetensors has no record" in note


# Older folders, and broken ones


def test_weights_that_are_gone_leave_it_unknown_whom_they_saw(run, tmp_path):
    gone = shutil.copy(run.path / NEWEST_WEIGHTS, tmp_path / "gone.safetensors")
    second = trained(tmp_path / "second", seed=5, weights=str(gone))
    (second.path / SEEN).unlink()
    os.remove(gone)
    (note,) = evaluate_run(second)["notes"]
    assert "gone.safetensors has no record of its training people" in note


def test_an_older_folder_of_drawn_faces_is_worked_out_again(run, tmp_path):
    old = Run(shutil.copytree(run.path, tmp_path / "old"))
    (old.path / SEEN).unlink()
    assert seen_by(old) == read_seen(run.path)
    new, again = (evaluate_run(one, "drawn:wild") for one in (run, old))
    assert {**new, "run": "", "notes": []} == {**again, "run": "", "notes": []}
    # Before it had people of its own, `drawn` had been trained on those of seed 0.
    values = json.loads((old.path / "config.json").read_text())
    values["config"]["weights"] = "drawn"
    (old.path / "config.json").write_text(json.dumps(values))
    with pytest.raises(DataError, match="nothing is left"):
        evaluate_run(Run(old.path))


def test_an_older_folder_of_data_on_disk_is_measured_on_its_own_data_only(tmp_path):
    for name, seed in (("mine", 1), ("other", 2)):
        write_faces(tmp_path / name, "posed", subjects=8, images_per_subject=7, size=16, seed=seed)
    old = trained(tmp_path / "run", data="manifest", root=str(tmp_path / "mine"))
    whole = evaluate_run(old, "manifest", str(tmp_path / "other"))
    assert whole["images_left_out"] == 0
    (old.path / SEEN).unlink()
    assert evaluate_run(old)["images_left_out"] == 0
    assert evaluate_run(old, "manifest", str(tmp_path / "other")) == whole  # its own data is there to look it up
    shutil.rmtree(tmp_path / "mine")
    with pytest.raises(RunError, match="has no record of its training people, and its data cannot be read"):
        evaluate_run(old, "manifest", str(tmp_path / "other"))


def test_a_benchmark_measures_no_run_on_what_it_was_trained_on(run):
    assert len(predict(run, load_dataset(TINY)).labels) == 21
    with pytest.raises(RunError, match=r"left out: .*the data has changed since"):
        predict(run, load_dataset(dataclasses.replace(TINY, data="drawn:wild")))


@pytest.mark.parametrize("text", ["", "[]", '{"version": 2}', '{"version": 1, "people": {}, "pictures": "?"}'])
def test_a_broken_file_is_one_line_that_names_it(run, tmp_path, text):
    (tmp_path / SEEN).write_text(text)
    with pytest.raises(RunError, match=r"seen\.json: ") as error:
        read_seen(tmp_path)
    assert "\n" not in str(error.value)


def test_the_file_stays_small():
    rng = np.random.default_rng(0)
    pictures = frozenset(rng.integers(2**64, size=30_000, dtype=np.uint64).tolist())
    seen = Seen(frozenset(("ck+", f"S{i:03d}") for i in range(900)), pictures, frozenset([48]))
    assert len(seen.to_text()) < 400_000
    assert Seen.from_text(seen.to_text(), "here") == seen


# One place for defaults


def test_the_sample_run_follows_the_faces_that_a_default_run_follows(monkeypatch):
    monkeypatch.setattr("muldml_lite.faces.dataset.paint_face", lambda easel, *_: np.zeros((48, 48, 3), np.uint8))
    sample = Run(SAMPLE)
    config = Config.from_dict(sample.config["config"])
    assert dataclasses.replace(config, keep_weights=Config.keep_weights) == Config()
    assert choose_probe(load_dataset(Config()), Config().probe_images, 0).index.tolist() == sample.probe.index.tolist()
