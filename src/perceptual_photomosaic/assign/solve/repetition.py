"""Repetition: the price of copies of a picture near each other, as a term of the energy (`assign.repeats`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.problem import Problem

__all__ = ["Repetition"]


class Repetition:
    """The term of repetition: the price of all pairs of copies within six cells, and the refusal of copies too near.

    Args:
        problem: The problem; its limits and its variety set the distance.
        weight: Price of two copies side by side.
    """

    def __init__(self, problem: Problem, weight: float) -> None:
        self._repeats, self._shape, self._variants = problem.repeats(weight), problem.grid.shape, problem.variants
        self._staged: tuple[NDArray[np.integer], NDArray[np.integer]] | None = None

    def reset(self, choices: NDArray[np.int64]) -> None:
        """Set the current assignment, (cells,)."""
        self._repeats.reset((choices // self._variants).reshape(self._shape))

    def rescale(self, factor: float) -> None:
        """Multiply the price."""
        self._repeats.rescale(factor)

    def energy(self) -> float:
        """Return the price of all pairs of copies of the current assignment."""
        return self._repeats.energy()

    def block(self, options: int) -> int:
        """Return the number of cells to evaluate at a time."""
        return self._repeats.block

    def costs(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Return the prices of options, (n, K), in cells, (n,); at least `REFUSED` for a refused option."""
        return self._repeats.prices(cells, options // self._variants)

    def change(self, cells: NDArray[np.integer], current: NDArray[np.integer], choices: NDArray[np.integer]) -> float:
        """Return the change of the price if cells, (n,), change together; `commit` then applies it."""
        tiles = choices // self._variants
        self._staged = cells, tiles
        return self._repeats.change(cells, tiles)

    def commit(self) -> None:
        """Apply the move that `change` evaluated last."""
        assert self._staged is not None
        self._repeats.place(*self._staged)
