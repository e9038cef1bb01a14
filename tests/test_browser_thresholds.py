"""The page Thresholds in a real browser: mouse, keys, touch, links, downloads; and the same module in a notebook."""

from __future__ import annotations

import base64
import csv
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from app_server import ROOT, settle
from fake_run import write_fake_run
from scipy.stats import ks_2samp

from muldml_lite import analysis
from muldml_lite.runs import Run, RunWriter
from muldml_lite.widgets.thresholds import SOURCE, thresholds_payload

ARTIFACTS = ROOT / "test-artifacts"
THRESHOLDS = [0.1 + 0.7 * i / 3 for i in range(4)]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    write_fake_run(folder / "fake")
    write_fake_run(folder / "single", slices=1, method="triplet", images=80)
    flat = write_fake_run(folder / "flat")
    for epoch in range(4):
        old = Run(flat).snapshot(epoch)
        RunWriter(flat).snapshot(replace(old, slices=np.broadcast_to(old.slices[:, :1], old.slices.shape)))
    return folder


def show(page, query="", run="fake"):
    page.goto(f"/thresholds?run={run}&guide=off{query}")
    settle(page)
    page.locator(".card.main .pairs td[role]").first.wait_for()


def measured(runs, slice, epoch=3, part="training", name="fake"):
    """Distances and labels of a slice, from the run folder."""
    run = Run(runs / name)
    rows = run.probe.test == (part == "unseen")
    return analysis.pairwise(run.snapshot(epoch).slices[slice][rows]), run.probe.labels[rows]


def facts_of(distances, labels, unit=1.0):
    within, between = analysis.within_between(distances, labels)
    return f"within classes {within.mean() / unit:.2f} · between {between.mean() / unit:.2f}"


def knob(page, card="main"):
    return page.locator(f".card.{card} .knob")


def drag(page, locator, start, end):
    """From one share of an element's width to another, with the button held; the button stays down."""
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start * box["width"], y)
    page.mouse.down()
    for k in range(1, 9):
        page.mouse.move(box["x"] + (start + (end - start) * k / 8) * box["width"], y)
    page.wait_for_timeout(50)


def test_dragging_the_handle_goes_from_slice_to_slice(page, runs):
    show(page, "&tau=0.1")
    assert facts_of(*measured(runs, 0)) in page.locator(".main .facts").inner_text()
    drag(page, page.locator(".main .track"), 0.05, 0.39)
    assert knob(page).inner_text() == "0.78"
    assert page.locator(".main h3").inner_text() == "τ = 0.78 · nearest: slice 4, trained at τ = 0.80"
    assert facts_of(*measured(runs, 3)) in page.locator(".main .facts").inner_text()
    assert "tau=0.1" in page.url  # the link changes when the handle is let go
    page.mouse.up()
    page.wait_for_url(re.compile(r"tau=0\.78"))
    assert page.locator(".small[aria-pressed=true]").inner_text().strip() == "τ 0.80"
    page.reload()
    settle(page)
    assert knob(page).inner_text() == "0.78"


def shares(runs, slice, tau, miner="semi-hard", part="training"):
    distances, labels = measured(runs, slice, part=part)
    margin = analysis.margins(distances, analysis.mine(distances, labels, miner), dual=True)
    return [f"{100 * analysis.active_share(one, tau):.0f} %" for one in (margin, margin[:, 0], margin[:, 1])]


def test_hinges_at_another_threshold_are_a_what_if(page, runs):
    show(page, "&tau=0.1")
    said = page.locator(".main .said")
    assert "What if" not in said.inner_text()
    drag(page, page.locator(".main .strip"), 0.4, 0.62)
    page.mouse.up()
    page.wait_for_url(lambda url: "tau=0.1&" not in url + "&")
    tau = float(knob(page).inner_text())
    nearest = int(np.abs(np.array(THRESHOLDS) - tau).argmin())
    both, anchor, positive = shares(runs, nearest, tau)
    words = said.inner_text()
    assert f"{both} of the hinges are active" in words
    assert f"{anchor} from the anchor's (the picture), {positive} from the positive's" in words
    assert f"trained at its own τ = {THRESHOLDS[nearest]:.2f}" in words
    assert "would have become another one" in words


