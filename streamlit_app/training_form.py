"""The form of a new training: every setting of `Config`, checked by `Config` itself."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Collection
from pathlib import Path
from typing import Any

import streamlit as st
import visitor
from run_words import literal, shown

from muldml_lite.config import STARTS, Config, ConfigError
from muldml_lite.runs import FIXED, IMAGE_SETTINGS

FIELDS = {item.name: item for item in dataclasses.fields(Config)}
MORE = {  # settings behind "More settings"
    "Data": tuple(name for name in IMAGE_SETTINGS if name not in ("data", "root", "seed")),  # asked for above
    "Loss": ("spacing", "reduction", "metric_weight", "squared"),
    "Network": ("backbone", "dim", "weights"),
    "Optimiser": (
        "learning_rate",
        "weight_decay",
        "warmup_epochs",
        "classes_per_batch",
        "images_per_class",
        "augment",
    ),
    "Machine and record": (
        "device",
        "precision",
        "image_store",
        "image_workers",
        "probe_images",
        "neighbours",
        "keep_weights",
    ),
}
DATA_NAMES = {
    "drawn:posed": "drawn faces, posed",
    "drawn:wild": "drawn faces, in the wild",
    "ck+": "CK+, also cropped (CK+48)",
    "mmi": "MMI",
    "sfew": "SFEW 2.0",
    "raf-db": "RAF-DB, basic",
    "fer2013": "FER2013",
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
LABELS |= {"weights": "Starting weights"}
SLICES = (2, 4, 8, 16, 32)
MOST_EPOCHS = 500
LEAST_TAU = 0.01
MOST_TAU = 4.0  # no two points of unit length are farther apart than 2, and their squared distance is at most 4


def training_form(parent: Config | None = None) -> Config | None:
    """Show the controls; the configuration they make, None if it can't be run.

    Args:
        parent: of a fork; what a fork shares with its parent is not asked for.
    """
    values = {name: getattr(parent, name) for name in FIXED} if parent else {}
    values |= main_controls(parent)
    with st.expander("More settings", icon=":material/tune:"):
        for title, names in _more(parent).items():
            st.markdown(f"**{title}**")
            ticks = [name for name in names if isinstance(FIELDS[name].default, bool)]
            others = [name for name in names if name not in ticks]
            for i in range(0, len(others), 2):
                for place, name in zip(st.columns(2, vertical_alignment="bottom"), others[i : i + 2], strict=False):
                    with place:
                        values[name] = plain_control(name)
            for name in ticks:  # each on a line of its own: half of one is too short for its words
                values[name] = plain_control(name)
    try:
        config = Config(**values)
    except ConfigError as error:
        key, _, text = str(error).partition(": ")
        mark_control(key)
        st.error(f"**{literal(label(key))}**: {literal(text)}", icon=":material/rule:")
        return None
    return config


def _more(parent: Config | None) -> dict[str, list[str]]:
    asked = {title: [name for name in names if not (parent and name in FIXED)] for title, names in MORE.items()}
    return {title: names for title, names in asked.items() if names}


def main_controls(parent: Config | None = None) -> dict[str, Any]:
    """The settings that most trainings differ in."""
    values: dict[str, Any] = {}
    if parent is None:
        values["data"] = choice_control("data", DATA_NAMES)
        if not values["data"].startswith("drawn:"):
            values["root"] = root_control(values["data"])
    values["method"] = choice_control("method", METHOD_NAMES)
    many = values["method"] == "mul-dml" if parent is None else parent.slices > 1
    if parent is None and many:
        values["slices"] = st.select_slider(label("slices"), SLICES, **kept("slices", 8), help=help_of("slices"))
    if values["method"] != "softmax":
        values["thresholds"] = threshold_control(many)
        values["mining"] = choice_control("mining", {})
    left, right = st.columns(2)
    with left:
        values["epochs"] = int(st.number_input("Epochs", 1, MOST_EPOCHS, **kept("epochs"), help=help_of("epochs")))
    if parent is None:
        with right:
            values["seed"] = int(st.number_input("Seed", 0, 99_999, **kept("seed"), help=help_of("seed")))
    return values


def threshold_control(many: bool) -> tuple[float, float]:
    """A range for many slices, one number for one: the middle of a range would be a hidden choice."""
    if many:
        return st.slider(
            label("thresholds"), LEAST_TAU, MOST_TAU, step=0.01, **kept("thresholds"), help=help_of("thresholds")
        )
    low, high = FIELDS["thresholds"].default
    tau = st.slider("Threshold τ", LEAST_TAU, MOST_TAU, step=0.01, **kept("tau", round((low + high) / 2, 2)))
    return tau, tau


def root_control(data: str) -> str | None:
    hint = "/home/me/faces.csv" if data == "manifest" else "/home/me/faces"
    typed = st.text_input(label("root"), **kept("root", ""), placeholder=hint, help=help_of("root")).strip()
    if not typed:
        return None
    path = Path(typed).expanduser()
    kind, there = ("file", path.is_file()) if data == "manifest" else ("folder", path.exists())
    if not there:
        st.warning(f"There is no {kind} {literal(path)} on this machine.", icon=":material/folder_off:")
    return str(path)


def choice_control(name: str, names: dict[str, str]) -> str:
    choices = choices_of(name)
    if st.session_state.get(f"set_{name}") not in (None, *choices):
        del st.session_state[f"set_{name}"]
    show = lambda value: shown(names.get(value, value))  # noqa: E731
    return st.selectbox(label(name), choices, **kept(name), format_func=show, help=help_of(name))


def choices_of(name: str) -> tuple[str, ...]:
    """What a setting can be here. Data of one's own needs a path, and on a server for others nobody may name one: the
    answer would tell what lies on its disk."""
    choices = FIELDS[name].metadata["choices"]
    anything = name != "data" or visitor.own_machine()
    return choices if anything else tuple(one for one in choices if one.startswith("drawn:"))


def plain_control(name: str) -> Any:
    """The control that fits the setting's type."""
    if name == "weights":
        return weights_control()
    default = FIELDS[name].default
    if FIELDS[name].metadata["choices"]:
        return choice_control(name, {})
    if isinstance(default, bool):
        return st.checkbox(label(name), **kept(name), help=help_of(name))
    if default is None:  # left empty, it follows the other settings
        given = st.number_input(
            label(name), step=1, value=None, placeholder="automatic", **kept(name), help=help_of(name)
        )
        return None if given is None else int(given)
    if isinstance(default, int):
        return int(st.number_input(label(name), step=1, **kept(name), help=help_of(name)))
    step = default / 5
    return float(st.number_input(label(name), step=step, format="%g", **kept(name), help=help_of(name)))


