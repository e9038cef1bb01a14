"""Starting weights: what each kind of file gives a network, and what is refused with which words."""

import json

import numpy as np
import pytest
import torch
from forked import muldml
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from muldml_lite.commands.pretraining import varied_faces
from muldml_lite.config import Config, ConfigError
from muldml_lite.data import load_dataset
from muldml_lite.model import EmbeddingNet
from muldml_lite.trainer import train
from muldml_lite.trainer.start import DRAWN, start_from

SMALL = {"subjects": 6, "images_per_subject": 7, "size": 16, "dim": 16, "slices": 4, "probe_images": 20}
SMALL |= {"epochs": 1, "warmup_epochs": 0, "images_per_class": 3, "precision": "fp32", "device": "cpu"}


def make(backbone="small", dim=16, seed=0):
    torch.manual_seed(seed)
    return EmbeddingNet(backbone, dim, 7)


def started(network, path):
    start_from(network, Config(weights=str(path), backbone="small", dim=16, slices=4))
    return network.state_dict()


@pytest.fixture
def teacher():
    return make(seed=1).state_dict()


def test_a_checkpoint_gives_backbone_and_matrix_but_no_head(tmp_path, teacher):
    optimizer = {"optimizer.0.step": torch.ones(1)}
    save_file({f"model.{k}": v for k, v in teacher.items()} | optimizer, tmp_path / "last.safetensors")
    before, after = make().state_dict(), started(make(), tmp_path / "last.safetensors")
    for name, value in after.items():
        source = before if name.startswith("head.") else teacher
        assert torch.equal(value, source[name]), name
    assert not torch.equal(before["embedding.weight"], teacher["embedding.weight"])


def test_another_dimension_keeps_the_backbone_only(tmp_path, teacher):
    save_file(teacher, tmp_path / "start.safetensors")
    network = make(dim=32)
    before = network.embedding.weight.clone()
    start_from(network, Config(weights=str(tmp_path / "start.safetensors"), dim=32, slices=4))
    assert torch.equal(network.backbone[0].weight, teacher["backbone.0.weight"])
    assert torch.equal(network.embedding.weight, before)


def test_torchvision_s_names_are_those_of_the_large_backbone(tmp_path):
    from torchvision.models import resnet18

    torch.manual_seed(2)
    teacher = resnet18().state_dict()
    bare = {k: v for k, v in teacher.items() if "num_batches" not in k}  # as some files have it
    save_file(bare, tmp_path / "resnet18.safetensors")
    network = make("resnet18")
    start_from(network, Config(weights=str(tmp_path / "resnet18.safetensors"), backbone="resnet18"))
    assert torch.equal(network.backbone.layer4[1].bn2.weight, teacher["layer4.1.bn2.weight"])
    assert torch.equal(network.backbone.conv1.weight, teacher["conv1.weight"])


def test_a_training_starts_from_there_and_is_measured_before_its_first_step(tmp_path, teacher):
    save_file(teacher, tmp_path / "start.safetensors")
    config = Config(**SMALL, weights=str(tmp_path / "start.safetensors"))
    first = next(train(config, load_dataset(config)))
    assert torch.equal(first.weights.network.backbone[0].weight, teacher["backbone.0.weight"])


@pytest.mark.parametrize(
    ("name", "write", "words"),
    [
        ("nowhere.safetensors", None, "no such file; expected random, drawn, or a safetensors file"),
        ("resnet18.pth", b"\x80\x04", "is a pickle, which is never read here"),
        ("torn.safetensors", b"\x99" * 40, "not a readable safetensors file"),
        ("other.safetensors", {"conv1.weight": torch.ones(3)}, "is not of backbone small, 20 of 20"),
        ("shape.safetensors", "shape", "1 of 20 tensors are missing or of another shape, first 0.weight"),
    ],
)
def test_what_cannot_be_used_gets_one_line(tmp_path, teacher, name, write, words):
    if write == "shape":
        write = teacher | {"backbone.0.weight": torch.ones(32, 1, 3, 3)}
    if isinstance(write, bytes):
        (tmp_path / name).write_bytes(write)
    elif write:
        save_file(write, tmp_path / name)
    with pytest.raises(ConfigError, match=words) as error:
        started(make(), tmp_path / name)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("weights: ")


def test_what_ships_fits_the_default_network_and_knows_faces():
    network = make(dim=64)
    start_from(network, Config(weights="drawn"))
    assert DRAWN.stat().st_size < 3_000_000
    with safe_open(DRAWN, "pt") as file:
        told = json.loads(file.metadata()["pretrained"])
    assert told["head_accuracy"] > 0.5
    with pytest.raises(ConfigError, match="weights: drawn is not of backbone resnet18"):
        start_from(make("resnet18", dim=64), Config(weights="drawn", backbone="resnet18"))


def test_pretraining_writes_what_training_starts_from(tmp_path):
    out = tmp_path / "made/start.safetensors"
    done = muldml("pretrain", "--out", out, "--subjects", 8, "--epochs", 3, "--size", 16, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["images"] == 8 * 14
    assert 0 <= told["head_accuracy"] <= 1
    network = make(dim=64)
    start_from(network, Config(weights=str(out)))
    assert torch.equal(network.embedding.weight, load_file(out)["embedding.weight"].float())
    bad = muldml("pretrain", "--out", out, "--subjects", 1)
    assert bad.returncode == 2
    assert bad.stderr.startswith("muldml pretrain: subjects: 1 given")


def test_faces_for_pretraining_are_varied_and_rightly_labelled():
    data = varied_faces(6, 32, 3)
    assert data.images.shape == (84, 32, 32, 3)
    grey = (np.ptp(data.images.astype(int), axis=3) == 0).all((1, 2))
    assert 0.5 < grey.mean() < 0.95
    assert set(data.subjects[data.test]).isdisjoint(data.subjects[~data.test])
    assert np.array_equal(data.images, varied_faces(6, 32, 3).images)
    assert not np.array_equal(data.images, varied_faces(6, 32, 4).images)
