"""What the face lab is given: once what stays (dials, words, a run's followed faces), then an answer to each question.

The browser asks with a face and, when a slider may be dragged next, with that slider's name; the answer has the face at
rest and a strip of faces along the slider, so that dragging needs nobody's answer.
"""

from __future__ import annotations

import base64
import hashlib
import io
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from muldml_lite.analysis.embedding_of import Embedded
from muldml_lite.faces import ACTION_UNITS, prototype
from muldml_lite.faces.anatomy import REGIONS, UNIT_FACTS
from muldml_lite.faces.lab import DIALS, LAB_EXPRESSIONS, LabFace, draw_faces
from muldml_lite.plots import class_styles, slice_name
from muldml_lite.widgets.faces.surroundings import NEIGHBOURS, Surroundings
from muldml_lite.widgets.slices import sprite_sheet

SIDE = 256  # pixels of a face in a strip, and of the one to take home
SHOWN = 512  # pixels of the large face at rest: sharp on dense screens
MORPH_FRAMES = 25
_DIAL_WORDS = {
    "yaw": ("Turn", "Head"),
    "pitch": ("Nod", "Head"),
    "roll": ("Tilt", "Head"),
    "gaze_x": ("Gaze left or right", "Eyes"),
    "gaze_y": ("Gaze up or down", "Eyes"),
    "light_direction": ("Light from", "Light"),
    "light_strength": ("Light, how hard", "Light"),
}


def lab_payload(around: Surroundings | None, downloads: bool = True) -> dict[str, Any]:
    """What stays while one plays; `around`: None leaves the lab without neighbours."""
    units = [{"name": name, **UNIT_FACTS[name]._asdict()} for name in ACTION_UNITS]
    dials = [
        {"name": name, "title": _DIAL_WORDS[name][0], "region": _DIAL_WORDS[name][1], **dial._asdict()}
        for name, dial in DIALS.items()
    ]
    expressions = [{"name": name, "units": _percent(name)} for name in LAB_EXPRESSIONS]
    return {
        "token": around.token if around else "alone",
        "units": units,
        "dials": dials,
        "regions": [*REGIONS, "Head", "Light"],
        "expressions": expressions,
        "side": SIDE,
        "shown": SHOWN,
        "frames": MORPH_FRAMES,
        "downloads": downloads,
        "around": _followed(around) if around else None,
    }


def _percent(expression: str) -> dict[str, int]:
    values = np.rint(100 * prototype(expression)).astype(int).tolist()
    return {name: value for name, value in zip(ACTION_UNITS, values, strict=True) if value}


def _followed(around: Surroundings) -> dict[str, Any]:
    probe = around.probe
    points = np.stack([around.placed(row, space.picture.points) for row, space in enumerate(around.spaces)])
    return {
        "classes": class_styles(probe.classes),
        "spaces": ["raw pixels", *(slice_name(i, tau) for i, tau in enumerate(around.thresholds))],
        "thresholds": list(around.thresholds),
        "labels": probe.labels.tolist(),
        "test": probe.test.astype(int).tolist(),
        "names": [str(name) for name in probe.names],
        "points": _pack(np.round(points * 32_000).astype(np.int16)),  # (R, n, 2)
        "sprite": sprite_sheet(probe.thumbnails),
        "k": min(NEIGHBOURS, len(probe)),
        "epoch": around.epoch,
    }


def variants(face: LabFace, vary: str) -> list[LabFace]:
    """The faces of a strip: along a slider by its name, along `morph:neutral:fear`, or none for "".

    Raises:
        ValueError: nothing by that name.
    """
    if not vary:
        return []
    if vary.startswith("morph:") and vary.count(":") == 2:
        _, start, end = vary.split(":")
        return face.morph(start, end, MORPH_FRAMES)
    return face.sweep(vary)


