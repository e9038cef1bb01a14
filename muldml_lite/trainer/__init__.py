"""Training: `for record in train(config)` yields one record an epoch. Writes nothing; see `__main__`."""

from muldml_lite.trainer.batches import Batch, Batches
from muldml_lite.trainer.checkpoint import (
    keep_checkpoint,
    load_checkpoint,
    load_network,
    read_progress,
    save_checkpoint,
)
from muldml_lite.trainer.device import count_processes, is_main_process, part, wait_for_all
from muldml_lite.trainer.distributed import ask_main
from muldml_lite.trainer.health import TrainingError, find_problems
from muldml_lite.trainer.loop import train
from muldml_lite.trainer.record import EpochRecord, SliceRecord
from muldml_lite.trainer.session import Session, Step

__all__ = [
    "Batch",
    "Batches",
    "EpochRecord",
    "Session",
    "SliceRecord",
    "Step",
    "TrainingError",
    "ask_main",
    "count_processes",
    "find_problems",
    "is_main_process",
    "keep_checkpoint",
    "load_checkpoint",
    "load_network",
    "part",
    "read_progress",
    "save_checkpoint",
    "train",
    "wait_for_all",
]
