"""The slices view in a real browser: lasso, linked zoom, colours, time; by mouse, keys and fingers; all in the link."""

from __future__ import annotations

import base64
import csv
import io
import json
import re

import numpy as np
import pytest
from app_server import ROOT, find_point, fresh_visitor, settle
from fake_run import CLASSES, write_fake_run
from PIL import Image
from test_widgets import as_json

from muldml_lite import analysis, widgets
from muldml_lite.runs import Run
from muldml_lite.widgets.packed import pack

ARTIFACTS = ROOT / "test-artifacts"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    write_fake_run(folder / "fake", umap=True)
    return folder


def open_view(page, words=""):
    page.goto(f"/slices?run=fake{words}")
    settle(page)
    page.locator(".panel canvas").first.wait_for()


def corners(page, panel=0):
    """Most of a panel, as a path that a mouse or finger can go."""
    box = page.locator(".panel canvas").nth(panel).bounding_box()
    shares = ((0.03, 0.03), (0.97, 0.03), (0.97, 0.97), (0.03, 0.97))
    return [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in shares]


def test_a_lasso_selects_everywhere_and_is_in_the_link(page):
    open_view(page)
    path = corners(page)
    page.mouse.move(*path[0])
    page.keyboard.down("Shift")
    page.mouse.down()
    for x, y in path[1:]:
        page.mouse.move(x, y, steps=3)
    page.mouse.up()
    page.keyboard.up("Shift")
    page.get_by_role("heading", name="60 faces selected").wait_for()
    page.wait_for_url(re.compile(r"lasso=0-59\b"))
    table = page.locator(".selection table").first
    counts = dict(
        zip(table.locator("th[scope=row]").all_inner_texts(), table.locator("td").all_inner_texts(), strict=True)
    )
    probe_labels = np.arange(60) % len(CLASSES)
    assert counts == {name: str((probe_labels == k).sum()) for k, name in enumerate(CLASSES)}
    assert page.locator(".near button").count() == 0  # a drag is not a click
    page.reload()
    settle(page)
    page.get_by_role("heading", name="60 faces selected").wait_for()
    page.locator(".panel canvas").first.press("Escape")
    page.wait_for_url(lambda url: "lasso" not in url)
    assert page.locator(".selection").count() == 0


def test_keys_select_too(page):
    open_view(page)
    canvas = page.locator(".panel canvas").nth(2)
    canvas.focus()
    for key in ("ArrowRight", "s", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    page.get_by_role("heading", name="2 faces selected").wait_for()
    page.wait_for_url(re.compile(r"lasso=\d+(\.|-)\d+"))
    page.get_by_role("button", name="Clear").click()
    page.wait_for_url(lambda url: "lasso" not in url)


def pixels(page, panel):
    url = page.locator(".panel canvas").nth(panel).evaluate("(canvas) => canvas.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB"), float)


def apart(one, other):
    return np.abs(one - other).mean()


def test_zoom_is_one_for_all_panels_and_in_the_link(page):
    open_view(page)
    before = [pixels(page, panel) for panel in range(4)]
    find_point(page, 1)
    page.mouse.wheel(0, -400)  # without Ctrl, the wheel is the page's
    page.get_by_text("Hold Ctrl").wait_for()
    page.evaluate("scrollTo(0, 0)")
    assert "zoom" not in page.url
    page.locator(".panel canvas").nth(1).scroll_into_view_if_needed()
    find_point(page, 1)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    page.wait_for_url(re.compile("zoom="))
    scale = float(re.search(r"zoom=[^~]+~[^~]+~([\d.]+)", page.url)[1])
    assert 1.2 < scale < 3
    page.mouse.move(2, 2)
    shots = [pixels(page, panel) for panel in range(4)]
    assert min(apart(one, other) for one, other in zip(shots, before, strict=True)) > 3
    page.reload()
    settle(page)
    assert max(apart(pixels(page, panel), shots[panel]) for panel in range(4)) < 1  # rounded to thousandths
    page.get_by_role("button", name="Show all points").click()
    page.wait_for_url(lambda url: "zoom" not in url)
    assert apart(pixels(page, 3), before[3]) == 0


