"""Augmentation: what it may change, how far, and that it does what torchvision's single steps would."""

import math

import pytest
import torch
from torchvision.transforms.v2 import functional as oracle

from muldml_lite.trainer.augment import COLOUR, SHIFT, TURN, ZOOM, change, draw_changes

SIDE = 24
AS_IT_IS = torch.tensor([[1.0, 0, 0], [0, 1, 0]])


def pictures(count, seed=0):
    """Smooth random images (count, 3, SIDE, SIDE) in 0.2…0.8: interpolation hardly matters, nothing is clamped."""
    coarse = torch.rand(count, 3, 5, 5, generator=torch.Generator().manual_seed(seed))
    return 0.2 + 0.6 * torch.nn.functional.interpolate(coarse, SIDE, mode="bicubic", align_corners=True).clamp(0, 1)


def draw(count, seed=0):
    return draw_changes(count, torch.Generator().manual_seed(seed))


def test_no_change_changes_nothing():
    images = pictures(3)
    torch.testing.assert_close(change(images, AS_IT_IS.expand(3, 2, 3), torch.ones(3, 3)), images, atol=1e-5, rtol=0)


def test_mirror_is_a_mirror():
    images = pictures(2)
    where = (AS_IT_IS * torch.tensor([[-1.0], [1.0]])).expand(2, 2, 3)
    torch.testing.assert_close(change(images, where, torch.ones(2, 3)), images.flip(-1), atol=1e-5, rtol=0)


def test_moves_agree_with_torchvision():
    images = pictures(8)
    where, _ = draw(8)
    moved = change(images, where, torch.ones(8, 3))
    for image, one, matrix in zip(images, moved, where, strict=True):
        mirrored = bool(torch.det(matrix[:, :2]) < 0)
        if mirrored:  # the input's x runs the other way
            image, matrix = image.flip(-1), matrix * torch.tensor([[-1.0], [1.0]])  # noqa: PLW2901
        turn = math.degrees(math.atan2(matrix[1, 0], matrix[0, 0]))
        scale = 1 / math.hypot(matrix[0, 0], matrix[1, 0])
        # torchvision shifts the result; ours says where in the input a result's middle comes from
        shift = -torch.linalg.solve(matrix[:, :2], matrix[:, 2]) * SIDE / 2
        expected = oracle.affine(
            image[None], -turn, shift.tolist(), scale, [0.0, 0.0], interpolation=oracle.InterpolationMode.BILINEAR
        )[0]
        inner = slice(6, SIDE - 6)  # torchvision fills the rim with black, ours repeats the edge
        torch.testing.assert_close(one[:, inner, inner], expected[:, inner, inner], atol=0.02, rtol=0)


def test_colours_agree_with_torchvision():
    images = pictures(6)
    _, colours = draw(6)
    changed = change(images, AS_IT_IS.expand(6, 2, 3), colours)
    for image, one, (bright, contrast, saturation) in zip(images, changed, colours.tolist(), strict=True):
        expected = oracle.adjust_brightness(image, bright)
        expected = oracle.adjust_contrast(expected, contrast)
        expected = oracle.adjust_saturation(expected, saturation)
        torch.testing.assert_close(one, expected, atol=2e-3, rtol=0)  # torchvision's grey weights are rounded


def test_draws_fill_their_ranges_and_no_more():
    where, colours = draw(4000)
    turned = where * torch.where(torch.det(where[..., :2]) < 0, -1, 1)[:, None, None] ** torch.tensor([1, 0, 0])
    angle = torch.atan2(-turned[:, 0, 1], turned[:, 1, 1])
    scale = 1 / turned[:, 1, :2].square().sum(-1).sqrt()
    mirrored = (torch.det(where[..., :2]) < 0).float().mean()
    assert mirrored == pytest.approx(0.5, abs=0.03)
    for values, middle, half in (
        (angle, 0, TURN),
        (scale, 1, ZOOM),
        (where[:, :, 2], 0, 2 * SHIFT),
        (colours, 1, COLOUR),
    ):
        assert (values - middle).abs().max() <= half * 1.001
        assert values.max() > middle + 0.98 * half
        assert values.min() < middle - 0.98 * half


def test_each_image_is_changed_in_its_own_way_by_seed():
    image = pictures(1).expand(16, -1, -1, -1)
    changed = change(image, *draw(16))
    assert len({tuple(one.flatten()[:50].tolist()) for one in changed}) == 16
    assert torch.equal(changed, change(image, *draw(16)))
    assert not torch.equal(changed, change(image, *draw(16, seed=1)))
    assert changed.min() >= 0
    assert changed.max() <= 1


def test_bright_images_stay_in_range():
    white = torch.ones(64, 3, SIDE, SIDE)
    assert change(white, *draw(64)).max() == 1
