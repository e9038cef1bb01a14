"""Memory that one pass of a loss takes beyond its embeddings, each case in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict

import torch

from muldml_lite.bench.loss import (
    LossBench,
    all_cases,
    cases_that_fit,
    images_per_class,
    make_batch,
    one_step,
    settings_of,
    settings_to_run,
)
from muldml_lite.bench.machine import pin_threads
from muldml_lite.bench.plain import Setting
from muldml_lite.bench.plan import BenchError, Row


def measure_peaks(bench: LossBench, threads: int, on_progress: Callable[[str], None]) -> list[list[Row]]:
    """For every setting of `bench` a group of rows: case and extra_bytes, or why it is skipped."""
    if bench.device != "cuda" and sys.platform != "linux":
        raise BenchError(f"--peak-memory: is read from Linux's /proc or from CUDA, and this is {sys.platform}")
    groups = []
    for setting, size in settings_to_run(bench):
        front = settings_of(bench, setting, size)
        makers, skipped = cases_that_fit(bench, setting, size)
        rows: list[Row] = []
        for name in makers:
            on_progress(f"{name}, {setting.mining}, B = {size}, N = {setting.slices}")
            rows.append(front | {"case": name} | _measure(bench, setting, size, name, threads))
        groups.append(rows + [front | {"case": name, "skipped": why} for name, why in skipped.items()])
    return groups


def _measure(bench: LossBench, setting: Setting, size: int, name: str, threads: int) -> Row:
    order = {"bench": asdict(bench), "setting": asdict(setting), "size": size, "name": name, "threads": threads}
    words = [sys.executable, "-m", "muldml_lite.bench.peak", json.dumps(order)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return {"skipped": f"its process ended with: {said}"}
    return {"extra_bytes": int(done.stdout)}


def _run_order(order: dict) -> int:
    """In the child: a small pass to load what it needs, then the measured one; returns its extra bytes."""
    pin_threads(order["threads"])
    bench, size = LossBench(**order["bench"]), order["size"]
    setting = Setting(**order["setting"] | {"thresholds": tuple(order["setting"]["thresholds"])})
    per_class = images_per_class(size, bench.per_class)
    loss = all_cases(setting, True)[0][order["name"]](setting)
    one_step(loss, make_batch(2 * per_class, per_class, bench.dim, torch.float32, bench.device))()
    step = one_step(loss, make_batch(size, per_class, bench.dim, torch.float32, bench.device))
    if bench.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        step()
        return torch.cuda.max_memory_allocated() - before
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")  # the peak starts anew
    before = _status("VmRSS")
    step()
    return max(0, _status("VmHWM") - before)


def _status(key: str) -> int:
    """A size from /proc/self/status, bytes."""
    with open("/proc/self/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(key + ":"):
                return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status: has no {key}")


if __name__ == "__main__":
    print(_run_order(json.loads(sys.argv[1])))
