"""Random changes of training images that keep the expression; drawn for each image of a batch by kornia."""

from __future__ import annotations

from torch import nn

from muldml_lite.config import Config


def make_augmentation(config: Config) -> nn.Module:
    """Images (B, 3, S, S) in 0…1 to the same, each changed in its own way."""
    if not config.augment:
        return nn.Identity()
    import kornia.augmentation as random_image

    return random_image.AugmentationSequential(
        random_image.RandomHorizontalFlip(p=0.5),
        random_image.RandomAffine(degrees=8, translate=(0.06, 0.06), scale=(0.92, 1.08), padding_mode="border", p=1),
        random_image.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2, p=1),
    )
