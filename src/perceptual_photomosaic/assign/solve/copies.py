"""Repetition: copies of a tile at most two cells apart, by the larger of row and column difference."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["copies_nearby", "more_pairs"]

_NEARBY = 2


def copies_nearby(
    tiles: NDArray[np.int64], cells: NDArray[np.integer], options: NDArray[np.integer]
) -> NDArray[np.float32]:
    """How many cells nearby hold the tile of each option, (n, K).

    Args:
        tiles: Tiles in use, (rows, columns).
        cells: Cell numbers, (n,).
        options: Tiles to try there, (n, K).
    """
    padded = np.pad(tiles, _NEARBY, constant_values=-1)
    row, column = np.divmod(cells, tiles.shape[1])
    count = np.zeros(options.shape, np.float32)
    for down in range(2 * _NEARBY + 1):
        for right in range(2 * _NEARBY + 1):
            if (down, right) != (_NEARBY, _NEARBY):
                count += options == padded[row + down, column + right][:, None]
    return count


def more_pairs(tiles: NDArray[np.int64], cells: NDArray[np.integer], taken: NDArray[np.integer]) -> float:
    """By how many pairs of copies nearby cells, (n,), that take other tiles, (n,), together change the mosaic."""
    row, column = np.divmod(cells, tiles.shape[1])
    after = tiles.copy()
    after[row, column] = taken
    return _pairs(after, row, column) - _pairs(tiles, row, column)


def _pairs(tiles: NDArray[np.int64], row: NDArray[np.integer], column: NDArray[np.integer]) -> float:
    """Pairs of copies nearby in which at least one of the cells takes part, pairs of two such cells counted once."""
    padded = np.pad(tiles, _NEARBY, constant_values=-1)
    part = np.zeros_like(padded, bool)
    part[row + _NEARBY, column + _NEARBY] = True
    count = 0.0
    for down in range(2 * _NEARBY + 1):
        for right in range(2 * _NEARBY + 1):
            if (down, right) != (_NEARBY, _NEARBY):
                there = row + down, column + right
                same = padded[there] == tiles[row, column]
                count += float((same * np.where(part[there], 0.5, 1.0)).sum())
    return count
