"""A run and a study whose every text wants something of the browser: to fetch, to run, to be formatted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from fake_run import write_fake_run
from fake_study import EFFECTS, EXPLORED, write_fake_study

from muldml_lite.runs import Run, RunWriter

SERVER = "127.0.0.1:9"
SECRET = "/secret place/of this machine"
POISON = (
    f"![](http://{SERVER}/m.png) <img src=http://{SERVER}/h.png onerror='window.ran=1'> <script>window.ran=1</script> "
    f"<a href='http://{SERVER}/a'>x</a> <span style='cursor:url(http://{SERVER}/c.png)'>x</span> "
    f"[l](javascript:window.ran=1) http://{SERVER}.org/x www.evil.org :material/bug_report: $\\frac12$ :red[x] \udcff"
)


def poison_run(path: Path) -> Path:
    """A run that failed, with poison in all that pages show of it and still can be read."""
    write_fake_run(path, state="failed", warnings=(f"slice 1: {POISON}",))
    writer, run = RunWriter(path), Run(path)
    probe = run.probe
    classes = tuple(f"{name} {POISON}" for name in probe.classes)
    names = np.array([f"{name} {POISON}" for name in probe.names])
    subjects = np.full(len(probe), -1)  # unknown: then pages say the image's name instead
    fields = {**vars(probe), "classes": classes, "names": names, "subjects": subjects}
    writer.probe(type(probe)(**fields))
    facts = {key: value for key, value in run.config.items() if key != "config"}
    facts |= {
        "forked": {"run": POISON, "epoch": 1},
        "data": {"train": 3, "test": 1, "skipped": [POISON]},
    }
    writer.config({**run.config["config"], "data": "folder", "root": f"{SECRET}/faces {POISON}"}, **facts)
    writer.status("failed", f"{SECRET}/x.png: {POISON}")
    (path / "train.log").write_text(f'File "{SECRET}/x.py", line 3\n' + POISON, "utf-8", "replace")
    return path


def poison_study(path: Path) -> Path:
    """The fake study with poison behind each of its words; it has the same verdicts."""
    write_fake_study(path)
    words = ["green", "red", "toy", "12", EXPLORED, *EFFECTS]
    for name in ("study.json", "rows.jsonl"):
        text = (path / name).read_text()
        for word in words:
            text = text.replace(json.dumps(word), json.dumps(f"{word}{_sent(POISON)}"))
        (path / name).write_text(text)
    about = json.loads((path / "study.json").read_text())
    about |= {"command": POISON, "date": POISON, "unfinished": POISON, "search_rule": POISON}
    keys = ("title", "sentence", "source", "rule", "label", "needs")
    about["claims"] = [_poisoned(one, keys) for one in about["claims"]]
    about["cells"] = _poisoned(about["cells"], ("text",))
    for chosen in about["chosen"].values():
        chosen["why"] = [POISON]
    (path / "study.json").write_text(json.dumps(about, indent=1).replace("\\udcff", ""))
    status = {"state": "failed", "done": 1, "total": 1, "seconds_left": 0, "message": POISON}
    (path / "status.json").write_text(json.dumps(status))
    return path


def _sent(text: str) -> str:
    return text.replace("\udcff", "")


def _poisoned(values: Any, keys: tuple[str, ...]) -> Any:
    if isinstance(values, list):
        return [_poisoned(one, keys) for one in values]
    if not isinstance(values, dict):
        return values
    return {
        key: f"{value} {POISON}" if key in keys and isinstance(value, str) and value else _poisoned(value, keys)
        for key, value in values.items()
    }
