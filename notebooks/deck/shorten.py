"""What of a Markdown cell goes on the slide. The whole of it is the speaker's notes.

Headings, formulas, lists, tables and quotations stay; of prose there stay the opening, what leads up to a formula, and
sentences with something in bold.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

OPENING = 90  # characters after which no further sentence is taken
LONGEST = 260  # a sentence beyond this is no opening
# A formula, code, folded text and whatever stands between empty lines.
_BLOCK = re.compile(r"\$\$.+?\$\$|```.*?```|<details>.*?</details>|(?:(?!\$\$|\n\s*\n).)+", re.DOTALL)
_KINDS = (
    ("#", "heading"),
    ("$$", "formula"),
    ("```", "code"),
    ("<details>", "folded"),
    ("|", "table"),
    ("> ", "quote"),
)
# No sentence ends inside a formula, code or brackets, or after an abbreviation.
_WHOLE = re.compile(r"\$[^$]*\$|`[^`]*`|\([^()]*\)|\b(?:e\.g|i\.e|et al|vs)\.|\*\*\d+\.\*\*")


class Block(NamedTuple):
    kind: str  # heading, formula, code, folded, table, quote, list or prose
    text: str


def blocks(source: str) -> list[Block]:
    """The blocks of a Markdown text, in order."""
    return [Block(_kind(text), text) for text in (m.group().strip() for m in _BLOCK.finditer(source)) if text]


def _kind(text: str) -> str:
    if re.match(r"(\* |- |\d+\. )", text):
        return "list"
    return next((kind for start, kind in _KINDS if text.startswith(start)), "prose")


def sentences(prose: str) -> list[str]:
    """Prose cut after full stops, question and exclamation marks."""
    text = " ".join(prose.split())
    hidden = _WHOLE.sub(lambda found: "x" * len(found.group()), text)
    cuts = [0, *(m.end() for m in re.finditer(r"[.?!]\S{0,2} (?=[\W_]*[A-ZÄ-Ýx])", hidden)), len(text)]
    return [text[start:end].strip() for start, end in pairwise(cuts) if end > start]


def opening(prose: str, enough: int = OPENING) -> str:
    """The first sentences, until they say something."""
    taken = ""
    for sentence in sentences(prose):
        if taken and (len(taken) >= enough or len(taken) + len(sentence) > LONGEST):
            break
        taken = f"{taken} {sentence}".strip()
    return taken


def closing(prose: str, enough: int = OPENING) -> str:
    """The last sentences, until they say something: what leads up to a formula or a question."""
    taken = ""
    for sentence in reversed(sentences(prose)):
        if taken and (len(taken) >= enough or len(taken) + len(sentence) > LONGEST):
            break
        taken = f"{sentence} {taken}".strip()
    return taken


def shorten(source: str) -> str:
    """A Markdown cell as it stands on a slide."""
    parts = blocks(source)
    kept, first = [], True
    for i, (kind, text) in enumerate(parts):
        following = parts[i + 1].kind if i + 1 < len(parts) else ""
        if kind == "prose":
            text = _prose(text, first, following, parts[i - 1].kind if i else "")  # noqa: PLW2901
            first = False
        elif kind == "folded":
            text = ""  # noqa: PLW2901
        if text:
            kept.append(text)
    return "\n\n".join(kept)


def _prose(text: str, first: bool, following: str, before: str) -> str:
    if re.match(r"\*\*\d", text):  # a numbered question
        return text
    if following in {"formula", "quote", "list", "table"}:
        lead = closing(text)
        return _joined(opening(text, 1), lead, text) if first else lead
    if first:
        return opening(text)
    if before == "formula" and not text[0].isupper():
        return opening(text, 1)
    return " ".join(sentence for sentence in sentences(text) if "**" in sentence)


def _joined(start: str, end: str, text: str) -> str:
    """Opening and closing of a paragraph that may overlap or touch."""
    if start in end:
        return end
    gap = " " if f"{start} {end}" in " ".join(text.split()) else " … "
    return f"{start}{gap}{end}" if len(start) + len(end) <= LONGEST else end
