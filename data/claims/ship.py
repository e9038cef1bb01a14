"""Put a study into the repository: `python data/claims/ship.py runs/claims`. Rows are packed, the beds left out."""

import gzip
import shutil
import sys
from pathlib import Path

from muldml_lite.claims import Study

HERE = Path(__file__).parent


def ship(folder: Path) -> None:
    study = Study(folder)
    for name in ("study.json", "verdicts.json"):
        shutil.copyfile(folder / name, HERE / name)
    rows = (folder / "rows.jsonl").read_bytes()
    (HERE / "rows.jsonl.gz").write_bytes(gzip.compress(rows, mtime=0))
    print(f"{len(study.rows)} runs of {len(study.claims)} claims")


if __name__ == "__main__":
    ship(Path(sys.argv[1]))
