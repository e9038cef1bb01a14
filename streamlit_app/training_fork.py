"""The form as that of a fork: which run, which epoch, and the parent's settings to start from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import run_picker
import streamlit as st
from run_words import literal
from training_form import FIELDS, MOST_EPOCHS, fill

from muldml_lite.config import Config
from muldml_lite.runs import FIXED, Run, fork_epochs, starts_afresh

SCRATCH, FORK = "new", "fork"
WORD = "fork"  # in the link: the epoch to go on after
MORE_EPOCHS = 6


@dataclass(frozen=True)
class Fork:
    """What a training is to go on from."""

    run: Run
    epoch: int
    config: Config  # the parent's

    def changes(self, config: Config) -> dict[str, Any]:
        """The settings that differ from the parent's."""
        return {name: getattr(config, name) for name in FIELDS if getattr(config, name) != getattr(self.config, name)}


def fork_choice(run: Run | None) -> Fork | None:
    """A switch between a new training and a fork of the run that is shown; None: a new training."""
    epochs, config = _forkable(run)
    if not epochs:
        return None
    _from_link(run, epochs)
    names = {SCRATCH: "From scratch", FORK: f"Fork of {literal(run_picker.words(run))}"}
    st.session_state.setdefault("begin", SCRATCH)
    st.radio(  # a line each: a run's name may be long
        "Begin",
        list(names),
        key="begin",
        format_func=names.get,
        persist_state="session",
        help="A fork shares the first epochs with its parent and goes on with the settings below.",
    )
    if st.session_state["begin"] != FORK:
        st.session_state.pop("fork_parent", None)
        st.query_params.pop(WORD, None)
        return None
    if st.session_state.get("fork_parent") != str(run.path):
        st.session_state["fork_parent"] = str(run.path)
        fill(config, besides=FIXED)
        st.session_state["fork_epoch"] = epochs[max(0, len(epochs) - 2)]
        room(st.session_state["fork_epoch"])
    if st.session_state.get("fork_epoch") not in epochs:
        st.session_state["fork_epoch"] = epochs[-1]
    if len(epochs) > 1:
        st.select_slider("Go on after epoch", epochs, key="fork_epoch", persist_state="session")
    else:
        st.caption(f"Weights are kept of epoch {epochs[0]} only, so the fork goes on after that.")
    epoch = st.session_state["fork_epoch"]
    if starts_afresh(run, epoch):
        st.caption(
            "To be small, this run is shipped with rounded weights and without the state of its optimiser: the fork "
            "begins with a fresh one, and would not repeat its parent exactly. **Reset** trains the same run here, "
            "and that one can be forked after any epoch."
        )
    if st.query_params.get(WORD) != str(epoch):
        st.query_params[WORD] = str(epoch)
    return Fork(run, epoch, config)


def room(epoch: int) -> None:
    """Before the controls are made: a fork of a finished run needs epochs to go on with."""
    if st.session_state["set_epochs"] <= epoch:
        st.session_state["set_epochs"] = min(epoch + MORE_EPOCHS, MOST_EPOCHS)


def _from_link(run: Run, epochs: list[int]) -> None:
    """A visitor who comes by a link to a fork: its settings are in the link, too, and are not the parent's."""
    asked = st.query_params.get(WORD)
    if asked is None or "begin" in st.session_state:
        return
    if asked not in map(str, epochs):
        kept = ", ".join(map(str, epochs))
        whose = f"{literal(run.name)} can be forked after epochs {kept}"
        st.info(f"The link forks after epoch “{literal(asked[:20])}”; {whose}.")
        return
    st.session_state.update(begin=FORK, fork_parent=str(run.path), fork_epoch=int(asked))


def _forkable(run: Run | None) -> tuple[list[int], Config | None]:
    """Epochs at hand, and the settings; nothing of a run that can't be read."""
    if run is None:
        return [], None
    try:
        return fork_epochs(run), Config.from_dict(run.config["config"])
    except Exception:  # a folder may hold anything; the page says what is wrong with it
        return [], None
