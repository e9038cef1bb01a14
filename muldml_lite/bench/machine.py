"""Where a measurement was made: machine, versions, threads."""

from __future__ import annotations

import datetime
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

POOLS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
LIBRARIES = ("torch", "numpy", "pytorch-metric-learning", "sentence-transformers", "umap-learn", "skia-python")


def pin_threads(count: int) -> None:
    """Let every numerical library use `count` threads; works best before they are imported."""
    for pool in POOLS:
        os.environ[pool] = str(count)
    import torch

    torch.set_num_threads(count)


def describe_machine(threads: int, device: str = "cpu") -> dict[str, str | int]:
    """Processor, how busy it is, system, threads, device, versions of what is installed, and the day."""
    facts: dict[str, str | int] = {
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "busy": _busy(),
        "system": f"{platform.system()} {platform.machine()}",
        "threads": threads,
        "device": _device(device),
        "python": platform.python_version(),
    }
    for name in LIBRARIES:
        found = installed_version(name)
        if found:
            facts[name] = found
    return facts | {"date": datetime.date.today().isoformat()}


def installed_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _busy() -> str:
    """The load, which tells whether anything else was running: a lone measurement makes 1 a thread."""
    if not hasattr(os, "getloadavg"):
        return "unknown"
    return f"{os.getloadavg()[2]:.1f} programs at a time in the last 15 minutes"


def _device(device: str) -> str:
    if device == "cuda":
        import torch

        return torch.cuda.get_device_name()
    return device


def _processor() -> str:
    if sys.platform == "linux":
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
