"""The page Faces in a real browser: the face follows the finger, without Python; links, dice, morphs, downloads."""

from __future__ import annotations

import base64
import io
import json
import re

import numpy as np
import pytest
from app_server import ROOT, settle
from fake_run import write_fake_run
from fake_weights import write_fake_weights
from PIL import Image

from muldml_lite.faces import prototype
from muldml_lite.faces.lab import LabFace
from muldml_lite.runs import Run
from muldml_lite.widgets.faces import SOURCE, answer, lab_payload, read_surroundings

ARTIFACTS = ROOT / "test-artifacts"
FACE = "person=17&au=6-90.12-100"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    write_fake_weights(write_fake_run(folder / "fake"))
    return folder


def come(page, face=FACE):
    page.goto(f"/faces?run=fake&{face}")
    settle(page)
    page.locator(".said .most").wait_for(timeout=120_000)  # the network is loaded and has spoken


def slider(page, name):
    return page.locator(f'.lab .slider input[aria-label^="{name}"]')


def seen(page):
    """What the large face shows: (256, 256, 3)."""
    url = page.locator(".lab .large").evaluate("canvas => canvas.toDataURL()")
    return np.asarray(
        Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB").resize((256, 256)), int
    )


def looks_like(page, face):
    """Mean grey levels between the shown face and Python's; another expression is off by several."""
    return np.abs(seen(page) - face.draw(256)).mean()


def press_at(page, name, share):
    """Put the mouse on a slider and press: the thumb goes there."""
    slider(page, name).scroll_into_view_if_needed()
    box = slider(page, name).bounding_box()
    x = box["x"] + 9 + (box["width"] - 18) * share
    page.mouse.move(x, box["y"] + box["height"] / 2)
    return box


HOLD = """() => {
  const [held, send] = [[], WebSocket.prototype.send];
  WebSocket.prototype.send = function (message) { held.push([this, message]); };
  window.letGo = () => {
    WebSocket.prototype.send = send;
    held.forEach(([socket, message]) => send.call(socket, message));
  };
}"""  # nothing reaches Python until it is let go


def test_the_face_follows_the_finger_without_python(page):
    come(page)
    box = press_at(page, "AU4 ", 0)
    page.wait_for_timeout(1500)  # the strip along the slider comes while the mouse rests there
    page.evaluate(HOLD)
    page.mouse.down()
    for share in (0.5, 0.75, 1):
        page.mouse.move(box["x"] + 9 + (box["width"] - 18) * share, box["y"] + 10)
        page.wait_for_timeout(40)
        percent = int(slider(page, "AU4 ").input_value())
        assert percent == pytest.approx(100 * share, abs=5)
        assert looks_like(page, LabFace(17, {"AU6": 90, "AU12": 100, "AU4": percent})) < 3.5
        assert looks_like(page, LabFace(17, {"AU6": 90, "AU12": 100})) > 1.3 * looks_like(
            page, LabFace(17, {"AU6": 90, "AU12": 100, "AU4": percent})
        )
    page.mouse.up()
    page.evaluate("window.letGo()")
    page.wait_for_url(re.compile(r"au=4-100\.6-90\.12-100"))
    page.reload()
    page.locator(".said .most").wait_for()
    assert slider(page, "AU4 ").input_value() == "100"
    assert looks_like(page, LabFace(17, {"AU4": 100, "AU6": 90, "AU12": 100})) < 2


def test_neighbours_and_places_are_those_of_python(page, runs):
    come(page)
    around = read_surroundings(Run(runs / "fake"))
    from muldml_lite.analysis.embedding_of import Embedder
    from muldml_lite.faces.lab import draw_faces

    face = [LabFace(17, {"AU6": 90, "AU12": 100})]
    _, apart, _ = around.find(draw_faces(face, 24), Embedder(around.run).embed(draw_faces(face, 48)))
    shown = np.array([row.split() for row in page.locator(".lab .near").all_inner_texts()], float)
    assert shown.shape in ((5, 4), (5, 5))  # narrow pictures have room for four
    assert shown == pytest.approx(apart[0][:, : shown.shape[1]], abs=0.0051)
    assert page.locator(".lab .panel").count() == 5
    assert "nearest is" in page.locator(".lab .panel canvas[role=img]").nth(2).get_attribute("aria-label")


