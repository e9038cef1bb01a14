"""Views hold their own state and write it to the link; here it is noticed when the link asks for something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

_PAGE = "page_before"
_WRITTEN = "link_written"


def asks_anew(view: str, words: Sequence[str]) -> bool:
    """Whether a link was followed, or the browser's way back taken, since the view wrote its words.

    To be asked once a whole run of the page's script, outside of fragments: what a fragment writes reaches the
    browser only after it. Coming from another page by its name brings no words, and changes nothing.
    """
    written = st.session_state.get(_WRITTEN, {}).get(view)
    if written is None:  # the first time, the view reads the link anyway
        return False
    now = _present(words)
    same_page = st.session_state.get(_PAGE) == view
    return now != written and (bool(now) or same_page)


def write(view: str, values: Mapping[str, str | None]) -> None:
    """Put a view's words into the link; None: leave the word out."""
    for word in (word for word, value in values.items() if value is None):
        st.query_params.pop(word, None)
    now = {word: value for word, value in values.items() if value is not None}
    changed = {word: value for word, value in now.items() if st.query_params.get(word) != value}
    if changed:
        st.query_params.update(changed)  # at once: each message to the browser is one step for its way back
    st.session_state.setdefault(_WRITTEN, {})[view] = _present(tuple(values))


def note_page(page: str) -> None:
    """Once a whole run, after the page: which page the next run comes from."""
    st.session_state[_PAGE] = page


def _present(words: Sequence[str]) -> dict[str, str]:
    return {word: st.query_params[word] for word in words if word in st.query_params}
