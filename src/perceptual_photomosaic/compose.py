"""Mosaics in memory: tiles laid out as one array. `render` writes large mosaics without this module."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["hard_mosaic"]


def hard_mosaic(pictures: NDArray[np.uint8], choices: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Lay out one picture per cell.

    Args:
        pictures: (choices, h, w, C).
        choices: The number of the picture in each cell, (rows, columns).
    Returns:
        The hard mosaic, (rows * h, columns * w, C).
    """
    rows, columns = choices.shape
    _, height, width, channels = pictures.shape
    mosaic: NDArray[np.uint8] = pictures[choices].swapaxes(1, 2).reshape(rows * height, columns * width, channels)
    return mosaic
