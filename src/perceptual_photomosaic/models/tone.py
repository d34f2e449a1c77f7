"""Fitting a target's tones to what tiles can show.

Black glyphs on white reach from light grey to white and no further: every tone below is shown by the same darkest
glyph. Mapped into that range, a picture keeps all its steps at a lower contrast, as in print.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["fit_tone", "tone_range"]


def tone_range(pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Darkest and lightest mean of tiles, leaving out one tile in a hundred at each end.

    Args:
        pictures: Tiles, uint8, (n, h, w, 3).
    Returns:
        sRGB levels 0..255 of red, green and blue, (2, 3): darkest, then lightest.
    """
    means = pictures.reshape(len(pictures), -1, 3).mean(1)
    bounds: NDArray[np.float64] = np.quantile(means, (0.01, 0.99), axis=0)
    return bounds


def fit_tone(target: NDArray[np.uint8], tones: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Map black and white of a target, (H, W, 3), to the darkest and lightest tone, channel by channel."""
    steps = np.linspace(tones[0], tones[1], 256).round().astype(np.uint8)  # (256, 3)
    return steps[target, np.arange(3)]
