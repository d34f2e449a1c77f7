"""Writing of text to files, and a check before any work that a mosaic can be text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from perceptual_photomosaic.config import MosaicOptions, PrintSettings
from perceptual_photomosaic.errors import OutputError
from perceptual_photomosaic.files.replacing import replacing
from perceptual_photomosaic.image import printable
from perceptual_photomosaic.render.formats import Format
from perceptual_photomosaic.text.picture import TextPicture
from perceptual_photomosaic.tiles.kinds import kinds_of, noun_of, only_text

__all__ = ["check_text", "write_text_picture"]


def check_text(path: Path, file_format: Format, specs: Sequence[str], options: MosaicOptions) -> None:
    """Check before any work that tiles and settings can be written as text; formats of pixels are not checked.

    Args:
        path: The output file.
        file_format: Its format.
        specs: Specs of the tiles; empty for pictures in memory.
        options: The settings.
    Raises:
        OutputError: They cannot; the message says what can.
    """
    if not file_format.text:
        return
    shown = printable(path)
    others = [spec for spec in specs if not only_text(spec)]
    if others or not specs:
        what = noun_of(others[0]) if len(others) == 1 and kinds_of(others[0]) else "tiles such as these"
        raise OutputError(f"'{shown}': {what} are not text; use --tiles glyphs or emoji, or write .png.")
    if options.variants:
        raise OutputError(f"'{shown}': text is not turned or mirrored; leave variants out, or write .png.")
    if options.blend > 0:
        raise OutputError(f"'{shown}': nothing can be laid over text; leave blend out, or write .png.")
    if options.outlines and file_format.name == "SVG" and "emoji" in kinds_of(*specs):
        raise OutputError(f"'{shown}': emoji have no outlines of one colour; leave outlines out, or use glyphs alone.")


def write_text_picture(path: Path, file_format: Format, picture: TextPicture, options: PrintSettings) -> None:
    """Write a text picture; an existing file is replaced only when all is written.

    Args:
        path: The output file.
        file_format: The format, from `check_output`.
        picture: The rows of characters.
        options: Number of colours of a terminal, and outlines in a drawing.
    Raises:
        OutputError: The file cannot be written.
    """
    with replacing(path) as part:
        part.write_text(_written(path, file_format, picture, options), encoding="utf-8", newline="\n")


def _written(path: Path, file_format: Format, picture: TextPicture, options: PrintSettings) -> str:
    if file_format.name == "HTML":
        from perceptual_photomosaic.text.html import page

        return page(picture, title=printable(path.stem))
    if file_format.name == "SVG":
        from perceptual_photomosaic.text.svg import drawing

        return drawing(picture, paths=options.outlines)
    if file_format.name == "ANSI text":
        from perceptual_photomosaic.text.ansi import ansi

        return ansi(picture, options.ansi_colours)
    from perceptual_photomosaic.text.plain_text import plain

    return plain(picture) + "\n"
