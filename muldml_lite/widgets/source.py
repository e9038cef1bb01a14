"""The JavaScript and CSS of a view, each joined from its parts."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent


class Source(NamedTuple):
    """Files below `widgets/`, in the order in which they are joined; the last part has the default export."""

    parts: tuple[str, ...]
    styles: tuple[str, ...]

    @property
    def module(self) -> str:
        """One ES module."""
        return _join(self.parts)

    @property
    def style(self) -> str:
        return _join(self.styles)


def _join(names: tuple[str, ...]) -> str:
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in names)


# Brings large values to the views of a page once; a view is then given their token.
FEEDER = Source(("host.js", "feeder.js"), ())
