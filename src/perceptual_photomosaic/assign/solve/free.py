"""Moves without limits on uses: each cell of a group takes its best option."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.solve.state import LEAST_GAIN, Move, State

__all__ = ["FreeMoves"]

_STRIDE = 3
"""Smallest distance between the cells of a group, unless copies must be farther apart."""


class FreeMoves:
    """Moves of single cells.

    Args:
        state: The state to change.
        random: Generator for the order of the groups.
    """

    def __init__(self, state: State, random: np.random.Generator) -> None:
        self._state, self._random = state, random

    def groups(self, sweep: int) -> Iterator[NDArray[np.int64]]:
        """Yield groups of cells to evaluate together, (n,) each; every cell that is not pinned is in exactly one."""
        rows, columns = self._state.problem.grid.shape
        stride = max(_STRIDE, self._state.problem.distance)
        for number in self._random.permutation(stride * stride):
            down, right = divmod(int(number), stride)
            cells = np.arange(down, rows, stride)[:, None] * columns + np.arange(right, columns, stride)
            yield cells.ravel()[self._state.free[cells.ravel()]]

    def propose(self, cells: NDArray[np.int64]) -> list[Move]:
        """Return the best move of each cell of a group that has a change nearby since it was last evaluated."""
        state = self._state
        cells = cells[state.changed_nearby[cells]]
        state.changed_nearby[cells] = False
        if not len(cells):
            return []
        judged = state.judge(cells, *state.best_options(cells))
        best = judged.gains.argmax(axis=1)
        gains = judged.gains[np.arange(len(best)), best]
        return [
            Move(float(gains[place]), (int(cells[place]),), (int(judged.options[place, best[place]]),))
            for place in np.flatnonzero(gains > LEAST_GAIN)
        ]