@pytest.mark.parametrize(("tau", "words"), [("2", "Saturated: every hinge is active"), ("0", "No hinge is active")])
def test_saturation_is_said_in_words(page, tau, words):
    show(page, f"&tau={tau}")
    assert words in page.locator(".main .said").inner_text()
    gone = page.locator(".main .example.none")
    assert gone.count() >= 1


@pytest.mark.parametrize("scale", ["raw", "shape"])
def test_a_collapsed_embedding_is_named_and_compared(page, scale):
    show(page, f"&tau=0.1&pinned=0.8&scale={scale}", run="flat")
    assert "Collapsed: all faces lie nearly on one point, 0.000 apart" in page.locator(".main .said").inner_text()
    assert "Saturated: every hinge is active" in page.locator(".pinned .said").inner_text()
    page.get_by_text("Kolmogorov–Smirnov distance 0.00 raw").wait_for()
    assert set(page.locator(".main .pairs td[role]").all_inner_texts()) == {"0.00"}


# Before the next picture is drawn, as on a slow machine.
TWICE = """(handle, key) => {
  for (let i = 0; i < 2; i++) handle.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}"""


def test_keys_alone(page):
    show(page, "&tau=0.33")
    handle = knob(page)
    handle.focus()
    for key, expected in (("ArrowRight", "0.34"), ("Shift+ArrowLeft", "0.29"), ("PageUp", "0.57"), ("Home", "0.00")):
        page.keyboard.press(key)
        page.locator(".main .knob", has_text=expected).wait_for()
    handle.evaluate(TWICE, "PageUp")
    page.locator(".main .knob", has_text="0.57").wait_for()  # two levels on from slice 1, the nearest
    handle.press("Home")
    page.locator(".main .knob", has_text="0.00").wait_for()
    assert handle.get_attribute("aria-valuenow") == "0"
    assert "nearest: slice 1" in handle.get_attribute("aria-valuetext")
    page.wait_for_url(re.compile(r"tau=0(&|$)"))
    cell = page.locator(".main .pairs td[role]").first
    cell.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    told = page.locator(".main .told").inner_text()
    assert told.startswith("happiness and sadness: mean ")
    assert page.locator(".main .told .face").count() == 6


def test_class_pairs_show_their_faces(page, runs):
    show(page, "&tau=0.1")
    distances, labels = measured(runs, 0)
    table = analysis.class_pair_means(distances, labels, 7)
    numbers = page.locator(".main .pairs td[role]").all_inner_texts()
    assert numbers == [f"{value:.2f}" for value in table.ravel()]
    page.locator(".main .pairs td[role]").nth(2 * 7 + 5).hover()  # sadness and anger
    apart = distances[np.ix_(labels == 2, labels == 5)]
    told = page.locator(".main .told")
    assert f"sadness and anger: mean {apart.mean():.2f}, {apart.size} pairs" in told.inner_text()
    assert f"nearest {apart.min():.2f}" in told.inner_text()
    assert f"farthest {apart.max():.2f}" in told.inner_text()
    names = [face.get_attribute("aria-label") for face in told.locator(".face").all()]
    assert all("sadness" in name for name in names[::2])
    assert all("anger" in name for name in names[1::2])


def test_scale_part_and_triplets_are_in_the_link(page, runs):
    show(page, "&tau=0.8")
    page.get_by_role("button", name="÷ mean (scale-free)").click()
    page.wait_for_url(re.compile("scale=shape"))
    page.get_by_role("button", name="unseen faces").click()
    page.wait_for_url(re.compile("part=unseen"))
    page.get_by_role("button", name="Batch Hard").click()
    page.wait_for_url(re.compile("triplets=batch-hard"))
    distances, labels = measured(runs, 3, part="unseen")
    mean = np.concatenate(analysis.within_between(distances, labels)).mean()
    assert facts_of(distances, labels, mean) in page.locator(".main .facts").inner_text()
    words = page.locator(".main .said").inner_text()
    _, anchor, _ = shares(runs, 3, 0.8, "batch-hard", "unseen")
    assert f"{anchor} from the anchor's" in words
    assert "Here: Batch Hard. In training, on its batches (semi-hard)" in words
    page.reload()
    settle(page)
    assert page.locator(".main .said").inner_text() == words
    page.get_by_role("button", name="raw", exact=True).click()
    page.wait_for_url(lambda url: "scale=" not in url)


