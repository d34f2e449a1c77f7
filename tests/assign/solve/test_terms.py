"""Every row of the table of terms follows the protocol `Term`: costs, changes and moves are exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptual_photomosaic.assign.costs import Nearest
from perceptual_photomosaic.assign.net import network_costs
from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.assign.solve.descent import descend
from perceptual_photomosaic.assign.solve.energy import Energy
from perceptual_photomosaic.assign.solve.free import FreeMoves
from perceptual_photomosaic.assign.solve.state import State
from perceptual_photomosaic.assign.solve.terms import TERMS, Row, Term
from tests.assign.problems import small_problem

WEIGHT = 0.7
SHAPES = [(5, 7), (1, 6), (6, 1), (1, 1), (2, 3), (9, 8)]
EVERY_TERM = pytest.mark.parametrize("row", TERMS, ids=lambda row: row.name)


@dataclass(frozen=True, repr=False)
class Case:
    """A problem, an assignment, and a generator for moves."""

    problem: Problem
    chosen: NDArray[np.int64]
    random: np.random.Generator

    def __repr__(self) -> str:
        problem = self.problem
        counts = f"{problem.num_tiles} tiles x {problem.variants}"
        weighted = problem.importance is not None, problem.detail is not None
        return f"Case({problem.grid.shape}, {counts}, weighted, detailed={weighted}, seed={problem.seed})"

    @property
    def num_cells(self) -> int:
        return len(self.chosen)

    @property
    def num_choices(self) -> int:
        return len(self.problem.choices)

    def some_cells(self, most: int) -> NDArray[np.int64]:
        """Return different cells in any order, at least one."""
        return self.random.permutation(self.num_cells)[: self.random.integers(1, most + 1)]

    def energy(self, row: Row, chosen: NDArray[np.int64]) -> float:
        """Return the energy of an assignment by a new term."""
        return taken_up(row, self.problem, chosen).energy()

    def near(self, row: Row) -> float:
        """Return the tolerance of single precision for a difference of two energies; variances need the largest."""
        most = 32 if self.problem.detail is not None and row.needs == "cell" else 1
        return (3e-4 if row.needs == "samples" else 2e-5) * most * float(np.sqrt(self.num_cells))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw small grids, some with a single row or column; with and without importance, detail and variants."""
    seed = draw(st.integers(0, 10_000))
    problem = small_problem(
        draw(st.sampled_from(SHAPES)),
        tiles=draw(st.integers(1, 7)),
        variants=draw(st.sampled_from([1, 1, 3])),
        weighted=draw(st.booleans()),
        detailed=draw(st.booleans()),
        seed=seed,
    )
    random = np.random.default_rng(seed)
    return Case(problem, random.integers(0, len(problem.choices), len(problem.cells)), random)


def taken_up(row: Row, problem: Problem, chosen: NDArray[np.int64]) -> Term:
    """Make a new term and set its assignment."""
    term = row.build(problem, WEIGHT)
    term.reset(chosen)
    return term


@EVERY_TERM
@given(cases())
@settings(max_examples=12)
def test_costs_differ_as_energies_do_when_one_cell_moves(row: Row, case: Case) -> None:
    term = taken_up(row, case.problem, case.chosen)
    before = term.energy()
    cells = case.some_cells(4)
    options = np.tile(np.arange(case.num_choices), (len(cells), 1))
    costs = term.costs(cells, case.chosen[cells], options)
    assert costs.dtype == np.float32
    assert costs.shape == options.shape
    for place, cell in enumerate(cells):
        for option in range(case.num_choices):
            moved = case.chosen.copy()
            moved[cell] = option
            change = float(costs[place, option] - costs[place, case.chosen[cell]])
            assert change == pytest.approx(case.energy(row, moved) - before, rel=2e-4, abs=case.near(row))


