"""Training in the real app and a real browser: started, held, stepped, stopped, resumed, forked and compared."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest
from app_server import ROOT, fresh_visitor, settle
from fake_run import fake_probe, fake_record, fake_snapshot, write_fake_run
from playwright.sync_api import expect

from muldml_lite.runs import Run, RunError, RunWriter
from muldml_lite.widgets.live import SOURCE, Frames, live_payload

ARTIFACTS = ROOT / "test-artifacts"
SMALL = "warmup_epochs:1,subjects:8,images_per_subject:14,size:32,probe_images:56"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture
def page(chromium, address):
    with fresh_visitor(chromium, address) as page:
        page.set_default_timeout(150_000)  # a busy machine is no failure
        yield page


def keep(page, name):
    page.screenshot(path=ARTIFACTS / f"{name}.png")


def fill(page, name, value):
    box = page.get_by_role("spinbutton", name=name, exact=True)
    box.fill(str(value))
    box.press("Enter")


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def start(page, epochs):
    page.goto(f"/train?set=epochs:{epochs},{SMALL}")
    settle(page)
    expect(page.get_by_role("spinbutton", name="Epochs", exact=True)).to_have_value(str(epochs), timeout=60_000)
    press(page, "Start training")
    page.wait_for_url(re.compile("run=posed-mul-dml"))
    return re.search(r"run=([\w.-]+)", page.url)[1]


def until(condition, seconds=200):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def status(run):
    try:
        return run.status
    except RunError:
        return {"state": "", "message": ""}


def test_a_training_is_played_like_the_playground(page, chromium, address, runs):
    run = Run(runs / start(page, 400))
    other = chromium.new_context().new_page()  # it does not belong to one browser
    other.set_default_timeout(150_000)
    other.goto(f"{address}/train")
    other.get_by_role("button", name=re.compile(f"{run.name} · running")).wait_for(timeout=150_000)
    other.context.close()
    page.locator(".live .slice canvas").first.wait_for(timeout=150_000)
    press(page, "Pause")
    until(lambda: "paused" in status(run))
    page.get_by_role("button", name="Play", exact=True).wait_for()
    reached = len(run.history)
    press(page, "Step")
    until(lambda: status(run)["message"] == f"paused after epoch {reached}")
    assert len(run.history) == reached + 1
    page.get_by_text(f"paused after epoch {reached}").first.wait_for()
    page.reload()  # the training doesn't care
    page.get_by_role("heading", name=re.compile(run.name)).wait_for()
    press(page, "Play")
    until(lambda: "paused" not in status(run) and len(run.history) > reached + 1)
    page.get_by_label(re.compile(f"Loss, epoch {reached + 1}")).wait_for()
    keep(page, "train_live")
    press(page, "Stop")
    page.get_by_text(re.compile("^Cancelled")).first.wait_for(timeout=150_000)
    page.get_by_role("button", name="Resume", exact=True).wait_for()
    stopped = len(run.history)
    press(page, "Resume")
    until(lambda: status(run)["state"] == "running" and len(run.history) > stopped)
    assert [line["epoch"] for line in run.history] == list(range(len(run.history)))
    press(page, "Reset")  # the settings once more, the old run kept
    page.wait_for_url(re.compile(r"run=(?!" + run.name + r"\b)posed-mul-dml"))
    again = Run(runs / re.search(r"run=([\w.-]+)", page.url)[1])
    assert again.config["config"] == run.config["config"]
    until(lambda: status(run)["state"] == "cancelled")
    page.get_by_role("button", name=re.compile("^(Stop|Withdraw)$")).click()
    until(lambda: status(again)["state"] == "cancelled")


def test_a_run_is_forked_and_both_are_compared(page, runs):
    run = Run(runs / start(page, 3))
    page.get_by_text("Finished after epoch 3 of 3").wait_for(timeout=150_000)
    page.get_by_text(f"Fork of {run.name}").click()
    page.get_by_text("nothing yet; it would repeat its parent exactly").wait_for()
    page.get_by_role("slider", name="Go on after epoch").press("ArrowLeft")
    fill(page, "Epochs", 4)
    page.get_by_text(f"Changed from {run.name}: epochs.").wait_for()
    press(page, "Start the fork")
    page.wait_for_url(lambda url: f"run={run.name}" not in url)
    fork = Run(runs / re.search(r"run=([\w.-]+)", page.url)[1])
    page.get_by_text("Finished after epoch 4 of 4").wait_for(timeout=150_000)
    assert fork.config["forked"] == {"run": run.name, "epoch": 1}
    assert fork.history[1] == run.history[1]
    page.get_by_role("link", name=f"Compare with {run.name}").click()
    page.get_by_role("heading", name="Where they stand").wait_for()
    page.get_by_text("A ring on a dotted line marks").wait_for()
    page.wait_for_url(lambda url: f"runs={run.name}" in url and f"runs={fork.name}" in url)
    settle(page)
    keep(page, "compare")
    page.reload()
    page.get_by_role("heading", name="One face, in every run").wait_for()
    press(page, "Surprise me")
    page.wait_for_url(re.compile(r"face=\d+"))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["train?run=fake", "compare?runs=fake&runs=other"])
def test_phone_width_has_no_sideways_scrolling(chromium, address, runs, path, theme):
    for name in ("fake", "other"):
        if not (runs / name).exists():
            write_fake_run(runs / name)
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, color_scheme=theme)
    page = context.new_page()
    page.goto(f"{address}/{path}")
    settle(page)
    width = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    lacking = page.evaluate("[...document.images].filter((image) => !image.alt).length")
    first, form = (page.get_by_role("heading", name=name) for name in ("fake", "New training"))
    moving_first = "compare" in path or first.bounding_box()["y"] < form.bounding_box()["y"]
    keep(page, f"phone_{path[:5]}_{theme}")
    context.close()
    assert (width <= 390, lacking, moving_first) == (True, 0, True)


HOST = """async ([text, css, data]) => {
  const module = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  const heard = {};
  const values = (window.values = { data, pick: {} });
  const el = document.body.appendChild(document.createElement("div"));
  el.style.width = "900px";
  document.head.appendChild(document.createElement("style")).textContent = css;
  const model = { get: (k) => values[k], set: (k, v) => (values[k] = v), save_changes() {}, off() {},
    on: (name, call) => (heard[name] = call) };
  window.renew = (data) => { values.data = data; heard["change:data"](); };
  window.end = module.default().render({ model, el });
}"""


@pytest.fixture
def growing(tmp_path):
    """A fake run after epoch 1, and the way to let it grow."""
    path = write_fake_run(tmp_path / "growing", state="running", epochs=1)
    frames = Frames()

    def look():
        return live_payload(Run(path), frames)

    def grow(epoch):
        writer = RunWriter(path)
        writer.snapshot(
            fake_snapshot(fake_probe(60, np.random.default_rng(7)), epoch, 3, 4, np.random.default_rng(epoch))
        )
        writer.record(fake_record(epoch, 3, 4))
        return look()

    return look, grow


def mount(page, data):
    page.goto("/_stcore/health")  # any page of this origin
    page.evaluate(HOST, [SOURCE.module, SOURCE.style, data])
    page.locator(".slice canvas").nth(3).wait_for()


def pixels(page):
    page.wait_for_timeout(60)
    return page.evaluate("document.querySelector('.slice canvas').toDataURL()")


def test_points_glide_to_a_new_epoch(page, growing):
    look, grow = growing
    mount(page, look())
    assert page.locator(".slice header").first.inner_text().startswith("τ = 0.10")
    before = pixels(page)
    assert pixels(page) == before  # nothing moves by itself
    page.evaluate("(data) => window.renew(data)", grow(2))
    page.wait_for_timeout(150)
    on_the_way = pixels(page)
    page.wait_for_timeout(900)
    after = pixels(page)
    assert len({before, on_the_way, after}) == 3
    assert pixels(page) == after
    assert "after epoch 2" in page.locator(".slice canvas").first.get_attribute("aria-label")
    page.emulate_media(reduced_motion="reduce")
    page.evaluate("(data) => window.renew(data)", grow(3))
    there = pixels(page)
    page.wait_for_timeout(300)
    assert pixels(page) == there != after


def test_one_cursor_for_all_curves_by_mouse_and_keys(page, growing):
    look, grow = growing
    grow(2)
    mount(page, look())
    said = page.locator(".chart .said")
    assert said.all_inner_texts() == ["epoch 2"] * 4
    box = page.locator(".chart svg.lines").nth(1).bounding_box()
    page.mouse.move(box["x"] + 45, box["y"] + 40)
    assert said.all_inner_texts() == ["epoch 0"] * 4
    assert "head:\n14 %" in page.locator(".chart .keys").nth(1).inner_text()
    page.mouse.move(5, 5)
    assert said.all_inner_texts() == ["epoch 2"] * 4
    chart = page.locator(".chart").nth(2)
    chart.focus()
    page.keyboard.press("ArrowLeft")
    assert said.all_inner_texts() == ["epoch 1"] * 4
    active = fake_record(1, 1, 4)["slices"]
    assert f"τ = 0.80 {100 * active[3]['active_fraction']:.0f} %" in chart.get_attribute("aria-label")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    assert said.all_inner_texts() == ["epoch 0"] * 4


def test_buttons_ask_python(page, growing):
    look, _ = growing
    mount(page, look())
    press(page, "Pause")
    assert page.evaluate("values.wish.wish") == "pause"
    page.get_by_role("button", name="Play", exact=True).press("Enter")  # it answers at once
    assert page.evaluate("values.wish.wish") == "play"
    first = page.evaluate("values.wish.serial")
    page.get_by_role("button", name="Step", exact=True).click()
    assert page.evaluate("values.wish.wish") == "step"
    assert page.evaluate("values.wish.serial") != first
    over = {**look(), "state": "finished"}
    page.evaluate("(data) => window.renew(data)", over)
    assert page.get_by_role("button", name="Step", exact=True).is_disabled()
    page.evaluate("(data) => window.renew(data)", {**over, "controls": False})
    assert not page.locator(".transport").is_visible()
    page.evaluate("window.end()")
    assert page.locator(".chart").count() == 0


def test_what_is_taken_home(page, growing):
    look, grow = growing
    grow(2)
    mount(page, look())
    taken = {}
    for label in ("Numbers (CSV)", "Picture (PNG)", "Picture (SVG)"):
        page.locator("summary").click()
        with page.expect_download() as download:
            press(page, label)
        taken[download.value.suggested_filename] = download.value.path()
    csv = taken["growing-live.csv"].read_text().splitlines()
    assert csv[0].startswith("epoch,cross_entropy,metric_loss,head_accuracy,knn_accuracy,train_accuracy,")
    assert len(csv) == 4
    assert csv[3].split(",")[:2] == ["2", str(fake_record(2, 3, 4)["cross_entropy"])]
    assert taken["growing-live.png"].read_bytes()[:4] == b"\x89PNG"
    assert taken["growing-live.svg"].read_text().count("<path") >= 4
