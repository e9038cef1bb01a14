"""Configurations: sensible defaults, and one clear line for each mistake."""

import dataclasses
import json

import pytest

from muldml_lite.config import Config, ConfigError


def test_defaults_resolve_by_method():
    assert Config().slices == 8
    assert Config(method="triplet").slices == 1
    assert Config(method="triplet", slices=4).slices == 4


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
        ("epochs", 0, "1 or more"),
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
        ("images_per_class", 1, "2 or more"),
        ("folds", 1, "0 (one split), or 2 or more"),
        ("folds", -2, "0 (one split), or 2 or more"),
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
