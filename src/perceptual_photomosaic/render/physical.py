"""Physical sizes: number of cells and tile pixels for centimetres, inches and paper formats."""

from __future__ import annotations

import math
from dataclasses import replace

from perceptual_photomosaic.config import MosaicOptions
from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.grid import DEFAULT_CELLS, Grid, parse_aspect
from perceptual_photomosaic.render.sizes import DEFAULT_DPI, PrintSize, is_landscape, parse_size, turned

__all__ = [
    "SMALL_TILE_MM",
    "cells_of_size",
    "px_per_mm",
    "settle_print_size",
    "size_mismatch_notes",
    "tile_size_for",
]

SMALL_TILE_MM = 8.0
"""Smallest tile on paper in which a photo is recognisable.

At arm's length, 60 cm, the eye separates points that are one arc minute apart, which is 0.17 mm there. So 8 mm contain
46 such points: enough to recognise a person in a photo, and fewer soon are not.
"""

_SAME_SHAPE = 0.02
_TILE_MM = 20.0  # default size of a poster's tiles, if that gives enough cells


def settle_print_size(
    options: MosaicOptions, target_px: tuple[int, int], default_cells: int = DEFAULT_CELLS
) -> tuple[MosaicOptions, list[str]]:
    """Choose the number of cells and the tile pixels for the size on the wall.

    By default tiles are 20 mm large, or smaller if 20 mm give fewer than `default_cells`. The cells' aspect changes by
    less than half a cell, so that whole cells fill the size exactly; pictures are cropped to it, never stretched.

    Args:
        options: Settings; without `size` they are returned unchanged.
        target_px: (width, height) of the target.
        default_cells: Smallest number of cells if the settings give no number.
    Returns:
        The settings with columns, rows, cell aspect, tile size, and the size turned to the target's orientation; and
        notes for the user.
    Raises:
        ConfigError: A size or resolution is invalid.
    """
    if options.dpi is not None and not 1 <= options.dpi <= 10_000:
        raise ConfigError(f"dpi is {options.dpi:g}; 1 to 10,000 is expected (150 for a poster, 300 for a book).")
    if options.size is None:
        return options, []
    landscape = is_landscape(*target_px)
    size = parse_size(options.size, landscape=landscape)
    width_px, height_px = size.pixels(options.dpi)
    columns, rows = _counts(options, size, target_px, default_cells)
    columns, rows = min(columns, width_px), min(rows, height_px)
    tile = max(1, round(width_px / columns)), max(1, round(height_px / rows))
    dpi = options.dpi if size.in_px else options.dpi or DEFAULT_DPI
    settled = replace(
        options,
        columns=columns,
        rows=rows,
        cells=None,
        cell_aspect=f"{tile[0]}:{tile[1]}",
        tile_size=max(tile),
        dpi=dpi,
        size=turned(options.size, landscape),
    )
    paper = size.millimetres(dpi)
    return settled, [] if paper is None else _words(paper, columns, rows)


def cells_of_size(options: MosaicOptions, target_px: tuple[int, int]) -> float:
    """Return the number of tiles of 20 mm that fill the size on paper; 0 if there is none."""
    if options.size is None:
        return 0.0
    paper = parse_size(options.size, landscape=is_landscape(*target_px)).millimetres(options.dpi)
    return 0.0 if paper is None else paper[0] * paper[1] / _TILE_MM**2


def tile_size_for(size: str, dpi: float | None, grid: Grid) -> int:
    """Return the longer side of a tile, in pixels, that makes a grid of the requested size."""
    width, height = grid.size_px(grid.cell_aspect)
    wanted = parse_size(size, landscape=is_landscape(width, height)).pixels(dpi)
    aspect = grid.cell_aspect
    along = min(wanted[0] / (grid.columns * aspect[0]), wanted[1] / (grid.rows * aspect[1]))
    return max(1, round(along * max(aspect)))


