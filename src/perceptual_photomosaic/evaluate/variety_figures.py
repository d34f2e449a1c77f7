"""The variety of a mosaic: the photos' shares of its cells, and the distance at which they repeat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perceptual_photomosaic.errors import GridError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["VarietyFigures", "clearly_less_varied", "largest_area", "more_varied", "share_repeated", "variety"]

_NEAR = 3
"""Cells within which the same photo is still seen as a repetition."""
_FEWER = 0.8
"""A mosaic is clearly less varied when its effective number of photos is under this part of the other's."""
_MORE = 1.5
"""A mosaic is also clearly less varied when its commonest photo has over this many times the share of the other's."""
_COMMON = 0.01
"""The second rule needs a photo in at least this share of the cells: two cells against one mean nothing."""


@dataclass(frozen=True)
class VarietyFigures:
    """Figures of variety; shares are parts of the mosaic's cells, from 0 to 1.

    Attributes:
        commonest: Share of the commonest photo.
        ten_commonest: Share of the ten commonest together.
        effective: exp of the entropy of all shares: the number of photos that, used equally often, are as varied.
        largest_area: Cells of the largest area of one photo; cells that touch at a corner belong together.
        equal_neighbours: Share of cells with the same photo among their 8 neighbours.
        within_3: Share of cells with the same photo at most 3 rows and at most 3 columns away.
    """

    commonest: float
    ten_commonest: float
    effective: float
    largest_area: int
    equal_neighbours: float
    within_3: float


def variety(assignment: NDArray[np.integer]) -> VarietyFigures:
    """Measure how varied an assignment is.

    Args:
        assignment: Tile number of each cell, (rows, cols); a turned copy has the number of its tile.
    Raises:
        GridError: Not a table of at least one cell.
    """
    if assignment.ndim != 2 or assignment.size == 0:
        raise GridError(f"an assignment is a table of rows and columns, got an array of shape {assignment.shape}")
    _, counts = np.unique(assignment, return_counts=True)
    shares = np.sort(counts)[::-1] / assignment.size
    return VarietyFigures(
        commonest=float(shares[0]),
        ten_commonest=float(shares[:10].sum()),
        effective=float(np.exp(-(shares * np.log(shares)).sum())),
        largest_area=largest_area(assignment),
        equal_neighbours=share_repeated(assignment, 1),
        within_3=share_repeated(assignment, _NEAR),
    )


def clearly_less_varied(one: VarietyFigures, other: VarietyFigures) -> bool:
    """Tell whether `one` repeats its photos clearly more than `other`.

    It does when its effective number of photos is under 0.8 of the other's, or when its commonest photo has more than
    1.5 times the share of the other's and at least 1% of the cells.
    """
    stamped = one.commonest > _MORE * other.commonest and one.commonest >= _COMMON
    return one.effective < _FEWER * other.effective or stamped


def more_varied(varieties: Mapping[str, VarietyFigures | None]) -> dict[str, list[str]]:
    """Return for each mosaic the names of the clearly more varied ones: where it beats them, it does so by repetition.

    Args:
        varieties: By the mosaics' names; None where it is not known. Such a mosaic is not compared.
    """
    known = {name: figures for name, figures in varieties.items() if figures is not None}
    return {
        name: [rival for rival, other in known.items() if name in known and clearly_less_varied(known[name], other)]
        for name in varieties
    }


def share_repeated(assignment: NDArray[np.integer], distance: int) -> float:
    """Return the share of cells, 0 to 1, with the same tile at most `distance` rows and columns away.

    Args:
        assignment: Tile number of each cell, (rows, cols).
        distance: In cells, at least 1; 1 means the 8 neighbours.
    """
    repeated = np.zeros(assignment.shape, bool)
    for down in range(distance + 1):
        for right in range(-distance if down else 1, distance + 1):
            here, there = _facing(assignment.shape, down, right)
            equal = assignment[here] == assignment[there]
            repeated[here] |= equal
            repeated[there] |= equal
    return float(repeated.mean())


def largest_area(assignment: NDArray[np.integer]) -> int:
    """Count the cells of the largest area of one tile, where cells that touch at a side or corner belong together.

    Every cell begins as an area of its own. In each round areas that meet take the lower of their numbers, which at
    least halves those that still have to be joined.

    Args:
        assignment: Tile number of each cell, (rows, cols).
    """
    number = np.arange(assignment.size)
    cells = number.reshape(assignment.shape)
    ones, others = [], []
    for down, right in ((0, 1), (1, -1), (1, 0), (1, 1)):
        here, there = _facing(assignment.shape, down, right)
        equal = assignment[here] == assignment[there]
        ones.append(cells[here][equal])
        others.append(cells[there][equal])
    one, other = np.concatenate(ones), np.concatenate(others)
    while len(one):
        low, high = np.minimum(number[one], number[other]), np.maximum(number[one], number[other])
        np.minimum.at(number, high, low)
        while not np.array_equal(number, further := number[number]):
            number = further
        apart = number[one] != number[other]
        one, other = one[apart], other[apart]
    return int(np.bincount(number).max())


def _facing(shape: tuple[int, ...], down: int, right: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return the slices of the cells that have another `down` rows below and `right` columns beside, and of those."""
    rows, cols = shape
    down, right = min(down, rows), max(-cols, min(right, cols))
    here = slice(0, rows - down), slice(max(0, -right), cols - max(0, right))
    there = slice(down, rows), slice(max(0, right), cols - max(0, -right))
    return here, there
