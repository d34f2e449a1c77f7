"""Colour inside cells: how far the colours of a choice lie from those of a cell, whatever its neighbours are.

The mean over k x k samples of the distance in DIN99d, on averages of linear light. It is a distance, not its square:
that is what people report, and one bad corner does not rule a tile out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.problem import Problem

__all__ = ["CellColour"]

_NUMBERS = 1 << 18
"""Numbers that one job holds: few enough to stay in the cache."""


class CellColour:
    """The mean distance of colours, about CIEDE2000 / 100, added up over cells.

    Args:
        problem: What is chosen from, and where.
        weight: How much it counts.
        k: Samples along a cell.
        detail: Whether cells with detail, such as faces, count more (`Problem.detail`).
    """

    def __init__(self, problem: Problem, weight: float, k: int, *, detail: bool = False) -> None:
        lightness_first = slice(problem.channels)
        self._wanted, self._offered = (
            traits.colours(k)[:, lightness_first] for traits in (problem.cell_traits, problem.choice_traits)
        )
        share = np.full(len(self._wanted), weight / k**2, np.float32)
        for counts in (problem.importance, problem.detail if detail else None):
            if counts is not None:
                share *= counts
        self._share = share
        self._cost = np.zeros(len(share), np.float32)
        self._staged: tuple[NDArray[np.integer], NDArray[np.float32]] | None = None

    def reset(self, choices: NDArray[np.int64]) -> None:
        """Take up an assignment, (cells,)."""
        cells = np.arange(len(choices))
        self._cost = self.costs(cells, choices, choices[:, None])[:, 0]

    def rescale(self, factor: float) -> None:
        """Multiply the weight."""
        self._share, self._cost = self._share * np.float32(factor), self._cost * np.float32(factor)

    def energy(self) -> float:
        """Return the weighted distances of the assignment taken up."""
        return float(self._cost.sum(dtype=np.float64))

    def block(self, options: int) -> int:
        """Return how many cells to judge at a time, few enough for their arrays to stay in the cache."""
        return max(1, _NUMBERS // (options * int(self._offered[0].size)))

    def costs(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Return the weighted distances of options, (n, K), in cells, (n,)."""
        apart = self._offered[options]  # (n, K, channels, k * k)
        apart -= self._wanted[cells][:, None]
        squared = np.einsum("nkcs,nkcs->nks", apart, apart)
        costs: NDArray[np.float32] = np.sqrt(squared, out=squared).sum(axis=2)
        costs *= self._share[cells, None]
        return costs

    def change(self, cells: NDArray[np.integer], current: NDArray[np.integer], choices: NDArray[np.integer]) -> float:
        """Return the change of energy when cells, (n,), move together; `commit` then makes the move."""
        after = self.costs(cells, current, choices[:, None])[:, 0]
        self._staged = cells, after
        return float((after - self._cost[cells]).sum(dtype=np.float64))

    def commit(self) -> None:
        """Make the move that was judged last."""
        assert self._staged is not None
        cells, cost = self._staged
        self._cost[cells] = cost
