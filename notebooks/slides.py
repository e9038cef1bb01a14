"""Which cell of a walkthrough goes where in a deck of slides: the rule behind `slideshow.slide_type`.

A section begins a slide, what is shown in it goes below it as subslides, prose becomes the speaker's notes. What a
learner does alone (stubs, solutions, cells that train for minutes, live views) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from nbformat import NotebookNode

GUESS = re.compile(r"^> \*\*Your \w+\.\*\*", re.MULTILINE)
# What belongs on a slide even without a heading: a formula, a list, a table, a quotation.
_BLOCK = re.compile(r"^\s*(\$\$|\* |- |\d+\. |\||> )", re.MULTILINE)
SHOWN_CODE = 16  # lines of code that can be read from the last row


def mark(notebook: NotebookNode) -> None:
    """Write each cell's slide type into its metadata, in place."""
    for cell, slide_type in zip(notebook.cells, slide_types(notebook.cells), strict=True):
        cell.metadata["slideshow"] = NotebookNode(slide_type=slide_type)


def slide_types(cells: Sequence[NotebookNode]) -> list[str]:
    """One of slide, subslide, fragment, notes, skip for each cell, from what it is; outputs are not looked at."""
    types: list[str] = []
    asked = False  # the slide before asks for a guess and has no answer yet
    for cell, following in zip(cells, [*cells[1:], None], strict=True):
        proved = following is not None and following.cell_type == "code" and "assert " in following.source
        slide_type = _of_markdown(cell) if cell.cell_type == "markdown" else _of_code(cell, asked, proved)
        if slide_type not in {"notes", "skip"}:
            asked = bool(GUESS.search(cell.source))
        types.append(slide_type)
    return types


def _of_markdown(cell: NotebookNode) -> str:
    if "solution" in cell.metadata.get("tags", ()):
        return "skip"
    if re.match(r"##? ", cell.source):
        return "slide"
    if cell.source.startswith("### ") or _BLOCK.search(cell.source):
        return "subslide"
    return "notes"


def _of_code(cell: NotebookNode, asked: bool, proved: bool) -> str:
    source, lines = cell.source, len(cell.source.splitlines())
    tags = cell.metadata.get("tags", ())
    alone = cell.id == "setup" or "exercise" in tags or "prediction" in tags
    if alone or '"FAST"' in source or "show_live(" in source:
        return "skip"
    tells = re.search(r"\b(show|say|reveal|print)\(", source)
    if not tells:  # of code without a word: what is proved here or in the next cell, and how it is trained
        worth = proved or re.search(r"\bassert |\.backward\(", source)
        return "subslide" if worth and lines <= SHOWN_CODE else "skip"
    answers = asked and "reveal(" in source and "show(" not in source and lines <= SHOWN_CODE // 2
    return "fragment" if answers else "subslide"