def test_a_report_changes_only_what_it_is_about(page):
    """A picked face that came from the link or a button, not from a click, is still picked after a zoom."""
    open_view(page, "&point=17&epoch=1")
    page.get_by_role("button", name="Zoom in").click()
    page.wait_for_url(re.compile("zoom="))
    page.get_by_text("point 17").wait_for()
    assert "point=17" in page.url
    assert "epoch=1" in page.url


def test_a_drag_pans_and_picks_nothing(page):
    open_view(page, "&zoom=0~0~3")
    box = page.locator(".panel canvas").first.bounding_box()
    start = find_point(page)  # a point goes with the mouse, which is released over it: that must not be a click
    page.mouse.down()
    page.mouse.move(start[0] + 40, start[1] - 20, steps=4)
    page.mouse.up()
    page.wait_for_url(lambda url: "zoom=0~0~3" not in url and "zoom=" in url)
    x, y, scale = map(float, re.search(r"zoom=([-\d.]+)~([-\d.]+)~([\d.]+)", page.url).groups())
    reach = (box["width"] / 2 - 12) * 3
    assert (x, y, scale) == pytest.approx((-40 / reach, -20 / reach, 3), abs=0.01)
    assert "point=" not in page.url


def test_colours_layout_and_items_are_in_the_link(page, runs):
    open_view(page)
    page.get_by_label("Colour by").select_option("correctness")
    snapshot, probe = Run(runs / "fake").snapshot(), Run(runs / "fake").probe
    right = int((snapshot.predictions == probe.labels).sum())
    page.get_by_role("button", name=f"predicted right {right}").click()
    page.get_by_role("button", name="UMAP").click()
    page.wait_for_url(lambda url: all(word in url for word in ("colour=correctness", "kind=umap", "only=predicted")))
    page.reload()
    settle(page)
    assert page.get_by_role("button", name=f"predicted right {right}").get_attribute("aria-pressed") == "true"
    assert page.get_by_label("Colour by").input_value() == "correctness"
    page.get_by_role("slider", name="Epoch").press("Home")
    right = int((Run(runs / "fake").snapshot(0).predictions == probe.labels).sum())
    page.get_by_role("button", name=f"predicted right {right}").wait_for()


def test_a_click_does_not_send_the_data_again(chromium, address, runs):
    """All values of the run go to the browser once; a click brings back a token and a few words."""
    with fresh_visitor(chromium, address) as page:
        sizes = []
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: sizes.append(len(frame))))
        open_view(page)
        packed = len(pack(widgets.slices_payload(Run(runs / "fake"))))
        assert max(sizes) >= packed
        sizes.clear()
        page.mouse.click(*find_point(page))
        page.get_by_text("The head says").wait_for()
        page.wait_for_timeout(300)
        module = len(widgets.slices.SOURCE.module.encode()) + len(widgets.slices.SOURCE.style.encode())
        assert 0 < sum(sizes) < module + 20_000


def test_the_comparison_tells_ranks_that_python_confirms(page, runs):
    open_view(page, "&point=17")
    rows = page.locator(".ranks tbody tr")
    rows.first.wait_for()
    faces = [
        int(f) for f in page.locator(".ranks thead button").evaluate_all("(all) => all.map((b) => b.dataset.face)")
    ]
    snapshot = Run(runs / "fake").snapshot()
    for s in range(4):
        near = analysis.neighbours(snapshot, 17, 5, slice=s)[0].tolist()
        cells = [cell.strip() for cell in rows.nth(s).locator("td").all_inner_texts()[:-1]]
        assert cells == [str(near.index(face) + 1) if face in near else "·" for face in faces]
    page.locator(".ranks thead button").first.hover()
    lit = page.locator(f'[data-face="{faces[0]}"].lit').count()
    assert lit == 1 + sum(faces[0] in analysis.neighbours(snapshot, 17, 5, slice=s)[0] for s in range(4))


