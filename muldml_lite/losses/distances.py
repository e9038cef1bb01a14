"""Slices, their distances, and sums of distances with an exact gradient."""

from __future__ import annotations

import torch
from torch import Tensor


def split_slices(embeddings: Tensor, n: int) -> Tensor:
    """Embeddings (B, D) → n equal contiguous slices (n, B, D/n) of unit length, in float32 or better.

    A slice too short to have a direction (norm up to 1e-12, for float16 up to 6e-5: a gradient of 1/norm would
    overflow) becomes 0 and gets no gradient. The embeddings themselves are never written to.
    """
    if embeddings.ndim != 2 or embeddings.shape[1] % n or embeddings.shape[1] == 0:
        raise ValueError(
            f"embeddings has shape {tuple(embeddings.shape)}; expected (B, D) with D divisible by {n} slices"
        )
    shortest = max(1e-12, torch.finfo(embeddings.dtype).tiny)
    size, dim = embeddings.shape
    slices = embeddings.reshape(size, n, dim // n).transpose(0, 1)  # (n, B, d)
    slices = slices.to(torch.promote_types(slices.dtype, torch.float32))
    norm = torch.linalg.vector_norm(slices, dim=-1, keepdim=True)  # (n, B, 1)
    short = norm <= shortest  # asked this way round, NaN stays NaN and is seen in the loss
    return torch.where(short, 0, slices / torch.where(short, 1, norm))


def pairwise_distances(slices: Tensor, squared: bool = False) -> Tensor:
    """Slices (N, B, d) → Euclidean distances (N, B, B) within each slice, or their squares.

    Multiplied out in float64, which keeps small distances as exact as differences would (relative error
    1e-10 at distance 1e-3) at a fraction of their cost. Points nearer than about 1e-7 of their length
    count as one: distance 0, gradient 0. The result has the precision of the input, at least float32.
    """
    dtype = torch.promote_types(slices.dtype, torch.float32)
    if slices.device.type == "mps":  # has no float64: take the differences after all
        exact = slices.to(dtype)
        distances = torch.cdist(exact, exact, compute_mode="donot_use_mm_for_euclid_dist")
        return distances.square() if squared else distances
    wide = slices.double()
    square = wide.square().sum(-1)  # (N, B)
    both = square[:, :, None] + square[:, None, :]  # (N, B, B)
    apart = torch.baddbmm(both, wide, wide.mT, alpha=-2)  # (N, B, B)
    apart = torch.where(apart <= both * 2.0**-46, 0, apart).to(dtype)
    if squared:
        return apart
    coincide = apart == 0
    return torch.where(coincide, 0, torch.where(coincide, 1, apart).sqrt())


class _AttachGradient(torch.autograd.Function):
    """Values (N,) computed elsewhere, with their known gradients (N, B, d) with respect to the slices."""

    @staticmethod
    def forward(ctx, slices: Tensor, value: Tensor, gradient: Tensor) -> Tensor:
        ctx.save_for_backward(gradient)
        return value.clone()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, upstream: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return upstream[:, None, None] * gradient, None, None


def with_gradient(slices: Tensor, value: Tensor, weights: Tensor, distances: Tensor, squared: bool) -> Tensor:
    """Value (N,) = Σ weights·distances + constant, given the gradient of that sum.

    The gradient is made here and not in backward, so that nothing of size (N, B, B) has to be kept till then.
    """
    if not (slices.requires_grad and torch.is_grad_enabled()):
        return value
    with torch.no_grad():
        pull = (weights + weights.mT).to(slices.dtype)  # (N, B, B)
        wide = slices.to(widest(slices))
        apart = distances > 0  # where two points coincide the sub-gradient is 0
        pull = 2 * pull if squared else torch.where(apart, pull / torch.where(apart, distances, 1), 0)
        pull = pull.to(wide.dtype)
        # Σ_b pull_ab (x_a − x_b), in float64: the two parts nearly cancel where points are close.
        gradient = pull.sum(-1, keepdim=True) * wide - pull @ wide  # (N, B, d)
    return _AttachGradient.apply(slices, value, gradient.to(slices.dtype))


def widest(tensor: Tensor) -> torch.dtype:
    return torch.float32 if tensor.device.type == "mps" else torch.float64  # Apple's GPUs have no float64


def rows_at(slices: Tensor, index: Tensor) -> Tensor:
    """Slices (N, B, d) at index (N, B) → (N, B, d)."""
    return slices.gather(1, index[..., None].expand(-1, -1, slices.shape[-1]))
