"""The target in the tones of a mosaic, for mosaics whose tiles are too pale or too dark for their target.

Letters reach a few tones of paper and ink. Compared directly, every such mosaic is far from its target, and the one
with the most ink wins. So where a mosaic has few of its target's tones, the tones of the target are first mapped to
those of the mosaic, by the monotone map of lightness that fits best. It keeps the order of lightness.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ToneMap", "has_few_tones", "nondecreasing"]

_ENOUGH = 2 / 3
"""The share of the target's range of lightness that a mosaic must cover to be compared with it as it is.

Photos cover 77% and more, even where each may come three times at most; white letters on black up to 58%.
"""
_TAIL = 1.0
"""Per cent of the cells that are left out at each end of a range."""
_ONE_TONE = 0.1
"""A target whose range is narrower, in L*, has no range to cover."""


def has_few_tones(target_cells: NDArray[np.floating], mosaic_cells: NDArray[np.floating]) -> bool:
    """Tell whether a mosaic covers less than two thirds of its target's range of lightness.

    A range goes from the 1st to the 99th percentile of L* over the cells' means.

    Args:
        target_cells: CIELAB of the mean light of each cell, (rows, cols, 3).
        mosaic_cells: The same shape.
    """
    (low, high), (dark, light) = (
        np.percentile(cells[..., 0], (_TAIL, 100 - _TAIL)) for cells in (target_cells, mosaic_cells)
    )
    shared = max(0.0, min(high, light) - max(low, dark))
    return bool(high - low >= _ONE_TONE and shared < _ENOUGH * (high - low))


@dataclass(frozen=True)
class ToneMap:
    """A map of L* that never decreases: straight between knots, and constant beyond them.

    Attributes:
        source: L* of the knots in the target, increasing, (n,).
        shown: L* that they become, never decreasing, (n,).
    """

    source: NDArray[np.float64]
    shown: NDArray[np.float64]

    @classmethod
    def fit(cls, target: NDArray[np.floating], mosaic: NDArray[np.floating]) -> Self:
        """Return the map of least squares from a target's L* to a mosaic's, one sample a cell, both (rows, cols)."""
        source, place, count = np.unique(target, return_inverse=True, return_counts=True)
        total = np.bincount(place.ravel(), mosaic.ravel().astype(np.float64))
        return cls(source.astype(np.float64), nondecreasing(total / count, count.astype(np.float64)))

    def apply(self, lab: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map the L* of CIELAB colours, (..., 3); a* and b* stay."""
        mapped = np.array(lab, np.float64)
        mapped[..., 0] = np.interp(mapped[..., 0], self.source, self.shown)
        return mapped


def nondecreasing(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the nearest sequence that never decreases, in weighted least squares.

    Neighbours that decrease are pooled into their mean until none do.

    Args:
        values: (n,), at least one.
        weights: Above 0, (n,).
    Source: Ayer, Brunk, Ewing, Reid, Silverman: An empirical distribution function for sampling with incomplete
        information, Annals of Mathematical Statistics 26 (1955): pool adjacent violators.
    """
    pools: list[tuple[float, float, int]] = []  # mean, weight, number of values
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        pool = (value, weight, 1)
        while pools and pools[-1][0] >= pool[0]:
            mean, heavy, count = pools.pop()
            both = heavy + pool[1]
            pool = ((mean * heavy + pool[0] * pool[1]) / both, both, count + pool[2])
        pools.append(pool)
    return np.repeat([mean for mean, _, _ in pools], [count for _, _, count in pools])
