"""Costs across cells against slow twins on the whole mosaic: SSIM window by window, colour block by block, seams."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptual_photomosaic.assign.solve.blocks import BlockColour
from perceptual_photomosaic.assign.solve.joint import JointCosts
from perceptual_photomosaic.assign.solve.scales import CHANNELS, CoarseScale, Scale
from perceptual_photomosaic.assign.solve.scene import Scene
from perceptual_photomosaic.assign.solve.seams import Seams
from perceptual_photomosaic.assign.solve.weights import EnergyWeights
from perceptual_photomosaic.evaluate.colour import ciede2000, lab_from_light
from perceptual_photomosaic.features.colour import LUMA, linear_to_din99d, linear_to_srgb
from tests.assign.problems import grainy_patches


def put_together(light: NDArray[np.float32], shape: tuple[int, int], cell_px: float) -> NDArray[np.float64]:
    """Patches, (cells, 8, 8, 3), as a picture of so many samples a cell, averaged in linear light."""
    rows, columns = shape
    picture = light.reshape(rows, columns, 8, 8, 3).transpose(0, 2, 1, 3, 4).reshape(rows * 8, columns * 8, 3)
    side = round(8 / cell_px)
    height, width = -(-rows * 8 // side), -(-columns * 8 // side)
    small = np.zeros((height, width, 3))
    for row in range(height):
        for column in range(width):
            part = picture[row * side : (row + 1) * side, column * side : (column + 1) * side]
            small[row, column] = part.reshape(-1, 3).mean(axis=0)
    return small


def slow_structure(
    target: NDArray[np.float64],
    mosaic: NDArray[np.float64],
    step: int,
    importance: NDArray[np.floating],
) -> float:
    """Weighted mean of 1 - SSIM over windows inside, centred at every `step`-th sample, window by window."""
    height, width = target.shape
    margin = min(5, (min(height, width) - 1) // 2)
    total, count = 0.0, 0
    for row in range(0, height, step):
        for column in range(0, width, step):
            if not (margin <= row < height - margin and margin <= column < width - margin):
                continue
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


def grey(light: NDArray[np.float64], weights: tuple[float, float, float]) -> NDArray[np.float64]:
    values: NDArray[np.float64] = linear_to_srgb(light.astype(np.float32)).astype(np.float64) @ np.array(weights)
    return values


@given(st.integers(1, 6), st.integers(1, 7), st.sampled_from([8, 4, 2, 1]), st.booleans(), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_fine_energy_is_that_of_the_whole_mosaic(rows: int, columns: int, k: int, weighted: bool, seed: int) -> None:
    cells, choices = grainy_patches(rows * columns, seed), grainy_patches(5, seed + 1)
    random = np.random.default_rng(seed)
    chosen = random.integers(0, 5, rows * columns)
    importance = random.uniform(0.25, 4, rows * columns).astype(np.float32) if weighted else None
    views = (LUMA,) if k > 2 else CHANNELS
    scale = Scale(Scene(cells, choices, (rows, columns), importance), k, 0.7, views)
    scale.reset(chosen)
    target, mosaic = (put_together(light, (rows, columns), k) for light in (cells, choices[chosen]))
    places = np.ones((rows, columns)) if importance is None else importance.reshape(rows, columns)
    counted, step = np.kron(places, np.ones((k, k))), 2 if k > 1 else 1
    each = [slow_structure(grey(target, view), grey(mosaic, view), step, counted) for view in views]
    assert scale.energy() == pytest.approx(np.mean(each) * 0.7 * rows * columns, rel=2e-3, abs=1e-3)


@given(st.integers(1, 11), st.integers(1, 9), st.sampled_from([2, 4]), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_coarse_energy_is_that_of_averaged_cells(rows: int, columns: int, f: int, seed: int) -> None:
    cells, choices = grainy_patches(rows * columns, seed), grainy_patches(5, seed + 1)
    chosen = np.random.default_rng(seed).integers(0, 5, rows * columns)
    scale = CoarseScale(Scene(cells, choices, (rows, columns)), f, 0.7)
    scale.reset(chosen)
    target, mosaic = (grey(put_together(light, (rows, columns), 1 / f), LUMA) for light in (cells, choices[chosen]))
    slow = slow_structure(target, mosaic, 1, np.ones_like(target)) * 0.7 * rows * columns
    assert scale.energy() == pytest.approx(slow, rel=2e-3, abs=1e-3)


@given(st.integers(1, 11), st.integers(1, 9), st.sampled_from([2, 4]), st.booleans(), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_colour_from_afar_is_that_of_averaged_cells(rows: int, columns: int, f: int, weighted: bool, seed: int) -> None:
    cells, choices = grainy_patches(rows * columns, seed), grainy_patches(5, seed + 1)
    random = np.random.default_rng(seed)
    chosen = random.integers(0, 5, rows * columns)
    importance = random.uniform(0.25, 4, rows * columns).astype(np.float32) if weighted else None
    blocks = BlockColour(Scene(cells, choices, (rows, columns), importance), f, 0.7)
    blocks.reset(chosen)
    places = np.ones((rows, columns)) if importance is None else importance.reshape(rows, columns)
    target, mosaic = (lab_from_light(put_together(light, (rows, columns), 1 / f)) for light in (cells, choices[chosen]))
    slow = sum(
        0.7
        * places[row * f : (row + 1) * f, column * f : (column + 1) * f].sum()
        * float(ciede2000(target[row, column], mosaic[row, column]))
        / 100
        for row in range(target.shape[0])
        for column in range(target.shape[1])
    )
    assert blocks.energy() == pytest.approx(slow, rel=1e-3, abs=1e-4)


@given(st.sampled_from([1, 2, 4, 8]), st.integers(1, 6), st.integers(1, 7), st.booleans(), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_seams_are_steps_that_the_target_does_not_have(
    k: int, rows: int, columns: int, weighted: bool, seed: int
) -> None:
    cells, choices = grainy_patches(rows * columns, seed), grainy_patches(5, seed + 1)
    random = np.random.default_rng(seed)
    chosen = random.integers(0, 5, rows * columns)
    importance = random.uniform(0.25, 4, rows * columns).astype(np.float32) if weighted else None
    seams = Seams(Scene(cells, choices, (rows, columns), importance), k, 0.7)
    seams.reset(chosen)
    places = np.ones((rows, columns)) if importance is None else importance.reshape(rows, columns)
    target, mosaic = (
        linear_to_din99d(put_together(light, (rows, columns), k).astype(np.float32))
        for light in (cells, choices[chosen])
    )
    slow = 0.0
    for row in range(rows):
        for column in range(columns):
            for there in ((row + 1, column), (row, column + 1)):
                if there[0] >= rows or there[1] >= columns:
                    continue
                share = 0.7 / 2 * (places[row, column] + places[there]) / 2 / k**2
                for down in range(k):
                    for right in range(k):
                        here, beyond = ((r * k + down, c * k + right) for r, c in ((row, column), there))
                        step = (mosaic[beyond] - mosaic[here]) - (target[beyond] - target[here])
                        slow += share * float(np.linalg.norm(step))
    assert seams.energy() == pytest.approx(slow, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("weighted", [False, True])
def test_costs_and_joint_changes_are_exact(weighted: bool) -> None:
    """Exact up to what single precision leaves of sums near 100."""
    shape, tiles = (7, 9), 6
    cells, choices = grainy_patches(63, 3), grainy_patches(tiles, 4)
    random = np.random.default_rng(5)
    importance = random.uniform(0.25, 4, 63).astype(np.float32) if weighted else None
    structure = JointCosts(cells, choices, shape, EnergyWeights(), importance)
    chosen = random.integers(0, tiles, 63)

    def energy(assignment: NDArray[np.int64]) -> float:
        fresh = JointCosts(cells, choices, shape, EnergyWeights(), importance)
        fresh.reset(assignment)
        return fresh.energy()

    structure.reset(chosen)
    before = energy(chosen)
    some = np.array([0, 8, 31, 62])
    options = np.tile(np.arange(tiles), (4, 1))
    costs = structure.costs(some, chosen[some], options)
    parts = structure.structure(some, chosen[some], options) + structure.colour(some, chosen[some], options)
    np.testing.assert_allclose(parts, costs, rtol=1e-5)
    for place, cell in enumerate(some):
        for option in range(tiles):
            moved = chosen.copy()
            moved[cell] = option
            change = costs[place, option] - costs[place, chosen[cell]]
            assert change == pytest.approx(energy(moved) - before, rel=2e-4, abs=3e-3)
    # Neighbours that move together, one after the other: windows and blocks of cells are shared.
    for group in (np.array([0, 1, 9, 10]), np.array([30, 31, 62])):
        moved = chosen.copy()
        moved[group] = random.integers(0, tiles, len(group))
        change = structure.change(group, chosen[group], moved[group])
        assert change == pytest.approx(energy(moved) - energy(chosen), rel=2e-4, abs=3e-3)
        structure.make()
        chosen = moved
        assert structure.energy() == pytest.approx(energy(chosen), rel=1e-5, abs=1e-3)


def test_a_perfect_mosaic_loses_nothing() -> None:
    cells = grainy_patches(20, 1)
    structure = JointCosts(cells, cells, (4, 5), EnergyWeights())
    structure.reset(np.arange(20))
    assert structure.energy() == pytest.approx(0, abs=1e-3)


def test_parts_can_be_weighed_anew() -> None:
    cells, choices = grainy_patches(42, 1), grainy_patches(6, 2)
    chosen = np.random.default_rng(0).integers(0, 6, 42)

    def energy(weights: EnergyWeights, factors: dict[str, float]) -> float:
        joint = JointCosts(cells, choices, (6, 7), weights)
        for name, factor in factors.items():
            joint.reweigh(name, factor)
        joint.reset(chosen)
        return joint.energy()

    weights = EnergyWeights(structure1_luma=0.1, structure2=0.0, structure_half=0.1, colour_half=0.1, seams1=0.1)
    more = EnergyWeights(structure1_luma=0.3, structure2=0.0, structure_half=0.2, colour_half=0.4, seams1=0.6)
    factors = {"structure1_luma": 3.0, "structure_half": 2.0, "structure2": 5.0, "colour_half": 4.0, "seams1": 6.0}
    assert energy(weights, factors) == pytest.approx(energy(more, {}), rel=1e-5)
    assert energy(more, {}) > energy(weights, {}) * 1.01


@pytest.mark.parametrize("weighted", [False, True])
def test_a_glance_is_the_structure_of_cells_by_themselves(weighted: bool) -> None:
    """Each cell under one flat window, worked out cell by cell; for parts that have no weight it is nothing."""
    random = np.random.default_rng(7)
    cells, choices, options = grainy_patches(12, 3), grainy_patches(9, 4), random.integers(0, 9, (12, 5))
    importance = random.uniform(0.25, 4, 12).astype(np.float32) if weighted else None
    weights = EnergyWeights(structure8=0.3)
    glanced = JointCosts(cells, choices, (3, 4), weights, importance).glance(options)
    for cell in range(12):
        for place, option in enumerate(options[cell]):
            x, y = (grey(light, LUMA).ravel().astype(np.float64) for light in (cells[cell], choices[option]))
            above = (2 * x.mean() * y.mean() + 1e-4) * (2 * np.cov(x, y, bias=True)[0, 1] + 9e-4)
            below = (x.mean() ** 2 + y.mean() ** 2 + 1e-4) * (x.var() + y.var() + 9e-4)
            share = 0.3 * (1.0 if importance is None else float(importance[cell]))
            assert glanced[cell, place] == pytest.approx(share * (1 - above / below), abs=1e-4)
    assert not JointCosts(cells, choices, (3, 4), EnergyWeights(structure8=0.0)).glance(options).any()


def test_a_pattern_that_repeats_has_no_seams_and_one_that_is_turned_here_and_there_has() -> None:
    """The point of samples: one tile in a calm place, all one way, against the same turned by chance."""
    tile = grainy_patches(1, 5)[0]
    turned = np.stack([tile, np.rot90(tile), tile[::-1]]).astype(np.float32)
    cells = np.full((30, 8, 8, 3), tile.mean(axis=(0, 1)), np.float32)
    weights = {k: Seams(Scene(cells, turned, (5, 6)), k, 1.0) for k in (1, 4)}
    energy = {}
    for name, chosen in (("alike", np.zeros(30, int)), ("by chance", np.arange(30) * 7 % 3)):
        for k, seams in weights.items():
            seams.reset(chosen)
            energy[name, k] = seams.energy()
    assert energy["alike", 4] == pytest.approx(0, abs=1e-5)
    assert energy["by chance", 4] > 0.5
    assert energy["by chance", 1] == pytest.approx(0, abs=1e-4)
