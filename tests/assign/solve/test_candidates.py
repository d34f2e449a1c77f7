"""Candidates are the nearest choices by all colours and by the mean colour, as a sort of all choices finds them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.assign.solve import Solve, weights_for
from perceptual_photomosaic.assign.solve.candidates import (
    candidates,
    descriptor_costs,
    nearest_candidates,
    nearest_in_pool,
)
from perceptual_photomosaic.assign.solve.descent import descend
from perceptual_photomosaic.assign.solve.energy import Energy
from perceptual_photomosaic.assign.solve.free import FreeMoves
from perceptual_photomosaic.assign.solve.state import State
from tests.assign.problems import problem_of, random_costs, small_problem, smooth_patches


def squared_distances(problem: Problem, *, means: bool = False) -> np.ndarray:
    """Return squared distances between all cells and all choices, by descriptors or by mean colours."""
    cells, choices = (
        traits.mean_colours if means else traits.descriptors for traits in (problem.cell_traits, problem.choice_traits)
    )
    return np.square(cells[:, None].astype(float) - choices[None]).sum(axis=2)


def test_costs_are_squared_distances_of_descriptors() -> None:
    problem = small_problem((5, 7), tiles=30, seed=1)
    costs = descriptor_costs(problem)
    assert costs.shape == (35, 30)
    np.testing.assert_allclose(costs.rows(slice(0, 35)), squared_distances(problem), rtol=1e-3, atol=1e-3)


@given(st.integers(1, 20), st.integers(1, 30), st.integers(1, 40), st.booleans(), st.integers(0, 999))
@settings(max_examples=30)
def test_the_nearest_come_first(cells: int, choices: int, count: int, some_banned: bool, seed: int) -> None:
    costs = random_costs(seed, cells, choices)
    allowed = np.random.default_rng(seed).random(choices) < 0.6
    allowed[0] = True
    found = nearest_candidates(costs, count, allowed if some_banned else None)  # type: ignore[arg-type]
    matrix = np.where(allowed, costs.matrix, np.inf) if some_banned else costs.matrix
    keep = min(count, int(np.isfinite(matrix[0]).sum()))
    assert found.shape == (cells, keep)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(np.take_along_axis(matrix, found, axis=1), np.sort(matrix, axis=1)[:, :keep])


@pytest.mark.parametrize("variants", [1, 2])
def test_candidates_are_near_by_shapes_or_by_means(variants: int) -> None:
    problem = small_problem((5, 7), tiles=300, variants=variants, seed=2, limits=Limits(banned=frozenset({3, 8})))
    found = candidates(problem, descriptor_costs(problem))
    assert not np.isin(found // variants, [3, 8]).any()
    allowed = problem.allowed
    assert allowed is not None
    lists = [np.where(allowed, squared_distances(problem, means=means), np.inf) for means in (False, True)]
    for cell in range(35):
        nearest = [set(np.argsort(costs[cell])[:8]) for costs in lists]
        assert set(found[cell]) >= nearest[0] | nearest[1]
        assert len(set(found[cell])) < 150


def test_tiles_that_may_be_turned_have_half_as_many_more() -> None:
    one, four = (
        candidates(problem, descriptor_costs(problem)).shape[1]
        for problem in (small_problem((2, 3), tiles=400), small_problem((2, 3), tiles=100, variants=4))
    )
    assert four == one * 3 // 2


def test_a_rare_hue_is_found_in_tiles_that_are_less_smooth() -> None:
    """Among a hundred plain grey tiles, a plain red cell has a striped red tile as a candidate."""
    greys = np.linspace(0.05, 0.9, 100, dtype=np.float32)[:, None, None, None] * np.ones((8, 8, 3), np.float32)
    striped = np.zeros((1, 8, 8, 3), np.float32)
    striped[:, :, ::2] = 1.0, 0.9, 0.9
    striped[:, :, 1::2] = 0.2, 0.0, 0.0
    cell = striped.mean(axis=(1, 2), keepdims=True) * np.ones((1, 8, 8, 3), np.float32)
    problem = problem_of(cell, np.concatenate([greys, striped]), (1, 1))
    assert squared_distances(problem)[0].argsort().tolist().index(100) > 0
    assert 100 in candidates(problem, descriptor_costs(problem))[0]


@pytest.mark.parametrize("seed", range(2))
def test_a_list_loses_little_against_all_choices(seed: int) -> None:
    problem = small_problem((10, 12), tiles=400, seed=seed, patches=smooth_patches)
    energy = Energy(problem, weights_for())
    start = descriptor_costs(problem).rows(slice(0, 120)).argmin(axis=1)
    ends = []
    every = np.tile(np.arange(400, dtype=np.int32), (120, 1))
    for listed in (candidates(problem, descriptor_costs(problem)), every):
        state = State(problem, energy, listed, start)
        ends.append(descend(state, FreeMoves(state, np.random.default_rng(0)), 6)[-1])
    assert ends[0] < 1.03 * ends[1]


@given(st.integers(1, 9), st.integers(1, 20), st.integers(1, 25), st.integers(0, 999))
@settings(max_examples=20)
def test_what_suits_cells_best_that_have_to_share(cells: int, pool: int, count: int, seed: int) -> None:
    """The result is that of a loop over products of differences from the mean."""
    problem = small_problem((3, 3), tiles=20, seed=seed)
    random = np.random.default_rng(seed)
    some, shared = random.permutation(9)[:cells], random.permutation(20)[:pool]
    found = nearest_in_pool(problem, some, shared, count)
    assert found.shape == (cells, min(count, pool))
    assert np.isin(found, shared).all()
    wanted, offered = problem.cell_traits.descriptors[some], problem.choice_traits.descriptors[shared]
    wanted, offered = wanted - wanted.mean(axis=0), offered - offered.mean(axis=0)
    for place, row in enumerate(found):
        assert len(set(row)) == len(row)
        alike = {int(choice): float(wanted[place] @ offered[number]) for number, choice in enumerate(shared)}
        left_out = [alike[choice] for choice in alike if choice not in row]
        assert not left_out or min(alike[int(choice)] for choice in row) >= max(left_out) - 1e-3


def test_a_tile_set_of_one_is_no_problem() -> None:
    problem = small_problem((2, 3), tiles=1)
    assert (candidates(problem, descriptor_costs(problem)) == 0).all()
    assert (Solve().assign(problem).choices == 0).all()
