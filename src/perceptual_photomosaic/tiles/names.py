"""Tiles by name: a path, a file name, or a source such as emoji:1F600."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.image import printable
from perceptual_photomosaic.tiles.derived import copies_in
from perceptual_photomosaic.tiles.meant import likely_meant
from perceptual_photomosaic.tiles.tile_set import TileSet

__all__ = ["TileNames"]


class TileNames:
    """An index of the tiles of a set by name.

    Args:
        tiles: The tile set.
    """

    def __init__(self, tiles: TileSet) -> None:
        self._spec = tiles.spec
        self._sources = [tiles.source(tile) for tile in range(len(tiles) // len(tiles.variants))]
        self._by_source: dict[str, int] = {}
        self._by_name: dict[str, list[int]] = {}
        for tile, source in enumerate(self._sources):
            if source in self._by_source:
                continue  # the same file in two joined sets: the first is used
            self._add(source, tile)
        for copy, kept in copies_in(tiles).items():
            if copy not in self._by_source and kept in self._by_source:
                self._add(copy, self._by_source[kept])

    def _add(self, source: str, tile: int) -> None:
        self._by_source[source] = tile
        named = self._by_name.setdefault(Path(source).name, [])
        if tile not in named:
            named.append(tile)

    def find(self, name: str) -> int:
        """Return the number of the tile with a name: its source as in an index, its path, or its file name.

        The name of a copy finds the photo that is used in its place.

        Raises:
            TileError: There is none (names the most similar one), or several files have that name (names two).
        """
        if name in self._by_source:
            return self._by_source[name]
        path = _path(name)
        same = list(dict.fromkeys(tile for source, tile in self._by_source.items() if _path(source) == path))
        if not same and name and "/" not in name:
            same = self._by_name.get(name, [])
        if len(same) == 1:
            return same[0]
        if same:
            first, second = (printable(self._sources[tile]) for tile in same[:2])
            raise TileError(f"'{printable(name)}' is the name of {len(same)} tiles; say '{first}' or '{second}'.")
        raise TileError(f"{self._spec} has no tile '{printable(name)}'.{self._hint(name)}")

    def find_all(self, names: Iterable[str]) -> frozenset[int]:
        """Return the numbers of several tiles.

        Raises:
            TileError: As in `find`.
        """
        return frozenset(self.find(name) for name in names)

    def known(self, names: Iterable[str]) -> frozenset[int]:
        """Return the numbers of those sources that are in the set."""
        return frozenset(self._by_source[name] for name in names if name in self._by_source)

    def _hint(self, name: str) -> str:
        meant = likely_meant(name, self._by_source)
        if meant is None:
            return f" One it has is '{printable(self._sources[0])}'."
        return f" Did you mean '{printable(meant)}'?"


def _path(name: str) -> str:
    return os.path.abspath(name)  # noqa: PTH100 (Path.resolve would ask the disk about every tile)
