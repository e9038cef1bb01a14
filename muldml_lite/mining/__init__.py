"""Which triplets (anchor, positive, negative) of a batch a loss looks at.

Pure functions of distances (N, B, B), one matrix per embedding slice, and labels (B,). A positive of an
anchor has its label and is not the anchor itself; a negative has another label. All of it runs without
gradient, and in float32 or better (bfloat16 distances pick another positive 4 % of the time). On a GPU no shape
depends on a value: no `.item()`, no `nonzero`, hence no waiting. Whether an anchor has a positive and a
negative at all is said by a mask, `valid`. Plain or squared distances give the same triplets.
"""

from muldml_lite.mining.classes import count_all, pair_masks
from muldml_lite.mining.every import ActiveCounts, batch_all, count_joint
from muldml_lite.mining.hard import Triplets, batch_hard, semi_hard

__all__ = ["ActiveCounts", "Triplets", "batch_all", "batch_hard", "count_all", "count_joint", "pair_masks", "semi_hard"]
