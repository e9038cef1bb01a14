"""The real app in a real browser: clicks, keys, links, a training; nothing leaves this machine."""

from __future__ import annotations

import json
import re

import pytest
from app_server import ROOT, find_point, settle
from fake_run import write_fake_run
from test_widgets import as_json

from muldml_lite import analysis, widgets
from muldml_lite.runs import Run

ARTIFACTS = ROOT / "test-artifacts"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    write_fake_run(folder / "fake", umap=True)
    return folder


def keep(page, name):
    page.screenshot(path=ARTIFACTS / f"{name}.png")


def test_tour_and_the_way_through_the_pages(page):
    page.goto("/?run=fake")
    settle(page)
    cards = page.locator(".mp-card")
    cards.first.wait_for()
    assert cards.count() == 4
    assert cards.first.locator("svg path").count() == 7
    page.get_by_role("button", name="Another person").click()
    keep(page, "tour")
    page.get_by_role("link", name="Slices", exact=True).click()
    page.locator(".panel canvas").first.wait_for()
    page.wait_for_url("**run=fake*")
    page.get_by_role("link", name="Train", exact=True).click()
    page.get_by_role("heading", name="New training").wait_for()
    page.wait_for_url("**run=fake*")


def test_a_click_shows_the_face_and_its_neighbours_everywhere(page, runs):
    page.goto("/slices?run=fake")
    settle(page)
    x, y = find_point(page)
    assert page.locator(".tip .face").is_visible()
    page.mouse.click(x, y)
    page.get_by_text("The head says").wait_for()
    page.wait_for_url(re.compile(r"point=\d+"))
    point = int(re.search(r"point=(\d+)", page.url)[1])
    strips = [row.split() for row in page.locator(".near").all_inner_texts()]
    snapshot = Run(runs / "fake").snapshot()
    for s, strip in enumerate(strips):
        assert strip == [f"{d:.2f}" for d in analysis.neighbours(snapshot, point, 5, slice=s)[1]]
    keep(page, "slices")
    page.reload()
    settle(page)
    page.get_by_text(f"point {point}").wait_for()
    assert page.locator(".near button").count() == 20
    page.locator(".near button").first.click()  # a neighbour can be picked in turn
    page.wait_for_url(lambda url: f"point={point}" not in url and "point=" in url)


def left_edge(page):
    """Just inside the left edge of a point's reach, where rounding the place leads out of it again."""
    tip, left = page.locator(".tip"), page.locator(".panel canvas").first.bounding_box()["x"]

    def move(x, y):
        page.mouse.move(x, y)
        page.wait_for_timeout(15)

    start, y = find_point(page)
    for _ in range(20):
        x = start
        move(x, y)
        while tip.is_visible():
            x -= 0.5
            move(x, y)
        while not tip.is_visible():
            x += 0.1
            move(x, y)
        if 0.2 < (x - left) % 1 < 0.48:
            return x, y
        y += 0.7
    raise AssertionError("no such edge was found")


def test_a_click_picks_the_face_that_is_lit_also_at_the_edge_of_its_reach(page):
    """The coordinates of a click are rounded: a face was lit, and the click missed it."""
    page.goto("/slices?run=fake")
    settle(page)
    x, y = left_edge(page)
    tip = page.locator(".tip")
    lit = tip.locator("small").inner_text().split(" · ")[0]
    page.mouse.click(x, y)
    page.wait_for_url(re.compile("point="))
    page.get_by_text(lit).first.wait_for()


def test_keyboard_alone(page):
    page.goto("/slices?run=fake")
    settle(page)
    page.locator(".panel canvas").nth(1).focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    assert "predicted" in page.locator(".hear").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("point="))
    page.locator(".panel canvas").nth(1).press("Escape")
    page.wait_for_url(lambda url: "point=" not in url)
    page.get_by_text("Pick a face.").wait_for()


def test_time_and_layout(page):
    page.goto("/slices?run=fake")
    settle(page)
    slider = page.get_by_role("slider", name="Epoch")
    slider.press("ArrowLeft")
    page.wait_for_url(re.compile("epoch=2"))
    assert page.locator(".clock").inner_text() == "epoch 2 / 3"
    page.get_by_role("button", name="UMAP").click()
    assert page.get_by_role("button", name="UMAP").get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="Play training").click()
    page.wait_for_url(lambda url: "epoch=" not in url)  # played to the last epoch, which needs no word
    assert page.locator(".clock").inner_text() == "epoch 3 / 3"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["", "train", "slices"])
def test_phone_width_has_no_sideways_scrolling(chromium, address, path, theme):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, color_scheme=theme)
    page = context.new_page()
    page.goto(f"{address}/{path}?run=fake")
    settle(page)
    width = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    lacking = page.evaluate("[...document.images].filter((image) => !image.alt).length")
    if path == "slices":
        page.locator(".panel canvas").first.tap()
    keep(page, f"phone_{path or 'tour'}_{theme}")
    context.close()
    assert width <= 390
    assert lacking == 0


NOTEBOOK = """async ([text, css, data]) => {
  const module = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  const values = { data, pick: { serial: 0, index: null } };
  const el = document.body.appendChild(document.createElement("div"));
  document.head.appendChild(document.createElement("style")).textContent = css;
  window.values = values;
  const model = { get: (k) => values[k], set: (k, v) => (values[k] = v), save_changes() {}, on() {}, off() {} };
  window.end = module.default().render({ model, el });
}"""


def test_the_same_module_in_a_notebook(page, address, runs):
    """As anywidget does it: the default export without an argument, then render with a model and an element."""
    page.goto("/_stcore/health")  # any page of this origin
    data = json.loads(as_json(widgets.slices_payload(Run(runs / "fake"))))
    page.evaluate(NOTEBOOK, [widgets.slices.SOURCE.module, widgets.slices.SOURCE.style, data])
    page.locator(".panel canvas").nth(3).wait_for()
    page.mouse.click(*find_point(page, 1))
    assert page.locator(".near button").count() == 20
    assert isinstance(page.evaluate("values.picked"), int)
    keep(page, "notebook_view")
    page.evaluate("window.end()")
    assert page.locator(".panel").count() == 0
