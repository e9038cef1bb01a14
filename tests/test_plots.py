"""Figures: what they are given is what they show, and the colours can be told apart."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from fake_run import CLASSES, fake_record
from fake_study import EFFECTS, EXPLORED, TOY, VERDICTS, run, write_fake_study, write_study

from muldml_lite import plots
from muldml_lite.claims import Claim, Comparison, Study, read_study

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


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return Study(write_fake_study(tmp_path_factory.mktemp("study")))


@pytest.fixture(scope="module")
def reading(study):
    return read_study(study)


def study_of(path, claims, rows):
    return Study(write_study(path, claims, rows, {row["cell"]: {"text": row["cell"]} for row in rows}))


def said(figure):
    return [note.text for note in figure.layout.annotations]


@pytest.mark.parametrize("look", plots.VERDICT_LOOKS.values(), ids=plots.VERDICT_LOOKS)
def test_verdicts_can_be_read_on_both_grounds(look):
    assert contrast(look.line, LIGHT) >= 3
    assert contrast(look.line, DARK) >= 3
    assert not look.fill or contrast(look.fill, "#ffffff") >= 4.5


def test_no_verdict_is_told_by_colour_alone():
    looks = plots.VERDICT_LOOKS.values()
    assert len({look.sign for look in looks}) == len(looks)
    assert all(look.fill or look.dash != "solid" for look in looks)


def test_forest_draws_means_intervals_and_single_draws(study, reading):
    figure = plots.forest_plot(study, reading, TOY.id, required=True)
    draws, bars = figure.data[0:8:2], figure.data[1:8:2]
    for (cell, (effect, *_)), points, bar in zip(EFFECTS.items(), draws, bars, strict=True):
        one = reading.intervals[bar.customdata[1]]
        assert (one.cell, one.statistic) == (cell, "knn")
        assert list(bar.x) == pytest.approx([100 * one.low, 100 * effect, 100 * one.high])
        # Eight draws lie evenly within half a point of the effect.
        assert list(points.x) == pytest.approx(list(100 * effect + np.linspace(-0.5, 0.5, 8)))
    assert [bar.marker.symbol[1] for bar in bars] == ["circle", "x", "circle-open", "diamond-open"]
    words = said(figure)
    assert sum(text.startswith("✓ +3.0 [") for text in words) == 1
    assert "posed · semi-hard · alone" in words


def test_forest_shades_the_claimed_side_and_what_is_too_small(tmp_path):
    rows = [run("e", "cell", arm, 1000 + d, 0, {"cka": value + 0.01 * d}) for d in range(5)
            for arm, value in (("spread", 0.5 + 0.001 * d), ("equal", 0.9))]  # fmt: skip
    claim = Claim("8", "t", "s", "x", ("e",), (Comparison("cka", "spread", "equal", expected="below", matters=0.02),))
    one = study_of(tmp_path, [claim], rows)
    side, band, control = plots.forest_plot(one, read_study(one), "8").layout.shapes
    assert (side.x1, band.x0, band.x1, control.x0, control.x1) == (0, -0.02, 0.02, 0, 0)
    assert side.x0 < -0.4


@pytest.mark.parametrize("refutes", [True, False])
def test_a_mere_control_on_the_other_side_refutes_nothing(refutes, tmp_path):
    rows = [run("e", "cell", arm, 1000 + d, 0, {"knn": value + 0.001 * d}) for d in range(5)
            for arm, value in (("dual", 0.5), ("plain", 0.6 + 0.001 * d))]  # fmt: skip
    claim = Claim("6", "t", "s", "x", ("e",), (Comparison("knn", "dual", "plain", refutes=refutes),))
    one = study_of(tmp_path, [claim], rows)
    reading = read_study(one)
    assert plots.verdict_of(reading.intervals[0]) == reading.verdicts[0].verdict
    assert ("✗" in "".join(said(plots.claim_map(reading, claim)))) == refutes


def test_forest_of_a_claim_without_intervals_says_so(study, reading):
    with pytest.raises(plots.NoNumbers, match="'10'"):
        plots.forest_plot(study, reading, "10")


@pytest.mark.parametrize("width", [20, 60])
def test_words_of_a_line_never_meet_on_a_phone(width, tmp_path):
    """Names that leave no room for an interval keep the mean alone."""
    cell = "posed/" + "x" * (width - 6)
    rows = [run("e", cell, arm, 1000 + d, 0, {"knn": 0.5 + share * 0.1 + 0.001 * d * share}) for d in range(4)
            for arm, share in (("a", 1), ("b", 0))]  # fmt: skip
    claim = Claim("1", "t", "s", "x", ("e",), (Comparison("knn", "a", "b", unit="points"),))
    one = study_of(tmp_path, [claim], rows)
    numbers = next(text for text in said(plots.forest_plot(one, read_study(one), "1")) if text.startswith("✓"))
    assert numbers.startswith("✓ +10.1")
    assert ("[" in numbers) == (width == 20)


def boxes(figure):
    """(place in its row, row) → text, fill and dash of each box of a map."""
    words = [note for note in figure.layout.annotations if note.xanchor is None and note.yref == "y"]
    texts = {(round(note.x - 0.5, 2), round(note.y - 0.25)): note.text for note in words}
    rows = {}
    for shape in sorted(figure.layout.shapes, key=lambda shape: shape.x0):
        text = texts[round(shape.x0 - 0.02, 2), round(shape.y0)]
        rows.setdefault(-round(shape.y0), []).append((text, shape.fillcolor, shape.line.dash))
    return {(i, y): box for y, row in rows.items() for i, box in enumerate(row)}


def test_claim_map_shows_confirmed_boxes_and_outlines_of_the_search(reading):
    found = boxes(plots.claim_map(reading, TOY))
    column = [found[0, y] for y in range(5)]
    fills = {name: look.fill for name, look in plots.VERDICT_LOOKS.items()}
    nothing = "rgba(0,0,0,0)"
    assert column == [
        ("✓ +3.0", fills["supported"], "solid"),
        ("✗ −4.0", fills["contradicted"], "solid"),
        ("○ ±0.0", fills["not supported"], "solid"),
        ("◇ +5.0", nothing, "dash"),
        ("~ +1.5", nothing, "dot"),
    ]
    assert found[1, 2][0] == "✓ +2.0"  # by the probe the same regime says something else
    names = [text for text in said(plots.claim_map(reading, TOY)) if " · " in text]
    assert names == [plots.regime_name(cell) for cell in (*EFFECTS, EXPLORED)]


def test_claim_map_leads_to_intervals(reading):
    targets = plots.claim_map(reading, TOY).data[0]
    assert sum(place is not None for place in targets.customdata) == 8
    for place, words in zip(targets.customdata, targets.hovertext, strict=True):
        if place is None:
            assert "exploration on 3 draws, no verdict" in words
        else:
            assert plots.regime_name(reading.intervals[place].cell) in words


def test_ledger_map_has_a_box_for_every_verdict(study, reading):
    figure = plots.ledger_map(reading, study.claims)
    found = boxes(figure)
    signs = [plots.VERDICT_LOOKS[name].sign for name in VERDICTS]
    # Two regimes of posed faces, a gap, two of wild ones; and a claim that needs data.
    assert [shape.x0 for shape in figure.layout.shapes[:4]] == pytest.approx([0.02, 1.02, 2.52, 3.52])
    assert [found[x, 0][0] for x in range(4)] == signs
    assert found[0, 1][0] == "…"
    assert list(figure.data[0].customdata) == [TOY.id] * 4 + ["10"]


def test_levels_hold_treatment_and_control_in_one_picture(study):
    figure = plots.levels_plot(study, TOY, ["posed/semi-hard/alone"])
    means = {trace.name: (trace.x[0], trace.marker.symbol) for trace in figure.data if trace.name in ("green", "red")}
    # The last panel is the probe; its green is one point above.
    assert means["green"] == (pytest.approx(71.5), "circle")
    assert means["red"] == (pytest.approx(70.5), "square-open")
    assert {"73.5 %", "71.5 %", "70.5 %"} <= set(said(figure))
    assert list(figure.data[0].x) == pytest.approx(list(73.5 + np.linspace(-0.5, 0.5, 8)))


def test_levels_against_a_constant_show_the_constant(tmp_path):
    rows = [run("e", "cell", "pixels", 1000 + d, 0, {"same": 0.8 + 0.01 * d}) for d in range(3)]
    claim = Claim("1", "t", "s", "x", ("e",), (Comparison("same", "pixels", value=0.5, unit="points"),))
    figure = plots.levels_plot(study_of(tmp_path, [claim], rows), claim)
    assert figure.layout.shapes[0].x0 == 50
    assert figure.layout.xaxis.range[0] < 50  # it lies inside the picture
    assert "81.0 %" in said(figure)


def test_pairs_are_made_within_draw_and_seed(tmp_path):
    """A run without its partner counts for nothing."""
    rows = [run("e", "cell", "a", d, s, {"knn": 0.5 + 0.1 * s}) for d in (1000, 1001) for s in (0, 1)]
    rows += [run("e", "cell", "b", 1000, 0, {"knn": 0.3}), run("e", "cell", "b", 1001, 1, {"knn": 0.3})]
    rows += [run("e", "other", "b", 1000, 1, {"knn": 0.9})]
    claim = Claim("1", "t", "s", "x", ("e",), (Comparison("knn", "a", "b"),))
    one = study_of(tmp_path, [claim], rows)
    points = plots.forest_plot(one, read_study(one), "1").data[0]
    assert list(points.x) == pytest.approx([0.2, 0.3])
    assert list(points.text) == ["draw 1000", "draw 1001"]


def test_convergence_map_counts_runs(tmp_path):
    def runs(cell, arm, draws, shares):
        pairs = zip(draws, shares, strict=True)
        return [run("convergence", cell, arm, d, 0, {"converged": share, "end": 1 - share}) for d, share in pairs]

    rows = runs("posed/a", "plain", (1000, 1001), (0.0, 0.0)) + runs("posed/a", "dual", (1000, 1001), (1.0, 1.0))
    rows += runs("posed/b", "plain", (0, 1, 2), (1.0, 0.0, 0.0))  # exploration
    rows += runs("posed/a", "plain", (0,), (1.0,))  # a regime that was confirmed needs no exploration
    one = study_of(tmp_path, [], rows)
    figure = plots.convergence_map(one)
    fills = {key: (text, fill) for key, (text, fill, _) in boxes(figure).items()}
    assert fills[0, 0] == ("✗ 0/2", plots.VERDICT_LOOKS["contradicted"].fill)
    assert fills[1, 0] == ("✓ 2/2", plots.VERDICT_LOOKS["supported"].fill)
    assert fills[0, 1] == ("◐ 1/3", "rgba(0,0,0,0)")
    with pytest.raises(plots.NoNumbers):
        plots.convergence_map(Study(write_fake_study(tmp_path / "other")))


def test_judgement_rates(tmp_path):
    measured = {"incomplete": 0.02, "unpunished_rate": 0.005}
    rows = [run("judgements", f"posed/{mining}/plain", "triplet", 1000 + d, 0, measured) for mining in ("hard", "all")
            for d in range(3)]  # fmt: skip
    words = said(plots.judgement_rates(study_of(tmp_path, [], rows)))
    assert [words.count(text) for text in ("2.0 %", "0.5 %")] == [2, 2]


def test_judgement_paths(tmp_path):
    rows = [run("judgements", "posed/hard/plain", "triplet", 1000 + d, 0, {"incomplete_path": [0.1 * d, 0.02]})
            for d in range(3)]  # fmt: skip
    (mean,) = [trace for trace in plots.judgement_paths(study_of(tmp_path, [], rows)).data if trace.name]
    assert list(mean.x) == [0.25, 0.75]
    assert list(mean.y) == pytest.approx([0.1, 0.02])
    with pytest.raises(plots.NoNumbers, match="judgements"):
        plots.judgement_paths(study_of(tmp_path / "other", [], []))


def test_threshold_distributions_raw_and_without_scale(tmp_path):
    """The higher threshold's distances are twice as large, and nothing else: without scale both are the same."""
    measured = lambda factor, draw: {  # noqa: E731
        "val_knn": 0.5,
        "thresholds": [0.1 * factor],
        "between": [0.0, factor * (1 + draw), 2 * factor * (1 + draw)],
        "within": [0.0, 0.1 * factor, 0.5 * factor],
    }
    rows = [run("thresholds", "posed/x", f"single {i}", 1000 + d, 0, measured(i, d)) for i in (1, 2) for d in (0, 1)]
    study = study_of(tmp_path, [], rows)
    between, *_ = named(plots.threshold_distributions(study, "posed/x"))
    assert list(between.x) == pytest.approx([0, 1.5, 3])
    assert list(between.y) == [0, 0.5, 1]
    low, _, high, _ = named(plots.threshold_distributions(study, "posed/x", scaled=True))
    assert list(low.x) == pytest.approx(list(high.x))
    assert list(low.x) == pytest.approx([0, 1, 2])
    with pytest.raises(plots.NoNumbers, match="posed/y"):
        plots.threshold_distributions(study, "posed/y")


