"""Does the runs that are not done yet, one after the other."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from muldml_lite.benchmark.held_out import predict, write_held_out
from muldml_lite.benchmark.plan import BenchmarkError, Plan, PlannedRun, check_same, run_folder
from muldml_lite.config import Config
from muldml_lite.data import FaceDataset, load_dataset
from muldml_lite.runs import IMAGE_SETTINGS, Run, clear_control, holder

HELD_OUT = "held-out"  # folder beside `runs`
Train = Callable[[Path, Config, Run | None, FaceDataset], object]


def held_out_file(out: Path, planned: PlannedRun) -> Path:
    return out / HELD_OUT / f"{planned.name}.npz"


def is_done(out: Path, planned: PlannedRun) -> bool:
    run = opened(out, planned)
    return run is not None and run.status["state"] == "finished" and held_out_file(out, planned).exists()


def opened(out: Path, planned: PlannedRun) -> Run | None:
    """The run if it has been begun."""
    folder = run_folder(out, planned)
    return Run(folder) if (folder / "config.json").is_file() else None


def check_folder(out: Path, plan: Plan) -> None:
    """Raise a BenchmarkError if what is in the folder belongs to other settings, or is being trained right now."""
    for planned in plan.runs:
        run = opened(out, planned)
        if run is None:
            continue
        check_same(planned, run)
        if run.status["state"] == "running":
            raise BenchmarkError(f"{run.path}: being trained right now by {holder(run.status)}; stop that first")


def run_all(
    out: Path,
    plan: Plan,
    train: Train,
    *,
    before: Callable[[PlannedRun], None],
    after: Callable[[PlannedRun], None],
) -> None:
    """Train and measure every run that is not done; interrupted ones go on after their last whole epoch.

    A training whose loss explodes is left as failed, and the others go on; whatever else goes wrong stops all.

    Args:
        train: `train(folder, config, resume, dataset)` trains to the end and writes the run folder.
        before, after: called around each run that is not done yet.
    """
    from muldml_lite.trainer import TrainingError

    check_folder(out, plan)
    data = _Newest()
    for planned in plan.runs:
        if is_done(out, planned):
            continue
        before(planned)
        with contextlib.suppress(TrainingError):  # the run's own status says why
            _do(out, planned, train, data.of(planned.config))
        after(planned)


class _Newest:
    """The data set that was loaded last: methods that follow each other on a fold and seed share it."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._dataset: FaceDataset | None = None

    def of(self, config: Config) -> FaceDataset:
        # Folds of a set on disk do not follow the seed; one split may, and drawn faces do.
        shared = config.folds > 0 and not config.data.startswith("drawn:")
        names = [name for name in (*IMAGE_SETTINGS, "image_store") if not (shared and name == "seed")]
        key = tuple(getattr(config, name) for name in names)
        if self._dataset is None or key != self._key:
            self._key, self._dataset = (), None  # the old images go before the new ones come
            self._key, self._dataset = key, load_dataset(config)
        return self._dataset


def _do(out: Path, planned: PlannedRun, train: Train, dataset: FaceDataset) -> None:
    run = opened(out, planned)
    if run is None or run.status["state"] != "finished":
        if run is not None:
            clear_control(run.path)
        train(run_folder(out, planned), planned.config, run, dataset)
    run = Run(run_folder(out, planned))
    write_held_out(out / HELD_OUT, planned.name, predict(run, dataset))
