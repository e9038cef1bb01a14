"""Where and how results were made: command, day, machine and versions."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

_VERSIONED = ("torch", "torchvision", "accelerate", "numpy", "scipy", "scikit-learn", "skia-python")


def command_facts(machine_keys: Sequence[str]) -> dict[str, Any]:
    """Plain JSON values, the machine's as far as its keys are named."""
    from muldml_lite.bench.machine import describe_machine

    machine = describe_machine(1)
    return {
        "command": " ".join(["muldml", *without_places(sys.argv[1:])]),
        "date": machine["date"],
        "machine": {name: machine[name] for name in machine_keys},
        "versions": {name: version(name) for name in _VERSIONED} | {"python": platform.python_version()},
    }


def without_places(words: list[str]) -> list[str]:
    """Words of a command with the last names of paths only: where things lie is nobody's business but their owner's."""
    return [re.sub(r"^(--[a-z-]+=)?.*[/\\\\]", r"\1…/", word.rstrip("/\\")) for word in words]
