"""The use of tiles in a mosaic: their number, their uses, and the distance between copies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perceptual_photomosaic.errors import GridError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TileStats", "nearest_repeat", "tile_stats"]

_SHIFTS = 8  # repeats up to this distance are found by shifting the grid, the few beyond it by comparing pairs


@dataclass(frozen=True)
class TileStats:
    """Use of tiles over a mosaic.

    Attributes:
        cells: Number of cells.
        distinct: Number of different tiles among them.
        most_used: Cells that the commonest tile fills.
        nearest_repeat: Smallest distance between two cells with the same tile, as the larger of the differences of
            their rows and columns: 1 are neighbours, diagonal ones included. None: no tile comes twice.
    """

    cells: int
    distinct: int
    most_used: int
    nearest_repeat: int | None


def tile_stats(assignment: NDArray[np.integer]) -> TileStats:
    """Count how an assignment uses its tiles.

    Args:
        assignment: Tile number of each cell, (rows, cols).
    Raises:
        GridError: Not a table of at least one cell.
    """
    if assignment.ndim != 2 or assignment.size == 0:
        raise GridError(f"an assignment is a table of rows and columns, got an array of shape {assignment.shape}")
    _, counts = np.unique(assignment, return_counts=True)
    return TileStats(assignment.size, len(counts), int(counts.max()), nearest_repeat(assignment))


def nearest_repeat(assignment: NDArray[np.integer]) -> int | None:
    """Find the smallest distance, max(|rows|, |columns|), between two cells with the same tile; None: no repeats."""
    rows, cols = assignment.shape
    for distance in range(1, min(_SHIFTS, max(rows, cols) - 1) + 1):
        ring = [(distance, right) for right in range(-distance, distance + 1)]
        ring += [(down, distance) for down in range(-distance + 1, distance)]
        if any(_meets_itself(assignment, down, right) for down, right in ring):
            return distance
    _, tiles, counts = np.unique(assignment, return_inverse=True, return_counts=True)
    order = np.argsort(tiles.ravel(), kind="stable")
    nearest: int | None = None
    for cells in np.split(order, np.cumsum(counts)[:-1]):
        if len(cells) < 2:
            continue
        places = np.stack(np.divmod(cells, cols), axis=1)
        for k in range(1, len(places)):
            found = int(np.abs(places[k:] - places[:-k]).max(axis=1).min())
            nearest = found if nearest is None else min(nearest, found)
    return nearest


def _meets_itself(assignment: NDArray[np.integer], down: int, right: int) -> bool:
    """Tell whether any cell holds the same tile as the cell `down` rows below and `right` columns beside it."""
    rows, cols = assignment.shape
    if abs(down) >= rows or abs(right) >= cols:
        return False
    here = assignment[max(0, -down) : rows - max(0, down), max(0, -right) : cols - max(0, right)]
    there = assignment[max(0, down) : rows - max(0, -down), max(0, right) : cols - max(0, -right)]
    return bool((here == there).any())
