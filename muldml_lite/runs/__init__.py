"""The run folder: the one contract between training and everything that shows it.

    config.json          the whole configuration, versions, device
    status.json          queued | running | finished | failed | cancelled; pid, heartbeat, message, paused
    control.json         what is asked of the training: play or pause, until which epoch
    history.jsonl        one line per epoch
    probe.npz            the images followed through training
    snapshots/NNNN.npz   their embeddings after epoch NNNN, per slice, and what the network predicts
    judgements.npz       triplets mined from the probe set, per epoch
    seen.json            whom and what it was trained on, its starting weights included
    layout.npz           2-D coordinates per epoch and slice, all in one frame
    checkpoint/          weights and optimiser state (safetensors)

Writers make a temporary file and rename it, so that a reader never meets half a file. Reading needs NumPy and
safetensors only, never unpickles, and gives a `RunError` for whatever a file should not hold.
"""

from muldml_lite.runs.alignment import in_one_frame, residuals
from muldml_lite.runs.contents import STATES, Judgements, Probe, RunError, Snapshot
from muldml_lite.runs.control import Control, clear_control, one_epoch, read_control, write_control
from muldml_lite.runs.fork import FIXED, IMAGE_SETTINGS, fork_config, fork_epochs, make_fork, starts_afresh
from muldml_lite.runs.lock import is_bare, locked
from muldml_lite.runs.reader import STALE_SECONDS, Run, holder, list_runs
from muldml_lite.runs.seen import SEEN, Seen, read_seen, some, write_seen
from muldml_lite.runs.weights import NEWEST_WEIGHTS, epoch_of, kept_checkpoints, kept_name
from muldml_lite.runs.writer import RunWriter

__all__ = [
    "FIXED",
    "IMAGE_SETTINGS",
    "NEWEST_WEIGHTS",
    "SEEN",
    "STALE_SECONDS",
    "STATES",
    "Control",
    "Judgements",
    "Probe",
    "Run",
    "RunError",
    "RunWriter",
    "Seen",
    "Snapshot",
    "clear_control",
    "epoch_of",
    "fork_config",
    "fork_epochs",
    "holder",
    "in_one_frame",
    "is_bare",
    "kept_checkpoints",
    "kept_name",
    "list_runs",
    "locked",
    "make_fork",
    "one_epoch",
    "read_control",
    "read_seen",
    "residuals",
    "some",
    "starts_afresh",
    "write_control",
    "write_seen",
]
