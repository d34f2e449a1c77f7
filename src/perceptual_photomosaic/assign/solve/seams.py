"""Seams: what changes from cell to cell though it does not in the target.

Where the target is calm, SSIM is near 0 for any grain of cells; and an error that neighbours share is not seen, while
one that changes from cell to cell is. So the error of the mosaic should change as little as may be:

    sum over neighbours a, b of the mean over samples of  | e_a - e_b |,   e the cell's colours less the target's

the total variation of the error (Rudin, Osher, Fatemi: Nonlinear total variation based noise removal algorithms,
Physica D 60, 1992) from cell to cell, with the lengths of the three coordinates of DIN99d taken together. At one sample
a cell its colour should not jump. At more a calm place should be made of one tile, turned one way: its pattern repeats
with every cell, as fine as a pattern can be, and from a little way off it is gone; the same tile turned here and there
makes a weave that is seen from far away.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.solve.areas import Areas
from perceptual_photomosaic.assign.solve.scene import Scene
from perceptual_photomosaic.features.colour import linear_to_din99d
from perceptual_photomosaic.features.patches import reduce_patches

__all__ = ["Seams", "neighbours"]

_SAMPLES = 1 << 16
"""Samples of options that one job judges: few enough to stay in cache."""


def neighbours(shape: tuple[int, int]) -> NDArray[np.int64]:
    """The cells above, below, left and right of every cell of a grid, (cells, 4); over the edge a cell is its own."""
    rows, columns = shape
    cells = np.arange(rows * columns, dtype=np.int64)[:, None]
    row, column = np.divmod(cells, columns)
    there = np.concatenate([row > 0, row < rows - 1, column > 0, column < columns - 1], axis=1)
    return np.where(there, cells + np.array([-columns, columns, -1, 1]), cells)


class Seams:
    """Steps between neighbouring cells; answers the descent as `scales.Scale` does.

    Args:
        scene: What is looked at; a pair of neighbours counts as the mean of its cells.
        k: Samples along a cell: 8, 4, 2 or 1.
        weight: Weight of a cell's mean step; each pair of neighbours counts half of it.
    """

    def __init__(self, scene: Scene, k: int, weight: float) -> None:
        self._wanted, self._offered = (
            linear_to_din99d(reduce_patches(light, k)).reshape(len(light), k * k, 3)
            for light in (scene.cells, scene.choices)
        )
        self._errors = np.zeros_like(self._wanted)
        self._around = neighbours(scene.shape)
        there = self._around != np.arange(len(self._around))[:, None]
        matter = np.ones(len(self._around), np.float32) if scene.importance is None else scene.importance
        shares = (matter[:, None] + matter[self._around]) / 2
        self._shares = (np.float32(weight / 2 / k**2) * shares * there).astype(np.float32)
        self._staged: tuple[NDArray[np.integer], NDArray[np.float32]] | None = None

    def reset(self, choices: NDArray[np.int64]) -> None:
        """Take up an assignment, (cells,)."""
        self._errors = self._offered[choices] - self._wanted

    def reweigh(self, factor: float) -> None:
        """Let seams count more or less."""
        self._shares = self._shares * np.float32(factor)

    def energy(self) -> float:
        """Weighted steps of the assignment taken up."""
        return self._steps(np.arange(len(self._errors)), np.ones(len(self._errors), bool))

    def block(self, options: int) -> int:
        """Return how many cells to judge at a time, few enough for their arrays to stay in the cache."""
        return max(1, _SAMPLES // (options * self._offered.shape[1]))

    def costs(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Weighted steps to the neighbours of cells, (n,), for their options, (n, K), nothing else moving, (n, K)."""
        errors = self._offered[options] - self._wanted[cells][:, None]
        costs = np.zeros(options.shape, np.float32)
        for side in range(4):
            steps = errors - self._errors[self._around[cells, side]][:, None]
            costs += _lengths(steps) * self._shares[cells, side, None]
        return costs

    def spread(self, areas: Areas, current: NDArray[np.integer]) -> NDArray[np.float32]:
        """By how much areas laid over with one choice change the energy, each by itself, (n,)."""
        cells, around = areas.cells, self._around[areas.cells]
        after = self._offered[areas.choices][:, None] - self._wanted[cells]
        beside, beside_after = self._errors[around], self._errors[around]
        mates = neighbours(areas.size)  # an area's own edge is not the grid's: there the neighbour stays as it is
        within = mates != np.arange(len(mates))[:, None]
        beside_after[:, within] = after[:, mates[within]]
        shares = self._shares[cells] * np.where(within, np.float32(0.5), np.float32(1))
        more = _lengths(after[:, :, None] - beside_after) - _lengths(self._errors[cells][:, :, None] - beside)
        changes: NDArray[np.float32] = np.einsum("nms,nms->n", more, shares)
        return changes

    def change(self, cells: NDArray[np.integer], current: NDArray[np.integer], choices: NDArray[np.integer]) -> float:
        """By how much cells that move together, each (n,), change the energy; `make` then makes the move."""
        moving = np.zeros(len(self._errors), bool)
        moving[cells] = True
        before, held = self._steps(cells, moving), self._errors[cells]
        self._errors[cells] = self._offered[choices] - self._wanted[cells]
        after = self._steps(cells, moving)
        self._staged = cells, self._errors[cells]
        self._errors[cells] = held
        return after - before

    def make(self) -> None:
        """Make the move that was judged last."""
        assert self._staged is not None
        cells, errors = self._staged
        self._errors[cells] = errors

    def _steps(self, cells: NDArray[np.integer], moving: NDArray[np.bool_]) -> float:
        """Weighted steps around cells, each pair of two moving ones once."""
        around = self._around[cells]
        steps = _lengths(self._errors[cells][:, None] - self._errors[around])
        shares = self._shares[cells] * np.where(moving[around], np.float32(0.5), np.float32(1))
        return float(np.einsum("ns,ns->", steps, shares, dtype=np.float64))


def _lengths(steps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lengths of steps summed over samples, (..., samples, 3) to (...)."""
    lengths: NDArray[np.float32] = np.sqrt(np.einsum("...c,...c->...", steps, steps)).sum(axis=-1)
    return lengths
