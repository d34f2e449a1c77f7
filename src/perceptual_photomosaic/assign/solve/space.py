"""The space in which the solver measures colour errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.features.colour import linear_to_din99d

__all__ = ["LIGHTNESS", "perceived"]

LIGHTNESS = 2.25
"""How much more errors of lightness count than in DIN99d: shapes are read from lightness (tuned on held-out photos)."""


def perceived(linear: NDArray[np.floating]) -> NDArray[np.float32]:
    """Turn linear light, (..., 3), into DIN99d with stretched lightness, float32, (..., 3)."""
    space = linear_to_din99d(linear)
    space[..., 0] *= np.float32(LIGHTNESS)
    return space
