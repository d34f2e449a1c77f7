"""Structure at one viewing distance: SSIM of luma over the whole mosaic.

Windows of SSIM extend over the edges of cells, so the cost of a choice depends on its neighbours. Its exact change
follows from three sums in every window, of y, y * y and x * y (y is the mosaic, x the target). The part of a cell in
these sums is a matrix product: choices x samples times samples x windows (`windows`).

Source: Wang et al. 2004, "Image quality assessment: from error visibility to structural similarity".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.assign.solve.windows import Windows
from perceptual_photomosaic.threads import share_out, slices

__all__ = ["Structure"]

_C1, _C2 = np.float32(0.01**2), np.float32(0.03**2)
_FLOATS = 1 << 18
"""Largest number of values in one array of a block; with many smaller arrays, threads wait for each other."""


@dataclass
class _Staged:
    """The change that was evaluated last, which `commit` applies."""

    cells: NDArray[np.int64]
    held: NDArray[np.float32]
    windows: NDArray[np.int64]
    sums: NDArray[np.float32]


class Structure:
    """The term of structure: the mean of 1 - SSIM over all windows, times the number of cells.

    Args:
        problem: The cells, the choices and the limits.
        weight: The weight of the term.
        k: Samples along each side of a cell: 8, 4, 2 or 1.
    """

    def __init__(self, problem: Problem, weight: float, k: int) -> None:
        self._table, self._target = problem.choice_traits.luma(k), problem.cell_traits.luma(k)
        self._windows = Windows(problem.grid.shape, k)
        cells, importance = len(self._target), problem.importance
        inside = self._windows.inside
        share: NDArray[np.float32] | np.float32 = np.float32(weight)
        if importance is not None:
            share = share * self._windows.means(np.repeat(importance[:, None], k * k, axis=1))
        self._weight = (share * inside * (cells / inside.sum())).astype(np.float32)
        self._alone = np.broadcast_to(np.float32(weight) * (1 if importance is None else importance), cells)
        self._mean, square = self._windows.means(self._target), self._windows.means(np.square(self._target))
        self._variance = np.maximum(square - np.square(self._mean), 0)
        self._held = np.zeros_like(self._target)
        self._sums = np.zeros((3, inside.size), np.float32)
        self._staged: _Staged | None = None

    def reset(self, choices: NDArray[np.int64]) -> None:
        """Set the current assignment, (cells,)."""
        held = self._held = self._table[choices]
        self._sums = np.stack([self._windows.means(part) for part in (held, np.square(held), held * self._target)])

    def rescale(self, factor: float) -> None:
        """Multiply the weight."""
        self._weight, self._alone = self._weight * np.float32(factor), self._alone * np.float32(factor)

    def energy(self) -> float:
        """Return the weighted sum of 1 - SSIM over all windows of the current assignment."""
        lost = _dissimilarity(self._mean, self._variance, *self._sums)
        return float((self._weight * lost).sum(dtype=np.float64))

    def block(self, options: int) -> int:
        """Return the number of cells to evaluate at a time, small enough that their arrays stay in the cache."""
        return max(1, int(_FLOATS // (3 * options * max(self._target.shape[1], self._windows.side**2))))

    def costs(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Return the weighted 1 - SSIM of the windows around cells, (n,), for their options, (n, K), float32."""
        windows = self._windows.around(cells)
        target, held = self._target[cells][:, None], self._held[cells][:, None]
        moved = self._table[options]
        parts = np.empty((3, *moved.shape), np.float32)
        np.square(moved, out=parts[1])
        parts[1] -= np.square(held)
        np.subtract(moved, held, out=parts[0])
        np.multiply(parts[0], target, out=parts[2])
        kernel = self._windows.window_kernel
        sums = (parts.reshape(-1, len(kernel)) @ kernel).reshape(3, *options.shape, -1)
        sums *= self._windows.inverse[windows][:, None]
        sums += self._sums[:, windows][:, :, None]
        mean, square, product = sums
        lost = _dissimilarity(self._mean[windows][:, None], self._variance[windows][:, None], mean, square, product)
        costs: NDArray[np.float32] = (lost @ self._weight[windows][..., None])[..., 0]
        return costs

    def estimate(self, options: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return estimated costs of options in every cell, (cells, K): each cell alone, in one flat window."""
        table, target = self._table, self._target
        means, squares = table.mean(axis=1), np.square(table).mean(axis=1)
        mean, variance = target.mean(axis=1, keepdims=True), target.var(axis=1, keepdims=True)
        share = target[..., None] / np.float32(target.shape[1])
        costs = np.empty(options.shape, np.float32)

        def fill(block: slice) -> None:
            tried = options[block]
            product = (table[tried] @ share[block])[..., 0]
            lost = _dissimilarity(mean[block], variance[block], means[tried], squares[tried], product)
            costs[block] = lost * self._alone[block, None]

        share_out(fill, slices(len(options), max(1, _FLOATS // (options.shape[1] * target.shape[1]))))
        return costs

    def change(self, cells: NDArray[np.integer], current: NDArray[np.integer], choices: NDArray[np.integer]) -> float:
        """Return the change of energy if cells, (n,), change together; `commit` then applies it."""
        after = self._table[choices]
        around = self._windows.around(cells)
        before, target = self._held[cells], self._target[cells]
        windows, index = self._windows.distinct(around.ravel())
        old = self._sums[:, windows]
        new = old.copy()
        moved = after - before
        inverse = self._windows.inverse[around]
        for sums, part in zip(new, (moved, np.square(after) - np.square(before), moved * target), strict=True):
            added = (part @ self._windows.window_kernel) * inverse
            sums += np.bincount(index, added.ravel(), len(windows)).astype(np.float32)
        mean, variance = self._mean[windows], self._variance[windows]
        lost = _dissimilarity(mean, variance, *new) - _dissimilarity(mean, variance, *old)
        self._staged = _Staged(cells.astype(np.int64), after, windows, new)
        return float((self._weight[windows] * lost).sum(dtype=np.float64))

    def commit(self) -> None:
        """Apply the move that `change` evaluated last."""
        staged = self._staged
        assert staged is not None
        self._held[staged.cells] = staged.held
        self._sums[:, staged.windows] = staged.sums


def _dissimilarity(
    mean_x: NDArray[np.float32],
    variance_x: NDArray[np.float32],
    mean_y: NDArray[np.float32],
    square_y: NDArray[np.float32],
    product: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return 1 - SSIM from weighted means in windows.

    Args:
        mean_x, variance_x: Mean and variance of the target x.
        mean_y, square_y: Means of the mosaic y and of y * y.
        product: Mean of x * y. Shapes broadcast to that of `mean_y`.
    """
    both = mean_x * mean_y
    squared = np.square(mean_y)
    below = square_y - squared
    below += variance_x + _C2
    squared += np.square(mean_x) + _C1
    below *= squared
    above = product - both
    above *= 2
    above += _C2
    both *= 2
    both += _C1
    above *= both
    above /= below
    lost: NDArray[np.float32] = np.subtract(np.float32(1), above, out=above)
    return lost
