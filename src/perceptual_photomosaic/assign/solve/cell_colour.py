"""Colour inside cells: the distance between the colours of a choice and those of a cell, without its neighbours.

The distance is the mean over k x k samples of the distance in DIN99d, on averages of linear light. It is not squared:
people report distances, and a tile with one wrong corner is not excluded.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.problem import Problem

__all__ = ["CellColour"]

_NUMBERS = 1 << 18
"""Largest number of values in one job, so that they stay in the processor's cache."""


class CellColour:
    """The term of colour inside cells: the mean distance of colours, about CIEDE2000 / 100, summed over cells.

    Args:
        problem: The cells, the choices and the limits.
        weight: The weight of the term.
        k: Samples along each side of a cell.
        detail: True if cells with detail, such as faces, count more (`Problem.detail`).
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
        """Set the current assignment, (cells,)."""
        cells = np.arange(len(choices))
        self._cost = self.costs(cells, choices, choices[:, None])[:, 0]

    def rescale(self, factor: float) -> None:
        """Multiply the weight."""
        self._share, self._cost = self._share * np.float32(factor), self._cost * np.float32(factor)

    def energy(self) -> float:
        """Return the weighted distances of the current assignment."""
        return float(self._cost.sum(dtype=np.float64))

    def block(self, options: int) -> int:
        """Return the number of cells to evaluate at a time, small enough that their arrays stay in the cache."""
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
        """Return the change of energy if cells, (n,), change together; `commit` then applies it."""
        after = self.costs(cells, current, choices[:, None])[:, 0]
        self._staged = cells, after
        return float((after - self._cost[cells]).sum(dtype=np.float64))

    def commit(self) -> None:
        """Apply the move that `change` evaluated last."""
        assert self._staged is not None
        cells, cost = self._staged
        self._cost[cells] = cost
