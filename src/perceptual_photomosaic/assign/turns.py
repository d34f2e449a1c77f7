"""Choice of tiles in turns, which keeps copies apart when uses are not limited.

Cells whose rows and columns differ by multiples of the distance choose at the same time. Each takes the cheapest tile
that has no copy too near. There are two rounds, so that the cells that chose first can choose again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.costs import Costs
from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.repeats import Repeats
from perceptual_photomosaic.threads import slices

__all__ = ["choose_apart"]

_ROUNDS = 2
_AT_ONCE = 1 << 22
"""Largest number of costs in memory at once."""


def choose_apart(
    costs: Costs,
    variants: int,
    shape: tuple[int, int],
    limits: Limits,
    repeats: Repeats,
    *,
    importance: NDArray[np.float32] | None = None,
    seed: int = 0,
) -> NDArray[np.int64]:
    """Choose for each cell in turn the cheapest tile that has no copy too near.

    Args:
        costs: Costs, (cells, choices).
        variants: Variants of each tile.
        shape: (rows, columns).
        limits: The limits, of which only pins and bans are used.
        repeats: The picture of each tile, and the distance of copies.
        importance: Weight of each cell, (cells,): cells above the mean choose first.
        seed: Seed of the order in which cells choose.
    Returns:
        Choices, int64, (cells,). Copies are too near in cells where every tile is refused, because pictures are few.
    """
    num_cells, num_choices = costs.shape
    choices, stride = np.full(num_cells, -1, np.int64), repeats.distance
    for cell, choice in limits.pinned.items():
        choices[cell] = choice
    loose = choices < 0
    apart = Repeats(repeats.pictures, shape, repeats.distance)
    apart.reset(np.where(loose, -1, choices // variants).reshape(shape))
    shown = np.repeat(repeats.pictures, variants)
    allowed = limits.allowed(num_choices // variants, variants)
    row, column = np.divmod(np.arange(num_cells), shape[1])
    turns = (row % stride) * stride + column % stride
    order = np.random.default_rng(seed).permutation(stride * stride)
    if importance is not None:
        turns += stride * stride * (importance <= importance.mean())
        order = np.concatenate([order, order + stride * stride])
    for turn in np.tile(order, _ROUNDS):
        cells = np.flatnonzero((turns == turn) & loose)
        for part in slices(len(cells), max(1, _AT_ONCE // num_choices)):
            some = cells[part]
            rows = costs.rows(some)
            rows = rows + apart.table(some)[:, shown] * max(np.float32(1), np.ptp(rows))
            if allowed is not None:
                rows = np.where(allowed, rows, np.inf)
            choices[some] = rows.argmin(axis=1)
            apart.place(some, choices[some] // variants)
    return choices
