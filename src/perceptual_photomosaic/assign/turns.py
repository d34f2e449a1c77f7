"""Keeping copies apart where tiles may be used as often as wanted: cells choose in turns.

All cells that lie a multiple of the distance apart choose at once, each the cheapest tile of which no copy lies too
near. There are two rounds, so that those who chose first look again.
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
"""Costs that are held at once."""


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
    """Choose the cheapest tile of which no copy lies too near, cells in turns.

    Args:
        costs: (cells, choices).
        variants: Variants of each tile.
        shape: (rows, columns).
        limits: Pins and bans count; uses are not limited.
        repeats: The pictures of tiles, and their distance.
        importance: How much each cell matters, (cells,): those above the mean choose first.
        seed: Decides which cells choose first.
    Returns:
        Choices, int64, (cells,). Where every tile is refused, because pictures are few, copies lie too near.
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
