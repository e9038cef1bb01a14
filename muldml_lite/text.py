"""What may be printed or written of words that come from elsewhere: file names, contents, messages of libraries."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

LONGEST = 600  # characters of a message


def printable(text: object, most: int = LONGEST) -> str:
    """One line of at most `most` characters; control characters, escape sequences among them, are spelt out."""
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text)[: 4 * most])
    if len(line) <= most:
        return line
    return f"{line[: most // 2]} … {line[-(most - most // 2 - 3) :]}"


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
    """The home folder as it is named and as it is, longest first; none if it is a root, of which all is a part."""
    try:
        home = Path.home()
        named = {str(home), os.path.realpath(home)}
    except (RuntimeError, OSError):  # no home
        return []
    return sorted((one for one in named if one != Path(one).anchor), key=len, reverse=True)
