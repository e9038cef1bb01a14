"""`--data manifest`: a csv file that names images, labels and, if known, subjects, sequences and parts."""

from __future__ import annotations

import os
from pathlib import Path

from muldml_lite.config import Config
from muldml_lite.data.dataset import DataError, Faults, Found, Row
from muldml_lite.data.pictures import File
from muldml_lite.data.roles import role, sides
from muldml_lite.data.text import all_or_none, table
from muldml_lite.data.tree import kind, need_file

_COLUMNS = "path,label[,subject][,split][,sequence]"
_LONGEST = 100  # characters of a label, a subject, a sequence


def read_manifest(root: Path, config: Config, faults: Faults) -> Found:
    """A csv file with the columns path, label and, if known, subject, split (train or test) and sequence."""
    file = root / "manifest.csv" if kind(root) == "a folder" else root
    need_file(file, "no such file; --root takes a csv file with the columns path,label")
    lines = []
    for number, values in table(file, ("path", "label"), _COLUMNS, faults):
        split = values.get("split")
        long = [name for name in ("label", "subject", "sequence") if len(values.get(name) or "") > _LONGEST]
        if split and role(split) is None:
            faults.add(f"{file}: line {number} has split {split[:20]!r}, expected train or test")
        elif long:
            faults.add(f"{file}: line {number} has a {long[0]} of more than {_LONGEST} characters")
        else:
            lines.append((values, role(split) if split else None))
    if not lines:
        first = f" can be used, the first: {faults.lines[0]}" if faults.lines else ""
        raise DataError(f"{file}: no rows below the header{first}")
    side = sides(split for _, split in lines if split)
    rows = [_row(file, values, side.get(split)) for values, split in lines if split is None or side[split] is not None]
    for attribute, name in (("subject", "subject"), ("test", "split"), ("sequence", "sequence")):
        rows = all_or_none(rows, attribute, name, file, faults)
    left_out = len(lines) - sum(split is None or side[split] is not None for _, split in lines)
    return Found(rows, [f"{left_out:,} images of the validation part left out"] if left_out else [])


def _row(file: Path, values: dict[str, str], test: bool | None) -> Row:
    path = os.path.join(file.parent, values["path"])
    if "\\" in values["path"] and kind(path) == "nothing":  # written on Windows
        path = os.path.join(file.parent, values["path"].replace("\\", "/"))
    return Row(File(path), values["label"], values.get("subject") or None, test, values.get("sequence") or None)