def test_time_passes(page, runs):
    show(page, "&tau=0.1")
    page.get_by_role("slider", name="Epoch").press("ArrowLeft")
    page.wait_for_url(re.compile("epoch=2"))
    assert facts_of(*measured(runs, 0, epoch=2)) in page.locator(".main .facts").inner_text()
    page.get_by_role("slider", name="Epoch").press("Home")
    page.get_by_role("button", name="Play training").click()
    page.wait_for_url(lambda url: "epoch=" not in url)  # played to the last epoch, which needs no word
    assert page.locator(".clock").inner_text() == "epoch 3 / 3"
    assert facts_of(*measured(runs, 0)) in page.locator(".main .facts").inner_text()


def test_two_thresholds_side_by_side(page, runs):
    show(page, "&tau=0.1")
    page.get_by_role("button", name=re.compile("Pin this threshold")).click()
    page.wait_for_url(re.compile(r"pinned=0\.1"))
    page.locator(".small").nth(3).click()
    page.wait_for_url(re.compile(r"tau=0\.8"))
    assert "slice 1" in page.locator(".pinned h3").inner_text()
    assert "slice 4" in page.locator(".main h3").inner_text()
    first, second = (analysis.within_between(*measured(runs, s))[1] for s in (0, 3))
    raw, shape = ks_2samp(first, second), ks_2samp(first / first.mean(), second / second.mean())
    page.get_by_text("Kolmogorov–Smirnov distance").wait_for()
    words = f"Kolmogorov–Smirnov distance {raw.statistic:.2f} raw, {shape.statistic:.2f} after"
    assert words in page.locator(".compared").inner_text()
    drag(page, page.locator(".pinned .track"), 0.05, 0.15)
    page.mouse.up()
    page.wait_for_url(re.compile(r"pinned=0\.3(&|$)"))
    page.screenshot(path=ARTIFACTS / "thresholds_pinned.png")
    page.reload()
    settle(page)
    assert knob(page, "pinned").inner_text() == "0.30"
    assert knob(page).inner_text() == "0.80"
    page.get_by_role("button", name="Unpin this threshold").click()
    page.wait_for_url(lambda url: "pinned=" not in url)
    assert page.locator(".card").count() == 1


def test_a_single_threshold_run_stands_beside(page, runs):
    show(page)
    page.get_by_role("combobox", name="Thresholds of other runs beside them").click()
    page.get_by_role("option", name=re.compile("single: triplet")).click()
    page.wait_for_url(re.compile("beside=single(&|$)"))
    page.keyboard.press("Escape")
    page.locator(".small em").wait_for()
    page.get_by_role("button", name=re.compile("^single")).click()
    page.wait_for_url(re.compile(r"tau=0\.1(&|$)"))  # the fake single run's only threshold, as its history says
    assert page.locator(".main h3").inner_text() == "τ = 0.10 · nearest: single, trained at τ = 0.10"
    assert facts_of(*measured(runs, 0, name="single")) in page.locator(".main .facts").inner_text()
    assert "of=single" in page.url
    page.reload()
    settle(page)
    assert "nearest: single" in page.locator(".main h3").inner_text()


def saved(page, kind):
    page.locator(".downloads summary").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=kind).click()
    return download.value


