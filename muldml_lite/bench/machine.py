"""Where a measurement was made: processor, versions, threads."""

from __future__ import annotations

import datetime
import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = ("torch", "numpy", "pytorch-metric-learning", "sentence-transformers", "streamlit")


def describe_machine(threads: int) -> dict[str, str | int]:
    """Processor, load, system, threads, versions of what is installed, and the day."""
    known = Path("/proc/cpuinfo")
    named = re.search(r"model name\s*: (.+)", known.read_text(encoding="utf-8")) if known.is_file() else None
    facts: dict[str, str | int] = {
        "processor": named[1].strip() if named else platform.processor() or platform.machine(),
        "cores": os.cpu_count() or 0,
        "load": f"{os.getloadavg()[2]:.1f} in 15 minutes" if hasattr(os, "getloadavg") else "unknown",
        "system": f"{platform.system()} {platform.machine()}",
        "threads": threads,
        "device": "cpu",
        "python": platform.python_version(),
    }
    for name in LIBRARIES:
        try:
            facts[name] = version(name)
        except PackageNotFoundError:
            continue
    return facts | {"date": datetime.date.today().isoformat()}
