"""The link of the page “Your face”: a drawn face and the square; a photograph is never in it."""

from __future__ import annotations

import link_state
import own_photo
import streamlit as st

LINK = ("drawn", *own_photo.DIALS)


def read() -> None:
    """A drawn face and the square come from the link; a photograph never does."""
    if "own_face" in st.session_state and not link_state.asks_anew("your_face", LINK):
        return
    given = {name: st.query_params[name] for name in LINK if name in st.query_params}
    limits = {
        "drawn": (0, own_photo.MOST_DRAWN),
        **{name: (low, high) for name, (_, low, high) in own_photo.DIALS.items()},
    }
    asked = {name: _whole(value, *limits[name]) for name, value in given.items()}
    wrong = [name for name, value in asked.items() if value is None]
    if wrong:
        low, high = limits[wrong[0]]
        st.info(f"The link's `{wrong[0]}` is not a whole number from {low} to {high}.", icon=":material/link_off:")
        asked = {name: value for name, value in asked.items() if value is not None}
    drawn = asked.pop("drawn", None)
    if drawn is not None and own_photo.kept()["drawn"] != drawn:
        own_photo.draw(drawn)
    own_photo.kept()["dials"].update(asked)


def _whole(text: str, low: int, high: int) -> int | None:
    digits = text.removeprefix("-")
    number = int(text) if digits.isdecimal() and digits.isascii() and len(digits) < 6 else None
    return number if number is not None and low <= number <= high else None


def write() -> None:
    """What is shown, without the photograph."""
    mine = own_photo.kept()
    usual = {name: usual for name, (usual, _, _) in own_photo.DIALS.items()}
    wanted = {name: str(value) for name, value in mine["dials"].items() if mine["photo"] and value != usual[name]}
    if mine["drawn"] is not None:
        wanted["drawn"] = str(mine["drawn"])
    link_state.write("your_face", {name: wanted.get(name) for name in LINK})
