"""One writer a folder: a lock that the system releases when its process ends, even after a crash."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from muldml_lite.runs.contents import RunError
from muldml_lite.runs.files import read_text
from muldml_lite.text import printable

_LOCK, _HOLDER = ".lock", ".lock.holder"


@contextlib.contextmanager
def locked(
    folder: str | os.PathLike[str], error: type[Exception] = RunError, *, what: str = "written"
) -> Iterator[None]:
    """Make the folder if it is missing, and hold its lock within the block. Readers need no lock.

    Raises:
        error: another process writes there; the message names it.
    """
    folder = Path(folder)
    new = not os.path.lexists(folder)
    folder.mkdir(parents=True, exist_ok=True)
    lock, holder = FileLock(folder / _LOCK), folder / _HOLDER
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise error(f"{printable(folder)}: being {what} right now by {_held_by(holder)}; stop that first") from None
    except (NotImplementedError, OSError) as cause:
        if not os.access(folder, os.W_OK):
            raise
        print(f"{printable(folder)}: its file system has no locks ({printable(cause, 100)}); make sure that nothing "
              "else writes there", file=sys.stderr)  # fmt: skip
        yield
        return
    try:
        with contextlib.suppress(OSError):
            holder.write_text(f"process {os.getpid()} on {platform.node()}", encoding="utf-8")
        yield
    finally:
        with contextlib.suppress(OSError):
            holder.unlink(missing_ok=True)
            if new and os.listdir(folder) == [_LOCK]:  # nothing was written: leave no folder behind
                (folder / _LOCK).unlink()
                folder.rmdir()
        lock.release()


def _held_by(path: Path) -> str:
    try:
        return printable(read_text(path), 100)
    except RunError:  # it has only just started
        return "another process"


def is_bare(folder: Path) -> bool:
    """Whether nothing but hidden files lies in a folder."""
    return not folder.is_dir() or all(name.startswith(".") for name in os.listdir(folder))
