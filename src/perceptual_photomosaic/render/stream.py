"""Gigapixel output: the mosaic is written strip by strip, so that memory does not grow with its size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.errors import OutputError
from perceptual_photomosaic.features.ink import Ink
from perceptual_photomosaic.files.replacing import followed, replacing
from perceptual_photomosaic.image import printable
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.render.canvas import Canvas, Colouring
from perceptual_photomosaic.render.formats import Format
from perceptual_photomosaic.render.output import Output
from perceptual_photomosaic.render.overlay import Overlay
from perceptual_photomosaic.render.pdf import write_pdf
from perceptual_photomosaic.render.save import compressed_bytes, most_bytes, saver
from perceptual_photomosaic.render.source import stream
from perceptual_photomosaic.render.space import check_space, free_bytes, in_words
from perceptual_photomosaic.render.tile_sheet import IN_MEMORY_BYTES, draw_sheet
from perceptual_photomosaic.tiles.kinds import inks_of
from perceptual_photomosaic.tiles.tile_set import TileSet

__all__ = ["write_mosaic"]

_SAMPLE_PX = 512


def write_mosaic(
    path: Path,
    file_format: Format,
    tiles: TileSet,
    choices: NDArray[np.int64],
    tile_px: tuple[int, int],
    *,
    shifts: NDArray[np.float32] | None = None,
    ink: Ink | None = None,
    overlay: Overlay | None = None,
    output: Output | None = None,
    reporter: Reporter = SILENT,
) -> None:
    """Write a mosaic without holding it in memory.

    Args:
        path: The output file; an existing one is replaced only when all is written.
        file_format: The format, from `check_output`.
        tiles: The tile set.
        choices: Choice numbers, (rows, columns).
        tile_px: (width, height) of each tile.
        shifts: sRGB values added to each cell, (rows, columns, 3); None adds nothing.
        ink: The colours of characters; None leaves them as they are drawn.
        overlay: The target, laid over the tiles; None lays nothing over them.
        output: The output options.
        reporter: Receives progress.
    Raises:
        OutputError: There is not enough disk space, or writing failed; nothing is left behind.
        TileError: A tile's original cannot be read any more.
    """
    import pyvips

    output = output or Output()
    used, position = np.unique(choices, return_inverse=True)
    rows, columns = choices.shape
    size_px = columns * tile_px[0], rows * tile_px[1]
    output.check(file_format, size_px)
    shown = printable(path)
    if file_format.text:
        raise OutputError(f"'{shown}': pixels are not text. Write .png, .jpg, .webp, .tif, .dzi or .pdf.")
    folder = followed(path).parent
    sheet_bytes = len(used) * tile_px[0] * tile_px[1] * 3
    if sheet_bytes > IN_MEMORY_BYTES:
        check_space(folder, f"'{shown}', {len(used)} tiles of {tile_px[0]} x {tile_px[1]} px", sheet_bytes)
    sheet = draw_sheet(tiles, used, tile_px, folder, in_memory_bytes=IN_MEMORY_BYTES, reporter=reporter)
    try:
        colouring = None if ink is None else Colouring(ink, *inks_of(tiles))
        canvas = Canvas(sheet, position.reshape(choices.shape), tile_px, shifts, overlay=overlay, colouring=colouring)
        what = f"'{shown}', {size_px[0]} x {size_px[1]} px"
        needed = check_space(
            folder, what, most_bytes(file_format, size_px), lambda: _estimate(canvas, file_format, output)
        )
        with replacing(path) as part:
            try:
                if file_format.name == "PDF":
                    write_pdf(canvas, part, file_format, output, reporter)
                else:
                    with reporter.stage("writing the mosaic", size_px[1], "rows") as stage:
                        stream(canvas, saver(part, file_format, output), stage)
            except pyvips.Error as error:
                raise OutputError(_reason(path, error, needed)) from error
    finally:
        sheet.close()


def _estimate(canvas: Canvas, file_format: Format, output: Output) -> float:
    """Estimate the bytes of the finished file from the middle one of three bands of the mosaic."""
    import pyvips

    width, height = canvas.size_px
    most = 0.0
    for middle in (height // 6, height // 2, height * 5 // 6):
        top = max(0, min(height - _SAMPLE_PX, middle - _SAMPLE_PX // 2))
        band = canvas.rows(top, min(height, top + _SAMPLE_PX))[:, : 8 * _SAMPLE_PX]
        sample = pyvips.Image.new_from_array(np.ascontiguousarray(band))
        most = max(most, compressed_bytes(sample, file_format, output, (width, height)))
    return most


def _reason(path: Path, error: Exception, needed: float) -> str:
    """Return the reason why libvips could not write, and the space that is needed."""
    said = " ".join(str(error).split()).rstrip(".")
    full = any(words in said for words in ("No space left", "File too large", "quota"))
    why = "the disk is full" if full else said
    return (
        f"'{printable(path)}' cannot be written: {why}. It needs at most {in_words(needed)}, "
        f"and {in_words(free_bytes(followed(path).parent))} are free there."
    )
