"""Slides of the walkthroughs: the rule that marks cells, what of a text is shown, and a deck in a real browser."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from app_server import browser
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from traitlets.config.loader import PyFileConfigLoader

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
WALKTHROUGHS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
CONFIG = NOTEBOOKS / "deck" / "config.py"
sys.path.insert(0, str(NOTEBOOKS))

from deck import arrange as arranging  # noqa: E402
from deck.arrange import arrange  # noqa: E402
from deck.markup import mathml, to_html  # noqa: E402
from deck.shorten import sentences, shorten  # noqa: E402
from slides import mark, slide_types  # noqa: E402

# 3 pixels wide, 2 high.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAC0lEQVR4nGNgwAQAABQAAX3+Hu4AAAAASUVORK5CYII="
GUESS = "Look twice.\n\n> **Your guess.** It is\n>\n> * `a` more,\n> * `b` less."
MARKDOWN = {
    "# 1 · Triplets\n\nTake two photographs.": "slide",
    "## 2 Mining\n\nSo choose.": "slide",
    "### Exercise 1 ⭐ — a distance\n\nComplete it.": "subslide",
    "Distances are\n\n$$D = 0. \\tag{1}$$": "subslide",
    "Three choices:\n\n* all;\n* one.": "subslide",
    GUESS: "subslide",
    "Only words, and a formula $D$ among them.": "notes",
}
CODE = {
    'show(figure, "a curve")': "subslide",
    'print("18 triplets")': "subslide",
    "assert np.allclose(slow, fast)": "subslide",
    "loss(x).backward()": "subslide",
    "features = components[train]": "skip",
    'show_live(lambda: widgets.SlicesView(run), "in JupyterLab")': "skip",
    'if os.environ.get("FAST", "1") == "0":\n    say("trained")': "skip",
}


@pytest.mark.parametrize(("source", "slide_type"), MARKDOWN.items())
def test_a_text_goes_where_its_form_says(source, slide_type):
    assert slide_types([new_markdown_cell(source)]) == [slide_type]


@pytest.mark.parametrize(("source", "slide_type"), CODE.items())
def test_code_goes_where_what_it_does_says(source, slide_type):
    assert slide_types([new_code_cell(source)]) == [slide_type]


def test_code_by_hand_is_shown_before_the_library_that_agrees_with_it():
    by_hand, library = new_code_cell("slow = [f(x) for x in xs]"), new_code_cell("assert fast == slow")
    assert slide_types([by_hand, library]) == ["subslide", "subslide"]
    assert slide_types([by_hand, new_markdown_cell("Words."), library]) == ["skip", "notes", "subslide"]


def test_what_a_learner_does_alone_is_left_out():
    stub = new_code_cell('check("f", f)\nprint(1)', metadata={"tags": ["exercise"]})
    guess = new_code_cell('commit("f", my_guess)\nprint(1)', metadata={"tags": ["prediction"]})
    solution = new_markdown_cell("## Solution", metadata={"tags": ["solution"]})
    setup = new_code_cell("print(1)", id="setup")
    assert slide_types([stub, guess, solution, setup]) == ["skip"] * 4


def test_an_answer_in_words_comes_up_below_its_question_and_a_figure_on_a_slide_of_its_own():
    ask, commit = new_markdown_cell(GUESS), new_code_cell("commit()", metadata={"tags": ["prediction"]})
    words, figure = new_code_cell('reveal("f", "a", why)'), new_code_cell('reveal("f", "a", why)\nshow(figure, "")')
    prose, result = new_markdown_cell("Words."), new_code_cell("print(1)")
    assert slide_types([ask, commit, prose, words])[-1] == "fragment"
    assert slide_types([ask, commit, figure])[-1] == "subslide"
    assert slide_types([ask, commit, result, words])[-1] == "subslide"  # another slide lies between


@pytest.mark.parametrize("path", WALKTHROUGHS, ids=lambda path: path.stem)
def test_every_walkthrough_is_marked_by_the_rule(path):
    cells = nbformat.read(path, as_version=4).cells
    marks = [cell.metadata.get("slideshow", {}).get("slide_type") for cell in cells]
    assert marks == slide_types(cells), "run: python tests/run_notebooks.py --marks"


def test_sentences_end_neither_in_formulas_nor_after_abbreviations():
    text = "Take $D(a.b)$ as it is. Hermans et al. wrote `a. B`, (or not. Perhaps.) Is it? **1.** Why?"
    assert sentences(text) == [
        "Take $D(a.b)$ as it is.",
        "Hermans et al. wrote `a. B`, (or not. Perhaps.) Is it?",
        "**1.** Why?",
    ]


def test_a_slide_keeps_headings_formulas_what_leads_up_to_them_and_what_is_bold():
    long = "This sentence is here only to be long enough, so that no further one is taken for the opening of it all."
    source = (
        f"## 1 A title\n\n{long} Second. Third.\n\nNothing here. But **this counts**. Nor here.\n\nMuch before it. "
        f"{long[:-1]}:\n\n$$D = 0$$\n\nwhere D is a distance. Last words.\n\n<details>Folded.</details>"
    )
    assert shorten(source).split("\n\n") == [
        "## 1 A title",
        long,
        "But **this counts**.",
        f"{long[:-1]}:",
        "$$D = 0$$",
        "where D is a distance.",
    ]


def test_formulas_become_mathml_with_their_number():
    html = to_html(
        "The mean,\n\n$$\\frac{a}{n} \\tag{3}$$\n\nof $x_i$, see [the next](02_next.ipynb) and [code](../a.py)."
    )
    assert "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>n</mi></mrow></mfrac>" in html
    assert "<msub><mi>x</mi><mi>i</mi></msub>" in html
    assert '<span class="number">(3)</span>' in html
    assert 'href="02_next.slides.html"' in html
    assert 'href="../notebooks/../a.py"' in html
    assert "$" not in html
    with pytest.raises(ValueError, match=r"none for \\nosuch"):
        mathml(r"\nosuch{x}")


def test_prose_leads_up_to_what_is_shown_and_all_of_it_is_the_speakers():
    picture = nbformat.v4.new_output("display_data", {"image/png": PNG, "text/plain": "a curve"})
    notebook = new_notebook(
        cells=[
            new_markdown_cell(
                "## 1 A title\n\nThe first sentence says what all of this is about, and it is long enough."
            ),
            new_markdown_cell(
                "Look at the **left** end of both of the curves. It matters more than you think.", id="look"
            ),
            new_code_cell('show(figure, "a curve")', outputs=[picture], id="curve"),
            new_markdown_cell("You have seen it.", id="curve-note"),
        ]
    )
    mark(notebook)
    section, curve = arrange(notebook.cells)
    assert (section.start, curve.start) == ("slide", "subslide")
    assert [cell.source for cell in curve.shown] == [
        "Look at the **left** end of both of the curves.",
        'show(figure, "a curve")',
    ]
    assert curve.shown[1].metadata.transient["remove_source"]
    assert curve.notes == [notebook.cells[1].source, "You have seen it."]


def test_a_picture_tells_its_size():
    assert arranging.size(PNG) == (3, 2)


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setattr(arranging, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"sphinx_revealjs.*notebooks/slides\.txt"):
        PyFileConfigLoader(CONFIG.name, path=str(CONFIG.parent)).load_config()


# --- a deck in the browser -------------------------------------------------------------------------------------------

SHOWN = """() => {
  const frame = document.querySelector("section.present > section.present .frame");
  const edge = frame.getBoundingClientRect();
  const all = [...frame.querySelectorAll("*")].filter((one) => !one.closest("aside"));
  const outside = all.filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width && (box.bottom > edge.bottom + 1 || box.right > edge.right + 1 || box.left < edge.left - 1);
  });
  const sizes = all.filter((one) => one.matches("p, li, pre")).map((one) => parseFloat(getComputedStyle(one).fontSize));
  return {
    place: deck.getSlidePastCount(),
    outside: outside.map((one) => one.outerHTML.slice(0, 80)),
    smallest: Math.min(99, ...sizes.filter((size) => size !== 17)),
    figures: [...frame.querySelectorAll("img")].map((one) => one.getBoundingClientRect().height),
    maths: all.filter((one) => one.localName === "math").map((one) => one.getBoundingClientRect().width),
    text: frame.innerText,
  };
}"""


@pytest.fixture(scope="module")
def deck(tmp_path_factory) -> Path:
    from nbconvert.exporters import SlidesExporter

    config = PyFileConfigLoader(CONFIG.name, path=str(CONFIG.parent)).load_config()
    html, _ = SlidesExporter(config=config).from_filename(str(WALKTHROUGHS[0]))
    path = tmp_path_factory.mktemp("slides") / f"{WALKTHROUGHS[0].stem}.slides.html"
    path.write_text(html, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def visit(deck) -> dict[str, Any]:
    """The whole deck gone through with the right arrow key, and the speaker's window."""
    with browser() as chromium:
        page, foreign, errors = chromium.new_page(viewport={"width": 1280, "height": 720}), [], []
        page.context.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else foreign.append(r.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(deck.as_uri())
        page.wait_for_selector("body[data-fitted]")
        slides = {}
        for _ in range(200):
            shown = page.evaluate(SHOWN)
            slides[shown["place"]] = shown
            if page.evaluate("deck.isLastSlide() && !deck.availableFragments().next"):
                break
            page.keyboard.press("ArrowRight")
        total = page.evaluate("deck.getTotalSlides()")
        page.keyboard.press("ArrowLeft")
        back = page.evaluate(SHOWN)["place"]
        page.evaluate("deck.slide(1, 0)")
        with page.expect_popup() as popup:
            page.keyboard.press("s")
        popup.value.wait_for_function(
            "document.querySelector('.speaker-controls-notes .value')?.innerText.length > 200"
        )
        notes = popup.value.locator(".speaker-controls-notes").inner_text()
        title = page.title()
    return {"slides": slides, "total": total, "back": back, "notes": notes, "title": title, "foreign": foreign,
            "errors": errors}  # fmt: skip


def test_a_deck_asks_nobody_for_anything(visit):
    assert visit["foreign"] == []
    assert visit["errors"] == []
    assert visit["title"] == "1 · Triplets and identity"


def test_arrows_lead_through_all_slides(visit):
    places = list(visit["slides"])
    assert places == list(range(visit["total"]))
    assert len(places) > 25
    assert visit["back"] == places[-2]


def test_nothing_leaves_its_slide_and_all_can_be_read(visit):
    for place, shown in visit["slides"].items():
        assert shown["outside"] == [], place
        assert shown["smallest"] >= 16, (place, shown["smallest"])
        assert all(height > 150 for height in shown["figures"]), place


def test_formulas_are_drawn(visit):
    widths = [width for shown in visit["slides"].values() for width in shown["maths"]]
    assert len(widths) >= 20
    assert min(widths) > 3
    assert not any("$" in shown["text"] or "\\" in shown["text"] for shown in visit["slides"].values())


def test_the_speaker_reads_what_is_not_on_the_slide(visit):
    section = visit["slides"][2]["text"]
    for words in ("every cause is known", "Here is one person with seven expressions"):
        assert words in visit["notes"]
    assert "Here is one person" not in section
