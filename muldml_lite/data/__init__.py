"""Data sets: images with their labels and subjects, drawn or read from disk, split without shared subjects."""

from muldml_lite.data.counts import count, describe
from muldml_lite.data.dataset import DataError, FaceDataset, Progress
from muldml_lite.data.duplicates import digests_of
from muldml_lite.data.load import load_dataset
from muldml_lite.data.pictures import LazyImages, read_image, subset
from muldml_lite.data.protocols import PROTOCOLS, Protocol
from muldml_lite.data.spelling import same_name
from muldml_lite.data.splits import split_fold, split_test

__all__ = [
    "PROTOCOLS",
    "DataError",
    "FaceDataset",
    "LazyImages",
    "Progress",
    "Protocol",
    "count",
    "describe",
    "digests_of",
    "load_dataset",
    "read_image",
    "same_name",
    "split_fold",
    "split_test",
    "subset",
]
