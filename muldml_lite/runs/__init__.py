"""The run folder: the one contract between training and everything that shows it.

    config.json          the whole configuration, versions, device
    status.json          queued | running | finished | failed | cancelled; pid, heartbeat, message
    history.jsonl        one line per epoch
    probe.npz            the images followed through training
    snapshots/NNNN.npz   their embeddings after epoch NNNN, per slice, and what the network predicts
    judgements.npz       triplets mined from the probe set, per epoch
    layout.npz           2-D coordinates per epoch and slice
    checkpoint/          weights and optimiser state (safetensors)

Writers make a temporary file and rename it, so that a reader never meets half a file. Reading needs
numpy only, and never unpickles.
"""

from muldml_lite.runs.contents import STATES, Judgements, Probe, RunError, Snapshot
from muldml_lite.runs.reader import STALE_SECONDS, Run, list_runs
from muldml_lite.runs.writer import RunWriter

__all__ = [
    "STALE_SECONDS",
    "STATES",
    "Judgements",
    "Probe",
    "Run",
    "RunError",
    "RunWriter",
    "Snapshot",
    "list_runs",
]
