"""What a choice costs inside its own cell, whatever its neighbours are.

Three terms, all on averages of linear light (`docs/solver.md` derives them):

    colour_k    mean over the k x k samples of the DIN99d distance, k = 8, 4, 2, 1. A distance, not its square: it
                follows the mean CIEDE2000 that people report, and one bad corner does not rule a tile out
    structure   1 - SSIM of luma, mean over 16 Gaussian windows (sigma 1.5 samples) inside the cell
    calm        squared error of the mean luma over the local variance of the target, saturating: flat areas stay flat

Costs are worked out for a short list of choices per cell, a block of cells at a time, on two threads.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from os import cpu_count

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.solve.space import perceived
from perceptual_photomosaic.assign.solve.weights import EnergyWeights
from perceptual_photomosaic.features.colour import linear_to_luma
from perceptual_photomosaic.features.patches import PATCH, reduce_patches

__all__ = ["NearCosts"]

_C1, _C2 = 0.01**2, 0.03**2
_SIGMA = 1.5
_PAIRS = 8192
_FLAT_LIMIT = 2.0


class NearCosts:
    """Costs of choices inside cells.

    Args:
        cells: Linear light, (cells, 8, 8, 3).
        choices: Linear light, (choices, 8, 8, 3).
        shape: (rows, columns) of the grid.
        weights: How much each term counts.
        importance: How much each cell counts, (cells,); None means all alike.
    """

    def __init__(
        self,
        cells: NDArray[np.float32],
        choices: NDArray[np.float32],
        shape: tuple[int, int],
        weights: EnergyWeights,
        importance: NDArray[np.float32] | None = None,
    ) -> None:
        self._importance = importance
        self._structure, self._calm = np.float32(weights.structure), np.float32(weights.calm)
        scales = {8: weights.colour8, 4: weights.colour4, 2: weights.colour2, 1: weights.colour1}
        self._cell_colours = [_planes(cells, k, weight) for k, weight in scales.items() if weight > 0]
        self._choice_colours = [_planes(choices, k, weight) for k, weight in scales.items() if weight > 0]
        self._cell_luma, self._choice_luma = (linear_to_luma(p).reshape(len(p), -1) for p in (cells, choices))
        self._windows = _windows()
        self._cell_stats, self._choice_stats = (
            _stats(self._cell_luma, self._windows),
            _stats(self._choice_luma, self._windows),
        )
        self._cell_mean = linear_to_luma(cells.mean(axis=(1, 2)))
        self._choice_mean = linear_to_luma(choices.mean(axis=(1, 2)))
        self._flatness = _flatness(self._cell_mean.reshape(shape)).ravel()

    def of(self, cells: NDArray[np.integer], choices: NDArray[np.integer]) -> NDArray[np.float32]:
        """Costs of lists of choices.

        Args:
            cells: Cell numbers, (n,).
            choices: Choice numbers for each of them, (n, K).
        Returns:
            Costs, float32, (n, K).
        """
        result = np.empty(choices.shape, np.float32)
        step = max(1, _PAIRS // max(1, choices.shape[1]))

        def fill(start: int) -> None:
            block = slice(start, min(start + step, len(cells)))
            result[block] = self._block(cells[block], choices[block])

        with ThreadPoolExecutor(min(4, cpu_count() or 1)) as pool:
            list(pool.map(fill, range(0, len(cells), step)))
        return result

    def _block(self, cells: NDArray[np.integer], choices: NDArray[np.integer]) -> NDArray[np.float32]:
        costs = np.zeros(choices.shape, np.float32)
        for mine, theirs in zip(self._cell_colours, self._choice_colours, strict=True):
            difference = theirs[choices]  # (n, K, 3, samples)
            difference -= mine[cells][:, None]
            np.square(difference, out=difference)
            distance = difference.sum(axis=2)
            costs += np.sqrt(distance, out=distance).sum(axis=2)
        if self._structure > 0:
            costs += self._structure * self._dissimilarity(cells, choices)
        if self._calm > 0:
            error = np.square(self._choice_mean[choices] - self._cell_mean[cells, None]) * self._flatness[cells, None]
            costs += self._calm * error / (1 + error / np.float32(_FLAT_LIMIT))
        if self._importance is not None:
            costs *= self._importance[cells, None]
        return costs

    def _dissimilarity(self, cells: NDArray[np.integer], choices: NDArray[np.integer]) -> NDArray[np.float32]:
        """1 - SSIM, mean over the windows, (n, K)."""
        weighted = self._cell_luma[cells][:, None] * self._windows  # (n, windows, samples)
        together = weighted @ self._choice_luma[choices].swapaxes(1, 2)  # (n, windows, K)
        mean_x, var_x = (part[cells][..., None] for part in self._cell_stats)
        mean_y, var_y = (part[choices].swapaxes(1, 2) for part in self._choice_stats)
        product = mean_x * mean_y
        together -= product
        similarity = (2 * together + _C2) / (var_x + var_y + _C2)
        similarity *= (2 * product + _C1) / (mean_x**2 + mean_y**2 + _C1)
        dissimilarity: NDArray[np.float32] = 1 - similarity.mean(axis=1)
        return dissimilarity


def _planes(patches: NDArray[np.float32], k: int, weight: float) -> NDArray[np.float32]:
    """DIN99d planes at k x k samples, (N, 3, k * k), scaled so that the sum of distances is weight * their mean."""
    din = perceived(patches if k == patches.shape[1] else reduce_patches(patches, k))
    return np.ascontiguousarray(din.reshape(len(din), k * k, 3).swapaxes(1, 2)) * np.float32(weight / (k * k))


def _windows() -> NDArray[np.float32]:
    """Gaussian windows centred between every second pair of samples, cut at the cell's edge, (windows, samples)."""
    sample, centre = np.arange(PATCH), np.arange(0, PATCH, 2) + 0.5
    line = np.exp(-0.5 * ((centre[:, None] - sample) / _SIGMA) ** 2)
    line /= line.sum(axis=1, keepdims=True)
    squares = np.einsum("ai,bj->abij", line, line).reshape(len(centre) ** 2, PATCH**2)
    return np.asarray(squares, dtype=np.float32)


def _stats(luma: NDArray[np.float32], windows: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and variance of luma in every window, each (N, windows)."""
    mean = luma @ windows.T
    return mean, np.maximum(np.square(luma) @ windows.T - np.square(mean), 0)


def _flatness(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """One over the local variance of a picture with one sample a cell, as SSIM weighs errors there, (rows, columns)."""
    mean = _blur(luma)
    variance = np.maximum(_blur(np.square(luma)) - np.square(mean), 0)
    return _blur((1 / (2 * variance + np.float32(_C2))).astype(np.float32))


def _blur(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Gaussian of sigma 1.5 with mirrored edges, along both axes."""
    reach = 5
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / _SIGMA) ** 2)
    taps /= taps.sum()
    for axis in (0, 1):
        width = [(0, 0), (0, 0)]
        width[axis] = (reach, reach)
        padded = np.pad(picture, width, mode="symmetric")
        length = picture.shape[axis]
        picture = sum(np.float32(tap) * padded.take(range(i, i + length), axis=axis) for i, tap in enumerate(taps))  # type: ignore[assignment]
    return picture
