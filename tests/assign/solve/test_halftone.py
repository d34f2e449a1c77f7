"""The halftone term equals loops over windows and cells; fine patterns cost less than coarse ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.assign.solve import halftone as module
from perceptual_photomosaic.assign.solve.energy import Energy
from perceptual_photomosaic.assign.solve.halftone import Halftone
from perceptual_photomosaic.features.colour import DIN99D_AS_CIEDE2000, linear_to_din99d
from tests.assign.problems import problem_of, small_problem

SIGMAS = st.sampled_from([0.8, 1.8])


def gaussian(count: int, sigma: float) -> list[list[float]]:
    """Return the weights of cells of a side in its windows, which are at equal steps of about one deviation."""
    windows = max(1, -(-count // max(1, round(sigma))))
    shares = []
    for window in range(windows):
        centre = (window + 0.5) * count / windows - 0.5
        row = [
            float(np.exp(-((cell - centre) ** 2) / (2 * sigma**2))) * (abs(cell - centre) <= max(2 * sigma, 1))
            for cell in range(count)
        ]
        shares.append([value / sum(row) for value in row])
    return shares


def derivative(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the derivatives of DIN99d by each channel of light, from differences."""
    columns = []
    for channel in range(3):
        step = np.zeros(3)
        step[channel] = 0.005
        ahead, behind = (linear_to_din99d((light + sign * step).astype(np.float32)) for sign in (1, -1))
        columns.append((ahead.astype(float) - behind) / 0.01)
    return np.stack(columns, axis=1)


def slow_energy(problem: Problem, chosen: NDArray[np.int64], sigma: float, weight: float) -> float:
    """Return the energy by a loop over windows and cells."""
    rows, columns = problem.grid.shape
    wanted, offered = (light.mean(axis=(1, 2)).astype(float) for light in (problem.cells, problem.choices))
    counted = np.ones(rows * columns) if problem.importance is None else problem.importance.astype(float)
    down, right = gaussian(rows, sigma), gaussian(columns, sigma)
    total = 0.0
    for one in down:
        for other in right:
            light, error, share = np.zeros(3), np.zeros(3), 0.0
            for row in range(rows):
                for column in range(columns):
                    cell, part = row * columns + column, one[row] * other[column]
                    light += part * wanted[cell]
                    error += part * (offered[chosen[cell]] - wanted[cell])
                    share += part * counted[cell]
            total += share * float(np.linalg.norm(derivative(0.98 * light + 0.02) @ error))
    return DIN99D_AS_CIEDE2000 * weight * total * rows * columns / (len(down) * len(right))


@given(st.integers(1, 9), st.integers(1, 9), SIGMAS, st.booleans(), st.integers(0, 99))
@settings(max_examples=30)
def test_the_energy_is_that_of_blurred_colours(
    rows: int, columns: int, sigma: float, weighted: bool, seed: int
) -> None:
    problem = small_problem((rows, columns), tiles=5, weighted=weighted, seed=seed)
    chosen = np.random.default_rng(seed).integers(0, 5, rows * columns)
    halftone = Halftone(problem, 0.7, sigma)
    halftone.reset(chosen)
    assert halftone.energy() == pytest.approx(slow_energy(problem, chosen, sigma, 0.7), rel=2e-3)


def test_the_energy_counts_both_blurs() -> None:
    problem = small_problem((7, 8), tiles=5, weighted=True, seed=5)
    chosen = np.random.default_rng(5).integers(0, 5, 56)
    energy = Energy(problem, {"halftone1": 0.3, "halftone2": 0.6})
    energy.reset(chosen)
    slow = slow_energy(problem, chosen, 0.8, 0.3) + slow_energy(problem, chosen, 1.8, 0.6)
    assert energy.value() == pytest.approx(slow, rel=2e-3)


@given(st.integers(1, 70), SIGMAS)
def test_every_window_holds_one_cell_s_worth_of_light(count: int, sigma: float) -> None:
    """This holds at the border too, and every cell is in some window."""
    blur = module._blur(count, sigma, max(1, round(sigma)))
    np.testing.assert_allclose(blur, np.array(gaussian(count, sigma)).T, atol=1e-6)
    np.testing.assert_allclose(blur.sum(axis=0), 1, atol=1e-6)
    assert (blur.sum(axis=1) > 0.2).all()
    reached, shares = module._windows_of_cells(blur)
    again = np.zeros_like(blur)
    np.put_along_axis(again, reached, shares, axis=1)
    np.testing.assert_array_equal(again, blur)


def two_tones(shape: tuple[int, int], wanted: float = 0.3, tones: tuple[float, float] = (0.25, 0.35)) -> Problem:
    """Make a problem with an even target and two even tiles."""
    cells = np.full((shape[0] * shape[1], 8, 8, 3), wanted, np.float32)
    return problem_of(cells, np.stack([np.full((8, 8, 3), tone, np.float32) for tone in tones]), shape)


@pytest.mark.parametrize("sigma", [0.8, 1.8])
def test_the_finer_a_pattern_the_less_it_costs(sigma: float) -> None:
    """The patterns mix a darker and a lighter tile in equal parts: chequerboard, stripes, wide stripes, two halves."""
    down, right = np.divmod(np.arange(144), 12)
    halftone = Halftone(two_tones((12, 12)), 1.0, sigma)
    costs = []
    for pattern in ((down + right) % 2, right % 2, right // 2 % 2, right // 6):
        assert pattern.sum() == 72
        halftone.reset(pattern)
        costs.append(halftone.energy())
    assert costs == sorted(costs)
    assert costs[0] < 0.7 * costs[1]
    assert costs[1] < 0.7 * costs[3]


def test_stripes_cost_as_much_wherever_they_begin() -> None:
    """Overlapping windows make the cost independent of the position; separate blocks would not."""
    _, right = np.divmod(np.arange(400), 20)
    halftone = Halftone(two_tones((20, 20)), 1.0, 0.8)
    costs = []
    for first in range(4):
        halftone.reset((right + first) // 2 % 2)
        costs.append(halftone.energy())
    assert max(costs) < 1.15 * min(costs)


def test_errors_count_where_they_matter() -> None:
    """The same error costs more in an important cell."""
    importance = np.full(81, 0.5, np.float32)
    importance[40] = 4
    halftone = Halftone(replace(two_tones((9, 9), 0.3, (0.3, 0.5)), importance=importance), 1.0, 0.8)
    costs = []
    for cell in (40, 20):
        halftone.reset((np.arange(81) == cell).astype(int))
        costs.append(halftone.energy())
    assert costs[0] > 2 * costs[1]
