"""Reads text files in any encoding, and tables with any delimiter and incomplete rows."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from muldml_lite.data.dataset import DataError, Faults, Row
from muldml_lite.data.tree import need_file
from muldml_lite.photos import file_kind
from muldml_lite.text import listed

_MARKS = (  # the longer ones first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = bytes({*range(32)} - set(b"\t\n\r\f\x1a\x1b"))
_CHUNK = 1 << 20


def read_text(path: Path) -> str:
    """The content of a text file.

    Raises:
        DataError: no file, or not a text file.
    """
    with open_text(path) as file:
        return file.read()


def open_text(path: Path) -> TextIO:
    """A text file in UTF-8, UTF-16, UTF-32 or Windows-1252, opened to be read.

    Raises:
        DataError: no file, or not a text file.
    """
    need_file(path)
    try:
        return open(path, encoding=_encoding(path), errors="replace", newline=None)
    except OSError as error:
        raise DataError(f"{path}: not readable ({error.strerror})") from None


def _encoding(path: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    sound = True
    with open(path, "rb") as file:
        head = file.read(_CHUNK)
        for mark, encoding in _MARKS:
            if head.startswith(mark):
                return encoding
        chunk = head
        while True:
            if b"\0" in chunk:
                return _wide(path, head)
            try:
                sound = sound and decoder.decode(chunk, final=not chunk) is not None
            except UnicodeDecodeError:
                sound = False
            if not chunk:
                break
            chunk = file.read(_CHUNK)
    if sound:
        return "utf-8"
    kind = file_kind(head)
    if kind is not None or any(byte in _CONTROL for byte in head[:4096]):
        raise DataError(f"{path}: not a text file, it is {kind or 'of another kind'}")
    return "cp1252"


def _wide(path: Path, head: bytes) -> str:
    """UTF-16 without a mark, recognised by the places of its zero bytes."""
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros, others = head[first::2].count(0), head[1 - first :: 2].count(0)
        if not others and zeros > 0.5 * (len(head) // 2):
            return encoding
    raise DataError(f"{path}: not a text file, it is {file_kind(head) or 'of another kind'}")


def table(file: Path, needed: Sequence[str], layout: str, faults: Faults) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a csv file: number of the line, and column → text of its cell, without blanks around it.

    Names of columns are in small letters. Delimiters are commas, semicolons or tabs. A row is a line, so a lost
    quotation mark costs no other row. Empty rows are skipped; rows that lack a needed cell are faults.

    Args:
        needed: columns that must be there and filled in.
        layout: all columns, for the message.
    Raises:
        DataError: not a text file, or a needed column is missing.
    """
    with open_text(file) as handle:
        lines = enumerate(handle, 1)
        _, header = next(((n, line) for n, line in lines if line.strip()), (0, ""))
        delimiter, names = _header(file, header.lstrip("\ufeff"), needed, layout)
        for number, line in lines:
            row = _cells(file, number, line, delimiter, faults)
            if not any(row):
                continue
            missing = [name for name in needed if not dict(zip(names, row, strict=False)).get(name)]
            if any(row[len(names) :]):
                faults.add(f"{file}: line {number} has {len(row)} cells, expected {len(names)}")
            elif missing:
                short = f", with {len(row)} of {len(names)} cells" if len(row) < len(names) else ""
                faults.add(f"{file}: line {number} lacks {missing[0]}{short}")
            else:
                yield number, dict(zip(names, row, strict=False))


def _header(file: Path, line: str, needed: Sequence[str], layout: str) -> tuple[str, list[str]]:
    for delimiter in ",;\t":
        try:
            names = [name.strip().lower() for name in next(csv.reader([line], delimiter=delimiter), [])]
        except csv.Error:
            continue
        if set(needed) <= set(names):
            for name in names:
                if names.count(name) > 1 and name in re.findall(r"\w+", layout.lower()):
                    raise DataError(f"{file}: column {name} appears {names.count(name)} times")
            return delimiter, names
    found = listed([name.strip() for name in line[:1000].split(",")]).replace(", ", ",") or "nothing"
    lacking = next((name for name in needed if name not in line.lower()), needed[0])
    raise DataError(f"{file}: column {lacking} is missing; expected {layout}, found {found}")


def _cells(file: Path, number: int, line: str, delimiter: str, faults: Faults) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, strict=True), [])]
    except csv.Error as error:
        faults.add(f"{file}: line {number} is not a readable row ({error})")
        return []


def all_or_none(rows: Sequence[Row], attribute: str, name: str, file: Path, faults: Faults) -> list[Row]:
    """All rows if `attribute` is known for none or all; else those that have it, and the others are faults.

    Raises:
        DataError: only some rows have it, unless faults are skipped and at least half have it.
    """
    blank = [row for row in rows if getattr(row, attribute) is None]
    if len(blank) in (0, len(rows)):
        return list(rows)
    if not faults.skip or 2 * len(blank) > len(rows):
        raise DataError(f"{file}: {name} is empty in {len(blank)} of {len(rows)} rows; fill in all or none")
    for row in blank:
        faults.add(f"{row.picture.name}: {name} is empty in its row")
    return [row for row in rows if getattr(row, attribute) is not None]
