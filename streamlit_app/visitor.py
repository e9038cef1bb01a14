"""Who is asking, for the queue's limits: the same in all tabs of a browser and after a reload."""

from __future__ import annotations

import hashlib
import uuid

import streamlit as st


def visitor() -> str:
    """An opaque id; says nothing about the person."""
    token = unmasked(st.context.cookies.get("_streamlit_xsrf", ""))
    if token:
        return hashlib.sha256(token).hexdigest()[:16]
    return st.session_state.setdefault("visitor", uuid.uuid4().hex[:16])


def unmasked(cookie: str) -> bytes:
    """The lasting part of Streamlit's cookie `2|mask|masked token|time`: each answer masks it anew."""
    try:
        version, mask, masked, _ = cookie.strip("\"'").split("|")
        key, token = bytes.fromhex(mask), bytes.fromhex(masked)
        return bytes(b ^ key[i % len(key)] for i, b in enumerate(token)) if version == "2" and key else b""
    except ValueError:
        return b""
