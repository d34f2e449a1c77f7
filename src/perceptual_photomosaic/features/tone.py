"""Fitting a target's tones to what the tiles can show.

Black letters on white paper reach from white to a light grey. Matched as it is, most of a portrait is darker than the
darkest letter, and every such cell takes that letter. So where the tiles cover too little of the target's lightness,
the target is drawn towards their range first, as a printer fits a photo to paper and ink. For the baselines it is drawn
towards the range and not into it: fitted all the way, a target has too little contrast left for them. The solver has
structure to go by and fits it all the way (`docs/solver.md`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.features.colour import linear_to_oklab, oklab_to_linear

__all__ = ["TONES", "Reach", "ToneFit", "inked", "reach_of", "tone_fit"]

TONES = ("auto", "keep", "fit")

Reach = Literal["wide", "narrow", "faint"]
"""The part of a target's lightness that tiles reach, see `reach_of`."""

_ENOUGH = 0.4
"""The share of a target's range that tiles must cover to be asked for the target as it is."""
_LEAST_KEPT = 0.25
"""Of the way from the target's range to the tiles', at least so much is left out, unless all of it is asked for."""
_WIDTH, _USED = 0.6, 0.7
_FAINT = 0.1
"""Tiles whose means differ by less, in OKLab lightness, are all but one tone."""
_GREY = 0.02
"""Means that lie no farther from grey, in OKLab, have no colour."""
_TAIL = 0.01
_ONE_TONE = 1e-3
"""A narrower range than this is no range."""


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


def reach_of(cells: NDArray[np.float32], choices: NDArray[np.float32]) -> Reach:
    """How much of the target's range of lightness the means of the tiles cover.

    Args:
        cells: The target's cells in linear light, (cells, k, k, 3).
        choices: The tiles likewise.
    Returns:
        "wide" for 40% or more, as photos do; "narrow" for less, as emoji with a margin do; "faint" where the tiles
        besides are all but one tone, as letters are, less than 0.1 apart in OKLab.
    """
    darkest, lightest = _range(choices, tail=0.0)
    if _covered(_range(cells), (darkest, lightest)) >= _ENOUGH:
        return "wide"
    return "narrow" if lightest - darkest >= _FAINT else "faint"


def inked(cells: NDArray[np.float32], choices: NDArray[np.float32]) -> bool:
    """Whether tiles have no colour, and all but 1% at either end cover less than 40% of the target's lightness.

    So it is with characters, black on white or white on black, some solid blocks among them or not. Arguments as for
    `reach_of`.
    """
    chroma = np.hypot(*linear_to_oklab(choices.mean(axis=(1, 2)))[:, 1:].T)
    return bool(chroma.max() < _GREY) and _covered(_range(cells), _range(choices)) < _ENOUGH


def tone_fit(cells: NDArray[np.float32], choices: NDArray[np.float32], tone: str = "auto") -> ToneFit | None:
    """Find out whether, and how, a target should be fitted to its tiles.

    Args:
        cells: The target's cells in linear light, (cells, k, k, 3).
        choices: The tiles likewise.
        tone: "keep" never fits, "fit" always and all the way, "auto" where the tiles' means cover less than 40% of the
            target's range, and the further the less they cover, but at most three quarters of the way.
    Returns:
        The fit, or None to leave the target as it is.
    Raises:
        ConfigError: Another word.
    """
    if tone not in TONES:
        raise ConfigError(f"tone '{tone}' is unknown; choose one of {', '.join(TONES)}.")
    low, high = _range(cells)
    dark, light = _range(choices, tail=0.0)
    if tone == "keep" or light <= dark or high - low < _ONE_TONE:
        return None
    shared = max(low, dark), min(high, light)
    covered = _covered((low, high), (dark, light))
    if tone == "auto" and covered >= _ENOUGH:
        return None
    # Where both share too little, more of the tiles' range is used than the target has there.
    width = min(_WIDTH * (high - low), _USED * (light - dark))
    top = min(light, max(shared[1], min(shared[0], light - width) + width))
    bottom = max(dark, min(shared[0], top - width))
    kept = 0.0 if tone == "fit" else max(_LEAST_KEPT, (covered / _ENOUGH) ** 0.5)
    return ToneFit((low, high), (bottom + kept * (low - bottom), top + kept * (high - top)))


def _covered(target: tuple[float, float], tiles: tuple[float, float]) -> float:
    """The share of the target's range, (darkest, lightest), that tiles cover; all of it where it is one tone."""
    width = target[1] - target[0]
    return max(0.0, min(target[1], tiles[1]) - max(target[0], tiles[0])) / width if width >= _ONE_TONE else 1.0


def _range(patches: NDArray[np.float32], tail: float = _TAIL) -> tuple[float, float]:
    """Lightness of the darkest and the lightest mean, a tail left out at each end."""
    lightness = linear_to_oklab(patches.mean(axis=(1, 2)))[:, 0]
    low, high = np.quantile(lightness, (tail, 1 - tail))
    return float(low), float(high)