def test_picture_and_numbers_to_take_home(page, runs, tmp_path):
    open_view(page, "&epoch=2&lasso=4-6")
    page.locator(".downloads summary").click()
    with page.expect_download() as numbers:
        page.get_by_role("button", name="Numbers (CSV)").click()
    assert numbers.value.suggested_filename == "fake-slices-epoch-2-pca.csv"
    with open(numbers.value.path(), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    run = Run(runs / "fake")
    snapshot, probe = run.snapshot(2), run.probe
    assert len(rows) == 4 * 60
    row = rows[60 + 5]  # the second slice's sixth face
    assert (row["point"], row["slice"], row["epoch"], row["selected"]) == ("5", "2", "2", "1")
    assert row["predicted"] == CLASSES[snapshot.predictions[5]]
    assert float(row["confidence"]) == pytest.approx(float(snapshot.confidence[5]), abs=0.003)
    assert row["subject"] == str(probe.subjects[5])
    apart = run.residuals()[2, 1]
    assert float(row["residual"]) == pytest.approx(apart, abs=1e-3)
    assert float(page.locator(".apart").nth(1).inner_text().removeprefix("Δ ")) == pytest.approx(apart, abs=6e-3)
    assert page.locator(".apart").nth(0).inner_text() == ""
    xy = np.array([[float(r["pca_x"]), float(r["pca_y"])] for r in rows[60:120]])
    given = run.layout("pca")[1][2, 1]
    assert np.corrcoef(np.concatenate([xy, given], 1), rowvar=False)[[0, 1], [2, 3]] == pytest.approx([1, 1], abs=1e-5)
    page.locator(".downloads summary").click()
    with page.expect_download() as picture:
        page.get_by_role("button", name="Picture (PNG)").click()
    assert picture.value.path().read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_a_wrong_link_is_one_line_each_and_the_view_is_there(page):
    open_view(page, "&colour=smell&zoom=9~9~9&lasso=zz&epoch=77&point=4")
    for word in ("colour=smell", "zoom=9~9~9", "lasso=zz", "epoch=77"):
        page.get_by_text(f"The link has {word}").wait_for()
    page.get_by_text("point 4").wait_for()
    page.wait_for_url(lambda url: "zoom" not in url)
    page.wait_for_url(lambda url: "smell" not in url)


def finger(session, kind, *points):
    session.send(
        "Input.dispatchTouchEvent",
        {"type": kind, "touchPoints": [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]},
    )


def test_fingers_lasso_and_pinch(chromium, address):
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, base_url=address
    )
    page = context.new_page()
    open_view(page)
    session = context.new_cdp_session(page)
    page.get_by_role("button", name="Lasso").tap()
    page.locator(".panel canvas").first.scroll_into_view_if_needed()
    path = corners(page)
    finger(session, "touchStart", path[0])
    for point in path[1:]:
        finger(session, "touchMove", point)
    finger(session, "touchEnd")
    page.get_by_role("heading", name="60 faces selected").wait_for()
    page.get_by_role("button", name="Lasso").tap()
    page.locator(".panel canvas").first.scroll_into_view_if_needed()
    (x, y), _, (right, low), _ = corners(page)
    finger(session, "touchStart", ((x + right) / 2 - 15, (y + low) / 2), ((x + right) / 2 + 15, (y + low) / 2))
    for reach in (25, 40, 55):
        finger(session, "touchMove", ((x + right) / 2 - reach, (y + low) / 2), ((x + right) / 2 + reach, (y + low) / 2))
    finger(session, "touchEnd")
    page.wait_for_url(re.compile("zoom="))
    assert 3 < float(re.search(r"zoom=[^~]+~[^~]+~([\d.]+)", page.url)[1]) < 4.2  # 30 pixels became 110
    context.close()


