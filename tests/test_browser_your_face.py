"""“Your face” in a real browser: a real file goes up, is judged and forgotten; a bad one is answered."""

import io

import numpy as np
import pytest
from app_server import ROOT, app_server, browser, fresh_visitor, settle
from PIL import Image

from muldml_lite.faces.lab import LabFace

ARTIFACTS = ROOT / "test-artifacts"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    ARTIFACTS.mkdir(exist_ok=True)
    runs = tmp_path_factory.mktemp("runs")
    log = ARTIFACTS / "server_your_face.log"
    with app_server(runs, log) as url, browser() as chromium, fresh_visitor(chromium, url) as page:
        yield page
    assert "secret-name" not in log.read_text(encoding="utf-8")


def a_face():
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(LabFace(3, {"AU6": 90, "AU12": 100, "AU25": 80}).draw(240))).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_file_goes_up_is_judged_and_forgotten(page):
    page.goto("/your_face?guide=off")
    settle(page)
    assert not page.locator(".yf-row").count()
    upload = page.locator("input[type=file]")
    upload.set_input_files({"name": "secret-name.png", "mimeType": "image/png", "buffer": a_face()})
    page.wait_for_selector(".yf-row")
    settle(page)
    assert page.locator(".yf-row").count() == 10  # raw pixels, eight slices, all of them
    assert "happiness" in page.locator(".yf-card").nth(1).inner_text()
    sizes = page.eval_on_selector_all(".yf-seen img", "all => all.map((one) => one.naturalWidth)")
    assert sizes == [480, 48]  # the photograph and what the network sees, really drawn
    slider = page.get_by_role("slider", name="Size")
    slider.focus()
    slider.press("ArrowLeft")
    page.wait_for_url("**side=99*")
    page.get_by_role("button", name="Forget this picture").click()
    page.wait_for_selector("text=Nothing to look at yet")
    page.wait_for_url(lambda url: "side=" not in url)  # the link follows what is shown

    upload.set_input_files({"name": "secret-name.jpg", "mimeType": "image/jpeg", "buffer": b"%PDF-1.7 not a picture"})
    page.wait_for_selector("text=this file is a PDF document")
    page.get_by_role("button", name="Try a drawn face").click()
    page.wait_for_url("**drawn=0*")
    page.wait_for_selector(".yf-row")
    assert not page.get_by_text("this file is a PDF document").count()
