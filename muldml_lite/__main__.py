"""The command line's boundary: `python -m muldml_lite COMMAND`, also installed as `muldml`.

Whatever a command raises ends here in one line and an exit code: 0 done, 2 something to mend, 130 stopped by Ctrl-C,
141 nobody reads the output any more, 1 an error of the program itself.
"""

from __future__ import annotations

import contextlib
import os
import sys

TRACEBACK = "MULDML_TRACEBACK"  # environment variable: show where an error came from


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    command = " ".join(["muldml", *(word for word in words[:1] if not word.startswith("-"))])
    _settle_streams()
    try:
        try:  # all imports lie within, so that Ctrl-C during them ends in one line, too
            from muldml_lite.commands.line import make_parser

            options = make_parser().parse_args(words)
            return options.run_command(options) or 0
        finally:
            sys.stdout.flush()  # here, where a closed pipe or a full disk can still be answered
    except KeyboardInterrupt:
        return _end(command, "stopped", 130)
    except BrokenPipeError:
        _drop_output()
        return 141  # as of a program that SIGPIPE ends
    except Exception as error:
        return _end(command, *_told(error))


def _settle_streams() -> None:
    """A console that lacks a letter gets another one instead; a stream that is closed becomes one that nobody reads."""
    for name, errors in (("stdout", "replace"), ("stderr", "backslashreplace")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 for as long as the process
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=errors)


def _told(error: Exception) -> tuple[str, int]:
    """What to say of an error, and the exit code."""
    kind = type(error)
    if kind.__module__.partition(".")[0] == "muldml_lite":  # written for whoever reads it
        return str(error), 2
    if isinstance(error, OSError) and error.strerror:
        if error.filename is None:
            _drop_output()  # standard output, perhaps: it is not to be tried again at the end
        return f"{error.filename}: {error.strerror}" if error.filename is not None else error.strerror, 2
    if isinstance(error, MemoryError) or kind.__name__ == "OutOfMemoryError" or "can't allocate memory" in str(error):
        return (
            f"not enough memory ({str(error) or kind.__name__}); ask for fewer or smaller images, or a smaller batch",
            2,
        )
    return f"unexpected {kind.__name__}: {error}; set {TRACEBACK}=1 to see where", 1


def _end(command: str, message: str, code: int) -> int:
    from muldml_lite.text import printable

    with contextlib.suppress(OSError):
        if os.environ.get(TRACEBACK) and code != 130:
            import traceback

            traceback.print_exc()
        print(f"{printable(command, 60)}: {printable(message, 800)}", file=sys.stderr)
    return code


def _drop_output() -> None:
    """Send what is still to be written nowhere, since Python tries it once more at the end."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