INSIDE = """async ([text, css, data, share]) => {
  const expose = "globalThis.made = { SlicesView, pointsInside };";
  await import(URL.createObjectURL(new Blob([text, expose], { type: "text/javascript" })));
  document.head.appendChild(document.createElement("style")).textContent = css;
  const view = new made.SlicesView(document.body.appendChild(document.createElement("div")));
  view.update({ ...data, pick: { serial: 1, index: null, epoch: 0 } }, () => {});
  await new Promise((done) => setTimeout(done, 300));
  const panel = view.panels[2];
  const path = share.map(([x, y]) => [x * panel.side, y * panel.side]);
  return { side: panel.side, inside: made.pointsInside(view, panel, path) };
}"""


def test_a_lasso_takes_what_lies_inside_also_of_a_shape_with_a_notch(page, runs):
    """An L is two rectangles: whether a point is in one of them needs no clever rule."""
    page.goto("/_stcore/health")
    payload = widgets.slices_payload(Run(runs / "fake"))
    shape = [(0.5, 0.35), (0.65, 0.35), (0.65, 0.65), (0.35, 0.65), (0.35, 0.5), (0.5, 0.5)]
    source = widgets.slices.SOURCE
    found = page.evaluate(INSIDE, [source.module, source.style, json.loads(as_json(payload)), shape])
    layout = np.frombuffer(payload["layouts"]["pca"], np.int16).reshape(4, 4, 60, 2)[0, 2] / 32_000
    reach = 0.5 - 12 / found["side"]
    x, y = 0.5 + layout[:, 0] * reach, 0.5 - layout[:, 1] * reach
    middle = (abs(x - 0.5) < 0.15) & (abs(y - 0.5) < 0.15)
    expected = middle & ((x > 0.5) | (y > 0.5))
    assert 5 < expected.sum() < middle.sum() - 2
    assert found["inside"] == np.flatnonzero(expected).tolist()


MARKS = """async ([text, css, data]) => {
  const expose = "globalThis.made = { SlicesView, drawMark, place, unpack };";
  const module = await import(URL.createObjectURL(new Blob([text, expose], { type: "text/javascript" })));
  document.head.appendChild(document.createElement("style")).textContent = css;
  const el = document.body.appendChild(document.createElement("div"));
  el.style.width = "900px";
  const view = (globalThis.view = new made.SlicesView(el));
  view.update({ ...data, pick: { serial: 1, index: null, look: { zoom: [0.2, -0.1, 2] } } }, () => {});
  await new Promise((done) => setTimeout(done, 300));
  const panel = view.panels[1];
  const { width, height } = panel.canvas;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const plain = canvas.getContext("2d");
  plain.fillStyle = view.theme.soft;
  plain.fillRect(0, 0, canvas.width, canvas.height);
  for (const i of view.order)
    made.drawMark(plain, view.item(i), ...made.place(view, panel, i), view.radius, data.test[i] === 1, view.theme);
  const [a, b] = [panel.context, plain].map((context) => context.getImageData(0, 0, canvas.width, canvas.height).data);
  let [sum, marked] = [0, 0];
  for (let p = 0; p < a.length; p++) sum += Math.abs(a[p] - b[p]);
  for (let p = 0; p < b.length; p += 4) marked += b[p] !== b[0] || b[p + 1] !== b[1];
  return { error: sum / marked / 3, marked };
}"""


def test_marks_copied_as_pixels_look_like_marks_drawn(page, runs):
    """The canvas's own way of drawing is the oracle: a quarter of a pixel is the most that a mark may be off."""
    page.goto("/_stcore/health")
    data = json.loads(as_json(widgets.slices_payload(Run(runs / "fake"))))
    found = page.evaluate(MARKS, [widgets.slices.SOURCE.module, widgets.slices.SOURCE.style, data])
    assert found["marked"] > 500
    assert found["error"] < 8  # of 255, over pixels with a mark; marks a pixel off make 19


