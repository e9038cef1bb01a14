"""From the sampler's choice to a batch on the device, changed images included."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor

from muldml_lite.config import Config, ConfigError
from muldml_lite.data import FaceDataset
from muldml_lite.model import to_float
from muldml_lite.sampler import PKSampler, RepeatedImagesWarning
from muldml_lite.trainer.augment import change, draw_changes
from muldml_lite.trainer.distributed import share
from muldml_lite.trainer.images import make_store


class Batch(NamedTuple):
    """One P×K batch; with several processes each holds its share of the images and all labels."""

    images: Tensor  # (b, S, S, 3) uint8
    labels: Tensor  # (B,) int64


class Batches:
    """The training images of a data set in P×K batches; what an epoch draws depends on (seed, epoch) alone.

    Raises:
        ConfigError: fewer images in a batch than processes, or one class only.
    """

    def __init__(self, config: Config, dataset: FaceDataset, accelerator: Accelerator) -> None:
        self.config, self.device = config, accelerator.device
        self.places = torch.from_numpy(np.flatnonzero(~dataset.test))  # of the training images in the data set
        self.labels = torch.from_numpy(dataset.labels)[self.places]
        classes = len(self.labels.unique())
        if classes < 2:
            raise ConfigError(
                f"data: {config.data} given, whose {len(self.labels)} training images are all of one class"
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RepeatedImagesWarning)  # each is changed in its own way by augmentation
            self.sampler = PKSampler(
                self.labels,
                classes_per_batch=min(config.classes_per_batch, classes),
                images_per_class=config.images_per_class,
                seed=config.seed,
            )
        count, processes = self.sampler.batch_size, accelerator.num_processes
        if count < processes:
            raise ConfigError(
                f"images_per_class: {config.images_per_class} given, which makes batches of {count} images; "
                f"expected one or more for each of the {processes} processes"
            )
        self.share = share(count, accelerator.process_index, processes)
        self.store = make_store(config, dataset.images, self.device)
        self.generator = torch.Generator(self.device)  # of the augmentation

    def __len__(self) -> int:
        """Batches in an epoch."""
        return len(self.sampler)

    def draw(self, epoch: int) -> Iterator[Batch]:
        """The batches of an epoch; also puts the random state to that epoch's seed."""
        seed = (self.config.seed * 1_000_003 + epoch) % 2**63
        torch.manual_seed(seed)
        self.generator.manual_seed(seed)
        self.sampler.set_epoch(epoch)
        chosen = torch.tensor(list(self.sampler))  # (steps, B)
        labels = self.labels[chosen].to(self.device)  # (steps, B)
        yield from map(Batch, self.store.batches(self.places[chosen[:, self.share]]), labels)

    def network_input(self, batch: Batch) -> Tensor:
        """Images (b, 3, S, S) in 0…1, each changed in its own way if the configuration says so."""
        images = to_float(batch.images)
        if not self.config.augment:
            return images
        # Drawn for the whole batch by each process, so that an image's change does not depend on their number.
        where, colours = draw_changes(len(batch.labels), self.generator)
        return change(images, where[self.share], colours[self.share])
