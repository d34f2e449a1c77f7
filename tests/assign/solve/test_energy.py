"""The energy is the sum of its terms: values, costs, changes and moves, on any number of threads."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.assign.solve import energy as module
from perceptual_photomosaic.assign.solve.energy import Energy
from perceptual_photomosaic.assign.solve.terms import TERMS
from perceptual_photomosaic.assign.variety import Variety
from perceptual_photomosaic.threads import one_blas_thread
from tests.assign.problems import small_problem

WEIGHTS = {row.name: 0.1 + 0.2 * number for number, row in enumerate(TERMS)}
"""All terms, each with a different weight."""
NEAR = 5e-3
"""Tolerance of single precision for differences between energies of 35 cells, where detail is up to 32."""


def posed(seed: int = 0) -> Problem:
    return small_problem((5, 7), weighted=True, detailed=True, seed=seed, variety=Variety(0.5, 1, 0.2))


def value(problem: Problem, chosen: NDArray[np.int64], weights: dict[str, float] = WEIGHTS) -> float:
    """Return the energy of an assignment, computed from the start."""
    energy = Energy(problem, weights)
    energy.reset(chosen)
    return energy.value()


def across(
    energy: Energy, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
) -> NDArray[np.float32]:
    """Return the costs of options by all terms except those of the cell alone."""
    return energy.by_means(cells, current, options) + energy.by_samples(cells, current, options)


def test_the_value_is_the_sum_over_all_terms() -> None:
    problem, chosen = posed(), np.random.default_rng(0).integers(0, 7, 35)
    total = 0.0
    for row in TERMS:
        term = row.build(problem, WEIGHTS[row.name])
        term.reset(chosen)
        assert value(problem, chosen, {"repeat": 0.0, row.name: WEIGHTS[row.name]}) == term.energy()
        total += term.energy()
    assert value(problem, chosen) == pytest.approx(total, rel=1e-9)


def test_narrow_tiles_have_no_term_of_fine_shapes() -> None:
    problem = small_problem((5, 7))
    assert "structure8" in Energy(problem, WEIGHTS).terms
    assert "structure8" not in Energy(replace(problem, narrow=True), WEIGHTS).terms


def test_terms_without_a_weight_are_left_out() -> None:
    problem = small_problem((5, 7))
    assert Energy(problem, {}).terms == {}
    assert list(Energy(problem, {"structure2": 1.0, "colour1": 0.5, "colour8": 0.0}).terms) == ["colour1", "structure2"]
    assert list(Energy(posed(), {"colour1": 0.5}).terms) == ["colour1", "repeat"]
    chosen = np.zeros(35, np.int64)
    empty = Energy(problem, {})
    empty.reset(chosen)
    assert empty.value() == 0
    assert not empty.inside(np.arange(35), chosen[:, None]).any()
    assert not across(empty, np.arange(35), chosen, chosen[:, None]).any()


def test_costs_inside_and_across_add_up_to_differences_of_energy() -> None:
    problem, random = posed(), np.random.default_rng(1)
    chosen = random.integers(0, 7, 35)
    energy = Energy(problem, WEIGHTS)
    energy.reset(chosen)
    cells, options = np.array([0, 6, 17, 34]), np.tile(np.arange(7), (4, 1))
    costs = energy.inside(cells, options) + across(energy, cells, chosen[cells], options)
    before = value(problem, chosen)
    for place, cell in enumerate(cells):
        for option in range(7):
            moved = chosen.copy()
            moved[cell] = option
            change = costs[place, option] - costs[place, chosen[cell]]
            assert change == pytest.approx(value(problem, moved) - before, rel=1e-3, abs=NEAR)


def test_costs_are_divided_by_what_terms_need() -> None:
    """Each term counts in one group of costs, by its `needs`."""
    problem, chosen = posed(), np.random.default_rng(2).integers(0, 7, 35)
    cells, options = np.arange(35), np.tile(np.arange(7), (35, 1))
    needs = {need: {row.name for row in TERMS if row.needs == need} for need in ("cell", "means", "samples")}
    assert sum(map(len, needs.values())) == len(TERMS)
    whole = Energy(problem, WEIGHTS)
    whole.reset(chosen)

    def of(*needed: str) -> NDArray[np.float32]:
        total = np.zeros(options.shape, np.float32)
        for row in TERMS:
            if row.needs in needed:
                term = row.build(problem, WEIGHTS[row.name])
                term.reset(chosen)
                total += term.costs(cells, chosen, options)
        return total

    np.testing.assert_allclose(whole.inside(cells, options), of("cell"), rtol=1e-5)
    np.testing.assert_allclose(whole.by_means(cells, chosen, options), of("means"), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(across(whole, cells, chosen, options), of("means", "samples"), rtol=1e-5, atol=1e-4)


def test_a_move_changes_all_terms() -> None:
    problem, random = posed(), np.random.default_rng(3)
    chosen = random.integers(0, 7, 35)
    energy = Energy(problem, WEIGHTS)
    energy.reset(chosen)
    for count in (1, 4, 35):
        cells = random.permutation(35)[:count]
        moved = chosen.copy()
        moved[cells] = random.integers(0, 7, count)
        change = energy.change(cells, chosen[cells], moved[cells])
        assert change == pytest.approx(value(problem, moved) - value(problem, chosen), rel=1e-3, abs=NEAR)
        energy.commit()
        chosen = moved
        assert energy.value() == pytest.approx(value(problem, chosen), rel=1e-4)


def test_the_weight_of_one_term_is_multiplied_and_no_other() -> None:
    problem, chosen = posed(), np.random.default_rng(4).integers(0, 7, 35)
    for row in TERMS:
        energy = Energy(problem, WEIGHTS)
        energy.reset(chosen)
        energy.rescale(row.name, 3.0)
        more = value(problem, chosen, WEIGHTS | {row.name: 3 * WEIGHTS[row.name]})
        assert energy.value() == pytest.approx(more, rel=1e-4)
        assert energy.value() > value(problem, chosen)
    without = Energy(problem, {"colour1": 1.0})
    without.reset(chosen)
    before = without.value()
    without.rescale("structure4", 9.0)  # the term has no weight and stays without one
    assert without.value() == before


def test_any_number_of_threads_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = small_problem((23, 29), tiles=90, weighted=True, seed=5, variety=Variety(0.5, 2, 0.2))
    random = np.random.default_rng(5)
    chosen, options = random.integers(0, 90, 667), random.integers(0, 90, (667, 12))
    found = []
    for workers in (1, 2, 4):
        monkeypatch.setattr(module, "WORKERS", workers)
        with one_blas_thread():
            energy = Energy(problem, WEIGHTS)
            energy.reset(chosen)
            costs = energy.inside(np.arange(667), options), across(energy, np.arange(667), chosen, options)
        found.append([energy.value(), *(part.tobytes() for part in costs)])
    for one, other in pairwise(found):
        assert one == other


def test_there_is_more_than_one_job_to_share_out() -> None:
    """The test of threads needs several jobs."""
    problem = small_problem((23, 29), tiles=90)
    blocks = [row.build(problem, 1.0).block(12) for row in TERMS if row.needs == "samples"]
    assert min(blocks) < 667 / 4