def size_mismatch_notes(size: str, dpi: float | None, grid: Grid, tile_px: tuple[int, int]) -> list[str]:
    """Return notes about drawing a plan at a size: another shape, or small tiles on paper.

    Args:
        size: As `parse_size` reads it.
        dpi: Resolution; None if none is given.
        grid: The grid of the plan.
        tile_px: (width, height) of a tile, in pixels, at that size.
    """
    made = grid.size_px(tile_px)
    asked = parse_size(size, landscape=is_landscape(*made))
    width_px, height_px = asked.pixels(dpi)
    words = []
    if not _same_shape(made[0] / made[1] / (width_px / height_px), tile_px):
        words.append(
            f"the plan has another shape than {size.rstrip('!')}: the mosaic will be as large as fits, {made[0]} x "
            f"{made[1]} px of {width_px} x {height_px}."
        )
    paper = asked.millimetres(dpi)
    if paper is not None:
        mm_per_px = min(paper[0] / made[0], paper[1] / made[1])
        tile = tile_px[0] * mm_per_px, tile_px[1] * mm_per_px
        if max(tile) < SMALL_TILE_MM:
            words.append(f"{_small(*tile)} A larger --size helps.")
    return words


def px_per_mm(
    size: str | None, dpi: float | None, size_px: tuple[int, int], tile_px: tuple[int, int]
) -> tuple[float, float] | None:
    """Return the horizontal and vertical resolution that gives a mosaic exactly the requested size.

    They differ only because tiles are rounded to whole pixels. If they would differ by more, the mosaic, from a plan,
    has another shape than requested; it is then as large as fits.

    Args:
        size: As `parse_size` reads it; None if none is given.
        dpi: Resolution; None if none is given.
        size_px: (width, height) of the mosaic.
        tile_px: (width, height) of its tiles.
    """
    paper = None if size is None else parse_size(size, landscape=is_landscape(*size_px)).millimetres(dpi)
    if paper is not None:
        across, down = size_px[0] / paper[0], size_px[1] / paper[1]
        if _same_shape(across / down, tile_px):
            return across, down
        return max(across, down), max(across, down)
    return None if dpi is None else (dpi / 25.4, dpi / 25.4)


def _same_shape(ratio: float, tile_px: tuple[int, int]) -> bool:
    """Tell whether a mosaic has the requested shape, apart from rounding tiles to whole pixels.

    Args:
        ratio: Its aspect, divided by the requested aspect.
        tile_px: (width, height) of its tiles.
    """
    width, height = tile_px
    least = width / (width + 0.5) * (height - 0.5) / height
    most = width / (width - 0.5) * (height + 0.5) / height
    return min(least, 1 - _SAME_SHAPE) < ratio < max(most, 1 + _SAME_SHAPE)


def _counts(options: MosaicOptions, size: PrintSize, target_px: tuple[int, int], default_cells: int) -> tuple[int, int]:
    """Return columns and rows, as requested or from the size of a tile.

    In the second case both are fewer if the target has too few pixels, so that cells keep their shape.
    """
    aspect = parse_aspect(options.cell_aspect)
    shape = size.width / size.height * aspect[1] / aspect[0]  # columns per row
    if options.columns is not None or options.rows is not None:
        columns = options.columns or max(1, round((options.rows or 1) * shape))
        return columns, options.rows or max(1, round(columns / shape))
    cells = options.cells or max(default_cells, cells_of_size(options, target_px))
    most = min(target_px[0], math.floor(target_px[1] * shape))
    columns = max(1, math.floor(shape), min(round(math.sqrt(cells * shape)), most))
    return columns, max(1, round(columns / shape))


def _words(paper: tuple[float, float], columns: int, rows: int) -> list[str]:
    tile = paper[0] / columns, paper[1] / rows
    if max(tile) >= SMALL_TILE_MM:
        return []
    enough = max(1, int(paper[0] / SMALL_TILE_MM * max(tile) / tile[0]))
    return [f"{_small(*tile)} --columns {enough} or a larger --size helps."]


def _small(width_mm: float, height_mm: float) -> str:
    return (
        f"tiles will be {width_mm:.1f} x {height_mm:.1f} mm on paper; below {SMALL_TILE_MM:.0f} mm the photos in "
        f"them are hard to make out."
    )
