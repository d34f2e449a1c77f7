"""The solver as a whole: limits hold exactly, the energy falls, and the same seed gives the same result."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptual_photomosaic.assign.baselines import NearestPatch
from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.assign.solve import Solve, weights_for
from perceptual_photomosaic.assign.solve.energy import Energy
from perceptual_photomosaic.assign.spacing import conflicting_cells
from perceptual_photomosaic.assign.variety import Variety
from perceptual_photomosaic.errors import ConstraintError
from tests.assign.problems import small_problem, smooth_patches

WEIGHTS = {"colour8": 0.8, "colour1": 5.0, "halftone1": 1.0, "halftone2": 1.5, "structure8": 2.0, "structure4": 0.5}
"""Weights for tests only, because the default weights may change."""


def problem_with(
    rows: int, columns: int, tiles: int, seed: int, limits: Limits | None = None, variants: int = 1
) -> Problem:
    return small_problem(
        (rows, columns), tiles=tiles, seed=seed, limits=limits, variants=variants, patches=smooth_patches
    )


def value(problem: Problem, chosen: NDArray[np.int64], weights: dict[str, float]) -> float:
    """Return the energy per cell, computed from the start."""
    energy = Energy(problem, weights)
    energy.reset(chosen.ravel())
    return energy.value() / chosen.size


@pytest.mark.parametrize("limits", [Limits(), Limits(max_uses=3), Limits(2, use_all=True)])
@pytest.mark.parametrize("variants", [1, 2])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_energy_falls_and_is_that_of_the_answer(limits: Limits, variants: int, weighted: bool) -> None:
    made = small_problem(
        (9, 11),
        tiles=60,
        variants=variants,
        limits=limits,
        weighted=weighted,
        variety=Variety(0.5, 1, 0.05),
        seed=5,
        patches=smooth_patches,
    )
    weights = weights_for(limited=not limits.free)
    result = Solve(weights).assign(made)
    energy = result.figures["energy"]
    assert result.choices.shape == (9, 11)
    assert all(later <= earlier + 1e-6 for earlier, later in pairwise(energy))
    assert energy[-1] < energy[0]
    assert energy[-1] == pytest.approx(value(made, result.choices, weights), rel=1e-4)


def test_the_answer_beats_that_of_the_nearest_patches() -> None:
    made = problem_with(12, 12, 80, 3)
    nearest, solved = (method.assign(made).choices for method in (NearestPatch(8), Solve(WEIGHTS)))
    assert value(made, solved, WEIGHTS) < 0.95 * value(made, nearest, WEIGHTS)


@given(
    st.integers(3, 10), st.integers(3, 10), st.integers(1, 3), st.integers(0, 4), st.booleans(), st.integers(0, 1000)
)
@settings(max_examples=18)
def test_limits_hold_exactly(rows: int, columns: int, uses: int, distance: int, use_all: bool, seed: int) -> None:
    """Limits hold whenever there are enough tiles for them."""
    tiles = max(-(-rows * columns // uses) + 3, (2 * distance) ** 2)
    if use_all:
        tiles = min(tiles, rows * columns)
    if tiles * uses < rows * columns:
        return
    made = problem_with(rows, columns, tiles, seed, Limits(uses, distance, use_all=use_all), variants=2)
    result = Solve().assign(made)
    counts = np.bincount((result.choices // 2).ravel(), minlength=tiles)
    assert counts.max() <= uses
    assert not conflicting_cells(result.choices // 2, distance).any()
    if use_all:
        assert counts.min() >= 1


def test_a_distance_holds_without_a_limit_of_uses() -> None:
    result = Solve().assign(problem_with(9, 11, 60, 5, Limits(min_distance=3)))
    assert not conflicting_cells(result.choices, 3).any()


def test_pins_stay_and_bans_stay_out() -> None:
    for uses in (None, 4):
        limits = Limits(pinned={0: 4, 17: 9}, banned=frozenset({2, 3}), max_uses=uses)
        result = Solve().assign(problem_with(6, 7, 20, 8, limits)).choices.ravel()
        assert result[0] == 4
        assert result[17] == 9
        assert not np.isin(result, [2, 3]).any()


def test_tiles_that_must_appear_do() -> None:
    result = Solve().assign(problem_with(6, 7, 60, 8, Limits(must_include=frozenset({5, 50}))))
    assert np.isin([5, 50], result.choices).all()


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(ConstraintError, match="20 tiles used at most 2 times fill 40 of 42 cells"):
        Solve().assign(problem_with(6, 7, 20, 8, Limits(max_uses=2)))


@pytest.mark.parametrize("limits", [Limits(), Limits(max_uses=3, min_distance=2)])
def test_same_seed_same_choices(limits: Limits) -> None:
    made = problem_with(10, 10, 50, 2, limits)
    one, other = (Solve().assign(made) for _ in range(2))
    np.testing.assert_array_equal(one.choices, other.choices)
    assert one.figures == other.figures


def test_so_many_sweeps_and_no_more() -> None:
    made = problem_with(10, 10, 50, 2)
    for sweeps in (0, 1, 2):
        assert len(Solve(sweeps=sweeps).assign(made).figures["energy"]) <= sweeps + 1
    start = Solve(sweeps=0).assign(made)
    assert Solve().assign(made).figures["energy"][0] == start.figures["energy"][0]


def test_a_blur_of_neighbours_trades_detail_for_tone() -> None:
    made = problem_with(14, 14, 30, 6)
    near_and_far = {"colour8": 1.0}, {"colour8": 1.0, "halftone2": 4.0}
    near, far = (Solve(weights).assign(made).choices for weights in near_and_far)
    assert value(made, far, {"halftone2": 1.0}) < 0.8 * value(made, near, {"halftone2": 1.0})
    assert value(made, near, {"colour8": 1.0}) < value(made, far, {"colour8": 1.0})


def test_structure_trades_colour_for_shapes() -> None:
    made = problem_with(10, 10, 80, 6)
    plain, shaped = (Solve({"colour8": 1.0, "structure8": weight}).assign(made).choices for weight in (0.0, 4.0))
    assert value(made, shaped, {"structure8": 1.0}) < 0.9 * value(made, plain, {"structure8": 1.0})
    assert value(made, plain, {"colour8": 1.0}) < value(made, shaped, {"colour8": 1.0})


def test_what_matters_is_served_first() -> None:
    """A region with eight times the importance of the rest is nearer to the target, and the rest is farther from it."""
    made = problem_with(10, 12, 120, 4, Limits(max_uses=1))
    counts = np.full(120, 0.25, np.float32)
    counts[40:60] = 2.0
    weighted = replace(made, importance=counts / counts.mean())
    errors = []
    for problem in (made, weighted):
        chosen = Solve(WEIGHTS).assign(problem).choices.ravel()
        apart = made.cells.mean(axis=(1, 2)) - made.choices.mean(axis=(1, 2))[chosen]
        errors.append(np.linalg.norm(apart, axis=1)[40:60].mean())
    assert errors[1] < 0.98 * errors[0]
