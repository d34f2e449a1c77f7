"""Blocks of cells from afar: where one sample is the average light of f x f cells, or of those that are left there.

`Blocks` keeps that light while cells change; `BlockColour` is what it costs in colour: the mean CIEDE2000 between the
colours of the mosaic and of the target, as the eye far away averages them. What one cell gets wrong its neighbours put
right, as in halftoning. A distance, not its square: where the tiles cannot reach a colour, its square would call in
neighbours who can do nothing about it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.solve.areas import Areas
from perceptual_photomosaic.assign.solve.scene import Scene
from perceptual_photomosaic.features.colour import ciede2000, linear_to_lab

__all__ = ["BlockColour", "Blocks"]

_OPTIONS = 1 << 16
"""Options of cells that one job judges: few enough to stay in cache."""


class Blocks:
    """The light of blocks of cells under an assignment, and under moves from it.

    Args:
        choices: Linear light, (choices, k, k, 3).
        shape: (rows, columns) of the grid.
        f: Cells along a block.
    """

    def __init__(self, choices: NDArray[np.float32], shape: tuple[int, int], f: int) -> None:
        rows, columns = shape
        row, column = np.divmod(np.arange(rows * columns), columns)
        self.shape, self._f = (-(-rows // f), -(-columns // f)), f
        self.of_cell = (row // f) * self.shape[1] + column // f
        self.cells_in = np.bincount(self.of_cell).astype(np.float32)
        self.light = np.zeros((len(self.cells_in), 3), np.float32)
        self._means = choices.mean(axis=(1, 2))
        self._staged: tuple[NDArray[np.int64], NDArray[np.float32]] | None = None

    def average(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """Averages over blocks, (cells, channels) to (blocks, channels)."""
        sums = [np.bincount(self.of_cell, channel) for channel in values.T]
        return (np.stack(sums, axis=1) / self.cells_in[:, None]).astype(np.float32)

    def reset(self, choices: NDArray[np.integer]) -> None:
        """Take up an assignment, (cells,)."""
        self.light = self.average(self._means[choices])

    def offered(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Light of the block of a cell for each of its options, nothing else moving, (n, K, 3)."""
        places = self.of_cell[cells]
        change = self._means[options] - self._means[current][:, None]
        change /= self.cells_in[places][:, None, None]
        change += self.light[places][:, None]
        offered: NDArray[np.float32] = change
        return offered

    def after(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], choices: NDArray[np.integer]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The blocks that a joint move changes, each once, and their light afterwards; `make` then makes the move."""
        places, index = np.unique(self.of_cell[cells], return_inverse=True)
        change = self._means[choices] - self._means[current]
        added = np.stack([np.bincount(index, channel, len(places)) for channel in change.T], axis=1)
        light = (self.light[places] + added / self.cells_in[places][:, None]).astype(np.float32)
        self._staged = places.astype(np.int64), light
        return self._staged

    def laid(
        self, areas: Areas, current: NDArray[np.integer]
    ) -> tuple[NDArray[np.int64], tuple[int, int], NDArray[np.float32]]:
        """Rectangles of blocks that areas lie in, and their light when each area by itself is laid with its choice.

        Args:
            areas: What is laid over with one choice.
            current: Choices in use there, (n, cells).
        Returns:
            Blocks, row by row, (n, m); (rows, columns) of each rectangle; their light afterwards, (n, m, 3).
        """
        size, firsts = [], []
        of_area = self.of_cell[areas.cells]
        corner = np.divmod(of_area[:, 0], self.shape[1])
        for axis, (length, whole) in enumerate(zip(areas.size, self.shape, strict=True)):
            size.append(min((length + self._f - 2) // self._f + 1, whole))
            firsts.append(np.minimum(corner[axis], whole - size[axis]))
        rows, columns = size
        block = (np.arange(rows)[:, None] * self.shape[1] + np.arange(columns)).ravel()
        places = (firsts[0] * self.shape[1] + firsts[1])[:, None] + block
        light = self.light[places]
        change = self._means[areas.choices][:, None] - self._means[current]
        change /= self.cells_in[of_area][..., None]
        row, column = np.divmod(of_area, self.shape[1])
        spot = (row - firsts[0][:, None]) * columns + column - firsts[1][:, None]
        for cell, each in zip(spot.T, change.swapaxes(0, 1), strict=True):
            light[np.arange(len(light)), cell] += each
        return places, (rows, columns), light

    def make(self) -> None:
        """Make the move that was judged last."""
        assert self._staged is not None
        places, light = self._staged
        self.light[places] = light


class BlockColour:
    """Colour errors of blocks of cells; answers the descent as `scales.Scale` does.

    Args:
        scene: What is looked at; a block counts as much as its cells together.
        f: Cells along a block.
        weight: Weight of the mean distance over blocks, times the number of cells.
    """

    def __init__(self, scene: Scene, f: int, weight: float) -> None:
        self._blocks = Blocks(scene.choices, scene.shape, f)
        self._wanted = linear_to_lab(self._blocks.average(scene.cells.mean(axis=(1, 2))))
        self._weight = np.float32(weight) * self._blocks.cells_in
        if scene.importance is not None:
            self._weight *= self._blocks.average(scene.importance[:, None])[:, 0]

    def _distance(self, light: NDArray[np.float32], places: NDArray[np.integer]) -> NDArray[np.float32]:
        """CIEDE2000 / 100 between light, (n, ..., 3), and what places, (n,), want."""
        wanted = self._wanted[places].reshape(len(places), *(1,) * (light.ndim - 2), 3)
        return ciede2000(wanted, linear_to_lab(light)) * np.float32(0.01)

    def reset(self, choices: NDArray[np.int64]) -> None:
        """Take up an assignment, (cells,)."""
        self._blocks.reset(choices)

    def reweigh(self, factor: float) -> None:
        """Let this distance count more or less."""
        self._weight = self._weight * np.float32(factor)

    def energy(self) -> float:
        """Weighted distances of the assignment taken up."""
        lost = self._distance(self._blocks.light, np.arange(len(self._wanted)))
        return float(np.einsum("b,b->", self._weight, lost, dtype=np.float64))

    def block(self, options: int) -> int:
        """Return how many cells to judge at a time, few enough for their arrays to stay in the cache."""
        return max(1, _OPTIONS // options)

    def costs(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Weighted distance of the blocks of cells, (n,), for their options, (n, K), nothing else moving, (n, K)."""
        places = self._blocks.of_cell[cells]
        lost = self._distance(self._blocks.offered(cells, current, options), places)
        lost *= self._weight[places][:, None]
        return lost

    def spread(self, areas: Areas, current: NDArray[np.integer]) -> NDArray[np.float32]:
        """By how much areas laid over with one choice change the energy, each by itself, (n,); see `Blocks.laid`."""
        places, _, light = self._blocks.laid(areas, current)
        flat = places.ravel()
        more = self._distance(light.reshape(-1, 3), flat) - self._distance(self._blocks.light[flat], flat)
        changes: NDArray[np.float32] = (self._weight[flat] * more).reshape(places.shape).sum(axis=1)
        return changes

    def change(self, cells: NDArray[np.integer], current: NDArray[np.integer], choices: NDArray[np.integer]) -> float:
        """By how much cells that move together, each (n,), change the energy; `make` then makes the move."""
        places, light = self._blocks.after(cells, current, choices)
        more = self._distance(light, places) - self._distance(self._blocks.light[places], places)
        return float(np.einsum("b,b->", self._weight[places], more, dtype=np.float64))

    def make(self) -> None:
        """Make the move that was judged last."""
        self._blocks.make()
