"""The foot of a page: how to get the same outside of the app."""

from __future__ import annotations

import streamlit as st
from lesson import shows
from run_words import shown

MOST_LINES = 5


def reproduce(command: str | None = None, python: str | None = None) -> None:
    """A folded "The same from a terminal / in Python".

    Args:
        command: one `muldml …` command (lines ending in a backslash count as one).
        python: at most five lines.

    Raises:
        ValueError: neither is given, or `python` has more lines.
    """
    if command is None and python is None:
        raise ValueError("reproduce() needs a command, Python lines, or both")
    if python is not None and len(python.strip().splitlines()) > MOST_LINES:
        raise ValueError(f"python: at most {MOST_LINES} lines, got {len(python.strip().splitlines())}")
    if not shows("reproduce"):
        return
    ways = [word for word, text in (("from a terminal", command), ("in Python", python)) if text is not None]
    with st.expander(f"The same {' or '.join(ways)}", icon=":material/terminal:"):
        if command is not None:
            st.code(shown(command.strip()), language="bash", wrap_lines=True)
        if python is not None:
            st.code(shown(python.strip()), language="python", wrap_lines=True)
