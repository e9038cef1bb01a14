"""Random changes of training images that keep the expression: mirror, turn, shift, zoom, light and colour."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

TURN = math.radians(8)  # largest rotation to either side
SHIFT = 0.06  # largest shift along each axis, share of the side
ZOOM = 0.08  # scale 1 ± this
COLOUR = 0.2  # brightness, contrast and saturation 1 ± this, each on its own
_GREY = (0.299, 0.587, 0.114)  # luma weights of ITU-R BT.601, as torchvision takes them


def draw_changes(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Changes of `count` images, drawn on the generator's device: where from (count, 2, 3), colour factors (count, 3).

    The first is what `torch.nn.functional.affine_grid` takes: output to input coordinates, −1…1 from edge to edge.
    """
    draws = torch.rand(count, 8, generator=generator, device=generator.device, dtype=torch.float32)
    spread = draws * 2 - 1  # (count, 8) in −1…1
    turn, scale = spread[:, 0] * TURN, 1 + spread[:, 1] * ZOOM  # (count,)
    mirror = torch.where(spread[:, 7] < 0, -1, 1)
    cos, sin = turn.cos() / scale, turn.sin() / scale
    shift = spread[:, 2:4] * (2 * SHIFT)  # a side is 2 long in these coordinates
    rows = [torch.stack([mirror * cos, -sin, shift[:, 0]], 1), torch.stack([mirror * sin, cos, shift[:, 1]], 1)]
    return torch.stack(rows, 1), 1 + spread[:, 4:7] * COLOUR


def change(images: Tensor, where: Tensor, colours: Tensor) -> Tensor:
    """Images (b, 3, S, S) in 0…1, `where` (b, 2, 3), brightness, contrast, saturation (b, 3) → changed images.

    All moves are one look-up and all colour changes one matrix an image, so that augmentation stays below 4 % of a
    step: a library's chain of single changes, each a pass over the batch of its own, took three times as long.
    """
    grid = _grid(where, images.shape[-1])
    return _recolour(grid_sample(images, grid, padding_mode="border", align_corners=False), colours)


def _grid(where: Tensor, side: int) -> Tensor:
    """`affine_grid` of a square, (b, S, S, 2), as a sum of a part along x and one along y: a tenth of its time."""
    middles = (torch.arange(side, dtype=where.dtype, device=where.device) * 2 + 1) / side - 1  # (S,)
    along_x = where[:, :, 0, None] * middles  # (b, 2, S)
    along_y = where[:, :, 1, None] * middles + where[:, :, 2, None]  # (b, 2, S)
    return (along_x[:, :, None, :] + along_y[:, :, :, None]).permute(0, 2, 3, 1)


def _recolour(images: Tensor, colours: Tensor) -> Tensor:
    """Brightness, then contrast about the image's mean grey, then saturation; clamped to 0…1 once, at the end."""
    bright, contrast, saturation = colours.unbind(1)  # (b,) each
    grey = torch.tensor(_GREY, dtype=images.dtype, device=images.device)
    pixels = images.flatten(2)  # (b, 3, S·S)
    mean = pixels.mean(2) @ grey  # (b,)
    keep = torch.eye(3, dtype=images.dtype, device=images.device) * saturation[:, None, None]  # (b, 3, 3)
    matrix = (keep + (1 - saturation)[:, None, None] * grey) * (bright * contrast)[:, None, None]
    offset = ((1 - contrast) * bright * mean)[:, None, None]  # (b, 1, 1)
    return torch.baddbmm(offset, matrix, pixels).clamp_(0, 1).view_as(images)
