"""What the walkthroughs share: pictures that also show on GitHub, and exercises that answer at once."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from IPython.display import Image as Picture
from IPython.display import display
from PIL import Image, ImageDraw, ImageFont


def show(figure: Any) -> None:
    """Show a plotly figure: interactive in JupyterLab, and as a picture where MULDML_PNG is set.

    `make notebooks` sets it, for pages such as GitHub that show pictures only. It needs a Chromium; learners
    don't.
    """
    figure.update_layout(template="plotly_white")
    bundle: dict[str, Any] = {"application/vnd.plotly.v1+json": _plain(figure.to_plotly_json())}
    if os.environ.get("MULDML_PNG"):
        bundle["image/png"] = figure.to_image("png", width=760, height=figure.layout.height or 380)
    display(bundle, raw=True)


def strip(faces: Sequence[np.ndarray], captions: Sequence[str], side: int = 96) -> Picture:
    """Faces (s, s, 3) uint8 in a row, each with a line of text under it."""
    font = ImageFont.load_default(size=13)
    widths = [max(side, int(font.getlength(text)) + 6) for text in captions]
    sheet = Image.new("RGB", (sum(widths) + 8 * (len(faces) - 1), side + 20), "white")
    x = 0
    for face, text, width in zip(faces, captions, widths, strict=True):
        sheet.paste(Image.fromarray(face).resize((side, side), Image.Resampling.BICUBIC), (x + (width - side) // 2, 0))
        ImageDraw.Draw(sheet).text((x + width / 2, side + 2), text, "black", font, anchor="ma")
        x += width + 8
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=90)  # as PNG a row of faces takes 100 kB of the notebook
    return Picture(buffer.getvalue(), format="jpeg")


@dataclass(frozen=True)
class Exercise:
    """An exercise: cases with their answers, and what usual wrong answers mean."""

    cases: tuple[tuple[tuple[Any, ...], Any], ...]  # ((arguments, expected), …)
    mistakes: tuple[tuple[Callable[..., Any], str], ...]  # (what somebody may have written, what to say to that)
    hints: tuple[str, ...]  # from a nudge to nearly the answer


def check(exercise: Exercise, answer: Callable[..., Any]) -> None:
    """Print whether an answer is right, and if not, why. Never raises."""
    name = answer.__name__
    for arguments, expected in exercise.cases:
        said = f"{name}({', '.join(map(_short, arguments))})"
        try:
            given = answer(*arguments)
        except Exception as error:  # whatever a learner's code does, the notebook goes on
            print(f"[!] {said} raised {type(error).__name__}: {error}")
            return
        if given is None or given is Ellipsis:
            print(f"[ ] {name}: not solved yet")
            return
        if not _same(given, expected):
            print(f"[!] {said} gave {_short(given)}, expected {_short(expected)}")
            print("\n".join(f"    {text}" for text in _likely(exercise, arguments, given)[:1]))
            return
    print(f"[x] {name}: correct")


def hint(exercise: Exercise, number: int = 1) -> None:
    """Print hint `number`, from 1."""
    number = min(max(number, 1), len(exercise.hints))
    print(f"hint {number} of {len(exercise.hints)}: {exercise.hints[number - 1]}")


def _likely(exercise: Exercise, arguments: tuple[Any, ...], given: Any) -> list[str]:
    return [text for wrong, text in exercise.mistakes if _same(wrong(*arguments), given)]


def _same(one: Any, two: Any) -> bool:
    try:
        return bool(np.allclose(np.asarray(one, float), np.asarray(two, float), rtol=1e-4, atol=1e-6))
    except (TypeError, ValueError):
        return bool(one == two)


def _short(value: Any) -> str:
    if isinstance(value, (float, np.floating)):
        return f"{value:.4g}"
    text = f"array of shape {value.shape}" if isinstance(value, np.ndarray) and value.size > 8 else str(value)
    return " ".join(text.split())


def _plain(value: Any) -> Any:
    """Arrays as lists with four digits: a notebook is text, and people read its changes."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(v) for v in (value.tolist() if isinstance(value, np.ndarray) else value)]
    return float(f"{value:.4g}") if isinstance(value, (float, np.floating)) else value
