"""Makes texts from a run or study folder safe to show on a page. All such texts pass through here.

Whoever made a folder chose its texts: class names, file names, messages, commands. They lose their markup, because a
picture in it would be fetched from its owner's server. On a server for others, they also lose the machine's paths.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import visitor

ROOT = Path(__file__).resolve().parents[1]
MOST = 3_000  # letters: a longer text would fill the page
_JOINER = "\u2060"  # invisible; icons, emoji and links are made of a text after its backslashes were read
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")  # the last ones turn a line's direction
_SIGNS = re.compile(r"[\\`*\[\]<>~$|&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_COLON = re.compile(r":(?=\S)")
_LINK = re.compile(r"(?<=\bwww)(?=\.)|(?<=@)(?=\w)", re.IGNORECASE)
_START = re.compile(r"^(?:(?=#+\s|[+-]\s|[=-]+$)|(\d+)(?=[.)](?:\s|$)))")
_PATH = re.compile(r"(?<![\w./:\\])(?:/|[A-Za-z]:[\\/]|\\\\)(?:[^\s/\\'\"<>|:][^/\\'\"<>|:\n]*[\\/])+")


def shown(text: object) -> str:
    """A text as it is, for places that show no markup (code, options of a box, cells), in valid Unicode."""
    text = str(text)[: MOST + 1].encode("utf-8", "replace").decode()  # file names may hold bytes that are no letters
    text = _CONTROL.sub(" ", text)
    text = text if len(text) <= MOST else text[:MOST] + "…"
    return text if visitor.own_machine() else _PATH.sub("…/", _homely(text))


def literal(text: object) -> str:
    """A text within Markdown: labels, captions, messages, tooltips. One line, and nothing in it is markup."""
    line = _SIGNS.sub(r"\\\g<0>", " ".join(shown(text).split()))
    line = _LINK.sub(_JOINER, _COLON.sub(rf"\:{_JOINER}", line))
    return _START.sub(r"\1\\", line)


def html(text: object) -> str:
    """A text within HTML, or within a chart, since plotly reads its texts as HTML."""
    return escape(shown(text))


def sent(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a view of ours is given, with the names of images and classes as a page may show them."""
    names = {"names": [shown(name) for name in values["names"]]} if "names" in values else {}
    return {**values, **names, "classes": [{**one, "name": shown(one["name"])} for one in values["classes"]]}


def _homely(text: str) -> str:
    """Without the project's and the home folder, whose names may have blanks in them."""
    for folder in (ROOT, Path.home()):
        text = text.replace(f"{folder}/", "…/")
    return text
