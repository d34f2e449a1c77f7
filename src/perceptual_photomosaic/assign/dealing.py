"""Redistribution of tiles among many cells at a time, for the solver under limits.

If all copies of a tile are in use, a cell can get that tile only if another cell gives it up and takes another one. So
a group of cells puts its tiles and the unused copies into one pool, and a minimum-cost flow distributes the pool at the
least cost. This finds cycles of any length, where swaps between two cells would find no gain.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.flow import cheapest_flow

__all__ = ["chains", "deal"]


def deal(
    tiles: NDArray[np.integer],
    costs: NDArray[np.float32],
    stock: NDArray[np.int64],
    required: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Find the cheapest way to give every cell one of its options.

    Args:
        tiles: The tile of each option, (n, K).
        costs: The cost of each option, (n, K); infinite if the option is not allowed.
        stock: Number of copies available of each tile, (tiles,).
        required: Tiles of which at least one copy must be used, (tiles,).
    Returns:
        The option of each cell, (n,). A solution must exist: the current tile of every cell is among its options.
    """
    known, tile = np.unique(tiles, return_inverse=True)
    cell, option = np.nonzero(np.isfinite(costs))
    tile = tile.reshape(tiles.shape)[cell, option]
    cost = costs[cell, option]
    order = np.lexsort((option, cost, tile, cell))  # the cheapest variant of each tile comes first
    cell, option, tile, cost = cell[order], option[order], tile[order], cost[order]
    first = np.concatenate([[True], (cell[1:] != cell[:-1]) | (tile[1:] != tile[:-1])])
    cell, option, tile, cost = cell[first], option[first], tile[first], cost[first]
    taken = cheapest_flow(len(tiles), cell, tile, cost, stock[known], required[known])
    dealt = np.empty(len(tiles), np.int64)
    dealt[cell[taken]] = option[taken]
    return dealt


def chains(before: NDArray[np.integer], after: NDArray[np.integer]) -> list[list[int]]:
    """Split a redistribution into moves that are independent of each other.

    Args:
        before: Tile of each cell before, (n,).
        after: Tile of each cell after, (n,).
    Returns:
        Lists of cells that must change together. Each cell takes the tile that the next one gives up. The last cell
        takes the tile of the first (a cycle) or an unused copy (a path).
    """
    moved = np.flatnonzero(before != after).tolist()
    giving: dict[int, list[int]] = {}
    for cell in reversed(moved):
        giving.setdefault(int(before[cell]), []).append(cell)
    surplus: dict[int, int] = {}
    for cell in moved:
        surplus[int(before[cell])] = surplus.get(int(before[cell]), 0) + 1
        surplus[int(after[cell])] = surplus.get(int(after[cell]), 0) - 1
    starts = [tile for tile, count in surplus.items() for _ in range(count)]  # paths first; only cycles are left then
    found = [_walk(tile, after, giving) for tile in starts]
    for cell in moved:
        tile = int(before[cell])
        while giving.get(tile):
            found.append(_walk(tile, after, giving))
    return found


def _walk(tile: int, after: NDArray[np.integer], giving: dict[int, list[int]]) -> list[int]:
    """Follow a chain of cells until no cell gives up the tile that the last one takes."""
    chain: list[int] = []
    while giving.get(tile):
        chain.append(giving[tile].pop())
        tile = int(after[chain[-1]])
    return chain
