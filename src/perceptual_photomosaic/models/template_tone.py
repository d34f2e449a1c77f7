"""The fit of a target's tones to the tones that tiles can show.

Black glyphs on white can show only the tones from light grey to white. The same darkest glyph stands for every darker
tone, so a loss that compares with the unchanged target hardly depends on the choice of glyphs. If the target is mapped
into the tiles' range of tones, it keeps all its steps at a lower contrast, as in print.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.features.colour import LUMA_601

__all__ = ["Tone", "apply_tone", "tone_of"]

Tone = tuple[tuple[float, ...], ...]

_LUMA = np.array(LUMA_601)


def tone_of(pictures: NDArray[np.uint8]) -> Tone:
    """Return the map of tones from black .. white to the darkest .. lightest mean colour of the tiles.

    If all tiles are grey, it maps colours to grey too. The darkest and the lightest 1% of the tiles are ignored, so
    that single odd tiles do not determine the range.

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
    """Map the tones of a picture, (H, W, 3). An empty `tone` returns it unchanged."""
    if not tone:
        return target
    rows = np.array(tone, np.float32)
    mapped = target.astype(np.float32) @ rows[:, :3].T + rows[:, 3]
    toned: NDArray[np.uint8] = np.clip(mapped + 0.5, 0, 255).astype(np.uint8)
    return toned
