"""Shortlists for very large tile sets: the tiles near to a cell, and enough others to respect limits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.features.colour import linear_to_oklab
from perceptual_photomosaic.features.patches import PATCH, tile_patches
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.tiles.derived import DerivedSet, chosen, digest
from perceptual_photomosaic.tiles.tile_set import TileSet

__all__ = ["EXACT_UP_TO", "Shortlist", "choice_patches", "shortlist"]

EXACT_UP_TO = 300_000
"""Largest number of tiles that is searched exactly, and used without a shortlist."""
_BLOCK_BYTES = 128_000_000
_BLOCK_PATCHES = 16_384
_SIDE = 4
_PER_CELL = 10
_TILES_PER_CELL = 4  # fewest tiles per cell, so that limits on repetition leave a choice


class Shortlist(DerivedSet):
    """Some tiles of a set, as a set. Its spec is that of the whole set, in which a plan finds its tiles by name.

    Args:
        tiles: The whole set.
        numbers: Numbers of the tiles, ascending.
    """

    def __init__(self, tiles: TileSet, numbers: NDArray[np.int64]) -> None:
        super().__init__(tiles)
        self.numbers = numbers

    def __len__(self) -> int:
        return len(self.numbers) * len(self.variants)

    def source(self, tile: int) -> str:
        """Return the source of a tile."""
        return self.tiles.source(int(self.numbers[tile]))

    def identity(self) -> str:
        """Digest of the whole set and the numbers."""
        return digest("shortlist 1", self.tiles.identity(), self.numbers.tobytes().hex())

    def pictures(
        self, size_px: tuple[int, int], choices: Sequence[int] | None = None, *, reporter: Reporter | None = None
    ) -> NDArray[np.uint8]:
        """Draw choices at a size; see `TileSet.pictures`."""
        tiles, variants = np.divmod(chosen(choices, len(self)), len(self.variants))
        return self.tiles.pictures(
            size_px, (self.numbers[tiles] * len(self.variants) + variants).tolist(), reporter=reporter
        )


def choice_patches(tiles: TileSet, size_px: tuple[int, int], *, reporter: Reporter = SILENT) -> NDArray[np.float32]:
    """Compute the patches of all choices of a set, without all pictures in memory at once.

    Args:
        tiles: The set.
        size_px: (width, height) at which they are drawn for this.
        reporter: Receives progress.
    Returns:
        Linear light in [0, 1], float32, (N, PATCH, PATCH, 3).
    """
    block = max(1, _BLOCK_BYTES // (size_px[0] * size_px[1] * 3))
    if len(tiles) <= block:
        return tile_patches(tiles.pictures(size_px, reporter=reporter))
    result = np.empty((len(tiles), PATCH, PATCH, 3), np.float32)
    with reporter.stage("looking at tiles", len(tiles), "tiles") as stage:
        for start in range(0, len(tiles), block):
            some = range(start, min(start + block, len(tiles)))
            result[start : some.stop] = tile_patches(tiles.pictures(size_px, some))
            stage.advance(len(some))
    return result


def shortlist(
    tiles: TileSet,
    choices: NDArray[np.float32],
    cells: NDArray[np.float32],
    *,
    above: int = EXACT_UP_TO,
    seed: int = 0,
    reporter: Reporter = SILENT,
) -> tuple[TileSet, NDArray[np.float32]]:
    """Leave out the tiles that are near to no cell, if a set is too large to compare all tiles with all cells.

    Args:
        tiles: The set.
        choices: Patches of the choices, float32, (N, k, k, 3).
        cells: Patches of the cells, fitted to the tones of the tiles, float32, (cells, k, k, 3).
        above: Largest number of choices that needs no shortlist.
        seed: Decides which tiles fill the shortlist up to four per cell.
        reporter: Receives progress, and the number of tiles on the shortlist.
    Returns:
        The shortlist as a set, and the patches of its choices.
    """
    if len(choices) <= above:
        return tiles, choices
    from perceptual_photomosaic.library.search import nearest

    near, _ = nearest(_descriptors(cells), _descriptors(choices), _PER_CELL, reporter=reporter)
    variants = len(tiles.variants)
    numbers = np.unique(near // variants)
    count = len(tiles) // variants
    lacking = min(count, _TILES_PER_CELL * len(cells)) - len(numbers)
    if lacking > 0:
        others = np.setdiff1d(np.arange(count), numbers, assume_unique=True)
        more = np.random.default_rng(seed).choice(others, lacking, replace=False)
        numbers = np.sort(np.concatenate([numbers, more]))
    reporter.note(f"{len(numbers):,} of {count:,} tiles are near enough to a cell to be considered")
    kept = (numbers[:, None] * variants + np.arange(variants)).ravel()
    return Shortlist(tiles, numbers), choices[kept]


def _descriptors(patches: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the OKLab colours of patches at 4 x 4 samples, (N, 48).

    In linear light dark tones lie so close together that the best tile of a list of ten was 6% worse in dark cells.
    """
    k = patches.shape[1]
    result = np.empty((len(patches), _SIDE * _SIDE * 3), np.float32)
    for start in range(0, len(patches), _BLOCK_PATCHES):
        block = linear_to_oklab(patches[start : start + _BLOCK_PATCHES])
        parts = block.reshape(len(block), _SIDE, k // _SIDE, _SIDE, k // _SIDE, 3)
        result[start : start + len(block)] = parts.mean(axis=(2, 4)).reshape(len(block), -1)
    return result
