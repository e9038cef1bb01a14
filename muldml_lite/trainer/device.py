"""Where to compute, in which precision and together with whom; the rest is accelerate's."""

from __future__ import annotations

import torch
import torch.distributed
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.state import AcceleratorState
from accelerate.utils import get_cpu_distributed_information

from muldml_lite.config import Config, ConfigError


def make_accelerator(config: Config) -> Accelerator:
    """An accelerator for `config.device` and `config.precision`; joins the other processes, if there are any.

    Raises:
        ConfigError: the device asked for is not in this machine.
    """
    here = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not here.get(config.device, True):
        raise ConfigError(f"device: {config.device!r} given, but PyTorch sees none here; use auto or cpu")
    # Accelerate keeps its first setting for the life of the process; a second training may want another.
    AcceleratorState._reset_state(reset_partial_state=True)
    cpu = config.device == "cpu" or not any(here.values())
    kind = "cpu" if cpu else "cuda" if here["cuda"] else "mps"
    precision = config.precision
    if precision == "auto":
        precision = "bf16" if has_bf16(kind) else "fp32"
    return Accelerator(
        cpu=cpu,
        mixed_precision="no" if precision == "fp32" else "bf16",
        kwargs_handlers=[DistributedDataParallelKwargs(gradient_as_bucket_view=True)],  # one copy of gradients less
    )


def is_main_process() -> bool:
    """Whether this process is the one that writes and speaks; the others of `accelerate launch` train along.

    Read from the environment, so that it is known before a device is chosen.
    """
    return get_cpu_distributed_information().rank == 0


def count_processes() -> int:
    """How many processes `accelerate launch` has started for this training."""
    return get_cpu_distributed_information().world_size


def wait_for_all(config: Config) -> None:
    """Return when every process has come here; at once if there is only one."""
    if count_processes() > 1:
        make_accelerator(config).wait_for_everyone()


def part() -> None:
    """Leave the other processes in good order: NCCL complains about one that just ends."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def has_bf16(kind: str) -> bool:
    """Whether bfloat16 arithmetic is in the hardware, rather than emulated."""
    if kind == "cuda":
        return torch.cuda.get_device_capability() >= (8, 0)
    if kind == "cpu":
        # In torch.cpu from 2.10 on; before that nothing public tells.
        able = getattr(torch.cpu, "get_capabilities", dict)()
        return bool(able.get("avx512_bf16") or able.get("amx_bf16"))
    return False
