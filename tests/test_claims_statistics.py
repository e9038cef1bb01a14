"""The statistics of the ledger: hand-known values, other libraries' values, and studies with known truth."""

import itertools

import numpy as np
import pytest
from scipy import stats

from muldml_lite.claims.ledger import Claim, Comparison
from muldml_lite.claims.statistics import ZeroOne, draw_means, draws_needed, estimates, holm, p_value
from muldml_lite.claims.verdicts import CONFIRMATION, read_rows
from muldml_lite.metrics import distance_quantiles, linear_cka, slice_similarity


def row(arm, draw, seed=0, cell="posed/x", **measured):
    flags = {"active": 0.5, "saturated": False, "collapsed": False}
    return {"experiment": "e", "cell": cell, "arm": arm, "draw": draw, "seed": seed, "measured": measured, **flags}


def claim(*comparisons, **more):
    return Claim("1", "t", "s", "p", ("e",), comparisons or (Comparison("knn", "new", "old"),), **more)


def study(effect, rng, draws=8, seeds=2, noise=0.02, cells=("posed/x", "wild/x")):
    """Rows of a study in which `new` is above `old` by `effect`; draws differ from one another, seeds a little."""
    rows = []
    for cell, draw in itertools.product(cells, range(CONFIRMATION, CONFIRMATION + draws)):
        easy, gain = 0.8 + rng.normal(0, 0.05), effect + rng.normal(0, noise)
        for seed in range(seeds):
            for arm, more in (("old", 0), ("new", gain)):
                rows.append(row(arm, draw, seed, cell, knn=easy + more + rng.normal(0, 0.005)))
    return rows


def verdict(rows, one=None, cell=""):
    reading = read_rows(rows, [one or claim()], {})
    return next(v.verdict for v in reading.verdicts if v.cell == cell)


