"""The `photomosaic` command: its start, its errors and its exit status. Its subcommands are in `app`, one file each.

`photomosaic --help` imports typer and nothing heavy: every command module keeps its imports of numpy, torch and the
library inside the function that does the work. Even typer is imported only when it is needed.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from contextlib import suppress
from types import FrameType

from perceptual_photomosaic.errors import MosaicError

__all__ = ["main"]


def main() -> None:
    """Run the command line; known errors become one line on standard error and exit status 2."""
    _open_closed_streams()
    for name in ("SIGTERM", "SIGHUP"):  # sent at shutdown, by batch systems and `timeout`: clean up as after Ctrl-C
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) == signal.SIG_DFL:
            signal.signal(getattr(signal, name), _terminated)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # for outputs of another encoding than UTF-8
    try:
        arguments = sys.argv[1:] or ["--help"]
        status = _run(arguments)
        sys.stdout.flush()
    except MosaicError as error:
        _fail(str(error), 2)
    except _bad_command_lines() as error:
        message = error.format_message()  # type: ignore[attr-defined]
        _fail(f"{message.rstrip('.')}{'' if message.endswith('?') else '.'} See --help.", 2)
    except MemoryError as error:
        _fail(f"not enough memory ({error}). Fewer cells, or smaller pictures and tiles, need less.", 2)
    except _interruptions():
        status = 130
    except BrokenPipeError:  # the reader of our output went away (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python flushes again at exit
        _fail("the output cannot be written: no space is left on the device. Free some space.", 2)
    if status == 130:
        _fail("interrupted; nothing half-written was left behind.", 130)
    sys.exit(status if isinstance(status, int) else 0)


def _open_closed_streams() -> None:
    """Open the null device in place of standard streams that are closed, as after `>&-`.

    The null device also takes their file numbers. Otherwise the next file that is opened would get them, and messages
    of libraries in C would be written into that file.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = os.fdopen(os.open(os.devnull, os.O_RDWR), mode)
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)


def _run(arguments: list[str]) -> object:
    """Run one command; `--version` and plain `show` skip the parser, which takes a third of a second to load."""
    if arguments == ["--version"]:
        from perceptual_photomosaic.cli.at_once import say_version

        say_version()
        return 0
    if arguments[0] == "show":
        from perceptual_photomosaic.cli.at_once import parsed, show_text

        wishes = parsed(arguments[1:])
        if wishes is not None:
            show_text(**wishes)
            return 0
    from perceptual_photomosaic.cli.app import app

    return app(args=arguments, standalone_mode=False)


def _bad_command_lines() -> type[Exception]:
    """Return the parser's UsageError, which typer does not export; called only after an exception."""
    from typer import BadParameter

    error: type[Exception] = BadParameter.__mro__[1]
    return error


def _interruptions() -> tuple[type[BaseException], ...]:
    from typer import Abort

    return KeyboardInterrupt, Abort


def _terminated(number: int, frame: FrameType | None) -> None:
    """Exit with the status of a command that a signal ended, but run every `finally`."""
    sys.exit(128 + number)


def _fail(message: str, status: int) -> None:
    with suppress(OSError):  # where standard error is closed, the exit status still says it
        print(f"photomosaic: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(status)
