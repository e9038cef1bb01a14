"""Makes the README's pictures: a sheet of drawn faces, and the real app on the sample run."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
from app_server import ROOT, app_server, browser, settle
from PIL import Image

from muldml_lite.faces import EXPRESSIONS, expression_sheet

PICTURES = ROOT / "data" / "pictures"
DESKTOP, PHONE = {"width": 1280, "height": 1060}, {"width": 390, "height": 844}
POINT = 33  # the face that is picked on the page Slices
PAGES = {"tour": "/", "train": "/train", "slices": f"/slices?point={POINT}"}


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    Image.fromarray(landscape(expression_sheet(12, 64), 64, 2)).save(PICTURES / "faces.png", optimize=True)
    with tempfile.TemporaryDirectory() as empty, browser() as chromium:
        log = Path(empty) / "server.log"
        with app_server(Path(empty), log) as address:
            for scheme in ("light", "dark"):
                for suffix, size in (("", DESKTOP), ("_phone", PHONE)):
                    context = chromium.new_context(viewport=size, color_scheme=scheme, base_url=address)
                    page = context.new_page()
                    for name, link in PAGES.items():
                        page.goto(link)
                        settle(page)
                        page.wait_for_timeout(1500)  # charts and points fade in
                        save(page.screenshot(), PICTURES / f"{name}_{scheme}{suffix}.webp")
                    context.close()


def landscape(sheet: np.ndarray, size: int, gap: int) -> np.ndarray:
    """The sheet's identities from rows to columns: a README is wider than high."""
    step, people, kinds = size + gap, (len(sheet) + gap) // (size + gap), len(EXPRESSIONS)
    turned = np.full((kinds * step - gap, people * step - gap, 3), 255, np.uint8)
    for person in range(people):
        for kind in range(kinds):
            face = sheet[person * step : person * step + size, kind * step : kind * step + size]
            turned[kind * step : kind * step + size, person * step : person * step + size] = face
    return turned


def save(shot: bytes, path: Path) -> None:
    """As WebP: a third of the size of a PNG, in true colours."""
    Image.open(io.BytesIO(shot)).convert("RGB").save(path, quality=88, method=6)
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