def weights_control() -> str:
    """No file of this machine can be named here; one that a run's settings brought along stays to be chosen."""
    control = kept("weights")
    choices = dict.fromkeys((*STARTS, st.session_state[control["key"]]))
    return st.selectbox(label("weights"), choices, **control, format_func=shown, help=help_of("weights"))


def kept(name: str, default: Any = None) -> dict[str, Any]:
    """A control's key and how long it lasts; it begins with the setting's default.

    Streamlit says once what a control begins with. A page that runs again before the browser has drawn it, as on a busy
    machine, would leave the control at its least value; for one that lasts as long as the session it is said again.
    """
    key = f"set_{name}"
    st.session_state.setdefault(key, FIELDS[name].default if default is None else default)
    return {"key": key, "persist_state": "session"}


def mark_control(name: str) -> None:
    """Frame the control that holds the wrong value, where the reader looks for it."""
    if name in FIELDS:
        st.html(f"<style>.st-key-set_{name}{{outline:2px solid #d1481f;outline-offset:5px;border-radius:6px}}</style>")


def label(name: str) -> str:
    return LABELS.get(name, name.replace("_", " ").capitalize())


def help_of(name: str) -> str:
    text = FIELDS[name].metadata["help"]
    return text[:1].upper() + text[1:] + "."


def free_name(runs: Path, config: Config, stem: str = "") -> str:
    """A name for a run that no folder has yet; by default it begins with data and method."""
    stem = stem or f"{config.data.removeprefix('drawn:')}-{config.method}"
    number = 1
    while (runs / f"{stem}-{number}").exists():
        number += 1
    return f"{stem}-{number}"


def command_line(config: Config, run: str) -> str:
    """The same training from a terminal: only what differs from the defaults."""
    words = ["python", "-m", "muldml_lite", "train", "--run", run]
    for name, value in changed(config).items():
        words += flag_words(name, value)
    return shlex.join(words)


def changed(config: Config) -> dict[str, Any]:
    """The settings that differ from the defaults, some of which follow other settings."""
    leading = ("data", "method", "root", "epochs")
    plain = Config(**{name: getattr(config, name) for name in leading})
    values = {name: getattr(config, name) for name in FIELDS}
    defaults = {name: item.default if name in leading else getattr(plain, name) for name, item in FIELDS.items()}
    return {name: value for name, value in values.items() if value != defaults[name]}


def fill(config: Config, besides: Collection[str] = ()) -> None:
    """Before the controls are made: put a configuration into them, except for some settings."""
    for name in FIELDS:
        if name not in besides and name != "root":
            st.session_state[f"set_{name}"] = getattr(config, name)
    if "warmup_epochs" not in changed(config):
        st.session_state["set_warmup_epochs"] = None
    low, high = (min(max(tau, LEAST_TAU), MOST_TAU) for tau in config.thresholds)
    st.session_state.update(set_thresholds=(low, high), set_tau=(low + high) / 2)
    st.session_state["set_epochs"] = min(config.epochs, MOST_EPOCHS)
    if config.slices not in SLICES and "slices" not in besides:
        st.session_state["set_slices"] = min(SLICES, key=lambda count: abs(count - config.slices))


def fork_line(changes: dict[str, Any], parent: str, epoch: int, run: str) -> str:
    """The same fork from a terminal."""
    words = ["python", "-m", "muldml_lite", "fork", "--run", parent, "--epoch", str(epoch), "--out", run]
    for name, value in changes.items():
        words += flag_words(name, value)
    return shlex.join(words)


def flag_words(name: str, value: Any) -> list[str]:
    """A setting as words of the command line."""
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{flag}" if value else f"--no-{flag}"]
    numbers = value if isinstance(value, tuple) else (value,)
    return [f"--{flag}", *(f"{v:g}" if isinstance(v, float) else str(v) for v in numbers)]
