"""Memory a loss takes beyond its embeddings: estimated from shapes before it runs, or measured in a new process."""

from __future__ import annotations

from muldml_lite.bench.libraries import PML, PML_SHARED, SENTENCE
from muldml_lite.bench.plain import Setting


def bytes_needed(name: str, setting: Setting, size: int, per_class: int) -> int:
    """About how many bytes a case keeps at once, in float32, for B = `size` and K = `per_class`.

    Counts what autograd keeps of all slices until backward. An estimate for leaving out what cannot fit.
    """
    pairs = setting.slices * size**2  # distances
    positives = size * (per_class - 1)
    triplets = positives * (size - per_class)
    if name.endswith("(B, B, B)"):
        return size**3 * 8
    by_case = {
        # indices (int64) and four values of every triplet, after a cube of bytes
        ("batch-all", PML): 2 * size**3 + setting.slices * triplets * (24 + 16),
        ("batch-all", PML_SHARED): 2 * size**3 + triplets * 24 + setting.slices * triplets * 16,
        ("semi-hard", PML): 2 * size**3 + 16 * pairs + triplets * 110,
        ("batch-all", SENTENCE): setting.slices * positives * size * 20,
        ("batch-all", "plain PyTorch, a loop"): setting.slices * positives * size * 20,
    }
    return by_case.get((setting.mining, name), 24 * pairs)
