"""Compute the inputs of the network for any tiles: numbers of patches, of a tile set and of places in the grid.

A patch becomes its Haar coefficients in DIN99d and its mean colour. Their squares add up to the mean squared colour, so
sums of squared differences are patch distances, and each band of detail can have a weight of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.features.patches import PATCH
from perceptual_photomosaic.features.traits import Traits
from perceptual_photomosaic.threads import share_out, slices

__all__ = [
    "BANDS",
    "GROUPS",
    "LOOKS",
    "SET_FIGURES",
    "Seen",
    "group_of_band",
    "lacking",
    "phases",
    "see",
    "set_figures",
]

BANDS = PATCH * PATCH * 3 + 3
"""Coefficients of a patch: 64 Haar coefficients of each DIN99d channel, and the DIN99d colour of its mean light."""
GROUPS = 10
"""Groups of coefficients: four bands, each in lightness and in chroma, and the same of the mean light."""
LOOKS = BANDS + GROUPS + 4
"""Numbers of a patch for the first layer of the network."""
SET_FIGURES = 13
"""Figures of a tile set: quantiles of lightness, mean and spread of chroma, its size, and whether it is narrow."""

_SCALE = np.float32(6)
_SCALE_OF_LACK = np.float32(8)
_COARSE = 4
_TINY = np.float32(1e-8)
_AT_ONCE = 1024
"""Patches in one job."""
_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


@dataclass(frozen=True)
class Seen:
    """Patches as the network sees them.

    Attributes:
        bands: Haar coefficients and mean colour, float32, (N, 195).
        energies: Sum of squares of each group of coefficients, (N, 10).
        spread: Variance of luma in each quarter of the patch, (N, 4).
    """

    bands: NDArray[np.float32]
    energies: NDArray[np.float32]
    spread: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.bands)

    def part(self, block: slice) -> Seen:
        """Return some of the patches."""
        return Seen(self.bands[block], self.energies[block], self.spread[block])

    @property
    def roots(self) -> NDArray[np.float32]:
        """Square roots of the energies, (N, 10)."""
        roots: NDArray[np.float32] = np.sqrt(self.energies + _TINY)
        return roots

    @property
    def looks(self) -> NDArray[np.float32]:
        """The numbers for the first layer, (N, 209)."""
        return np.concatenate([self.bands, self.roots, np.sqrt(self.spread + _TINY)], axis=1) * _SCALE


def see(traits: Traits) -> Seen:
    """Return patches as the network sees them."""
    count = len(traits)
    seen = Seen(
        np.empty((count, BANDS), np.float32), np.empty((count, GROUPS), np.float32), np.empty((count, 4), np.float32)
    )
    colours, means, luma = traits.colours(PATCH), traits.colours(1)[:, :, 0], traits.luma(PATCH)
    quarter = PATCH // 2

    def fill(block: slice) -> None:
        part = colours[block]
        seen.bands[block, :-3] = (part.reshape(-1, PATCH**2) @ _haar().T).reshape(len(part), -1)
        seen.bands[block, -3:] = means[block]
        seen.energies[block] = _energies(seen.bands[block])
        parts = luma[block].reshape(-1, 2, quarter, 2, quarter)
        spread = np.square(parts).mean(axis=(2, 4)) - np.square(parts.mean(axis=(2, 4)))
        seen.spread[block] = np.maximum(spread, 0).reshape(-1, 4)

    share_out(fill, slices(count, _AT_ONCE))
    return seen


def lacking(cells: Seen, tiles: Seen, near: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return what cells have that the tiles nearest to them lack.

    Args:
        cells: The cells, N of them.
        tiles: The tile set.
        near: The tile nearest to each cell, (N,).
    Returns:
        The four coarsest coefficients of each channel, the mean colour, and the root of each group's energy, (N, 25).
    """
    lack = cells.bands - tiles.bands[near]
    coarse = [lack[:, start : start + _COARSE] for start in range(0, BANDS, PATCH**2)]  # the last has three
    return _SCALE_OF_LACK * np.concatenate([*coarse, np.sqrt(_energies(lack) + _TINY)], axis=1)


def set_figures(tiles: Seen, *, narrow: bool) -> NDArray[np.float32]:
    """Return the figures of a tile set, (13,)."""
    mean = tiles.bands[:, -3:]
    lightness = np.quantile(mean[:, 0], _QUANTILES)
    chroma = mean[:, 1:]
    size = np.log(len(mean)) / 6
    return np.concatenate([lightness, chroma.mean(axis=0), chroma.std(axis=0), [size, narrow]]).astype(np.float32)


def phases(shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return the place of every cell in a repeating 4 x 4 pattern, which lets equal cells alternate between tiles.

    Returns:
        -1 or 1 for odd and even rows, columns and their product, the same for pairs of rows and columns, and an
        ordered dither from -1 to 1; float32, (cells, 7).
    """
    row, column = (axis.ravel() for axis in np.indices(shape))
    signs = [1 - 2 * (axis // step % 2) for step in (1, 2) for axis in (row, column)]
    bayer = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]])
    dither = bayer[row % 4, column % 4] / 7.5 - 1
    fine, coarse = signs[0] * signs[1], signs[2] * signs[3]
    return np.stack([signs[0], signs[1], fine, signs[2], signs[3], coarse, dither], axis=1).astype(np.float32)


@cache
def group_of_band() -> NDArray[np.int64]:
    """Return the group of each coefficient, (195,)."""
    band = np.sort(_levels())
    groups = [2 * band + (channel > 0) for channel in range(3)]
    return np.concatenate([*groups, [8, 9, 9]])


@cache
def _haar() -> NDArray[np.float32]:
    """Return the Haar transform of 8 x 8 samples, coarse to fine, (64, 64), scaled to mean squares."""
    line = np.ones((1, 1))
    while len(line) < PATCH:
        line = np.concatenate([np.kron(line, [[1, 1]]), np.kron(np.eye(len(line)), [[1, -1]])]) / np.sqrt(2)
    both = np.einsum("ai,bj->abij", line, line).reshape(PATCH**2, PATCH**2)
    order = np.argsort(_levels(), kind="stable")
    transform: NDArray[np.float32] = (both[order] / PATCH).astype(np.float32)
    return transform


def _levels() -> NDArray[np.int64]:
    """Return the level of detail of each Haar coefficient, 0 to 3, before they are sorted by it, (64,)."""
    line = np.array([0, 1, 2, 2, 3, 3, 3, 3])
    levels: NDArray[np.int64] = np.maximum(line[:, None], line[None]).ravel()
    return levels


def _energies(bands: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sum of squares of each group of coefficients, (N, 10)."""
    energies: NDArray[np.float32] = np.square(bands) @ _members()
    return energies


@cache
def _members() -> NDArray[np.float32]:
    """Return which coefficients belong to which group, (195, 10)."""
    members: NDArray[np.float32] = (group_of_band()[:, None] == np.arange(GROUPS)).astype(np.float32)
    return members
