"""The flow equals the optimum of a Hungarian method on repeated columns, and is near it if arcs are left out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from perceptual_photomosaic.assign.assignment import assign_choices
from perceptual_photomosaic.assign.costs import DenseCosts, tile_costs
from perceptual_photomosaic.assign.flow import cheapest_within_capacity
from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.errors import ConstraintError
from tests.assign.problems import Puzzle, broken_limits, puzzles, random_costs, total_cost


def slow_optimum(puzzle: Puzzle) -> float:
    """Return the least total cost: a column for every use of every tile, and a reward for required uses."""
    limits, cells = puzzle.limits, puzzle.num_cells
    rows, _ = tile_costs(puzzle.costs.matrix.astype(np.float64), puzzle.variants)
    capacity = limits.capacity(puzzle.num_tiles, cells)
    required = limits.required(puzzle.num_tiles)
    fixed = 0.0
    for cell, choice in limits.pinned.items():
        fixed += puzzle.costs.matrix[cell, choice]
        capacity[choice // puzzle.variants] -= 1
        required[choice // puzzle.variants] = False
    open_cells = np.setdiff1d(np.arange(cells), list(limits.pinned))
    columns = np.repeat(np.arange(puzzle.num_tiles), capacity)
    first = np.r_[True, columns[1:] != columns[:-1]] if len(columns) else np.zeros(0, bool)
    reward = np.where(first & required[columns], 1e6, 0.0)
    matrix = rows[open_cells][:, columns]
    row, column = linear_sum_assignment(matrix - reward)
    return fixed + float(matrix[row, column].sum())


@given(puzzles(distance=False))
def test_flow_is_the_optimum(puzzle: Puzzle) -> None:
    try:
        choices = assign_choices(puzzle.costs, puzzle.shape, puzzle.variants, puzzle.limits)
    except ConstraintError:
        return
    assert broken_limits(puzzle, choices) == []
    assert total_cost(puzzle, choices) == pytest.approx(slow_optimum(puzzle), rel=1e-4, abs=1e-4)


def _within(costs: DenseCosts, uses: int, dense_arcs: int, required: NDArray[np.bool_] | None = None) -> float:
    cells, tiles = costs.shape
    capacity = np.full(tiles, uses, np.int64)
    needed = np.zeros(tiles, bool) if required is None else required
    choices = cheapest_within_capacity(costs, 1, capacity, needed, np.arange(cells), dense_arcs=dense_arcs)
    assert choices.min() >= 0
    assert np.bincount(choices, minlength=tiles).max() <= uses
    return float(costs.matrix[np.arange(cells), choices].astype(np.float64).sum())


@given(st.integers(0, 999), st.integers(1, 4), st.floats(1.0, 2.0))
def test_pruned_arcs_still_fill_every_cell(seed: int, uses: int, slack: float) -> None:
    """With any number of arcs, capacity is respected and every cell is filled."""
    cells = 60
    _within(random_costs(seed, cells, int(np.ceil(cells / uses * slack))), uses, dense_arcs=1)


@pytest.mark.parametrize(("tiles", "uses"), [(110, 5), (140, 5), (600, 1)])
def test_pruned_flow_is_near_the_optimum(tiles: int, uses: int) -> None:
    """With a fifth of the arcs, and 85% to 100% of all uses needed, the cost is within two per cent."""
    costs = random_costs(1, 500, tiles)
    best = _within(costs, uses, dense_arcs=500 * tiles)
    pruned = _within(costs, uses, dense_arcs=500 * tiles // 5)
    assert best <= pruned <= best * 1.02


def test_required_tiles_survive_pruning() -> None:
    """Expensive tiles are used if they are required."""
    costs = random_costs(2, 300, 40)
    costs.matrix[:, 30:] += 50
    choices = assign_choices(costs, (15, 20), 1, Limits(use_all=True))
    assert np.bincount(choices, minlength=40).min() >= 1


def test_cost_spans_of_many_orders_are_kept_apart() -> None:
    """Costs are scaled to integers; a single huge one must not make the others equal."""
    rng = np.random.default_rng(4)
    matrix = rng.random((30, 30), np.float32)
    matrix[0, 0] = 1e4
    puzzle = Puzzle(DenseCosts(matrix), (5, 6), 1, Limits(max_uses=1), 0)
    choices = assign_choices(puzzle.costs, puzzle.shape, 1, puzzle.limits)
    assert total_cost(puzzle, choices) == pytest.approx(slow_optimum(puzzle), rel=1e-2)


def test_equal_costs_everywhere() -> None:
    """Without a range of costs to scale by, any assignment within capacity is an optimum."""
    choices = assign_choices(DenseCosts(np.ones((12, 4), np.float32)), (3, 4), 1, Limits(max_uses=3))
    assert np.bincount(choices).tolist() == [3, 3, 3, 3]
