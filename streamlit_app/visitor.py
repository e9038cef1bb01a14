"""Who is asking, for the queue's limits and buttons: the same in all tabs of a browser and after a reload."""

from __future__ import annotations

import hashlib
import uuid

import streamlit as st
from training_jobs import HOST


def own_machine() -> bool:
    """Whether only this machine's own user reaches the app: nobody else may name folders on its disk."""
    return st.get_option("server.address") in ("localhost", "127.0.0.1", "::1")


def visitor() -> str:
    """An opaque id that says nothing about the person; `HOST` on one's own machine.

    It is made of a secret that the server gave to this browser, so no address and no form can ask for another's.
    """
    if own_machine():
        return HOST
    token = unmasked(st.context.cookies.get("_streamlit_xsrf", ""))
    if token:
        return hashlib.sha256(token).hexdigest()[:32]
    return st.session_state.setdefault("visitor", uuid.uuid4().hex)


def unmasked(cookie: str) -> bytes:
    """The lasting part of Streamlit's cookie `2|mask|masked token|time`: each answer masks it anew."""
    try:
        version, mask, masked, _ = cookie.strip("\"'").split("|")
        key, token = bytes.fromhex(mask), bytes.fromhex(masked)
        return bytes(b ^ key[i % len(key)] for i, b in enumerate(token)) if version == "2" and key else b""
    except ValueError:
        return b""
