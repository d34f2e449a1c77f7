"""The descriptors of the baselines equal loops that follow their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptual_photomosaic.assign.baselines import Correlation, MeanColour, NearestPatch
from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.methods import matcher
from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.config import METHODS, MosaicOptions
from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.features.colour import linear_to_oklab
from perceptual_photomosaic.features.patches import PATCH, tile_patches
from perceptual_photomosaic.grid import Grid
from perceptual_photomosaic.tiles.arrays import ArrayTiles

BASELINES = [MeanColour(), NearestPatch(), Correlation()]


def _problem(seed: int, rows: int = 3, columns: int = 4, tiles: int = 9, limits: Limits | None = None) -> Problem:
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, 256, (tiles, PATCH, PATCH, 3)).astype(np.uint8)
    cells = rng.random((rows * columns, PATCH, PATCH, 3), np.float32) ** 2
    grid = Grid(rows, columns, (1, 1), (0, 0, columns, rows))
    target = np.zeros((rows, columns, 3), np.uint8)
    return Problem(grid, cells, tile_patches(pictures), ArrayTiles(pictures), target, limits or Limits(), seed=seed)


def slow_mean(cell: NDArray[np.floating], tile: NDArray[np.floating]) -> float:
    """Return the squared OKLab distance of the mean colours."""
    return float(np.square(linear_to_oklab(cell.mean(axis=(0, 1))) - linear_to_oklab(tile.mean(axis=(0, 1)))).sum())


def slow_nearest(cell: NDArray[np.floating], tile: NDArray[np.floating], k: int) -> float:
    """Return the mean squared OKLab distance over k x k samples; k must divide the patch."""
    total, side = 0.0, PATCH // k
    for y in range(k):
        for x in range(k):
            part = slice(y * side, (y + 1) * side), slice(x * side, (x + 1) * side)
            total += slow_mean(cell[part], tile[part])
    return total / k**2


def slow_ncc(cell: NDArray[np.floating], tile: NDArray[np.floating], structure: float, flat: float) -> float:
    """Return the distance of mean colours plus |u - v|^2 / 2 of normalised lightness, which fades without structure."""

    def unit(patch: NDArray[np.floating]) -> NDArray[np.float64]:
        lightness = linear_to_oklab(patch)[..., 0].astype(np.float64)
        centred = lightness - lightness.mean()
        deviation = np.sqrt(np.square(centred).mean())
        return centred / np.hypot(deviation, flat) / np.sqrt(centred.size)

    return slow_mean(cell, tile) + structure / 2 * float(np.square(unit(cell) - unit(tile)).sum())


@given(st.integers(0, 999))
def test_mean_against_a_loop(seed: int) -> None:
    problem = _problem(seed)
    slow = [[slow_mean(cell, tile) for tile in problem.choices] for cell in problem.cells]
    assert MeanColour().costs(problem).rows(slice(None)) == pytest.approx(np.array(slow), abs=1e-5)


@given(st.integers(0, 999), st.sampled_from([1, 2, 4, 8]))
def test_nearest_against_a_loop(seed: int, k: int) -> None:
    problem = _problem(seed, rows=2, columns=2, tiles=3)
    slow = [[slow_nearest(cell, tile, k) for tile in problem.choices] for cell in problem.cells]
    assert NearestPatch(k).costs(problem).rows(slice(None)) == pytest.approx(np.array(slow), abs=1e-5)


@given(st.integers(0, 999), st.sampled_from([0.02, 0.5]), st.sampled_from([0.005, 0.02, 0.2]))
def test_correlation_against_a_loop(seed: int, structure: float, flat: float) -> None:
    problem = _problem(seed)
    slow = [[slow_ncc(cell, tile, structure, flat) for tile in problem.choices] for cell in problem.cells]
    assert Correlation(structure, flat).costs(problem).rows(slice(None)) == pytest.approx(np.array(slow), abs=1e-5)


def test_correlation_is_the_textbook_one_where_there_is_structure() -> None:
    """If no structure fades, the structure term is weight * (1 - ncc)."""
    problem = _problem(5)
    for cell in problem.cells:
        for tile in problem.choices:
            a, b = (linear_to_oklab(patch)[..., 0].ravel().astype(np.float64) for patch in (cell, tile))
            ncc = np.corrcoef(a, b)[0, 1]
            assert slow_ncc(cell, tile, 0.3, 0.0) - slow_mean(cell, tile) == pytest.approx(0.3 * (1 - ncc))


@pytest.mark.parametrize("method", BASELINES, ids=lambda method: type(method).__name__)
@given(seed=st.integers(0, 999))
def test_every_cell_takes_the_cheapest_tile(method: MeanColour | NearestPatch | Correlation, seed: int) -> None:
    problem = _problem(seed)
    assignment = method.assign(problem)
    assert assignment.choices.shape == (3, 4)
    assert assignment.choices.dtype == np.int64
    assert (assignment.choices.ravel() == method.costs(problem).rows(slice(None)).argmin(axis=1)).all()


@pytest.mark.parametrize("method", BASELINES, ids=lambda method: type(method).__name__)
def test_limits_reach_every_method(method: MeanColour | NearestPatch | Correlation) -> None:
    choices = method.assign(_problem(1, tiles=6, limits=Limits(max_uses=2, use_all=True))).choices
    assert np.bincount(choices.ravel()).tolist() == [2] * 6


@pytest.mark.parametrize("method", BASELINES, ids=lambda method: type(method).__name__)
def test_a_picture_made_of_its_tiles_is_found_again(
    method: MeanColour | NearestPatch | Correlation, pictures: NDArray[np.uint8]
) -> None:
    """Every cell equals one of the tiles, so every method must find that tile."""
    order = np.random.default_rng(3).integers(0, len(pictures), (5, 6))
    patches = tile_patches(pictures)
    grid = Grid(5, 6, (1, 1), (0, 0, 6, 5))
    problem = Problem(grid, patches[order.ravel()], patches, ArrayTiles(pictures), np.zeros((5, 6, 3), np.uint8))
    assert (method.assign(problem).choices == order).all()


def test_structure_decides_where_colours_agree() -> None:
    """Two tiles have the same mean colour and opposite halves: `mean` cannot distinguish them, the others can."""
    tiles = np.full((2, PATCH, PATCH, 3), 0.2, np.float32)
    tiles[0, : PATCH // 2] = tiles[1, :, : PATCH // 2] = 0.6
    grid = Grid(1, 2, (1, 1), (0, 0, 2, 1))
    pictures = np.zeros((2, 8, 8, 3), np.uint8)
    problem = Problem(grid, tiles[::-1].copy(), tiles, ArrayTiles(pictures), np.zeros((1, 2, 3), np.uint8))
    assert NearestPatch(2).assign(problem).choices.tolist() == [[1, 0]]
    assert Correlation().assign(problem).choices.tolist() == [[1, 0]]
    assert np.ptp(MeanColour().costs(problem).rows(slice(None))) < 1e-6


@pytest.mark.parametrize("k", [0, 9, -1])
def test_impossible_patches_are_refused(k: int) -> None:
    with pytest.raises(ConfigError, match=f"patch is {k}; it must be 1 to 8"):
        NearestPatch(k)


def test_methods_by_name() -> None:
    for name in METHODS:
        assert hasattr(matcher(MosaicOptions(method=name, model="glyphs")), "assign")
    assert matcher(MosaicOptions(method="nearest", patch=3)) == NearestPatch(3)
    with pytest.raises(ConfigError, match="there is no method 'neerest'"):
        matcher(MosaicOptions(method="neerest"))
