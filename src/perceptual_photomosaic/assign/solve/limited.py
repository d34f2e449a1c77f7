"""Moves under limits on uses: a group of cells redistributes its tiles and the unused copies (`assign.dealing`)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.dealing import chains, deal
from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.assign.repeats import REFUSED
from perceptual_photomosaic.assign.solve.state import LEAST_GAIN, Judged, Move, State

__all__ = ["LimitedMoves", "groups_alike", "nearest_in_pool"]

_STRIDES = 3, 4
"""Smallest distance between the cells of a group, in odd and in even sweeps."""
_POOLED = 64
"""Number of tiles of the group without unused copies that a cell may take, besides its candidates."""
_GROUP_SIZE = 128
"""Largest number of cells in a group. Larger groups find better redistributions, but their moves interfere more."""
_COLOUR_SPREAD = 0.7
"""Standard deviation of the random weights of the two colour axes when cells are sorted; lightness has weight 1."""
_MAX_GAIN = np.float32(10)
"""Largest gain of a cell in a redistribution; a cell whose current tile is refused has this gain."""


class LimitedMoves:
    """Moves that keep the number of copies of each tile.

    Args:
        state: The state to change.
        random: Generator for the order of the groups and for the weights that sort cells by colour.
    """

    def __init__(self, state: State, random: np.random.Generator) -> None:
        self._state, self._random = state, random
        problem = state.problem
        self._variants, self._columns, self._distance = problem.variants, problem.grid.columns, problem.distance
        self._pictures = problem.repeats().pictures

    def groups(self, sweep: int) -> Iterator[NDArray[np.int64]]:
        """Yield groups of cells with similar colours, (n,) each; every cell that is not pinned is in exactly one."""
        problem = self._state.problem
        stride = _STRIDES[sweep % len(_STRIDES)]
        wanted = problem.cell_traits.colours(1)[:, :, 0]
        yield from groups_alike(wanted, problem.grid.shape, stride, self._state.free, self._random)

    def propose(self, cells: NDArray[np.int64]) -> list[Move]:
        """Return the moves that lead to the cheapest redistribution of tiles among the cells of a group."""
        return self._dealt(self._state.judge(cells, *self._offered(cells)))

    def _offered(self, cells: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the candidates with uses left and the tiles of the group, in the form of `State.best_options`."""
        state = self._state
        left = state.uses < state.capacity
        options, costs = state.best_options(cells, left)
        held = np.unique(state.choices[cells] // self._variants)
        scarce = held[~left[held]]
        if not len(scarce):
            return options, costs
        pool = (scarce[:, None] * self._variants + np.arange(self._variants)).ravel()
        pooled = nearest_in_pool(state.problem, cells, pool, _POOLED * self._variants)
        cost = state.costs_without_samples(cells, pooled)
        return np.concatenate([pooled, options], axis=1).astype(np.int32), np.concatenate([cost, costs], axis=1)

    def _dealt(self, judged: Judged) -> list[Move]:
        """Return independent moves that lead to the cheapest redistribution."""
        state, tiles = self._state, judged.options // self._variants
        held = np.bincount(tiles[:, -1], minlength=len(state.uses))
        last, spare = state.required & (state.uses == held), np.maximum(state.capacity - state.uses, 0)
        refused = judged.gains < -REFUSED / 2
        refused[:, -1] = False  # a cell may always keep its tile
        costs = np.where(refused, np.float32(np.inf), -np.minimum(judged.gains, _MAX_GAIN))
        picked = deal(tiles, costs, spare + held, last)
        at = np.arange(len(picked))
        taken, gains = judged.options[at, picked], judged.gains[at, picked]
        turned = np.flatnonzero((taken != judged.options[:, -1]) & (tiles[at, picked] == tiles[:, -1]))
        moves = []
        for chain in [*chains(tiles[:, -1], tiles[at, picked]), *turned[:, None].tolist()]:
            gain = float(gains[chain].sum())
            if gain > LEAST_GAIN:
                moves.append(Move(gain, tuple(judged.cells[chain].tolist()), tuple(taken[chain].tolist())))
        return self._apart(moves) if self._distance > 1 else moves

    def _apart(self, moves: list[Move]) -> list[Move]:
        """Drop moves that bring copies of a picture too near to each other; of two such moves keep the larger gain."""
        kept = []
        placed: dict[int, list[tuple[int, int]]] = {}
        for move in sorted(moves, key=lambda move: (-move.gain, move.cells)):
            spots: dict[int, list[tuple[int, int]]] = {}
            for cell, choice in zip(move.cells, move.choices, strict=True):
                picture = int(self._pictures[choice // self._variants])
                spots.setdefault(picture, []).append(divmod(cell, self._columns))
            if all(self._spaced(places, placed.get(picture, [])) for picture, places in spots.items()):
                kept.append(move)
                for picture, places in spots.items():
                    placed.setdefault(picture, []).extend(places)
        return kept

    def _spaced(self, places: list[tuple[int, int]], others: list[tuple[int, int]]) -> bool:
        """Tell whether some places keep the distance from each other and from other places."""
        return all(
            max(abs(row - down), abs(column - right)) >= self._distance
            for number, (row, column) in enumerate(places)
            for down, right in [*places[:number], *others]
        )


def groups_alike(
    wanted: NDArray[np.float32],
    shape: tuple[int, int],
    stride: int,
    free: NDArray[np.bool_],
    random: np.random.Generator,
) -> Iterator[NDArray[np.int64]]:
    """Yield groups of cells that are at least `stride` apart and have similar colours.

    Args:
        wanted: Mean colours of the target, lightness first, (cells, 3).
        shape: (rows, columns).
        stride: Smallest distance between two cells of a group: the larger of row and column difference.
        free: Cells that may change, (cells,).
        random: Generator for the order of groups and for the weight of colour against lightness.
    Returns:
        Cell numbers of each group; every free cell is in exactly one.
    """
    row, column = np.divmod(np.arange(len(wanted)), shape[1])
    classes = (row % stride) * stride + column % stride
    like = wanted @ np.array([1.0, *random.normal(0, _COLOUR_SPREAD, 2)])
    for number in random.permutation(stride * stride):
        cells = np.flatnonzero((classes == number) & free)
        if len(cells):
            cells = cells[np.argsort(like[cells], kind="stable")]
            for start in range(0, len(cells), _GROUP_SIZE):
                yield cells[start : start + _GROUP_SIZE]


def nearest_in_pool(
    problem: Problem, cells: NDArray[np.integer], pool: NDArray[np.integer], count: int
) -> NDArray[np.int64]:
    """Return for each cell the best choices of a pool that the cells have to share.

    The best choices differ from the mean of the pool in the same direction as the cell differs from the mean of the
    cells. Costs that are the same for all cells, or for all choices, do not change the best way to share.

    Args:
        problem: The cells, the choices and the limits.
        cells: Cell numbers, (n,).
        pool: Choice numbers of the pool, (m,).
        count: Number of choices to return for each cell; all if there are fewer.
    Returns:
        Choice numbers, (n, count), in no order.
    """
    if count >= len(pool):
        return np.broadcast_to(pool.astype(np.int64), (len(cells), len(pool)))
    wanted, offered = problem.cell_traits.descriptors[cells], problem.choice_traits.descriptors[pool]
    alike = (wanted - wanted.mean(axis=0)) @ (offered - offered.mean(axis=0)).T
    return pool.astype(np.int64)[np.argpartition(-alike, count - 1, axis=1)[:, :count]]
