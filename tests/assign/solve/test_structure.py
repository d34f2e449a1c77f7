"""SSIM across cells equals a slow version that computes window by window on the whole mosaic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptual_photomosaic.assign.solve.energy import Energy
from perceptual_photomosaic.assign.solve.structure import Structure
from perceptual_photomosaic.assign.solve.windows import Windows
from perceptual_photomosaic.features.colour import LUMA, linear_to_srgb
from tests.assign.problems import grainy_patches, problem_of, small_problem

SIDES = st.sampled_from([8, 4, 2, 1])


def put_together(light: NDArray[np.float32], shape: tuple[int, int], k: int) -> NDArray[np.float64]:
    """Return the luma of patches, (cells, 8, 8, 3), as one picture of k samples per cell, averaged in linear light."""
    rows, columns = shape
    side = 8 // k
    picture = light.reshape(rows, columns, 8, 8, 3).transpose(0, 2, 1, 3, 4).reshape(rows * 8, columns * 8, 3)
    small = np.zeros((rows * k, columns * k))
    for row in range(rows * k):
        for column in range(columns * k):
            part = picture[row * side : (row + 1) * side, column * side : (column + 1) * side]
            code = linear_to_srgb(part.reshape(-1, 3).mean(axis=0)).astype(float)
            small[row, column] = float(code @ np.array(LUMA))
    return small


def slow_structure(
    target: NDArray[np.float64], mosaic: NDArray[np.float64], step: int, importance: NDArray[np.floating]
) -> float:
    """Return the weighted mean of 1 - SSIM, with windows centred at every `step`-th sample, window by window."""
    height, width = target.shape
    total, count = 0.0, 0
    for row in range(0, height, step):
        for column in range(0, width, step):
            count += 1
            here = slice(max(0, row - 3), row + 4), slice(max(0, column - 3), column + 4)
            down, right = np.mgrid[here[0].start : min(height, row + 4), here[1].start : min(width, column + 4)]
            window = np.exp(-((down - row) ** 2 + (right - column) ** 2) / (2 * 1.5**2))
            window /= window.sum()
            x, y = target[here], mosaic[here]
            mx, my = (window * x).sum(), (window * y).sum()
            vx, vy = (window * (x - mx) ** 2).sum(), (window * (y - my) ** 2).sum()
            cov = (window * (x - mx) * (y - my)).sum()
            ssim = (2 * mx * my + 1e-4) / (mx**2 + my**2 + 1e-4) * (2 * cov + 9e-4) / (vx + vy + 9e-4)
            total += (window * importance[here]).sum() * (1 - ssim)
    return total / count


@given(st.integers(1, 6), st.integers(1, 7), SIDES, st.booleans(), st.integers(0, 99))
@settings(max_examples=20)
def test_the_energy_is_that_of_the_whole_mosaic(rows: int, columns: int, k: int, weighted: bool, seed: int) -> None:
    shape = rows, columns
    problem = small_problem(shape, tiles=5, weighted=weighted, seed=seed)
    chosen = np.random.default_rng(seed).integers(0, 5, rows * columns)
    term = Structure(problem, 0.7, k)
    term.reset(chosen)
    target, mosaic = (put_together(light, shape, k) for light in (problem.cells, problem.choices[chosen]))
    places = np.ones(shape) if problem.importance is None else problem.importance.reshape(shape)
    slow = slow_structure(target, mosaic, 2 if k > 1 else 1, np.kron(places, np.ones((k, k))))
    assert term.energy() == pytest.approx(slow * 0.7 * rows * columns, rel=2e-3, abs=1e-3)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_estimate_is_the_structure_of_cells_by_themselves(weighted: bool) -> None:
    """The estimate computes each cell in one flat window."""
    problem = small_problem((3, 4), tiles=9, weighted=weighted, seed=3)
    options = np.random.default_rng(7).integers(0, 9, (12, 5))
    estimate = Structure(problem, 0.3, 8).estimate(options)
    assert estimate.dtype == np.float32
    for cell in range(12):
        for place, option in enumerate(options[cell]):
            x, y = (put_together(light[None], (1, 1), 8) for light in (problem.cells[cell], problem.choices[option]))
            above = (2 * x.mean() * y.mean() + 1e-4) * (2 * np.cov(x.ravel(), y.ravel(), bias=True)[0, 1] + 9e-4)
            below = (x.mean() ** 2 + y.mean() ** 2 + 1e-4) * (x.var() + y.var() + 9e-4)
            share = 0.3 * (1.0 if problem.importance is None else float(problem.importance[cell]))
            assert estimate[cell, place] == pytest.approx(share * (1 - above / below), abs=1e-4)


def test_the_estimate_follows_the_weight_and_is_nothing_without_one() -> None:
    problem = small_problem((3, 4), tiles=9, weighted=True, seed=3)
    options = np.random.default_rng(7).integers(0, 9, (12, 5))
    one, two = Structure(problem, 0.3, 8), Structure(problem, 0.6, 8)
    one.rescale(2)
    np.testing.assert_allclose(one.estimate(options), two.estimate(options), rtol=1e-5)
    np.testing.assert_array_equal(Energy(problem, {"structure8": 0.6}).estimate(options), two.estimate(options))
    assert not Energy(problem, {"structure8": 0.0, "structure4": 1.0}).estimate(options).any()


def test_windows_reach_over_the_edges_of_cells() -> None:
    """A line that continues from cell to cell costs less than the same tiles shifted by a row in every second cell."""
    tones = np.full((2, 8, 8, 3), 0.6, np.float32)
    tones[0, 3:5] = 0.05
    tones[1, 5:7] = 0.05
    problem = problem_of(np.repeat(tones[:1], 12, axis=0), tones, (3, 4))
    term = Structure(problem, 1.0, 8)
    energy = []
    for chosen in (np.zeros(12, int), np.arange(12) % 2):
        term.reset(chosen)
        energy.append(term.energy())
    assert energy[0] == pytest.approx(0, abs=1e-3)
    assert energy[1] > 0.3


def test_windows_that_look_at_important_cells_count_more() -> None:
    """One wrong tile, in an important cell and far from it, is compared with its cost at equal importance."""
    importance = np.full(63, 0.5, np.float32)
    importance[31] = 4
    plain = problem_of(grainy_patches(63, 1), np.concatenate([grainy_patches(63, 1), grainy_patches(1, 2)]), (7, 9))
    factors = []
    for wrong in (31, 9):
        chosen = np.where(np.arange(63) == wrong, 63, np.arange(63))
        energy = []
        for problem in (plain, replace(plain, importance=importance)):
            term = Structure(problem, 1.0, 4)
            term.reset(chosen)
            energy.append(term.energy())
        factors.append(energy[1] / energy[0])
    assert factors[0] > 3 * factors[1]
    assert factors[1] == pytest.approx(0.5, rel=1e-3)


@given(st.integers(1, 6), st.integers(1, 7), SIDES, st.floats(0.1, 1))
@settings(max_examples=20)
def test_under_every_window_an_even_picture_is_even(rows: int, columns: int, k: int, tone: float) -> None:
    """This holds at the border too, and some windows count in the smallest grid."""
    windows = Windows((rows, columns), k)
    means = windows.means(np.full((rows * columns, k * k), tone, np.float32))
    np.testing.assert_allclose(means[windows.inside], tone, rtol=1e-4)
    assert windows.inside.any()
    assert means.size == windows.inside.size == windows.inverse.size


@given(st.integers(1, 6), st.integers(1, 7), SIDES, st.data())
@settings(max_examples=20)
def test_a_cell_gives_to_the_windows_around_it_and_to_no_others(
    rows: int, columns: int, k: int, data: st.DataObject
) -> None:
    windows = Windows((rows, columns), k)
    cell = data.draw(st.integers(0, rows * columns - 1))
    samples = np.zeros((rows * columns, k * k), np.float32)
    samples[cell] = 1
    around = windows.around(np.array([cell]))[0]
    means = windows.means(samples)
    np.testing.assert_allclose(means[around], windows.window_kernel.sum(axis=0) * windows.inverse[around], rtol=1e-5)
    elsewhere = np.setdiff1d(np.arange(means.size), around)
    assert not means[elsewhere].any()


def test_distinct_windows_are_those_of_numpy() -> None:
    windows = Windows((5, 7), 4)
    around = windows.around(np.array([3, 4, 11, 30])).ravel()
    for _ in range(2):
        for found, wanted in zip(windows.distinct(around), np.unique(around, return_inverse=True), strict=True):
            np.testing.assert_array_equal(found, wanted)
