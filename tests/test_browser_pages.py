"""All pages in a real browser: links that hold a view, words that can be read, names of pictures, phone width."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from app_server import ROOT, fresh_visitor, settle
from fake_run import write_fake_run

ARTIFACTS = ROOT / "test-artifacts"
CHECKS = Path(__file__).with_name("page_checks.js").read_text(encoding="utf-8")
PAGES = sorted(path.stem for path in (ROOT / "streamlit_app" / "views").glob("*.py"))
GLASS = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    write_fake_run(folder / "fake")
    return folder


def path_of(name):
    return "/" if name == "tour" else f"/{name}"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_words_can_be_read_and_pictures_have_names(chromium, address, name, theme):
    context = chromium.new_context(viewport=GLASS, color_scheme=theme, base_url=address)
    page = context.new_page()
    page.goto(path_of(name))
    settle(page)
    page.add_script_tag(content=CHECKS)
    for _ in range(80):  # what still waits for its numbers is pale, and drawings name themselves when they draw
        faint, unnamed = page.evaluate("faint()"), page.evaluate("unnamed()")
        if not (faint or unnamed):
            break
        page.wait_for_timeout(250)
    page.screenshot(path=ARTIFACTS / f"page_{name}_{theme}.png")
    context.close()
    assert not faint
    assert not unnamed


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_phone(chromium, address, name):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, base_url=address)
    page = context.new_page()
    page.goto(path_of(name))
    settle(page)
    page.screenshot(path=ARTIFACTS / f"page_{name}_phone.png")
    boxes = "[document.documentElement, document.querySelector('[data-testid=stMain]')]"
    wide = page.evaluate(f"{boxes}.map((e) => e.scrollWidth)")
    context.close()
    assert max(wide) <= 390


def test_the_copied_link_gives_the_same_view_to_another_visitor(chromium, address, page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/?run=fake")
    settle(page)
    page.get_by_role("button", name="surprise").or_(page.get_by_role("radio", name="surprise")).first.click()
    page.wait_for_url(re.compile("expression=surprise"))
    page.get_by_role("button", name="Another person").click()
    page.wait_for_url(re.compile("person=2"))
    page.get_by_role("button", name="Close").click()
    page.wait_for_url(re.compile("guide=off"))
    settle(page)
    page.get_by_role("button", name="Copy link to this view").click()
    page.get_by_text("Link copied").first.wait_for()
    link, faces = page.evaluate("navigator.clipboard.readText()"), seen(page)
    assert "run=fake" in link
    with fresh_visitor(chromium, address) as other:
        other.goto(link)
        settle(other)
        assert seen(other) == faces
        assert other.get_by_text("First steps, 1 of 4").count() == 0


def seen(page):
    """The face of the tour and its neighbours, by their words and pixels."""
    faces = page.locator("[data-testid=stMain] img")
    faces.first.wait_for()
    return [(one.get_attribute("alt"), one.get_attribute("src")) for one in faces.all()]


def test_four_steps_lead_through_the_pages_by_keyboard(page):
    page.goto("/?run=fake")
    settle(page)
    for number, heading in enumerate(("Slices", "Judgements", "Evidence"), start=1):
        page.get_by_text(f"First steps, {number} of 4").wait_for()
        page.get_by_role("link", name=re.compile("Next: ")).focus()
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(f"/{heading.lower()}.*guide={number + 1}"))
        page.get_by_role("heading", name=heading, level=1).wait_for()
        settle(page)
    page.wait_for_url("**run=fake*")
    page.get_by_role("button", name="Done").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("guide=off"))
    page.reload()
    settle(page)
    assert page.get_by_text("First steps, 4 of 4").count() == 0
    page.get_by_role("button", name="First steps").click()
    page.get_by_text("First steps, 1 of 4").wait_for()


def test_words_are_found_while_one_types(page):
    page.goto("/?guide=off")
    settle(page)
    page.get_by_role("button", name="Words").click()
    page.get_by_text("The first image of a triplet").wait_for()
    page.get_by_label("Find a word").fill("satur")
    page.get_by_text("At least 98% of the hinges are active.").wait_for()
    page.get_by_text("The first image of a triplet").wait_for(state="detached")


def test_a_lesson_leaves_out_what_it_does_not_need(page):
    page.goto("/?lesson=1")
    settle(page)
    page.get_by_text("Triplets and identity").wait_for()
    shown = [link.inner_text().split("\n")[-1] for link in page.locator("[data-testid=stTopNavLink]").all()]
    assert shown == ["Tour", "Faces", "Slices"]
    assert page.get_by_text("First steps, 1 of 4").count() == 0
    assert page.get_by_role("button", name="Download").count() == 0
    page.get_by_role("button", name="Show everything").click()
    page.locator("[data-testid=stTopNavLink]").get_by_text("Evidence").wait_for()
    page.wait_for_url(lambda url: "lesson=" not in url)


def test_a_chart_leaves_as_picture_and_as_numbers(page):
    page.goto("/evidence?claim=2a&guide=off")
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    settle(page)
    taken = {}
    for kind, name in (("png", "Picture (PNG)"), ("svg", "Picture (SVG)"), ("csv", "Numbers (CSV)")):
        page.get_by_role("button", name="Download", exact=True).first.click()  # it closes when something was saved
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        assert download.value.suggested_filename == f"forest_2a.{kind}"
        taken[kind] = Path(download.value.path()).read_bytes()
    assert taken["png"].startswith(b"\x89PNG")
    assert b"treatment" in taken["svg"]
    assert taken["csv"].startswith(b"claim,cell,")
