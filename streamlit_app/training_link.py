"""The form's settings as one word of the link: `set=epochs:40,mining:batch-hard`. What is not named is the default."""

from __future__ import annotations

from typing import Any

import streamlit as st
from run_words import literal
from training_form import FIELDS, changed, choices_of, fill

from muldml_lite.config import STARTS, Config, ConfigError

WORD = "set"
_PRIVATE = ("root",)  # a path of this machine means nothing elsewhere, and is nobody's business
_SEEN = "train_link"


def read(text: str) -> Config:
    """The configuration that a link means.

    Raises:
        ConfigError: an unknown setting, or a value that it cannot have.
    """
    values: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.partition(":")
        if name not in FIELDS or name in _PRIVATE:
            raise ConfigError(f"{name[:30]}: not a setting")
        values[name] = _value(name, value)
    if values.get("weights", "random") not in STARTS:
        raise ConfigError(f"weights: {values['weights'][:30]!r} given, expected {' or '.join(STARTS)}")
    if values.get("data", "drawn:posed") not in choices_of("data"):
        raise ConfigError(f"data: {values['data'][:30]!r} given, expected one of {', '.join(choices_of('data'))}")
    # A data set of the visitor's own needs a path, which no link has: the form asks for it.
    return Config(**values, root=None if values.get("data", "drawn:").startswith("drawn:") else ".")


def write(config: Config) -> str:
    """The settings that differ from the defaults."""
    parts = []
    for name, value in changed(config).items():
        if name not in _PRIVATE and not (name == "weights" and value not in STARTS):
            many = value if isinstance(value, tuple) else (value,)
            words = [
                f"{v:g}" if isinstance(v, float) else str(v).lower() if isinstance(v, bool) else str(v) for v in many
            ]
            parts.append(":".join((name, *words)))
    return ",".join(parts)


def take() -> None:
    """Before the form: put into its controls what the link asks for, if it has come to ask for something else."""
    text = st.query_params.get(WORD)
    if text is None or text == st.session_state.get(_SEEN):
        return
    st.session_state[_SEEN] = text
    try:
        fill(read(text))
    except ConfigError as error:
        st.info(f"The link's settings make no sense here: {literal(error)}.", icon=":material/link_off:")


def keep(config: Config) -> None:
    """After the form: the link says what is set."""
    text = write(config)
    st.session_state[_SEEN] = text
    if not text:
        st.query_params.pop(WORD, None)
    elif st.query_params.get(WORD) != text:
        st.query_params[WORD] = text


def _value(name: str, text: str) -> Any:
    """A value as its setting has it."""
    kind = str(FIELDS[name].type).removesuffix(" | None")
    try:
        if kind == "bool":
            return {"true": True, "false": False}[text]
        if kind.startswith("tuple"):
            low, high = text.split(":")
            return float(low), float(high)
        return {"int": int, "float": float, "str": str}[kind](text)
    except (KeyError, ValueError):
        raise ConfigError(f"{name}: {text[:30]!r} given, expected {kind}") from None
