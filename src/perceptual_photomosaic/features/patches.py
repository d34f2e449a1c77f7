"""Patches: cells and tiles at k x k samples, averaged in linear light.

Cells and tiles are compared at a small, fixed number of samples, which does not depend on the size of the tiles in the
mosaic.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic.features.colour import to_linear
from perceptual_photomosaic.grid import Grid
from perceptual_photomosaic.threads import slices

__all__ = ["PATCH", "blurred", "cell_patches", "fit_target", "framed", "reduce_patches", "tile_patches"]

PATCH = 8
"""Samples along each side of a patch."""

_BLUR = 0.13
"""Standard deviation of the blur for narrow tiles, such as letters, in sides of a cell."""
_BLOCK = 4096


def _resize_linear(
    srgb: NDArray[np.uint8], size_px: tuple[int, int], box: tuple[float, float, float, float] | None = None
) -> NDArray[np.float32]:
    """Resize a `box` of a picture to `size_px` in linear light, one channel at a time to limit memory."""
    enlarging = box is not None and (box[2] - box[0] < size_px[0] or box[3] - box[1] < size_px[1])
    resample = Image.Resampling.BILINEAR if enlarging else Image.Resampling.BOX
    channels = [
        np.asarray(Image.fromarray(to_linear(srgb[..., channel])).resize(size_px, resample, box=box))
        for channel in range(3)
    ]
    return np.stack(channels, axis=-1)


def fit_target(
    target: NDArray[np.uint8], grid: Grid, size_px: tuple[int, int], background: tuple[int, int, int] = (255, 255, 255)
) -> NDArray[np.float32]:
    """Crop, pad or stretch the target to the area of the grid, and scale it.

    Args:
        target: sRGB, uint8, (H, W, 3).
        grid: The grid over the target.
        size_px: (width, height) of the result.
        background: sRGB colour around the target (fit="pad").
    Returns:
        Linear light in [0, 1], float32, (height, width, 3).
    """
    left, top, right, bottom = grid.target_box
    height, width = target.shape[:2]
    margin = max(0.0, -left, -top, right - width, bottom - height)
    if margin > 1e-6:
        border = int(np.ceil(margin)) + 1
        padded = framed(target, border, background)
        return _resize_linear(padded, size_px, (left + border, top + border, right + border, bottom + border))
    box = (max(left, 0.0), max(top, 0.0), min(right, float(width)), min(bottom, float(height)))
    return _resize_linear(target, size_px, box)


def framed(target: NDArray[np.uint8], border: int, colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Add a frame of one sRGB colour, `border` pixels wide on every side, around a picture, (H, W, 3)."""
    height, width = target.shape[:2]
    wider = np.empty((height + 2 * border, width + 2 * border, 3), np.uint8)
    wider[:] = colour
    wider[border : border + height, border : border + width] = target
    return wider


def cell_patches(fitted: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """Split a fitted target, (rows * k, columns * k, 3), into cells, (cells, k, k, 3), row by row."""
    rows, columns = grid.shape
    k_rows, k_columns = fitted.shape[0] // rows, fitted.shape[1] // columns
    cells = fitted.reshape(rows, k_rows, columns, k_columns, 3).swapaxes(1, 2)
    return np.ascontiguousarray(cells).reshape(grid.num_cells, k_rows, k_columns, 3)


def reduce_patches(patches: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """Area-average patches (N, K, K', 3) in linear light to (N, k, k, 3); k need not divide K."""
    return np.asarray(
        _averages(patches.shape[2], k)
        @ (_averages(patches.shape[1], k) @ patches.reshape(len(patches), patches.shape[1], -1)).reshape(
            len(patches), k, patches.shape[2], 3
        ),
        dtype=np.float32,
    )


def blurred(patches: NDArray[np.float32], cell_aspect: tuple[int, int] = (1, 1)) -> NDArray[np.float32]:
    """Blur each patch separately, as an eye blurs the strokes of a letter.

    The blur is a Gaussian that is as wide as high in the mosaic: its standard deviation is 0.13 of the side of a square
    cell, or of the square root of width times height. Samples outside a patch are those of its edge.

    Args:
        patches: Patches in linear light, (N, k, k, 3).
        cell_aspect: Width to height of a cell.
    Returns:
        Blurred patches, float32, (N, k, k, 3).
    """
    k = patches.shape[1]
    width, height = cell_aspect
    down, right = _line(k, _BLUR * k * (width / height) ** 0.5), _line(k, _BLUR * k * (height / width) ** 0.5)
    return np.asarray(np.einsum("nijc,ia,jb->nabc", patches, down, right, optimize=True), np.float32)


def _line(k: int, sigma: float) -> NDArray[np.float64]:
    """Return the weights of k samples in a line for each blurred one, (k, k): a Gaussian of `sigma` samples."""
    apart = np.arange(-k, 2 * k)[:, None] - np.arange(k)
    weights = np.exp(-0.5 * np.square(apart / sigma))
    weights /= weights.sum(axis=0)
    line = np.zeros((k, k))
    np.add.at(line, np.clip(np.arange(-k, 2 * k), 0, k - 1), weights)
    return line


def tile_patches(pictures: NDArray[np.uint8], k: int = PATCH) -> NDArray[np.float32]:
    """Reduce pictures to k x k samples each.

    Args:
        pictures: sRGB, uint8, (N, h, w, 3).
        k: Samples along each side.
    Returns:
        Linear light in [0, 1], float32, (N, k, k, 3). Pictures are processed in blocks to limit memory.
    """
    result = np.empty((len(pictures), k, k, 3), np.float32)
    for block in slices(len(pictures), _BLOCK):
        result[block] = reduce_patches(to_linear(pictures[block]), k)
    return result


def _averages(length: int, k: int) -> NDArray[np.float32]:
    """Return the matrix, (k, length), that averages `length` samples over k equal parts, with fractions of samples."""
    edges = np.linspace(0.0, length, k + 1)
    low, high = edges[:-1, None], edges[1:, None]
    sample = np.arange(length)[None]
    overlap = np.clip(np.minimum(high, sample + 1) - np.maximum(low, sample), 0.0, None)
    weights: NDArray[np.float32] = (overlap * (k / length)).astype(np.float32)
    return weights
