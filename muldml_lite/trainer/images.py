"""Where the images wait for their turn: on the device, on the host when they do not fit there, or on disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from muldml_lite.config import Config

LARGEST_SHARE = 0.5  # of the device's free memory; the rest is for the network's activations


class ImageStore(Protocol):
    """Gives batches of images by their places in the data set."""

    def batches(self, rows: Tensor) -> Iterator[Tensor]:
        """Places (steps, b) int64 → one batch (b, S, S, 3) uint8 on the device for each row."""


def make_store(config: Config, images: Any, device: torch.device) -> ImageStore:
    """The store that `config.image_store` names; auto: on the device if the images fit.

    Args:
        images: (n, S, S, 3) uint8, an array or anything that gives an array for `images[rows]`: images that are decoded
            on access stay where they are, and worker processes decode ahead on the host.
    """
    on_device = config.image_store == "device" or (config.image_store == "auto" and fits(images, device))
    return DeviceImages(images, device) if on_device else HostImages(images, device, config.image_workers)


def fits(images: Any, device: torch.device) -> bool:
    """Whether all images may be held on the device."""
    if not isinstance(images, np.ndarray):
        return False
    free = free_memory(device)
    return free is None or images.nbytes <= LARGEST_SHARE * free


def free_memory(device: torch.device) -> int | None:
    """Bytes free on a device; None for the CPU, where the images are already."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    return None


class DeviceImages:
    """All images on the device: a batch is one look-up there, without a copy from the host."""

    def __init__(self, images: Any, device: torch.device) -> None:
        self.images = torch.from_numpy(np.asarray(images[:])).to(device)  # (n, S, S, 3)

    def batches(self, rows: Tensor) -> Iterator[Tensor]:
        for chosen in rows.to(self.images.device):  # one copy of places an epoch
            yield self.images.index_select(0, chosen)


class HostImages(Dataset):
    """Images on the host, read by a DataLoader: pinned for CUDA, ahead of time by worker processes if wanted."""

    def __init__(self, images: Any, device: torch.device, workers: int) -> None:
        self.images, self.device, self.workers = images, device, workers

    def __getitems__(self, rows: list[int]) -> Tensor:
        return torch.from_numpy(np.asarray(self.images[np.array(rows)]))  # (b, S, S, 3)

    def batches(self, rows: Tensor) -> Iterator[Tensor]:
        loader = DataLoader(
            self,
            batch_sampler=rows.tolist(),
            num_workers=self.workers,
            collate_fn=_as_it_is,
            pin_memory=self.device.type == "cuda",
            generator=torch.Generator(),  # its own, or it would draw from the global one
        )
        for images in loader:
            yield images.to(self.device, non_blocking=True)


def _as_it_is(images: Tensor) -> Tensor:
    return images
