"""Configurations: sensible defaults, and one clear line for each mistake."""

import dataclasses
import json

import pytest

from muldml_lite.commands.pretraining import varied_faces
from muldml_lite.config import Config, ConfigError
from muldml_lite.data import load_dataset, memory


def test_defaults_resolve_by_method():
    assert Config().slices == 8
    assert Config(method="triplet").slices == 1
    assert Config(method="triplet", slices=4).slices == 4


@pytest.mark.parametrize("method", ["mul-dml", "dual", "triplet", "softmax"])
def test_defaults_that_nobody_set_are_never_refused(method):
    for epochs in (1, 2, 3, 12, 100_000):
        warmup = Config(method=method, epochs=epochs).warmup_epochs
        assert warmup == {1: 0, 2: 1}.get(epochs, 2)
    for dim in range(4, 300):
        divisors = [n for n in range(2, 9) if dim % n == 0 and dim >= 2 * n]
        if method != "mul-dml":
            assert Config(method=method, dim=dim).slices == 1
        elif divisors:
            assert Config(method=method, dim=dim).slices == max(divisors)
        else:  # a prime: named is what was set
            with pytest.raises(ConfigError, match=f"^dim: {dim} given, expected a size that 2 to 8 slices can share"):
                Config(method=method, dim=dim)
            assert Config(method=method, dim=dim, slices=1).dim == dim


def test_what_was_set_stays():
    assert Config(epochs=3, warmup_epochs=2).warmup_epochs == 2  # as in a run folder's config.json
    assert Config(warmup_epochs=0).warmup_epochs == 0
    with pytest.raises(ConfigError, match=r"^warmup_epochs: 2 given, expected 0 or more and fewer than epochs = 2"):
        Config(epochs=2, warmup_epochs=2)


def test_faces_beyond_the_memory_are_refused_before_the_first_is_drawn(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 10**9)
    with pytest.raises(ConfigError, match=r"^subjects: 100000 .* they need 14.5 GB of memory, and 1.0 GB are free$"):
        load_dataset(Config(subjects=100_000))
    with pytest.raises(ConfigError, match=r"^subjects: 9000 .* they need 3.5 GB"):
        varied_faces(9000, 48, 0)
    memory.check_drawn(1000, 21, 48)


def test_survives_json():
    config = Config(method="dual", thresholds=(0.2, 0.4), seed=3)
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().seed = 1


def test_unknown_key_names_the_nearest():
    with pytest.raises(ConfigError, match=r"^epoch: not a known setting; did you mean epochs"):
        Config.from_dict({"epoch": 3})


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("epochs", 0, "1 to 100000"),
        ("epochs", 10**9, "1 to 100000"),
        ("subjects", 10**9, "4 to 100000"),
        ("images_per_subject", 10**9, "1 to 10000"),
        ("dim", 10**9, "2 to 16384"),
        ("dim", 1, "2 to 8 slices"),
        ("dim", -8, "2 to 8 slices"),
        ("folds", 10**9, "2 to 1000"),
        ("classes_per_batch", 10**9, "2 to 10000"),
        ("probe_images", 10**9, "20 to 20000"),
        ("neighbours", 10**9, "1 to 10000"),
        ("metric_weight", float("inf"), "a number"),
        ("weight_decay", 11.0, "0 to 10"),
        ("learning_rate", 11.0, "at most 10"),
        ("epochs", True, "a whole number"),
        ("epochs", 2.5, "a whole number"),
        ("learning_rate", float("nan"), "a number"),
        ("learning_rate", "fast", "a number"),
        ("method", "softmx", "one of mul-dml, dual, triplet, softmax"),
        ("data", "ck", "one of drawn:posed"),
        ("data", "folder", "the path of the images"),
        ("thresholds", (0.5, 0.1), "LOW <= HIGH"),
        ("thresholds", (0.0, 0.1), "0 < LOW"),
        ("thresholds", (0.5,), "two numbers"),
        ("slices", 7, "a divisor of dim = 64"),
        ("slices", 64, "at least 2 numbers a slice"),
        ("warmup_epochs", 12, "fewer than epochs = 12"),
        ("size", 8, "16 to 512 pixels"),
        ("test_fraction", 1.0, "between 0 and 1"),
        ("images_per_class", 1, "2 to 10000"),
        ("folds", 1, "0 (one split), or 2 to 1000"),
        ("folds", -2, "0 (one split), or 2 to 1000"),
        ("fold", 1, "0 to 0, as folds = 0"),
        ("split_seed", -1, "0 to 4294967295"),
        ("seed", 2**32, "0 to 4294967295"),
        ("neutral_frames", True, "data that is one of ck+, mmi"),
        ("find_faces", True, "images on disk"),
    ],
)
def test_bad_value_names_key_value_and_expectation(key, value, expected):
    name = "root" if expected.startswith("the path") else key
    with pytest.raises(ConfigError) as caught:
        Config(**{key: value})
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert expected in message
    assert "\n" not in message


def test_a_fold_is_one_of_the_folds():
    assert Config(folds=10, fold=9).fold == 9
    for fold in (10, -1):
        with pytest.raises(ConfigError, match=rf"^fold: {fold} given, expected 0 to 9, as folds = 10$"):
            Config(folds=10, fold=fold)


@pytest.mark.parametrize("data", ["ck+", "mmi", "sfew", "raf-db", "fer2013", "folder", "manifest"])
def test_data_on_disk_needs_its_place(data):
    with pytest.raises(ConfigError, match=r"^root: None given, expected the path of the images"):
        Config(data=data)
    assert Config(data=data, root="somewhere").root == "somewhere"


def test_every_field_is_explained():
    for item in dataclasses.fields(Config):
        assert item.metadata["help"], item.name
