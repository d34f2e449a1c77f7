"""`photomosaic show`: a picture as text, in the terminal, at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perceptual_photomosaic.errors import ConfigError, TileError

if TYPE_CHECKING:
    from perceptual_photomosaic.text.picture import TextPicture
    from perceptual_photomosaic.text.terminal import Terminal
    from perceptual_photomosaic.tiles.glyphs import Glyphs

__all__ = ["show"]

_INKS = ("auto", "none", "target", "duo")


def show(
    target: Annotated[
        Path | None, typer.Argument(help="The picture to show, or a plan of letters or emoji.", show_default=False)
    ] = None,
    *,
    tiles: Annotated[
        str, typer.Option("--tiles", "-t", help="The letters: glyphs:set=blocks, glyphs:characters=TEXT and so on.")
    ] = "glyphs",
    columns: Annotated[
        int | None, typer.Option(min=1, help="Characters across; as many as fit the terminal, or 80.")
    ] = None,
    colour: Annotated[str, typer.Option(help="auto (where the terminal has it), always or never.")] = "auto",
    ink: Annotated[
        str, typer.Option(help="What is coloured: target (letters), duo (their paper too), none, or auto.")
    ] = "auto",
    dark: Annotated[bool, typer.Option("--dark/--light", help="The background of the terminal.")] = True,
    font_ratio: Annotated[
        str | None, typer.Option(help="Width to height of a character in the terminal, as 1:2; that of the font.")
    ] = None,
    plan: Annotated[Path | None, typer.Option(help="Show a plan of letters or emoji that was made before.")] = None,
) -> None:
    """Show TARGET in the terminal, as text.

    photomosaic show portrait.jpg

    photomosaic show portrait.jpg --tiles glyphs:set=blocks --colour always | less -R
    """
    import os
    import sys

    from perceptual_photomosaic.text.terminal import Terminal

    if target is None and plan is None:
        raise ConfigError("no picture was named. Add one, as in photomosaic show portrait.jpg, or --plan plan.json.")
    if target is not None and plan is not None:
        raise ConfigError(f"'{target}' and plan '{plan}' were both named; show one of them.")
    if ink not in _INKS:
        raise ConfigError(f"ink '{ink}' is unknown; choose one of {', '.join(_INKS)}.")
    terminal = Terminal.of(sys.stdout, os.environ, colour)
    if plan is None and target is not None and target.suffix.lower() == ".json":
        plan = target
    if plan is not None:
        picture, paper = _planned(plan), None
    else:
        assert target is not None
        glyphs = _glyphs(tiles, dark)
        picture, paper = _drawn(target, glyphs, terminal, columns, ink, font_ratio), glyphs.background
    if terminal.colours is None:
        from perceptual_photomosaic.text.plain import plain

        text = plain(picture) + "\n"
    else:
        from perceptual_photomosaic.text.ansi import ansi

        text = ansi(picture, terminal.colours, paper=paper)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal of another encoding than UTF-8 shows what it can
    sys.stdout.write(text)


def _glyphs(spec: str, dark: bool) -> Glyphs:
    """Open letters in the colours of the terminal, where the spec names none."""
    from perceptual_photomosaic.tiles import open_tiles
    from perceptual_photomosaic.tiles.spec import parse_specs, write_spec

    parts = parse_specs(spec)
    if len(parts) != 1 or parts[0].name != "glyphs":
        raise TileError(f"'{spec}': show draws with letters of one kind; use glyphs, or make with -o portrait.ans.")
    ink, paper = ("white", "black") if dark else ("black", "white")
    options = {"foreground": ink, "background": paper, **parts[0].options}
    if "/" in options["foreground"]:
        raise TileError(f"'{spec}': show draws with letters of one colour; name one foreground.")
    glyphs: Glyphs = open_tiles(write_spec("glyphs", "", options))  # type: ignore[assignment]
    return glyphs


def _drawn(
    target: Path, glyphs: Glyphs, terminal: Terminal, columns: int | None, ink: str, font_ratio: str | None
) -> TextPicture:
    from perceptual_photomosaic.grid import parse_aspect
    from perceptual_photomosaic.text.quick import quick_text

    if terminal.colours is None:
        ink = "none"
    elif ink == "auto":
        ink = "target" if terminal.colours == "16" else "duo"
    rows = None if columns is not None or terminal.rows is None else max(1, terminal.rows - 1)  # and the next prompt
    aspect = None if font_ratio is None else parse_aspect(font_ratio)
    return quick_text(target, glyphs, columns or terminal.columns, rows, ink=ink, aspect=aspect)


def _planned(plan: Path) -> TextPicture:
    from perceptual_photomosaic.api import open_plan
    from perceptual_photomosaic.tiles import default_cache_dir

    return open_plan(plan, cache=default_cache_dir()).to_text_picture()
