"""The words of the benchmark page; tables and facts are filled in where a $ stands."""

HEAD = """\
# Benchmarks

What the losses cost beside what else one could take, what that buys a whole training step, and what drawing and
layouts cost. Made by `$command` in $minutes minutes.

| | |
|---|---|
$machine

## How

Every table is made like this. All cases of a table run **in turn in one process**: a round runs each case once,
beginning with another one every time, so that whatever else the machine does (see "busy") meets all of them alike.
"× ours" is the time of a case over that of ours **in the same round**; shown is the median over the rounds. A call
shorter than 10 ms is repeated within a measurement; a slow case gets fewer rounds.

**Before anything is timed it must compute the same**: loss and gradient within 1e-6 of ours in float64 on up to 128
images, and in float32 on the timed batch within 1e-4 (loss) and 5 % (gradient: where two distances tie, float32 may
mine either one). What differs is not timed. What by nature computes something else is marked, never called equal.

* *pytorch-metric-learning*: one `TripletMarginLoss` a slice with its miner and the same reducer; for dual a second one
  with anchor and positive exchanged (batch-all: twice the first, which is the same). "Listed once": all slices share
  the triplet indices.
* *sentence-transformers*: its batch-hard, semi-hard and batch-all losses, one a slice. Each has one reduction; no dual.
* *plain PyTorch, a loop*: `torch.cdist`, masks and autograd, slice by slice, as a good PyTorch user would write it;
  batch-all over valid pairs × batch, which is smaller than B × B × B.
* *distances alone*: one batched matrix product of all slices, root, sum, and the gradient. Not a loss, but about the
  least that a loss of all pairs does. Where a loss touches few pairs in its backward, it may undercut this.
"""

SECTIONS = {
    "loss": """\
## The losses

Forward and backward from embeddings (B, D = $dim) in float32. Ours as time, the others as multiples of it (× ours).

$tables
""",
    "growth": """\
## Growth

![Time of a pass over batch size and over slices]($picture)

(pytorch-metric-learning's semi-hard mining is another definition: all semi-hard triplets, not one a pair.)

Time as a power of the size: exponent ± standard error of a least-squares fit to the logarithms of the medians, over the
sizes in brackets. Small sizes are mostly overhead, so an exponent understates what comes beyond them.

$tables
""",
    "memory": """\
## Memory

What one pass, forward and backward, takes at its peak beyond its embeddings: each case in a process of its own.

$tables
""",
    "step": """\
## A whole training step

Forward, losses, backward, optimiser in float32; the learning rate is 0, so that all cases meet the same network. A
faster loss saves no more than the share of a step that the loss was. "Predicted" adds the times of the losses alone
(first tables) to that of the step with cross entropy alone; "measured" is the whole step, pytorch-metric-learning over
ours.

$tables
""",
    "faces": """\
## Drawn faces

One core; a call draws 42 faces of six people.

$tables
""",
    "layout": """\
## Layouts

$tables
""",
}
