"""Fit of a target's tones to the tones that the tiles can show, as photos are fitted to paper and ink for printing.

Black letters on white paper have tones from white to a light grey. Most of a portrait is darker than the darkest
letter, and without a fit every such cell takes that letter. So if tiles cover too little of the target's lightness, the
target is fitted first:

1. Its tones are spread evenly (histogram equalisation, with a limit, so that one large flat area does not take most of
   the range).
2. Local contrast is raised: the difference of a tone from its surroundings is multiplied (unsharp masking).
3. The range of the target is mapped to the range from the darkest to the lightest tile; chroma is reduced to that of
   the tiles.

Sources: S. M. Pizer et al., "Adaptive histogram equalization and its variations", 1987 (the limit); unsharp masking and
the fit of range and chroma are the usual gamut mapping of printing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.features.colour import linear_to_oklab, oklab_to_linear
from perceptual_photomosaic.grid import Grid

__all__ = ["ToneFit", "is_narrow", "tone_fit"]


_ENOUGH = 0.4
"""Share of a target's range that tiles must cover for the target to be used without a fit."""
_ENOUGH_OF_DRAWINGS = 0.9
"""The same share for characters and emoji, most of which are paper."""
_GREY = 0.02
"""Largest chroma of a grey, in OKLab."""
_TAIL = 0.01
_ONE_TONE = 1e-3
"""A range of lightness narrower than this counts as one tone."""
_BINS = 256
_EVERY = 2
"""Step between the samples at which tones are counted, down and across."""
_LIMIT = 4.0
"""Largest count of a tone in the histogram, in multiples of the mean count."""
_AROUND = 4.0
"""Standard deviation of the Gaussian that averages the surroundings of a tone, in widths of a cell."""


