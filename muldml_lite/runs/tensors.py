"""Reads safetensors files, and gives them a checksum."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from muldml_lite.runs.contents import RunError
from muldml_lite.runs.files import open_file, parse_json, reading
from muldml_lite.text import printable

MOST_WEIGHTS = 16_000_000_000  # bytes
_MOST_HEADER = 16_000_000
_CHECKSUM = "sha256"  # key of the metadata
_FLOATS = {"F16": np.float16, "F32": np.float32, "F64": np.float64}


class TensorHeader(NamedTuple):
    """The head of a safetensors file."""

    metadata: dict[str, str]
    tensors: dict[str, dict[str, Any]]  # name → dtype, shape, data_offsets


def read_tensor_header(path: Path, error: type[Exception] = RunError) -> TensorHeader:
    """The header alone; the tensors themselves are neither read nor compared with their checksum."""
    with reading(path, "a readable safetensors file", error), open_file(path, MOST_WEIGHTS) as file:
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(_MOST_HEADER, size - 8):
            raise ValueError(f"its header is longer than the file or than {_MOST_HEADER:,} bytes")
        return _tensor_header(file.read(length), size - 8 - length)


def _tensor_header(text: bytes, size: int) -> TensorHeader:
    tensors = parse_json(text)
    metadata = tensors.pop("__metadata__", None) or {}
    if not all(isinstance(value, str) for value in metadata.values()):
        raise ValueError("metadata that is not text")
    if size != max((one["data_offsets"][1] for one in tensors.values()), default=0):
        raise ValueError("shorter or longer than its header says")
    return TensorHeader(metadata, tensors)


def read_sound_tensors(path: Path, error: type[Exception] = RunError) -> tuple[bytes, TensorHeader]:
    """A safetensors file as bytes, for `safetensors.torch.load` or `safetensors.numpy.load`.

    A checksum that `seal` wrote into it is compared, and all its numbers must be finite.
    """
    with reading(path, "a readable safetensors file", error):
        with open_file(path, MOST_WEIGHTS) as file:
            content = file.read()
        start = 8 + int.from_bytes(content[:8], "little")
        header = _tensor_header(content[8:start], len(content) - start)
        said = header.metadata.get(_CHECKSUM)
        if said is not None and said != _checksum(header, memoryview(content)[start:]):
            raise error(f"{printable(path)}: damaged: its content does not match its checksum; use a copy")
        for name, one in header.tensors.items():
            first, last = (start + offset for offset in one["data_offsets"])
            if not _all_finite(one["dtype"], content, first, last):
                raise error(f"{printable(path)}: {printable(name, 80)} holds NaN or infinity, expected finite weights")
    return content, header


def _all_finite(dtype: str, content: bytes, first: int, last: int) -> bool:
    if dtype == "BF16":  # the upper half of a float32
        bits = np.frombuffer(content, "<u2", (last - first) // 2, first)
        return bool(((bits & 0x7F80) != 0x7F80).all())
    kind = _FLOATS.get(dtype)
    return kind is None or bool(np.isfinite(np.frombuffer(content, kind, (last - first) // kind().nbytes, first)).all())


def seal(content: bytes) -> bytes:
    """A safetensors file as bytes, with a checksum of its header and tensors in its own metadata.

    So file and checksum always belong to the same version.
    """
    start = 8 + int.from_bytes(content[:8], "little")
    data = memoryview(content)[start:]
    header = _tensor_header(content[8:start], len(data))
    metadata = {**header.metadata, _CHECKSUM: _checksum(header, data)}
    text = json.dumps({"__metadata__": metadata, **header.tensors}).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at multiples of eight
    return b"".join((len(text).to_bytes(8, "little"), text, data))


def _checksum(header: TensorHeader, data: memoryview) -> str:
    metadata = {name: value for name, value in header.metadata.items() if name != _CHECKSUM}
    found = hashlib.sha256(json.dumps([metadata, header.tensors], sort_keys=True).encode())
    found.update(data)
    return found.hexdigest()
