"""Repetition: what copies of a picture near each other cost, as a term of the energy (`assign.repeats`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.problem import Problem

__all__ = ["Repetition"]


class Repetition:
    """The price of all pairs of copies within six cells, and what refuses copies that are too near.

    Args:
        problem: What is chosen from, and where; its variety sets the distance.
        weight: The price of two copies side by side.
    """

    def __init__(self, problem: Problem, weight: float) -> None:
        self._repeats, self._shape, self._variants = problem.repeats(weight), problem.grid.shape, problem.variants
        self._staged: tuple[NDArray[np.integer], NDArray[np.integer]] | None = None

    def reset(self, choices: NDArray[np.int64]) -> None:
        """Take up an assignment, (cells,)."""
        self._repeats.reset((choices // self._variants).reshape(self._shape))

    def rescale(self, factor: float) -> None:
        """Multiply the price."""
        self._repeats.rescale(factor)

    def energy(self) -> float:
        """Return the price of all pairs of copies in the assignment taken up."""
        return self._repeats.energy()

    def block(self, options: int) -> int:
        """Return how many cells to judge at a time."""
        return self._repeats.block

    def costs(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Return the prices of options, (n, K), in cells, (n,); `REFUSED` and more where they may not be."""
        return self._repeats.prices(cells, options // self._variants)

    def change(self, cells: NDArray[np.integer], current: NDArray[np.integer], choices: NDArray[np.integer]) -> float:
        """Return the change of price when cells, (n,), move together; `commit` then makes the move."""
        tiles = choices // self._variants
        self._staged = cells, tiles
        return self._repeats.change(cells, tiles)

    def commit(self) -> None:
        """Make the move that was judged last."""
        assert self._staged is not None
        self._repeats.place(*self._staged)
