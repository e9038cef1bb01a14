"""Reads npz files: bounded before they are unpacked, never unpickled, and with zip's checksum of each array."""

from __future__ import annotations

import contextlib
import math
import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from muldml_lite.runs.contents import RunError
from muldml_lite.runs.files import open_file, reading
from muldml_lite.text import printable

MOST_ARRAYS = 1_000_000_000  # bytes of all arrays of a file, unpacked
_MOST_MEMBERS = 64


class Expected(NamedTuple):
    """Type and shape that an array of an npz file must have."""

    kinds: str  # of its dtype, as NumPy's letters: u, i, f, b, U
    shape: str  # a letter for each dimension, the same letter for the same length; a digit for that very length


class Header(NamedTuple):
    """Shape and type of an array of an npz file, read before it is unpacked."""

    shape: tuple[int, ...]
    dtype: np.dtype


def read_arrays(
    path: Path, expected: Mapping[str, Expected], error: type[Exception] = RunError, *, optional: tuple[str, ...] = ()
) -> dict[str, np.ndarray]:
    """The expected arrays of an npz file; others in it are ignored. Shapes are compared before any is unpacked.

    Args:
        optional: names that may be missing.
    """
    with reading(path, "a readable npz file", error), open_file(path, MOST_ARRAYS) as file, _opened(file) as archive:
        headers = _headers(archive, expected)
        missing = [name for name in expected if name not in headers and name not in optional]
        if missing:
            raise error(f"{printable(path)}: {missing[0]} is missing")
        fault = _misfit(headers, expected)
        if fault:
            raise error(f"{printable(path)}: {fault}")
        return {name: _unpack(archive, name) for name in headers}


def read_headers(path: Path, names: Mapping[str, Expected], error: type[Exception] = RunError) -> dict[str, Header]:
    """Shapes and dtypes of those arrays that an npz file has."""
    with reading(path, "a readable npz file", error), open_file(path, MOST_ARRAYS) as file, _opened(file) as archive:
        return _headers(archive, names)


@contextlib.contextmanager
def _opened(file: IO[bytes]) -> Iterator[zipfile.ZipFile]:
    # The end of the directory tells its size. zipfile would read all of it, and make an object of each of its entries.
    end = b"" if file.seek(0, os.SEEK_END) < 22 else (file.seek(-22, os.SEEK_END), file.read(22))[1]
    members, size = int.from_bytes(end[10:12], "little"), int.from_bytes(end[12:16], "little")
    if end[:4] != b"PK\5\6" or members > _MOST_MEMBERS or size > 1024 * _MOST_MEMBERS:
        raise ValueError(f"not a zip archive of at most {_MOST_MEMBERS} arrays")
    with zipfile.ZipFile(file) as archive:
        yield archive


def _headers(archive: zipfile.ZipFile, names: Mapping[str, Expected]) -> dict[str, Header]:
    found, total = {}, 0
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        if name not in names:
            continue
        if name in found or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{name}: appears twice, or has an unknown compression")
        with archive.open(member) as stream:
            version = np.lib.format.read_magic(stream)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = read(stream)
            size = math.prod(shape) * dtype.itemsize
            if dtype.hasobject or any(length < 0 for length in shape) or stream.tell() + size != member.file_size:
                raise ValueError(f"{name}: holds objects, or its number of bytes does not fit its shape")
        total += size
        found[name] = Header(shape, dtype)
    if total > MOST_ARRAYS:
        raise ValueError(f"{total:,} bytes unpacked, more than {MOST_ARRAYS:,}")
    return found


def _misfit(headers: Mapping[str, Header], expected: Mapping[str, Expected]) -> str:
    """The first array whose kind or shape is not the expected one; "": all fit."""
    lengths: dict[str, int] = {}
    for name, header in headers.items():
        kinds, letters = expected[name]
        wanted = [int(letter) if letter.isdigit() else lengths.get(letter) for letter in letters]
        good = len(header.shape) == len(letters) and header.dtype.kind in kinds
        if not good or any(want not in (None, length) for want, length in zip(wanted, header.shape, strict=True)):
            shown = ", ".join(
                letter if want is None else str(want) for letter, want in zip(letters, wanted, strict=True)
            )
            return f"{name}: shape {header.shape} of {header.dtype}, expected ({shown}) of kind {'/'.join(kinds)}"
        for letter, length in zip(letters, header.shape, strict=True):
            if not letter.isdigit() and lengths.setdefault(letter, length) != length:
                return f"{name}: shape {header.shape}, expected equal lengths for {letter} in ({', '.join(letters)})"
    return ""


def _unpack(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(f"{name}.npy") as stream:
        array = np.lib.format.read_array(stream, allow_pickle=False)
        stream.read(1)  # the end, where zipfile compares the checksum
    return array
