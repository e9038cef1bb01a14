"""The link of the slices view: what is set comes back, and nonsense is named, not obeyed."""

import importlib
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "streamlit_app"))
link = importlib.import_module("slices_link")

SCOPE = link.Scope(60, [0, 3, 9], ["pca", "umap"])
PLAIN = {"index": None, "epoch": 9, "selected": []}
LOOK = {"colour": "expression", "kind": "pca", "only": None, "zoom": None}


def test_what_is_as_ever_needs_no_words():
    assert set(link.write({**PLAIN, "look": LOOK}, SCOPE).values()) == {None}
    assert link.read({}, SCOPE) == ({**PLAIN, "look": LOOK}, [])


def test_known_words():
    look = {"colour": "confidence", "kind": "umap", "only": "80–100 %", "zoom": [0.25, -0.5, 4.0]}
    words = link.write({"index": 7, "epoch": 3, "selected": [9, 3, 4, 5], "look": look}, SCOPE)
    assert words == {
        "point": "7",
        "epoch": "3",
        "colour": "confidence",
        "kind": "umap",
        "only": "80–100 %",
        "zoom": "0.25~-0.5~4",
        "lasso": "3-5.9",
    }


@given(
    st.none() | st.integers(0, 59),
    st.sampled_from(SCOPE.epochs),
    st.sets(st.integers(0, 59)),
    st.sampled_from(link.COLOURS),
    st.sampled_from(SCOPE.kinds),
)
def test_a_link_comes_back_as_it_was(index, epoch, chosen, colour, kind):
    wish = {"index": index, "epoch": epoch, "selected": sorted(chosen)}
    wish["look"] = {**LOOK, "colour": colour, "kind": kind, "zoom": [0.1, -0.1, 1.5]}
    words = {key: value for key, value in link.write(wish, SCOPE).items() if value is not None}
    assert link.read(words, SCOPE) == (wish, [])


@pytest.mark.parametrize(
    "words",
    [
        {"point": "60"},
        {"point": "-1"},
        {"point": "²"},
        {"point": "99999999999999999999"},
        {"epoch": "4"},
        {"epoch": "x"},
        {"colour": "smell"},
        {"kind": "tsne"},
        {"zoom": "1~2"},
        {"zoom": "0~0~0.5"},
        {"zoom": "nan~0~2"},
        {"zoom": "0~0~inf"},
        {"zoom": "0.9~0~1.5"},
        {"lasso": "5-3"},
        {"lasso": "1.2.999"},
        {"lasso": "0-" + "9" * 5000},
        {"lasso": "a"},
    ],
)
def test_nonsense_is_one_sentence_and_changes_nothing(words):
    wish, problems = link.read(words, SCOPE)
    assert wish == {**PLAIN, "look": LOOK}
    assert len(problems) == 1
    (name,) = words
    assert f"{name}=" in problems[0]
    assert len(problems[0]) < 200


def test_a_link_writes_no_markdown_into_the_page():
    _, (problem,) = link.read({"colour": "a` ![x](http://example.org/x.png)"}, SCOPE)
    assert problem.split("`")[1] == "colour=a ![x](http://example.org/x.png"[:37]
    assert problem.count("`") == 2


def test_a_long_selection_stays_out_of_the_link():
    every_second = list(range(0, 2000, 2))
    assert not link.fits(every_second)
    wide = link.Scope(2000, [0], ["pca"])
    wish = {"index": None, "epoch": 0, "selected": every_second, "look": LOOK}
    assert link.write(wish, wide)["lasso"] is None
    assert link.write({**wish, "selected": list(range(2000))}, wide)["lasso"] == "0-1999"
