"""The network: backbone → embedding matrix M → embedding, and a classification head on it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

# Means and standard deviations of ImageNet's channels: what torchvision's weights expect, and as good as
# any other for faces drawn here.
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)


class EmbeddingNet(nn.Module):
    """Backbone, embedding matrix M and classification head.

    The embedding layer is linear, as in the paper's figure 2 (its matrix M). The head sees the whole
    embedding before any slice is normalised.

    Args:
        backbone: "small", or "resnet18" from torchvision.
        dim: D, size of the embedding.
        classes: C, number of classes.
    """

    def __init__(self, backbone: str, dim: int, classes: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(_STD).view(1, 3, 1, 1), persistent=False)
        self.backbone, features = _small() if backbone == "small" else _resnet18()
        self.embedding = nn.Linear(features, dim, bias=False)
        self.head = nn.Linear(dim, classes)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, 3, S, S) in 0…1 to embedding (B, D) and logits (B, C)."""
        features = self.backbone((images - self.mean) / self.std)  # (B, F)
        embedding = self.embedding(features)  # (B, D)
        return embedding, self.head(embedding)


def to_float(images: Tensor) -> Tensor:
    """Stored images (B, S, S, 3) uint8 to network input (B, 3, S, S) in 0…1, channels last in memory."""
    return images.permute(0, 3, 1, 2).float().div_(255)


def _small() -> tuple[nn.Module, int]:
    """Four convolutions, then a 3 × 3 grid: faces are aligned, so where something is seen matters.

    With one average over the whole image instead, cross entropy needs several times as many epochs.
    """

    def stage(inputs: int, outputs: int, stride: int = 1, pool: bool = True) -> list[nn.Module]:
        layers = [
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(True),
        ]
        return [*layers, nn.MaxPool2d(2)] if pool else layers

    layers = stage(3, 32, stride=2, pool=False) + stage(32, 64) + stage(64, 128) + stage(128, 128, pool=False)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(3), nn.Flatten()), 128 * 9


def _resnet18() -> tuple[nn.Module, int]:
    from torchvision.models import resnet18  # over a second to import, and only this backbone needs it

    network = resnet18(weights=None)
    features = network.fc.in_features
    network.fc = nn.Identity()
    return network, features
