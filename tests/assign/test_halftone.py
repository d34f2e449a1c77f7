"""Blurred colour errors, against loops over windows and cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptual_photomosaic.assign.solve import EnergyWeights
from perceptual_photomosaic.assign.solve import halftone as module
from perceptual_photomosaic.assign.solve.halftone import Halftone
from perceptual_photomosaic.assign.solve.joint import JointCosts
from perceptual_photomosaic.assign.solve.scene import Scene
from perceptual_photomosaic.features.colour import linear_to_din99d
from tests.assign.problems import grainy_patches, weights_of

SIGMAS = st.sampled_from([0.8, 1.8])


def gaussian(count: int, sigma: float) -> list[list[float]]:
    """How much each cell of a side gives to each window: windows at even steps, about a deviation apart."""
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
    """How DIN99d changes with each channel of light, by differences."""
    columns = []
    for channel in range(3):
        step = np.zeros(3)
        step[channel] = 0.005
        ahead, behind = (linear_to_din99d((light + sign * step).astype(np.float32)) for sign in (1, -1))
        columns.append((ahead.astype(float) - behind) / 0.01)
    return np.stack(columns, axis=1)


def slow_energy(scene: Scene, chosen: NDArray[np.int64], sigma: float, weight: float) -> float:
    """Window by window, cell by cell."""
    rows, columns = scene.shape
    wanted, offered = (light.mean(axis=(1, 2)).astype(float) for light in (scene.cells, scene.choices))
    counted = np.ones(rows * columns) if scene.importance is None else scene.importance.astype(float)
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
    return 0.82 * weight * total * rows * columns / (len(down) * len(right))


def made(rows: int, columns: int, seed: int, *, weighted: bool) -> tuple[Scene, NDArray[np.int64]]:
    """A scene of five choices, and an assignment."""
    random = np.random.default_rng(seed)
    importance = random.uniform(0.25, 4, rows * columns).astype(np.float32) if weighted else None
    scene = Scene(grainy_patches(rows * columns, seed), grainy_patches(5, seed + 1), (rows, columns), importance)
    return scene, random.integers(0, 5, rows * columns)


@given(st.integers(1, 9), st.integers(1, 9), SIGMAS, st.booleans(), st.integers(0, 99))
@settings(max_examples=30)
def test_the_energy_is_that_of_blurred_colours(
    rows: int, columns: int, sigma: float, weighted: bool, seed: int
) -> None:
    scene, chosen = made(rows, columns, seed, weighted=weighted)
    halftone = Halftone(scene, sigma, 0.7)
    halftone.reset(chosen)
    assert halftone.energy() == pytest.approx(slow_energy(scene, chosen, sigma, 0.7), rel=2e-3)


@given(st.integers(1, 11), st.integers(1, 11), SIGMAS, st.booleans(), st.integers(0, 99))
@settings(max_examples=30)
def test_costs_are_differences_of_energy(rows: int, columns: int, sigma: float, weighted: bool, seed: int) -> None:
    scene, chosen = made(rows, columns, seed, weighted=weighted)
    halftone, fresh = Halftone(scene, sigma, 0.7), Halftone(scene, sigma, 0.7)
    halftone.reset(chosen)
    cells = np.random.default_rng(seed).permutation(rows * columns)[:5]
    costs = halftone.costs(cells, chosen[cells], np.tile(np.arange(5), (len(cells), 1)))
    before = halftone.energy()
    for place, cell in enumerate(cells):
        for option in range(5):
            moved = chosen.copy()
            moved[cell] = option
            fresh.reset(moved)
            change = costs[place, option] - costs[place, chosen[cell]]
            assert change == pytest.approx(fresh.energy() - before, abs=2e-5 * rows * columns + 1e-5)


@given(st.integers(1, 11), st.integers(1, 11), SIGMAS, st.booleans(), st.integers(0, 99))
@settings(max_examples=30)
def test_moves_that_are_made_are_what_a_fresh_look_sees(
    rows: int, columns: int, sigma: float, weighted: bool, seed: int
) -> None:
    """Many moves one after the other: several cells share windows, and nothing drifts."""
    scene, chosen = made(rows, columns, seed, weighted=weighted)
    halftone, fresh = Halftone(scene, sigma, 0.7), Halftone(scene, sigma, 0.7)
    halftone.reset(chosen)
    random = np.random.default_rng(seed)
    for _ in range(4):
        cells = random.permutation(rows * columns)[: random.integers(1, 9)]
        taken = random.integers(0, 5, len(cells))
        before = halftone.energy()
        change = halftone.change(cells, chosen[cells], taken)
        assert halftone.energy() == before  # nothing moves until it is made
        halftone.make()
        chosen = chosen.copy()
        chosen[cells] = taken
        fresh.reset(chosen)
        assert halftone.energy() == pytest.approx(fresh.energy(), rel=1e-4, abs=1e-4)
        assert change == pytest.approx(fresh.energy() - before, abs=2e-5 * rows * columns + 1e-5)


@given(st.integers(1, 70), SIGMAS)
def test_every_window_holds_one_cell_s_worth_of_light(count: int, sigma: float) -> None:
    """Also at the border; and no cell goes unseen."""
    blur = module._blur(count, sigma, max(1, round(sigma)))
    np.testing.assert_allclose(blur, np.array(gaussian(count, sigma)).T, atol=1e-6)
    np.testing.assert_allclose(blur.sum(axis=0), 1, atol=1e-6)
    assert (blur.sum(axis=1) > 0.2).all()
    reached, shares = module._reached(blur)
    again = np.zeros_like(blur)
    np.put_along_axis(again, reached, shares, axis=1)
    np.testing.assert_array_equal(again, blur)


def test_no_error_costs_nothing() -> None:
    cells = grainy_patches(20, 1)
    halftone = Halftone(Scene(cells, cells, (4, 5)), 0.8, 1.0)
    halftone.reset(np.arange(20))
    assert halftone.energy() == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("sigma", [0.8, 1.8])
def test_the_finer_a_pattern_the_less_it_costs(sigma: float) -> None:
    """Grey woven from a darker and a lighter tile, as many of each: a weave, stripes, wide stripes, two halves."""
    down, right = np.divmod(np.arange(144), 12)
    tones = np.full((2, 8, 8, 3), 0.25, np.float32)
    tones[1] = 0.35
    halftone = Halftone(Scene(np.full((144, 8, 8, 3), 0.3, np.float32), tones, (12, 12)), sigma, 1.0)
    costs = []
    for pattern in ((down + right) % 2, right % 2, right // 2 % 2, right // 6):
        assert pattern.sum() == 72
        halftone.reset(pattern)
        costs.append(halftone.energy())
    assert costs == sorted(costs)
    assert costs[0] < 0.7 * costs[1]
    assert costs[1] < 0.7 * costs[3]


def test_wherever_the_eye_rests() -> None:
    """Stripes cost as much when they begin one cell further on: windows overlap, where blocks would not."""
    _, right = np.divmod(np.arange(400), 20)
    tones = np.full((2, 8, 8, 3), 0.25, np.float32)
    tones[1] = 0.35
    halftone = Halftone(Scene(np.full((400, 8, 8, 3), 0.3, np.float32), tones, (20, 20)), 0.8, 1.0)
    costs = []
    for first in range(4):
        halftone.reset((right + first) // 2 % 2)
        costs.append(halftone.energy())
    assert max(costs) < 1.15 * min(costs)


def test_errors_count_where_they_matter() -> None:
    """The same error in an important cell and in another."""
    cells, importance = np.full((81, 8, 8, 3), 0.3, np.float32), np.full(81, 0.5, np.float32)
    importance[40] = 4
    tones = np.full((2, 8, 8, 3), 0.3, np.float32)
    tones[1] = 0.5
    halftone = Halftone(Scene(cells, tones, (9, 9), importance), 0.8, 1.0)
    costs = []
    for cell in (40, 20):
        halftone.reset((np.arange(81) == cell).astype(int))
        costs.append(halftone.energy())
    assert costs[0] > 2 * costs[1]


def test_it_can_be_weighed_anew() -> None:
    scene, chosen = made(6, 7, 3, weighted=True)
    one, two = Halftone(scene, 0.8, 0.5), Halftone(scene, 0.8, 1.0)
    one.reset(chosen)
    two.reset(chosen)
    one.reweigh(2)
    assert one.energy() == pytest.approx(two.energy(), rel=1e-5)
    one.reset(chosen)
    assert one.energy() == pytest.approx(two.energy(), rel=1e-5)


def test_the_solver_counts_both_blurs() -> None:
    scene, chosen = made(7, 8, 5, weighted=True)
    weights = weights_of(halftone1=0.3, halftone2=0.6)
    joint = JointCosts(scene.cells, scene.choices, scene.shape, weights, scene.importance)
    joint.reset(chosen)
    slow = slow_energy(scene, chosen, 0.8, 0.3) + slow_energy(scene, chosen, 1.8, 0.6)
    assert joint.energy() == pytest.approx(slow, rel=2e-3)
    assert EnergyWeights().halftone1 == 0
    cells = np.array([0, 9, 33])
    options = np.tile(np.arange(5), (3, 1))
    costs = joint.costs(cells, chosen[cells], options)
    np.testing.assert_array_equal(joint.colour(cells, chosen[cells], options), costs)