def test_keyboard_alone(page):
    come(page)
    slider(page, "AU15").focus()
    assert "depressor anguli oris" in page.locator(".coach").inner_text()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(r"au=6-90\.12-100\.15-15"))
    page.get_by_role("button", name="anger", exact=True).press("Enter")
    page.wait_for_url(re.compile(r"au=4-100\.5-70\.7-60\.23-100"))
    assert page.get_by_role("button", name="anger", exact=True).get_attribute("aria-pressed") == "true"
    page.locator(".lab .hear", has_text="network says").wait_for(state="attached")


def person(page):
    return int(re.search(r"person=(\d+)", page.url)[1])


def test_dice_sliders_and_morph_ends_can_be_taken_back(page):
    come(page)
    undo, redo = (page.get_by_role("button", name=name, exact=True) for name in ("Undo", "Redo"))
    assert undo.is_disabled()
    page.get_by_role("button", name="New person").click()
    page.wait_for_url(lambda url: "person=17&" not in url)
    second = person(page)
    assert page.locator(".lab .seed").input_value() == str(second)
    for _ in range(3):
        slider(page, "AU4 ").press("ArrowRight")  # keys one after another are one move
    page.wait_for_url(re.compile(r"au=4-15\.6-90"))
    page.get_by_label("Last expression").select_option("fear")
    page.wait_for_url(re.compile("morph=neutral-fear"))
    undo.click()
    page.wait_for_url(lambda url: "morph=" not in url)
    assert page.get_by_label("Last expression").input_value() == "happiness"
    slider(page, "AU4 ").press("Control+z")
    page.wait_for_url(re.compile("au=6-90"))
    assert slider(page, "AU4 ").input_value() == "0"
    undo.click()
    page.wait_for_url(re.compile("person=17&"))
    assert undo.is_disabled()
    redo.click()
    page.wait_for_url(re.compile(f"person={second}&"))
    slider(page, "AU4 ").press("Control+y")
    page.wait_for_url(re.compile(r"au=4-15\.6-90"))
    page.locator(".lab .seed").fill("42")
    page.locator(".lab .seed").press("Enter")
    page.wait_for_url(re.compile("person=42&"))
    assert redo.is_disabled()  # what was taken back is gone once something else is done
    assert "au=4-15.6-90.12-100" in page.url  # another person, the same expression


def test_a_link_that_is_followed_is_shown(page):
    come(page)
    page.get_by_role("button", name="anger", exact=True).click()
    page.wait_for_url(re.compile(r"au=4-100"))
    page.go_back()
    page.locator('.lab input[aria-label^="AU12 "][aria-valuetext="100 %"]').wait_for()
    assert looks_like(page, LabFace(17, {"AU6": 90, "AU12": 100})) < 2


def test_a_wild_shot_brings_its_own_dials(page):
    come(page)
    page.get_by_role("button", name="Wild").click()
    page.wait_for_url(re.compile(r"shot=wild-\d+"))
    take = int(re.search(r"shot=wild-(\d+)", page.url)[1])
    face = LabFace(17, {"AU6": 90, "AU12": 100}, "wild", take)
    turned = f"{face.dials['yaw']}°".replace("-", "−")
    page.locator(f'.lab input[aria-label="Turn"][aria-valuetext="{turned}"]').wait_for()
    assert looks_like(page, face) < 0.5 * looks_like(page, LabFace(17, {"AU6": 90, "AU12": 100}))
    slider(page, "Turn").fill("20")
    page.wait_for_url(re.compile(rf"shot=wild-{take}\.yaw20"))


def test_one_expression_turns_into_another(page):
    come(page)
    page.get_by_label("First expression").select_option("sadness")
    page.get_by_label("Last expression").select_option("fear")
    page.get_by_role("button", name="Play the change").click()
    names = ".".join(
        f"{name.removeprefix('AU')}-{value}" for name, value in LabFace().morph("sadness", "fear")[-1].units.items()
    )
    page.wait_for_url(re.compile(re.escape(f"au={names}")), timeout=20_000)
    assert "morph=sadness-fear" in page.url
    middle = page.get_by_role("slider", name="From one expression")
    assert middle.input_value() == "24"
    middle.fill("12")
    half = (prototype("sadness") + prototype("fear")) / 2
    page.wait_for_url(re.compile("au=1-100.2-35"))
    assert slider(page, "AU4 ").get_attribute("aria-valuetext") == f"{round(100 * half[2])} %"


