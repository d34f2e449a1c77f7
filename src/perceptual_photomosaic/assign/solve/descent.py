"""Going downhill: exact changes of energy, evaluated in bulk, accepted only where every limit holds.

Cells are visited in groups that lie apart, so that a whole group can be judged at once: a table of energies, cells x
options, holds the near costs, the structure lost in the windows around, the colour lost in the blocks that cells are
part of, and the copies nearby. Without limits each cell takes its best option, and rests until something changes near
it; after a sweep whole areas are laid over with one choice where that is a gain (`areas`). Under limits the cells of a
group deal out anew what they hold and what is left (`dealing`). What a batch of moves does together is worked out
exactly before it is kept; if it is no gain, the weaker half is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.base import Problem
from perceptual_photomosaic.assign.repeats import REFUSED
from perceptual_photomosaic.assign.solve.areas import gathered
from perceptual_photomosaic.assign.solve.dealing import chains, deal, groups_alike
from perceptual_photomosaic.assign.solve.joint import JointCosts
from perceptual_photomosaic.assign.solve.near import CellCosts
from perceptual_photomosaic.assign.solve.seams import neighbours
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.threads import slices

__all__ = ["Descent"]

_STRIDE, _STRIDES_LIMITED = 3, (3, 4)
_WOKEN = 1
_JUDGED, _JUDGED_APART, _POOLED = 16, 12, 64
_COMPARED = 1 << 12  # cells whose short lists are compared between two words about it
_LOOKED_UP = 1 << 14  # pairs to find on short lists at once
_LEAST = 1e-7
_URGENT = np.float32(10)  # what it counts as a gain, in a deal, that a cell leaves a place where its tile is refused
_SLIGHT = 0.005  # part of what all sweeps have gained, less than which a sweep gains and is the last
_AREAS = ((1, 2), (2, 1), (2, 2), (3, 3), (5, 5), (8, 8))
_SPREADING = 2  # choices to try for each area
_HOPE = 0.01  # what an area may lose a cell inside cells and still be looked at
_WORTH = 0.03  # part of the cells that areas must change to be looked for again

_Options = tuple[NDArray[np.int32], NDArray[np.float32]]
"""Choices of cells, (n, K), the last the one in use, and their near costs, infinite where limits forbid."""


@dataclass(frozen=True)
class _Move:
    """Cells that change together, and what that alone would gain."""

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
        problem: The problem, whose limits every assignment on the way respects.
        near: Costs inside cells.
        joint: Costs across cells.
        options: Short list of choices of each cell, (cells, K).
        choices: The assignment to start from, within the limits, (cells,).
        repeat: Price of copies near each other; None takes that of the problem's variety.
        reporter: Hears how costs of the short lists are worked out.
    """

    def __init__(
        self,
        problem: Problem,
        near: CellCosts,
        joint: JointCosts,
        options: NDArray[np.int32],
        choices: NDArray[np.int64],
        repeat: float | None = None,
        *,
        reporter: Reporter = SILENT,
    ) -> None:
        shape, limits, variants = problem.grid.shape, problem.limits, problem.variants
        self.near, self.joint, self.shape = near, joint, shape
        self.variants = variants
        self.rows, self.columns = shape
        self.choices = choices.astype(np.int64)
        self.options = np.concatenate([options, self.choices[:, None].astype(np.int32)], axis=1)
        self.costs = np.empty(self.options.shape, np.float32)
        with reporter.stage("comparing tiles", len(choices), "cells") as stage:
            for part in slices(len(choices), _COMPARED):
                self.costs[part] = near.of(np.arange(part.start, part.stop), self.options[part])
                stage.advance(part.stop - part.start)
        self.cost = self.costs[:, -1].copy()
        self.tiles = (self.choices // variants).reshape(shape)
        num_tiles = joint.num_choices // variants
        self.uses = np.bincount(self.tiles.ravel(), minlength=num_tiles)
        self.capacity = limits.capacity(num_tiles, len(choices))
        self.usable = int((self.capacity > 0).sum()) * variants
        self.required = limits.required(num_tiles)
        self.pinned = np.zeros(len(choices), bool)
        self.pinned[list(limits.pinned)] = True
        self.limited = not limits.free
        self.repeats = problem.repeats(repeat)
        self.repeats.reset(self.tiles)
        self.neighbours = neighbours(shape)
        self.awake = np.ones(shape, bool)
        self.random = np.random.default_rng(problem.seed)
        joint.reset(self.choices)

    def energy(self) -> float:
        """The energy of the assignment, from scratch but for the near costs."""
        inside = float(self.cost.sum(dtype=np.float64))
        return inside + self.joint.energy() + (self.repeats.energy() if self.repeats.active else 0.0)

    def run(
        self,
        sweeps: int,
        *,
        give_up: Callable[[NDArray[np.int64]], bool] | None = None,
        reporter: Reporter = SILENT,
    ) -> list[float]:
        """Sweep over all cells until little changes.

        Args:
            sweeps: At most so many.
            give_up: Asked once, after the first sweep, with the choices then, (cells,); True ends it there.
            reporter: Hears of every group of cells.
        Returns:
            The energy at the start and after every sweep, never rising.
        """
        energies = [self.energy()]
        spreading = not self.limited and not self.repeats.active
        with reporter.stage("choosing tiles together", sweeps * len(self.choices), "cells") as stage:
            for sweep in range(sweeps):
                moved = 0
                for cells in self._groups(sweep):
                    moved += self._improve(cells)
                    stage.advance(len(cells), energy=energies[-1])
                if spreading:
                    spread = sum(self._spread(size) for size in _AREAS)
                    spreading = spread > _WORTH * len(self.choices)
                    moved += spread
                self.joint.reset(self.choices)
                energies.append(self.energy())
                gained, in_all = energies[-2] - energies[-1], energies[0] - energies[-1]
                if sweep == 0 and give_up is not None and give_up(self.choices):
                    break
                if moved * 500 < len(self.choices) or gained < _SLIGHT * in_all:
                    stage.advance((sweeps - sweep - 1) * len(self.choices))
                    break
        return energies

    def _groups(self, sweep: int) -> Iterator[NDArray[np.int64]]:
        """Cells to judge together, every cell once that is not pinned."""
        loose = ~self.pinned
        if self.limited:
            stride = _STRIDES_LIMITED[sweep % len(_STRIDES_LIMITED)]
            yield from groups_alike(self.joint.wanted, self.shape, stride, loose, self.random)
            return
        stride = max(_STRIDE, self.repeats.distance)  # so that cells of a group cannot come too near to each other
        for number in self.random.permutation(stride * stride):
            down, right = divmod(int(number), stride)
            cells = np.arange(down, self.rows, stride)[:, None] * self.columns
            cells = (cells + np.arange(right, self.columns, stride)).ravel()
            yield cells[loose[cells]]

    def _rest(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of some cells near which something has changed since they were judged; they rest from now on."""
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
        """Find and keep the moves of one group; returns how many cells changed."""
        if self.limited:
            return self._keep(self._dealt(self._judge(cells, *self._allowed(cells))))
        cells = self._rest(cells)
        if not len(cells):
            return 0
        options, costs = self._likely(cells, self.costs[cells])
        if self.repeats.distance > 1:  # what lies beside a cell is refused there
            return self._keep(self._free(self._judge(cells, options, costs)))
        beside = self.choices[self.neighbours[cells]]  # so that a tile that suits a calm place can spread
        price = self._inside(np.repeat(cells, beside.shape[1]), beside.ravel()).reshape(beside.shape)
        options = np.concatenate([beside.astype(np.int32), options], axis=1)
        return self._keep(self._free(self._judge(cells, options, np.concatenate([price, costs], axis=1))))

    def _spread(self, size: tuple[int, int]) -> int:
        """Lay choices over whole areas where they come already; returns how many cells changed."""
        areas = gathered(self.choices.reshape(self.shape), size, max(1, size[0] // 2), _SPREADING)
        areas = areas.part(np.flatnonzero(~self.pinned[areas.cells].any(axis=1)))
        laid = np.repeat(areas.choices, areas.cells.shape[1])
        costs = self._inside(areas.cells.ravel(), laid).reshape(areas.cells.shape)
        gains = (self.cost[areas.cells] - costs).sum(axis=1)
        likely = np.flatnonzero(gains > -_HOPE * areas.cells.shape[1])
        areas, costs, gains = areas.part(likely), costs[likely], gains[likely]
        gains -= self.joint.spread_seams(areas, self.choices[areas.cells])
        apart = areas.apart(gains, self.shape)
        areas, costs, gains = areas.part(apart), costs[apart], gains[apart]
        gains -= self.joint.spread(areas, self.choices[areas.cells])
        new = self.choices[areas.cells] != areas.choices[:, None]
        moves = [
            _Move(
                float(gains[place]),
                tuple(areas.cells[place, new[place]].tolist()),
                (int(areas.choices[place]),) * int(new[place].sum()),
                tuple(costs[place, new[place]].tolist()),
            )
            for place in np.flatnonzero(gains > _LEAST)
        ]
        return self._keep(moves)

    def _inside(self, cells: NDArray[np.int64], choices: NDArray[np.int64]) -> NDArray[np.float32]:
        """Near costs of choices in cells, pair by pair, (n,): from the short lists, or else worked out once a pair."""
        costs, known = np.empty(len(cells), np.float32), np.empty(len(cells), bool)
        for part in slices(len(cells), _LOOKED_UP):
            listed = self.options[cells[part]] == choices[part, None]
            known[part] = listed.any(axis=1)
            costs[part] = self.costs[cells[part], listed.argmax(axis=1)]
        pairs, places = np.unique((cells * self.joint.num_choices + choices)[~known], return_inverse=True)
        cell, choice = np.divmod(pairs, self.joint.num_choices)
        costs[~known] = self.near.of(cell, choice[:, None])[:, 0][places]
        return costs

    @cached_property
    def _glanced(self) -> NDArray[np.float32]:
        """What the short lists cost in shape at a glance, (cells, K); never asked where they are judged whole."""
        return self.joint.glance(self.options[:, :-1])

    def _likely(self, cells: NDArray[np.int64], costs: NDArray[np.float32]) -> _Options:
        """The best of the short lists by colour, near and far, and shapes at a glance; the last option is in use.

        Lists that hold every choice that may be used stay whole: so few tiles, letters above all, look much alike at a
        glance.

        Args:
            cells: Cell numbers, (n,).
            costs: Near costs of their short lists, (n, K), infinite for those that may not be.
        """
        options = self.options[cells]
        judged = _JUDGED_APART if self.repeats.active else _JUDGED
        if options.shape[1] <= judged + 1 or options.shape[1] > self.usable:
            return options, costs
        energy = costs + self.joint.colour(cells, self.choices[cells], options)
        if self.repeats.active:
            energy += self.repeats.prices(cells, options // self.variants)
        best = np.argpartition(energy[:, :-1] + self._glanced[cells], judged - 1, axis=1)[:, :judged]
        best = np.concatenate([best, np.full((len(cells), 1), options.shape[1] - 1)], axis=1)
        return np.take_along_axis(options, best, axis=1), np.take_along_axis(costs, best, axis=1)

    def _allowed(self, cells: NDArray[np.int64]) -> _Options:
        """What the limits let a group choose from: what is left of the short lists, and what the group holds."""
        left = self.uses < self.capacity
        allowed = left[self.options[cells] // self.variants]
        listed = np.where(allowed, self.costs[cells], np.float32(np.inf))
        listed[:, -1] = self.cost[cells]
        options, costs = self._likely(cells, listed)
        held = np.unique(self.choices[cells] // self.variants)
        scarce = held[~left[held]]
        if not len(scarce):
            return options, costs
        pool = (scarce[:, None] * self.variants + np.arange(self.variants)).ravel()
        pooled = self.near.closest(cells, pool, _POOLED * self.variants)
        price = self.near.of(cells, pooled)
        return np.concatenate([pooled, options], axis=1).astype(np.int32), np.concatenate([price, costs], axis=1)

    def _judge(self, cells: NDArray[np.int64], options: NDArray[np.int32], costs: NDArray[np.float32]) -> _Table:
        """What options would gain, all energies counted."""
        energy = costs + self.joint.costs(cells, self.choices[cells], options)
        if self.repeats.active:
            energy += self.repeats.prices(cells, options // self.variants)
        return _Table(cells, options, costs, energy[:, -1:] - energy)

    def _free(self, table: _Table) -> list[_Move]:
        """The best option of each cell."""
        best = table.gains.argmax(axis=1)
        gain = table.gains[np.arange(len(best)), best]
        return [table.move(int(place), int(best[place])) for place in np.flatnonzero(gain > _LEAST)]

    def _dealt(self, table: _Table) -> list[_Move]:
        """Moves towards the cheapest deal of what the cells of a group may have."""
        tiles = table.options // self.variants
        held = np.bincount(tiles[:, -1], minlength=len(self.uses))
        last, spare = self.required & (self.uses == held), np.maximum(self.capacity - self.uses, 0)
        refused = table.gains < -REFUSED / 2
        refused[:, -1] = False  # what a cell holds it may keep
        costs = np.where(refused, np.float32(np.inf), -np.minimum(table.gains, _URGENT))
        picked = deal(tiles, costs, spare + held, last)
        at = np.arange(len(picked))
        taken, gains, costs = table.options[at, picked], table.gains[at, picked], table.costs[at, picked]
        turned = np.flatnonzero((taken != table.options[:, -1]) & (tiles[at, picked] == tiles[:, -1]))
        moves = []
        for chain in [*chains(tiles[:, -1], tiles[at, picked]), *turned[:, None].tolist()]:
            gain = float(gains[chain].sum())
            if gain > _LEAST:
                moves.append(_Move(gain, tuple(table.cells[chain]), tuple(taken[chain]), tuple(costs[chain])))
        return self._apart(moves) if self.repeats.distance > 1 else moves

    def _apart(self, moves: list[_Move]) -> list[_Move]:
        """Without the moves that take copies of a tile too near to each other; of two such the lesser is left out."""
        kept = []
        placed: dict[int, list[tuple[int, int]]] = {}
        for move in sorted(moves, key=lambda move: (-move.gain, move.cells)):
            spots: dict[int, list[tuple[int, int]]] = {}
            for cell, choice in zip(move.cells, move.choices, strict=True):
                picture = int(self.repeats.pictures[int(choice) // self.variants])
                spots.setdefault(picture, []).append(divmod(int(cell), self.columns))
            if all(self._spaced(places, placed.get(picture, [])) for picture, places in spots.items()):
                kept.append(move)
                for picture, places in spots.items():
                    placed.setdefault(picture, []).extend(places)
        return kept

    def _spaced(self, places: list[tuple[int, int]], others: list[tuple[int, int]]) -> bool:
        """Whether some places keep their distance from each other and from others."""
        return all(
            max(abs(row - down), abs(column - right)) >= self.repeats.distance
            for number, (row, column) in enumerate(places)
            for down, right in [*places[:number], *others]
        )

    def _keep(self, moves: list[_Move]) -> int:
        """Make the moves that together are a gain; returns how many cells changed."""
        moves = sorted(moves, key=lambda move: (-move.gain, move.cells))
        while moves:
            cells = np.array([cell for move in moves for cell in move.cells])
            choices = np.array([choice for move in moves for choice in move.choices])
            costs = np.array([cost for move in moves for cost in move.costs], np.float32)
            change = float((costs - self.cost[cells]).sum())
            if self.repeats.active:
                change += self.repeats.change(cells, choices // self.variants)
            change += self.joint.change(cells, self.choices[cells], choices)
            if change < 0:
                self._make(cells, choices, costs)
                self.joint.make()
                return len(cells)
            moves = moves[: len(moves) // 2]
        return 0

    def _make(self, cells: NDArray[np.int64], choices: NDArray[np.int64], costs: NDArray[np.float32]) -> None:
        tiles, flat = choices // self.variants, self.tiles.ravel()
        np.subtract.at(self.uses, flat[cells], 1)
        np.add.at(self.uses, tiles, 1)
        flat[cells] = tiles
        self.repeats.place(cells, tiles)
        self.choices[cells] = choices
        self.cost[cells] = costs
        self._wake(cells)
        self.options[cells, -1] = choices
        self.costs[cells, -1] = costs
