"""The windows of SSIM over the samples of cells, and the weights of samples in them.

Windows are Gaussian (sigma 1.5 samples, cut off at two sigmas, at most at every second sample). All windows with their
centre in the picture count, also along its border. Without those at the border, which the evaluation leaves out, stray
marks appear in the outermost cells. Windows extend over the edges of cells, so cells share them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Windows"]

_SIGMA, _REACH = 1.5, 3
"""Standard deviation and radius of a window, in samples."""


class Windows:
    """Windows over a grid of places with k x k samples each, numbered row by row.

    Args:
        shape: (rows, columns) of places.
        k: Samples along each side of a place.

    Attributes:
        side: Windows along each side that contain samples of one place.
        window_kernel: Weight of each sample of a place in the windows around it, (k * k, side * side).
        inverse: 1 over the sum of all weights in each window, (windows,); above 1 if it extends over the border.
        inside: Windows that count, bool, (windows,).
    """

    def __init__(self, shape: tuple[int, int], k: int) -> None:
        step = 2 if k > 1 else 1
        self._shape, self._stride = shape, k // step
        centres = np.arange(-_REACH + _REACH % step, k + _REACH, step)
        self.side = len(centres)
        line = np.exp(-0.5 * ((centres[:, None] - np.arange(k)) / _SIGMA) ** 2)
        line *= np.abs(centres[:, None] - np.arange(k)) <= _REACH
        taps = np.exp(-0.5 * (np.arange(-_REACH, _REACH + 1) / _SIGMA) ** 2)
        line /= taps.sum()
        self.window_kernel = np.einsum("ai,bj->ijab", line, line).reshape(k * k, -1).astype(np.float32)
        self._columns = self._span(shape[1])
        down, right = (self._clear(count * k, axis, int(centres[0]), step) for axis, count in enumerate(shape))
        self.inside = (down[:, None] & right[None, :]).ravel()
        cells = shape[0] * shape[1]
        whole = self._fold(np.broadcast_to(self.window_kernel.sum(axis=0), (cells, self.side**2)))
        self.inverse = (1 / np.maximum(whole, np.float32(1e-6))).astype(np.float32)
        self._number = np.empty(self.inside.size, np.int64)

    def _clear(self, samples: int, axis: int, first: int, step: int) -> NDArray[np.bool_]:
        """Mark the windows of a line that have their centre in the picture, bool."""
        centres = first + step * np.arange(self._span(self._shape[axis]))
        return (centres >= 0) & (centres < samples)

    def means(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return weighted means of samples, (places, k * k), in every window, (windows,)."""
        means: NDArray[np.float32] = self._fold(samples @ self.window_kernel) * self.inverse
        return means

    def _span(self, places: int) -> int:
        """Return the number of windows in a line of some places."""
        return (places - 1) * self._stride + self.side

    def _fold(self, parts: NDArray[np.float32]) -> NDArray[np.float32]:
        """Add up the parts of places in the windows around them, (places, windows per place) to (windows,)."""
        rows, columns = self._shape
        side, stride = self.side, self._stride
        total = np.zeros((self._span(rows), self._span(columns)), np.float32)
        blocks = parts.reshape(rows, columns, side, side)
        for down in range(side):
            for right in range(side):
                there = slice(down, down + (rows - 1) * stride + 1, stride)
                total[there, right : right + (columns - 1) * stride + 1 : stride] += blocks[..., down, right]
        return total.ravel()

    def around(self, places: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return the windows around places, (n,): (n, windows per place)."""
        row, column = np.divmod(places, self._shape[1])
        first = row * (self._stride * self._columns) + column * self._stride
        block = (np.arange(self.side)[:, None] * self._columns + np.arange(self.side)).ravel()
        return np.asarray(first[:, None] + block, np.int64)

    def distinct(self, windows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the distinct windows, in order, and the index of each one among them: `np.unique` without sorting."""
        seen = np.zeros(len(self._number), bool)
        seen[windows] = True
        distinct = np.flatnonzero(seen)
        self._number[distinct] = np.arange(len(distinct))
        return distinct, self._number[windows]
