"""Export of a tile set as one contact sheet, or as a folder of numbered pictures that opens as the same set."""

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

_PAPER = 216  # grey of the gaps: black, white and coloured tiles all differ from it
_WIDE = 1.5  # aspect of a sheet
_BATCH = 512


def sheet_shape(count: int, size_px: tuple[int, int]) -> tuple[int, int, int]:
    """Return rows, columns and the gap in pixels of a contact sheet that is about 1.5 times as wide as high."""
    width, height = size_px
    gap = max(1, min(size_px) // 12)
    columns = max(1, min(count, round(math.sqrt(count * _WIDE * (height + gap) / (width + gap)))))
    return -(-count // columns), columns, gap


def contact_sheet(tiles: TileSet, size_px: tuple[int, int], *, reporter: Reporter = SILENT) -> NDArray[np.uint8]:
    """Draw all choices of a tile set side by side, in their order.

    Args:
        tiles: The tile set.
        size_px: (width, height) of each tile.
        reporter: Receives progress.
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
    """Write all choices of a tile set as 00.png, 01.png and so on. The folder appears when it is complete.

    All numbers have the same number of digits, so that every program sorts them in the same order.

    Args:
        tiles: The tile set.
        folder: The folder to write; it must be new or empty.
        size_px: (width, height) of each picture.
        reporter: Receives progress.
    Raises:
        OutputError: The folder is not empty, or cannot be written.
    """
    check_export(folder)
    digits = len(str(len(tiles) - 1))
    with replacing_folder(folder) as part, reporter.stage("writing tiles", len(tiles), "tiles") as stage:
        for start, pictures in _batches(tiles, size_px, reporter):
            for number, picture in enumerate(pictures, start):
                Image.fromarray(picture).save(part / f"{number:0{digits}}.png", compress_level=6)
            stage.advance(len(pictures))


def check_export(folder: Path) -> None:
    """Check before any work that tiles can be exported to a folder.

    Raises:
        OutputError: It is not empty, it is a file, or its parent folder does not exist.
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
    """Yield all choices in order, in batches: the number of the first, and their pictures."""
    for start in range(0, len(tiles), _BATCH):
        yield start, tiles.pictures(size_px, range(start, min(start + _BATCH, len(tiles))), reporter=reporter)
