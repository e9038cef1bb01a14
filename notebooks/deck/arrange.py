"""From the cells of a walkthrough to slides: a lead, then a figure or a few lines of code; prose in the notes."""

from __future__ import annotations

import base64
import re
import struct
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from slides import GUESS, SHOWN_CODE

from .shorten import Block, blocks, closing, opening, sentences, shorten

WIDEST = 98  # columns of code that fit
JOINED = 12  # lines of two cells on one slide
BESIDE_A_FIGURE = 300  # characters that leave room for it


@dataclass
class Slide:
    """Cells that are shown together, and what the speaker says."""

    start: str  # slide or subslide
    section: str
    shown: list[NotebookNode] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Arrange(Preprocessor):
    """nbconvert's step: arranges the cells and hands reveal.js, to be written into the deck, to the template."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        resources["reveal_files"] = reveal_files()
        resources["language_code"] = "en"
        nb.metadata["title"] = _heading(nb.cells[0].source)
        nb.cells = [cell for slide in arrange(nb.cells) for cell in _cells(slide)]
        return nb, resources


def find_reveal() -> Path:
    """The folder of reveal.js in the package sphinx-revealjs, which is not imported: it would ask for Sphinx.

    Raises:
        ModuleNotFoundError: if the package is not installed.
    """
    found = find_spec("sphinx_revealjs")
    if not found or not found.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'sphinx_revealjs'")
    return Path(found.submodule_search_locations[0]) / "_static" / "revealjs"


def reveal_files() -> dict[str, str]:
    """The text of reveal.js, its style and its plugin for notes."""
    files = {"css": "dist/reveal.css", "js": "dist/reveal.js", "notes": "plugin/notes/notes.js"}
    return {name: (find_reveal() / path).read_text(encoding="utf-8") for name, path in files.items()}


def arrange(cells: list[NotebookNode]) -> list[Slide]:
    """Slides in order. Prose before a cell that is shown leads up to it; prose after one, `…-note`, comments on it."""
    made: list[Slide] = []
    waiting: list[str] = []  # prose that leads up to the next slide
    section = ""
    for cell in cells:
        slide_type = cell.metadata.slideshow.slide_type
        if slide_type == "skip":
            continue
        if slide_type == "notes":
            comments = re.search(r"-(note|after)$", cell.id) and not waiting
            (made[-1].notes if comments else waiting).append(cell.source)
            continue
        if slide_type == "slide":
            section = _heading(cell.source)
        if cell.cell_type == "markdown":
            made += _spoken(cell, section, waiting)
        elif not waiting and made and _joins(cell, made[-1].shown[-1]):
            made[-1].shown.append(_coded(cell, "fragment", made[-1].notes))
        else:
            made.append(_evidence(cell, section, waiting, made))
        waiting = []
    if made:
        made[-1].notes += waiting
    return made


def _spoken(cell: NotebookNode, section: str, waiting: list[str]) -> list[Slide]:
    """A Markdown cell: a slide for each of its headings, one more for what the title promises and for a guess."""
    slide_type = cell.metadata.slideshow.slide_type
    parts = blocks(cell.source)
    if parts[0].text.startswith("# "):
        made = _title(parts, section)
    else:
        starts = [i for i, part in enumerate(parts) if i == 0 or part.text.startswith("## ")]
        chapters = [parts[i:j] for i, j in zip(starts, [*starts[1:], len(parts)], strict=True)]
        made = [slide for chapter in chapters for slide in _chapter(chapter, section)]
    made[0].start = slide_type
    made[0].notes = [*waiting, cell.source]
    return made


def _title(parts: list[Block], section: str) -> list[Slide]:
    shown = [_markdown(f"{parts[0].text}\n\n{opening(parts[1].text)}", "title")]
    goals = [i for i, part in enumerate(parts) if part.text.startswith("**After it you can")]
    lists = [_markdown(f"## After it you can\n\n{parts[i + 1].text}") for i in goals]
    return [Slide("slide", "", shown), *(Slide("subslide", section, [words]) for words in lists)]


def _chapter(parts: list[Block], section: str) -> list[Slide]:
    """A heading with what belongs to it; a guess has a slide of its own."""
    source = "\n\n".join(part.text for part in parts)
    headed = parts[0].text.startswith("## ")
    quote = next((i for i, part in enumerate(parts) if GUESS.match(part.text)), None)
    if quote is None:
        exercise = source.startswith("### Exercise")
        look = "section" if headed else "exercise" if exercise else "words"
        return [Slide("subslide", section, [_markdown(source if exercise else shorten(source), look)])]
    question = Slide("subslide", section, [_markdown(_question(parts, quote), "guess")])
    if not headed:
        return [question]
    lead = opening(parts[1].text) if quote == 2 else ""
    before = lead or shorten("\n\n".join(part.text for part in parts[1 : quote - 1]))
    return [Slide("subslide", section, [_markdown(f"{parts[0].text}\n\n{before}", "section")]), question]


def _question(parts: list[Block], quote: int) -> str:
    """What is asked, with the sentences that lead up to it and what can be chosen from."""
    lead = [closing(part.text) if part.kind == "prose" else part.text for part in parts[max(quote - 1, 0) : quote]]
    return "\n\n".join([*lead, parts[quote].text])


def _joins(cell: NotebookNode, before: NotebookNode) -> bool:
    """An answer without a figure comes up below its question, the library's way below the way by hand."""
    if before.metadata.get("look") == "guess":
        return "reveal(" in cell.source and not _pictures(cell)
    lines = len(f"{before.source}\n{cell.source}".splitlines())
    silent = before.cell_type == "code" and not before.outputs
    return silent and not re.search(r"\b(show|reveal)\(", cell.source) and lines <= JOINED


