"""Several tile sets as one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.tiles.derived import chosen, copies_in, digest
from perceptual_photomosaic.tiles.spec import join_specs
from perceptual_photomosaic.tiles.tile_set import Skipped, TileSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perceptual_photomosaic.progress import Reporter

__all__ = ["Joined"]


class Joined:
    """Several tile sets as one: all tiles of the first set, then all tiles of the second set, and so on.

    Args:
        sets: One set or more, all with the same variants.

    Raises:
        TileError: There is no set, or the variants differ.
    """

    def __init__(self, sets: Sequence[TileSet]) -> None:
        if not sets:
            raise TileError("expected one tile set or more, got none")
        if any(tuple(tiles.variants) != tuple(sets[0].variants) for tiles in sets):
            raise TileError("tile sets with different variants cannot be joined: join them first, then add variants")
        self.sets = tuple(sets)
        self._starts = (0, *accumulate(len(tiles) for tiles in sets))

    def __len__(self) -> int:
        return self._starts[-1]

    @property
    def spec(self) -> str:
        """The specs of all sets in one text."""
        return join_specs(tiles.spec for tiles in self.sets)

    @property
    def variants(self) -> Sequence[str]:
        """Names of the variants that every tile of every set has."""
        return self.sets[0].variants

    @property
    def skipped(self) -> Sequence[Skipped]:
        """Files that were left out of any set."""
        return tuple(skipped for tiles in self.sets for skipped in tiles.skipped)

    @property
    def copies(self) -> Mapping[str, str]:
        """The source that is used in place of each copy, by the copy's source, in all sets."""
        return {copy: kept for tiles in self.sets for copy, kept in copies_in(tiles).items()}

    @property
    def licence(self) -> str:
        """Terms of all sets, each once."""
        return " ".join(dict.fromkeys(tiles.licence for tiles in self.sets if tiles.licence))

    def source(self, tile: int) -> str:
        """Return the source of a tile."""
        per_tile = len(self.variants)
        number = bisect_right(self._starts, tile * per_tile) - 1
        return self.sets[number].source(tile - self._starts[number] // per_tile)

    def identity(self) -> str:
        """Digest of the sets in their order."""
        return digest("joined 1", *(tiles.identity() for tiles in self.sets))

    def pictures(
        self, size_px: tuple[int, int], choices: Sequence[int] | None = None, *, reporter: Reporter | None = None
    ) -> NDArray[np.uint8]:
        """Draw choices of all sets at a size; see `TileSet.pictures`."""
        numbers = chosen(choices, len(self))
        result = np.empty((len(numbers), size_px[1], size_px[0], 3), np.uint8)
        for tiles, start in zip(self.sets, self._starts, strict=False):
            mine = (numbers >= start) & (numbers < start + len(tiles))
            if mine.any():
                result[mine] = tiles.pictures(size_px, (numbers[mine] - start).tolist(), reporter=reporter)
        return result
