"""The layout of a mosaic: the grid over its target and the size of its tiles, decided before the work.

It follows from the settings, the size on paper, the target's shape and, where no number of cells is given, the number
of photos.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from perceptual_photomosaic.config import MosaicOptions
from perceptual_photomosaic.crop_advice import CROP_SAID, about_crop
from perceptual_photomosaic.errors import GridError
from perceptual_photomosaic.grid import AUTO, DEFAULT_CELLS, Grid, parse_aspect, tile_size_px
from perceptual_photomosaic.render.physical import cells_of_size, settle_print_size
from perceptual_photomosaic.tiles.kinds import kinds_of, only_photos
from perceptual_photomosaic.tiles.tile_set import TileSet

__all__ = ["LEAST_CELLS", "USES", "Layout", "first_layout", "lay_out", "lay_out_for", "with_own_shape"]

LEAST_CELLS = 1500
"""Smallest default number of cells: with fewer, a face is hard to recognise."""

LETTERS = 6600
"""Approximate default number of letters: 120 columns and 55 lines of a square picture."""

USES = 10
"""Approximate uses of a photo above which fewer cells are better."""


@dataclass(frozen=True)
class Layout:
    """The grid over a target and the size of its tiles.

    Attributes:
        options: The settings, with columns, rows, cell aspect and tile size filled in where a size was asked for.
        grid: The grid over the target.
        tile_px: (width, height) of each tile in pixels.
        crop: A line that a person should read first: how much of the target is cropped. Empty where it is little.
        words: More lines that a person should read before the work.
    """

    options: MosaicOptions
    grid: Grid
    tile_px: tuple[int, int]
    crop: str
    words: tuple[str, ...] = ()

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height) of the mosaic in pixels."""
        return self.grid.size_px(self.tile_px)


def lay_out(options: MosaicOptions, target_px: tuple[int, int], default_cells: int = DEFAULT_CELLS) -> Layout:
    """Lay a grid over a target as the settings ask.

    Args:
        options: The settings.
        target_px: (width, height) of the target.
        default_cells: Approximate number of cells where the settings give none. A size on paper may make more.
    Raises:
        ConfigError: A size or resolution that makes no sense.
        GridError: Counts or shapes that make no grid, or more cells than the target has pixels.
    """

    def grid_of(asked: MosaicOptions) -> Grid:
        return _grid(settle_print_size(asked, target_px, default_cells)[0], target_px, default_cells)

    settled, words = settle_print_size(options, target_px, default_cells)
    grid = _grid(settled, target_px, default_cells)
    crop = about_crop(options, grid, target_px, grid_of)
    return Layout(settled, grid, tile_size_px(settled.tile_size, grid.cell_aspect), crop, tuple(words))


def lay_out_for(options: MosaicOptions, target_px: tuple[int, int], tiles: TileSet) -> Layout:
    """Lay a grid over a target, with fewer cells than usual where the photos are few and no number was asked for.

    The number of cells is then the number of photos times their uses (`max_uses`, or about 10), but at least 1,500, and
    at least the number of tiles that must appear. Letters, emoji and other tiles may repeat without limit.

    Args:
        options: The settings.
        target_px: (width, height) of the target.
        tiles: The tile set, opened.
    Returns:
        The layout; its words explain the number of cells.
    Raises:
        ConfigError: A size or resolution that makes no sense.
        GridError: Counts or shapes that make no grid, or more cells than the target has pixels.
    """
    if not (_open_ended(options) and only_photos(tiles.spec)):
        return lay_out(options, target_px, _usual_cells(tiles.spec))
    photos = len(tiles) // len(tiles.variants)
    by_size = cells_of_size(options, target_px)
    enough = photos * (options.max_uses or USES)
    wanted = int(max(LEAST_CELLS, enough, 0 if options.max_uses else by_size))
    if options.max_uses == 0 or wanted >= max(DEFAULT_CELLS, by_size):
        return lay_out(options, target_px)
    most = enough if options.max_uses and enough >= LEAST_CELLS else math.inf
    least = max(LEAST_CELLS, photos if options.use_all else len(options.must_include))
    for counts in _counts_near(options, target_px, wanted):
        asked = replace(options, **counts)
        with suppress(GridError):  # more cells than the target has pixels
            grid = _grid(settle_print_size(asked, target_px)[0], target_px)
            if least <= grid.num_cells <= most and ("cells" in counts or max(grid.cropped) <= CROP_SAID):
                return _with_words(lay_out(asked, target_px), photos)
    return lay_out(options, target_px)


def with_own_shape(options: MosaicOptions, aspect: tuple[int, int] | None) -> MosaicOptions:
    """Return the settings with cells in the shape that the tiles have by themselves, unless another was asked for.

    Args:
        options: The settings.
        aspect: Width to height; None where tiles have no shape of their own.
    """
    if aspect is None or options.cell_aspect != AUTO or options.method == "mosaicnet":
        return options
    return replace(options, cell_aspect=f"{aspect[0]}:{aspect[1]}")


def _usual_cells(*specs: str) -> int:
    return LETTERS if kinds_of(*specs) == {"glyphs"} else DEFAULT_CELLS


def _counts_near(options: MosaicOptions, target_px: tuple[int, int], wanted: int) -> Iterator[dict[str, Any]]:
    """Yield counts to ask for, the best first: at most `wanted` cells, the same as columns and rows, a few more."""
    for cells in range(wanted, LEAST_CELLS - 1, -1):
        yield {"cells": cells}
    with suppress(GridError):
        across = _grid(settle_print_size(replace(options, cells=wanted), target_px)[0], target_px).columns
        for columns in sorted(range(max(1, across - 3), across + 4), key=lambda count: abs(count - across)):
            yield {"columns": columns, "rows": max(1, wanted // columns)}
    for cells in range(wanted + 1, 2 * wanted):
        yield {"cells": cells}


def _with_words(layout: Layout, photos: int) -> Layout:
    """Add a line that explains the number of cells; the settings still give no number."""
    grid = layout.grid
    words = (
        f"{grid.columns} x {grid.rows} cells, because there are {photos:,} photos: about "
        f"{-(-grid.num_cells // photos)} cells for each. --columns or --cells asks for another number."
    )
    options = layout.options if layout.options.size else replace(layout.options, columns=None, rows=None, cells=None)
    return replace(layout, options=options, words=(words, *layout.words))


def _open_ended(options: MosaicOptions) -> bool:
    return options.columns is None and options.rows is None and options.cells is None


def _grid(options: MosaicOptions, target_px: tuple[int, int], default_cells: int = DEFAULT_CELLS) -> Grid:
    return Grid.fit(
        target_px,
        columns=options.columns,
        rows=options.rows,
        cells=default_cells if _open_ended(options) else options.cells,
        cell_aspect=parse_aspect(options.cell_aspect),
        fit=options.fit,  # type: ignore[arg-type]  # Grid.fit refuses unknown words
    )


def first_layout(options: MosaicOptions, target_px: tuple[int, int], specs: Sequence[str]) -> Layout:
    """Lay out the smallest grid that the mosaic may get, to find bad input before the tiles are opened.

    Args:
        options: The settings.
        target_px: (width, height) of the target.
        specs: Specs of the tiles; none for pictures in memory.
    Raises:
        ConfigError: A size or resolution that makes no sense.
        GridError: Counts or shapes that make no grid, or more cells than the target has pixels.
    """
    fewer = options.size is None and only_photos(*specs)
    return lay_out(options, target_px, LEAST_CELLS if fewer else _usual_cells(*specs))
