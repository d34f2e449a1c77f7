"""What choices cost in structure at one viewing distance: SSIM over the whole mosaic.

A window of SSIM does not stop at the edge of a cell, so what a choice costs depends on its neighbours. Its exact change
is a matter of three sums under every window, of y, y * y and x * y (y the mosaic, x the target), and a cell adds to
them by a matrix product: choices x samples times samples x windows (`windows`). `Scale` does it where a cell has one or
more samples, `CoarseScale` where a sample is the average of 2 x 2 or 4 x 4 cells.

Source: Wang et al. 2004, "Image quality assessment: from error visibility to structural similarity"; `docs/solver.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.solve.areas import Areas
from perceptual_photomosaic.assign.solve.blocks import Blocks
from perceptual_photomosaic.assign.solve.scene import Scene
from perceptual_photomosaic.assign.solve.windows import Windows
from perceptual_photomosaic.features.colour import LUMA, linear_to_luma, linear_to_srgb
from perceptual_photomosaic.features.patches import reduce_patches
from perceptual_photomosaic.threads import share_out, slices

__all__ = ["CHANNELS", "CoarseScale", "Scale"]

CHANNELS = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
"""What a scale may look at instead of luma alone: weights of sRGB values, for each of its views."""

_C1, _C2 = np.float32(0.01**2), np.float32(0.03**2)
_FLOATS = 1 << 18  # of one array of a block: many small ones keep threads waiting for each other


@dataclass
class _Staged:
    """A joint move that has been judged and not yet made."""

    places: NDArray[np.int64]
    held: NDArray[np.float32]
    windows: NDArray[np.int64]
    sums: NDArray[np.float32]


class Scale:
    """SSIM where each cell has k x k samples: the mean of that of several views, such as red, green and blue.

    Args:
        scene: What is looked at.
        k: Samples along a cell: 8, 4, 2 or 1.
        weight: Weight of the mean of 1 - SSIM over all windows, times the number of cells.
        views: What it looks at: weights of the sRGB values, for each view.
    """

    def __init__(
        self, scene: Scene, k: int, weight: float, views: Sequence[tuple[float, float, float]] = (LUMA,)
    ) -> None:
        self._table, target = (
            _views(patches if k == patches.shape[1] else reduce_patches(patches, k), views)
            for patches in (scene.choices, scene.cells)
        )
        self._lay_out(target, scene.shape, k, weight, scene.importance)

    def _lay_out(
        self,
        target: NDArray[np.float32],
        shape: tuple[int, int],
        k: int,
        weight: float,
        importance: NDArray[np.float32] | None,
    ) -> None:
        """Measure the target, a picture of (views, places, k * k) samples, under its windows."""
        self._windows = Windows(shape, k)
        self._target = target
        views, cells = target.shape[:2]
        inside = self._windows.inside
        each = np.float32(weight / views)
        share = each if importance is None else each * self._spread_out(importance)
        self._weight = (share * inside * (cells / inside.sum())).astype(np.float32)
        self._alone = np.broadcast_to(each * (1 if importance is None else importance), cells)
        self._mean, square = self._windows.means(target), self._windows.means(np.square(target))
        self._variance = np.maximum(square - np.square(self._mean), 0)
        self._held = np.zeros_like(target)
        self._sums_held = np.zeros((3, views, inside.size), np.float32)
        self._staged: _Staged | None = None

    def _spread_out(self, importance: NDArray[np.float32]) -> NDArray[np.float32]:
        """What windows count when places count so much: the mean under the window."""
        samples = np.broadcast_to(importance[:, None], self._target.shape[1:])
        counts: NDArray[np.float32] = self._windows.means(np.ascontiguousarray(samples)[None])[0]
        return counts

    # What a scale must know of cells and choices; `CoarseScale` answers otherwise.

    def _place(self, cells: NDArray[np.integer]) -> NDArray[np.integer]:
        return cells

    def _samples(self, choices: NDArray[np.integer]) -> NDArray[np.float32]:
        """The picture that choices make, (views, places, k * k)."""
        samples: NDArray[np.float32] = self._table[:, choices]
        return samples

    def _offered(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Samples at the place of a cell for each of its options, (views, n, K, k * k)."""
        samples: NDArray[np.float32] = self._table[:, options]
        return samples

    def _after(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], choices: NDArray[np.integer]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The places that moves change, each once, (n,), and their samples afterwards, (views, n, k * k)."""
        return cells.astype(np.int64), self._table[:, choices]

    def _laid(
        self, areas: Areas, current: NDArray[np.integer]
    ) -> tuple[NDArray[np.int64], tuple[int, int], NDArray[np.float32]]:
        """Rectangles of places that areas lie in, (n, m), their (rows, columns), and their samples afterwards.

        Args:
            areas: What is laid over with one choice.
            current: Choices in use there, (n, cells).
        Returns:
            The samples are (views, n, m, k * k).
        """
        samples = self._table[:, areas.choices]
        return areas.cells, areas.size, np.repeat(samples[:, :, None], areas.cells.shape[1], axis=2)

    def _made(self) -> None:
        """The staged moves have been made."""

    # What the descent asks.

    def reset(self, choices: NDArray[np.int64]) -> None:
        """Take up an assignment, (cells,)."""
        self._held = self._samples(choices)
        self._sums_held = np.stack(
            [self._windows.means(part) for part in (self._held, np.square(self._held), self._held * self._target)]
        )

    def reweigh(self, factor: float) -> None:
        """Let this distance count more or less."""
        self._weight, self._alone = self._weight * np.float32(factor), self._alone * np.float32(factor)

    def energy(self) -> float:
        """Weighted 1 - SSIM over all windows of the assignment taken up."""
        lost = _dissimilarity(self._mean, self._variance, *self._sums_held)
        return float(np.einsum("w,vw->", self._weight, lost, dtype=np.float64))

    def block(self, options: int) -> int:
        """Return how many cells to judge at a time, few enough for their arrays to stay in the cache."""
        views, _, samples = self._target.shape
        floats = views * max(options, samples) * self._windows.side**2
        return max(1, int(_FLOATS // floats))

    def costs(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Weighted 1 - SSIM of the windows around cells for their options, nothing else moving.

        Args:
            cells: Cell numbers, (n,).
            current: Their choices now, (n,).
            options: Choices to try, (n, K).
        Returns:
            Costs, float32, (n, K); differences between options of one cell are exact differences of energy.
        """
        places = self._place(cells)
        windows = self._windows.around(places)
        spread = self._windows.spread * self._windows.inverse[windows][:, None]  # (n, samples, windows)
        target, held = self._target[:, places], self._held[:, places]
        crossed = spread * target[..., None]
        offered = self._offered(cells, current, options)
        without = self._sums_held[:, :, windows]
        without[0] -= (held[:, :, None] @ spread)[:, :, 0]
        without[1] -= (np.square(held)[:, :, None] @ spread)[:, :, 0]
        without[2] -= (held[:, :, None] @ crossed)[:, :, 0]
        mean, square, product = _given(offered, spread), _given(np.square(offered), spread), _given(offered, crossed)
        for sums, rest in zip((mean, square, product), without, strict=True):
            sums += rest[:, :, None]
        lost = _dissimilarity(
            self._mean[:, windows][:, :, None], self._variance[:, windows][:, :, None], mean, square, product
        )
        costs: NDArray[np.float32] = (lost @ self._weight[windows][..., None])[..., 0].sum(axis=0)
        return costs

    def alone(self, options: NDArray[np.integer]) -> NDArray[np.float32]:
        """Weighted 1 - SSIM of every cell by itself, under one flat window: what options cost, at a glance.

        Args:
            options: Choices to try, (cells, K).
        Returns:
            Costs, float32, (cells, K).
        """
        table, target = self._table, self._target
        moments = table.mean(axis=2), np.square(table).mean(axis=2)
        mean, variance = target.mean(axis=2, keepdims=True), target.var(axis=2, keepdims=True)
        share = target[..., None] / np.float32(target.shape[2])
        costs = np.empty(options.shape, np.float32)
        step = max(1, _FLOATS // (options.shape[1] * target.shape[0] * target.shape[2]))

        def fill(block: slice) -> None:
            tried = options[block]
            product = (table[:, tried] @ share[:, block])[..., 0]
            means, squares = (moment[:, tried] for moment in moments)
            lost = _dissimilarity(mean[:, block], variance[:, block], means, squares, product).sum(axis=0)
            costs[block] = lost * self._alone[block, None]

        share_out(fill, slices(len(options), step))
        return costs

    def spread(self, areas: Areas, current: NDArray[np.integer]) -> NDArray[np.float32]:
        """By how much areas laid over with one choice change the energy, each by itself, (n,); see `_laid`."""
        places, size, after = self._laid(areas, current)
        before, target = self._held[:, places], self._target[:, places]
        windows = self._windows.around(places[:, 0], size)
        inverse, old = self._windows.inverse[windows], self._sums_held[:, :, windows]
        new = []
        for sums, part in zip(old, _moved(before, after, target), strict=True):
            added = self._windows.fold(
                (part @ self._windows.spread).reshape(-1, places.shape[1], self._windows.side**2), size
            )
            new.append(sums + added.reshape(sums.shape) * inverse)
        mean, variance = self._mean[:, windows], self._variance[:, windows]
        lost = _dissimilarity(mean, variance, *new) - _dissimilarity(mean, variance, *old)
        changes: NDArray[np.float32] = np.einsum("nw,vnw->n", self._weight[windows], lost)
        return changes

    def change(self, cells: NDArray[np.integer], current: NDArray[np.integer], choices: NDArray[np.integer]) -> float:
        """By how much cells that move together, each (n,), change the energy; `make` then makes the move."""
        places, after = self._after(cells, current, choices)
        around = self._windows.around(places)
        spread = self._windows.spread * self._windows.inverse[around][:, None]
        before, target = self._held[:, places], self._target[:, places]
        windows, index = self._windows.distinct(around.ravel())
        old = self._sums_held[:, :, windows]
        new = old.copy()
        for sums, part in zip(new, _moved(before, after, target), strict=True):
            for view, added in zip(sums, _given(part[:, :, None], spread), strict=True):
                view += np.bincount(index, added.ravel(), len(windows)).astype(np.float32)
        mean, variance, weight = self._mean[:, windows], self._variance[:, windows], self._weight[windows]
        lost = _dissimilarity(mean, variance, *new) - _dissimilarity(mean, variance, *old)
        self._staged = _Staged(places, after, windows, new)
        return float(np.einsum("w,vw->", weight, lost, dtype=np.float64))

    def make(self) -> None:
        """Make the move that was judged last."""
        staged = self._staged
        assert staged is not None
        self._held[:, staged.places] = staged.held
        self._sums_held[:, :, staged.windows] = staged.sums
        self._made()


class CoarseScale(Scale):
    """SSIM where one sample is the average light of f x f cells, or of those that the grid still has there.

    Args:
        scene, weight: As for `Scale`.
        f: Cells along a sample.
    """

    def __init__(self, scene: Scene, f: int, weight: float) -> None:
        self._blocks = Blocks(scene.choices, scene.shape, f)
        matter = None if scene.importance is None else self._blocks.average(scene.importance[:, None])[:, 0]
        target = linear_to_luma(self._blocks.average(scene.cells.mean(axis=(1, 2))))[None, :, None]
        self._lay_out(target, self._blocks.shape, 1, weight * len(scene.cells) / target.shape[1], matter)

    def _place(self, cells: NDArray[np.integer]) -> NDArray[np.integer]:
        places: NDArray[np.integer] = self._blocks.of_cell[cells]
        return places

    def _samples(self, choices: NDArray[np.integer]) -> NDArray[np.float32]:
        self._blocks.reset(choices)
        return linear_to_luma(self._blocks.light)[None, :, None]

    def _offered(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        return linear_to_luma(self._blocks.offered(cells, current, options))[None, ..., None]

    def _after(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], choices: NDArray[np.integer]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        places, light = self._blocks.after(cells, current, choices)
        return places, linear_to_luma(light)[None, :, None]

    def _laid(
        self, areas: Areas, current: NDArray[np.integer]
    ) -> tuple[NDArray[np.int64], tuple[int, int], NDArray[np.float32]]:
        places, size, light = self._blocks.laid(areas, current)
        return places, size, linear_to_luma(light)[None, ..., None]

    def _made(self) -> None:
        self._blocks.make()


def _given(samples: NDArray[np.float32], spread: NDArray[np.float32]) -> NDArray[np.float32]:
    """What samples, (..., m, samples), give to windows, by (..., samples, windows); products of one are no matrices."""
    given: NDArray[np.float32] = samples * spread if samples.shape[-1] == 1 else samples @ spread
    return given


def _moved(
    before: NDArray[np.float32], after: NDArray[np.float32], target: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """By how much samples that change move y, y * y and x * y."""
    change = after - before
    return change, np.square(after) - np.square(before), change * target


def _dissimilarity(
    mean_x: NDArray[np.float32],
    variance_x: NDArray[np.float32],
    mean_y: NDArray[np.float32],
    square_y: NDArray[np.float32],
    product: NDArray[np.float32],
) -> NDArray[np.float32]:
    """1 - SSIM from weighted means under windows: of the target x its mean and variance, of the mosaic y, y * y, x * y.

    Shapes broadcast to that of `mean_y`.
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


def _views(light: NDArray[np.float32], views: Sequence[tuple[float, float, float]]) -> NDArray[np.float32]:
    """Weighted sums of sRGB values in [0, 1], (N, k, k, 3) to (views, N, k * k)."""
    grey = np.array(views, np.float32) @ linear_to_srgb(light).reshape(-1, 3).T
    return np.ascontiguousarray(grey).reshape(len(views), len(light), -1)
