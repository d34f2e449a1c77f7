"""Cheapest assignment under limits on the uses of each tile, as a minimum-cost flow.

Each cell sends one unit. Each tile passes on at most its capacity. An arc from a cell to a tile has the cost of that
tile in that cell. Small problems keep all arcs, so their solution is exact. Large problems keep only the cheapest arcs
(the nearest tiles of each cell, the nearest cells of each tile) and one expensive arc from each cell to the sink. Cells
that used the expensive arc are solved again with the remaining capacity, until all cells have a tile. The solver is
that of OR-tools: 2.3 s for 4,096 cells x 919 tiles; a Hungarian method on repeated columns took 168 s.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.costs import Costs, tile_costs
from perceptual_photomosaic.progress import SILENT, Reporter

__all__ = ["cheapest_flow", "cheapest_within_capacity"]

DENSE_ARCS = 5_000_000
"""Largest number of arcs for which all arcs are kept (3.8 million take 0.41 GB)."""

_COST_STEPS = 1_000_000


def cheapest_within_capacity(
    costs: Costs,
    variants: int,
    capacity: NDArray[np.int64],
    required: NDArray[np.bool_],
    cells: NDArray[np.int64],
    *,
    dense_arcs: int = DENSE_ARCS,
    reporter: Reporter = SILENT,
) -> NDArray[np.int64]:
    """Choose a tile for each of some cells at the least total cost within the tiles' capacity.

    Args:
        costs: Costs, (all cells, choices).
        variants: Variants of each tile; they share its capacity.
        capacity: Largest number of uses of each tile, (tiles,); the sum must be at least the number of cells.
        required: Tiles that must be used at least once, (tiles,).
        cells: The cells to fill, (n,).
        dense_arcs: Largest number of arcs for an exact result; beyond it is within about half a per cent.
        reporter: Receives progress.
    Returns:
        Choices, int64, (n,), in the order of `cells`.
    """
    capacity, required = capacity.copy(), required.copy()
    choices = np.full(len(cells), -1, np.int64)
    open_cells = np.arange(len(cells))
    with reporter.stage("balancing how often tiles are used", len(cells), "cells") as stage:
        while len(open_cells):
            tiles = np.flatnonzero(capacity > 0)
            cell, tile, cost, choice = _arcs(costs, variants, cells[open_cells], tiles, capacity, required, dense_arcs)
            taken = cheapest_flow(len(open_cells), cell, tile, cost, capacity[tiles], required[tiles])
            picked = cell[taken]
            choices[open_cells[picked]] = choice[taken]
            used = np.bincount(tiles[tile[taken]], minlength=len(capacity))
            capacity -= used
            required &= used == 0
            open_cells = np.delete(open_cells, picked)
            stage.advance(len(picked))
    return choices


def _arcs(
    costs: Costs,
    variants: int,
    cells: NDArray[np.int64],
    tiles: NDArray[np.int64],
    capacity: NDArray[np.int64],
    required: NDArray[np.bool_],
    dense_arcs: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
    """Return the arcs (cell, position in `tiles`, cost, choice): all, or the cheapest if there are too many."""
    whole = len(cells) * len(tiles) <= dense_arcs
    fill = len(cells) / max(1, int(np.minimum(capacity[tiles], len(cells)).sum()))
    per_cell = len(tiles) if whole else min(len(tiles), max(16, int(dense_arcs / len(cells) * 0.75)))
    per_tile = 0 if whole else max(8, int(dense_arcs / len(tiles) * 0.25 * min(1.0, 0.25 + fill)))
    best = _CheapestCells(len(tiles), per_tile)
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]] = []
    step = max(1, 8_000_000 // costs.shape[1])
    for start in range(0, len(cells), step):
        rows, variant = tile_costs(costs.rows(cells[start : start + step]), variants)
        rows = rows[:, tiles]
        offset = np.zeros_like(rows, np.int64) if variant is None else variant[:, tiles]
        column = _nearest_columns(rows, per_cell)
        row = np.repeat(np.arange(len(rows)), column.shape[1])
        column = column.ravel()
        parts.append((row + start, column, rows[row, column], tiles[column] * variants + offset[row, column]))
        best.add(start, rows, offset)
    if per_tile:
        cell, column, cost, offset = best.arcs()
        parts.append((cell, column, cost, tiles[column] * variants + offset))
    cell, column, cost, choice = (np.concatenate([part[i] for part in parts]) for i in range(4))
    if whole:
        return cell, column, cost, choice
    _, first = np.unique(cell * len(tiles) + column, return_index=True)
    return cell[first], column[first], cost[first], choice[first]


def _nearest_columns(rows: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    if count >= rows.shape[1]:
        return np.broadcast_to(np.arange(rows.shape[1]), rows.shape)
    return np.argpartition(rows, count - 1, axis=1)[:, :count]


class _CheapestCells:
    """The cheapest cells of each tile, collected block by block."""

    def __init__(self, tiles: int, keep: int) -> None:
        self._keep = keep
        self._cost = np.empty((0, tiles), np.float32)
        self._cell = np.empty((0, tiles), np.int64)
        self._offset = np.empty((0, tiles), np.int64)

    def add(self, start: int, rows: NDArray[np.float32], offset: NDArray[np.int64]) -> None:
        if not self._keep:
            return
        cell = np.broadcast_to(np.arange(start, start + len(rows))[:, None], rows.shape)
        cost = np.concatenate([self._cost, rows])
        cells, offsets = np.concatenate([self._cell, cell]), np.concatenate([self._offset, offset])
        if len(cost) > self._keep:
            order = np.argpartition(cost, self._keep - 1, axis=0)[: self._keep]
            cost, cells, offsets = (np.take_along_axis(part, order, axis=0) for part in (cost, cells, offsets))
        self._cost, self._cell, self._offset = cost, cells, offsets

    def arcs(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
        column = np.broadcast_to(np.arange(self._cost.shape[1]), self._cost.shape)
        return self._cell.ravel(), column.ravel(), self._cost.ravel(), self._offset.ravel()


def cheapest_flow(
    num_cells: int,
    cell: NDArray[np.int64],
    tile: NDArray[np.int64],
    cost: NDArray[np.float32],
    capacity: NDArray[np.int64],
    required: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Give every cell one of its arcs, at the least sum of costs.

    Args:
        num_cells: Number of cells.
        cell: Cell at the start of each arc, (arcs,).
        tile: Tile at the end of each arc, (arcs,).
        cost: Cost of each arc, (arcs,).
        capacity: Largest number of uses of each tile, (tiles,).
        required: Tiles that must be used if possible, (tiles,).
    Returns:
        Numbers of the arcs that are used. A cell has none if the capacity of all its tiles is used up.
    """
    from ortools.graph.python import min_cost_flow

    num_tiles = len(capacity)
    low, high = float(cost.min()), float(cost.max())
    scaled = np.rint((cost.astype(np.float64) - low) * (_COST_STEPS / max(high - low, 1e-30))).astype(np.int64)
    first_tile, way_out, sink = num_cells, num_cells + num_tiles, num_cells + num_tiles + 1
    flow = min_cost_flow.SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(cell, first_tile + tile, np.ones(len(cell), np.int64), scaled)
    out = 4 * _COST_STEPS
    flow.add_arcs_with_capacity_and_unit_cost(
        np.arange(num_cells), np.full(num_cells, way_out), np.ones(num_cells, np.int64), np.full(num_cells, out)
    )
    tiles = first_tile + np.arange(num_tiles)
    into_sink = np.full(num_tiles, sink)
    # The first use of a required tile has a reward larger than any extra cost; further uses cost nothing.
    reward = -(out + 1) * (num_tiles + num_cells) if required.any() else 0
    flow.add_arcs_with_capacity_and_unit_cost(tiles, into_sink, required.astype(np.int64), np.full(num_tiles, reward))
    flow.add_arcs_with_capacity_and_unit_cost(tiles, into_sink, capacity - required, np.zeros(num_tiles, np.int64))
    flow.add_arc_with_capacity_and_unit_cost(way_out, sink, num_cells, 0)
    flow.set_nodes_supplies(np.arange(num_cells), np.ones(num_cells, np.int64))
    flow.set_node_supply(sink, -num_cells)
    status = flow.solve()
    assert status == flow.OPTIMAL, f"minimum-cost flow ended with status {status}"
    return np.flatnonzero(flow.flows(arcs) > 0)
