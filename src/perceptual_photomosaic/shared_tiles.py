"""Tiles that several mosaics share; they are opened once, and their patches are computed once."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from perceptual_photomosaic.build_problem import ChoicePatches
from perceptual_photomosaic.config import MosaicOptions
from perceptual_photomosaic.errors import MosaicError
from perceptual_photomosaic.inputs import Tiles, open_tile_set, specs_of, tile_options_for
from perceptual_photomosaic.layout import Layout, first_layout, lay_out_for
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.tiles import TileOptions, TileSet

__all__ = ["SharedTiles"]

_KEPT = 2  # a size on paper gives cells of one shape for upright targets and of another shape for wide ones


class SharedTiles:
    """Tiles for several targets, opened again only where a target needs other options.

    Args:
        tiles: As `make_mosaic` takes them.
        reporter: Receives progress, and the notes of tile sets.
    Attributes:
        specs: Specs of the tiles; none for pictures in memory.
        failure: The error of the opening, if it failed.
    """

    def __init__(self, tiles: Tiles, reporter: Reporter = SILENT) -> None:
        self.specs = specs_of(tiles)
        self.failure: MosaicError | None = None
        self._tiles = tiles
        self._reporter = reporter
        self._opened = lru_cache(_KEPT)(self._open)
        self._patches = lru_cache(_KEPT)(self._look)

    def open_for(
        self, options: MosaicOptions, target_px: tuple[int, int], cache: Path | None
    ) -> tuple[TileSet, Layout]:
        """Open the tiles for a target, and return them and the layout of its grid, which depends on their number.

        Args:
            options: The settings.
            target_px: (width, height) of the target.
            cache: Folder that keeps decoded photos between runs; None keeps nothing.
        Raises:
            TileError: Nothing usable.
        """
        tiles = self.open(tile_options_for(first_layout(options, target_px, self.specs).options, cache))
        layout = lay_out_for(options, target_px, tiles)
        return self.open(tile_options_for(layout.options, cache)), layout

    def open(self, tile_options: TileOptions) -> TileSet:
        """Open the tiles with the options of a target.

        Raises:
            TileError: Nothing usable.
        """
        return self._opened(tile_options)

    def patches(self, tile_options: TileOptions) -> ChoicePatches:
        """Return the patches of all choices with these options."""
        return self._patches(tile_options)

    def _open(self, tile_options: TileOptions) -> TileSet:
        try:
            return open_tile_set(self._tiles, tile_options, self._reporter)
        except MosaicError as error:
            self.failure = error
            raise

    def _look(self, tile_options: TileOptions) -> ChoicePatches:
        return ChoicePatches.of(self.open(tile_options), tile_options.thumbnail_px, self._reporter)
