"""Choice of tiles in turns, which keeps copies apart when uses are not limited.

Cells that lie far enough apart choose at the same time. Each takes the cheapest tile that has no copy too near; copies
that are near, but not too near, add their price. There are two rounds, so that the cells that chose first can choose
again. A cell looks at its cheapest tiles first, and at all tiles only if all of these are too near to a copy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.costs import Costs, Nearest
from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.repeats import REFUSED, Repeats
from perceptual_photomosaic.threads import slices

__all__ = ["choose_apart"]

_ROUNDS = 2
_LISTED = 16
"""Number of cheapest tiles that a cell looks at first."""
_PRICED = 4
"""Smallest distance between cells that choose at the same time if copies have a price."""
_AT_ONCE = 1 << 22
"""Largest number of costs in memory at once."""


def choose_apart(
    costs: Costs,
    variants: int,
    shape: tuple[int, int],
    limits: Limits,
    repeats: Repeats,
    *,
    near: Nearest | None = None,
    priced: bool = False,
    importance: NDArray[np.float32] | None = None,
    seed: int = 0,
) -> NDArray[np.int64]:
    """Choose for each cell in turn the cheapest tile that has no copy too near.

    Args:
        costs: Costs, (cells, choices).
        variants: Variants of each tile.
        shape: (rows, columns).
        limits: The limits, of which only pins and bans are used.
        repeats: The picture of each tile, the distance of copies, and the price of copies.
        near: The cheapest choices of each cell; None finds them.
        priced: Add the price of copies, which must be in the unit of the costs.
        importance: Weight of each cell, (cells,): cells above the mean choose first.
        seed: Seed of the order in which cells choose.
    Returns:
        Choices, int64, (cells,). Copies are too near in cells where every tile is refused, because pictures are few.
    """
    num_cells, num_choices = costs.shape
    choices = np.full(num_cells, -1, np.int64)
    priced = priced and repeats.price > 0
    stride = max(repeats.distance, _PRICED) if priced else repeats.distance
    for cell, choice in limits.pinned.items():
        choices[cell] = choice
    loose = choices < 0
    apart = Repeats(repeats.pictures, shape, repeats.distance, repeats.price if priced else 0.0)
    apart.reset(np.where(loose, -1, choices // variants).reshape(shape))
    shown = np.repeat(repeats.pictures, variants)
    allowed = limits.allowed(num_choices // variants, variants)
    near = near or Nearest.of(costs, _LISTED, allowed)
    row, column = np.divmod(np.arange(num_cells), shape[1])
    turns = (row % stride) * stride + column % stride
    order = np.random.default_rng(seed).permutation(stride * stride)
    if importance is not None:
        turns += stride * stride * (importance <= importance.mean())
        order = np.concatenate([order, order + stride * stride])
    for turn in np.tile(order, _ROUNDS):
        cells = np.flatnonzero((turns == turn) & loose)
        prices = apart.prices(cells, near.choices[cells] // variants)
        total = np.where(prices < REFUSED, near.costs[cells] + prices, np.inf)
        choices[cells] = near.choices[cells, total.argmin(axis=1)]
        stuck = cells[np.isinf(total.min(axis=1))]
        for part in slices(len(stuck), max(1, _AT_ONCE // num_choices)):
            some = stuck[part]
            rows = costs.rows(some)
            prices = apart.table(some)[:, shown]
            rows = rows + prices * np.where(prices < REFUSED, np.float32(1), max(np.float32(1), np.ptp(rows)))
            if allowed is not None:
                rows = np.where(allowed, rows, np.inf)
            choices[some] = rows.argmin(axis=1)
        apart.place(cells, choices[cells] // variants)
    return choices
