"""Mining against plain loops, and on points placed by hand."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from muldml_lite import mining

# Points on a line; a's farthest positive is c, its nearest negative d.
#   a  b     d c        e
LINE = torch.tensor([0.0, 1.0, 4.0, 3.0, 9.0])
LINE_LABELS = torch.tensor([0, 0, 0, 1, 1])
LINE_DISTANCES = (LINE[:, None] - LINE[None, :]).abs()[None]  # (1, 5, 5)

patterns = st.lists(st.integers(0, 3), min_size=1, max_size=9)  # class labels of a small batch


def random_distances(n, size, seed=0, levels=None):
    """Symmetric (n, size, size); with `levels` only so many different values, so that ties abound."""
    values = torch.rand(n, size, size, generator=torch.Generator().manual_seed(seed))
    if levels:
        values = (values * levels).ceil() / levels
    values = torch.triu(values, 1)
    return values + values.mT


def loop_triplets(labels):
    """All valid triplets of a batch, as a plain list."""
    everyone = range(len(labels))
    return [
        (a, p, n)
        for a, p, n in itertools.product(everyone, repeat=3)
        if a != p and labels[a] == labels[p] and labels[a] != labels[n]
    ]


def loop_batch_hard(d, labels):
    chosen = {}
    for a, p, n in loop_triplets(labels):
        best_p, best_n = chosen.get(a, (p, n))
        if d[a][p] > d[a][best_p]:
            best_p = p
        if d[a][n] < d[a][best_n]:
            best_n = n
        chosen[a] = (best_p, best_n)
    return {(a, p, n) for a, (p, n) in chosen.items()}


def loop_semi_hard(d, labels):
    chosen = {}
    for a, p, n in loop_triplets(labels):
        beyond, within = chosen.setdefault((a, p), ([], []))
        (beyond if d[a][n] > d[a][p] else within).append(n)
    result = set()
    for (a, p), (beyond, within) in chosen.items():
        n = min(beyond, key=lambda n: d[a][n]) if beyond else max(within, key=lambda n: d[a][n])
        result.add((a, p, n))
    return result


def as_sets(triplets):
    """Valid triplets of every slice as sets of (a, p, n)."""
    return [
        set(map(tuple, torch.stack(indices, dim=-1)[valid].tolist()))
        for *indices, valid, _ in zip(*triplets, strict=True)
    ]


def test_batch_hard_on_a_line():
    triplets = mining.batch_hard(LINE_DISTANCES, LINE_LABELS)
    assert triplets.positive.tolist() == [[2, 2, 0, 4, 3]]
    assert triplets.negative.tolist() == [[3, 3, 3, 2, 2]]
    assert triplets.anchor.tolist() == [[0, 1, 2, 3, 4]]
    assert triplets.valid.all()
    assert triplets.count.tolist() == [5]


def test_semi_hard_on_a_line():
    triplets = mining.semi_hard(LINE_DISTANCES, LINE_LABELS)
    # a to b is 1, next beyond is d at 3; a to c is 4, next is e at 9; c to a is 4 and to b 3, next is e at 5;
    # e to d is 6, next is b at 8; d to e is 6, nothing is beyond, the farthest is a at 3.
    wanted = {(0, 1, 3), (0, 2, 4), (1, 0, 3), (1, 2, 4), (2, 0, 4), (2, 1, 4), (3, 4, 0), (4, 3, 1)}
    assert as_sets(triplets) == [wanted]
    assert triplets.count.tolist() == [8]


def test_batch_all_on_a_line():
    counts = mining.batch_all(LINE_DISTANCES, LINE_LABELS, torch.tensor([2.5]))
    # a, positive b reaches 3.5: d at 3. a, positive c reaches 6.5: d again, e at 9 is too far.
    assert counts.positive[0, 0].tolist() == [0, 1, 1, 0, 0]
    assert counts.negative[0, 0].tolist() == [0, 0, 0, 2, 0]
    # d, positive e reaches 8.5: all of a, b, c.
    assert counts.positive[0, 3].tolist() == [0, 0, 0, 0, 3]
    assert counts.negative[0, 3].tolist() == [1, 1, 1, 0, 0]


def test_a_negative_at_the_very_threshold_is_not_active():
    counts = mining.batch_all(LINE_DISTANCES, LINE_LABELS, torch.tensor([2.0]))
    assert counts.positive[0, 0].tolist() == [0, 0, 1, 0, 0]  # a, b reaches 3 and d is at 3


@settings(max_examples=60, deadline=None)
@given(patterns, st.integers(0, 10_000), st.sampled_from([None, 3]))
def test_miners_agree_with_loops(labels, seed, levels):
    distances = random_distances(3, len(labels), seed, levels)
    hard = mining.batch_hard(distances, torch.tensor(labels))
    semi = mining.semi_hard(distances, torch.tensor(labels))
    assert as_sets(hard) == [loop_batch_hard(d, labels) for d in distances.tolist()]
    assert as_sets(semi) == [loop_semi_hard(d, labels) for d in distances.tolist()]
    for triplets in (hard, semi):
        assert triplets.count.tolist() == [len(found) for found in as_sets(triplets)]
        assert all(i.min() >= 0 and i.max() < len(labels) for i in triplets[:3])


@settings(max_examples=60, deadline=None)
@given(patterns, st.integers(0, 10_000), st.sampled_from([None, 3]))
def test_counts_agree_with_loops(labels, seed, levels):
    distances = random_distances(2, len(labels), seed, levels)
    thresholds = torch.tensor([1 / 3, 0.1])
    counts = mining.batch_all(distances, torch.tensor(labels), thresholds)
    both, incomplete = mining.count_joint(distances, torch.tensor(labels), thresholds)
    reach = distances + thresholds[:, None, None]
    for i, (d, r) in enumerate(zip(distances.tolist(), reach.tolist(), strict=True)):
        positive, negative = torch.zeros(2, len(labels), len(labels))
        wanted_both = wanted_incomplete = 0
        for a, p, n in loop_triplets(labels):
            active = d[a][n] < r[a][p]
            positive[a, p] += active
            negative[a, n] += active
            wanted_both += active and d[p][n] < r[a][p]
            wanted_incomplete += not active and d[p][n] < d[a][p]
        torch.testing.assert_close(counts.positive[i], positive, rtol=0, atol=0)
        torch.testing.assert_close(counts.negative[i], negative, rtol=0, atol=0)
        assert both[i] == wanted_both
        assert incomplete[i] == wanted_incomplete
    assert mining.count_all(torch.tensor(labels)) == len(loop_triplets(labels))


def test_counts_are_exact_across_blocks(monkeypatch):
    distances, labels = random_distances(2, 40), torch.arange(40) % 5
    whole = mining.count_joint(distances, labels, torch.tensor([0.1, 0.3]))
    monkeypatch.setattr(mining.every, "_BLOCK", 3 * 40 * 7)
    parts = mining.count_joint(distances, labels, torch.tensor([0.1, 0.3]))
    assert torch.equal(torch.stack(whole), torch.stack(parts))
    assert whole[1].min() > 0


def test_ties_go_to_the_lowest_index():
    distances = torch.ones(1, 6, 6)
    labels = torch.tensor([0, 0, 0, 1, 1, 1])
    hard, semi = mining.batch_hard(distances, labels), mining.semi_hard(distances, labels)
    assert hard.positive.tolist() == [[1, 0, 0, 4, 3, 3]]
    assert hard.negative.tolist() == [[3, 3, 3, 0, 0, 0]]
    assert {n for _, _, n in as_sets(semi)[0]} == {0, 3}  # D(a,n) = D(a,p) is not beyond: the farthest
    distances[0, :3, 1:3] = distances[0, 1:3, :3] = 0.5  # now the negatives are beyond, all at the same place
    assert {n for a, _, n in as_sets(mining.semi_hard(distances, labels))[0] if a < 3} == {3}


@pytest.mark.parametrize("labels", [[0], [0, 1], [0, 1, 2, 3], [5, 5, 5, 5]])
def test_batches_without_a_triplet_have_no_valid_one(labels):
    distances, labels = random_distances(2, len(labels)), torch.tensor(labels)
    for mine in (mining.batch_hard, mining.semi_hard):
        triplets = mine(distances, labels)
        assert not triplets.valid.any()
        assert triplets.count.tolist() == [0, 0]
    counts = mining.batch_all(distances, labels, torch.ones(2))
    assert counts.positive.count_nonzero() == counts.negative.count_nonzero() == 0
    assert torch.stack(mining.count_joint(distances, labels, torch.ones(2))).count_nonzero() == 0


def test_singletons_are_negatives_but_never_anchors():
    labels = torch.tensor([0, 0, 1])
    triplets = mining.batch_hard(random_distances(1, 3), labels)
    assert triplets.valid.tolist() == [[True, True, False]]
    assert triplets.negative[0, :2].tolist() == [2, 2]


def test_mining_keeps_no_graph_and_leaves_its_input_alone():
    distances = random_distances(2, 12).requires_grad_()
    before, labels = distances.detach().clone(), torch.arange(12) % 3
    for mine in (mining.batch_hard, mining.semi_hard):
        assert not any(part.requires_grad for part in mine(distances, labels))
    assert not any(part.requires_grad for part in mining.batch_all(distances, labels, torch.ones(2)))
    assert torch.equal(distances, before)


def test_squared_distances_give_the_same_triplets():
    distances, labels = random_distances(3, 20), torch.arange(20) % 4
    for mine in (mining.batch_hard, mining.semi_hard):
        for plain, squared in zip(mine(distances, labels), mine(distances**2, labels), strict=True):
            assert torch.equal(plain, squared)


def test_thresholds_are_not_rounded_to_the_precision_of_half_distances():
    # 1 + 2⁻¹⁰ needs more than the 8 bits of bfloat16.
    distances = torch.tensor([[[0, 1, 1], [1, 0, 1], [1, 1, 0]]], dtype=torch.bfloat16)
    counts = mining.batch_all(distances, torch.tensor([0, 0, 1]), torch.tensor([2.0**-10]))
    assert counts.positive.dtype == torch.float32
    assert counts.positive.sum() == 2
    assert counts.negative.sum() == 2
