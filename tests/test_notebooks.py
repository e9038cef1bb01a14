"""The walkthroughs: they run, their exercises answer as they should, and they keep to the house's form."""

from __future__ import annotations

import functools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
WALKTHROUGHS = sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))
FENCE = re.compile(r"```python\n(.*?)```", re.DOTALL)

pytestmark = pytest.mark.parametrize("path", WALKTHROUGHS, ids=lambda path: path.stem)


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def exercises(notebook: nbformat.NotebookNode) -> dict[str, nbformat.NotebookNode]:
    tagged = [cell for cell in notebook.cells if "exercise" in cell.metadata.get("tags", ())]
    return {cell.metadata.exercise["id"]: cell for cell in tagged}


def solutions(notebook: nbformat.NotebookNode) -> dict[str, str]:
    tagged = [cell for cell in notebook.cells if "solution" in cell.metadata.get("tags", ())]
    return {cell.metadata.solution["id"]: FENCE.search(cell.source).group(1) for cell in tagged}


def printed(cell: nbformat.NotebookNode) -> str:
    return "".join(output.get("text", "") for output in cell.outputs)


# Where an exercise stands, its typical mistake and its solution are tried, too; what its check says goes into a file.
TRIED = """
import contextlib as _contextlib, io as _io, json as _json
with _contextlib.redirect_stdout(_io.StringIO()) as _said:
    check({name!r}, {name})
with open({said!r}, "a", encoding="utf-8") as _file:
    print(_json.dumps([{name!r}, _said.getvalue()]), file=_file)
"""


def with_answers(notebook: nbformat.NotebookNode, said: Path) -> nbformat.NotebookNode:
    """All cells as shipped, in their order, with the answers tried between them; the stub stands again afterwards."""
    right, cells = solutions(notebook), []
    for cell in notebook.cells:
        cells.append(cell)
        if "exercise" in cell.metadata.get("tags", ()):
            name = cell.metadata.exercise["id"]
            for answer in (cell.metadata.exercise["wrong"], right[name]):
                source = answer.rstrip() + "\n" + TRIED.format(name=name, said=str(said))
                cells.append(nbformat.v4.new_code_cell(source))
            cells.append(nbformat.v4.new_code_cell(cell.source))
    notebook.cells = cells
    return notebook


@functools.cache
def ran(path: Path) -> tuple[subprocess.CompletedProcess, dict[str, list[str]]]:
    """What nbval says of a walkthrough, and each exercise's check of the typical mistake and of the solution."""
    with tempfile.TemporaryDirectory() as folder:
        copy, said = Path(folder) / path.name, Path(folder) / "said.jsonl"
        nbformat.write(with_answers(read(path), said), copy)
        command = [sys.executable, "-m", "pytest", "--nbval-lax", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
        done = subprocess.run(
            [*command, str(copy)],
            capture_output=True,
            text=True,
            timeout=400,
            cwd=folder,
            env={**os.environ, "FAST": "1"},
            check=False,
        )
        answers: dict[str, list[str]] = {}
        for line in said.read_text(encoding="utf-8").splitlines() if said.exists() else ():
            name, text = json.loads(line)
            answers.setdefault(name, []).append(text)
    return done, answers


def test_runs_as_shipped(path):
    done, _ = ran(path)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_solutions_are_correct(path):
    _, said = ran(path)
    assert len(said) >= 4
    assert said.keys() == solutions(read(path)).keys()
    assert {name: text for name, (_, text) in said.items() if text.strip() != "[x] correct"} == {}


def test_a_typical_mistake_is_explained(path):
    _, said = ran(path)
    assert said
    for name, (text, _) in said.items():
        assert text.startswith(f"[!] {name}("), text
        assert ", expected " in text
        assert "first hint" not in text, f"{name}: the check does not know its typical mistake"


def test_an_unsolved_stub_is_met_kindly(path):
    for name, cell in exercises(read(path)).items():
        assert printed(cell).startswith("[ ] not solved yet"), name
        assert cell.source.count("\n    ...") == 1


def test_form(path):
    notebook = read(path)
    assert code_cells(notebook)[0] == code_cells(read(WALKTHROUGHS[0]))[0]  # finds the project, from any folder
    code = code_cells(notebook)[1:]
    lines = [len(cell.source.splitlines()) for cell in code]
    assert 20 <= len(code) <= 35
    assert statistics.median(lines) <= 8
    assert max(lines) <= 25
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    programs = [cell.source for cell in code] + FENCE.findall(prose)
    assert len(FENCE.sub("", prose).split()) > sum(len(text.split()) for text in programs)
    assert not re.search(r"^\s*[%!]", "\n".join(cell.source for cell in code), re.MULTILINE)
    marks = [line for cell in code for line in cell.source.splitlines() if "NBVAL_CHECK_OUTPUT" in line]
    assert set(marks) == {"# NBVAL_CHECK_OUTPUT"}  # at the end of a line of code, nbval overlooks it


def test_what_is_kept(path):
    text = path.read_text(encoding="utf-8")
    notebook = read(path)
    assert len(text.encode()) <= 500_000
    assert "widgets" not in notebook.metadata
    assert not re.search(r"/(home|root|tmp|work|Users|usr)/\w|[A-Z]:\\\\", text)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    for cell in code_cells(notebook):
        assert cell.execution_count, f"{cell.id} was not run: make notebooks"
        assert "execution" not in cell.metadata
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr", cell.id
            data = output.get("data", {})
            if "application/vnd.plotly.v1+json" in data:
                assert "image/png" in data, f"{cell.id}: no picture for GitHub: make notebooks"
                assert data["text/plain"]


def test_links_resolve(path):
    prose = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    links = re.findall(r"\]\(([^)]+)\)", prose)
    assert links
    for link in links:
        assert link.startswith("https://") or (path.parent / link.split("#")[0]).exists(), link


def test_metadata_is_plain(path):
    assert set(json.loads(path.read_text(encoding="utf-8"))["metadata"]) == {"kernelspec", "language_info"}