LATE = """async ([text, css, data]) => {
  const module = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  document.head.appendChild(document.createElement("style")).textContent = css;
  const values = { data, pick: { serial: 0, index: null } };
  const el = document.createElement("div");
  module.default().render({ model: { get: (k) => values[k], set() {}, save_changes() {}, on() {}, off() {} }, el });
  await new Promise((done) => setTimeout(done, 100));
  document.body.append(el);
  await new Promise((done) => setTimeout(done, 400));
  const canvas = el.querySelector(".panel canvas");
  const colour = document.createElement("canvas").getContext("2d");
  colour.fillStyle = getComputedStyle(canvas).backgroundColor;
  colour.fillRect(0, 0, 9, 9);
  return [canvas.getContext("2d"), colour].map((context) => [...context.getImageData(2, 2, 1, 1).data]);
}"""


def test_a_view_made_before_it_is_on_the_page_has_the_pages_colours(page, runs):
    """JupyterLab renders a widget first and puts it on the page then."""
    page.goto("/_stcore/health")
    data = json.loads(as_json(widgets.slices_payload(Run(runs / "fake"))))
    drawn, meant = page.evaluate(LATE, [widgets.slices.SOURCE.module, widgets.slices.SOURCE.style, data])
    assert drawn == pytest.approx(meant, abs=1)
    assert sum(drawn) > 255  # black is what nobody has chosen


def test_packed_values_come_out_as_they_went_in(page):
    page.goto("/_stcore/health")
    values = {"token": "τ", "a": b"\x01\x02\x03", "deep": {"b": bytes(range(250))}, "list": [1, None, "x"], "none": b""}
    packed = list(pack(values))
    script = """async ([text, packed]) => {
      const module = new Blob([text, "globalThis.made = { unpack, shortsOf };"], { type: "text/javascript" });
      await import(URL.createObjectURL(module));
      const plain = (value) => JSON.parse(JSON.stringify(value, (_, v) => (v instanceof Uint8Array ? [...v] : v)));
      const odd = new Uint8Array(packed.length + 1);
      odd.set(packed, 1);
      const both = [Uint8Array.from(packed), odd.subarray(1)].map((bytes) => made.unpack(bytes));
      return both.map((values) => [plain(values), [...made.shortsOf(values.deep.b)]]);
    }"""
    expected = {"token": "τ", "a": [1, 2, 3], "deep": {"b": list(range(250))}, "list": [1, None, "x"], "none": []}
    shorts = np.frombuffer(values["deep"]["b"], "<i2").tolist()
    assert page.evaluate(script, [widgets.slices.SOURCE.module, packed]) == [[expected, shorts]] * 2


def test_the_way_back_and_forth_leads_through_what_was_picked(page, runs):
    open_view(page, "&point=3")
    described = page.get_by_text(re.compile(r"· point \d+"))
    described.filter(has_text="· point 3").wait_for()
    page.get_by_role("button", name="Surprise me").click()
    page.wait_for_url(lambda url: "point=3" not in url.split("&"))
    surprised = re.search(r"point=(\d+)", page.url)[1]
    described.filter(has_text=re.compile(rf"· point {surprised}$")).wait_for()
    page.go_back()
    described.filter(has_text=re.compile(r"· point 3$")).wait_for()
    page.wait_for_url(lambda url: "point=3" in url.split("&"))
    nearest = analysis.neighbours(Run(runs / "fake").snapshot(), 3, 1, slice=0)[0][0]
    page.locator(f".near button:first-child[data-face='{nearest}']").first.wait_for()  # the view follows, too
    page.go_forward()
    described.filter(has_text=re.compile(rf"· point {surprised}$")).wait_for()