def _evidence(cell: NotebookNode, section: str, waiting: list[str], made: list[Slide]) -> Slide:
    """A code cell with a sentence above it. An answer is a sentence itself."""
    slide = Slide("subslide", section, notes=list(waiting))
    lead = "" if "reveal(" in cell.source else _lead(waiting, made)
    if lead:
        slide.shown.append(_markdown(lead, "lead"))
    slide.shown.append(_coded(cell, "-", slide.notes))
    return slide


def _lead(waiting: list[str], made: list[Slide]) -> str:
    """The sentence that says what is shown: from the prose before it, or from the end of the slide before."""
    if waiting:
        return next((opening(part.text, 40) for part in reversed(blocks(waiting[-1])) if part.kind == "prose"), "")
    before = made[-1] if made else None
    if not before or before.shown[-1].cell_type == "code" or not before.notes:
        return ""
    last = blocks(before.notes[-1])[-1]
    end = closing(last.text) if last.kind == "prose" else ""
    return "" if end[:1].islower() or end in before.shown[-1].source else end


def _coded(cell: NotebookNode, slide_type: str, notes: list[str]) -> NotebookNode:
    """A code cell: with a figure, or where it is too long to be read, only what came out."""
    lines = cell.source.splitlines()
    unreadable = len(lines) > SHOWN_CODE or max(map(len, lines)) > WIDEST
    hidden = bool(cell.outputs) and (bool(re.search(r"\b(show|reveal)\(", cell.source)) or unreadable)
    cell.source = cell.source.replace("# NBVAL_CHECK_OUTPUT\n", "")
    if _pictures(cell):
        _make_room(cell, notes)
    answer = " answer" if "reveal(" in cell.source else ""
    cell.metadata["transient"] = {"remove_source": hidden}
    cell.metadata["look"] = _placed(cell) + answer
    cell.metadata["slideshow"] = NotebookNode(slide_type=slide_type)
    return cell


def _placed(cell: NotebookNode) -> str:
    """Where pictures stand: below words, a tall one beside them, two that are not wide beside one another."""
    shapes = [size(output.data["image/png"]) for output in cell.outputs if "image/png" in output.get("data", {})]
    if not shapes:
        return "code"
    compact = all(width < 1.7 * height for width, height in shapes)
    if len(shapes) > 1:
        return "figure pair" if compact else "figure"
    beside = shapes[0][0] < 1.4 * shapes[0][1] and len(cell.outputs) > 1
    return "figure tall" if beside else "figure"


def size(png: str) -> tuple[int, int]:
    """Width and height of a base64 PNG, from its first bytes."""
    return struct.unpack(">II", base64.b64decode(png[:32])[16:24])


def _make_room(cell: NotebookNode, notes: list[str]) -> None:
    """Leave few words beside a figure: what is bold, and of many conclusions the last ones. All are kept as notes."""
    room = BESIDE_A_FIGURE
    for output in cell.outputs[::-1]:
        said = output.get("data", {}).get("text/markdown", "")
        if not said:
            continue
        short = said
        if len(said) > BESIDE_A_FIGURE / 2:
            short = " ".join(s for s in sentences(said) if "**" in s) or opening(said)
        if short != said or len(short) > room:
            notes.append(said)
        if len(short) <= room or room == BESIDE_A_FIGURE:
            output.data["text/markdown"] = short
            room -= len(short)
        else:
            cell.outputs = [one for one in cell.outputs if one is not output]
            room = 0


def _pictures(cell: NotebookNode) -> int:
    return sum("image/png" in output.get("data", {}) for output in cell.outputs)


def _markdown(source: str, look: str = "words") -> NotebookNode:
    source = source.replace("⭐", "★")  # fonts without colours have this one too
    return new_markdown_cell(source, metadata={"look": look, "slideshow": NotebookNode(slide_type="-")})


def _cells(slide: Slide) -> list[NotebookNode]:
    """The slide's cells in the order that nbconvert wants: the notes before anything that comes up later."""
    first, *rest = slide.shown
    first.metadata.slideshow.slide_type = slide.start
    first.metadata["section"] = slide.section
    spoken = [text for text in slide.notes if text]
    if not spoken:
        return slide.shown
    text = re.sub(r"</?(details|summary)>", "\n\n", "\n\n".join(spoken))
    notes = new_markdown_cell(text, metadata={"slideshow": NotebookNode(slide_type="notes")})
    return [first, notes, *rest]


def _heading(source: str) -> str:
    return source.splitlines()[0].lstrip("# ").strip()
