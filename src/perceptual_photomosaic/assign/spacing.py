"""Repair of assignments in which copies of a picture are too near to each other.

Two copies closer than a distance (the larger of row and column difference) are a conflict. The copy that fits its cell
best stays; the others take the cheapest tile that is allowed in their cells. If capacity leaves no such tile, two cells
swap their tiles. If no swap is possible, a random swap is made and its new conflicts are repaired later. If conflicts
remain, tiles are placed in the cheapest periodic pattern, which keeps the distance if there are enough tiles. Then
every cell takes a cheaper tile where the limits allow it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.costs import Costs, DenseCosts, tile_costs
from perceptual_photomosaic.assign.flow import cheapest_within_capacity
from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.repeats import Repeats
from perceptual_photomosaic.errors import ConstraintError
from perceptual_photomosaic.progress import SILENT, Reporter

__all__ = ["conflicting_cells", "space_out"]

_IMPROVING_SWEEPS = 3


def conflicting_cells(tiles: NDArray[np.int64], min_distance: int) -> NDArray[np.bool_]:
    """Find the cells that have a copy of their own tile closer than `min_distance`.

    Args:
        tiles: Tile numbers, (rows, columns).
        min_distance: Smallest distance allowed, in cells: the larger of row and column difference.
    Returns:
        Conflicts, bool, (rows, columns).
    """
    rows, columns = tiles.shape
    conflict = np.zeros(tiles.shape, bool)
    for down in range(min(min_distance, rows)):
        for right in range(-min(min_distance, columns) + 1, min(min_distance, columns)):
            if down == 0 and right <= 0:
                continue
            left_a, left_b = max(0, -right), max(0, right)
            width = columns - abs(right)
            here = slice(0, rows - down), slice(left_a, left_a + width)
            there = slice(down, rows), slice(left_b, left_b + width)
            same = tiles[here] == tiles[there]
            conflict[here] |= same
            conflict[there] |= same
    return conflict


def space_out(
    costs: Costs,
    variants: int,
    choices: NDArray[np.int64],
    shape: tuple[int, int],
    limits: Limits,
    *,
    repeats: Repeats | None = None,
    importance: NDArray[np.float32] | None = None,
    seed: int = 0,
    reporter: Reporter = SILENT,
) -> NDArray[np.int64]:
    """Repair an assignment so that all copies keep their distance and every other limit still holds.

    Args:
        costs: Costs, (cells, choices), already multiplied by the cells' importance.
        variants: Variants of each tile.
        choices: An assignment within capacity, (cells,).
        shape: (rows, columns).
        limits: The limits; the distance of `repeats` comes after them.
        repeats: The picture of each tile, and a distance for their copies, which is kept if a repair is found; None
            wants no distance beyond the limits.
        importance: Weight of each cell, (cells,): if two copies fit equally well, the one in the more important cell
            stays.
        seed: Seed of random decisions.
        reporter: Receives progress.
    Returns:
        Choices, int64, (cells,).
    Raises:
        ConstraintError: No assignment was found that meets the limits.
    """
    tiles = np.arange(costs.shape[1] // variants)
    if _conflict(choices, variants, shape, limits.min_distance, tiles):
        choices = _Repair(costs, variants, choices, shape, limits, tiles, importance, seed).run(reporter, exact=True)
    if repeats is None or not _conflict(choices, variants, shape, repeats.distance, repeats.pictures):
        return choices
    asked = replace(limits, min_distance=repeats.distance)
    repair = _Repair(costs, variants, choices, shape, asked, repeats.pictures, importance, seed)
    found = repair.run(reporter, exact=False)
    return choices if _conflict(found, variants, shape, limits.min_distance, tiles) else found


def _conflict(
    choices: NDArray[np.int64], variants: int, shape: tuple[int, int], distance: int, pictures: NDArray[np.int64]
) -> bool:
    """Tell whether two cells with the same picture are closer than a distance."""
    shown = pictures[choices // variants].reshape(shape)
    return distance > 1 and bool(conflicting_cells(shown, distance).any())


class _Repair:
    def __init__(
        self,
        costs: Costs,
        variants: int,
        choices: NDArray[np.int64],
        shape: tuple[int, int],
        limits: Limits,
        pictures: NDArray[np.int64],
        importance: NDArray[np.float32] | None,
        seed: int,
    ) -> None:
        self.costs, self.variants, self.shape, self.limits = costs, variants, shape, limits
        self.pictures, self.importance = pictures, importance
        self.num_tiles = costs.shape[1] // variants
        self.choices = choices.copy()
        self.tiles = (choices // variants).reshape(shape)
        self.shown = pictures[self.tiles]
        self.uses = np.bincount(self.tiles.ravel(), minlength=self.num_tiles)
        self.capacity = limits.capacity(self.num_tiles, costs.shape[0])
        self.required = limits.required(self.num_tiles)
        self.pinned = np.zeros(costs.shape[0], bool)
        self.pinned[list(limits.pinned)] = True
        self.random = np.random.default_rng(seed)

    def run(self, reporter: Reporter, *, exact: bool) -> NDArray[np.int64]:
        queue = deque(self._losers())
        budget = 20 * len(queue) + 4 * self.costs.shape[0]
        with reporter.stage("keeping copies apart", len(queue), "cells") as stage:
            while queue and budget:
                budget -= 1
                cell = queue.popleft()
                if self.pinned[cell] or not self._crowded(cell):
                    continue
                stage.advance()
                if not (self._replace(cell) or self._swap(cell)):
                    queue.extend(self._force(cell))
        told_apart = self.pictures.max() + 1 == self.num_tiles  # `_deal` keeps tiles apart, but not near copies
        if (exact or told_apart) and conflicting_cells(self.shown, self.limits.min_distance).any():
            try:
                self._deal()
                self._improve()
            except ConstraintError:
                if exact:
                    raise
        return self.choices

    def _at(self, cell: int) -> tuple[int, int]:
        return divmod(cell, self.shape[1])

    def _window(self, cell: int) -> tuple[slice, slice]:
        row, column = self._at(cell)
        reach = self.limits.min_distance - 1
        return slice(max(0, row - reach), row + reach + 1), slice(max(0, column - reach), column + reach + 1)

    def _crowded(self, cell: int) -> bool:
        """Tell whether another cell with the same picture is too close."""
        return int((self.shown[self._window(cell)] == self.shown[self._at(cell)]).sum()) > 1

    def _near(self, cell: int) -> NDArray[np.bool_]:
        """Mark the tiles whose picture is in the cell or too close to it, bool, (tiles,)."""
        return np.isin(self.pictures, self.shown[self._window(cell)])

    def _losers(self) -> list[int]:
        """List the conflicting cells that must change: all but the best fit of each neighbourhood, best fits first."""
        cells = np.flatnonzero(conflicting_cells(self.shown, self.limits.min_distance))
        fit = np.array([self.costs.rows(cells[i : i + 1])[0, self.choices[cells[i]]] for i in range(len(cells))])
        if self.importance is not None:
            fit /= np.square(self.importance[cells])  # squared: the costs already contain the importance once
        fit[self.pinned[cells]] = -np.inf
        stays = np.full(self.shape, -1, np.int64)
        losers = []
        for cell in cells[np.argsort(fit, kind="stable")]:
            picture = self.shown[self._at(cell)]
            if (stays[self._window(cell)] == picture).any():
                losers.append(int(cell))
            else:
                stays[self._at(cell)] = picture
        return losers

    def _row(self, cell: int) -> tuple[NDArray[np.float32], NDArray[np.int64] | None]:
        """Return the costs of all tiles in the cell, and the best variant of each."""
        rows, variant = tile_costs(self.costs.rows(np.array([cell])), self.variants)
        return rows[0], None if variant is None else variant[0]

    def _place(self, cell: int, tile: int, variant: NDArray[np.int64] | None) -> None:
        self.uses[self.tiles[self._at(cell)]] -= 1
        self.uses[tile] += 1
        self.tiles[self._at(cell)], self.shown[self._at(cell)] = tile, self.pictures[tile]
        self.choices[cell] = tile * self.variants + (0 if variant is None else int(variant[tile]))

    def _needed(self, cell: int) -> bool:
        tile = self.tiles[self._at(cell)]
        return bool(self.required[tile]) and self.uses[tile] == 1

    def _replace(self, cell: int) -> bool:
        """Give the cell the cheapest tile with uses left and no copy nearby; return False if there is none."""
        if self._needed(cell):
            return False
        row, variant = self._row(cell)
        free = (self.uses < self.capacity) & ~self._near(cell)
        if not free.any():
            return False
        self._place(cell, int(np.where(free, row, np.inf).argmin()), variant)
        return True

    def _swap(self, cell: int) -> bool:
        """Swap tiles with the cell that makes the swap cheapest; return False if no swap is allowed."""
        mine = self.tiles[self._at(cell)]
        fits = ~self._near(cell)[self.tiles]
        row, column = self._at(cell)
        for other_row, other_column in np.argwhere(self.shown == self.pictures[mine]):
            if (other_row, other_column) != (row, column):
                fits[self._window(int(other_row) * self.shape[1] + int(other_column))] = False
        partners = np.flatnonzero(fits.ravel() & ~self.pinned)
        if not len(partners):
            return False
        if len(partners) > 512:
            partners = self.random.choice(partners, 512, replace=False)
        costs, _ = tile_costs(self.costs.rows(partners), self.variants)
        here, my_variant = self._row(cell)
        theirs = self.tiles.ravel()[partners]
        change = costs[:, mine] - costs[np.arange(len(partners)), theirs] + here[theirs]
        partner = int(partners[int(change.argmin())])
        tile = int(self.tiles[self._at(partner)])
        self._place(partner, int(mine), self._row(partner)[1])
        self._place(cell, tile, my_variant)
        return True

    def _force(self, cell: int) -> list[int]:
        """Swap tiles with a random cell, and return the cells that may be in conflict afterwards."""
        partner = int(self.random.integers(self.costs.shape[0]))
        if self.pinned[partner]:
            return [cell]
        mine, theirs = int(self.tiles[self._at(cell)]), int(self.tiles[self._at(partner)])
        self._place(partner, mine, self._row(partner)[1])
        self._place(cell, theirs, self._row(cell)[1])
        queue = []
        for changed in (cell, partner):
            rows, columns = self._window(changed)
            near = np.argwhere(self.shown[rows, columns] == self.shown[self._at(changed)]) + np.array(
                [rows.start, columns.start]
            )
            queue += [int(r) * self.shape[1] + int(c) for r, c in near]
        return queue

    def _deal(self) -> None:
        """Place tiles in a periodic pattern, at the least total cost.

        Cells whose rows and columns differ by multiples of the distance form a class, and can share a tile. Classes are
        split into parts no larger than the uses of a tile, and each part gets its own tile.
        """
        distance, (rows, columns) = self.limits.min_distance, self.shape
        classes = (np.arange(rows)[:, None] % distance) * distance + np.arange(columns)[None] % distance
        members = [np.flatnonzero(classes.ravel() == number) for number in np.unique(classes)]
        uses = int(self.capacity.max())
        parts = [part for cells in members for part in np.array_split(cells, -(-len(cells) // uses))]
        while len(parts) < self.required.sum() and len(parts[0]) > 1:
            parts.sort(key=len, reverse=True)
            parts[:1] = np.array_split(parts[0], 2)
        usable = int((self.capacity > 0).sum())
        if not self.required.sum() <= len(parts) <= usable or self.limits.pinned:
            raise ConstraintError(
                f"found no arrangement that keeps copies {distance} cells apart with {usable} tiles under the other "
                f"limits. Lower the distance, allow more uses, or add tiles."
            )
        sums = np.stack([tile_costs(self.costs.rows(part), self.variants)[0].sum(axis=0) for part in parts])
        once = np.minimum(self.capacity, 1)
        dealt = cheapest_within_capacity(DenseCosts(sums), 1, once, self.required.copy(), np.arange(len(parts)))
        for part, tile in zip(parts, dealt, strict=True):
            for cell in part:
                self._place(int(cell), int(tile), self._row(int(cell))[1])

    def _improve(self) -> None:
        """Give every cell a cheaper tile if one has uses left and no copy nearby."""
        for cell in np.tile(self.random.permutation(self.costs.shape[0]), _IMPROVING_SWEEPS):
            if not self.pinned[cell] and not self._needed(cell):
                row, variant = self._row(cell)
                free = (self.uses < self.capacity) & ~self._near(cell)
                best = int(np.where(free, row, np.inf).argmin())
                if free[best] and row[best] < row[self.tiles[self._at(cell)]]:
                    self._place(cell, best, variant)
