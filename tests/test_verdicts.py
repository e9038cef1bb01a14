"""What slices say of a new face, against counting by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_run import fake_probe, write_fake_run
from fake_weights import write_fake_weights

from muldml_lite.analysis import verdicts
from muldml_lite.analysis.embedding_of import Embedded, Embedder
from muldml_lite.analysis.verdicts import Gallery, Judge, Space, read_gallery
from muldml_lite.photos import Photo
from muldml_lite.plots.new_face import slice_names, verdicts_over_slices
from muldml_lite.runs import Run, RunError

SAMPLE = Path(__file__).parents[1] / "data" / "sample_run"


def gallery(labels, vectors, usual=()):
    probe = replace(fake_probe(len(labels), np.random.default_rng(0)), labels=np.array(labels))
    space = Space(np.array(vectors, np.float32), np.array(usual, float))
    return Gallery(probe, np.arange(len(labels)), (0.5,), 1, 5, (space,)), space


def test_votes_distances_and_the_margin_by_hand():
    # Seven faces on a line at 1, 2, … 7; the new one lies at 0.
    faces, space = gallery([3, 4, 2, 2, 4, 1, 1], [[place] for place in range(1, 8)], usual=[1.0, 2.0, 4.0, 5.0])
    one = space.ask(np.zeros(1, np.float32), faces)
    assert one.nearest.tolist() == [0, 1, 2, 3, 4]
    assert one.distances.tolist() == [1, 2, 3, 4, 5]
    assert one.votes.tolist() == [0, 0, 2, 1, 2, 0, 0]
    assert one.label == 4  # as many votes as 2 has, and a nearer face; the nearest one has too few
    assert one.share == 0.4
    assert one.apart == 3
    assert one.farther == 0.5  # farther than 1.0 and 2.0
    assert one.margin == 1 - 2
    assert np.array_equal(one.to_classes, [np.nan, 6, 3, 1, 2, np.nan, np.nan], equal_nan=True)


def test_without_unseen_faces_or_other_classes_nothing_is_claimed():
    faces, space = gallery([3, 3], [[1.0], [2.0]])
    one = space.ask(np.zeros(1, np.float32), faces)
    assert one.farther is None
    assert np.isnan(one.margin)
    assert one.votes.sum() == 2


def test_a_face_of_the_run_finds_itself_and_unseen_ones_are_ordinary():
    judge = Judge(Run(SAMPLE))
    probe = judge.gallery.probe
    trained, unseen = np.flatnonzero(~probe.test), np.flatnonzero(probe.test)
    result = judge(Photo(probe.thumbnails[trained[3]]))
    assert result.pixels.nearest[0] == result.whole.nearest[0] == trained[3]
    assert all(one.distances[0] < 0.05 for one in result.slices)  # what is kept is float16
    shares = [judge(Photo(probe.thumbnails[i])).whole.farther for i in unseen[::8]]
    assert 0.2 < np.median(shares) < 0.8
    assert not set(result.whole.nearest) & set(unseen)
    foreign = judge(Photo(np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)))
    assert foreign.pixels.farther > 0.95
    assert len(result.lines) == len(result.slices) + 3
    assert probe.classes[result.whole.label] in result.lines[-2]


def test_a_grey_run_is_shown_grey_faces(monkeypatch):
    run = Run(SAMPLE)
    coloured = np.zeros((48, 48, 3), np.uint8)
    coloured[..., 0] = 200
    judge = Judge(run)
    assert np.array_equal(judge.see(Photo(coloured), verdicts.Square(), 48), coloured)
    grey = np.repeat(run.probe.thumbnails[..., :1], 3, axis=-1)
    judge.gallery = replace(judge.gallery, probe=replace(run.probe, thumbnails=grey))
    assert (judge.see(Photo(coloured), verdicts.Square(), 48) == 60).all()  # 0.299 · 200


def test_runs_that_cannot_judge_say_why(tmp_path):
    path = write_fake_run(tmp_path / "run")
    with pytest.raises(RunError, match="keeps no weights"):
        read_gallery(Run(path))
    write_fake_weights(path, epoch=9)
    with pytest.raises(RunError, match="epoch 9, which is not written yet"):
        read_gallery(Run(path))


def test_a_wrong_size_is_named():
    run = Run(SAMPLE)
    found = Embedder(run).embed(run.probe.thumbnails[:2])
    with pytest.raises(ValueError, match="expected"):
        read_gallery(run).judge(run.probe.thumbnails[0], found)
    one = Embedded(found.slices[:, :1], found.probabilities[:1])
    with pytest.raises(ValueError, match="expected"):
        read_gallery(run).judge(run.probe.thumbnails[0, :20], one)


def test_the_figure_shows_votes_and_distances():
    judge = Judge(Run(SAMPLE))
    result = judge(Photo(judge.gallery.probe.thumbnails[0]))
    figure = verdicts_over_slices(result, result.classes, result.thresholds)
    above = [trace for trace in figure.data if trace.yaxis == "y"]
    below = {trace.name: trace for trace in figure.data if trace.yaxis == "y2"}
    assert sum(sum(trace.customdata) for trace in above) == 5 * len(result.slices)
    for label, name in enumerate(result.classes):
        assert np.allclose(below[name].y, [one.to_classes[label] for one in result.slices])
    assert np.allclose(below["this face, mean of its nearest"].y, [one.apart for one in result.slices])
    strange = ["<b>joy</b> %{y} &lt;", *result.classes[1:]]
    names = {trace.name for trace in verdicts_over_slices(result, strange, result.thresholds).data}
    assert "&lt;b>joy&lt;/b> %&#123;y} &amp;lt;" in names  # plotly reads these letters, and no markup


def test_slices_have_names_of_their_own():
    assert slice_names([0.1, 0.25]) == ["0.10", "0.25"]
    assert slice_names([0.2, 0.2]) == ["1: 0.20", "2: 0.20"]
    assert slice_names([None, None]) == ["1", "2"]
