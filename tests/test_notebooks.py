"""The walkthroughs: they run, their exercises answer, and they keep to their form."""

import copy
import re
import statistics
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from run_notebooks import NOTEBOOKS, run

BOOKS = sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))
pytestmark = pytest.mark.parametrize("path", BOOKS, ids=lambda p: p.stem)


def read(path):
    return nbformat.read(path, 4)


def code(book):
    return [cell for cell in book.cells if cell.cell_type == "code"]


def tagged(book, tag):
    return {c.metadata["exercise"]: c for c in book.cells if tag in c.metadata.get("tags", [])}


def verdicts(book):
    """First three characters that each check prints, by exercise."""
    printed = {}
    for name, cell in tagged(book, "check").items():
        printed[name] = "".join(out.get("text", "") for out in cell.outputs)[:3]
    return printed


def answered(book, answers):
    """The same notebook with other answers in the stubs; run up to its last check."""
    book = copy.deepcopy(book)
    for name, cell in tagged(book, "exercise").items():
        cell.source = answers[name]
    return run(book)


def test_nbval_as_shipped(path):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval-lax", "-p", "no:cacheprovider", "-q", str(path)],
        cwd=NOTEBOOKS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert f"{len(code(read(path)))} passed" in done.stdout


def test_shipped_outputs_show_unsolved_exercises_and_pictures(path):
    book = read(path)
    assert set(verdicts(book).values()) == {"[ ]"}
    kinds = [kind for cell in code(book) for out in cell.outputs for kind in out.get("data", {})]
    assert kinds.count("image/png") >= 4  # figures
    assert kinds.count("image/jpeg") >= 4  # faces
    assert not [out for cell in code(book) for out in cell.outputs if out.output_type == "error"]
    assert "widgets" not in book.metadata


def test_solutions_are_correct(path):
    book = read(path)
    folded = tagged(book, "solution").items()
    blocks = {name: re.search(r"```python\n(.*?)```", cell.source, re.DOTALL).group(1) for name, cell in folded}
    found = verdicts(answered(book, blocks))
    assert len(found) >= 4
    assert set(found.values()) == {"[x]"}, found


def test_typical_wrong_answers_are_explained(path):
    book = read(path)
    wrong = answered(book, {name: cell.metadata["wrong"] for name, cell in tagged(book, "exercise").items()})
    assert set(verdicts(wrong).values()) == {"[!]"}
    for name, cell in tagged(wrong, "check").items():
        said = "".join(out.get("text", "") for out in cell.outputs).strip().splitlines()
        assert "expected" in said[0]
        assert len(said) == 2, f"{name}: the mistake is not explained"


def test_form(path):
    book = read(path)
    lengths = [len(cell.source.splitlines()) for cell in code(book)]
    assert 20 <= len(lengths) <= 35
    assert max(lengths) <= 25
    assert statistics.median(lengths) <= 8
    words = {
        kind: sum(len(c.source.split()) for c in book.cells if c.cell_type == kind) for kind in ("markdown", "code")
    }
    assert words["markdown"] > words["code"]
    assert path.stat().st_size <= 500_000
    text = path.read_text()
    assert "assert" in text
    assert not re.search(r"(?<![\w.])/(home|root|work|tmp|Users)/", text), "an absolute path"
    for link in re.findall(r"\]\(([^)#]+)\)", "\n".join(c.source for c in book.cells if c.cell_type == "markdown")):
        assert link.startswith("https://") or (path.parent / link).exists(), link
    assert len({cell["id"] for cell in book.cells}) == len(book.cells)


def test_later_cells_need_no_answers(path):
    """The names that exercises define occur in their own check only."""
    book = read(path)
    for name, cell in tagged(book, "exercise").items():
        defined = re.search(r"def (\w+)", cell.source).group(1)
        users = [c for c in code(book) if re.search(rf"\b{defined}\(", c.source) and c is not cell]
        assert users == [], f"{name} is called by another cell"


def test_checks_never_raise(path, capsys):
    sys.path.insert(0, str(NOTEBOOKS))
    from walkthrough import Exercise, check, hint

    exercise = Exercise(cases=(((1, 2), 3),), mistakes=((lambda a, b: a * b, "times, not plus"),), hints=("add",))
    for answer, expected in (
        (lambda a, b: a + b, "[x]"),
        (lambda a, b: a * b, "times, not plus"),
        (lambda a, b: 1 / 0, "raised ZeroDivisionError"),
        (lambda a, b: None, "[ ]"),
        (lambda a: a, "raised TypeError"),
        (lambda a, b: "text", "[!]"),
        (lambda a, b: [1, 2, 3], "[!]"),
    ):
        check(exercise, answer)
        assert expected in capsys.readouterr().out
    hint(exercise, 9)
    assert "hint 1 of 1: add" in capsys.readouterr().out


def test_nbval_would_notice(path, tmp_path):
    """A wrong marked output or a failing assert is not passed over."""
    book = read(path)
    cell = next(c for c in code(book) if "NBVAL_CHECK_OUTPUT" in c.source)
    book.cells = [nbformat.v4.new_code_cell("assert 1 + 1 == 3"), cell]
    broken = Path(tmp_path) / "broken.ipynb"
    nbformat.write(book, broken)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval-lax", "-q", str(broken)], capture_output=True, check=False, text=True
    )
    assert "2 failed" in done.stdout
