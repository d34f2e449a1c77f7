"""Prediction on pictures of any size, in overlapping windows. The result is the same as without windows.

The result in one cell depends on other cells in two ways:

* VGG16 and conv7 read pixels around the cell, up to a known number of cells away. So each window is computed with a
  halo of that many cells around it, which is then removed. There is no halo at the border of the picture, where the
  padding is the same as without windows.
* The layer norms need the mean and the variance of a layer over all cells before they can be applied. The first pass
  over the windows sums them for conv6, and the second for conv7, in float64 (Chan, Golub and LeVeque, 1983).

The norm of conv7 does not change the argmax, so two passes are enough to choose tiles. Features of the encoder are kept
between the passes if they are small, and computed again otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from perceptual_photomosaic.errors import GridError
from perceptual_photomosaic.models.mosaicnet import MosaicNet, hard_compose
from perceptual_photomosaic.progress import SILENT, Reporter

__all__ = ["fit_target", "hard_mosaic", "predict_assignment", "predict_logits"]

_HALO = 6  # cells around a cell that VGG16 reads, at most; tests compare with a prediction without windows
_KEEP_BYTES = 256 << 20


@dataclass(frozen=True)
class _Window:
    """A block of cells: rows `top` .. `bottom`, columns `left` .. `right`."""

    top: int
    bottom: int
    left: int
    right: int

    def grown(self, by: int, shape: tuple[int, int]) -> _Window:
        """Return the window with `by` more cells on each side, but not beyond the grid of `shape`."""
        return _Window(
            max(self.top - by, 0),
            min(self.bottom + by, shape[0]),
            max(self.left - by, 0),
            min(self.right + by, shape[1]),
        )

    def inside(self, x: Tensor, outer: _Window) -> Tensor:
        """Return the part of x that belongs to this window; x has the cells of `outer`, (B, C, rows, cols)."""
        top, left = self.top - outer.top, self.left - outer.left
        return x[:, :, top : top + self.bottom - self.top, left : left + self.right - self.left]


class _Moments:
    """The mean and the variance of all values added, in float64."""

    def __init__(self) -> None:
        self.count, self.mean, self.squares = 0, 0.0, 0.0

    def add(self, x: Tensor) -> None:
        variance, mean = torch.var_mean(x.double(), correction=0)
        count, apart = x.numel(), float(mean) - self.mean
        total = self.count + count
        self.squares += float(variance) * count + apart * apart * self.count * count / total
        self.mean += apart * count / total
        self.count = total

    def normalise(self, x: Tensor, epsilon: float) -> Tensor:
        return (x - self.mean) / math.sqrt(self.squares / self.count + epsilon)


class _Prediction:
    """The prediction of one picture, window by window."""

    def __init__(self, net: MosaicNet, target: NDArray[np.uint8], window: int) -> None:
        self.net = net
        self.target = target
        self.shape = net.grid_shape(*target.shape[:2])
        rows, columns = self.shape
        self.windows = [
            _Window(top, min(top + window, rows), left, min(left + window, columns))
            for top in range(0, rows, window)
            for left in range(0, columns, window)
        ]
        small = rows * columns * net.config.in_channels * 4 <= _KEEP_BYTES
        self._kept: dict[_Window, Tensor] | None = {} if small else None
        self.conv6, self.conv7 = _Moments(), _Moments()
        self._values = rows * columns * net.config.num_templates

    def measure(self) -> None:
        """Run the first pass: sum the mean and the variance of conv6."""
        for window in self.windows:
            self.conv6.add(self.net.decoder.conv6(window.inside(self._features(window), self._ring(window))))

    def raw_logits(self) -> Iterator[tuple[_Window, Tensor]]:
        """Run the second pass: yield conv7 of each window before its norm, (1, T, rows, cols), and sum its moments."""
        for window in self.windows:
            ring = self._ring(window)
            hidden = self.conv6.normalise(self.net.decoder.conv6(self._features(window)), self.net.config.norm_epsilon)
            logits = window.inside(self.net.decoder.conv7(hidden.relu_()), ring)
            if self.conv7.count < self._values:  # a third pass adds nothing
                self.conv7.add(logits)
            yield window, logits

    def _ring(self, window: _Window) -> _Window:
        """Return the window with the cells around it that conv7 reads."""
        return window.grown(1, self.shape)

    def _features(self, window: _Window) -> Tensor:
        """Return the decoder's input for the ring of a window, float32, (1, C, rows, cols)."""
        if self._kept is not None and window in self._kept:
            return self._kept[window]
        cell, ring = self.net.config.cell, self._ring(window)
        seen = ring.grown(_HALO, self.shape)
        pixels = self.target[seen.top * cell : seen.bottom * cell, seen.left * cell : seen.right * cell]
        images = torch.from_numpy(pixels.copy()).to(self.net.templates.device)
        features = ring.inside(self.net.encode(images.permute(2, 0, 1)[None].float()), seen)
        if self._kept is not None:
            self._kept[window] = features.clone()
        return features