def test_similarity_maps_hold_treatment_and_control(tmp_path):
    rows = [
        run("thresholds", "posed/x", arm, 1000 + d, 0, {"cka_pairs": [0.1 + level + 0.1 * d, 0.2 + level, 0.3 + level]})
        for arm, level in (("spread 3", 0.0), ("equal 3 (3)", 0.5))
        for d in (0, 1)
    ]
    spread, equal = plots.similarity_maps(study_of(tmp_path, [], rows), "posed/x", slices=3).data
    assert spread.z == pytest.approx(np.array([[1, 0.15, 0.2], [0.15, 1, 0.3], [0.2, 0.3, 1]]))
    assert equal.z[0, 1] == pytest.approx(0.65)
    with pytest.raises(plots.NoNumbers, match="spread 8"):
        plots.similarity_maps(study_of(tmp_path / "other", [], rows), "posed/x")


def named(figure):
    return [trace for trace in figure.data if trace.name]


def test_threshold_curves(tmp_path):
    rows = []
    for draw in (1000, 1001):
        for i in range(1, 6):
            measured = {"knn": 0.5 + 0.02 * i + 0.1 * (draw - 1000), "val_knn": 0.4, "thresholds": [0.1 * i]}
            rows.append(run("thresholds", "posed/x", f"single {i}", draw, 0, measured, active=0.1 * i))
        rows.append(
            run("thresholds", "posed/x", "equal 8 (3)", draw, 0, {"knn": 0.7, "val_knn": 0.7, "thresholds": [0.3] * 8})
        )
        rows.append(run("thresholds", "posed/x", "spread 8", draw, 0, {"knn": 0.75, "val_knn": 0.7}))
    one = study_of(tmp_path, [], rows)
    traces = {trace.name: trace for trace in plots.threshold_curves(one, "posed/x").data if trace.name}
    assert list(traces["one threshold, test"].y) == pytest.approx([0.57, 0.59, 0.61, 0.63, 0.65])
    assert list(traces["eight equal ones, test"].x) == [0.3]
    assert list(traces["eight spread ones, test"].y) == [0.75, 0.75]
    assert list(traces["active hinges, one threshold"].y) == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    with pytest.raises(plots.NoNumbers, match="posed/y"):
        plots.threshold_curves(one, "posed/y")


def test_five_lines_on_the_shipped_study():
    study = Study(Path(__file__).parents[1] / "data" / "claims")
    reading = read_study(study)
    tested = {one.claim for one in reading.intervals}
    assert len(tested) > 10
    for claim in study.claims:
        if claim.id not in tested:
            continue
        means = {trace.x[len(trace.x) // 2] for trace in plots.forest_plot(study, reading, claim.id).data if trace.name}
        own = [one for one in reading.intervals if one.claim == claim.id]
        assert {plots.in_unit(one.mean, one.unit) for one in own} <= means
        assert plots.claim_map(reading, claim).data[0].customdata
        assert plots.levels_plot(study, claim).data
    assert plots.ledger_map(reading, study.claims).data
