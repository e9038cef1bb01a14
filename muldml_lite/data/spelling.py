"""Gives each class, person and sequence one spelling."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence

from muldml_lite.data.dataset import Row
from muldml_lite.text import listed, spelt_out


def same_name(name: str) -> str:
    """A key that is equal for all spellings of a name: case, blanks and Unicode's forms make no difference."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join("".join(c for c in plain if unicodedata.category(c) != "Cf").split())


def join_spellings(rows: Sequence[Row]) -> tuple[list[Row], list[str]]:
    """The rows with the most frequent spelling of each label, subject and sequence, and notes on joined ones."""
    notes, new = [], {}
    for kind, field in (("class", "label"), ("subject", "subject"), ("sequence", "sequence")):
        counts = Counter(value for row in rows if (value := getattr(row, field)) is not None)
        groups = defaultdict(list)
        for spelling, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
            groups[same_name(spelling)].append(spelling)
        new[field] = {s: spelt_out(group[0].strip()) for group in groups.values() for s in group}
        several = [" = ".join(map(repr, group)) for group in groups.values() if len(group) > 1]
        if several:
            notes.append(f"{kind} names that differ in spelling only were joined: {listed(several)}")
    if not notes and all(old == one for names in new.values() for old, one in names.items()):
        return list(rows), []
    return [
        dataclasses.replace(row, **{field: new[field].get(getattr(row, field)) for field in new}) for row in rows
    ], notes
