"""The term of repetition equals a loop over all pairs of cells; copies that are too near are refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.assign.repeats import REFUSED
from perceptual_photomosaic.assign.solve.energy import Energy
from perceptual_photomosaic.assign.solve.repetition import Repetition
from perceptual_photomosaic.assign.variety import Variety
from tests.assign.problems import small_problem


def pictures_of(problem: Problem, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the picture in each cell; variants of a tile, and near copies, show the same picture."""
    tiles = chosen // problem.variants
    return tiles if problem.pictures is None else problem.pictures[tiles]


def slow_energy(problem: Problem, chosen: NDArray[np.int64], price: float) -> float:
    """Return the price of all pairs of copies up to six cells apart."""
    shown, columns = pictures_of(problem, chosen), problem.grid.columns
    total = 0.0
    for one in range(len(shown)):
        for other in range(one):
            down, right = one // columns - other // columns, one % columns - other % columns
            if shown[one] == shown[other] and np.hypot(down, right) <= 6:
                total += price * float(np.exp(-(down**2 + right**2 - 1) / (2 * 2.5**2)))
    return total


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 2]), st.booleans(), st.integers(0, 999))
@settings(max_examples=25)
def test_the_energy_is_the_price_of_all_pairs(
    rows: int, columns: int, variants: int, near_copies: bool, seed: int
) -> None:
    random = np.random.default_rng(seed)
    problem = small_problem((rows, columns), tiles=6, variants=variants, seed=seed)
    if near_copies:
        problem = replace(problem, pictures=np.array([0, 1, 1, 2, 0, 3]))
    chosen = random.integers(0, 6 * variants, rows * columns)
    term = Repetition(problem, 0.7)
    term.reset(chosen)
    assert term.energy() == pytest.approx(slow_energy(problem, chosen, 0.7), rel=1e-4, abs=1e-5)
    cells = random.permutation(rows * columns)[:5]
    moved = chosen.copy()
    moved[cells] = random.integers(0, 6 * variants, len(cells))
    change = slow_energy(problem, moved, 0.7) - slow_energy(problem, chosen, 0.7)
    assert term.change(cells, chosen[cells], moved[cells]) == pytest.approx(change, abs=1e-4)


@pytest.mark.parametrize("price", [0.0, 0.5])
def test_what_is_too_near_is_refused(price: float) -> None:
    """Refused copies stay refused after the price is multiplied, even by zero."""
    problem = replace(small_problem((5, 5), tiles=30), variety=Variety(0.5, 3, price))
    chosen = np.arange(25)
    term = Repetition(problem, price)
    term.reset(chosen)
    cell = np.array([12])
    for _ in range(2):
        costs = term.costs(cell, chosen[cell], np.tile(np.arange(30), (1, 1)))[0]
        row, column = np.divmod(np.arange(25), 5)
        near = (np.maximum(abs(row - 2), abs(column - 2)) < 3) & (np.arange(25) != 12)
        np.testing.assert_array_equal(costs[:25] >= REFUSED, near)
        assert (costs[25:] == 0).all()
        assert costs[12] == 0
        assert term.change(cell, chosen[cell], np.array([0])) >= REFUSED
        term.rescale(0)


def test_the_price_is_that_of_the_variety_unless_a_weight_replaces_it() -> None:
    chosen = np.random.default_rng(1).integers(0, 7, 35)
    problem = small_problem((5, 7), variety=Variety(0.5, 1, 0.17))
    for weights, price in (({}, 0.17), ({"repeat": 0.4}, 0.4), ({"repeat": 0.0}, 0.0)):
        energy = Energy(problem, weights)
        energy.reset(chosen)
        assert energy.value() == pytest.approx(slow_energy(problem, chosen, price), rel=1e-4)
        assert ("repeat" in energy.terms) == (price > 0)


def test_a_distance_is_minded_without_a_price() -> None:
    """The term exists without a price, and costs nothing if copies keep their distance."""
    energy = Energy(small_problem((5, 7), tiles=35, variety=Variety(0.5, 2, 0.0)), {"repeat": 0.0})
    energy.reset(np.arange(35))
    assert energy.value() == 0
    assert energy.by_means(np.array([0]), np.array([0]), np.array([[0, 1, 2]]))[0].tolist() == [0, REFUSED, 0]
