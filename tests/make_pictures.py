"""Makes the README's pictures: a sheet of drawn faces, every page of the real app, and a short animated tour."""

from __future__ import annotations

import io
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from app_server import ROOT, app_server, browser, settle
from PIL import Image

from muldml_lite.faces import EXPRESSIONS, expression_sheet

PICTURES = ROOT / "data" / "pictures"
DESKTOP, PHONE = {"width": 1280, "height": 1060}, {"width": 390, "height": 844}
POINT = 33  # the face that is picked on the page Slices
# Every page as it is best seen: a link is a view. (Comparing takes two runs; the repository ships one.)
PAGES = {
    "tour": "/?guide=off",
    "faces": "/faces?guide=off",
    "train": "/train?guide=off",
    "slices": f"/slices?point={POINT}&guide=off",
    "thresholds": "/thresholds?guide=off",
    "judgements": "/judgements?guide=off",
    "evidence": "/evidence?guide=off",
    "your_face": "/your_face?drawn=5&guide=off",
}
DARK, PHONES = ("evidence",), ("tour", "judgements")  # shown dark instead; on a phone, too
FILM = {"width": 1000, "height": 720}
ARRIVED = """() => !document.querySelector('[data-testid=stSkeleton],[data-stale=true]')
  && document.querySelector('[data-test-script-state=notRunning]')"""  # nothing is still on its way
LARGEST = 3_000_000  # bytes of the animated picture


def main(wanted: list[str]) -> None:
    """All pictures, or those whose names are given: people, film, or pages."""
    PICTURES.mkdir(exist_ok=True)
    if not wanted or "people" in wanted:
        Image.fromarray(landscape(expression_sheet(12, 64), 64, 2)).save(PICTURES / "faces.png", optimize=True)
    with (
        tempfile.TemporaryDirectory() as empty,
        browser() as chromium,
        app_server(Path(empty), Path(empty) / "server.log") as address,
    ):
        for names, look, size in (
            ([name for name in PAGES if name not in DARK], "light", DESKTOP),
            (DARK, "dark", DESKTOP),
            (PHONES, "light_phone", PHONE),
        ):
            context = chromium.new_context(viewport=size, color_scheme=look.split("_")[0], base_url=address)
            for name in names:
                if not wanted or name in wanted:
                    save(shot(context, PAGES[name]), PICTURES / f"{name}_{look}.webp")
            context.close()
        if not wanted or "film" in wanted:
            context = chromium.new_context(viewport=FILM, color_scheme="light", base_url=address)
            save_film(list(film(context.new_page())), PICTURES / "film.webp")
            context.close()


def shot(context: Any, link: str) -> bytes:
    page = context.new_page()
    page.goto(link)
    settle(page)
    page.wait_for_timeout(2000)  # charts and points fade in
    page.wait_for_function(ARRIVED)
    taken = page.screenshot()
    page.close()
    return taken


def film(page: Any) -> Iterator[tuple[bytes, int]]:
    """Frames of a short visit, each with its milliseconds: slices, time, judgements, thresholds."""
    open_view(page, f"/slices?point={POINT}&guide=off")
    yield page.screenshot(), 1000
    canvas = page.locator(".panel canvas").first.bounding_box()
    for step in range(8):
        page.mouse.move(canvas["x"] + canvas["width"] * (0.25 + 0.07 * step), canvas["y"] + canvas["height"] * 0.5)
        page.wait_for_timeout(60)
        yield page.screenshot(), 320
    page.mouse.move(5, 5)
    page.get_by_role("slider", name="Epoch").first.focus()
    page.keyboard.press("Home")
    for _ in range(12):
        page.wait_for_timeout(450)
        yield page.screenshot(), 260
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(600)
    yield page.screenshot(), 900
    yield from judgements(page)
    yield from thresholds(page)


def judgements(page: Any) -> Iterator[tuple[bytes, int]]:
    """An incomplete judgement that the triplet loss leaves alone, and the dual one does not."""
    open_view(page, "/judgements?guide=off")
    for loss, steps in (("triplet", 3), ("dual", 9)):
        page.locator("button", has_text=re.compile(f"^{loss}$")).first.click()
        yield page.screenshot(), 900
        for _ in range(steps):
            page.locator("button", has_text="▶❙").first.click()
            page.wait_for_timeout(120)
            yield page.screenshot(), 180
    yield page.screenshot(), 900


def thresholds(page: Any) -> Iterator[tuple[bytes, int]]:
    open_view(page, "/thresholds?guide=off")
    page.get_by_role("slider", name="Threshold τ").first.focus()
    page.keyboard.press("Home")
    for _ in range(12):
        page.wait_for_timeout(250)
        yield page.screenshot(), 260
        for _ in range(6):
            page.keyboard.press("ArrowRight")
    yield page.screenshot(), 1500


def open_view(page: Any, link: str) -> None:
    """A page's view without side bar and heading: the picture is small."""
    page.goto(link)
    settle(page)
    page.add_style_tag(content="[data-testid=stSidebar],[data-testid=stExpandSidebarButton]{display:none!important}")
    page.wait_for_timeout(1200)
    page.evaluate(
        "document.querySelector('[data-testid=stMain]').scrollTop +="
        " document.querySelector('h1').getBoundingClientRect().bottom - 60"
    )
    page.wait_for_timeout(300)


def landscape(sheet: np.ndarray, size: int, gap: int) -> np.ndarray:
    """The sheet's identities from rows to columns: a README is wider than high."""
    step, people, kinds = size + gap, (len(sheet) + gap) // (size + gap), len(EXPRESSIONS)
    turned = np.full((kinds * step - gap, people * step - gap, 3), 255, np.uint8)
    for person in range(people):
        for kind in range(kinds):
            face = sheet[person * step : person * step + size, kind * step : kind * step + size]
            turned[kind * step : kind * step + size, person * step : person * step + size] = face
    return turned


def save(taken: bytes, path: Path) -> None:
    """As WebP: a third of the size of a PNG, in true colours."""
    Image.open(io.BytesIO(taken)).convert("RGB").save(path, quality=88, method=6)
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB", flush=True)


def save_film(frames: list[tuple[bytes, int]], path: Path) -> None:
    """One animated WebP, in the best quality that keeps it small."""
    pictures = [Image.open(io.BytesIO(taken)).convert("RGB") for taken, _ in frames]
    times = [milliseconds for _, milliseconds in frames]
    for quality in (80, 65, 50, 35):
        film = {"save_all": True, "append_images": pictures[1:], "duration": times, "loop": 0}
        pictures[0].save(path, quality=quality, method=4, **film)
        if path.stat().st_size <= LARGEST:
            break
    print(f"{path.name}: {len(pictures)} frames, {path.stat().st_size / 1e6:.1f} MB", flush=True)
    assert path.stat().st_size <= LARGEST, f"{path}: larger than {LARGEST} bytes"


if __name__ == "__main__":
    main(sys.argv[1:])
