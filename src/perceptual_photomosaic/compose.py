"""Mosaics in memory: tiles laid out as one array. `render` writes large mosaics without this module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from perceptual_photomosaic.features.ink import Ink

__all__ = ["colour_characters", "hard_mosaic"]


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


def colour_characters(
    mosaic: NDArray[np.uint8], ink: Ink, shape: tuple[int, int], drawn: tuple[Sequence[int], Sequence[int]]
) -> None:
    """Colour the characters of a mosaic, in place.

    Args:
        mosaic: The hard mosaic as its tiles are drawn, sRGB, (rows * h, columns * w, 3).
        ink: The colours of the cells.
        shape: (rows, columns).
        drawn: The colours that the characters and their paper are drawn in, (3,) each.
    """
    rows, columns = shape
    height, width = mosaic.shape[0] // rows, mosaic.shape[1] // columns
    for row in range(rows):
        band = mosaic[row * height : (row + 1) * height].reshape(height, columns, width, 3)
        ink.lay(band, row, slice(None), *drawn)
