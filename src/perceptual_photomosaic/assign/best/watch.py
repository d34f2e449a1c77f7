"""A picture of the best mosaic so far, for those who watch it grow."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic.features.colour import from_linear
from perceptual_photomosaic.render.formats import replacing

__all__ = ["Preview"]

EVERY_S = 4.0


class Preview:
    """A PNG that is rewritten every few seconds, always whole.

    Args:
        path: Where to write it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._next = 0.0

    def due(self) -> bool:
        """Whether it is time to write again."""
        return time.monotonic() >= self._next

    def write(self, light: NDArray[np.float32]) -> None:
        """Write a picture, linear light, (H, W, 3)."""
        with replacing(self.path) as part:
            Image.fromarray(from_linear(light)).save(part, format="PNG")
        self._next = time.monotonic() + EVERY_S
