"""docs/PAPER.md and docs/LECTURERS.md lead to functions, cells, pages and claims that are there."""

import json
import pydoc
import re
from pathlib import Path

import pytest

from muldml_lite.claims.registry import load_registry

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/PAPER.md"
TEXT = PAGE.read_text(encoding="utf-8")
NAMES = sorted(set(re.findall(r"`(muldml_lite\.[\w.]+)`", TEXT)))
# A walkthrough's link, then cells of it up to the next link or the end of the table's field.
CITED = re.findall(r"\]\((\.\./notebooks/[^)]+)\)([^|\[\n]*)", TEXT)
CELLS = sorted({(link, cell) for link, words in CITED for cell in re.findall(r"`([^`]+)`", words)})
PAGES = {"Tour", "Faces", "Train", "Slices", "Thresholds", "Judgements", "Evidence", "Compare runs"}


def rows():
    """The fields of each row of the two tables with five of them."""
    lines = (line.strip("|").split("|") for line in TEXT.splitlines() if line.startswith("|"))
    return [[field.strip() for field in row] for row in lines if len(row) == 5][2:]


@pytest.mark.parametrize("name", NAMES)
def test_functions_are_there(name):
    assert pydoc.locate(name) is not None


def test_cells_are_there():
    ids = {}
    for link, cell in CELLS:
        path = PAGE.parent / link
        if link not in ids:
            ids[link] = {one["id"] for one in json.loads(path.read_text(encoding="utf-8"))["cells"]}
        assert cell in ids[link], f"{link}: no cell {cell}"
    assert len(CELLS) > 40
    assert {Path(link).name for link in ids} == {path.name for path in (ROOT / "notebooks").glob("0[1-8]*.ipynb")}


def test_pages_and_claims_are_there():
    claims = {claim.id for claim in load_registry().claims}
    cited = set()
    for *_, page, claim in rows():
        if not page.startswith(("-", "in the app")):
            assert set(filter(None, page.split(", "))) <= PAGES, page
            cited |= set(filter(None, claim.split(", ")))
    assert cited <= claims
    assert claims - cited == {"11"}, "a claim of the paper without its place"


def test_the_lecturers_page_names_cells_that_are_there():
    text = (ROOT / "docs/LECTURERS.md").read_text(encoding="utf-8")
    named = re.findall(r"\b([1-8]), ((?:`[\w-]+`(?:, )?)+)", text)
    assert len(named) > 15
    for number, words in named:
        (path,) = (ROOT / "notebooks").glob(f"0{number}_*.ipynb")
        ids = {cell["id"] for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}
        assert set(re.findall(r"`([^`]+)`", words)) <= ids, f"{path.name}: {words}"
