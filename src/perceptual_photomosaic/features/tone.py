"""Fitting a target's tones to what the tiles can show, as a printer fits a photo to paper and ink.

Black letters on white paper reach from white to a light grey. Matched as it is, most of a portrait is darker than the
darkest letter, and every such cell takes that letter. So where tiles cover too little of the target's lightness, the
target is fitted first:

1. Its tones are spread evenly (histogram equalisation, with a limit, so that one large flat area does not take all
   tones for itself).
2. Local contrast is raised: what a tone differs by from its surroundings counts more (unsharp masking).
3. Darkest to lightest become the darkest to the lightest tile; colours fade as far as those of the tiles do.

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
"""The share of a target's range that tiles must cover to be asked for the target as it is."""
_ENOUGH_OF_DRAWINGS = 0.9
"""The same for characters and emoji, most of which are paper."""
_GREY = 0.02
"""Means that lie no farther from grey, in OKLab, have no colour."""
_TAIL = 0.01
_ONE_TONE = 1e-3
"""A narrower range than this is no range."""
_BINS = 256
_EVERY = 2
"""Tones are counted at every second sample, down and across."""
_LIMIT = 4.0
"""No tone counts as more than so many times the mean tone where tones are spread."""
_AROUND = 4.0
"""Standard deviation of the Gaussian that says what surrounds a tone, in widths of a cell."""


@dataclass(frozen=True)
class ToneFit:
    """How a target becomes what tiles can show.

    Attributes:
        source: OKLab lightness of the target, rising, 33 values.
        shown: What each becomes, from 0, the darkest tile, to 1, the lightest.
        reach: (darkest, lightest) of the tiles, OKLab lightness.
        chroma: What distances from grey are multiplied by, 0 to 1.
        local: How much differences from the surroundings are raised: 0 not at all, 1 to twice.
    """

    source: tuple[float, ...]
    shown: tuple[float, ...]
    reach: tuple[float, float]
    chroma: float
    local: float

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, for a plan."""
        return asdict(self)

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> ToneFit:
        """Read what `as_dict` gave.

        Raises:
            ValueError: Values that are no fit.
            KeyError, TypeError: Values that are missing, or of another kind.
        """
        source, shown, reach = (tuple(float(value) for value in saved[name]) for name in ("source", "shown", "reach"))
        if len(source) != len(shown) or len(source) < 2 or len(reach) != 2:
            raise ValueError(f"tone has {len(source)} and {len(shown)} values, and reaches {reach}")
        return cls(source, shown, (reach[0], reach[1]), float(saved["chroma"]), float(saved["local"]))

    def apply(self, cells: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
        """Fit a target.

        Args:
            cells: Linear light, float32, (cells, k, k, 3), row by row.
            grid: Where the cells lie.
        Returns:
            The same, fitted.
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
    """Tell whether tiles show little of a target's lightness, as letters and emoji do.

    They do where their means cover less than 40% of its range. Characters and emoji do below 90%, 1% of them at
    either end left out: some solid squares among them do not make up for all others.

    Args:
        cells: The target's cells in linear light, (cells, k, k, 3).
        choices: The tiles likewise.
        drawn: Whether the tiles are characters or emoji.
    """
    enough, tail = (_ENOUGH_OF_DRAWINGS, _TAIL) if drawn else (_ENOUGH, 0.0)
    return _covered(_range(cells), _range(choices, tail)) < enough


def tone_fit(
    cells: NDArray[np.float32],
    choices: NDArray[np.float32],
    tone: str = "auto",
    contrast: float = 0.3,
) -> ToneFit | None:
    """Find out whether, and how, a target should be fitted to its tiles.

    Args:
        cells: The target's cells in linear light, (cells, k, k, 3).
        choices: The tiles likewise.
        tone: "keep" never fits, "fit" always, "auto" where the tiles are narrow.
        contrast: 0 draws the range of tones together and no more; from 0 to 0.5 tones are spread more and more evenly,
            and from 0 to 1 local contrast is raised, up to threefold.
    Returns:
        The fit, or None to leave the target as it is.
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
    """Return tones from low to high and where each stands among all, 0 to 1, (257,) both."""
    edges = np.linspace(low, high, _BINS + 1)
    counts = np.histogram(np.clip(lightness, low, high), edges)[0].astype(np.float64)
    for _ in range(4):  # what is cut off goes to all alike
        limit = _LIMIT * counts.mean()
        over = np.maximum(counts - limit, 0).sum()
        counts = np.minimum(counts, limit) + over / _BINS
    stands = np.concatenate([[0.0], np.cumsum(counts)])
    return edges, stands / stands[-1]


def _chroma(lab: NDArray[np.float32], choices: NDArray[np.float32]) -> float:
    """Return by what to multiply the target's chroma so that it reaches as far as that of the tiles."""
    wanted = float(np.quantile(np.hypot(lab[..., 1], lab[..., 2]), 1 - _TAIL))
    offered = float(np.quantile(np.hypot(*linear_to_oklab(choices.mean(axis=(1, 2)))[:, 1:].T), 1 - _TAIL))
    if offered < _GREY:
        return 0.0
    return min(1.0, offered / max(wanted, _ONE_TONE))


def _surroundings(tones: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """Return the mean around each sample, a Gaussian of some cells, from the cells' means; (cells, k, k) both."""
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
    """Return what each of `count` cells in a line gives to each of its samples, (count * k, count), rows with sum 1."""
    places = (np.arange(count * k) + 0.5) / k - 0.5
    weights = np.exp(-0.5 * np.square((places[:, None] - np.arange(count)) / sigma))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def _covered(target: tuple[float, float], tiles: tuple[float, float]) -> float:
    """The share of the target's range, (darkest, lightest), that tiles cover; all of it where it is one tone."""
    width = target[1] - target[0]
    return max(0.0, min(target[1], tiles[1]) - max(target[0], tiles[0])) / width if width >= _ONE_TONE else 1.0


def _range(patches: NDArray[np.float32], tail: float = _TAIL) -> tuple[float, float]:
    """Lightness of the darkest and the lightest mean, a tail left out at each end."""
    lightness = linear_to_oklab(patches.mean(axis=(1, 2)))[:, 0]
    low, high = np.quantile(lightness, (tail, 1 - tail))
    return float(low), float(high)