def test_holm_by_hand():
    # Four hypotheses: 0.005·4 = 0.02, 0.01·3 = 0.03, 0.03·2 = 0.06, then 0.04 cannot be below 0.06.
    corrected, levels = holm([0.01, 0.04, 0.03, 0.005])
    np.testing.assert_allclose(corrected, [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(levels, [0.05 / 3, 0.05 / 2, 0.05 / 2, 0.05 / 4])
    np.testing.assert_allclose(holm([0.2, 0.9])[0], [0.4, 0.9])


def test_intervals_leave_out_zero_exactly_where_holm_rejects():
    rng = np.random.default_rng(0)
    for _ in range(50):
        found = estimates([rng.normal(rng.choice([0, 0.5, 1.5]), 1, size=9) for _ in range(12)])
        for one in found:
            assert (one.p_holm < 0.05) == (one.low > 0 or one.high < 0)


def test_a_single_interval_is_student_s():
    d = np.array([0.03, 0.01, 0.05, 0.02])
    (one,) = estimates([d])
    interval = stats.ttest_1samp(d, 0).confidence_interval(0.95)
    assert (one.low, one.high) == pytest.approx((interval.low, interval.high))
    assert one.p == one.p_holm == pytest.approx(stats.ttest_1samp(d, 0).pvalue)


def test_no_spread_is_no_proof():
    for level in (0.0, 0.3, 1.0):
        assert p_value(np.full(5, level)) == 1
        (one,) = estimates([np.full(5, level)])
        assert (one.low, one.high, one.p_holm, one.spread) == (None, None, 1, 0)


def test_too_few_draws():
    assert p_value(np.array([0.5, 0.6])) == 1
    assert p_value(np.array([1.0, 1.0]), ZeroOne(2, 0, 2)) == 1
    (one,) = estimates([np.array([0.5, 0.6])])
    assert one.low is one.high is None


def test_outcomes_of_0_and_1_by_hand():
    # Eight of eight: the sign test says 2 · 2⁻⁸. Clopper–Pearson of 8 of 8 ends at (α/2)^(1/8).
    assert ZeroOne(8, 0, 8).p() == pytest.approx(2**-7)
    assert ZeroOne(3, 0, 3).p() == pytest.approx(0.25)
    assert ZeroOne(0, 0, 8).p() == 1
    assert ZeroOne(8, 0, 8, 0.5).interval(0.05) == pytest.approx((0.025 ** (1 / 8) - 0.5, 0.5))
    share = 0.0125 ** (1 / 8)  # each of two shares at half the level
    assert ZeroOne(8, 0, 8).interval(0.05) == pytest.approx((share - (1 - share), 1))
    assert ZeroOne(0, 0, 8).interval(0.05) == pytest.approx((share - 1, 1 - share))
    with pytest.raises(ValueError, match="k"):
        ZeroOne(9, 0, 8, 0.5).p()


@pytest.mark.parametrize("shares", [(0.1, 0.1), (0.0, 0.4), (0.5, 0.3)])
def test_exact_intervals_cover_the_difference(shares):
    """P(1) − P(−1) of outcomes that are −1, 0 or 1: at least 95 of 100 intervals hold it."""
    rng, up, down = np.random.default_rng(2), *shares
    drawn = rng.multinomial(12, [up, down, 1 - up - down], size=300)
    ends = [ZeroOne(int(a), int(b), 12).interval(0.05) for a, b, _ in drawn]
    assert np.mean([low <= up - down <= high for low, high in ends]) >= 0.95
    for (low, high), (a, b, _) in zip(ends, drawn, strict=True):
        if low > 0 or high < 0:
            assert ZeroOne(int(a), int(b), 12).p() < 0.05


def test_seeds_are_averaged_within_their_draw():
    np.testing.assert_allclose(draw_means([3, 1, 3, 1, 1], [1.0, 0.0, 2.0, 3.0, 6.0]), [3.0, 1.5])


@pytest.mark.parametrize(("spread", "difference", "expected"), [(1, 1, 10), (2, 1, 34), (1, 0.5, 34)])
def test_draws_needed_as_in_tables(spread, difference, expected):
    # Cohen's tables, one-sample t test, two-sided 5 %, power 80 %: d = 1 needs 10, d = 0.5 needs 34.
    assert draws_needed(spread, difference) == expected


def test_draws_needed_hold_in_simulation():
    count = draws_needed(1.0, 0.9, comparisons=20)
    samples = np.random.default_rng(0).normal(0.9, 1, size=(4000, count))
    power = (stats.ttest_1samp(samples, 0, axis=1).pvalue < 0.05 / 20).mean()
    assert power == pytest.approx(0.8, abs=0.03)
    assert draws_needed(1.0, 0.9, comparisons=200) > count
    with pytest.raises(ValueError, match="above 0"):
        draws_needed(0.0, 1.0)


def test_a_known_effect_is_supported_and_its_reverse_contradicted():
    rng = np.random.default_rng(0)
    assert verdict(study(0.06, rng)) == "supported"
    assert verdict(study(-0.06, rng)) == "contradicted"
    below = claim(Comparison("knn", "new", "old", expected="below"))
    assert verdict(study(-0.06, rng), below) == "supported"


def test_without_an_effect_fewer_than_one_in_twenty_studies_support_anything():
    """The whole way from rows to verdicts, several comparisons a study: errors of any of them count."""
    rng = np.random.default_rng(7)
    comparisons = (Comparison("knn", "new", "old"),)
    claims = [Claim(str(i), "t", "s", "p", (f"e{i}",), comparisons) for i in range(3)]
    wrong = 0
    for _ in range(1000):
        rows = [{**r, "experiment": f"e{i}", "cell": f"{r['cell']}{i}"} for i in range(3) for r in study(0, rng, 5, 1)]
        verdicts = read_rows(rows, claims, {}).verdicts
        wrong += any(v.verdict == "supported" for v in verdicts)
    assert wrong < 50


def test_uncorrected_it_would_be_more():
    """Without Holm the same six comparisons give a false one-sided finding in about one study of seven."""
    rng = np.random.default_rng(7)
    p = stats.ttest_1samp(rng.normal(size=(1000, 6, 5)), 0, axis=-1)
    assert ((p.pvalue < 0.05) & (p.statistic > 0)).any(1).mean() > 0.1


def test_a_control_that_is_the_treatment_supports_nothing():
    rows = study(0.5, np.random.default_rng(0))
    assert verdict(rows, claim(Comparison("knn", "new", "new"))) == "untestable here"
    assert verdict(rows, claim(Comparison("knn", "new", control_statistic="knn"))) == "untestable here"


def test_every_required_comparison_has_to_hold():
    rng = np.random.default_rng(3)
    rows = study(0.06, rng)
    noise = lambda r: {"knn": r["measured"]["knn"] + rng.normal(0, 0.01)}  # noqa: E731
    rows += [{**r, "arm": "twice the rate", "measured": noise(r)} for r in rows if r["arm"] == "new"]
    both = (Comparison("knn", "new", "old"), Comparison("knn", "new", "twice the rate"))
    assert verdict(rows, claim(*both)) == "not supported"
    shown = (both[0], Comparison("knn", "new", "twice the rate", required=False))
    assert verdict(rows, claim(*shown)) == "supported"
    lacking = (both[0], Comparison("knn", "new", "never run"))
    assert verdict(rows, claim(*lacking)) == "untestable here"


def test_a_control_explains_away_and_does_not_refute():
    rng = np.random.default_rng(3)
    rows = study(0.06, rng)
    for one in [r for r in rows if r["arm"] == "new"]:
        rows.append({**one, "arm": "twice", "measured": {"knn": one["measured"]["knn"] + rng.normal(0.06, 0.01)}})
    for refutes, expected in ((True, "contradicted"), (False, "not supported")):
        both = (Comparison("knn", "new", "old"), Comparison("knn", "new", "twice", refutes=refutes))
        assert verdict(rows, claim(*both)) == expected


def zero_one(treated, control, draws=8, name="done"):
    """Rows of outcomes that are 0 or 1: in how many of the draws, in either arm."""
    counts = (("new", treated), ("old", control))
    return [row(arm, CONFIRMATION + d, **{name: float(d < count)}) for arm, count in counts for d in range(draws)]


@pytest.mark.parametrize(
    ("treated", "control", "expected", "words"),
    [
        (8, 0, "supported", "8 of 8 resamples against 0 of 8"),
        (0, 8, "contradicted", "0 of 8 resamples against 8 of 8"),
        (8, 8, "untestable here", "8 of 8 resamples against 8 of 8: could not tell"),
        (0, 0, "untestable here", "nothing but 0 in 8 resamples: no spread, could not tell"),
        (3, 0, "not supported", "3 of 8 resamples against 0 of 8: undecided"),
    ],
)
def test_counts_are_judged_as_counts(treated, control, expected, words):
    one = claim(Comparison("done", "new", "old", matters=0.1, unit="points"))
    found = read_rows(zero_one(treated, control), [one], {}).verdicts
    assert [v.verdict for v in found] == [expected, expected]
    assert words in found[0].reason
    assert verdict(zero_one(3, 0, draws=3), one) == "not supported"  # three of three prove nothing


def test_the_same_in_every_resample_is_no_verdict():
    """Other outcomes than 0 and 1, all the same: a difference without a scale, whichever side it lies on."""
    for level in (0.9, 0.7, 0.5):
        rows = [row(arm, CONFIRMATION + d, knn=v) for arm, v in (("new", level), ("old", 0.7)) for d in range(3)]
        (here, whole) = read_rows(rows, [claim()], {}).verdicts
        assert here.verdict == whole.verdict == "untestable here"
        assert "no spread between resamples" in here.reason
    never = claim(Comparison("knn", "new", value=0.0))
    assert verdict([row("new", CONFIRMATION + d, knn=0.0) for d in range(8)], never) == "untestable here"


def test_a_control_that_tells_nothing_hides_no_contradiction():
    rows = zero_one(0, 8) + [{**r, "arm": "twice"} for r in zero_one(0, 8) if r["arm"] == "new"]
    both = claim(Comparison("done", "new", "twice"), Comparison("done", "new", "old"))
    assert verdict(rows, both) == "contradicted"


def test_what_is_proved_impossible_is_not_left_open():
    rows = [r for cell in ("posed/hard/x", "posed/soft/x") for r in [row("new", CONFIRMATION + d, cell=cell, knn=0.0)
            for d in range(5)]]  # fmt: skip
    rows += [row("new", CONFIRMATION + 9, cell="posed/soft/x", knn=0.01)]
    one = claim(Comparison("knn", "new", value=0.0), impossible=(("hard", "Because."),))
    hard, soft, whole = read_rows(rows, [one], {}).verdicts
    assert (hard.verdict, soft.verdict, whole.verdict) == ("impossible, proved", "not supported", "impossible, proved")
    assert hard.reason == "Because. Seen: above 0 in 0 of 5 resamples"
    assert whole.badge == "impossible, proved, in 1 of 2 settings"
    rows[0]["measured"]["knn"] = 0.5  # seen all the same: then the proof, or the program, is wrong
    assert read_rows(rows, [one], {}).verdicts[0].verdict != "impossible, proved"


def test_undecided_and_no_effect_are_told_apart():
    rng = np.random.default_rng(5)
    reasons = {}
    for name, noise in (("undecided", 0.05), ("no effect", 0.001)):
        reading = read_rows(study(0, rng, noise=noise, seeds=20), [claim()], {})
        reasons[name] = next(v.reason for v in reading.verdicts if v.cell == "posed/x")
    assert "undecided, 8 draws resolve" in reasons["undecided"]
    assert "no effect as large as" in reasons["no effect"]


def test_saturated_runs_cannot_test_a_claim():
    rows = study(0.06, np.random.default_rng(0), cells=("posed/x",))
    for one in rows[: len(rows) * 3 // 4]:
        one["saturated"] = True
    assert verdict(rows, cell="posed/x") == verdict(rows) == "untestable here"
    assert verdict(rows, claim(guards=("collapsed",))) == "supported"  # a claim that is not about τ


def test_two_draws_are_not_enough():
    assert verdict(study(0.06, np.random.default_rng(0), draws=2)) == "untestable here"


def test_a_claim_that_holds_in_one_regime_only_says_in_which():
    rng = np.random.default_rng(0)
    rows = study(0.06, rng, cells=("posed/x",)) + study(0, rng, cells=("wild/x",))
    reading = read_rows(rows, [claim()], {})
    whole = next(v for v in reading.verdicts if not v.cell)
    assert (whole.verdict, whole.badge) == ("in some settings", "in 1 of 2 settings")
    assert "supported in 1 (posed/x)" in whole.reason


def test_exploration_gives_a_map_and_no_verdict():
    rows = [{**r, "draw": r["draw"] - CONFIRMATION} for r in study(0.06, np.random.default_rng(0))]
    reading = read_rows(rows, [claim()], {})
    assert reading.intervals == []
    assert [v.verdict for v in reading.verdicts] == ["needs data"]
    assert {line["cell"] for line in reading.map} == {"posed/x", "wild/x"}


def test_only_chosen_regimes_are_judged():
    rows = study(0.06, np.random.default_rng(0))
    reading = read_rows(rows, [claim()], {"1": {"cells": ["wild/x"]}})
    assert [v.cell for v in reading.verdicts] == ["wild/x", ""]


def test_cka_by_hand():
    x = np.array([[1.0, 0], [0, 1], [-1, -1]])
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    assert linear_cka(x, 3 * x @ turn + 5) == pytest.approx(1)  # turned, scaled, shifted
    # Centred lines: (1, 0, −1) and (1, −2, 1) are at right angles; (1, 0, −1) and (1, −1, 0) at 60°, cos² = 1/4.
    line = lambda *values: np.array(values, float)[:, None]  # noqa: E731
    assert linear_cka(line(1, 0, -1), line(1, -2, 1)) == pytest.approx(0)
    assert linear_cka(line(1, 0, -1), line(1, -1, 0)) == pytest.approx(0.25)
    assert np.isnan(linear_cka(line(2, 2, 2), line(1, 0, -1)))


def test_cka_by_kernels():
    """HSIC of centred Gram matrices, as the method's authors define it."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(9, 4)), rng.normal(size=(9, 3))
    h = np.eye(9) - 1 / 9
    k, g = h @ x @ x.T @ h, h @ y @ y.T @ h
    expected = (k * g).sum() / np.sqrt((k * k).sum() * (g * g).sum())
    assert linear_cka(x, y) == pytest.approx(expected)
    other = linear_cka(x[:, :3], y)
    expected = [[1, other, other], [other, 1, 1], [other, 1, 1]]
    assert slice_similarity(np.stack([x[:, :3], y, y])) == pytest.approx(np.array(expected))


def test_distance_quantiles_of_hand_placed_points():
    within, between = distance_quantiles(np.array([[0.0], [1], [4], [6]]), np.array([0, 0, 1, 1]), steps=3)
    assert within == pytest.approx([1, 1.5, 2])  # 1 and 2
    assert between == pytest.approx([3, 4.5, 6])  # 4, 6, 3, 5
    with pytest.raises(ValueError, match="different classes"):
        distance_quantiles(np.zeros((3, 1)), np.zeros(3))
