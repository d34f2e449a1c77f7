"""Assignment from costs: cell by cell without limits, by minimum-cost flow and repair with limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.costs import Costs, Nearest, WeightedCosts, best_choices
from perceptual_photomosaic.assign.flow import cheapest_within_capacity
from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.repeats import Repeats
from perceptual_photomosaic.assign.spacing import space_out
from perceptual_photomosaic.assign.turns import choose_apart
from perceptual_photomosaic.progress import SILENT, Reporter

if TYPE_CHECKING:
    from perceptual_photomosaic.assign.problem import Problem

__all__ = ["assign_choices", "assign_problem"]


def assign_problem(
    problem: Problem,
    costs: Costs,
    *,
    near: Nearest | None = None,
    priced: bool = False,
    repair_later: bool = False,
    reporter: Reporter = SILENT,
) -> NDArray[np.int64]:
    """Choose a tile for every cell of a problem, at the least total cost within its limits; see `assign_choices`.

    Args:
        problem: The problem: its grid, limits, variety, importance and seed are used.
        costs: Costs, (cells, choices).
        near, priced, repair_later: As for `assign_choices`.
        reporter: Receives progress.
    Returns:
        Choices, int64, (cells,).
    Raises:
        ConstraintError: The limits cannot be met.
    """
    return assign_choices(
        costs,
        problem.grid.shape,
        problem.variants,
        problem.limits,
        repeats=problem.repeats(),
        near=near,
        priced=priced,
        repair_later=repair_later,
        importance=problem.importance,
        seed=problem.seed,
        reporter=reporter,
    )


def assign_choices(
    costs: Costs,
    shape: tuple[int, int],
    variants: int = 1,
    limits: Limits | None = None,
    *,
    repeats: Repeats | None = None,
    near: Nearest | None = None,
    priced: bool = False,
    repair_later: bool = False,
    importance: NDArray[np.float32] | None = None,
    seed: int = 0,
    reporter: Reporter = SILENT,
) -> NDArray[np.int64]:
    """Choose a tile for every cell, at the least total cost within the limits.

    Without limits the result is exact. With `max_uses` or required tiles it is a minimum-cost flow: exact up to about
    five million pairs of cell and tile, within about half a per cent beyond. If only copies must keep a distance, cells
    choose in turns; with `max_uses` or required tiles too, the result of the flow is repaired.

    Args:
        costs: Costs, (cells, choices), choice = tile * variants + variant.
        shape: (rows, columns).
        variants: Variants of each tile.
        limits: The limits.
        repeats: The picture of each tile, and the distance wanted between copies. Pins and limits have priority over
            that distance. None wants no distance beyond the limits.
        near: The cheapest choices of each cell, if they are known.
        priced: The costs are in the unit of the price of `repeats`, which counts where uses are not limited.
        repair_later: True if the caller will enforce the distance of `repeats` itself when uses are limited.
        importance: Weight of each cell, (cells,), when cells compete for tiles; None weighs all cells alike.
        seed: Seed of random decisions, such as between equal costs.
        reporter: Receives progress.
    Returns:
        Choices, int64, (cells,).
    Raises:
        ConstraintError: The limits cannot be met; the message says how much is missing.
    """
    limits = limits or Limits()
    if importance is not None:
        costs = WeightedCosts(costs, importance)
    num_cells, num_choices = costs.shape
    num_tiles = num_choices // variants
    limits.check(shape, num_tiles, variants)
    capacity = limits.capacity(num_tiles, num_cells)
    required = limits.required(num_tiles)
    if repeats is None:
        repeats = Repeats(np.arange(num_tiles), shape, limits.min_distance)
    free = limits.max_uses is None and not required.any()
    if importance is not None:
        near = None  # its costs are not weighted
    if free and (repeats.distance > 1 or (priced and repeats.price > 0)):
        choices = choose_apart(
            costs, variants, shape, limits, repeats, near=near, priced=priced, importance=importance, seed=seed
        )
    elif free:
        if near is None:
            choices = best_choices(costs, limits.allowed(num_tiles, variants))
        else:
            choices = near.choices[:, 0].astype(np.int64)
        for cell, choice in limits.pinned.items():
            choices[cell] = choice
    else:
        choices = np.full(num_cells, -1, np.int64)
        for cell, choice in limits.pinned.items():
            choices[cell] = choice
            capacity[choice // variants] -= 1
            required[choice // variants] = False
        cells = np.flatnonzero(choices < 0)
        choices[cells] = cheapest_within_capacity(costs, variants, capacity, required, cells, reporter=reporter)
        _include_missing(costs, choices, variants, limits)
    return space_out(
        costs,
        variants,
        choices,
        shape,
        limits,
        repeats=None if repair_later else repeats,
        importance=importance,
        seed=seed,
        reporter=reporter,
    )


def _include_missing(costs: Costs, choices: NDArray[np.int64], variants: int, limits: Limits) -> None:
    """Place required tiles that the pruned flow left out, in the cells where they add the least cost."""
    required = limits.required(costs.shape[1] // variants)
    uses = np.bincount(choices // variants, minlength=len(required))
    for tile in np.flatnonzero(required & (uses == 0)):
        current = choices // variants
        spare = ~required[current] | (uses[current] > 1)
        spare[list(limits.pinned)] = False
        cells = np.flatnonzero(spare)
        rows = costs.rows(cells)
        options = rows[:, tile * variants : (tile + 1) * variants]
        change = options.min(axis=1) - rows[np.arange(len(cells)), choices[cells]]
        best = int(change.argmin())
        uses[current[cells[best]]] -= 1
        uses[tile] += 1
        choices[cells[best]] = tile * variants + int(options[best].argmin())
