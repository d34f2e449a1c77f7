"""Dealing tiles out anew: what cells do under limits, many at a time.

Where every copy of a tile is spoken for, a cell gets a better one only if the cell that holds it gets another, and so
on. So cells that lie apart pool the tiles they hold with the copies that nobody holds, and a minimum-cost flow deals
them out at the least cost of all ways to do so: cycles of any length, where swaps of two would be stuck.
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
    """The cheapest way to give every cell one of its options.

    Args:
        tiles: The tile of each option, (n, K).
        costs: What it costs, (n, K); infinite where it may not be.
        stock: Copies that may be dealt, (tiles,).
        required: Tiles of which at least one must be dealt, (tiles,).
    Returns:
        The option of each cell, (n,). There must be a way: the tiles that cells hold now are among their options.
    """
    known, tile = np.unique(tiles, return_inverse=True)
    cell, option = np.nonzero(np.isfinite(costs))
    tile = tile.reshape(tiles.shape)[cell, option]
    cost = costs[cell, option]
    order = np.lexsort((option, cost, tile, cell))  # of several variants of a tile the cheapest
    cell, option, tile, cost = cell[order], option[order], tile[order], cost[order]
    first = np.concatenate([[True], (cell[1:] != cell[:-1]) | (tile[1:] != tile[:-1])])
    cell, option, tile, cost = cell[first], option[first], tile[first], cost[first]
    taken = cheapest_flow(len(tiles), cell, tile, cost, stock[known], required[known])
    dealt = np.empty(len(tiles), np.int64)
    dealt[cell[taken]] = option[taken]
    return dealt


def chains(before: NDArray[np.integer], after: NDArray[np.integer]) -> list[list[int]]:
    """Take a new deal apart into moves that may be made or left out one by one.

    Args:
        before: Tile of each cell, (n,).
        after: The same after the deal.
    Returns:
        Lists of cells that change together: each takes what the next one gives up, the last what the first one does
        (a cycle), or a copy that nobody holds.
    """
    moved = np.flatnonzero(before != after).tolist()
    giving: dict[int, list[int]] = {}
    for cell in reversed(moved):
        giving.setdefault(int(before[cell]), []).append(cell)
    surplus: dict[int, int] = {}
    for cell in moved:
        surplus[int(before[cell])] = surplus.get(int(before[cell]), 0) + 1
        surplus[int(after[cell])] = surplus.get(int(after[cell]), 0) - 1
    starts = [tile for tile, count in surplus.items() for _ in range(count)]  # paths first: what is left are cycles
    found = [_walk(tile, after, giving) for tile in starts]
    for cell in moved:
        tile = int(before[cell])
        while giving.get(tile):
            found.append(_walk(tile, after, giving))
    return found


def _walk(tile: int, after: NDArray[np.integer], giving: dict[int, list[int]]) -> list[int]:
    """Follow one tile after the other until nobody gives up what is taken."""
    chain: list[int] = []
    while giving.get(tile):
        chain.append(giving[tile].pop())
        tile = int(after[chain[-1]])
    return chain
