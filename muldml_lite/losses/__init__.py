"""Triplet, dual triplet and multi-threshold losses. The distance convention lives here and nowhere else.

An embedding (B, D) is cut into N slices (N, B, d) of unit length, and slice i is trained with a triplet loss
at its own threshold τ_i (Yang, Yu, Chen, Liu, Wang, Shen: "Multi-threshold Deep Metric Learning for Facial
Expression Recognition", Pattern Recognition 156, 2024, arXiv 2406.16434). For a triplet (a, p, n):

    triplet  [D(a,p) − D(a,n) + τ]₊                                  (Schroff et al. 2015, FaceNet)
    dual     [D(a,p) − D(a,n) + τ]₊ + [D(a,p) − D(p,n) + τ]₊

D is the Euclidean distance, or its square; τ has the same unit (unit vectors: D in 0…2, D² in 0…4).

Two facts to know before expecting much of the dual loss, both shown in tests/test_losses.py:
1. Batch-all: (p, a, n) is a triplet whenever (a, p, n) is, so over all of them dual is exactly twice triplet.
2. Batch Hard with every sample an anchor: D(a,p) is at most the distance of p to its own farthest positive
   and D(p,n) at least that to its nearest negative, so the second term of dual never exceeds the loss that
   p already pays as an anchor (at the same τ).

Where a derivative is a matter of choice: a hinge of exactly 0 is not active; two points that coincide do not pull
each other; a slice of length 0 gets no gradient; of equal distances the lowest index is mined.

Cost with K positives an anchor: Batch Hard O(N·B²·d) time, semi-hard O(N·B²·(d + log B)), batch-all O(N·B²·(d + K)),
or log B for K where classes are large. Memory is O(B²): slices are worked on some at a time, and nothing of that size
waits for `backward`. On GPUs nothing waits for a value, so K is unknown there: semi-hard then lists B pairs an anchor.
"""

from muldml_lite.labels import NoTripletsWarning
from muldml_lite.losses.distances import pairwise_distances, split_slices
from muldml_lite.losses.multi_threshold import LossReport, MultiThresholdLoss, NotFiniteWarning, multi_threshold_loss
from muldml_lite.losses.thresholds import sample_thresholds

__all__ = [
    "LossReport",
    "MultiThresholdLoss",
    "NoTripletsWarning",
    "NotFiniteWarning",
    "multi_threshold_loss",
    "pairwise_distances",
    "sample_thresholds",
    "split_slices",
]
