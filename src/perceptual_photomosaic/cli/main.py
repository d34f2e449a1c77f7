"""The `photomosaic` command: one file per subcommand, loaded when it is run.

`photomosaic --help` imports typer and nothing heavy: every command module keeps its imports of numpy, torch and the
library inside the function that does the work.
"""

from __future__ import annotations

import os
import sys

import typer

from perceptual_photomosaic.errors import MosaicError

__all__ = ["app", "main"]

app = typer.Typer(
    name="photomosaic",
    help="Rebuild a picture out of many small pictures.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line; known errors become one line on standard error and exit status 2."""
    try:
        app()
    except MosaicError as error:
        print(f"photomosaic: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("photomosaic: interrupted; nothing half-written was left behind", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output went away (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
