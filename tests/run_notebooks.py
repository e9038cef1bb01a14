"""Runs every walkthrough from a clean kernel and keeps its outputs, with pictures for pages that show nothing else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


def main() -> None:
    sys.path.insert(0, str(Path(__file__).parent))
    from need_browser import find_browser

    os.environ["MULDML_PNG"] = "1"
    os.environ.setdefault("BROWSER_PATH", find_browser() or "")
    for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")):
        book = run(nbformat.read(path, 4))
        nbformat.write(tidy(book), path)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


def run(book: nbformat.NotebookNode, seconds: int = 300) -> nbformat.NotebookNode:
    """Execute in the notebooks' folder, where their relative paths hold."""
    return NotebookClient(book, timeout=seconds, resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()


def tidy(book: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Without what differs from run to run or bloats: times, widget state, kernel's version, warnings."""
    book.metadata.pop("widgets", None)
    book.metadata["language_info"] = {"name": "python"}
    for cell in book.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
        for out in cell.outputs:
            # A saved widget needs its saved state to show anything, and that is megabytes.
            if out.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None):
                out["data"]["text/plain"] = "(an interactive view: run the cell to see it)"
    return book


if __name__ == "__main__":
    main()
