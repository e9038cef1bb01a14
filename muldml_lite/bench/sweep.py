"""What the benchmark page measures, section by section."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from muldml_lite.bench import faces
from muldml_lite.bench.loss import LossBench
from muldml_lite.bench.loss import plans as loss_plans
from muldml_lite.bench.peak import measure_peaks
from muldml_lite.bench.plan import Plan, Row, run_plans
from muldml_lite.bench.step import StepBench
from muldml_lite.bench.step import plans as step_plans

_MEMORY = 8.0  # GiB: pytorch-metric-learning's batch-all at B = 1024, N = 8 just fits

SECTIONS = ("loss", "batch", "slices", "memory", "step", "faces", "layout")


@dataclass(frozen=True)
class Sweep:
    """Sizes of the page's sections, and seconds for each (about: slow cases run at least once)."""

    sections: tuple[str, ...] = SECTIONS
    batch: tuple[int, ...] = (126, 512, 1024)
    slices: tuple[int, ...] = (8, 32)
    growing_batch: tuple[int, ...] = (128, 256, 512, 1024, 2048)
    growing_slices: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
    fixed_batch: int = 256
    fixed_slices: int = 8
    dim: int = 512
    backbones: tuple[str, ...] = ("small", "resnet18")
    step_batch: int = 126
    step_size: int = 48
    face_sizes: tuple[int, ...] = faces.SIZES
    layout_points: tuple[int, ...] | None = None
    memory_batch: tuple[int, ...] = (1024, 4096)
    seconds: float = 240.0
    rounds: int = 30
    threads: int = 1


def run_sweep(sweep: Sweep, on_progress: Callable[[str], None]) -> dict[str, list[list[Row]]]:
    """Section → groups of rows."""
    measure = {
        "loss": _losses,
        "batch": lambda sweep, tell: _run(loss_plans(_growing(sweep, sweep.growing_batch, None)), sweep, tell),
        "slices": lambda sweep, tell: _run(loss_plans(_growing(sweep, None, sweep.growing_slices)), sweep, tell),
        "memory": lambda sweep, tell: measure_peaks(_growing(sweep, sweep.memory_batch, None), sweep.threads, tell),
        "step": _steps,
        "faces": lambda sweep, tell: _run(faces.plans(sweep.face_sizes), sweep, tell, share=0.2),
        "layout": _layouts,
    }
    return {name: measure[name](sweep, on_progress) for name in sweep.sections}


def _losses(sweep: Sweep, on_progress: Callable[[str], None]) -> list[list[Row]]:
    table = LossBench(batch=sweep.batch, slices=sweep.slices, dim=sweep.dim, memory=_MEMORY)
    nonzero = replace(table, slices=sweep.slices[:1], mining=("batch-all",), reduction=("mean-nonzero",))
    return _run([*loss_plans(table), *loss_plans(nonzero)], sweep, on_progress, share=2.0)


def _growing(sweep: Sweep, batch: tuple[int, ...] | None, slices: tuple[int, ...] | None) -> LossBench:
    """The plain triplet loss over batch sizes, or over numbers of slices."""
    batch, slices = batch or (sweep.fixed_batch,), slices or (sweep.fixed_slices,)
    return LossBench(batch=batch, slices=slices, loss=("triplet",), dim=sweep.dim, memory=_MEMORY)


def _steps(sweep: Sweep, on_progress: Callable[[str], None]) -> list[list[Row]]:
    bench = StepBench(sweep.backbones, dim=sweep.dim, batch=sweep.step_batch, size=sweep.step_size)
    return _run(step_plans(bench), sweep, on_progress, share=2.0)


def _layouts(sweep: Sweep, on_progress: Callable[[str], None]) -> list[list[Row]]:
    from muldml_lite.bench import layout

    return _run(layout.plans(sizes=sweep.layout_points, slices=None, full=False), sweep, on_progress)


def _run(plans: Sequence[Plan], sweep: Sweep, on_progress: Callable[[str], None], share: float = 1.0) -> Any:
    def tell(plan: Plan, left: float) -> None:
        on_progress(f"{plan.title}; about {left:.0f} s left of this section")

    return list(run_plans(plans, rounds=sweep.rounds, seconds=sweep.seconds * share, on_progress=tell))
