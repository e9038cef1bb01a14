"""Numbers of a run, ready to be shown."""

from __future__ import annotations

from typing import Any

import numpy as np

from muldml_lite.runs import Run, RunError


def slice_table(run: Run, epoch: int = -1) -> list[dict[str, Any]]:
    """One row a slice after `epoch` (-1: the last): its number from 1, τ and all that was measured of it."""
    history = run.history
    found = [r for r in history if r["epoch"] == (history[-1]["epoch"] if epoch == -1 else epoch)]
    if not found:
        raise RunError(f"{run.path / 'history.jsonl'}: no record of {'any epoch' if epoch == -1 else f'epoch {epoch}'}")
    return [{"slice": number, **row} for number, row in enumerate(found[0]["slices"], 1)]


def confusion(run: Run, epoch: int = -1) -> np.ndarray:
    """Held-out probe images by true class (rows) and by what the head says (columns): (C, C) counts."""
    probe, snapshot = run.probe, run.snapshot(epoch)
    table = np.zeros((len(probe.classes),) * 2, np.int64)
    np.add.at(table, (probe.labels[probe.test], snapshot.predictions[probe.test]), 1)
    return table
