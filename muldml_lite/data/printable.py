"""Names and cells that anybody may have written, as something that can be printed."""

from __future__ import annotations

import re

LONGEST = 900  # characters of a message; a path alone may have 4,096
_SURROGATES = re.compile("[\udc80-\udcff]")  # bytes of a file name that are no UTF-8


def printable(text: str) -> str:
    """The same text on one line: control characters, odd blanks and broken bytes written as escapes."""
    if text.isprintable():
        return text
    text = _SURROGATES.sub(lambda byte: f"\\x{ord(byte[0]) - 0xDC00:02x}", text)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def one_line(text: str, longest: int = LONGEST) -> str:
    """A message that can be printed: on one line, and at most so long; what is too long loses its middle."""
    text = printable(text)
    half = (longest - 3) // 2
    return text if len(text) <= longest else f"{text[:half]} … {text[-half:]}"


def listed(names: list[str], most: int = 5) -> str:
    """The first few of several names, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(one_line(name, 100) for name in names[:most]) + more
