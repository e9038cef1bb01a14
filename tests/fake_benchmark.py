"""What a benchmark's tests share: made-up predictions, trainings and circumstances, and a reader of its page."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
from fake_run import write_fake_run

from muldml_lite.benchmark import HeldOut
from muldml_lite.runs import RunWriter

CLASSES = ("anger", "fear", "joy")


def held(truth, head, knn=None, cases=None, subjects=None, classes=CLASSES):
    """A held-out part whose read-outs say these classes for certain; by default every image is a case of its own."""
    count = len(truth)
    cases = np.arange(count) if cases is None else np.asarray(cases)
    subjects = np.arange(count) if subjects is None else np.asarray(subjects)
    sure = np.eye(len(classes), dtype=np.float32)
    shares = [sure[np.asarray(said)] for said in (head, head if knn is None else knn)]
    return HeldOut(np.arange(count), np.asarray(truth), subjects, cases, *shares, classes)


def fake_training(folder, config, state="finished"):
    (folder / "history.jsonl").unlink(missing_ok=True)
    write_fake_run(folder, state=state, images=14, epochs=1, slices=config.slices)
    RunWriter(folder).config(config.to_dict())


EVIL = '<script>alert("x")</script>&'
PART = {"images": 6, "train": 4, "test": 2, "subjects": 3, "sequences": None}
COUNTS = {**PART, "classes": dict.fromkeys((*CLASSES[:2], EVIL), PART), "images_per_subject": {EVIL: 2, "S2": 4}}
ABOUT = {
    "command": "muldml benchmark --data ck+ --root …/faces",
    "date": "2026-11-24",
    "machine": {"processor": "a processor"},
    "versions": {"torch": "2.14"},
    "data": {"counts": COUNTS, "notes": [EVIL], "skipped": [f"{EVIL}.png: damaged image"]},
}


class Page(HTMLParser):
    """What a browser would make of it: unbalanced tags, scripts, addresses, alternative texts, visible text."""

    EMPTY = ("meta", "br")

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.links, self.alts, self.text = [], set(), [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.seen.add(tag)
        self.links += [v for k, v in attrs if k in ("src", "href", "srcset", "action", "data")]
        self.alts += [values["aria-label"]] if values.get("role") == "img" else []
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def words(self):
        return " ".join(" ".join(self.text).split())
