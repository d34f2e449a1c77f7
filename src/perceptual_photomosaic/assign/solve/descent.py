"""Going downhill: exact changes of energy, evaluated in bulk, accepted only where every limit holds.

Cells are visited in classes that lie far apart, so that a whole class can be judged at once: a table of energies,
cells x options, holds the near costs, the far costs from the field of all residuals, the structure lost in the windows
around, and the copies nearby. Each cell takes its best option, and rests until something changes near it. Where a tile
has no uses left, two cells may swap instead. What a batch of moves does together is worked out exactly before it is
kept; if it is no gain, the weaker half is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.solve.far import FarField
from perceptual_photomosaic.assign.solve.near import NearCosts
from perceptual_photomosaic.assign.solve.structure import JointStructure
from perceptual_photomosaic.progress import SILENT, Reporter

__all__ = ["Descent"]

_STRIDE = 7
_NEARBY = 2
_WOKEN = 1
_JUDGED, _JUDGED_LIMITED = 16, 32
_TRIED = 6
_PARTNERS = 4
_SWAPS = 3
_LEAST = 1e-7


@dataclass(frozen=True)
class _Move:
    """One or two cells that change together, and what that alone would gain."""

    gain: float
    cells: tuple[int, ...]
    choices: tuple[int, ...]
    costs: tuple[float, ...]


@dataclass(frozen=True)
class _Table:
    """Options of cells: (n,) cells, and (n, K) choices, near costs, and what taking them alone would gain.

    The last option is the choice in use.
    """

    cells: NDArray[np.int64]
    options: NDArray[np.int32]
    costs: NDArray[np.float32]
    gains: NDArray[np.float32]

    def move(self, place: int, option: int) -> _Move:
        """One cell takes one of its options."""
        here = place, option
        return _Move(
            float(self.gains[here]), (int(self.cells[place]),), (int(self.options[here]),), (float(self.costs[here]),)
        )


class Descent:
    """An assignment and its energy, going down.

    Args:
        near: Costs inside cells.
        far: Colour costs across cells.
        structure: Structure costs across cells.
        options: Short list of choices of each cell, (cells, K).
        choices: The assignment to start from, within the limits, (cells,).
        variants: Variants of each tile.
        limits: What every assignment on the way respects.
        repeat: Penalty for each pair of copies within two cells.
        seed: Orders the classes.
    """

    def __init__(
        self,
        near: NearCosts,
        far: FarField,
        structure: JointStructure,
        options: NDArray[np.int32],
        choices: NDArray[np.int64],
        variants: int,
        limits: Limits,
        repeat: float,
        seed: int,
    ) -> None:
        self.near, self.far, self.structure = near, far, structure
        self.limits, self.variants, self.repeat = limits, variants, np.float32(repeat)
        self.rows, self.columns = far.shape
        self.choices = choices.astype(np.int64)
        self.options = np.concatenate([options, self.choices[:, None].astype(np.int32)], axis=1)
        self.costs = near.of(np.arange(len(choices)), self.options)
        self.cost = self.costs[:, -1].copy()
        self.tiles = (self.choices // variants).reshape(far.shape)
        num_tiles = len(far.means) // variants
        self.uses = np.bincount(self.tiles.ravel(), minlength=num_tiles)
        self.capacity = limits.capacity(num_tiles, len(choices))
        self.required = limits.required(num_tiles)
        self.pinned = np.zeros(len(choices), bool)
        self.pinned[list(limits.pinned)] = True
        self.limited = not limits.free
        self.judged = _JUDGED_LIMITED if self.limited else _JUDGED
        self.awake = np.ones(far.shape, bool)
        self.random = np.random.default_rng(seed)
        far.reset(self.choices)
        structure.reset(self.choices)

    def energy(self) -> float:
        """The energy of the assignment, from scratch but for the near costs."""
        copies = self._copies(np.arange(len(self.choices)), self.choices[:, None])
        pairs = float(self.repeat) * float(copies.sum()) / 2
        inside = float(self.cost.sum(dtype=np.float64))
        return inside + self.far.energy(self.choices) + self.structure.energy() + pairs

    def run(self, sweeps: int, *, reporter: Reporter = SILENT) -> list[float]:
        """Sweep over all cells until little changes.

        Returns:
            The energy at the start and after every sweep, never rising.
        """
        energies = [self.energy()]
        classes = [self._class(down, right) for down in range(_STRIDE) for right in range(_STRIDE)]
        with reporter.stage("choosing tiles together", sweeps * len(classes), "steps") as stage:
            for sweep in range(sweeps):
                moved = 0
                for number in self.random.permutation(len(classes)):
                    moved += self._improve(classes[number])
                    stage.advance(energy=energies[-1])
                self.far.reset(self.choices)
                self.structure.reset(self.choices)
                energies.append(self.energy())
                if moved * 500 < len(self.choices) or energies[-1] > energies[-2] * 0.9995:
                    stage.advance((sweeps - sweep - 1) * len(classes))
                    break
        return energies

    def _class(self, down: int, right: int) -> NDArray[np.int64]:
        cells = (
            np.arange(down, self.rows, _STRIDE)[:, None] * self.columns + np.arange(right, self.columns, _STRIDE)
        ).ravel()
        loose: NDArray[np.int64] = cells[~self.pinned[cells]]
        return loose

    def _rest(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of some cells near which something has changed since they were judged; they rest from now on.

        Under limits a tile may come free anywhere, so there nothing rests.
        """
        if self.limited:
            return cells
        flat = self.awake.ravel()
        awake: NDArray[np.int64] = cells[flat[cells]]
        flat[awake] = False
        return awake

    def _wake(self, cells: NDArray[np.int64]) -> None:
        row, column = np.divmod(cells, self.columns)
        for down in range(-_WOKEN, _WOKEN + 1):
            for right in range(-_WOKEN, _WOKEN + 1):
                self.awake[np.clip(row + down, 0, self.rows - 1), np.clip(column + right, 0, self.columns - 1)] = True

    def _improve(self, cells: NDArray[np.int64]) -> int:
        """Find and keep the moves of one class; returns how many cells changed."""
        cells = self._rest(cells)
        if not len(cells):
            return 0
        table = self._table(cells)
        moves = self._limited(table) if self.limited else self._free(table)
        moved = self._keep(moves)
        if self.limits.max_uses is not None:
            moved += self._keep(self._swaps(table))
        return moved

    def _table(self, cells: NDArray[np.int64]) -> _Table:
        """Judge options of cells: all of them by colour, the best of these by structure and copies nearby too."""
        options, costs = self.options[cells], self.costs[cells]
        energy = costs + self.far.costs(cells, self.choices[cells], options)
        if options.shape[1] > self.judged + 1:
            best = np.argpartition(energy[:, :-1], self.judged - 1, axis=1)[:, : self.judged]
            best = np.concatenate([best, np.full((len(cells), 1), options.shape[1] - 1)], axis=1)
            options, costs, energy = (np.take_along_axis(part, best, axis=1) for part in (options, costs, energy))
        energy += self.structure.costs(cells, self.choices[cells], options)
        if self.repeat > 0:
            energy += self.repeat * self._copies(cells, options)
        return _Table(cells, options, costs, energy[:, -1:] - energy)

    def _around(self, cells: NDArray[np.int64], options: NDArray[np.integer]) -> NDArray[np.float32]:
        """Far and repetition costs of options, (n, K)."""
        around = self.far.costs(cells, self.choices[cells], options)
        if self.repeat > 0:
            around += self.repeat * self._copies(cells, options)
        return around

    def _copies(self, cells: NDArray[np.int64], options: NDArray[np.integer]) -> NDArray[np.float32]:
        """How many cells nearby hold the tile of each option, (n, K)."""
        padded = np.pad(self.tiles, _NEARBY, constant_values=-1)
        row, column = np.divmod(cells, self.columns)
        tiles = options // self.variants
        count = np.zeros(options.shape, np.float32)
        for down in range(2 * _NEARBY + 1):
            for right in range(2 * _NEARBY + 1):
                if (down, right) != (_NEARBY, _NEARBY):
                    count += tiles == padded[row + down, column + right][:, None]
        return count

    def _free(self, table: _Table) -> list[_Move]:
        """The best option of each cell."""
        best = table.gains.argmax(axis=1)
        gain = table.gains[np.arange(len(best)), best]
        return [table.move(int(place), int(best[place])) for place in np.flatnonzero(gain > _LEAST)]

    def _limited(self, table: _Table) -> list[_Move]:
        """The best option of each cell that the limits allow just now."""
        moves = []
        order = np.argsort(-table.gains, axis=1, kind="stable")
        for place, cell in enumerate(table.cells.tolist()):
            tile = self.choices[cell] // self.variants
            if self.required[tile] and self.uses[tile] == 1:
                continue
            for option in order[place].tolist():
                if table.gains[place, option] <= _LEAST:
                    break
                if self._fits((cell,), (int(table.options[place, option]),)):
                    moves.append(table.move(place, option))
                    break
        return moves

    def _swaps(self, table: _Table) -> list[_Move]:
        """Exchanges between a cell of the class and one that holds a tile it wants."""
        pairs: list[tuple[int, int, int]] = []
        order = np.argsort(-table.gains, axis=1, kind="stable")[:, :_TRIED]
        holders = np.argsort(self.tiles.ravel(), kind="stable")
        first = np.concatenate([[0], np.cumsum(self.uses)])
        for place, cell in enumerate(table.cells.tolist()):
            for option in order[place].tolist():
                tile = int(table.options[place, option]) // self.variants
                if table.gains[place, option] <= _LEAST:
                    break
                if self.uses[tile] < self.capacity[tile] or tile == self.choices[cell] // self.variants:
                    continue
                others = holders[first[tile] : first[tile + 1]]
                if len(others) > _PARTNERS:
                    others = self.random.choice(others, _PARTNERS, replace=False)
                pairs += [(place, option, other) for other in others.tolist() if not self.pinned[other]]
        return self._exchange(table, pairs) if pairs else []

    def _exchange(self, table: _Table, pairs: list[tuple[int, int, int]]) -> list[_Move]:
        """Swaps of (place, option, other cell) that gain, best first; windows that see both are counted in `_keep`."""
        place, option, other = np.array(pairs).T
        cell, taken = table.cells[place], table.options[place, option].astype(np.int64)
        given = (self.choices[cell] // self.variants)[:, None] * self.variants + np.arange(self.variants)
        given_cost = self.near.of(other, given)
        there = given_cost + self._around(other, given)
        variant = there.argmin(axis=1)
        at = np.arange(len(pairs))
        gain = table.gains[place, option] + self.cost[other] - there[at, variant]
        gain += self._around(other, self.choices[other, None])[:, 0]
        change_cell = self.far.means[taken] - self.far.means[self.choices[cell]]
        change_other = self.far.means[given[at, variant]] - self.far.means[self.choices[other]]
        gain -= 2 * self.far.between(cell, other) * np.einsum("nc,nc->n", change_cell, change_other)
        likely = np.argsort(-gain, kind="stable")[: _SWAPS * len(table.cells)]
        two = np.stack([given[likely, variant[likely]], self.choices[other[likely]]], axis=1)
        lost = self.structure.costs(other[likely], self.choices[other[likely]], two)
        gain[likely] -= lost[:, 0] - lost[:, 1]
        moves, busy = [], set[int]()
        for index in likely[np.argsort(-gain[likely], kind="stable")].tolist():
            if gain[index] <= _LEAST:
                break
            both = int(cell[index]), int(other[index])
            if busy.intersection(both):
                continue
            choices = int(taken[index]), int(given[index, variant[index]])
            if self.limits.min_distance > 1 and not self._fits(both, choices):
                continue
            busy.update(both)
            costs = float(table.costs[place[index], option[index]]), float(given_cost[index, variant[index]])
            moves.append(_Move(float(gain[index]), both, choices, costs))
        return moves

    def _fits(self, cells: tuple[int, ...], choices: tuple[int, ...]) -> bool:
        """Whether the limits allow the cells to take the choices, everything else as it is."""
        tiles = [choice // self.variants for choice in choices]
        flat = self.tiles.ravel()
        if len(cells) == 1 and tiles[0] != flat[cells[0]] and self.uses[tiles[0]] >= self.capacity[tiles[0]]:
            return False
        if self.limits.min_distance <= 1:
            return True
        before = [int(flat[cell]) for cell in cells]
        flat[list(cells)] = tiles
        apart = all(self._alone(cell, tile) for cell, tile in zip(cells, tiles, strict=True))
        flat[list(cells)] = before
        return apart

    def _alone(self, cell: int, tile: int) -> bool:
        """Whether the copy of a tile in a cell keeps its distance from all others."""
        row, column = divmod(cell, self.columns)
        reach = self.limits.min_distance - 1
        window = self.tiles[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]
        return int((window == tile).sum()) == 1

    def _keep(self, moves: list[_Move]) -> int:
        """Make the moves that are allowed and together a gain; returns how many cells changed."""
        moves = sorted(moves, key=lambda move: (-move.gain, move.cells))
        if self.limited:
            moves = [move for move in moves if self._claim(move)]
        while moves:
            cells = np.array([cell for move in moves for cell in move.cells])
            choices = np.array([choice for move in moves for choice in move.choices])
            costs = np.array([cost for move in moves for cost in move.costs], np.float32)
            change = self.far.means[choices] - self.far.means[self.choices[cells]]
            spread = self.far.move(cells, change)
            joint = float((costs - self.cost[cells]).sum()) + float(
                (change * (2 * self.far.field + spread)[cells]).sum()
            )
            joint += float(self.repeat) * self._more_copies(cells, choices)
            joint += self.structure.change(cells, self.choices[cells], choices)
            if joint < 0:
                self._make(cells, choices, costs)
                self.far.field += spread
                self.structure.make()
                return len(cells)
            dropped, moves = moves[len(moves) // 2 :], moves[: len(moves) // 2]
            if self.limited:
                for move in dropped:
                    self._release(move)
        return 0

    def _more_copies(self, cells: NDArray[np.int64], choices: NDArray[np.int64]) -> float:
        """By how many pairs of copies nearby the moves together change the mosaic."""
        if self.repeat == 0:
            return 0.0
        row, column = np.divmod(cells, self.columns)
        before, after = self._without_claims(cells), self.tiles.copy()
        after[row, column] = choices // self.variants
        return _pairs(after, row, column) - _pairs(before, row, column)

    def _without_claims(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        tiles = self.tiles.copy()
        tiles.ravel()[cells] = self.choices[cells] // self.variants
        return tiles

    def _claim(self, move: _Move) -> bool:
        """Take the tiles of a move if the limits still allow it after the moves before it."""
        if not self._fits(move.cells, move.choices) or self._last_of_required(move):
            return False
        self._count(move.cells, [choice // self.variants for choice in move.choices])
        return True

    def _last_of_required(self, move: _Move) -> bool:
        tile = self.tiles.ravel()[move.cells[0]]
        return len(move.cells) == 1 and bool(self.required[tile]) and self.uses[tile] == 1

    def _release(self, move: _Move) -> None:
        self._count(move.cells, [int(self.choices[cell]) // self.variants for cell in move.cells])

    def _count(self, cells: tuple[int, ...], tiles: list[int]) -> None:
        flat = self.tiles.ravel()
        for cell, tile in zip(cells, tiles, strict=True):
            self.uses[flat[cell]] -= 1
            self.uses[tile] += 1
            flat[cell] = tile

    def _make(self, cells: NDArray[np.int64], choices: NDArray[np.int64], costs: NDArray[np.float32]) -> None:
        if not self.limited:
            self._count(tuple(cells.tolist()), (choices // self.variants).tolist())
        self.choices[cells] = choices
        self.cost[cells] = costs
        self._wake(cells)
        self.options[cells, -1] = choices
        self.costs[cells, -1] = costs


def _pairs(tiles: NDArray[np.int64], row: NDArray[np.int64], column: NDArray[np.int64]) -> float:
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