def fit_target(net: MosaicNet, target: NDArray[np.uint8], grid_shape: tuple[int, int] | None) -> NDArray[np.uint8]:
    """Resize or pad a target, so that each cell of the grid has the size of the network's cells.

    Args:
        net: The network.
        target: sRGB, uint8, (H, W, 3).
        grid_shape: Rows and columns of the grid. None takes a cell for every `net.config.cell` pixels, and fills up
            the last cells by repeating the last row and column of pixels.
    Returns:
        sRGB, uint8, (rows * cell, cols * cell, 3).
    Raises:
        GridError: The target is no uint8 RGB picture, or the grid has no cell.
    """
    if target.ndim != 3 or target.shape[2] != 3 or target.dtype != np.uint8 or 0 in target.shape:
        raise GridError(f"the network takes uint8 (height, width, 3) pictures, not {target.dtype} {target.shape}")
    cell = net.config.cell
    if grid_shape is None:
        rows, columns = net.grid_shape(*target.shape[:2])
        down, right = rows * cell - target.shape[0], columns * cell - target.shape[1]
        return np.pad(target, ((0, down), (0, right), (0, 0)), "edge") if down or right else target
    rows, columns = grid_shape
    if rows < 1 or columns < 1:
        raise GridError(f"a grid has at least one row and one column, not {rows} x {columns}")
    if target.shape[:2] == (rows * cell, columns * cell):
        return target
    size_px = (columns * cell, rows * cell)
    return np.asarray(Image.fromarray(target).resize(size_px, Image.Resampling.LANCZOS, reducing_gap=3.0))


@torch.inference_mode()
def predict_logits(
    net: MosaicNet, target: NDArray[np.uint8], grid_shape: tuple[int, int] | None = None, *, window: int = 64
) -> NDArray[np.float32]:
    """Return the logits of every template in every cell.

    Args:
        net: The network.
        target: sRGB, uint8, (H, W, 3).
        grid_shape: Rows and columns of the grid; see `fit_target`.
        window: The side of a window in cells; it changes memory and speed, not the result.
    Returns:
        Logits after the last norm, float32, (rows, cols, T): rows * cols * T * 4 bytes.
    """
    prediction = _Prediction(net, fit_target(net, target, grid_shape), window)
    logits = np.empty((*prediction.shape, net.config.num_templates), np.float32)
    prediction.measure()
    for part, raw in prediction.raw_logits():
        logits[part.top : part.bottom, part.left : part.right] = raw[0].permute(1, 2, 0).cpu().numpy()
    for row in logits:
        row -= prediction.conv7.mean
        row /= math.sqrt(prediction.conv7.squares / prediction.conv7.count + net.config.norm_epsilon)
    return logits


@torch.inference_mode()
def predict_assignment(
    net: MosaicNet,
    target: NDArray[np.uint8],
    grid_shape: tuple[int, int] | None = None,
    *,
    window: int = 64,
    reporter: Reporter = SILENT,
) -> NDArray[np.int64]:
    """Return the template with the highest coefficient in every cell.

    Takes the arguments of `predict_logits`. Memory holds the logits of only one window at a time.

    Returns:
        Template numbers, int64, (rows, cols).
    """
    prediction = _Prediction(net, fit_target(net, target, grid_shape), window)
    chosen = np.empty(prediction.shape, np.int64)
    with reporter.stage("looking at the target", 2 * len(prediction.windows), "window") as stage:
        prediction.measure()
        stage.advance(len(prediction.windows))
        for part, raw in prediction.raw_logits():
            chosen[part.top : part.bottom, part.left : part.right] = raw[0].argmax(0).cpu().numpy()
            stage.advance()
    return chosen


def hard_mosaic(net: MosaicNet, assignment: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the hard mosaic of an assignment, drawn with the network's templates, uint8, (rows * h, cols * w, 3)."""
    mosaic = hard_compose(torch.from_numpy(assignment)[None], net.templates.cpu().byte())
    return mosaic[0].permute(1, 2, 0).numpy()
