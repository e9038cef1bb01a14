"""Put a study into the repository: `python data/claims/ship.py runs/claims`. Rows are packed, the beds left out.

Verdicts are read anew, so a study that was stopped can be shipped as far as it got; it then says so.
"""

import gzip
import json
import sys
from dataclasses import asdict
from pathlib import Path

from muldml_lite.claims import Study, read_study
from muldml_lite.claims.study import StudyWriter, read_json

HERE = Path(__file__).parent


def ship(folder: Path) -> None:
    study, writer = Study(folder), StudyWriter(HERE)
    status = read_json(folder / "status.json")
    about = dict(study.about)
    if status["state"] != "finished":
        about["unfinished"] = f"stopped after {status['done']} of {status['total']} confirmation runs"
    reading = read_study(study)
    writer.json("study.json", about)
    names = ("verdicts", "intervals")
    writer.json("verdicts.json", {name: [asdict(one) for one in getattr(reading, name)] for name in names})
    rows = "".join(json.dumps(row) + "\n" for row in study.rows)
    (HERE / "rows.jsonl.gz").write_bytes(gzip.compress(rows.encode(), mtime=0))
    print(f"{len(study.rows)} runs of {len(study.claims)} claims")


if __name__ == "__main__":
    ship(Path(sys.argv[1]))
