"""The change of tiles by a tool: the distance between the colours of tiles in its mosaic and in their files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic.evaluate.views import area_average
from perceptual_photomosaic.features.colour import ciede2000, linear_to_lab

__all__ = ["TileFiles"]

_SAMPLES = 8
"""Samples a cell, each way, by which the tile in it is recognised."""


class TileFiles:
    """The tiles of a folder, as their files have them.

    Args:
        folder: Square pictures of the size of a cell, which no tool must crop or shrink.
        edge: That size in px.
    Raises:
        ValueError: A picture has another size.
        PIL.UnidentifiedImageError: A file is no picture.
    """

    def __init__(self, folder: Path, edge: int) -> None:
        looks = []
        for path in sorted(folder.iterdir()):
            with Image.open(path) as picture:
                if picture.size != (edge, edge):
                    raise ValueError(f"{path} has {picture.width} x {picture.height} px, not {edge} x {edge}.")
                looks.append(area_average(np.asarray(picture.convert("RGB")), (_SAMPLES, _SAMPLES)))
        self._looks = np.stack(looks)  # linear light, (tiles, 8, 8, 3)

    def off_by(self, mosaic: NDArray[np.uint8], grid_shape: tuple[int, int]) -> float:
        """Return the error of the colours of tiles in a mosaic: CIEDE2000 of mean linear light, mean over cells.

        The tile of a cell is the most similar one, by 8 x 8 samples of both.

        Args:
            mosaic: sRGB, (H, W, 3) uint8.
            grid_shape: (rows, columns).
        """
        rows, columns = grid_shape
        light = area_average(mosaic, (rows * _SAMPLES, columns * _SAMPLES))
        cells = light.reshape(rows, _SAMPLES, columns, _SAMPLES, 3).swapaxes(1, 2).reshape(-1, *self._looks.shape[1:])
        one, other = (np.sqrt(looks).reshape(len(looks), -1) for looks in (cells, self._looks))
        nearest = ((other**2).sum(axis=1) - 2 * one @ other.T).argmin(axis=1)
        means = (linear_to_lab(looks.mean(axis=(1, 2))) for looks in (cells, self._looks[nearest]))
        return float(ciede2000(*means).mean())
