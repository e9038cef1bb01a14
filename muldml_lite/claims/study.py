"""The study folder: what was asked, one line a run, what came out. Read without torch."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from muldml_lite.claims.ledger import Claim
from muldml_lite.runs.files import json_lines, read_gzip, read_json, read_text
from muldml_lite.text import printable, without_home

FORMAT = 1
_ROW = {
    **dict.fromkeys(("experiment", "cell", "arm"), str),
    **dict.fromkeys(("draw", "seed"), int),
    "measured": dict,
    "active": (int, float, type(None)),
    **dict.fromkeys(("saturated", "collapsed"), bool),
}


class StudyError(Exception):
    """A study that cannot be run or read; the message names the file or value and what was expected."""


class Study:
    """A study folder, read on demand.

    ```
    study.json       command, date, machine, versions, settings, regimes, claims with their rules, chosen regimes;
                     the hash of the plan, and what was revised after the runs
    rows.jsonl       one line a run, appended and flushed; rows.jsonl.gz in what is shipped
    verdicts.json    verdicts and intervals as they were read last
    status.json      running | finished | stopped | failed; done, total, seconds left
    beds/            features of each draw, a cache
    ```

    Raises:
        StudyError: not a study folder, or a file in it is broken; names the file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if not os.path.isfile(self.path / "study.json"):
            raise StudyError(
                f"{printable(path)}: study.json is missing, expected a folder made by `muldml claims --out`"
            )

    @cached_property
    def about(self) -> dict[str, Any]:
        about = read_json(self.path / "study.json", StudyError)
        if about.get("format") != FORMAT:
            raise StudyError(f"{self.path / 'study.json'}: format {about.get('format')!r}, expected {FORMAT}")
        return about

    @property
    def claims(self) -> tuple[Claim, ...]:
        """As this study asked them, whatever the ledger says today."""
        try:
            claims = tuple(Claim.from_json(values) for values in self.about["claims"])
            if not all(isinstance(getattr(one, name), str) for one in claims for name in ("id", "title", "sentence")):
                raise TypeError("id, title and sentence have to be texts")
            return claims
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            said = printable(error, 200)
            raise StudyError(f"{self.path / 'study.json'}: not a readable list of claims ({said})") from error

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """One dict a run, as of the first time they are asked for; a torn last line is left out."""
        path, packed = self.path / "rows.jsonl", self.path / "rows.jsonl.gz"
        if os.path.exists(path):
            return parse_rows(read_text(path, StudyError, torn=True), path)
        return parse_rows(read_gzip(packed, StudyError), packed) if os.path.exists(packed) else []

    @property
    def stored(self) -> dict[str, Any]:
        """Verdicts and intervals as they were written."""
        return read_json(self.path / "verdicts.json", StudyError)


def parse_rows(text: str, path: Path) -> list[dict[str, Any]]:
    """Runs, one a line; a torn last line is left out."""
    rows = json_lines(text, path, StudyError)
    for number, row in enumerate(rows, 1):
        for name, kind in _ROW.items():
            if name not in row:
                raise StudyError(f"{path}: line {number} lacks {name}")
            if not isinstance(row[name], kind) or (kind is int and isinstance(row[name], bool)):
                raise StudyError(
                    f"{path}: line {number}: {name} {printable(repr(row[name]), 60)} is not expected there"
                )
    return rows


class StudyWriter:
    """Writes a study folder. One writer a folder."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.path.mkdir(parents=True, exist_ok=True)

    def json(self, name: str, values: dict[str, Any]) -> None:
        """Whole or not at all."""
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".json", dir=self.path)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(without_home(values), file, indent=1)
                file.write("\n")
            os.chmod(temporary, 0o644)
            os.replace(temporary, self.path / name)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise

    def mend(self) -> None:
        """Cut off a torn last line, so that the next one stands on its own."""
        path = self.path / "rows.jsonl"
        if path.exists():
            content = path.read_bytes()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                with open(path, "r+b") as file:
                    file.truncate(whole)

    def rows(self, rows: Iterable[dict[str, Any]]) -> None:
        """Append runs, on disk before this returns."""
        with open(self.path / "rows.jsonl", "a", encoding="utf-8") as file:
            file.writelines(json.dumps(without_home(row)) + "\n" for row in rows)
            file.flush()
            os.fsync(file.fileno())
