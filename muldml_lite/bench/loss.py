"""`bench loss`: forward and backward of the losses from embeddings (B, D) in float32, N slices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from muldml_lite.bench.libraries import library_cases
from muldml_lite.bench.memory import bytes_needed
from muldml_lite.bench.plain import (
    Loss,
    Setting,
    cubic_semi_hard_loss,
    distances_alone,
    plain_loss,
    round_to_float32,
)
from muldml_lite.bench.plan import BenchError, Case, Group, Plan
from muldml_lite.losses import MultiThresholdLoss, sample_thresholds

OURS, PLAIN, CUBIC, LIMIT = "ours", "plain PyTorch, a loop", "plain PyTorch, (B, B, B)", "distances alone"
_LOW, _HIGH = 0.1, 0.8  # thresholds of the first and of the last slice
_PROOF = 128  # images: equality is asked in float64 of so many at most
_GIB = 2**30
_NOTES = {
    ("semi-hard", "pytorch-metric-learning"): "another definition: all semi-hard triplets, not one a pair",
}
Result = tuple[Tensor, Tensor]  # loss (), gradient (B, D)


@dataclass(frozen=True)
class LossBench:
    """What `bench loss` covers: the product of batch, slices, mining, loss and reduction."""

    batch: tuple[int, ...] = (126, 512)
    slices: tuple[int, ...] = (8,)
    mining: tuple[str, ...] = ("batch-hard", "semi-hard", "batch-all")
    loss: tuple[str, ...] = ("triplet", "dual")
    reduction: tuple[str, ...] = ("mean",)
    dim: int = 512
    per_class: int | None = None  # K; by default 16 where it divides B, else 18
    device: str = "cpu"
    memory: float = 4.0  # GiB; a case expected to need more is left out
    cubic: bool = False  # also semi-hard by (B, B, B)

    def __post_init__(self) -> None:
        for size in self.batch:
            images_per_class(size, self.per_class)
        for count in self.slices:
            if count < 1 or self.dim % count:
                raise BenchError(f"--slices {count}: does not divide --dim {self.dim} into equal slices")
        if not self.memory > 0:
            raise BenchError(f"--memory {self.memory:g}: expected more than 0 GiB")
        if self.device == "cuda" and not torch.cuda.is_available():
            raise BenchError("--device cuda: PyTorch sees no such device here; use cpu")


def images_per_class(size: int, wanted: int | None = None) -> int:
    """K of a batch of P classes × K images; there are at least two classes of at least two."""
    fitting = [k for k in ([wanted] if wanted else [16, 18]) if k > 1 and size % k == 0 and size // k > 1]
    if fitting:
        return fitting[0]
    expected = f"--per-class {wanted}" if wanted else "16 or 18, or give --per-class"
    raise BenchError(f"--batch {size}: not two or more classes of K images each; K is {expected}")


def settings_to_run(bench: LossBench) -> list[tuple[Setting, int]]:
    """Every setting of `bench` with every batch size."""
    return [
        (Setting(round_to_float32(sample_thresholds(count, _LOW, _HIGH)), loss, mining, reduction), size)
        for mining in bench.mining
        for size in bench.batch
        for count in bench.slices
        for loss in bench.loss
        for reduction in bench.reduction
    ]


def settings_of(bench: LossBench, setting: Setting, size: int) -> dict[str, int | str]:
    """The columns in front of every row."""
    chosen = {"mining": setting.mining, "loss": setting.loss, "reduction": setting.reduction}
    return chosen | {"B": size, "K": images_per_class(size, bench.per_class), "N": setting.slices, "D": bench.dim}


def plans(bench: LossBench) -> list[Plan]:
    """One plan for every setting and batch size."""
    return [_plan(bench, setting, size) for setting, size in settings_to_run(bench)]


def _plan(bench: LossBench, setting: Setting, size: int) -> Plan:
    title = f"{setting.mining}, {setting.loss}, B = {size}, N = {setting.slices}"
    weight = size * (1.0 if setting.mining == "batch-hard" else 3.0)  # more triplets need more time
    return Plan(title, lambda: make_group(bench, setting, size), weight)


def make_group(bench: LossBench, setting: Setting, size: int) -> Group:
    """All cases of one setting at batch size `size`."""
    per_class = images_per_class(size, bench.per_class)
    makers, skipped = cases_that_fit(bench, setting, size)
    timed = make_batch(size, per_class, bench.dim, torch.float32, bench.device)
    small = max(2, min(size, _PROOF) // per_class) * per_class
    exact = torch.float32 if bench.device == "mps" else torch.float64
    proof = make_batch(small, per_class, bench.dim, exact, bench.device)
    losses = {name: maker(setting) for name, maker in makers.items()}
    cases = [case_of(name, setting, one_step(loss, timed), one_step(loss, proof)) for name, loss in losses.items()]
    return Group(settings_of(bench, setting, size), cases, differs, skipped, steady=True)


def cases_that_fit(
    bench: LossBench, setting: Setting, size: int
) -> tuple[dict[str, Callable[[Setting], Loss]], dict[str, str]]:
    """Name → maker of everything that can be run within the memory, and name → why not. Ours always runs."""
    makers, skipped = all_cases(setting, bench.cubic)
    per_class = images_per_class(size, bench.per_class)
    for name in makers:
        need = bytes_needed(name, setting, size, per_class) / _GIB
        if need > bench.memory and name != OURS:
            skipped[name] = f"would need about {need:.1f} GiB, more than --memory {bench.memory:g}"
    return {name: maker for name, maker in makers.items() if name not in skipped}, skipped


def all_cases(setting: Setting, cubic: bool) -> tuple[dict[str, Callable[[Setting], Loss]], dict[str, str]]:
    """Name → maker of everything that can be run, and name → why not."""
    libraries, skipped = library_cases(setting)
    makers = {OURS: our_loss, **libraries, PLAIN: plain_loss}
    if cubic and setting.mining == "semi-hard":
        makers[CUBIC] = cubic_semi_hard_loss
    return makers | {LIMIT: distances_alone}, skipped


def our_loss(setting: Setting) -> Loss:
    return MultiThresholdLoss(setting.thresholds, loss=setting.loss, mining=setting.mining, reduction=setting.reduction)


def make_batch(size: int, per_class: int, dim: int, dtype: torch.dtype, device: str) -> tuple[Tensor, Tensor]:
    """Embeddings (B, D) of classes that overlap, and labels (B,): some hinges active at every threshold."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(size) // per_class  # (B,)
    centres = torch.randn(size // per_class, dim, generator=generator, dtype=torch.float64)
    embeddings = centres[labels] + torch.randn(size, dim, generator=generator, dtype=torch.float64)
    return embeddings.to(device, dtype).requires_grad_(), labels.to(device)


def differs(expected: Result, result: Result) -> str:
    """ "" or how loss or gradient differ: 1e-6 in float64; in float32, where a tie may fall either way, more."""
    exact = expected[0].dtype == torch.float64
    names, limits = ("loss", "gradient"), ((1e-6, 1e-6) if exact else (1e-4, 0.05))
    for name, limit, ours, other in zip(names, limits, expected, result, strict=True):
        apart = float((other.double() - ours.double()).norm() / ours.double().norm().clamp_min(1e-12))
        if not apart <= limit:  # asked this way round, NaN is a difference
            return f"{name} by {apart:.1e} of its size in {'float64' if exact else 'float32'}"
    return ""


def case_of(name: str, setting: Setting, run: Callable[[], Result], proof: Callable[[], Result] | None = None) -> Case:
    """A case of a name from `all_cases`; what is no loss of the same definition is not compared."""
    kind = {OURS: "ours", LIMIT: "limit"}.get(name, "peer")
    note = _NOTES.get((setting.mining, name), "")
    compared = kind != "limit" and not note
    return Case(name, run, kind, compared, proof if compared else None, note)


def one_step(loss: Loss, batch: tuple[Tensor, Tensor]) -> Callable[[], Result]:
    """Forward and backward, to the gradient of the embeddings."""
    embeddings, labels = batch
    if isinstance(loss, torch.nn.Module):
        loss = loss.to(embeddings.device)

    def step() -> Result:
        value = loss(embeddings, labels)
        (gradient,) = torch.autograd.grad(value, embeddings)
        if embeddings.device.type != "cpu":
            torch.accelerator.synchronize()
        return value.detach(), gradient

    return step
