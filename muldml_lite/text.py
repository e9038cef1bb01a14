"""Makes text from elsewhere safe to print or write: file names, contents, messages of libraries."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LONGEST = 900  # characters of a message; a path alone may have 4,096
_BROKEN_BYTES = re.compile("[\udc80-\udcff]")  # of a file name that is no UTF-8, as Python keeps them


def spelt_out(text: object) -> str:
    """The same text on one line: control characters, odd blanks and broken bytes written as escapes."""
    line = str(text)
    if line.isprintable():
        return line
    line = _BROKEN_BYTES.sub(lambda byte: f"\\x{ord(byte[0]) - 0xDC00:02x}", line)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def printable(text: object, most: int = LONGEST) -> str:
    """The same on one line of at most `most` characters; a longer text loses its middle."""
    words = str(text)
    if len(words) > 2 * most:  # spelling out never shortens, so the middle goes first
        words = words[:most] + words[-most:]
    line, half = spelt_out(words), (most - 3) // 2
    return line if len(line) <= most else f"{line[:half]} … {line[-half:]}"


def listed(names: Sequence[str], most: int = 5) -> str:
    """The first few of several names, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(printable(name, 100) for name in names[:most]) + more


def without_home(value: Any) -> Any:
    """Plain JSON values with `~` for the user's home folder in every text, since they may be shown to others."""
    if isinstance(value, str):
        for home in _homes():
            value = value.replace(home + os.sep, "~" + os.sep)
        return value
    if isinstance(value, dict):
        return {without_home(key): without_home(one) for key, one in value.items()}
    return [without_home(one) for one in value] if isinstance(value, (list, tuple)) else value


def _homes() -> list[str]:
    """The home folder as named and with links resolved, longest first; none for a root, which is part of all paths."""
    try:
        home = Path.home()
        named = {str(home), os.path.realpath(home)}
    except (RuntimeError, OSError):  # no home
        return []
    return sorted((one for one in named if one != Path(one).anchor), key=len, reverse=True)
