"""Frame times of the slices view at its largest: 16 slices of 2,000 points, in a page of its own."""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from muldml_lite.config import Config
from muldml_lite.runs import Probe, Run, RunWriter, Snapshot

SLICES, POINTS, EPOCHS, DIM, CLASSES = 16, 2_000, 12, 8, 7
_HOST = """async ([text, css, data]) => {
  const module = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  document.head.appendChild(document.createElement("style")).textContent = css;
  const values = { data, pick: { serial: 0, index: null, look: { zoom: [0, 0, 2] } } };
  const el = document.body.appendChild(document.createElement("div"));
  module.default().render({ model: { get: (k) => values[k], set() {}, save_changes() {}, on() {}, off() {} }, el });
  window.gaps = [];
  let last = null;
  const tick = (time) => {
    if (last !== null) window.gaps.push(time - last);
    last = time;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}"""
_CANVAS = ".panel canvas"


def frame_seconds(program: Any, address: str, moves: int = 120) -> Iterator[tuple[str, list[float]]]:
    """What is done, and the seconds from frame to frame meanwhile.

    Args:
        program: Chromium, as Playwright drives it.
        address: of any server on this machine: a page without one may not load modules.
        moves: of the mouse, for what is dragged or pointed at.
    """
    from muldml_lite.widgets import slices_payload
    from muldml_lite.widgets.slices import SOURCE

    with tempfile.TemporaryDirectory(prefix="muldml-bench-") as place:
        values = slices_payload(large_run(Path(place) / "large"))
    data = json.loads(json.dumps(values, default=lambda part: base64.b64encode(part).decode()))
    page = program.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}/_stcore/health")
    page.evaluate(_HOST, [SOURCE.module, SOURCE.style, data])
    page.locator(_CANVAS).nth(SLICES - 1).wait_for()
    page.wait_for_timeout(1000)
    box = page.locator(_CANVAS).first.bounding_box()

    def move(step: int) -> None:
        angle = step / 9
        page.mouse.move(
            box["x"] + box["width"] * (0.5 + 0.3 * np.cos(angle)),
            box["y"] + box["height"] * (0.5 + 0.3 * np.sin(angle)),
        )

    def gaps(act: Any) -> list[float]:
        page.evaluate("window.gaps.length = 0")
        act()
        return [one / 1000 for one in page.evaluate("window.gaps")]

    yield "the mouse over a panel", gaps(lambda: [move(step) for step in range(moves)])
    move(0)
    page.mouse.down()
    yield "all panels dragged", gaps(lambda: [move(step) for step in range(moves)])
    page.mouse.up()
    page.get_by_role("slider", name="Epoch").fill("0")
    page.get_by_role("button", name="Play training").click()
    yield "training played", gaps(lambda: page.wait_for_timeout(500 * (EPOCHS - 1)))
    page.close()


def large_run(folder: Path) -> Run:
    """A run folder with as many points as the view is meant for; nothing is trained, points drift into clusters."""
    random, writer = np.random.default_rng(0), RunWriter(folder)
    labels = np.arange(POINTS) % CLASSES
    thumbnails = random.integers(60, 220, (POINTS, 24, 24, 3), np.uint8)
    subjects = np.arange(POINTS) // CLASSES
    names = np.array([f"face {i}" for i in range(POINTS)])
    probe = Probe(
        thumbnails,
        labels,
        subjects,
        subjects % 4 == 0,
        np.arange(POINTS),
        tuple(f"class {c}" for c in range(CLASSES)),
        names,
    )
    writer.probe(probe)
    writer.config(Config(slices=SLICES, dim=SLICES * DIM, epochs=EPOCHS).to_dict())
    centres = random.normal(size=(SLICES, CLASSES, DIM))[:, labels]
    noise = random.normal(size=(SLICES, POINTS, DIM))
    layouts = []
    for epoch in range(EPOCHS + 1):
        vectors = centres * epoch / EPOCHS + noise * (1.2 - epoch / EPOCHS)  # (N, n, d)
        vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
        writer.snapshot(Snapshot(epoch, vectors.astype(np.float32), labels, np.full(POINTS, 0.8)))
        slices = [{"threshold": 0.1 + 0.05 * i, "knn_accuracy": 0.5} for i in range(SLICES)]
        writer.record({"epoch": epoch, "slices": slices})
        layouts.append(vectors[..., :2])
    writer.layout("pca", np.arange(EPOCHS + 1), np.array(layouts))
    writer.status("finished")
    return Run(folder)