@EVERY_TERM
@given(cases())
@settings(max_examples=12)
def test_costs_of_many_cells_are_those_of_each(row: Row, case: Case) -> None:
    """The size of blocks, and options of other cells, make no difference."""
    term = taken_up(row, case.problem, case.chosen)
    cells = case.some_cells(9)
    options = case.random.integers(0, case.num_choices, (len(cells), 3))
    together = term.costs(cells, case.chosen[cells], options)
    for place, cell in enumerate(cells):
        for option in range(3):
            one = slice(option, option + 1)
            alone = term.costs(np.array([cell]), case.chosen[[cell]], options[place : place + 1, one])
            np.testing.assert_allclose(together[place, one], alone[0], rtol=1e-4, atol=case.near(row))
    assert term.block(3) >= 1


@EVERY_TERM
@given(cases())
@settings(max_examples=12)
def test_cells_that_move_together_change_the_energy_by_what_is_said(row: Row, case: Case) -> None:
    """Cells may be neighbours. The change applies only after `commit`, and the term then equals a new one."""
    term, chosen = taken_up(row, case.problem, case.chosen), case.chosen
    for _ in range(4):
        before = term.energy()
        cells = case.some_cells(9)
        taken = case.random.integers(0, case.num_choices, len(cells))
        moved = chosen.copy()
        moved[cells] = taken
        after = case.energy(row, moved)
        assert term.change(cells, chosen[cells], taken) == pytest.approx(after - before, rel=2e-4, abs=case.near(row))
        assert term.energy() == before
        other = case.some_cells(3)
        term.change(other, chosen[other], chosen[other])  # evaluated, but not applied
        term.change(cells, chosen[cells], taken)
        term.commit()
        chosen = moved
        assert term.energy() == pytest.approx(after, rel=1e-4, abs=case.near(row))
    fresh = taken_up(row, case.problem, chosen)
    cells = np.arange(case.num_cells)
    options = np.tile(np.arange(case.num_choices), (len(cells), 1))
    np.testing.assert_allclose(
        term.costs(cells, chosen, options), fresh.costs(cells, chosen, options), rtol=2e-4, atol=case.near(row)
    )


@EVERY_TERM
@given(cases(), st.sampled_from([0.0, 0.3, 2.0, 10.0]))
@settings(max_examples=12)
def test_a_weight_can_be_multiplied(row: Row, case: Case, factor: float) -> None:
    """This holds at once and after a new assignment, and for costs and changes too."""
    term, same = (taken_up(row, case.problem, case.chosen) for _ in range(2))
    before, near = same.energy(), case.near(row) * max(1, factor)
    term.rescale(factor)
    assert term.energy() == pytest.approx(factor * before, rel=1e-4, abs=near)
    cells = case.some_cells(5)
    current, options = case.chosen[cells], case.random.integers(0, case.num_choices, (len(cells), 4))
    wanted = factor * same.costs(cells, current, options)
    np.testing.assert_allclose(term.costs(cells, current, options), wanted, rtol=1e-4, atol=near)
    change = factor * same.change(cells, current, options[:, 0])
    assert term.change(cells, current, options[:, 0]) == pytest.approx(change, rel=1e-3, abs=near)
    term.reset(case.chosen)
    assert term.energy() == pytest.approx(factor * before, rel=1e-4, abs=near)


@EVERY_TERM
def test_the_weight_given_is_a_factor(row: Row) -> None:
    problem = small_problem((5, 7), weighted=True, detailed=True, seed=3)
    chosen = np.random.default_rng(0).integers(0, 7, 35)
    one, three = row.build(problem, 0.5), row.build(problem, 1.5)
    one.reset(chosen)
    three.reset(chosen)
    assert one.energy() > 0
    assert three.energy() == pytest.approx(3 * one.energy(), rel=1e-4)


@pytest.mark.parametrize("row", [row for row in TERMS if row.name != "repeat"], ids=lambda row: row.name)
def test_a_perfect_mosaic_costs_nothing(row: Row) -> None:
    problem = small_problem((4, 5), weighted=True, seed=1)
    same = Problem(
        problem.grid, problem.cells, problem.cells, problem.tiles, problem.target, importance=problem.importance
    )
    assert taken_up(row, same, np.arange(20)).energy() == pytest.approx(0, abs=1e-3)


def test_rows_are_told_apart() -> None:
    assert len({row.name for row in TERMS}) == len(TERMS)
    assert all(row.name.isidentifier() and row.asks and row.sees and row.scale > 0 for row in TERMS)


