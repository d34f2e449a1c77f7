"""Shifts of tile colours towards the colours of cells, for `--adjust`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.features.colour import to_linear
from perceptual_photomosaic.features.patches import reduce_patches
from perceptual_photomosaic.threads import slices

__all__ = ["shifts_towards"]

_LEVELS = np.arange(256.0)
_LINEAR = to_linear(np.arange(256, dtype=np.uint8)).astype(np.float64)
_SAMPLES = 4
_HALVINGS = 16  # 510 / 2^16 is less than a hundredth of a level
_BLOCK = 4096


def shifts_towards(
    cells: NDArray[np.float32], choices: NDArray[np.float32], chosen: NDArray[np.integer], amount: float
) -> NDArray[np.float32]:
    """Return the shift of each tile's sRGB values that moves its mean colour towards that of its cell.

    For each channel, the full shift (amount 1) is the constant that gives the tile, clipped to the range of sRGB, the
    mean of the cell in linear light. `amount` scales it. Tiles keep their structure except where they are clipped.

    Args:
        cells: Linear light, (cells, k, k, 3).
        choices: Linear light, (choices, k, k, 3).
        chosen: The choice in each cell, (cells,).
        amount: 0 (no shift) to 1 (the mean of the cell).
    Returns:
        sRGB values in [-255, 255], float32, (cells, 3), rounded to hundredths, as in plans.
    """
    result = np.empty((len(cells), 3))
    for block in slices(len(cells), _BLOCK):
        wanted = cells[block].mean(axis=(1, 2), dtype=np.float64)
        samples = reduce_patches(choices[chosen[block]], _SAMPLES).reshape(-1, _SAMPLES**2, 3)
        tile = np.interp(samples, _LINEAR, _LEVELS)
        low, high = np.full(wanted.shape, -255.0), np.full(wanted.shape, 255.0)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            dark = np.interp(tile + middle[:, None], _LEVELS, _LINEAR).mean(axis=1) < wanted
            low, high = np.where(dark, middle, low), np.where(dark, high, middle)
        result[block] = (low + high) / 2
    return np.round(amount * result, 2).astype(np.float32)
