"""Runs every walkthrough in a fresh kernel and keeps its outputs, with a PNG beside each figure.

What is kept is what the code made: no widget state, no standard error, no times, and cell ids that stay the same.
Each cell is marked with its place in a deck of slides; `--marks` renews these marks only and runs nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
sys.path.insert(0, str(FOLDER))

from slides import mark  # noqa: E402

LARGEST = 500_000  # bytes of a notebook with its outputs


def main() -> None:
    os.environ |= {"MULDML_KEEP_PICTURES": "1", "FAST": "1"}
    only_marks = "--marks" in sys.argv
    # Beginnings of names: `python tests/run_notebooks.py 02 05`.
    chosen = tuple(word for word in sys.argv[1:] if word != "--marks") or ("",)
    for path in sorted(path for path in FOLDER.glob("[0-9][0-9]_*.ipynb") if path.name.startswith(chosen)):
        notebook = nbformat.read(path, as_version=4)
        if not only_marks:
            run(notebook)
        mark(notebook)
        nbformat.validate(notebook)
        text = nbformat.writes(notebook) + "\n"
        if len(text.encode()) > LARGEST:
            sys.exit(f"{path}: {len(text.encode())} bytes with outputs, at most {LARGEST} are kept")
        path.write_text(text, encoding="utf-8")
        print(f"{path.name}: {len(text.encode()) / 1000:.0f} kB")


def run(notebook: nbformat.NotebookNode) -> None:
    """Run all cells in a fresh kernel and keep their outputs in the notebook."""
    clean(notebook)
    NotebookClient(notebook, timeout=300, record_timing=False, resources={"metadata": {"path": str(FOLDER)}}).execute()
    clean_outputs(notebook)


def clean(notebook: nbformat.NotebookNode) -> None:
    """Drop old outputs and what editors leave behind; give cells without a spoken id one made of their place."""
    name = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = nbformat.from_dict({"kernelspec": name, "language_info": {"name": "python"}})
    for place, cell in enumerate(notebook.cells):
        if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){0,3}(-[0-9a-f]{12})?", cell.id):
            cell.id = "cell-" + hashlib.sha256(f"{place} {cell.source}".encode()).hexdigest()[:10]
        for key in ("execution", "collapsed", "scrolled", "ExecuteTime"):
            cell.metadata.pop(key, None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None


def clean_outputs(notebook: nbformat.NotebookNode) -> None:
    notebook.metadata.pop("widgets", None)
    notebook.metadata.language_info = {"name": "python"}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.metadata.pop("execution", None)
        cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        for output in cell.outputs:
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)


if __name__ == "__main__":
    main()
