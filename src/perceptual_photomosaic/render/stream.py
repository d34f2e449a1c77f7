"""Gigapixel output: a lazy picture of the whole mosaic, gathered by libvips from one sheet of tiles.

The sheet holds every choice that is used, once. An index image maps each pixel of the mosaic to a pixel of the sheet;
libvips evaluates it strip by strip while it writes, so memory does not grow with the mosaic.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.errors import OutputError
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.render.formats import Format, replacing
from perceptual_photomosaic.tiles.base import TileSet

__all__ = ["write_mosaic"]

_DRAW_BATCH_BYTES = 64_000_000


def write_mosaic(
    path: Path,
    made: Format,
    tiles: TileSet,
    choices: NDArray[np.int64],
    tile_px: tuple[int, int],
    *,
    quality: int | None = None,
    shifts: NDArray[np.float32] | None = None,
    reporter: Reporter = SILENT,
) -> None:
    """Write a mosaic without holding it in memory.

    Args:
        path: Where to; replaced only when all is written.
        made: The format, from `check_output`.
        tiles: The tile set.
        choices: Choice numbers, (rows, columns).
        tile_px: (width, height) of each tile.
        quality: 1 to 100 for formats that lose something.
        shifts: sRGB values added to each cell, (rows, columns, 3); None adds nothing.
        reporter: Hears of progress.
    Raises:
        OutputError: Writing failed; nothing is left behind.
        TileError: A tile's original cannot be read any more.
    """
    import pyvips

    sheet, across, position = _sheet(tiles, choices, tile_px, reporter)
    picture = _lay_out(sheet, across, position, tile_px)
    if shifts is not None:
        offset = pyvips.Image.new_from_array(np.ascontiguousarray(shifts)).copy(interpretation="srgb")
        picture = (picture + offset.zoom(*tile_px)).rint().cast("uchar")
    picture = picture.copy(interpretation="srgb")
    options = dict(made.options)
    if quality is not None and "Q" in options:
        options["Q"] = quality
    if made.name == "TIFF" and picture.width * picture.height * 3 > 2_000_000_000:
        options["bigtiff"] = True
    with replacing(path) as part, reporter.stage("writing the mosaic", 100, "%") as stage:
        _follow(picture, stage)
        try:
            picture.write_to_file(str(part), **options)
        except pyvips.Error as error:
            reason = " ".join(str(error).split())
            raise OutputError(f"'{path}' cannot be written: {reason}.") from error


def _sheet(
    tiles: TileSet, choices: NDArray[np.int64], tile_px: tuple[int, int], reporter: Reporter
) -> tuple[Any, int, NDArray[np.int64]]:
    """The sheet of used tiles as a libvips image, tiles across, and each cell's position on it."""
    import pyvips

    used, position = np.unique(choices, return_inverse=True)
    width, height = tile_px
    across = max(1, math.isqrt(len(used)))
    down = -(-len(used) // across)
    sheet = np.zeros((down, height, across, width, 3), np.uint8)
    batch = max(1, _DRAW_BATCH_BYTES // (width * height * 3))
    for start in range(0, len(used), batch):
        some = used[start : start + batch]
        number = np.arange(start, start + len(some))
        sheet[number // across, :, number % across] = tiles.pictures(tile_px, some.tolist(), reporter=reporter)
    image = pyvips.Image.new_from_memory(sheet, across * width, down * height, 3, "uchar")
    return image, across, position.reshape(choices.shape)


def _lay_out(sheet: Any, across: int, position: NDArray[np.int64], tile_px: tuple[int, int]) -> Any:
    """The mosaic as a lazy libvips image: pixel (x, y) of a cell is pixel (left + x, top + y) of the sheet."""
    import pyvips

    width, height = tile_px
    rows, columns = position.shape
    corner = np.stack([(position % across) * width, (position // across) * height], axis=-1).astype(np.float32)
    corners = pyvips.Image.new_from_array(np.ascontiguousarray(corner)).zoom(width, height)
    inside = pyvips.Image.xyz(width, height).replicate(columns, rows)
    return sheet.mapim(corners + inside, interpolate=pyvips.Interpolate.new("nearest"))


def _follow(picture: Any, stage: Any) -> None:
    """Pass libvips' own progress on to a stage."""
    seen = 0

    def on_eval(_: Any, progress: Any) -> None:
        nonlocal seen
        if progress.percent > seen:
            stage.advance(progress.percent - seen)
            seen = progress.percent

    picture.set_progress(True)
    picture.signal_connect("eval", on_eval)
