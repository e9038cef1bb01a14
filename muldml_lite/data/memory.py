"""Whether decoded images fit into this machine's memory."""

from __future__ import annotations

import psutil

from muldml_lite.config import Config, ConfigError

LARGEST_SHARE = 0.5  # of the free memory; the rest is for network, batches and whoever else works here


def in_memory(count: int, config: Config) -> bool:
    """Whether `count` images are decoded ahead: as `config.image_store` says; auto: if they fit."""
    if config.image_store == "auto":
        return count * config.size**2 * 3 <= LARGEST_SHARE * free_memory()
    return config.image_store != "disk"


def check_drawn(subjects: int, images: int, size: int) -> None:
    """Raise a ConfigError if so many drawn images, `images` of each subject, are more than the free memory can hold."""
    needed, free = subjects * images * size**2 * 3, free_memory()
    if needed > free:
        raise ConfigError(
            f"subjects: {subjects} given, {images} images each, {size} pixels wide: they need {needed / 1e9:,.1f} GB "
            f"of memory, and {free / 1e9:,.1f} GB are free"
        )


def free_memory() -> int:
    """Bytes that can be had on this machine without swapping."""
    return psutil.virtual_memory().available
