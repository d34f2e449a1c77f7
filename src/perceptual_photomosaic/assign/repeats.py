"""Prices of copies of the same picture in cells near each other.

Copies are counted by picture, not by tile: near copies of a photo, and its turned variants, are the same picture. There
are two rules. Copies closer than `distance` cells are refused. Each other pair of copies has a price, which falls with
their distance r as exp(-r^2 / (2 s^2)), s = 2.5 cells, and is 0 beyond six cells.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.threads import slices

__all__ = ["REFUSED", "Repeats"]

REFUSED = np.float32(1e4)
"""Price of a refused copy: larger than any gain, but finite, so that a cell in conflict can still be compared."""

_REACH = 6
_SPREAD = 2.5
_TABLE = 1 << 23
"""Largest number of entries of a table of prices: 64 MB while it is computed."""


class Repeats:
    """Prices of copies on a grid.

    Args:
        pictures: The picture of each tile, (tiles,), numbered from 0.
        shape: (rows, columns) of the grid.
        distance: Smallest distance of copies that is not refused, in cells: the larger of row and column difference.
        price: Price of two copies side by side; it falls with their distance.

    Attributes:
    """

    def __init__(
        self, pictures: NDArray[np.integer], shape: tuple[int, int], distance: int = 1, price: float = 0.0
    ) -> None:
        self.pictures, self.distance, self.price = pictures.astype(np.int64), max(1, distance), float(price)
        self._columns = shape[1]
        self._reach = max(self.distance - 1, _REACH if self.price > 0 else 0)
        self._nobody = int(self.pictures.max()) + 1
        self._grid = np.full((shape[0] + 2 * self._reach, shape[1] + 2 * self._reach), self._nobody, np.int64)

    @property
    def block(self) -> int:
        """Number of cells to pass to `prices` at a time, so that its table stays small."""
        return max(1, _TABLE // (self._nobody + 1))

    def rescale(self, factor: float) -> None:
        """Multiply the price; refused copies stay refused."""
        self.price *= factor
        self.__dict__.pop("_around", None)

    @cached_property
    def _around(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Steps down and right to the cells around a cell, and price and refusal of a copy in each, (m,) all."""
        side = np.arange(-self._reach, self._reach + 1)
        down, right = (axis.ravel() for axis in np.meshgrid(side, side, indexing="ij"))
        squared, apart = down**2 + right**2, np.maximum(abs(down), abs(right))
        price = self.price * np.exp(-(squared - 1) / (2 * _SPREAD**2)) * (squared <= _REACH**2)
        refused = np.where(apart < self.distance, REFUSED, 0)
        here = (price + refused > 0) & (apart > 0)
        return down[here], right[here], price[here], refused[here].astype(np.float64)

    def reset(self, tiles: NDArray[np.integer]) -> None:
        """Set the current assignment: the tile of each cell, (rows, columns); -1 for a cell that has none yet."""
        inside = tuple(slice(self._reach, size - self._reach) for size in self._grid.shape)
        self._grid[inside] = np.where(tiles < 0, self._nobody, self.pictures[tiles])

    def place(self, cells: NDArray[np.integer], tiles: NDArray[np.integer]) -> None:
        """Put tiles, (n,), into cells, (n,)."""
        row, column = np.divmod(cells, self._columns)
        self._grid[row + self._reach, column + self._reach] = self.pictures[tiles]

    def _seen(self, cells: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return the pictures in the cells around some cells, (n, cells around)."""
        down, right, _, _ = self._around
        row, column = np.divmod(cells, self._columns)
        seen: NDArray[np.int64] = self._grid[
            (row + self._reach)[:, None] + down, (column + self._reach)[:, None] + right
        ]
        return seen

    def prices(self, cells: NDArray[np.integer], tiles: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return the prices of tiles in cells while all other cells stay; at least `REFUSED` for a refused tile.

        Args:
            cells: Cell numbers, (n,).
            tiles: Tiles to try there, (n, K).
        """
        prices = np.empty(tiles.shape, np.float32)
        for part in slices(len(cells), self.block):
            table = self.table(cells[part])
            prices[part] = np.take_along_axis(table, self.pictures[tiles[part]], axis=1)
        return prices

    def table(self, cells: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return the price of every picture in some cells, (n, pictures + 1)."""
        _, _, price, refused = self._around
        width = self._nobody + 1
        place = np.arange(len(cells))[:, None] * width + self._seen(cells)
        cost = np.broadcast_to(price + refused, place.shape)
        table = np.bincount(place.ravel(), cost.ravel(), len(cells) * width)
        return table.reshape(-1, width).astype(np.float32)

    def change(self, cells: NDArray[np.integer], tiles: NDArray[np.integer]) -> float:
        """Return the change of the price of all copies if cells, (n,), change to tiles, (n,), together."""
        before = self._pairs(cells)
        row, column = np.divmod(cells, self._columns)
        spot = row + self._reach, column + self._reach
        held = self._grid[spot]
        self._grid[spot] = self.pictures[tiles]
        after = self._pairs(cells)
        self._grid[spot] = held
        return after - before

    def _pairs(self, cells: NDArray[np.integer]) -> float:
        """Return the price of all pairs of copies that involve at least one of some cells; each pair counts once."""
        down, right, price, refused = self._around
        row, column = np.divmod(cells, self._columns)
        row, column = row + self._reach, column + self._reach
        part = np.zeros(self._grid.shape, bool)
        part[row, column] = True
        beside = row[:, None] + down, column[:, None] + right
        same = self._grid[beside] == self._grid[row, column][:, None]
        cost = same * (price + refused) * np.where(part[beside], 0.5, 1.0)
        return float(cost.sum(dtype=np.float64))

    def energy(self) -> float:
        """Return the price of all pairs of copies; each refused pair adds at least `REFUSED`."""
        rows = self._grid.shape[0] - 2 * self._reach
        cells = np.arange(rows * self._columns)
        step = max(1, _TABLE // max(1, len(self._around[0])))
        own = self._grid[self._reach : self._reach + rows, self._reach : self._reach + self._columns].ravel()
        total = 0.0
        for part in slices(len(cells), step):
            same = self._seen(cells[part]) == own[part, None]
            total += float((same @ (self._around[2] + self._around[3])).sum(dtype=np.float64))
        return total / 2
