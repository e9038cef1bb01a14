"""The state of the threshold view as words of a link, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

NAMES = ("tau", "of", "epoch", "scale", "part", "triplets", "pinned")
MINERS = ("batch-hard", "semi-hard", "batch-all")
_PLACE = re.compile(r"(\d{0,2}\.?\d{1,4})(?:@([\w.\-]{1,80}))?")


def read(words: Mapping[str, str], scope: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What the link asks for, and a sentence for each word that makes no sense here."""
    expected = {
        "tau": "a threshold from 0 to 4, such as 0.35",
        "of": f"one of {', '.join(scope['names'])}",
        "epoch": f"one of {', '.join(map(str, scope['epochs'][:3]))}{', …' if len(scope['epochs']) > 3 else ''}",
        "scale": "raw or shape",
        "part": " or ".join(scope["parts"]),
        "triplets": ", ".join(MINERS),
        "pinned": "a threshold such as 0.1, or one of a run: 0.1@name",
    }
    asked: dict[str, Any] = dict.fromkeys(NAMES)
    problems = []
    for name in NAMES:
        text = words.get(name)
        if not text:
            continue
        asked[name] = _value(name, text, scope)
        if asked[name] is None:
            problems.append(f"The link has {quoted(f'{name}={text}')}; expected {expected[name]}.")
    return asked, problems


def quoted(text: str) -> str:
    """A piece of a link as code, so that nothing in it counts as Markdown."""
    return f"`{' '.join(text.replace('`', '').split())[:40]}`"


def write(seen: Mapping[str, Any]) -> dict[str, str | None]:
    """The words for a link; None: leave the word out, since it says what is so anyway."""
    return {name: f"{value:g}" if isinstance(value := seen.get(name), float) else _text(value) for name in NAMES}


def _text(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _value(name: str, text: str, scope: Mapping[str, Any]) -> Any:
    if name == "tau":
        return tau(text)
    if name == "epoch":
        return int(text) if text in map(str, scope["epochs"]) else None
    if name == "pinned":
        place = _PLACE.fullmatch(text)
        fits = place and tau(place[1]) is not None and (place[2] is None or place[2] in scope["names"])
        return text if fits else None
    choices = {"of": scope["names"], "scale": ("raw", "shape"), "part": scope["parts"], "triplets": MINERS}
    return text if text in choices[name] else None


def tau(text: str) -> float | None:
    place = _PLACE.fullmatch(text)
    return float(place[1]) if place and not place[2] and float(place[1]) <= 4 else None