@dataclass(frozen=True)
class ToneFit:
    """A mapping of a target's tones and colours to those of the tiles.

    Attributes:
        source: OKLab lightness of the target, rising, 33 values.
        shown: The tone that each becomes, from 0, the darkest tile, to 1, the lightest.
        reach: OKLab lightness of the darkest and the lightest tile.
        chroma: Factor of chroma, 0 to 1.
        local: Increase of differences from the surroundings: 0 leaves them, 1 doubles them.
    """

    source: tuple[float, ...]
    shown: tuple[float, ...]
    reach: tuple[float, float]
    chroma: float
    local: float

    def as_dict(self) -> dict[str, Any]:
        """Return the fit as plain values, for a plan."""
        return asdict(self)

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> ToneFit:
        """Make a fit from the values of `as_dict`.

        Raises:
            ValueError: The values do not describe a fit.
            KeyError, TypeError: Values are missing or of a wrong type.
        """
        source, shown, reach = (tuple(float(value) for value in saved[name]) for name in ("source", "shown", "reach"))
        if len(source) != len(shown) or len(source) < 2 or len(reach) != 2:
            raise ValueError(f"tone has {len(source)} and {len(shown)} values, and reaches {reach}")
        return cls(source, shown, (reach[0], reach[1]), float(saved["chroma"]), float(saved["local"]))

    def apply(self, cells: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
        """Apply the fit to a target.

        Args:
            cells: The target's cells in linear light, float32, (cells, k, k, 3), row by row.
            grid: The grid of the cells.
        Returns:
            The fitted cells, linear light, float32, (cells, k, k, 3).
        """
        lab = linear_to_oklab(cells)
        tones = np.interp(lab[..., 0], self.source, self.shown).astype(np.float32)
        if self.local > 0:
            tones += np.float32(self.local) * (tones - _surroundings(tones, grid))
        low, high = self.reach
        lab[..., 0] = low + (high - low) * np.clip(tones, 0, 1)
        lab[..., 1:] *= np.float32(self.chroma)
        return np.clip(oklab_to_linear(lab), 0.0, 1.0).astype(np.float32)


def is_narrow(cells: NDArray[np.float32], choices: NDArray[np.float32], *, drawn: bool = False) -> bool:
    """Tell whether tiles are narrow: whether they show only a small part of a target's range of tones.

    Tiles are narrow if their means cover less than 40% of the target's range of lightness. For characters and emoji it
    is 90%, without the darkest and the lightest 1% of them, as a few solid squares are not enough for all cells.

    Args:
        cells: The target's cells in linear light, (cells, k, k, 3).
        choices: The tiles in linear light, (choices, k, k, 3).
        drawn: True if the tiles are characters or emoji.
    """
    enough, tail = (_ENOUGH_OF_DRAWINGS, _TAIL) if drawn else (_ENOUGH, 0.0)
    return _covered(_range(cells), _range(choices, tail)) < enough


def tone_fit(
    cells: NDArray[np.float32],
    choices: NDArray[np.float32],
    tone: str = "auto",
    contrast: float = 0.3,
) -> ToneFit | None:
    """Compute the fit of a target's tones to the tiles, if it needs one.

    Args:
        cells: The target's cells in linear light, (cells, k, k, 3).
        choices: The tiles in linear light, (choices, k, k, 3).
        tone: "keep" never fits, "fit" always fits, "auto" fits if the tiles are narrow.
        contrast: Strength, 0 to 1. 0 only compresses the range of tones. Up to 0.5 tones are spread more and more
            evenly; up to 1 local contrast is raised, to three times at most.
    Returns:
        The fit, or None if the target stays as it is.
    """
    low, high = _range(cells)
    dark, light = _range(choices, tail=0.0)
    if tone == "keep" or light - dark < _ONE_TONE or high - low < _ONE_TONE:
        return None
    if tone == "auto" and not is_narrow(cells, choices):
        return None
    source = np.linspace(low, high, 33)
    straight = np.linspace(0, 1, 33)
    lab = linear_to_oklab(cells[:, ::_EVERY, ::_EVERY])
    spread = _spread(lab[..., 0], low, high)
    share = min(1.0, 2 * contrast)
    shown = (1 - share) * straight + share * np.interp(source, *spread)
    return ToneFit(
        tuple(source.tolist()), tuple(shown.tolist()), (dark, light), _chroma(lab, choices), 2 * float(contrast)
    )


def _spread(lightness: NDArray[np.float32], low: float, high: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return tones from low to high, and the share of darker samples for each, 0 to 1, (257,) both."""
    edges = np.linspace(low, high, _BINS + 1)
    counts = np.histogram(np.clip(lightness, low, high), edges)[0].astype(np.float64)
    for _ in range(4):  # counts above the limit are distributed evenly
        limit = _LIMIT * counts.mean()
        over = np.maximum(counts - limit, 0).sum()
        counts = np.minimum(counts, limit) + over / _BINS
    stands = np.concatenate([[0.0], np.cumsum(counts)])
    return edges, stands / stands[-1]


def _chroma(lab: NDArray[np.float32], choices: NDArray[np.float32]) -> float:
    """Return the factor, 0 to 1, that reduces the target's largest chroma to that of the tiles."""
    wanted = float(np.quantile(np.hypot(lab[..., 1], lab[..., 2]), 1 - _TAIL))
    offered = float(np.quantile(np.hypot(*linear_to_oklab(choices.mean(axis=(1, 2)))[:, 1:].T), 1 - _TAIL))
    if offered < _GREY:
        return 0.0
    return min(1.0, offered / max(wanted, _ONE_TONE))


def _surroundings(tones: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """Return the Gaussian mean of the cells around each sample, (cells, k, k) to (cells, k, k)."""
    k = tones.shape[1]
    means = tones.mean(axis=(1, 2)).reshape(grid.shape)
    width, height = grid.cell_aspect
    down = _gaussian(grid.rows, k, _AROUND * width / height)
    right = _gaussian(grid.columns, k, _AROUND)
    around = down @ means @ right.T
    return np.ascontiguousarray(
        around.reshape(grid.rows, k, grid.columns, k).swapaxes(1, 2).reshape(tones.shape), np.float32
    )


def _gaussian(count: int, k: int, sigma: float) -> NDArray[np.float64]:
    """Return the weights of `count` cells in a line for each of their samples, (count * k, count); rows have sum 1."""
    places = (np.arange(count * k) + 0.5) / k - 0.5
    weights = np.exp(-0.5 * np.square((places[:, None] - np.arange(count)) / sigma))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def _covered(target: tuple[float, float], tiles: tuple[float, float]) -> float:
    """Return the share of the target's range, (darkest, lightest), that tiles cover; 1 if the target is one tone."""
    width = target[1] - target[0]
    return max(0.0, min(target[1], tiles[1]) - max(target[0], tiles[0])) / width if width >= _ONE_TONE else 1.0


def _range(patches: NDArray[np.float32], tail: float = _TAIL) -> tuple[float, float]:
    """Return the lightness of the darkest and the lightest mean, without a share `tail` of them at each end."""
    lightness = linear_to_oklab(patches.mean(axis=(1, 2)))[:, 0]
    low, high = np.quantile(lightness, (tail, 1 - tail))
    return float(low), float(high)
