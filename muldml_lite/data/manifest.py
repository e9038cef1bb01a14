"""`--data manifest`: a csv file that names images, labels and, if known, subjects, sequences and parts."""

from __future__ import annotations

import csv
from pathlib import Path

from muldml_lite.config import Config
from muldml_lite.data.dataset import DataError, Faults, Found, Row
from muldml_lite.data.folder import SPLITS
from muldml_lite.data.pictures import File

_COLUMNS = "path,label[,subject][,split][,sequence]"


def read_manifest(root: Path, config: Config, faults: Faults) -> Found:
    """A csv file with the columns path, label and, if known, subject, split (train or test) and sequence."""
    file = root / "manifest.csv" if root.is_dir() else root
    try:
        with open(file, newline="", encoding="utf-8-sig") as handle:
            reader = csv.DictReader(handle)
            for column in ("path", "label"):
                if column not in (reader.fieldnames or ()):
                    raise DataError(
                        f"{file}: column {column} is missing; expected {_COLUMNS}, "
                        f"found {','.join(reader.fieldnames or ['nothing'])}"
                    )
            rows = [_row(file, reader.line_num, values) for values in reader]
    except FileNotFoundError:
        raise DataError(f"{file}: no such file; --root takes a csv file with the columns path,label") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{file}: not a readable csv file in UTF-8 ({error})") from error
    if not rows:
        raise DataError(f"{file}: no rows below the header")
    for column in ("subject", "test", "sequence"):
        blank = sum(getattr(row, column) is None for row in rows)
        if 0 < blank < len(rows):
            name = "split" if column == "test" else column
            raise DataError(f"{file}: {name} is empty in {blank} of {len(rows)} rows; fill in all or none")
    return Found(rows)


def _row(file: Path, line: int, values: dict[str, str | None]) -> Row:
    def value(column: str) -> str | None:
        return (values.get(column) or "").strip() or None

    for column in ("path", "label"):
        if value(column) is None:
            raise DataError(f"{file}: line {line} lacks {column}")
    split = value("split")
    if split is not None and split.lower() not in SPLITS:
        raise DataError(f"{file}: line {line} has split {split!r}, expected train or test")
    test = None if split is None else SPLITS[split.lower()]
    return Row(File(str(file.parent / value("path"))), value("label"), value("subject"), test, value("sequence"))
