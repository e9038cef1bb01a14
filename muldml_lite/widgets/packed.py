"""Values with bytes in them as one piece, for hosts that send either JSON or bytes but not both."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

from muldml_lite.runs import Run

_ALIGNED = 8  # bytes; typed arrays want to start at a multiple of their item size


def key_of(run: Run) -> str:
    """Which run it is, without telling where on this machine it lies: a mark of its place, and its name."""
    place = hashlib.sha1(os.fsencode(run.path), usedforsecurity=False).hexdigest()[:12]
    return f"{place}/{run.name}".encode("utf-8", "replace").decode()


def pack(values: Mapping[str, Any]) -> bytes:
    """Length of the head (uint32, little-endian), head (JSON), parts.

    In the head, bytes at any depth are replaced by `{"$part": [start, length]}`, counted from the end of the head.
    `unpack` in host.js reads it.
    """
    parts: list[bytes] = []
    size = 0

    def keep(value: bytes) -> dict[str, list[int]]:
        nonlocal size
        place = [size, len(value)]
        padding = -len(value) % _ALIGNED
        parts.append(bytes(value) + bytes(padding))
        size += len(value) + padding
        return {"$part": place}

    head = json.dumps(values, default=keep, separators=(",", ":")).encode()
    head += b" " * (-(len(head) + 4) % _ALIGNED)
    return b"".join([len(head).to_bytes(4, "little"), head, *parts])
