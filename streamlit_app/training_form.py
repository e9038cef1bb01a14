"""The form of a new training: every setting of `Config`, checked by `Config` itself."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path
from typing import Any

import streamlit as st

from muldml_lite.config import Config, ConfigError

FIELDS = {item.name: item for item in dataclasses.fields(Config)}
MORE = {  # settings behind "More settings"
    "Data": ("size", "subjects", "images_per_subject", "test_fraction", "skip_bad"),
    "Loss": ("spacing", "reduction", "metric_weight", "squared"),
    "Network": ("backbone", "dim"),
    "Optimiser": (
        "learning_rate",
        "weight_decay",
        "warmup_epochs",
        "classes_per_batch",
        "images_per_class",
        "augment",
    ),
    "Machine and record": ("device", "precision", "image_store", "image_workers", "probe_images", "neighbours"),
}
DATA_NAMES = {
    "drawn:posed": "drawn faces, posed",
    "drawn:wild": "drawn faces, in the wild",
    "folder": "my images: one folder a class",
    "manifest": "my images: a csv manifest",
}
METHOD_NAMES = {
    "mul-dml": "Mul-DML: N slices, N thresholds",
    "dual": "dual triplet loss, one threshold",
    "triplet": "triplet loss, one threshold",
    "softmax": "cross entropy alone",
}
LABELS = {"dim": "Embedding size D", "root": "Path on this machine", "thresholds": "Thresholds τ", "slices": "Slices N"}
SLICES = (2, 4, 8, 16, 32)


def training_form(runs: Path) -> tuple[Config | None, str]:
    """Show the controls; the configuration they make (None if it can't be run) and the run's name."""
    values = main_controls()
    with st.expander("More settings", icon=":material/tune:"):
        for title, names in MORE.items():
            st.markdown(f"**{title}**")
            columns = st.columns(2, vertical_alignment="bottom")
            for i, name in enumerate(names):
                with columns[i % 2]:
                    values[name] = plain_control(name)
    keep_settings()
    try:
        config = Config(**values)
    except ConfigError as error:
        key, _, text = str(error).partition(": ")
        mark_control(key)
        st.error(f"**{label(key)}**: {text}", icon=":material/rule:")
        return None, ""
    free = free_name(runs, config)
    typed = st.text_input("Name of the run", key="set_name", placeholder=free, max_chars=60).strip()
    return config, typed or free


def main_controls() -> dict[str, Any]:
    """The settings that most trainings differ in."""
    values: dict[str, Any] = {"data": choice_control("data", DATA_NAMES)}
    if not values["data"].startswith("drawn:"):
        values["root"] = root_control(values["data"])
    values["method"] = choice_control("method", METHOD_NAMES)
    if values["method"] == "mul-dml":
        values["slices"] = st.select_slider(label("slices"), SLICES, key=kept("slices", 8), help=help_of("slices"))
    if values["method"] != "softmax":
        values["thresholds"] = threshold_control(values["method"] == "mul-dml")
        values["mining"] = choice_control("mining", {})
    left, right = st.columns(2)
    with left:
        values["epochs"] = int(st.number_input("Epochs", 1, 500, key=kept("epochs"), help=help_of("epochs")))
    with right:
        values["seed"] = int(st.number_input("Seed", 0, 99_999, key=kept("seed"), help=help_of("seed")))
    return values


def threshold_control(many: bool) -> tuple[float, float]:
    """A range for many slices, one number for one: the middle of a range would be a hidden choice."""
    if many:
        return st.slider(label("thresholds"), 0.01, 2.0, step=0.01, key=kept("thresholds"), help=help_of("thresholds"))
    low, high = FIELDS["thresholds"].default
    tau = st.slider("Threshold τ", 0.01, 2.0, step=0.01, key=kept("tau", round((low + high) / 2, 2)))
    return tau, tau


def root_control(data: str) -> str | None:
    hint = "/home/me/faces" if data == "folder" else "/home/me/faces.csv"
    typed = st.text_input(label("root"), key=kept("root", ""), placeholder=hint, help=help_of("root")).strip()
    if not typed:
        return None
    path = Path(typed).expanduser()
    kind, there = ("folder", path.is_dir()) if data == "folder" else ("file", path.is_file())
    if not there:
        st.warning(f"There is no {kind} {path} on this machine.", icon=":material/folder_off:")
    return str(path)


def choice_control(name: str, names: dict[str, str]) -> str:
    choices = FIELDS[name].metadata["choices"]
    show = lambda value: names.get(value, value)  # noqa: E731
    return st.selectbox(label(name), choices, key=kept(name), format_func=show, help=help_of(name))


def plain_control(name: str) -> Any:
    """The control that fits the setting's type."""
    default = FIELDS[name].default
    if FIELDS[name].metadata["choices"]:
        return choice_control(name, {})
    if isinstance(default, bool):
        return st.checkbox(label(name), key=kept(name), help=help_of(name))
    if isinstance(default, int):
        return int(st.number_input(label(name), step=1, key=kept(name), help=help_of(name)))
    step = default / 5
    return float(st.number_input(label(name), step=step, format="%g", key=kept(name), help=help_of(name)))


def kept(name: str, default: Any = None) -> str:
    """The session key of a setting, filled with its default the first time."""
    key = f"set_{name}"
    if key not in st.session_state:
        known = st.session_state.get("settings", {})
        st.session_state[key] = known.get(key, FIELDS[name].default if default is None else default)
    return key


def keep_settings() -> None:
    """Streamlit forgets a control when another page is shown, so what was set is copied."""
    shown = {key: value for key, value in st.session_state.items() if str(key).startswith("set_")}
    st.session_state["settings"] = {**st.session_state.get("settings", {}), **shown}


def mark_control(name: str) -> None:
    """Frame the control that holds the wrong value, where the reader looks for it."""
    if name in FIELDS:
        st.html(f"<style>.st-key-set_{name}{{outline:2px solid #d1481f;outline-offset:5px;border-radius:6px}}</style>")


def label(name: str) -> str:
    return LABELS.get(name, name.replace("_", " ").capitalize())


def help_of(name: str) -> str:
    text = FIELDS[name].metadata["help"]
    return text[:1].upper() + text[1:] + "."


def free_name(runs: Path, config: Config) -> str:
    stem = f"{config.data.removeprefix('drawn:')}-{config.method}"
    number = 1
    while (runs / f"{stem}-{number}").exists():
        number += 1
    return f"{stem}-{number}"


def command_line(config: Config, run: str) -> str:
    """The same training from a terminal: only what differs from the defaults."""
    words = ["python", "-m", "muldml_lite", "train", "--run", run]
    plain = Config(method=config.method, data=config.data, root=config.root)
    for name, item in FIELDS.items():
        value = getattr(config, name)
        if value == (item.default if name in ("data", "method", "root") else getattr(plain, name)):
            continue
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            numbers = value if isinstance(value, tuple) else (value,)
            words += [f"--{flag}", *(f"{v:g}" if isinstance(v, float) else str(v) for v in numbers)]
    return shlex.join(words)