@EVERY_TERM
def test_costs_that_depend_on_the_cell_alone_do_not_look_around(row: Row) -> None:
    """`Row.needs` agrees: the costs of all other terms depend on other cells."""
    problem = small_problem((4, 5), seed=2)
    here, options = np.array([7]), np.arange(7)[None]
    costs = []
    for around in (0, 3):
        chosen = np.full(20, around)
        chosen[7] = 1
        found = taken_up(row, problem, chosen).costs(here, chosen[here], options)[0]
        costs.append(found - found[1])
    assert np.allclose(*costs, atol=1e-6) == (row.needs == "cell")


class Sunny:
    """A term that a user could add: tiles in the upper half should be light, by their mean light."""

    def __init__(self, problem: Problem, weight: float) -> None:
        self._dark = (1 - problem.choice_traits.means.mean(axis=1)).astype(np.float32)
        rows, columns = problem.grid.shape
        self._share = np.float32(weight) * (np.arange(rows * columns) // columns < rows / 2).astype(np.float32)
        self._cost = np.zeros(rows * columns, np.float32)

    def reset(self, choices: NDArray[np.int64]) -> None:
        self._cost = self._share * self._dark[choices]

    def energy(self) -> float:
        return float(self._cost.sum())

    def block(self, options: int) -> int:
        return 1000

    def costs(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        return self._share[cells, None] * self._dark[options]

    def change(self, cells: NDArray[np.integer], current: NDArray[np.integer], choices: NDArray[np.integer]) -> float:
        self._staged = cells, self._share[cells] * self._dark[choices]
        return float((self._staged[1] - self._cost[cells]).sum())

    def commit(self) -> None:
        cells, cost = self._staged
        self._cost[cells] = cost

    def rescale(self, factor: float) -> None:
        self._share, self._cost = self._share * np.float32(factor), self._cost * np.float32(factor)


SUNNY = Row("sunny", "The sky is light.", "1 sample a cell", 1, "cell", Sunny)


def solved(
    problem: Problem, weights: dict[str, float], table: Sequence[Row]
) -> tuple[NDArray[np.int64], list[float], Energy]:
    """Return choices, the energy after each sweep and the energy, from a start with the first tile in all cells."""
    energy = Energy(problem, weights, table)
    listed = Nearest.of(network_costs(problem), 16).choices
    state = State(problem, energy, listed, np.zeros(len(problem.cells), np.int64))
    energies = descend(state, FreeMoves(state, np.random.default_rng(0)), 6)
    return state.choices, energies, energy


def test_a_new_term_is_one_class_and_one_row() -> None:
    """The term adds to the energy and is minimised; without its row, or without a weight, nothing changes."""
    problem = small_problem((6, 7), tiles=30, seed=4)
    weights = {"colour8": 1.0, "structure4": 0.3}
    plain, plain_energies, _ = solved(problem, weights, TERMS)
    table = [*TERMS, SUNNY]
    for same_weights, same_table in (
        (weights | {"sunny": 3.0}, TERMS),
        (weights, table),
        (weights | {"sunny": 0}, table),
    ):
        same, energies, energy = solved(problem, same_weights, same_table)
        np.testing.assert_array_equal(same, plain)
        assert energies == plain_energies
        assert set(energy.terms) == set(weights)
    sunny, energies, energy = solved(problem, weights | {"sunny": 3.0}, table)
    assert set(energy.terms) == {*weights, "sunny"}
    term = SUNNY.build(problem, 3.0)
    term.reset(np.zeros(42, np.int64))
    assert energies[0] == pytest.approx(plain_energies[0] + term.energy(), rel=1e-5)
    term.reset(plain)
    before = term.energy()
    term.reset(sunny)
    assert term.energy() < 0.9 * before
    assert energies[-1] < plain_energies[-1] + before - 1e-3


def test_the_page_shows_the_table() -> None:
    page = (Path(__file__).parents[3] / "docs" / "understand" / "solver.md").read_text(encoding="utf-8")
    shown = page.partition("<!-- terms -->")[2].partition("<!-- end terms -->")[0].strip().splitlines()
    assert shown[2:] == [f"| `{row.name}` | {row.asks} | {row.sees} |" for row in TERMS]
