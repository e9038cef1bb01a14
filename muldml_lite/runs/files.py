"""Reads files that somebody else may have written: plain files only, bounded, and with one kind of error.

Whatever json, gzip or the system raise becomes the `error` of the folder's kind, and names the file.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import math
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from muldml_lite.runs.contents import RunError
from muldml_lite.text import printable

MOST_TEXT = 256_000_000  # bytes of a JSON or text file
MOST_ROWS = 1_000_000_000  # bytes of unpacked rows


@contextlib.contextmanager
def reading(path: Path, what: str, error: type[Exception]) -> Iterator[None]:
    """Turn everything that a parser may raise into one line."""
    try:
        yield
    except error:
        raise
    except FileNotFoundError:
        raise error(f"{printable(path)}: missing") from None
    except Exception as cause:
        words = cause.strerror if isinstance(cause, OSError) and cause.strerror else cause
        raise error(f"{printable(path)}: not {what} ({printable(words, 200)})") from cause


def open_file(path: Path, most: int) -> IO[bytes]:
    """A plain file of at most `most` bytes; a pipe or device raises instead of making the reader wait."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    file = os.fdopen(handle, "rb")
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode) or found.st_size > most:
        file.close()
        raise ValueError("not a plain file" if found.st_size <= most else f"{found.st_size:,} bytes, over {most:,}")
    return file


def epoch_files(folder: Path, suffix: str) -> dict[int, Path]:
    """Files that are named by an epoch, as `0012.npz`, ascending; other files in the folder are ignored."""
    if not os.path.isdir(folder):
        return {}
    with reading(folder, "a readable folder", RunError):
        names = [name for name in os.listdir(folder) if name.endswith(suffix)]
    stems = {name: name.removesuffix(suffix) for name in names}
    epochs = {int(stem): name for name, stem in stems.items() if stem.isascii() and stem.isdecimal() and len(stem) < 10}
    return {epoch: folder / name for epoch, name in sorted(epochs.items()) if name == f"{epoch:04d}{suffix}"}


def read_text(path: Path, error: type[Exception] = RunError, *, torn: bool = False) -> str:
    """UTF-8; `torn`: the last character may be incomplete, since the file is being written."""
    with reading(path, "readable as text", error), open_file(path, MOST_TEXT) as file:
        return file.read().decode("utf-8", "replace" if torn else "strict")


def read_json(path: Path, error: type[Exception] = RunError) -> dict[str, Any]:
    """A JSON object; NaN and infinities, which JSON does not have, are read as null."""
    with reading(path, "readable as JSON", error), open_file(path, MOST_TEXT) as file:
        values = parse_json(file.read().decode("utf-8"))
    if not isinstance(values, dict):
        raise error(f"{printable(path)}: expected a JSON object")
    return values


def parse_json(text: str | bytes) -> Any:
    """Raises ValueError or RecursionError, nothing else."""
    return json.loads(text, parse_constant=lambda _: None, parse_float=_finite)


def _finite(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None


def json_lines(text: str, path: Path, error: type[Exception] = RunError) -> list[dict[str, Any]]:
    """One object a line; a torn last line is left out."""
    lines, found = text.splitlines(), []
    for number, line in enumerate(lines, 1):
        try:
            values = parse_json(line)
        except (ValueError, RecursionError) as cause:
            if number == len(lines):
                break  # the writer died in the middle of this line
            raise error(f"{printable(path)}: line {number} is not JSON ({printable(cause, 200)})") from cause
        if not isinstance(values, dict):
            raise error(f"{printable(path)}: line {number}: expected a JSON object")
        found.append(values)
    return found


def read_gzip(path: Path, error: type[Exception] = RunError) -> str:
    """Unpacked UTF-8 text."""
    with (
        reading(path, "a readable gzip file", error),
        open_file(path, MOST_TEXT) as file,
        gzip.GzipFile(fileobj=file) as packed,
    ):
        content = packed.read(MOST_ROWS + 1)
        if len(content) > MOST_ROWS:
            raise ValueError(f"more than {MOST_ROWS:,} bytes unpacked")
        return content.decode("utf-8")
