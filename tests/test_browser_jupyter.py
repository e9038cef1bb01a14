"""The widgets in JupyterLab itself, in a real browser: a cell makes the view, it is drawn, Python hears of a click."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from app_server import ROOT, browser, find_point
from fake_run import write_fake_run

pytest.importorskip("jupyterlab")
ARTIFACTS = ROOT / "test-artifacts"


class Widget(NamedTuple):
    """A widget, the cell that shows it, and what is there once it is drawn (a CSS selector inside its output)."""

    name: str
    cell: str
    drawn: str = "canvas, svg"


# Another widget is one more line; what is particular to it is tested by a function named in PARTICULAR.
WIDGETS = (
    Widget("SlicesView", "view = widgets.SlicesView(RUN)\nview", ".panel canvas"),
    Widget("JudgementLab", "widgets.JudgementLab()"),
    Widget("ThresholdView", "widgets.ThresholdView(RUN)"),
    Widget("FaceLab", "widgets.FaceLab()", "canvas, svg, img"),
    Widget("LiveTraining", "widgets.LiveTraining(RUN)"),
)
FIRST = "from muldml_lite import widgets\n"


def notebook(cells: list[str]) -> dict[str, Any]:
    shown = [
        {"cell_type": "code", "id": f"cell{n}", "metadata": {}, "source": cell, "outputs": [], "execution_count": None}
        for n, cell in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": shown, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


# No questions, and all cells on the page, not only those in sight.
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("lab")
    run = write_fake_run(folder / "fake", umap=True)
    cells = [f"{FIRST}RUN = {str(run)!r}", *(widget.cell for widget in WIDGETS)]
    (folder / "views.ipynb").write_text(json.dumps(notebook(cells)), encoding="utf-8")
    for name, values in SETTINGS.items():
        path = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(values))
    return folder


@contextlib.contextmanager
def lab_server(folder: Path, log: Path) -> Iterator[str]:
    """JupyterLab on a free port of this machine, with settings of its own; yields an address that opens a notebook."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    key = secrets.token_hex(16)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--notebook-dir={folder}"]
    command += [f"--ServerApp.port={port}", "--ServerApp.ip=localhost", f"--IdentityProvider.token={key}"]
    own = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "RUNTIME")}
    environment = {**os.environ, **own, "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"), "PYTHONPATH": str(ROOT)}
    environment["JUPYTERLAB_WORKSPACES_DIR"] = str(folder / "workspaces")
    with open(log, "wb") as out:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=out)
    try:
        for _ in range(400):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://localhost:{port}/api/status?token={key}", timeout=2).close()
                break
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        yield f"http://localhost:{port}/lab/tree/{{}}.ipynb?reset&token={key}"
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def page(folder) -> Iterator[Any]:
    """A notebook with a cell a widget, all cells run; at the end, no request may have left this machine."""
    ARTIFACTS.mkdir(exist_ok=True)
    with lab_server(folder, ARTIFACTS / "lab.log") as address, browser() as chromium:
        page = chromium.new_page(viewport={"width": 1280, "height": 1000})
        foreign, home = [], address.split("/lab/")[0]
        local = ("data:", "blob:", home, home.replace("http", "ws"))
        page.on("request", lambda r: None if r.url.startswith(local) else foreign.append(r.url))
        page.goto(address.format("views"))
        page.locator(".jp-Notebook .jp-CodeCell").nth(len(WIDGETS)).wait_for(timeout=60_000)
        # Earlier, JupyterLab would ask for a kernel.
        page.get_by_text(re.compile("Python 3.*Idle")).first.wait_for(timeout=60_000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        yield page
        page.screenshot(path=ARTIFACTS / "lab.png")
        assert not foreign


def run_cell(page: Any, code: str) -> str:
    """Write a cell at the end, run it, and give what it printed."""
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    cells.last.locator(".cm-content").click()
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    cells.last.locator(".cm-content").click()
    page.keyboard.insert_text(code)
    page.keyboard.press("Shift+Enter")
    output = cells.filter(has_text=code).locator(".jp-OutputArea-output pre").last
    output.wait_for(timeout=20_000)
    return output.inner_text().strip()


def slices_view(page: Any, cell: Any) -> None:
    """Hover lights a face up in every panel, keys are the view's and not JupyterLab's, and Python hears of a click."""
    cell.locator(".panel canvas").first.scroll_into_view_if_needed()
    page.mouse.click(*find_point(SimpleNamespace(locator=cell.locator, mouse=page.mouse)))
    assert cell.locator(".near button").count() == 20
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    before, canvas = cells.count(), cell.locator(".panel canvas").nth(1)
    canvas.focus()
    for key in ("Escape", "b", "ArrowRight", "ArrowDown", "s", "Enter"):  # b: JupyterLab would add a cell below
        page.keyboard.press(key)
    assert cells.count() == before
    cell.locator(".selection").wait_for()
    picked, chosen = run_cell(page, "print(view.picked, view.selected)").split(" ", 1)
    assert [int(picked)] == json.loads(chosen)


SMALLER_SIDES = "(all) => all.map((one) => Math.min(one.clientWidth, one.clientHeight))"
# What is particular to a widget, besides being drawn.
PARTICULAR = {"SlicesView": slices_view}


@pytest.mark.parametrize("widget", WIDGETS, ids=lambda widget: widget.name)
def test_a_widget_is_drawn_and_works_in_jupyterlab(page, widget):
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(1 + WIDGETS.index(widget))
    drawn = cell.locator(".jp-OutputArea .muldml").locator(widget.drawn)
    drawn.first.wait_for(timeout=60_000, state="attached")
    cell.scroll_into_view_if_needed()
    page.screenshot(path=ARTIFACTS / f"lab_{widget.name}.png")
    assert max(drawn.evaluate_all(SMALLER_SIDES)) > 60
    if widget.name in PARTICULAR:
        PARTICULAR[widget.name](page, cell)
