"""Slices, their distances, and losses whose gradient is known already."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def split_slices(embeddings: Tensor, n: int) -> Tensor:
    """Embeddings (B, D) → n equal contiguous slices (n, B, D/n) of unit length, in float32 or better.

    A slice too short to have a direction (norm up to 1e-12, for float16 up to 6e-5: a gradient of 1/norm would
    overflow) becomes 0 and gets no gradient. The embeddings themselves are never written to.
    """
    if embeddings.ndim != 2 or embeddings.shape[1] % n or embeddings.shape[1] == 0:
        raise ValueError(
            f"embeddings has shape {tuple(embeddings.shape)}; expected (B, D) with D divisible by {n} slices"
        )
    return _Unit.apply(embeddings, n)


class _Unit(torch.autograd.Function):
    """Slices divided by their lengths: one step of autograd instead of a dozen."""

    @staticmethod
    def forward(ctx, embeddings: Tensor, n: int) -> Tensor:
        shortest = max(1e-12, torch.finfo(embeddings.dtype).tiny)
        slices = embeddings.unflatten(1, (n, -1)).transpose(0, 1)  # (n, B, d)
        slices = slices.to(torch.promote_types(slices.dtype, torch.float32))
        norm = torch.linalg.vector_norm(slices, dim=-1, keepdim=True)  # (n, B, 1)
        inverse = torch.where(norm <= shortest, 0, norm.reciprocal())  # asked this way round, NaN stays NaN
        unit = torch.mul(slices, inverse, out=slices.new_empty(slices.shape))
        ctx.save_for_backward(unit, inverse)
        ctx.dtype = embeddings.dtype
        return unit

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:
        unit, inverse = ctx.saved_tensors
        outwards = (gradient * unit).sum(-1, keepdim=True)  # (n, B, 1), what would change the length only
        gradient = torch.addcmul(gradient, outwards, unit, value=-1).mul_(inverse)
        return gradient.transpose(0, 1).flatten(1).to(ctx.dtype), None


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


def squares_into(points: Tensor, out: Tensor, scale: float = 1.0) -> Tensor:
    """Float64 points (N, B, d) → their squared distances × scale, (N, B, B), written into `out`.

    Exact to 1e-16 of the points' squared lengths, hence perhaps that much below 0.
    """
    square = points.square().sum(-1).mul_(scale)  # (N, B)
    torch.add(square[:, :, None], square[:, None, :], out=out)
    return out.baddbmm_(points, points.mT, alpha=-2 * scale)


def with_ones(points: Tensor) -> Tensor:
    """Points (N, B, d) → (N, B, d + 8) float64; one 1 would do for `pulled`, eight keep rows aligned."""
    wide = torch.ones(*points.shape[:-1], points.shape[-1] + 8, dtype=torch.float64, device=points.device)
    wide[..., :-8] = points
    return wide


def pulled(points: Tensor, pull: Tensor) -> Tensor:
    """Σ_b pull_ab (x_a − x_b) for points `with_ones` and a symmetric pull (N, B, B), float64 → (N, B, d)."""
    product = pull @ points  # (N, B, d + 8)
    return torch.addcmul(product[..., :-8], product[..., -1:], points[..., :-8], value=-1).neg_()


def shortest_length(points: Tensor) -> Tensor:
    """Slices (N, B, d) → the distance (N,) below which a float64 product of theirs is all rounding error.

    A pull is divided by no less. So points that coincide pull each other with a moderate strength times no difference.
    """
    return 2.0**-26 * torch.linalg.vector_norm(points, dim=-1).amax(-1) + 1e-30


class _KnownGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, slices: Tensor, value: Tensor, gradient: Tensor) -> Tensor:
        ctx.save_for_backward(gradient)
        return value.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx, upstream: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return upstream * gradient, None, None


def with_gradient(slices: Tensor, value: Tensor, gradient: Tensor | None) -> Tensor:
    """The scalar `value`, whose gradient with respect to the slices (N, B, d) was made along with it.

    So nothing of size (N, B, B) has to be kept until `backward`.
    """
    return value if gradient is None else _KnownGradient.apply(slices, value, gradient)
