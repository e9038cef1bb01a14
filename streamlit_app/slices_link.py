"""The state of the slices view as words of a link, and back: the link shows exactly this view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

COLOURS = ("expression", "subject", "correctness", "confidence")
NAMES = ("point", "epoch", "colour", "kind", "only", "zoom", "lasso")
MOST_LETTERS = 1_200  # of a selection in a link: mail programs and chats cut links of more than about 2,000
CLOSEST = 40  # times


@dataclass(frozen=True)
class Scope:
    """What a link can ask for in this run."""

    count: int  # faces
    epochs: Sequence[int]
    kinds: Sequence[str]  # layouts


def read(words: Mapping[str, str], scope: Scope) -> tuple[dict[str, Any], list[str]]:
    """What the link asks for (index, epoch, selected, look), and a sentence for each word that makes no sense here."""
    problems: list[str] = []

    def take(name: str, parse: Any, expected: str) -> Any:
        text = words.get(name)
        if not text:
            return None
        try:
            return parse(text)
        except ValueError:
            # As code, so that nothing in a link is taken for Markdown: a picture in it would be fetched.
            shown = " ".join(text.replace("`", "").split())[:30]
            problems.append(f"The link has `{name}={shown}`; expected {expected}.")
            return None

    def one_of(choices: Sequence[str]) -> Any:
        return lambda text: choices[list(choices).index(text)]

    epochs = ", ".join(map(str, scope.epochs[:3])) + (", …" if len(scope.epochs) > 3 else "")
    wish = {
        "index": take("point", lambda text: whole(text, scope.count), f"a face from 0 to {scope.count - 1}"),
        "epoch": take("epoch", lambda text: scope.epochs[scope.epochs.index(whole(text))], f"one of {epochs}"),
        "selected": take("lasso", lambda text: unfold(text, scope.count), "faces like 3-7.12") or [],
        "look": {
            "colour": take("colour", one_of(COLOURS), f"one of {', '.join(COLOURS)}") or COLOURS[0],
            "kind": take("kind", one_of(scope.kinds), f"one of {', '.join(scope.kinds)}") or scope.kinds[0],
            "only": words.get("only"),
            "zoom": take("zoom", camera, "`x~y~scale` like `0.2~-0.4~2.5`"),
        },
    }
    if wish["epoch"] is None:
        wish["epoch"] = scope.epochs[-1]
    return wish, problems


def write(wish: Mapping[str, Any], scope: Scope) -> dict[str, str | None]:
    """The words for a link; None: leave the word out, since it says what is so anyway."""
    look = wish["look"]
    chosen = fold(wish["selected"])
    return {
        "point": None if wish["index"] is None else str(wish["index"]),
        "epoch": None if wish["epoch"] == scope.epochs[-1] else str(wish["epoch"]),
        "colour": None if look["colour"] == COLOURS[0] else look["colour"],
        "kind": None if look["kind"] == scope.kinds[0] else look["kind"],
        "only": look["only"] or None,
        "zoom": "~".join(f"{value:g}" for value in look["zoom"]) if look["zoom"] else None,
        "lasso": chosen if chosen and len(chosen) <= MOST_LETTERS else None,
    }


def fits(selected: Sequence[int]) -> bool:
    """Whether a selection is short enough for the link."""
    return len(fold(selected)) <= MOST_LETTERS


def fold(selected: Sequence[int]) -> str:
    """[3, 4, 5, 9] → 3-5.9"""
    spans: list[list[int]] = []
    for i in sorted(selected):
        if spans and spans[-1][1] == i - 1:
            spans[-1][1] = i
        else:
            spans.append([i, i])
    return ".".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)


def unfold(text: str, count: int) -> list[int]:
    """3-5.9 → [3, 4, 5, 9]; ValueError: it is no such list of faces below `count`."""
    found: set[int] = set()
    for span in text[: MOST_LETTERS + 1].split("."):
        first, dash, last = span.partition("-")
        start, end = whole(first, count), whole(last if dash else first, count)
        if end < start:
            raise ValueError(span)
        found.update(range(start, end + 1))
    return sorted(found)


def camera(text: str) -> list[float]:
    x, y, scale = map(float, text.split("~"))
    most = 1 - 1 / scale if scale >= 1 else -1
    if not (abs(x) <= most + 0.01 and abs(y) <= most + 0.01 and scale <= CLOSEST):  # false for not-a-number, too
        raise ValueError(text)
    return [x, y, scale]


def whole(text: str, below: int = 10**7) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 8) or int(text) >= below:
        raise ValueError(text)
    return int(text)
