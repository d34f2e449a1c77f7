"""`photomosaic show`: print a picture as text in the terminal; `at_once` does the work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["show"]


def show(
    target: Annotated[
        Path | None, typer.Argument(help="The picture to show, or a plan of letters or emoji.", show_default=False)
    ] = None,
    *,
    tiles: Annotated[
        str, typer.Option("--tiles", "-t", help="The letters: glyphs:set=blocks, glyphs:characters=TEXT and so on.")
    ] = "glyphs",
    columns: Annotated[
        int | None, typer.Option(min=1, help="Characters across. Default: as many as fit the terminal, or 80.")
    ] = None,
    colour: Annotated[str, typer.Option(help="auto (where the terminal has it), always or never.")] = "auto",
    ink: Annotated[
        str, typer.Option(help="What is coloured: target (letters), duo (their paper too), none, or auto.")
    ] = "auto",
    dark: Annotated[bool, typer.Option("--dark/--light", help="The background of the terminal.")] = True,
    font_ratio: Annotated[
        str | None,
        typer.Option(help="Width to height of a character in the terminal, such as 1:2. Default: the font's."),
    ] = None,
    plan: Annotated[Path | None, typer.Option(help="Show a plan of letters or emoji that was made before.")] = None,
) -> None:
    """Show TARGET in the terminal, as text.

    photomosaic show portrait.jpg

    photomosaic show portrait.jpg --tiles glyphs:set=blocks --colour always | less -R
    """
    from perceptual_photomosaic.cli.at_once import show_text

    show_text(target, tiles, columns, colour, ink, dark, font_ratio, plan)
