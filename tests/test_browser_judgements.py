"""The judgement lab in a real browser: mouse, keys, fingers, links, time; in the app and in a notebook."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from app_server import ROOT, settle
from fake_run import write_fake_run

from muldml_lite.widgets.judgements import PRESETS, SOURCE, Scene, lab_payload

ARTIFACTS = ROOT / "test-artifacts"
FIRST = PRESETS[0].scene


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    write_fake_run(folder / "fake")
    return folder


def open_lab(page, scene=None, more=""):
    query = "&".join(f"{key}={value}" for key, value in scene.to_link().items()) if scene else ""
    page.goto(f"/judgements?run=fake&{query}{more}")
    settle(page)
    page.locator(".handle").nth(2).wait_for()
    stands(page.locator(".stage"))


def stands(part):
    """Wait until nothing above it pushes it about any more: a hand would miss the point."""
    before = None
    for _ in range(40):
        now = part.bounding_box()
        if now == before:
            return
        before = now
        part.page.wait_for_timeout(150)


def linked(page):
    """The scene that the address bar holds."""
    query = page.evaluate("Object.fromEntries(new URL(location.href).searchParams)")
    return Scene.from_link(query, FIRST)


def wait_for_link(page, **words):
    page.wait_for_url(lambda url: all(f"{key}={value}" in url for key, value in words.items()))


def centre(page, i):
    box = page.locator(".handle").nth(i).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def within_stage(page, i):
    box, (x, y) = page.locator(".stage").bounding_box(), centre(page, i)
    return x - box["x"], y - box["y"]


def focused(page):
    """What has the focus, as it is called by those who hear it; the lab may stand in a shadow tree."""
    return page.locator(".handle").first.evaluate("e => e.getRootNode().activeElement?.ariaLabel ?? ''")


def units(page):
    """Pixels of one unit of the plane, from where A and B lie."""
    (x, _), (u, _) = centre(page, 0), centre(page, 1)
    return (u - x) / (FIRST.points[1][0] - FIRST.points[0][0])


def sides(scene):
    a, p, n = (np.array(point[:2]) for point in scene.points[:3])
    return [float(np.linalg.norm(x - y)) for x, y in ((a, p), (a, n), (p, n))]


def drag(page, i, right, down, held=None):
    x, y = centre(page, i)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=6)
    if held:
        held()
    page.mouse.up()


def test_a_drag_moves_the_point_the_formula_and_the_link(page):
    open_lab(page)
    page.get_by_text("nobody punishes it").wait_for()
    scale = units(page)
    drag(page, 2, 0.5 * scale, -0.3 * scale)
    page.wait_for_url(re.compile("points="))
    scene = linked(page)
    assert scene.points[:2] == FIRST.points[:2]
    assert scene.points[2][:2] == pytest.approx((1.25, 0.75), abs=0.02)
    ap, an, pn = sides(scene)
    numbers = page.locator(".bracket .numbers")
    assert numbers.nth(0).inner_text() == f"[ {ap:.2f} − {an:.2f} + 0.20 ]₊"
    assert numbers.nth(1).inner_text() == f"[ {ap:.2f} − {pn:.2f} + 0.20 ]₊"
    page.reload()
    settle(page)
    page.locator(".handle").nth(2).wait_for()
    assert linked(page) == scene
    assert numbers.nth(1).inner_text() == f"[ {ap:.2f} − {pn:.2f} + 0.20 ]₊"
    page.screenshot(path=ARTIFACTS / "judgements.png")


def test_what_was_dragged_can_be_undone_and_done_again(page):
    open_lab(page)
    before = within_stage(page, 2)
    drag(page, 2, 60, 40)
    page.wait_for_url(re.compile("points="))
    moved = linked(page)
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(lambda url: "points=" not in url)
    assert within_stage(page, 2) == pytest.approx(before, abs=0.2)
    page.locator(".handle").nth(2).press("Control+Shift+z")
    page.wait_for_url(re.compile("points="))
    assert linked(page) == moved


# Two keys before the next picture is drawn, as on a slow machine: neither is lost.
BOTH_AT_ONCE = """handle => {
  for (const [key, shiftKey] of [["ArrowRight", false], ["ArrowDown", true]])
    handle.dispatchEvent(new KeyboardEvent("keydown", { key, shiftKey, bubbles: true }));
  handle.dispatchEvent(new KeyboardEvent("keyup", { key: "ArrowDown", bubbles: true }));
}"""


def test_keyboard_alone(page):
    open_lab(page)
    page.get_by_role("button", name="All satisfied").focus()
    for _ in range(30):
        page.keyboard.press("Tab")
        if "Point C" in focused(page):
            break
    page.locator(".handle").nth(2).evaluate(BOTH_AT_ONCE)
    wait_for_link(page, points="a-0.7_-0.2a0.35_0.1b0.77_0.35")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("3")
    wait_for_link(page, points="a-0.7_-0.2a0.35_0.1c0.79_0.35")
    assert "class 3, negative, x 0.79, y 0.35" in focused(page)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    wait_for_link(page, anchor="B")
    page.get_by_text("The triplet (B, A, C)").wait_for()
    page.get_by_role("button", name="Add a point of class 2").press("Enter")
    page.locator(".handle").nth(3).press("Delete")
    page.locator(".handle").nth(3).wait_for(state="detached")
    assert "Point C" in focused(page)  # not lost with the point
    page.locator(".handle").nth(0).press("Delete")
    page.get_by_text("Three points are the fewest").wait_for(state="attached")
    assert page.locator(".handle").count() == 3


def test_time_runs_stands_and_goes_back(page):
    open_lab(page)
    page.get_by_role("button", name="Play").click()
    page.locator(".note").get_by_text("stays incomplete").wait_for()  # one anchor, plain loss: nothing to play
    page.get_by_role("button", name="dual", exact=True).click()
    wait_for_link(page, loss="dual", at="0")
    page.get_by_role("button", name="One step").click()
    wait_for_link(page, at="1")
    page.get_by_text("Iterations 0 to 1: 2 with an incomplete judgement").wait_for()
    page.get_by_role("button", name="Play").click()
    page.locator(".note").get_by_text("nothing moves any more").wait_for()
    wait_for_link(page, at="7")  # as the curve said it would
    page.get_by_text("Loss 0 from iteration 7 on; incomplete judgements at 5 iterations.").wait_for()
    page.get_by_text("Satisfied: nothing is taken").wait_for()
    page.get_by_role("slider", name="Iteration").press("ArrowLeft")
    wait_for_link(page, at="6")
    page.get_by_role("button", name="Back to the start").click()
    wait_for_link(page, at="0")
    assert linked(page) == Scene(FIRST.points, loss="dual", step=0.02)


def test_a_drag_in_the_midst_of_a_descent_starts_anew_from_there(page):
    open_lab(page, Scene(FIRST.points, loss="dual", step=0.02, at=3))
    (a, _), (b, _) = within_stage(page, 0), within_stage(page, 1)
    drag(page, 2, 30, 0)
    wait_for_link(page, at="0")
    scene = linked(page)
    assert scene.points[0] == pytest.approx((-0.642, -0.184, 0), abs=2e-3)  # 3 steps of 0.02 along (0.962, 0.275)
    assert (within_stage(page, 0)[0], within_stage(page, 1)[0]) == pytest.approx((a, b), abs=0.3)
    page.get_by_role("button", name="Undo").click()
    wait_for_link(page, at="3")
    assert linked(page).points == FIRST.points


def test_the_control_is_one_click_away(page):
    open_lab(page, Scene(FIRST.points, mining="hard", step=0.02))
    said = page.locator(".curve .said")
    settled = [int(re.search(r"from iteration (\d+)", said.nth(i).inner_text())[1]) for i in (0, 1)]
    assert settled[1] < settled[0]
    assert "twice" not in said.nth(0).inner_text()
    page.get_by_role("button", name="Control: triplet at twice the step size").click()
    page.get_by_text("At twice the step size (dashed)").wait_for()
    wait_for_link(page, control="1")
    twice = said.nth(0).inner_text().split("\n")[1]
    assert f"Loss 0 from iteration {settled[1]} on" in twice  # exactly dual's number of steps


def test_the_cycle_shows_in_the_trace(page):
    open_lab(page)
    page.get_by_role("button", name="A cycle").click()
    wait_for_link(page, space="circle", at="56")
    page.get_by_role("slider", name="Iteration").fill("106")
    page.get_by_text("Iterations 0 to 106: 36 with an incomplete judgement, 23 recurrences.").wait_for()
    page.screenshot(path=ARTIFACTS / "judgements_cycle.png")
    near = [centre(page, i)[0] for i in (0, 1)]
    page.get_by_role("button", name="Close up").click()
    wait_for_link(page, close="0")
    apart = [centre(page, i)[0] for i in (0, 1)]
    assert abs(near[0] - near[1]) > 3 * abs(apart[0] - apart[1])


def test_a_point_stays_under_the_hand_close_up_too(page):
    open_lab(page, replace(FIRST, close=True))
    x, y = within_stage(page, 2)
    seen = []

    def look():
        page.wait_for_timeout(150)
        seen.extend(within_stage(page, 2))

    drag(page, 2, 40, -25, look)
    assert seen == pytest.approx((x + 40, y - 25), abs=1.5)
    page.wait_for_url(lambda url: "_0.45&" not in url)
    moved = linked(page).points[2]
    assert 0 < moved[0] - FIRST.points[2][0] < 0.4
    assert 0 < moved[1] - FIRST.points[2][1] < 0.3


def test_sliders_and_choices_are_in_the_link(page):
    open_lab(page)
    page.get_by_role("slider", name="Threshold τ").fill("0.55")
    wait_for_link(page, tau="0.55")
    page.get_by_role("button", name="unit circle").click()
    wait_for_link(page, space="circle")
    page.get_by_role("button", name="all (Batch Hard)").click()
    wait_for_link(page, mining="hard")
    assert page.locator(".triplets button").count() == 2
    page.get_by_role("slider", name="Step size").press("ArrowRight")
    page.wait_for_url(lambda url: "step=0.02&" not in url)
    assert linked(page).step == pytest.approx(0.021, abs=0.001)


def test_a_real_triplet_comes_into_the_lab_and_can_be_taken_back(page):
    open_lab(page, more="run_epoch=1")
    page.get_by_role("button", name="Put it into the lab").first.click()
    page.wait_for_url(re.compile("points="))
    ap, an, pn = sides(linked(page))
    page.locator(".bracket .numbers").nth(0).get_by_text(f"{ap:.2f} − {an:.2f}").wait_for()
    page.get_by_text(re.compile("B lies nearer to C")).first.wait_for()
    assert pn < ap
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(lambda url: "points=" not in url)


def test_a_finger_drags_and_the_page_still_scrolls(chromium, address):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, base_url=address)
    page = context.new_page()
    open_lab(page)
    page.locator(".stage").scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    session = context.new_cdp_session(page)

    def touch(kind, *at):
        points = [{"x": at[0], "y": at[1]}] if at else []
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    x, y = centre(page, 2)
    scrolled = page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
    touch("touchStart", x, y)
    for k in range(1, 7):
        touch("touchMove", x - 5 * k, y + 8 * k)
    touch("touchEnd")
    page.wait_for_url(re.compile("points="))
    assert centre(page, 2) == pytest.approx((x - 30, y + 48), abs=1.5)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == scrolled
    assert page.locator(".handle").first.evaluate("e => getComputedStyle(e).touchAction") == "none"
    assert page.locator(".drawing").evaluate("e => getComputedStyle(e).touchAction") == "auto"
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_phone_width_has_no_sideways_scrolling(chromium, address, theme):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, color_scheme=theme, base_url=address)
    page = context.new_page()
    open_lab(page)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    assert page.evaluate("[...document.images].filter((image) => !image.alt).length") == 0
    said = page.locator(".lab canvas[role=img]").evaluate_all("all => all.map((one) => one.ariaLabel)")
    assert len(said) == 4  # scene, two curves, trace
    assert all(said)
    context.close()


def test_a_bad_link_is_answered_kindly(page):
    page.goto("/judgements?run=fake&points=a0_0b1")
    settle(page)
    page.get_by_text("The link's picture can't be shown (points").wait_for()
    page.locator(".handle").nth(2).wait_for()


def test_picture_and_numbers_to_take_home(page):
    open_lab(page, Scene(FIRST.points, loss="dual", step=0.02, at=2))
    page.locator(".downloads summary").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Numbers (CSV)").first.click()
    lines = download.value.path().read_text().splitlines()
    assert download.value.suggested_filename == "judgements-dual-2.csv"
    assert lines[0].startswith("iteration,anchor,positive,negative,d_ap")
    assert len(lines) == 4  # a heading and iterations 0, 1, 2
    first = dict(zip(lines[0].split(","), lines[1].split(","), strict=True))
    assert [float(first[key]) for key in ("d_ap", "d_an", "d_pn")] == pytest.approx(sides(FIRST))
    assert first["incomplete"] == "1"
    page.locator(".downloads summary").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Picture (PNG)").first.click()
    assert download.value.path().read_bytes()[:4] == b"\x89PNG"


NOTEBOOK = """async ([text, css, data, scene]) => {
  const module = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  const values = { data, pick: { serial: 0, scene } };
  const el = document.body.appendChild(document.createElement("div"));
  document.head.appendChild(document.createElement("style")).textContent = css;
  window.values = values;
  window.hears = {};
  const model = { get: (k) => values[k], set: (k, v) => (values[k] = v), save_changes() {},
    on: (name, f) => (window.hears[name] = f), off: (name) => delete window.hears[name] };
  window.end = module.default().render({ model, el });
}"""


def test_the_same_module_in_a_notebook(page):
    """As anywidget does it: the default export without an argument, then render with a model and an element."""
    page.goto("/_stcore/health")  # any page of this origin
    page.evaluate(NOTEBOOK, [SOURCE.module, SOURCE.style, lab_payload(), FIRST.to_dict()])
    page.locator(".handle").nth(2).wait_for()
    page.locator(".handle").nth(2).press("ArrowUp")
    told = Scene.from_dict(page.evaluate("values.scene"))
    assert told.points[2] == (0.75, 0.47, 1)
    other = json.dumps(PRESETS[1].scene.to_dict())
    page.evaluate(f"values.pick = {{ serial: 1, scene: {other} }}; hears['change:pick']()")  # lab.show(…) in Python
    page.locator(".handle").nth(4).wait_for()
    page.evaluate("hears['change:pick']()")  # an echo of the same wish changes nothing
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("document.querySelectorAll('.handle').length === 3")
    page.evaluate("window.end()")
    assert page.locator(".handle").count() == 0
    assert page.evaluate("Object.keys(hears).length") == 0


def test_the_way_back_leads_to_the_picture_before(page):
    from playwright.sync_api import expect

    open_lab(page)
    page.get_by_role("slider", name="Threshold τ").fill("0.55")
    wait_for_link(page, tau="0.55")
    page.go_back()
    expect(page.get_by_role("slider", name="Threshold τ")).to_have_value("0.2")
    page.go_forward()
    expect(page.get_by_role("slider", name="Threshold τ")).to_have_value("0.55")
