"""The space in which the solver measures colour errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.features.colour import linear_to_din99d

__all__ = ["LIGHTNESS", "perceived"]

LIGHTNESS = 1.1
"""How much more errors of lightness count inside cells than in DIN99d (tuned on held-out photos)."""


def perceived(linear: NDArray[np.floating], lightness: float = LIGHTNESS) -> NDArray[np.float32]:
    """Turn linear light, (..., 3), into DIN99d with lightness stretched or shrunk, float32, (..., 3)."""
    space = linear_to_din99d(linear)
    space[..., 0] *= np.float32(lightness)
    return space
