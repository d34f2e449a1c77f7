"""Colour inside cells equals a loop over samples; detail counts for fine samples only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.assign.solve.cell_colour import CellColour
from perceptual_photomosaic.assign.solve.energy import Energy
from perceptual_photomosaic.assign.solve.terms import TERMS
from perceptual_photomosaic.evaluate.colour_difference import ciede2000, lab_from_light
from perceptual_photomosaic.features.colour import DIN99D_AS_CIEDE2000, linear_to_din99d
from tests.assign.problems import small_problem, smooth_patches


def slow_cost(problem: Problem, cell: int, choice: int, k: int) -> float:
    """Return the mean distance over k x k samples, each the average of its light, by a loop over samples."""
    total, side = 0.0, 8 // k
    for row in range(k):
        for column in range(k):
            here = slice(row * side, (row + 1) * side), slice(column * side, (column + 1) * side)
            lights = [patch[here].mean(axis=(0, 1)) for patch in (problem.cells[cell], problem.choices[choice])]
            wanted, offered = (linear_to_din99d(light).astype(float) for light in lights)
            total += DIN99D_AS_CIEDE2000 * float(np.linalg.norm(wanted - offered))
    return total / k**2


@given(st.integers(1, 3), st.integers(1, 3), st.sampled_from([8, 4, 2, 1]), st.booleans(), st.booleans(), st.data())
@settings(max_examples=20)
def test_costs_and_energy_match_a_loop_over_samples(
    rows: int, columns: int, k: int, weighted: bool, detailed: bool, data: st.DataObject
) -> None:
    seed = data.draw(st.integers(0, 999))
    problem = small_problem((rows, columns), tiles=5, weighted=weighted, detailed=detailed, seed=seed)
    term = CellColour(problem, 0.7, k, detail=detailed)
    cells, options = np.arange(rows * columns), np.tile(np.arange(5), (rows * columns, 1))
    slow = np.array([[slow_cost(problem, cell, choice, k) for choice in range(5)] for cell in cells]) * 0.7
    for counts in (problem.importance, problem.detail):
        if counts is not None:
            slow *= counts[:, None]
    np.testing.assert_allclose(term.costs(cells, options[:, 0], options), slow, rtol=1e-4, atol=1e-5)
    chosen = np.random.default_rng(seed).integers(0, 5, len(cells))
    term.reset(chosen)
    assert term.energy() == pytest.approx(slow[cells, chosen].sum(), rel=1e-4)


def test_costs_are_about_those_that_people_see() -> None:
    """Costs have about the size and the order of CIEDE2000 / 100."""
    problem = small_problem((4, 5), tiles=30, patches=smooth_patches, seed=2)
    options = np.tile(np.arange(30), (20, 1))
    costs = CellColour(problem, 1.0, 1).costs(np.arange(20), options[:, 0], options)
    cells, choices = (lab_from_light(light.mean(axis=(1, 2))) for light in (problem.cells, problem.choices))
    seen = np.array([[float(ciede2000(cell, choice)) / 100 for choice in choices] for cell in cells])
    assert np.corrcoef(costs.ravel(), seen.ravel())[0, 1] > 0.95
    assert 0.8 < costs.sum() / seen.sum() < 1.25


def test_detail_counts_for_fine_samples_and_nothing_else() -> None:
    detail = np.array([1, 1, 32, 1, 5, 1], np.float32)
    plain = small_problem((2, 3), tiles=9, seed=1)
    detailed = replace(plain, detail=detail)
    options = np.tile(np.arange(9), (6, 1))
    for row in TERMS:
        without, with_detail = (
            row.build(problem, 0.8).costs(np.arange(6), options[:, 0], options) for problem in (plain, detailed)
        )
        factor = detail[:, None] if row.name == "colour8" else 1
        np.testing.assert_allclose(with_detail, without * factor, rtol=1e-5, err_msg=row.name)


def test_a_bad_corner_does_not_rule_a_tile_out() -> None:
    """The cost is a distance, not its square: twice the error in one corner costs twice as much, not four times."""
    cells = np.full((1, 8, 8, 3), 0.2, np.float32)
    choices = np.repeat(cells, 3, axis=0)
    choices[1:, :2, :2] = 0.25
    choices[2, :2, 2:4] = 0.25
    posed = replace(small_problem((1, 1)), cells=cells, choices=choices)
    none, one, two = CellColour(posed, 1.0, 8).costs(np.zeros(1, int), np.zeros(1, int), np.arange(3)[None])[0]
    assert none == 0
    assert two == pytest.approx(2 * one, rel=1e-4)


def test_costs_inside_a_cell_are_added_up() -> None:
    problem = small_problem((3, 4), weighted=True, detailed=True, seed=6)
    weights = {"colour8": 0.4, "colour1": 1.3}
    options = np.tile(np.arange(7), (12, 1))
    whole = Energy(problem, weights).inside(np.arange(12), options)
    parts = [CellColour(problem, 0.4, 8, detail=True), CellColour(problem, 1.3, 1)]
    apart = sum(part.costs(np.arange(12), options[:, 0], options) for part in parts)
    np.testing.assert_allclose(whole, apart, rtol=1e-5)
