"""The page Evidence in a real browser: clicks on figures, links, downloads, contrast, phone width; with screenshots."""

from __future__ import annotations

import csv
import io
import re

import pytest
from app_server import ROOT, settle
from fake_run import write_fake_run
from fake_study import TOY, rich_study, write_fake_study

ARTIFACTS = ROOT / "test-artifacts"
# A picture of claim 7, and words that only it has.
PICTURES = {
    "Map": "exploration, no verdict",
    "Other intervals": "head: spread 8 against best equal 8",
    "All arms": "treatment, mean over draws",
    "Over τ": "eight spread ones, test",
}
VIEWS = {"list": "study=rich", "claim": "study=rich&claim=6a", "toy": f"study=toy&claim={TOY.id}"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    write_fake_run(folder / "fake")
    write_fake_study(folder / "toy")
    rich_study(folder / "rich")
    return folder


def drawn(page):
    """Wait until a chart stands."""
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    settle(page)


def test_from_the_list_to_a_claim_and_back(page):
    page.goto("/evidence?study=toy&run=fake")
    drawn(page)
    page.get_by_role("button", name=re.compile(TOY.title)).click()
    page.wait_for_url(re.compile(f"claim={TOY.id}"))
    page.get_by_role("heading", name=re.compile(TOY.title)).wait_for()
    page.reload()
    page.get_by_role("heading", name=re.compile(TOY.title)).wait_for()
    page.get_by_role("button", name="All claims").click()
    page.wait_for_url(lambda url: "claim=" not in url)
    page.get_by_role("heading", name="Where it holds, and where not").wait_for()
    page.get_by_role("button", name="Holm").click()
    page.get_by_text("Holm's correction").wait_for()


def test_a_click_on_an_interval_lists_its_runs_and_they_can_be_taken_home(page):
    page.goto(f"/evidence?study=toy&claim={TOY.id}")
    drawn(page)
    page.get_by_text("posed faces, semi-hard mining").last.wait_for()
    # Each regime draws its single draws, then its interval: low, mean, high. The second regime is contradicted.
    bar = page.locator(".scatterlayer .trace").nth(3)
    bar.scroll_into_view_if_needed()
    box = bar.locator(".points path").nth(1).bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.get_by_text("posed faces, batch-hard mining, metric loss alone").last.wait_for()
    page.get_by_text("−4.0 points").last.wait_for()
    with page.expect_download() as taken:
        page.get_by_role("button", name="Runs as CSV").click()
    lines = list(csv.DictReader(io.StringIO(taken.value.path().read_text())))
    assert len(lines) == 32
    means = [sum(float(line["knn"]) for line in lines if line["arm"] == arm) / 16 for arm in ("green", "red")]
    assert means[0] - means[1] == pytest.approx(-0.04)


def test_a_click_on_the_map_opens_the_claim(page):
    page.goto("/evidence?study=toy")
    drawn(page)
    target = page.locator(".scatterlayer .trace .points path").first
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url(re.compile(f"claim={TOY.id}"))


CONTRAST = """() => {
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const bright = (c) => {
    const [r, g, b] = c.match(/[\\d.]+/g).map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor;
  const kinds = [".annotation-text", ".legendtext", ".xtitle", ".xtick text"].map((k) => `.js-plotly-plot ${k}`);
  return [...document.querySelectorAll(kinds.join(","))].map((e) => {
    const pair = [bright(getComputedStyle(e).fill), bright(ground)];
    return [e.textContent, (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05)];
  });
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_in_figures_can_be_read_on_the_page(chromium, address, theme):
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme=theme)
    page = context.new_page()
    page.goto(f"{address}/evidence?{VIEWS['toy']}")
    drawn(page)
    words = page.evaluate(CONTRAST)
    context.close()
    assert len(words) > 10
    assert not [text for text, ratio in words if ratio < 4.5]


OVERLAPS = """() => [...document.querySelectorAll(".js-plotly-plot")].flatMap((plot) => {
  const frame = plot.getBoundingClientRect(), bad = [];
  const words = [...plot.querySelectorAll(".annotation-text, .legendtext, .xtitle")];
  const boxes = words.map((e) => [e.textContent, e.getBoundingClientRect()]);
  boxes.forEach(([text, a], i) => {
    const out = a.left < frame.left - 1 || a.right > frame.right + 1 || a.bottom > frame.bottom + 1;
    if (out) bad.push(`cut off: ${text}`);
    boxes.slice(i + 1).forEach(([other, b]) => {
      const x = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (x > 1 && y > 3) bad.push(`${text} | ${other}`);
    });
  });
  return bad;
})"""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("view", VIEWS)
def test_nothing_overlaps_or_is_cut_off(chromium, address, view, width):
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme="light")
    page = context.new_page()
    page.goto(f"{address}/evidence?{VIEWS[view]}")
    drawn(page)
    sideways = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    bad = page.evaluate(OVERLAPS)
    page.screenshot(path=ARTIFACTS / f"evidence_{view}_{width}_light.png")
    page.emulate_media(color_scheme="dark")
    drawn(page)
    page.screenshot(path=ARTIFACTS / f"evidence_{view}_{width}_dark.png")
    context.close()
    assert sideways <= width
    assert not bad


@pytest.mark.parametrize("width", [390, 1280])
def test_every_picture_of_a_claim_has_room(chromium, address, width):
    context = chromium.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{address}/evidence?study=rich&claim=7")
    drawn(page)
    assert not page.evaluate(OVERLAPS)
    for picture, seen in PICTURES.items():
        page.get_by_role("radio", name=picture).or_(page.get_by_role("button", name=picture, exact=True)).click()
        page.locator(".js-plotly-plot").get_by_text(seen).first.wait_for()
        drawn(page)
        page.locator(".js-plotly-plot").first.screenshot(path=ARTIFACTS / f"evidence_{picture}_{width}.png")
        assert not page.evaluate(OVERLAPS), picture
    context.close()
