"""Fitting a target's tones to what the tiles can show.

Black letters on white paper reach from white to a light grey. Matched as it is, most of a portrait is darker than the
darkest letter, and every such cell takes that letter. So where the tiles cover too little of the target's lightness,
the target is fitted into their range first, as a printer fits a photo to paper and ink.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.features.colour import linear_to_oklab, oklab_to_linear

__all__ = ["TONES", "ToneFit", "tone_fit"]

TONES = ("auto", "keep", "fit")

_ENOUGH, _USED = 0.6, 0.7
_TAIL = 0.01


@dataclass(frozen=True)
class ToneFit:
    """A straight line through OKLab lightness.

    Attributes:
        source: (darkest, lightest) of the target, without its last 1% at each end.
        shown: What those become.
    """

    source: tuple[float, float]
    shown: tuple[float, float]

    def apply(self, linear: NDArray[np.float32]) -> NDArray[np.float32]:
        """Fit a picture in linear light, (..., 3); colours fade half as much as tones draw together."""
        lab = linear_to_oklab(linear)
        low, high = self.source
        slope = (self.shown[1] - self.shown[0]) / max(high - low, 1e-6)
        lab[..., 0] = np.clip(self.shown[0] + slope * (lab[..., 0] - low), *self.shown)
        lab[..., 1:] *= np.float32(min(1.0, slope) ** 0.5)
        return np.clip(oklab_to_linear(lab), 0.0, 1.0).astype(np.float32)


def tone_fit(cells: NDArray[np.float32], choices: NDArray[np.float32], tone: str = "auto") -> ToneFit | None:
    """Find out whether, and how, a target should be fitted to its tiles.

    Args:
        cells: The target's cells in linear light, (cells, k, k, 3).
        choices: The tiles likewise.
        tone: "keep" never fits, "fit" always, "auto" where the tiles' means cover less than 60% of the target's range.
    Returns:
        The fit, or None to leave the target as it is.
    Raises:
        ConfigError: Another word.
    """
    if tone not in TONES:
        raise ConfigError(f"tone '{tone}' is unknown; choose one of {', '.join(TONES)}.")
    low, high = _range(cells)
    dark, light = _range(choices, tail=0.0)
    if tone == "keep" or light <= dark or high - low < 1e-3:
        return None
    shown = max(low, dark), min(high, light)
    if tone == "auto" and shown[1] - shown[0] >= _ENOUGH * (high - low):
        return None
    # Where both share too little, more of the tiles' range is used than the target has there.
    width = min(_ENOUGH * (high - low), _USED * (light - dark))
    top = min(light, max(shown[1], min(shown[0], light - width) + width))
    return ToneFit((low, high), (max(dark, min(shown[0], top - width)), top))


def _range(patches: NDArray[np.float32], tail: float = _TAIL) -> tuple[float, float]:
    """Lightness of the darkest and the lightest mean, a tail left out at each end."""
    lightness = linear_to_oklab(patches.mean(axis=(1, 2)))[:, 0]
    low, high = np.quantile(lightness, (tail, 1 - tail))
    return float(low), float(high)
