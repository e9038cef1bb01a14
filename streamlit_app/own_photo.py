"""A visitor's photograph: taken, read, and kept in this visitor's session only. No file, no shared cache, no log."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

import numpy as np
import streamlit as st
from starlette.formparsers import MultiPartParser
from streamlit.runtime.scriptrunner import get_script_run_ctx
from visitor import visitor

from muldml_lite.photos import (
    CLOSE,
    MAX_BYTES,
    ROOMY,
    Photo,
    PhotoError,
    Square,
    detector_problem,
    find_faces,
    middle_square,
    read_photo,
    square_around,
)

# Uploads above 1 MB would be put into a temporary file while they arrive.
MultiPartParser.spool_max_size = 2 * MAX_BYTES

MOST, PER = 20, 600.0  # photographs of a visitor, in so many seconds
_PATIENCE = 20.0  # seconds to wait for other visitors' photographs
DIALS = {"cx": (50, 0, 100), "cy": (50, 0, 100), "side": (100, 10, 200), "turn": (0, -45, 45)}  # usual, lowest, highest
_SMILE, _SURPRISE = "6-90.12-100.25-80", "1-100.2-100.5-90.25-100.26-90"
_DRAWN = (_SMILE, _SURPRISE, "1-100.4-60.15-90.17-60", "4-100.5-70.7-80.23-90")
MOST_DRAWN = 9999


class Turnstile:
    """How many photographs each visitor brought lately; and one is decoded at a time, as that may take 300 MB."""

    def __init__(self) -> None:
        self._times: dict[str, deque[float]] = {}
        self._lock = threading.Lock()
        self.decoding = threading.Lock()

    def admit(self, who: str, now: float) -> float:
        """0.0: welcome, and counted. Else the seconds until the next photograph is taken."""
        with self._lock:
            self._times = {name: times for name, times in self._times.items() if now - times[-1] < PER}
            times = self._times.get(who) or deque(maxlen=MOST)
            if len(times) == MOST and now - times[0] < PER:
                return PER - (now - times[0])
            times.append(now)
            self._times[who] = times
            return 0.0


@st.cache_resource(show_spinner=False)
def turnstile() -> Turnstile:
    """One an app process; it knows times, never pictures."""
    return Turnstile()


def kept() -> dict[str, Any]:
    """This visitor's photograph and how it is cut: photo, drawn, faces, dials, problem, serial, camera."""
    return st.session_state.setdefault("own_face", _nothing(0))


def _nothing(serial: int) -> dict[str, Any]:
    dials = {name: usual for name, (usual, _, _) in DIALS.items()}
    return {"photo": None, "drawn": None, "faces": [], "dials": dials, "problem": "", "serial": serial, "camera": False}


def forget() -> None:
    """Nothing is left of a photograph; a new serial gives new, empty widgets."""
    st.session_state["own_face"] = _nothing(kept()["serial"] + 1)


def take(key: str, room: float) -> None:
    """Callback: read what the widget `key` holds, and drop the file that it came as."""
    file = st.session_state.get(key)
    if file is None:
        return
    content = file.getvalue()
    _drop(file.file_id)
    forget()
    try:
        photo = _read(content)
    except PhotoError as error:
        kept()["problem"] = str(error)
        return
    faces = [] if detector_problem() else find_faces(photo)
    kept().update(photo=photo, faces=faces)
    set_square(square_around(photo, faces[0], room) if faces else middle_square(photo))


def _read(content: bytes) -> Photo:
    wait = turnstile().admit(visitor(), time.monotonic())
    if wait:
        raise PhotoError(
            f"{MOST} photographs in {PER / 60:.0f} minutes are as many as one visitor may bring; the next one is taken "
            f"in {max(1, round(wait / 60))} min."
        )
    if not turnstile().decoding.acquire(timeout=_PATIENCE):
        raise PhotoError("Too many photographs arrive at the moment; try again in a minute.")
    try:
        return read_photo(content)
    finally:
        turnstile().decoding.release()


def _drop(file_id: str) -> None:
    """The file leaves the server's memory at once, not when the visitor does."""
    context = get_script_run_ctx()
    remove = getattr(context.uploaded_file_mgr, "remove_file", None) if context else None
    if remove is not None:
        remove(session_id=context.session_id, file_id=file_id)


def draw(person: int) -> None:
    """A drawn face to try the page with."""
    from muldml_lite.faces.lab import LabFace  # skia: only whoever has a face drawn waits for it

    forget()
    face = LabFace.from_link({"person": str(person), "au": _DRAWN[person % len(_DRAWN)]})
    kept().update(photo=Photo(np.asarray(face.draw(240))), drawn=person)


def set_square(square: Square) -> None:
    """Move the dials to a square, as near as their limits allow."""
    wanted = {"cx": 100 * square.x, "cy": 100 * square.y, "side": 100 * square.side, "turn": square.turn}
    kept()["dials"] = {name: min(max(round(wanted[name]), low), high) for name, (_, low, high) in DIALS.items()}


def square() -> Square:
    """Where the dials stand."""
    dials = kept()["dials"]
    return Square(dials["cx"] / 100, dials["cy"] / 100, dials["side"] / 100, float(dials["turn"]))


def room_of(data: str) -> float:
    """How much a run's images show around a face."""
    return ROOMY if data.startswith("drawn:") else CLOSE