def test_what_is_taken_home(page):
    come(page)
    page.locator(".lab .downloads summary").click()
    with page.expect_download() as coming:
        page.get_by_role("button", name="Picture (PNG)").click()
    picture = np.asarray(Image.open(coming.value.path()))
    assert np.array_equal(picture, LabFace(17, {"AU6": 90, "AU12": 100}).draw(256))
    assert coming.value.suggested_filename == "face-17.png"
    page.locator(".lab .downloads summary").click()
    with page.expect_download() as coming:
        page.get_by_role("button", name="Numbers (CSV)").click()
    lines = coming.value.path().read_text().splitlines()
    assert lines[0] == "step,vary,value,space,x,y,rank,neighbour,expression,distance"
    assert len(lines) == 1 + 26 * 5 * 5  # the face and the path, in five spaces, five neighbours each


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_phone(chromium, address, theme):
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, color_scheme=theme, base_url=address
    )
    page = context.new_page()
    come(page)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    target = slider(page, "AU26")
    target.scroll_into_view_if_needed()
    face = page.locator(".lab .large").bounding_box()
    assert 0 < face["y"] < 200  # the face stays in sight
    box = target.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] - 9, box["y"] + box["height"] / 2)
    page.wait_for_url(re.compile(r"26-(9|10)"))
    page.screenshot(path=ARTIFACTS / f"phone_faces_{theme}.png")
    context.close()


NOTEBOOK = """async ([text, css, data, pick]) => {
  const module = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  const values = { data, pick, ask: null };
  const heard = {};
  const el = document.body.appendChild(document.createElement("div"));
  document.head.appendChild(document.createElement("style")).textContent = css;
  const model = { get: (k) => values[k], set: (k, v) => (values[k] = v), save_changes() {},
    on: (k, f) => (heard[k] = f), off() {} };
  Object.assign(window, { values, heard, end: module.default().render({ model, el }) });
}"""


def test_the_same_module_in_a_notebook(page, runs):
    """Python's part is played here: what the view asks is answered as the widget does it."""
    page.goto("/_stcore/health")
    around = read_surroundings(Run(runs / "fake"))
    face = LabFace(17, {"AU6": 90, "AU12": 100})
    usual = {"waiting": "", "problem": "", "morph": "neutral-fear"}
    first = {**answer(face, "", around), **usual, "serial": 0}
    page.evaluate(NOTEBOOK, [SOURCE.module, SOURCE.style, lab_payload(around), first])
    page.locator(".lab .panel").nth(4).wait_for()
    asked = json.loads(page.evaluate("JSON.stringify(values.ask)"))
    assert asked["vary"] == "morph:neutral:fear"
    assert LabFace.from_values(asked["face"]) == face
    told = {**answer(face, asked["vary"], around), **usual, "serial": asked["serial"]}
    page.evaluate("(pick) => { values.pick = pick; heard['change:pick'](); }", told)
    page.wait_for_timeout(300)
    page.get_by_role("slider", name="From one expression").fill("24")
    assert looks_like(page, face.morph("neutral", "fear")[-1]) < 3.5
    page.get_by_role("button", name="New person").click()
    page.get_by_role("slider", name="From one expression").fill("3")
    asked = json.loads(page.evaluate("JSON.stringify(values.ask)"))  # the strip at hand shows somebody else
    assert asked["vary"] == "morph:neutral:fear"
    assert asked["face"]["person"] != 17
    page.evaluate("window.end()")
    assert page.locator(".lab .panel").count() == 0


def test_an_answer_does_not_undo_what_is_being_typed(page, runs):
    page.goto("/_stcore/health")
    around = read_surroundings(Run(runs / "fake"))
    usual = {"waiting": "", "problem": "", "morph": "neutral-fear"}
    first = {**answer(LabFace(17), "", around), **usual, "serial": 0}
    page.evaluate(NOTEBOOK, [SOURCE.module, SOURCE.style, lab_payload(around), first])
    page.locator(".lab .seed").fill("42")
    serial = page.evaluate("values.ask.serial")
    page.evaluate("(pick) => { values.pick = pick; heard['change:pick'](); }", {**first, "serial": serial})
    page.wait_for_timeout(300)
    page.locator(".lab .seed").press("Enter")
    assert page.evaluate("values.ask.face.person") == 42
    page.locator(".lab .seed").fill("-3")
    page.locator(".lab .seed").press("Enter")
    assert page.locator(".lab .seed").input_value() == "42"
