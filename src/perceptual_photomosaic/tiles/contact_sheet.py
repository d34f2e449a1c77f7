"""A tile set to look at: one contact sheet, or a folder of numbered pictures that opens as the same set again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from perceptual_photomosaic.errors import OutputError
from perceptual_photomosaic.files.replacing import replacing_folder
from perceptual_photomosaic.image import printable
from perceptual_photomosaic.progress import SILENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perceptual_photomosaic.progress import Reporter
    from perceptual_photomosaic.tiles.tile_set import TileSet

__all__ = ["check_export", "contact_sheet", "export_tiles", "sheet_shape"]

_PAPER = 216  # grey between the tiles: black, white and coloured ones all stand out from it
_WIDE = 1.5  # width to height of a sheet
_BATCH = 512


def sheet_shape(count: int, size_px: tuple[int, int]) -> tuple[int, int, int]:
    """Rows, columns and the gap in pixels of a contact sheet about half as wide again as it is high."""
    width, height = size_px
    gap = max(1, min(size_px) // 12)
    columns = max(1, min(count, round(math.sqrt(count * _WIDE * (height + gap) / (width + gap)))))
    return -(-count // columns), columns, gap


def contact_sheet(tiles: TileSet, size_px: tuple[int, int], *, reporter: Reporter = SILENT) -> NDArray[np.uint8]:
    """Draw all choices of a tile set side by side, in their order.

    Args:
        tiles: The tile set.
        size_px: (width, height) of each tile.
        reporter: Hears of progress.
    Returns:
        sRGB, uint8, (H, W, 3).
    """
    width, height = size_px
    rows, columns, gap = sheet_shape(len(tiles), size_px)
    sheet = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap, 3), _PAPER, np.uint8)
    for start, pictures in _batches(tiles, size_px, reporter):
        for number, picture in enumerate(pictures, start):
            top = gap + number // columns * (height + gap)
            left = gap + number % columns * (width + gap)
            sheet[top : top + height, left : left + width] = picture
    return sheet


def export_tiles(tiles: TileSet, folder: Path, size_px: tuple[int, int], *, reporter: Reporter = SILENT) -> None:
    """Write all choices of a tile set as 00.png, 01.png and so on; the folder appears when it is complete.

    Numbers have leading zeros, as many as the last one needs, so that every program sorts them alike.

    Args:
        tiles: The tile set.
        folder: Where to; it must be new or empty.
        size_px: (width, height) of each picture.
        reporter: Hears of progress.
    Raises:
        OutputError: The folder holds something, or cannot be written.
    """
    check_export(folder)
    digits = len(str(len(tiles) - 1))
    with replacing_folder(folder) as part, reporter.stage("writing tiles", len(tiles), "tiles") as stage:
        for start, pictures in _batches(tiles, size_px, reporter):
            for number, picture in enumerate(pictures, start):
                Image.fromarray(picture).save(part / f"{number:0{digits}}.png", compress_level=6)
            stage.advance(len(pictures))


def check_export(folder: Path) -> None:
    """Find out before any work whether tiles can be exported to a folder.

    Raises:
        OutputError: It holds something, it is a file, or the folder it should be made in does not exist.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"cannot export tiles to {printable(folder)}: it is a file; name a new folder")
    if folder.is_dir() and any(folder.iterdir()):
        raise OutputError(f"cannot export tiles to {printable(folder)}: it is not empty; name a new folder")
    if not folder.absolute().parent.is_dir():
        raise OutputError(
            f"cannot export tiles to {printable(folder)}: there is no folder {folder.parent} to make it in"
        )


def _batches(tiles: TileSet, size_px: tuple[int, int], reporter: Reporter) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """All choices in order, some at a time: the number of the first, and their pictures."""
    for start in range(0, len(tiles), _BATCH):
        yield start, tiles.pictures(size_px, range(start, min(start + _BATCH, len(tiles))), reporter=reporter)
