"""Run folders that something or somebody has damaged: an error of one kind, or values that fit together. Nothing hangs.

FUZZ sets how many damaged folders are tried.
"""

import json
import os
import random
import shutil

import numpy as np
import pytest
from fake_run import write_fake_run
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from muldml_lite.analysis import confusion, slice_table
from muldml_lite.analysis.embedding_of import Embedder
from muldml_lite.analysis.layouts.frames import read_slices
from muldml_lite.analysis.small_network import _names
from muldml_lite.analysis.thresholds import threshold_table
from muldml_lite.analysis.verdicts import read_gallery
from muldml_lite.plots import (
    COMPARED,
    SLICE_CURVES,
    Compared,
    accuracy_curves,
    compare_curves,
    loss_curves,
    slice_curve,
    threshold_profile,
)
from muldml_lite.runs import NEWEST_WEIGHTS, Run, RunError, RunWriter, fork_epochs, read_control, starts_afresh
from muldml_lite.runs.tensors import read_sound_tensors
from muldml_lite.widgets.faces.surroundings import read_surroundings
from muldml_lite.widgets.judgements import incomplete_rates
from muldml_lite.widgets.live.payload import Frames, live_payload
from muldml_lite.widgets.packed import pack
from muldml_lite.widgets.slices.payload import slices_payload
from muldml_lite.widgets.thresholds.payload import thresholds_payload