def answer(
    face: LabFace,
    vary: str = "",
    around: Surroundings | None = None,
    embedded: Embedded | None = None,
    held: str | None = None,
) -> dict[str, Any]:
    """The exact face, the strip along `vary`, and where each of them lies: rows are the face, then the strip.

    Args:
        embedded: what the run's network makes of the face and the strip; None: not known (yet).
        held: key of the strip that the browser holds already; its pictures are not sent again.
    """
    strip = variants(face, vary)
    link = tuple(face.to_link().items())
    key = hashlib.sha1(f"{link}|{vary}".encode(), usedforsecurity=False).hexdigest()[:12]
    values: dict[str, Any] = {
        "key": key,
        "face": face.to_values(),
        "vary": vary,
        "picture": _picture(link),
        "file": _file(link),
        "truth": _truth(face),
        "strip": {"url": None if held == key else _strip(link, vary), "steps": _steps(strip, vary)} if strip else None,
        "places": None,
    }
    if around is not None:
        images = draw_faces([face, *strip], around.size)
        near, apart, places = around.find(images, embedded)
        values["places"] = {
            "rows": near.shape[1],  # R, or 1 while the network has not spoken
            "near": _pack(near.astype(np.int16)),  # (T, R, k)
            "apart": _pack(apart.astype(np.float32)),  # (T, R, k)
            "places": _pack(places.astype(np.float32)),  # (T, R, 2)
            "said": None if embedded is None else _pack(embedded.probabilities.astype(np.float32)),  # (T, C)
        }
    return values


def _truth(face: LabFace) -> dict[str, Any]:
    """All that is known of a drawn face."""
    who, shot, shown = face.identity, face.nuisance, face.shown
    gain = dict(zip(ACTION_UNITS, who.gain, strict=True))
    resting = dict(zip(ACTION_UNITS, who.resting, strict=True))
    worn = [word for word, there in (("glasses", who.glasses), ("moustache", who.moustache)) if there]
    worn += [{"full": "full beard"}.get(who.beard, who.beard)] if who.beard != "none" else []
    worn += ["freckles"] if who.freckles else []
    return {
        "person": f"{who.hair_style} hair" if who.hair_style not in ("bald", "hijab", "beanie") else who.hair_style,
        "worn": ", ".join(worn) or "nothing worn",
        "age": round(who.age, 2),
        "shot": f"{face.shot}{'' if face.shot == 'studio' else f', take {face.take}'}",
        "occluder": shot.occluder,
        "noise": round(shot.noise, 1),
        "units": [
            {
                "name": name,
                "asked": face.units.get(name, 0),
                "gain": gain[name],
                "resting": resting[name],
                "shown": value,
            }
            for name, value in shown.items()
            if value > 0.005 or face.units.get(name)
        ],
    }


def _steps(strip: list[LabFace], vary: str) -> list[Any]:
    """What changes along a strip: a slider's values, or all action units of a morph's faces."""
    if vary.startswith("morph:"):
        return [dict(face.units) for face in strip]
    return [face.units.get(vary, 0) if vary in ACTION_UNITS else face.dials[vary] for face in strip]


# By the link of a face: many visitors begin with the same ones, and a question comes again once embeddings are ready.
@lru_cache(maxsize=256)
def _picture(link: tuple[tuple[str, str], ...]) -> str:
    return _url(LabFace.from_link(dict(link)).draw(SHOWN), "jpeg", quality=92)


@lru_cache(maxsize=256)
def _file(link: tuple[tuple[str, str], ...]) -> str:
    """The face to take home, lossless."""
    return _url(LabFace.from_link(dict(link)).draw(SIDE), "png", compress_level=3)


@lru_cache(maxsize=96)
def _strip(link: tuple[tuple[str, str], ...], vary: str) -> str:
    """The faces of a strip below one another. JPEG: encoded ten times faster than WebP, and gone after the drag."""
    faces = draw_faces(variants(LabFace.from_link(dict(link)), vary), SIDE)  # (T, S, S, 3)
    return _url(faces.reshape(-1, SIDE, 3), "jpeg", quality=88)


def _url(image: np.ndarray, kind: str, **options: int) -> str:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind.upper(), **options)
    return f"data:image/{kind};base64,{_base64(buffer.getvalue())}"


def _pack(values: np.ndarray) -> str:
    return _base64(np.ascontiguousarray(values).tobytes())


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
