"""Training: `for record in train(config)` yields one record an epoch. Writes nothing; see `__main__`."""

from muldml_lite.trainer.checkpoint import load_checkpoint, load_network, save_checkpoint
from muldml_lite.trainer.health import find_problems
from muldml_lite.trainer.loop import Step, TrainingError, train
from muldml_lite.trainer.record import EpochRecord, SliceRecord

__all__ = [
    "EpochRecord",
    "SliceRecord",
    "Step",
    "TrainingError",
    "find_problems",
    "load_checkpoint",
    "load_network",
    "save_checkpoint",
    "train",
]