EXAMPLES = int(os.environ.get("FUZZ", "25"))
ODD = (None, True, -1, 0, 0.5, 1e308, 10**400, "", "x" * 5000, "\x1b[31mred", [], [[]], {}, {"a": 1}, float("nan"))
ODD += (float("inf"), "../../etc/passwd", 2**31, "nan", [1, 2], 1e-320)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A whole small run, weights of its small network among it."""
    path = write_fake_run(tmp_path_factory.mktemp("sound") / "run", images=21, slices=2, epochs=2, umap=True)
    rng, channels = np.random.default_rng(0), (3, 32, 64, 128, 128)
    shapes = {}
    for name in _names():
        place = {"0": 0, "3": 1, "7": 2, "11": 3, "1": 0, "4": 1, "8": 2, "12": 3}.get(name.split(".")[1], 0)
        shapes[name] = (channels[place + 1],)
        if name.split(".")[1] in ("0", "3", "7", "11"):
            shapes[name] = (channels[place + 1], channels[place], 3, 3)
    shapes |= {"embedding.weight": (16, 128 * 9), "head.weight": (7, 16), "head.bias": (7,)}
    tensors = {f"model.{name}": rng.uniform(0.1, 1, shape).astype(np.float16) for name, shape in shapes.items()}
    tensors["optimizer.0.step"] = np.zeros((), np.float32)
    record = Run(path).history[-1]
    RunWriter(path).tensors(NEWEST_WEIGHTS, save(tensors, {"epoch": "2", "record": json.dumps(record)}))
    return path


_drawn = set()  # histories


def consumers(run):
    """Whatever shows or uses a run without torch; each is to be called."""
    history = lambda: run.history  # noqa: E731
    return [
        lambda: run.config,
        lambda: run.status,
        history,
        lambda: run.probe,
        run.snapshot,
        lambda: run.snapshot(0),
        lambda: run.judgements.until(1),
        lambda: [run.layout(kind) for kind in run.layouts],
        lambda: slice_table(run),
        lambda: confusion(run),
        lambda: threshold_table(run),
        lambda: read_slices(run, run.epochs) if run.epochs else None,
        lambda: figures(run.history),
        lambda: incomplete_rates(run),
        lambda: json.dumps(live_payload(run, Frames()), allow_nan=False),
        lambda: pack(slices_payload(run)),
        lambda: thresholds_payload(run, [run]),
        lambda: read_surroundings(run),
        lambda: read_gallery(run),
        lambda: Embedder(run).embed(np.zeros((1, 48, 48, 3), np.uint8)),
        lambda: [starts_afresh(run, epoch) for epoch in fork_epochs(run)],
        lambda: read_control(run.path),
        lambda: read_sound_tensors(run.path / NEWEST_WEIGHTS),
    ]


def figures(history):
    """Drawn only of what is damaged: plotly takes most of the time."""
    if json.dumps(history) in _drawn:
        return
    _drawn.add(json.dumps(history))
    for figure in (loss_curves, accuracy_curves):
        figure(history)
    for key in SLICE_CURVES:
        slice_curve(history, key)
    for record in history[-1:]:
        threshold_profile(record["slices"])
    compare_curves([Compared("one", history)], list(COMPARED)[len(str(history)) % len(COMPARED)])


def check(path):
    """Every consumer gives a value or a RunError of bounded length, without control characters."""
    told = []
    try:
        run = Run(path)
    except RunError:
        return 1
    for consumer in consumers(run):
        try:
            consumer()
        except RunError as error:
            told.append(str(error))
    assert all(len(line) < 1200 and line.isprintable() for line in told), told
    return len(told)


def test_a_sound_run_gives_no_error(sound):
    assert check(sound) == 0


def files_of(path):
    return sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))


def flip(path, rng):
    victim = rng.choice(files_of(path))
    content = bytearray(victim.read_bytes())
    for _ in range(rng.choice((1, 5, 200))):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    victim.write_bytes(content)


def cut(path, rng):
    victim = rng.choice(files_of(path))
    content = victim.read_bytes()
    victim.write_bytes(content[: rng.randrange(len(content))] + rng.choice((b"", b"\0" * 40, content[:9])))


def change_json(path, rng):
    name = rng.choice(("config.json", "status.json", "history.jsonl", "history.jsonl"))
    text = (path / name).read_text()
    values = [json.loads(line) for line in text.splitlines()] if name.endswith("l") else json.loads(text)
    places = list(walk(values))
    for _ in range(rng.choice((1, 1, 3))):
        holder, key = rng.choice(places)
        holder[key] = rng.choice(ODD)
        if rng.random() < 0.2 and isinstance(holder, dict):
            del holder[key]
            places = list(walk(values))
    lines = [json.dumps(one) for one in values] if name.endswith("l") else [json.dumps(values)]
    if rng.random() < 0.2:
        rng.shuffle(lines)
        lines += lines[:1]
    (path / name).write_text("\n".join(lines) + "\n")


def walk(values):
    for key in list(values) if isinstance(values, dict) else range(len(values)):
        yield values, key
        if isinstance(values[key], (dict, list)):
            yield from walk(values[key])


def change_arrays(path, rng):
    victim = rng.choice([p for p in files_of(path) if p.suffix == ".npz"])
    with np.load(victim) as file:
        arrays = dict(file)
    one, other = rng.choice(list(arrays)), rng.choice(list(arrays))
    kind = rng.randrange(9)
    if kind == 0:
        arrays[one], arrays[other] = arrays[other], arrays[one]
    elif kind == 1:
        del arrays[one]
    elif kind == 2:
        arrays[one] = arrays[one][: rng.randrange(len(arrays[one]) or 1)] if arrays[one].ndim else arrays[one]
    elif kind == 3:
        arrays[one] = arrays[one].reshape(-1)
    elif kind == 4:
        dtype = rng.choice(("<f2", "<f8", ">i2", "<i8", "<u4", "?", "<U3", "<c8", "<M8[s]"))
        with np.errstate(all="ignore"):
            arrays[one] = np.resize(np.arange(5), arrays[one].shape).astype(dtype)
    elif kind == 5 and arrays[one].dtype.kind in "fiu":
        odd = rng.choice((np.nan, np.inf, -1, 60_000, -(2**15)))
        with np.errstate(all="ignore"):
            arrays[one].flat[rng.randrange(arrays[one].size)] = np.array(odd).astype(arrays[one].dtype)
    elif kind == 6:
        arrays[one] = np.array([{"a": 1}], dtype=object)
    elif kind == 7:
        arrays[one] = np.zeros((0, *arrays[one].shape[1:]), arrays[one].dtype)
    else:
        arrays[one] = np.repeat(arrays[one], 2, axis=rng.randrange(arrays[one].ndim))
    np.savez(victim, **arrays)


def change_kind(path, rng):
    victim = rng.choice([*files_of(path), path / "control.json", path / "snapshots", path / "checkpoint"])
    if victim.is_dir():
        shutil.rmtree(victim)
    else:
        victim.unlink(missing_ok=True)
    how = rng.randrange(6)
    if how == 0:
        victim.mkdir()
    elif how == 1 and hasattr(os, "mkfifo"):
        os.mkfifo(victim)
    elif how == 2:
        victim.symlink_to(rng.choice(("/dev/zero", "/dev/null", victim.name, "config.json")))
    elif how == 3:
        victim.write_bytes(b"")
    elif how == 4:
        victim.write_bytes(rng.choice((b"[" * 100_000, b'{"config":{"seed":' + b"9" * 5000 + b"}}", b"\xff\xfe{}")))


def odd_names(path, rng):
    name = rng.choice(("²².npz", "-1.npz", "0099.npz", "99999999999.npz", "1.npz", "00003.npz", "٣٣٣٣.npz", "x.npz"))
    source = path / "snapshots" / rng.choice(("0000.npz", "0002.npz"))
    shutil.copyfile(source, path / "snapshots" / name)
    shutil.copyfile(path / NEWEST_WEIGHTS, path / "checkpoint" / name.replace("npz", "safetensors"))


DAMAGES = (flip, flip, cut, change_json, change_json, change_json, change_arrays, change_arrays, change_kind, odd_names)


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**40), damages=st.lists(st.sampled_from(DAMAGES), min_size=1, max_size=2))
def test_whatever_is_damaged_is_told_or_fits(sound, tmp_path_factory, seed, damages):
    path = tmp_path_factory.mktemp("damaged") / "run"
    shutil.copytree(sound, path)
    rng = random.Random(seed)
    try:
        for damage in damages:
            try:
                damage(path, rng)
            except (ValueError, OSError, KeyError, IndexError, TypeError, NotImplementedError):
                continue  # the first damage has left nothing for a second of this kind
        check(path)
    finally:
        shutil.rmtree(path.parent, ignore_errors=True)


def test_a_flipped_bit_anywhere_in_a_checkpoint_is_told(sound, tmp_path):
    content = (sound / NEWEST_WEIGHTS).read_bytes()
    path = tmp_path / "one.safetensors"
    rng = random.Random(3)
    for place in [9, 60, *(rng.randrange(8, len(content)) for _ in range(30)), len(content) - 1]:
        damaged = bytearray(content)
        damaged[place] ^= 4
        path.write_bytes(damaged)
        with pytest.raises(RunError):
            read_sound_tensors(path)
    path.write_bytes(save({"model.a": np.ones(3, np.float32)}, {"epoch": "1"}))  # without a checksum, as it once was
    read_sound_tensors(path)
    path.write_bytes(save({"model.a": np.array([1, np.nan], np.float32)}, {"epoch": "1"}))
    with pytest.raises(RunError, match=r"one.safetensors: model.a holds NaN or infinity"):
        read_sound_tensors(path)
