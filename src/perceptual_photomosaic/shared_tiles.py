"""Tiles that several mosaics share, opened and looked at once."""

from __future__ import annotations

from functools import lru_cache

from perceptual_photomosaic.errors import MosaicError
from perceptual_photomosaic.inputs import Tiles, open_tile_set, specs_of
from perceptual_photomosaic.problem import Looks
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.tiles import TileOptions, TileSet

__all__ = ["SharedTiles"]

_KEPT = 2  # a size on paper makes cells of one shape for upright targets and of another for others


class SharedTiles:
    """Tiles for several targets, opened again only where a target wants them cut in another way.

    Args:
        tiles: As `make_mosaic` takes them.
        reporter: Hears of progress, and what tile sets say of themselves.
    Attributes:
        specs: Specs of the tiles; none for pictures in memory.
        failure: Why the tiles could not be opened, if so.
    """

    def __init__(self, tiles: Tiles, reporter: Reporter = SILENT) -> None:
        self.specs = specs_of(tiles)
        self.failure: MosaicError | None = None
        self._tiles = tiles
        self._reporter = reporter
        self._opened = lru_cache(_KEPT)(self._open)
        self._looks = lru_cache(_KEPT)(self._look)

    def open(self, cut: TileOptions) -> TileSet:
        """Open the tiles as they are cut for a target.

        Raises:
            TileError: Nothing usable.
        """
        return self._opened(cut)

    def looks(self, cut: TileOptions) -> Looks:
        """Return what all tiles look like when they are cut that way."""
        return self._looks(cut)

    def _open(self, cut: TileOptions) -> TileSet:
        try:
            return open_tile_set(self._tiles, cut, self._reporter)
        except MosaicError as error:
            self.failure = error
            raise

    def _look(self, cut: TileOptions) -> Looks:
        return Looks.of(self.open(cut), cut.thumbnail_px, self._reporter)
