"""Figures: what they are given is what they show, and the colours can be told apart."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from fake_run import CLASSES, fake_record

from muldml_lite import plots

HISTORY = [fake_record(epoch, 3, 4) for epoch in range(4)]
CONFIG = Path(__file__).parents[1] / "streamlit_app" / ".streamlit" / "config.toml"
LIGHT, DARK = "#fcfbf8", "#14181c"  # the app's grounds


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_the_app_has_these_grounds():
    text = CONFIG.read_text(encoding="utf-8")
    assert re.findall(r'^backgroundColor = "(.*)"', text, re.M)[::2] == [LIGHT, DARK]


@pytest.mark.parametrize("style", plots.class_styles([*CLASSES, "contempt"]), ids=lambda s: s["name"])
def test_marks_stand_out_on_both_grounds(style):
    assert contrast(style["light"], LIGHT) >= 3
    assert contrast(style["dark"], DARK) >= 3


def test_no_two_expressions_share_a_look():
    styles = plots.class_styles([*CLASSES, "contempt"])
    for key in ("light", "dark", "symbol"):
        assert len({style[key] for style in styles}) == len(styles)


def test_styles_know_other_spellings_and_unknown_classes():
    happy, cat, dog = plots.class_styles(["Happy", "cat", "dog"])
    assert happy["symbol"] == plots.EXPRESSION_SYMBOLS["happiness"]
    assert happy["name"] == "Happy"
    assert len({happy["symbol"], cat["symbol"], dog["symbol"]}) == 3
    assert len(plots.class_styles([f"class {i}" for i in range(20)])) == 20


@pytest.mark.parametrize("count", [1, 2, 8, 64])
def test_slices_have_a_ramp_of_colours(count):
    colours = plots.slice_colours(count)
    assert len(set(colours)) == count
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colours)


@pytest.mark.parametrize("plot", [plots.loss_curves, plots.accuracy_curves])
@pytest.mark.parametrize("epochs", [0, 1, 4])
def test_curves_of_any_length(plot, epochs):
    figure = plot(HISTORY[:epochs])
    assert all(len(trace.x or ()) == epochs for trace in figure.data)


@pytest.mark.parametrize("key", plots.SLICE_CURVES)
def test_slice_curves_hold_the_history(key):
    figure = plots.slice_curve(HISTORY, key)
    assert len(figure.data) == 4
    assert list(figure.data[2].y) == [record["slices"][2][key] for record in HISTORY]
    assert not plots.slice_curve([], key).data


def test_threshold_profile():
    figure = plots.threshold_profile(HISTORY[-1]["slices"])
    assert list(figure.data[0].x) == [s["threshold"] for s in HISTORY[-1]["slices"]]
    assert list(figure.data[1].y) == [s["active_fraction"] for s in HISTORY[-1]["slices"]]


def test_histogram_shares_add_up_to_one():
    rng = np.random.default_rng(0)
    figure = plots.distance_histogram({"near": rng.random(500), "far": 1 + rng.random(40), "none": []}, "D", "unit")
    sums = [sum(trace.y) for trace in figure.data]
    assert sums == pytest.approx([1, 1, 0])
    assert "500 pairs" in figure.data[0].name


def test_face_strip_takes_grey_and_colour():
    faces = [np.zeros((8, 8), np.uint8), np.full((8, 8, 3), 200, np.uint8)]
    figure = plots.face_strip(faces, ["grey", "colour"])
    assert [np.shape(trace.z) for trace in figure.data] == [(8, 8, 3)] * 2
    assert figure.layout.xaxis2.title.text == "colour"


def test_figures_are_json():
    for figure in itertools.chain([plots.loss_curves(HISTORY)], [plots.threshold_profile(HISTORY[-1]["slices"])]):
        assert "NaN" not in figure.to_json()
