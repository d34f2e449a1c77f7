"""Halftone: the error of colour after a blur, so that neighbours can correct the error of a cell.

The light of the mosaic and of the target is blurred by a Gaussian, in windows that overlap, and the difference is
measured in DIN99d:

    sum over windows w of  | J_w  sum_c h(w, c) (light of the tile in c - light of the target in c) |

h is the Gaussian; its sum is 1 in every window, also at the border. J_w is the derivative of DIN99d at the target's
light in the window, with 2% of white added as glare; without it, black areas would dominate. This is the error of
direct binary search, a method of halftoning (Analoui and Allebach 1992, "Model-based halftoning using direct binary
search"), but with a distance in place of its square. If tiles cannot reach a colour, the square would change neighbours
too, which cannot help. The finer a pattern of cells, the less it costs: a chequerboard costs less than stripes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.features.colour import DIN99D_AS_CIEDE2000, linear_to_din99d

__all__ = ["Halftone"]

_CUT = 2.0
"""Standard deviations from the centre at which the Gaussian is cut off."""
_GLARE = 0.02
_FLOATS = 1 << 17
"""Largest number of values in one job, so that they stay in the processor's cache."""


class Halftone:
    """The halftone term: the mean distance of blurred colours over windows, times the number of cells.

    Args:
        problem: The cells, the choices and the limits.
        weight: The weight of the term.
        sigma: Standard deviation of the blur, in cells.
    """

    def __init__(self, problem: Problem, weight: float, sigma: float) -> None:
        self._channels = channels = problem.channels
        self._means, wanted = (traits.means[:, :channels] for traits in (problem.choice_traits, problem.cell_traits))
        shape = problem.grid.shape
        self._columns = shape[1]
        step = max(1, round(sigma))
        self._down, self._right = (_blur(count, sigma, step) for count in shape)
        (self._row, self._by_row), (self._column, self._by_column) = (
            _windows_of_cells(self._down),
            _windows_of_cells(self._right),
        )
        self._wanted = wanted
        light = self._blurred(wanted)
        slopes = _slopes(np.repeat(light, 3 // channels, axis=1) * np.float32(1 - _GLARE) + np.float32(_GLARE))
        if channels == 1:  # the derivative of lightness by grey light
            slopes = slopes[:, :1].sum(axis=2, keepdims=True)
        count = np.ones(len(wanted), np.float32) if problem.importance is None else problem.importance
        share = self._blurred(count[:, None])[:, 0] * np.float32(weight * len(wanted) / len(light))
        self._slopes = (slopes * share[:, None, None]).astype(np.float32)
        self._errors = np.zeros((len(light), channels), np.float32)
        self._staged: NDArray[np.float32] | None = None

    def _blurred(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Blur values of cells, (cells, channels), and return them at all windows, (windows, channels)."""
        grid = values.reshape(len(self._down), self._columns, -1)
        blurred = np.einsum("rw,rcn,cv->wvn", self._down, grid, self._right, optimize=True)
        result: NDArray[np.float32] = blurred.reshape(-1, grid.shape[2]).astype(np.float32)
        return result

    def _around(self, cells: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the windows that contain cells, (n,), and their Gaussian weights, (n, windows per cell) both."""
        row, column = np.divmod(cells, self._columns)
        windows = self._row[row][:, :, None] * self._right.shape[1] + self._column[column][:, None]
        share = self._by_row[row][:, :, None] * self._by_column[column][:, None]
        return windows.reshape(len(cells), -1), share.reshape(len(cells), -1)

    def _colour_errors(self, light: NDArray[np.float32]) -> NDArray[np.float32]:
        """Convert differences of light at all windows to weighted differences of colour, (windows, channels)."""
        seen: NDArray[np.float32] = np.einsum("wij,wj->wi", self._slopes, light)
        return seen

    def reset(self, choices: NDArray[np.int64]) -> None:
        """Set the current assignment, (cells,)."""
        self._errors = self._colour_errors(self._blurred(self._means[choices] - self._wanted))

    def rescale(self, factor: float) -> None:
        """Multiply the weight."""
        self._slopes, self._errors = self._slopes * np.float32(factor), self._errors * np.float32(factor)

    def energy(self) -> float:
        """Return the sum of weighted distances of the current assignment."""
        return float(_lengths(self._errors).sum(dtype=np.float64))

    def block(self, options: int) -> int:
        """Return the number of cells to evaluate at a time, small enough that their arrays stay in the cache."""
        return max(1, int(_FLOATS // (self._channels * options * self._row.shape[1] * self._column.shape[1])))

    def costs(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Return the weighted distances around cells, (n,), for each of their options alone, (n, K) both."""
        windows, share = self._around(cells)
        slopes = self._slopes[windows] * share[..., None, None]  # (n, W, channels, channels)
        change = self._means[options] - self._means[current][:, None]  # (n, K, channels)
        errors = change @ slopes.reshape(len(cells), -1, self._channels).swapaxes(1, 2)  # (n, K, W * channels)
        errors = errors.reshape(*options.shape, -1, self._channels)
        errors += self._errors[windows][:, None]
        costs: NDArray[np.float32] = _lengths(errors).sum(axis=2)
        return costs

    def change(self, cells: NDArray[np.integer], current: NDArray[np.integer], choices: NDArray[np.integer]) -> float:
        """Return the change of energy if cells, (n,), change together; `commit` then applies it."""
        windows, share = self._around(cells)
        moved = share[..., None] * (self._means[choices] - self._means[current])[:, None]
        flat = windows.ravel()
        light = [np.bincount(flat, moved[..., channel].ravel(), len(self._errors)) for channel in range(self._channels)]
        self._staged = self._errors + self._colour_errors(np.stack(light, axis=1).astype(np.float32))
        return float((_lengths(self._staged) - _lengths(self._errors)).sum(dtype=np.float64))

    def commit(self) -> None:
        """Apply the move that `change` evaluated last."""
        assert self._staged is not None
        self._errors = self._staged


def _blur(count: int, sigma: float, step: int) -> NDArray[np.float32]:
    """Return the Gaussian weights of cells in windows along one side, (cells, windows); each window has sum 1."""
    windows = max(1, -(-count // step))
    centres = (np.arange(windows) + 0.5) * count / windows - 0.5
    apart = np.arange(count)[:, None] - centres
    weights = np.exp(-np.square(apart) / (2 * sigma**2)) * (np.abs(apart) <= max(_CUT * sigma, 1))
    blur: NDArray[np.float32] = (weights / weights.sum(axis=0)).astype(np.float32)
    return blur


def _windows_of_cells(blur: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the windows that contain each cell and its weights in them, (cells, m) both; unused weights are 0."""
    most = int((blur > 0).sum(axis=1).max())
    order = np.argsort(blur == 0, axis=1, kind="stable")[:, :most]
    return order, np.take_along_axis(blur, order, axis=1)


def _slopes(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the derivatives of DIN99d, scaled to about CIEDE2000 / 100, by light: (n, 3) to (n, 3, 3)."""
    step = np.float32(0.01)
    here = [linear_to_din99d(light + sign * step / 2 * np.eye(3, dtype=np.float32)[:, None]) for sign in (1, -1)]
    slopes: NDArray[np.float32] = ((here[0] - here[1]) / step).transpose(1, 2, 0) * np.float32(DIN99D_AS_CIEDE2000)
    return slopes


def _lengths(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths: NDArray[np.float32] = np.sqrt(np.einsum("...c,...c->...", vectors, vectors))
    return lengths