def test_picture_and_numbers_to_take_home(page, runs):
    show(page, "&tau=0.57")
    table = saved(page, "Numbers (CSV)")
    assert table.suggested_filename == "thresholds-fake-tau-0.57-epoch-3.csv"
    rows = list(csv.DictReader(io.StringIO(table.path().read_text(encoding="utf-8"))))
    distances, labels = measured(runs, 2)
    within, between = analysis.within_between(distances, labels)
    counted = [float(row["value"]) for row in rows if (row["what"], row["of"]) == ("pairs", "between")]
    assert np.abs(np.array(counted) - np.histogram(between, np.linspace(0, 2, 81))[0]).sum() <= 2
    mean = next(row for row in rows if (row["what"], row["of"]) == ("mean distance", "within"))
    assert float(mean["value"]) == pytest.approx(within.mean(), abs=1e-5)
    triplets = sum(float(row["value"]) for row in rows if row["what"] == "triplets")
    assert triplets == len(analysis.mine(distances, labels, "semi-hard").anchor)
    picture = saved(page, "Picture (PNG)").path().read_bytes()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert len(picture) > 20_000


def test_a_lesson_leaves_out_what_it_does_not_need(page):
    show(page, "&lesson=3")
    assert page.locator(".downloads").is_hidden()
    page.get_by_role("button", name="Show everything").click()
    page.locator(".downloads").wait_for()


def test_the_way_to_the_evidence(page):
    show(page)
    link = page.get_by_role("link", name="Claim 2a")
    link.wait_for(timeout=60_000)
    link.click()
    page.wait_for_url(re.compile("/evidence.*claim=2a"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone(chromium, address, theme):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, color_scheme=theme)
    page = context.new_page()
    page.goto(f"{address}/thresholds?run=fake&guide=off&tau=0.1&pinned=0.8")
    settle(page)
    page.locator(".card.main .pairs td[role]").first.wait_for()
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    track = page.locator(".main .track")
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    page.touchscreen.tap(box["x"] + 0.2 * box["width"], box["y"] + box["height"] / 2)
    page.wait_for_url(re.compile(r"tau=0\.4(&|$)"))
    page.locator(".main .pairs td[role]").nth(8).tap()
    page.screenshot(path=ARTIFACTS / f"thresholds_phone_{theme}.png")
    heights = page.locator(".taus button:visible").evaluate_all("all => all.map((button) => button.offsetHeight)")
    context.close()
    assert len(heights) > 12
    assert min(heights) >= 28


NOTEBOOK = """async ([text, css, data]) => {
  const module = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  const listeners = {};
  const values = { data, pick: { serial: 0, tau: 0.3, pinned: null, scale: "raw" } };
  const el = document.body.appendChild(document.createElement("div"));
  document.head.appendChild(document.createElement("style")).textContent = css;
  window.values = values;
  window.wish = (pick) => { values.pick = pick; listeners["change:pick"](); };
  const model = {
    get: (k) => values[k], set: (k, v) => (values[k] = v), save_changes() {},
    on: (name, call) => (listeners[name] = call), off: (name) => delete listeners[name],
  };
  window.end = module.default().render({ model, el });
}"""


def test_the_same_module_in_a_notebook(page, runs):
    """As anywidget does it: the default export without an argument, then render with a model and an element."""
    page.goto("/_stcore/health")  # any page of this origin
    data = thresholds_payload(Run(runs / "fake"))
    for run in data["runs"]:
        run["vectors"] = base64.b64encode(run["vectors"]).decode()  # a notebook brings bytes, this test JSON
    page.evaluate(NOTEBOOK, [SOURCE.module, SOURCE.style, data])
    assert knob(page).inner_text() == "0.30"
    drag(page, page.locator(".main .track"), 0.15, 0.4)
    page.mouse.up()
    assert page.evaluate("values.seen.tau") == 0.8
    page.evaluate("wish({ serial: 1, tau: 0.1, epoch: 1, scale: 'shape' })")
    assert page.locator(".clock").inner_text() == "epoch 1 / 3"
    assert "slice 1" in page.locator(".main h3").inner_text()
    page.evaluate("wish({ serial: 1, tau: 0.8 })")  # an old wish is not heard twice
    assert "slice 1" in page.locator(".main h3").inner_text()
    page.evaluate("window.end()")
    assert page.locator(".card").count() == 0
