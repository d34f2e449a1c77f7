"""The `photomosaic` command: one file per subcommand.

`photomosaic --help` imports typer and nothing heavy: every command module keeps its imports of numpy, torch and the
library inside the function that does the work.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from types import FrameType

import typer

from perceptual_photomosaic.cli.compare import compare
from perceptual_photomosaic.cli.edit import edit
from perceptual_photomosaic.cli.evaluate import evaluate
from perceptual_photomosaic.cli.features import features
from perceptual_photomosaic.cli.library import library
from perceptual_photomosaic.cli.make import make
from perceptual_photomosaic.cli.predict import predict
from perceptual_photomosaic.cli.render import render
from perceptual_photomosaic.cli.show import show
from perceptual_photomosaic.cli.tiles import tiles
from perceptual_photomosaic.cli.train import train
from perceptual_photomosaic.cli.view import view
from perceptual_photomosaic.errors import MosaicError

__all__ = ["app", "main"]

_BadCommandLine: type[Exception] = typer.BadParameter.__mro__[
    1
]  # the parser's own UsageError, which typer does not export

app = typer.Typer(
    name="photomosaic",
    help="Rebuild a picture out of many small pictures.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(make)
app.command()(render)
app.command()(show)
app.command()(tiles)
app.command()(evaluate)
app.command()(compare)
app.command()(view)
app.command()(train)
app.command()(predict)
app.command()(features)
app.command()(edit)
app.add_typer(library, name="library")


def main() -> None:
    """Run the command line; known errors become one line on standard error and exit status 2."""
    for name in ("SIGTERM", "SIGHUP"):  # sent at shutdown, by batch systems and `timeout`: clean up as after Ctrl-C
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) == signal.SIG_DFL:
            signal.signal(getattr(signal, name), _terminated)
    try:
        status = app(args=sys.argv[1:] or ["--help"], standalone_mode=False)
        sys.stdout.flush()
    except MosaicError as error:
        _fail(str(error), 2)
    except _BadCommandLine as error:
        message = error.format_message()  # type: ignore[attr-defined]
        _fail(f"{message.rstrip('.')}{'' if message.endswith('?') else '.'} See --help.", 2)
    except MemoryError as error:
        _fail(f"not enough memory ({error}). Fewer cells, or smaller pictures and tiles, need less.", 2)
    except (KeyboardInterrupt, typer.Abort):
        status = 130
    except BrokenPipeError:  # the reader of our output went away (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or it would be tried again at the end
        _fail("what was to be said cannot be written: no space is left on the device.", 2)
    if status == 130:
        _fail("interrupted; nothing half-written was left behind.", 130)
    sys.exit(status if isinstance(status, int) else 0)


def _terminated(number: int, frame: FrameType | None) -> None:
    """End as a command does that a signal ended, but through every `finally`."""
    sys.exit(128 + number)


def _fail(message: str, status: int) -> None:
    print(f"photomosaic: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(status)
