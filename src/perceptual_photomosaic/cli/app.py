"""The whole command line: all subcommands, one file each."""

from __future__ import annotations

from typing import Annotated

import typer

from perceptual_photomosaic.cli.at_once import say_version
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
from perceptual_photomosaic.cli.train_any import train_any
from perceptual_photomosaic.cli.view import view

__all__ = ["app"]

app = typer.Typer(
    name="photomosaic",
    help="Rebuild a picture out of many small pictures.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        say_version()
        raise typer.Exit


@app.callback()
def _everywhere(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Rebuild a picture out of many small pictures."""


app.command()(make)
app.command()(render)
app.command()(show)
app.command()(tiles)
app.command()(evaluate)
app.command()(compare)
app.command()(view)
app.command()(train)
app.command(name="train-any")(train_any)
app.command()(predict)
app.command()(features)
app.command()(edit)
app.add_typer(library, name="library")
