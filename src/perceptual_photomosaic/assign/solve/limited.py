"""Moves under limits: cells that lie apart deal out anew what they hold and what nobody holds (`assign.dealing`)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.dealing import chains, deal
from perceptual_photomosaic.assign.repeats import REFUSED
from perceptual_photomosaic.assign.solve.candidates import nearest_in_pool
from perceptual_photomosaic.assign.solve.state import LEAST_GAIN, Judged, Move, State

__all__ = ["LimitedMoves", "groups_alike"]

_STRIDES = 3, 4
"""Cells of a group lie so far apart, in odd and in even sweeps."""
_POOLED = 64
"""Tiles that all copies are held of, offered to a cell beside its candidates."""
_SEATS = 128
"""Cells of a group: more find better deals, but spoil more of each other's from afar."""
_MIX = 0.7
"""Standard deviation of the random weights of the two colour axes, against 1 for lightness, that order cells."""
_URGENT = np.float32(10)
"""The gain, in a deal, of a cell that leaves a place where its tile is refused."""


class LimitedMoves:
    """Moves that keep the number of copies of each tile.

    Args:
        state: What is moved.
        random: Orders the groups, and decides which cells are alike.
    """

    def __init__(self, state: State, random: np.random.Generator) -> None:
        self._state, self._random = state, random
        problem = state.problem
        self._variants, self._columns, self._distance = problem.variants, problem.grid.columns, problem.distance
        self._pictures = problem.repeats().pictures

    def groups(self, sweep: int) -> Iterator[NDArray[np.int64]]:
        """Yield groups of cells that want much the same colours, every cell once that is not pinned, (n,) each."""
        problem = self._state.problem
        stride = _STRIDES[sweep % len(_STRIDES)]
        wanted = problem.cell_traits.colours(1)[:, :, 0]
        yield from groups_alike(wanted, problem.grid.shape, stride, self._state.free, self._random)

    def propose(self, cells: NDArray[np.int64]) -> list[Move]:
        """Return the moves that lead to the cheapest deal of what the cells of a group may have."""
        return self._dealt(self._state.judge(cells, *self._offered(cells)))

    def _offered(self, cells: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return what is left of the candidates, and what the group holds, as `State.best_options` does."""
        state = self._state
        left = state.uses < state.capacity
        options, inside = state.best_options(cells, left)
        held = np.unique(state.choices[cells] // self._variants)
        scarce = held[~left[held]]
        if not len(scarce):
            return options, inside
        pool = (scarce[:, None] * self._variants + np.arange(self._variants)).ravel()
        pooled = nearest_in_pool(state.problem, cells, pool, _POOLED * self._variants)
        cost = state.energy.inside(cells, pooled)
        return np.concatenate([pooled, options], axis=1).astype(np.int32), np.concatenate([cost, inside], axis=1)

    def _dealt(self, judged: Judged) -> list[Move]:
        """Return moves towards the cheapest deal, each of which may be made or left out."""
        state, tiles = self._state, judged.options // self._variants
        held = np.bincount(tiles[:, -1], minlength=len(state.uses))
        last, spare = state.required & (state.uses == held), np.maximum(state.capacity - state.uses, 0)
        refused = judged.gains < -REFUSED / 2
        refused[:, -1] = False  # what a cell holds it may keep
        costs = np.where(refused, np.float32(np.inf), -np.minimum(judged.gains, _URGENT))
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
        """Leave out moves that take copies of a picture too near to each other; of two such the lesser one."""
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
        """Return whether some places keep their distance from each other and from others."""
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
    """Groups of cells that lie at least `stride` apart and want much the same colours.

    Args:
        wanted: Mean colours, lightness first, (cells, 3).
        shape: (rows, columns).
        stride: Smallest distance of two cells of a group, by the larger of row and column difference.
        free: Cells that may change, (cells,).
        random: Decides in which order groups come and how colour counts against lightness.
    Returns:
        Cell numbers, every free cell once.
    """
    row, column = np.divmod(np.arange(len(wanted)), shape[1])
    classes = (row % stride) * stride + column % stride
    like = wanted @ np.array([1.0, *random.normal(0, _MIX, 2)])
    for number in random.permutation(stride * stride):
        cells = np.flatnonzero((classes == number) & free)
        if len(cells):
            cells = cells[np.argsort(like[cells], kind="stable")]
            for start in range(0, len(cells), _SEATS):
                yield cells[start : start + _SEATS]
