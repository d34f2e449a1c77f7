"""Fitting a target's tones to what tiles can show.

Black glyphs on white reach from light grey to white and no further: every tone below is shown by the same darkest
glyph, and a loss that compares with the target as it is hardly depends on the choice of glyphs. Mapped into the tiles'
range, a picture keeps all its steps at a lower contrast, as in print.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.features.colour import LUMA_601

__all__ = ["Tone", "apply_tone", "tone_of"]

Tone = tuple[tuple[float, ...], ...]

_LUMA = np.array(LUMA_601)


def tone_of(pictures: NDArray[np.uint8]) -> Tone:
    """The map from black .. white to the darkest .. lightest mean of tiles; to grey, if all tiles are grey.

    One tile in a hundred is left out at each end, so that single odd tiles do not set the range.

    Args:
        pictures: Tiles, uint8, (n, h, w, 3).
    Returns:
        Three rows of (factor of red, of green, of blue, offset), for sRGB levels 0..255.
    """
    means = pictures.reshape(len(pictures), -1, 3).mean(1)
    low, high = np.quantile(means, (0.01, 0.99), axis=0)
    grey = int((pictures.max(-1) - pictures.min(-1)).max()) <= 2
    mix = np.tile(_LUMA, (3, 1)) if grey else np.eye(3)
    rows = np.column_stack([mix * ((high - low) / 255.0)[:, None], low])
    return tuple(tuple(float(value) for value in row) for row in rows)


def apply_tone(target: NDArray[np.uint8], tone: Tone) -> NDArray[np.uint8]:
    """Map a picture, (H, W, 3); an empty tone leaves it as it is."""
    if not tone:
        return target
    rows = np.array(tone, np.float32)
    mapped = target.astype(np.float32) @ rows[:, :3].T + rows[:, 3]
    toned: NDArray[np.uint8] = np.clip(mapped + 0.5, 0, 255).astype(np.uint8)
    return toned
