"""The study folder: what was asked, one line a run, what came out. Read without torch."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import tempfile
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from muldml_lite.claims.ledger import Claim

FORMAT = 1
_KEYS = ("experiment", "cell", "arm", "draw", "seed", "measured", "active", "saturated", "collapsed")


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
        if not (self.path / "study.json").is_file():
            raise StudyError(f"{self.path}: study.json is missing, expected a folder made by `muldml claims --out`")

    @cached_property
    def about(self) -> dict[str, Any]:
        about = read_json(self.path / "study.json")
        if about.get("format") != FORMAT:
            raise StudyError(f"{self.path / 'study.json'}: format {about.get('format')!r}, expected {FORMAT}")
        return about

    @property
    def claims(self) -> tuple[Claim, ...]:
        """As this study asked them, whatever the ledger says today."""
        try:
            return tuple(Claim.from_json(values) for values in self.about["claims"])
        except (KeyError, TypeError) as error:
            raise StudyError(f"{self.path / 'study.json'}: not a readable list of claims ({error})") from error

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """One dict a run, as of the first time they are asked for; a torn last line is left out."""
        path = self.path / "rows.jsonl"
        if path.exists():
            return parse_rows(path.read_text(encoding="utf-8", errors="replace"), path)
        packed = self.path / "rows.jsonl.gz"
        if not packed.exists():
            return []
        try:
            return parse_rows(gzip.decompress(packed.read_bytes()).decode("utf-8"), packed)
        except (OSError, EOFError, UnicodeDecodeError) as error:
            raise StudyError(f"{packed}: not a readable gzip file ({error})") from error

    @property
    def stored(self) -> dict[str, Any]:
        """Verdicts and intervals as they were written."""
        return read_json(self.path / "verdicts.json")


def parse_rows(text: str, path: Path) -> list[dict[str, Any]]:
    lines = text.splitlines()
    rows = []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            missing = [key for key in _KEYS if key not in row]
        except (json.JSONDecodeError, TypeError) as error:
            if number == len(lines):
                break  # the writer died in the middle of this line
            raise StudyError(f"{path}: line {number} is not a run ({error})") from error
        if missing:
            raise StudyError(f"{path}: line {number} lacks {missing[0]}")
        rows.append(row)
    return rows


def read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StudyError(f"{path}: missing") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise StudyError(f"{path}: not readable as JSON ({error})") from error
    if not isinstance(values, dict):
        raise StudyError(f"{path}: expected a JSON object")
    return values


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
                json.dump(values, file, indent=1)
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
            file.writelines(json.dumps(row) + "\n" for row in rows)
            file.flush()
            os.fsync(file.fileno())
